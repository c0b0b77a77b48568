//! Starts the child and speaks with the kernel about it: the unsafe file of this room.
//!
//! In: an `Admission`, taken apart. Out: a process id, or where the child failed; waits and signals.
//! Never: forks: a fork of a large process copies its page tables (4 ms at 128 MiB); the child shares
//! the memory until exec, with exo suspended, as posix_spawn(3) does it.
#![allow(unsafe_code, reason = "clone, wait4 and sigtimedwait have no safe wrapper that fits")]

use super::stdio::core_limit;
use super::{Admission, ExecError, Stage, Usage};
use crate::enforce::confine::child::{Confinement, Entry, Limit, Report, enter};
use crate::model::Limits;
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::SigSet;
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;
use std::time::Duration;

const STACK: usize = 128 * 1024;

/// What became of the child by the time exo goes on.
pub(super) enum Started {
    /// It is the program now.
    Running(i32),
    /// It failed and must be reaped.
    Failed(i32, Stage, i32),
}

/// Starts the child. All signals must be blocked in the calling thread (`wait` does it).
pub(super) fn start(admission: &Admission) -> Result<Started, ExecError> {
    let cage = admission.cage.as_ref();
    let asked = admission.program.argv(&admission.argv);
    let argv = c_strings(asked.iter().map(|a| a.as_bytes().to_vec()), "an argument")?;
    let env = c_strings(
        admission.env.iter().map(|(name, value)| {
            [name.as_os_str(), OsStr::new("="), value.as_os_str()].map(OsStr::as_bytes).concat()
        }),
        "the environment",
    )?;
    let (argv, envp) = (pointers(&argv), pointers(&env));
    let report = Report::default();
    let limits = limits(&cage.map(|c| c.limits).unwrap_or_default())?;
    let entry = Entry {
        parent: i32::try_from(std::process::id()).unwrap_or(-1),
        confinement: cage.map(|c| Confinement {
            ruleset: c.ruleset.as_raw_fd(),
            landlock_flags: c.landlock_flags,
            filter: c.filter.code(),
            canary: &c.canary,
        }),
        limits: &limits,
        detach: cage.is_none_or(|c| c.detach),
        program: admission.program.image().file().as_raw_fd(),
        argv: &argv,
        envp: &envp,
        report: &report,
    };
    let pid = clone(&entry)?;
    Ok(match report.failure() {
        Some((stage, errno)) => Started::Failed(pid, stage, errno),
        None => Started::Running(pid),
    })
}

fn clone(entry: &Entry<'_>) -> Result<c_int, ExecError> {
    // u128 keeps the alignment that the ABI asks of a stack, 16 bytes.
    let mut stack: Vec<u128> = vec![0; STACK / size_of::<u128>()];
    let top = stack.as_mut_ptr_range().end.cast::<c_void>();
    let argument: *const Entry<'_> = entry;
    // SAFETY: CLONE_VFORK suspends this thread until the child has left the shared memory, so that
    // `entry` and `stack` outlive it; `main` never returns; signals are blocked by the caller.
    let pid = unsafe {
        libc::clone(
            main,
            top,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            argument.cast_mut().cast::<c_void>(),
        )
    };
    drop(stack);
    if pid < 0 {
        return Err(ExecError::system("start a process", Errno::last()));
    }
    Ok(pid)
}

extern "C" fn main(argument: *mut c_void) -> c_int {
    // SAFETY: `clone` above passes a valid `Entry` and keeps the promises that `enter` asks for.
    unsafe { enter(&*argument.cast::<Entry<'_>>()) }
}

fn c_strings(
    items: impl Iterator<Item = Vec<u8>>,
    what: &'static str,
) -> Result<Vec<CString>, ExecError> {
    items.map(|bytes| CString::new(bytes).map_err(|_| ExecError::Nul(what))).collect()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The limits of the profile, none above what exo itself is held to; and the core limit that exo was
/// started with.
fn limits(asked: &Limits) -> Result<Vec<(c_int, Limit)>, ExecError> {
    let table = [
        (Resource::RLIMIT_CPU, asked.cpu),
        (Resource::RLIMIT_AS, asked.memory),
        (Resource::RLIMIT_NPROC, asked.processes),
        (Resource::RLIMIT_NOFILE, asked.files),
        (Resource::RLIMIT_FSIZE, asked.file_size),
    ];
    let mut out = Vec::new();
    for (resource, value) in table {
        let Some(value) = value else { continue };
        let (_, hard) = getrlimit(resource).map_err(|e| ExecError::system("read a limit", e))?;
        let value = value.min(hard);
        out.push((number(resource), Limit { soft: value, hard: value }));
    }
    if let Some((soft, hard)) = core_limit() {
        out.push((number(Resource::RLIMIT_CORE), Limit { soft, hard }));
    }
    Ok(out)
}

fn number(resource: Resource) -> c_int {
    // The C libraries differ in the sign of the type; the values are 0 to 15 in both.
    resource as c_int
}

/// A change of a child.
pub(super) struct Change {
    pub(super) pid: c_int,
    pub(super) status: c_int,
    pub(super) usage: Usage,
}

/// The next change of any child, if there is one; `Err(ECHILD)`: there are no children.
pub(super) fn next_change(stops: bool) -> Result<Option<Change>, Errno> {
    let mut status: c_int = 0;
    // SAFETY: an all-zero `rusage` is valid; both pointers live for the call.
    let (pid, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let options = libc::WNOHANG | libc::__WALL | if stops { libc::WUNTRACED } else { 0 };
        (libc::wait4(-1, &raw mut status, options, &raw mut usage), usage)
    };
    match pid {
        0 => Ok(None),
        pid if pid < 0 => Err(Errno::last()),
        pid => Ok(Some(Change { pid, status, usage: used(&usage) })),
    }
}

fn used(usage: &libc::rusage) -> Usage {
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let us = |t: libc::timeval| number(t.tv_sec) * 1_000_000 + number(t.tv_usec);
    Usage {
        user_us: us(usage.ru_utime),
        system_us: us(usage.ru_stime),
        max_rss_kib: number(usage.ru_maxrss),
        blocks: (number(usage.ru_inblock), number(usage.ru_oublock)),
    }
}

/// A signal that was taken.
pub(super) struct Taken {
    pub(super) signal: c_int,
    /// Sent by a process (kill, sigqueue, tgkill), not by the kernel for the terminal.
    pub(super) by_process: bool,
}

/// Takes the next pending signal of a blocked set, waiting at most `timeout`; `None`: for ever.
pub(super) fn next_signal(set: &SigSet, timeout: Option<Duration>) -> Option<Taken> {
    // SAFETY: an all-zero `siginfo_t` is valid; the pointers live for the call.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let time = timeout.map(|t| {
            let mut ts: libc::timespec = std::mem::zeroed();
            ts.tv_sec = i64::try_from(t.as_secs()).unwrap_or(i64::MAX);
            ts.tv_nsec = i64::from(t.subsec_nanos());
            ts
        });
        let time = time.as_ref().map_or(null_mut(), |t| (&raw const *t).cast_mut());
        let signal = libc::sigtimedwait(set.as_ref(), &raw mut info, time);
        (signal > 0).then_some(Taken { signal, by_process: info.si_code <= 0 })
    }
}
