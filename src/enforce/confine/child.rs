//! What the child does between clone and exec, and the raw calls that ask the kernel: the unsafe file.
//!
//! In: an `Entry`, all of it prepared by the parent. Out: the new program, or a stage and an errno in
//! a `Report`.
//! Never: allocates, locks, unwinds or returns: the child shares the parent's memory (CLONE_VM).
#![allow(
    unsafe_code,
    reason = "raw system calls between clone and exec; see style: one file a room"
)]

use super::filter::Insn;
use serde::Serialize;
use std::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// `LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON` (ABI 7): denials after exec reach the kernel's audit log.
pub(super) const LOG_NEW_EXEC_ON: u32 = 1 << 1;
const CREATE_RULESET_VERSION: u32 = 1;
const CREATE_RULESET_ERRATA: u32 = 2;
const SET_MODE_FILTER: c_ulong = 1;
const GET_ACTION_AVAIL: c_ulong = 2;
const RET_ERRNO: u32 = 0x0005_0000;
const JOIN_SESSION_KEYRING: c_ulong = 1;
const CLOSE_RANGE_CLOEXEC: c_ulong = 4;
/// `_LINUX_CAPABILITY_VERSION_3`.
const CAPABILITY_VERSION: u32 = 0x2008_0522;
/// Capabilities fit 64 bits; the kernel says where they end.
const MAX_CAPABILITY: c_ulong = 63;
/// NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off and NO_CAP_AMBIENT_RAISE, each locked (linux/securebits.h).
const SECURE_BITS: c_ulong = 0b1110_1111;
const MAX_SIGNAL: c_int = 64;

/// Where the child was when it failed. Nothing of the command had run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(i32)]
pub enum Stage {
    /// Signal dispositions and mask.
    Signals = 1,
    /// A session keyring of its own.
    Keyring,
    /// Closing inherited descriptors.
    Descriptors,
    /// Resource limits.
    Limits,
    /// Dropping capabilities.
    Capabilities,
    /// Dying with exo.
    ParentDeath,
    /// `no_new_privs`.
    NoNewPrivileges,
    /// Landlock.
    Landlock,
    /// The proof that Landlock holds.
    LandlockCanary,
    /// The system call filter.
    Filter,
    /// The proof that the filter holds.
    FilterCanary,
    /// The exec itself: the program's fault, or the ceiling does not let it be executed.
    Exec,
}

const STAGES: [Stage; 12] = [
    Stage::Signals,
    Stage::Keyring,
    Stage::Descriptors,
    Stage::Limits,
    Stage::Capabilities,
    Stage::ParentDeath,
    Stage::NoNewPrivileges,
    Stage::Landlock,
    Stage::LandlockCanary,
    Stage::Filter,
    Stage::FilterCanary,
    Stage::Exec,
];

/// Written by the child, read by the parent once the child has left the shared memory.
#[derive(Debug, Default)]
pub(in crate::enforce) struct Report {
    stage: AtomicI32,
    errno: AtomicI32,
}

impl Report {
    /// The failure, if there was one.
    pub(in crate::enforce) fn failure(&self) -> Option<(Stage, i32)> {
        let stage = self.stage.load(SeqCst);
        let errno = self.errno.load(SeqCst);
        STAGES.into_iter().find(|s| *s as i32 == stage).map(|s| (s, errno))
    }
}

/// A limit as `prlimit64` takes it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(in crate::enforce) struct Limit {
    pub(in crate::enforce) soft: u64,
    pub(in crate::enforce) hard: u64,
}

/// All that the child needs. Every pointer must stay valid until the child has left (CLONE_VFORK).
#[derive(Debug)]
pub(in crate::enforce) struct Entry<'a> {
    /// exo's process id: another parent means that exo is gone.
    pub(in crate::enforce) parent: i32,
    /// `None`: shadow mode. Nothing is taken from the command but what exo itself had opened.
    pub(in crate::enforce) confinement: Option<Confinement<'a>>,
    /// `(resource, limit)`.
    pub(in crate::enforce) limits: &'a [(c_int, Limit)],
    /// Signals that stay ignored were ignored when exo started; SIGPIPE is exo's own doing.
    pub(in crate::enforce) detach: bool,
    pub(in crate::enforce) program: c_int,
    /// Ends with null.
    pub(in crate::enforce) argv: &'a [*const c_char],
    /// Ends with null.
    pub(in crate::enforce) envp: &'a [*const c_char],
    pub(in crate::enforce) report: &'a Report,
}

/// What takes rights away.
#[derive(Clone, Copy, Debug)]
pub(in crate::enforce) struct Confinement<'a> {
    pub(in crate::enforce) ruleset: c_int,
    pub(in crate::enforce) landlock_flags: u32,
    pub(in crate::enforce) filter: &'a [Insn],
    pub(in crate::enforce) canary: &'a CStr,
}

/// `struct sock_fprog`.
#[repr(C)]
struct FilterProgram {
    len: u16,
    code: *const Insn,
}

/// Confines the process and becomes the program.
///
/// # Safety
/// Only in a fresh child that shares memory with its suspended parent (`CLONE_VM | CLONE_VFORK`), on
/// a stack of its own, with all signals blocked; `argv` and `envp` end with null and all that they
/// point at ends with NUL.
pub(in crate::enforce) unsafe fn enter(entry: &Entry<'_>) -> ! {
    // SAFETY: the caller's promise is that of `steps`.
    let (stage, errno) = unsafe { steps(entry) };
    entry.report.errno.store(errno, SeqCst);
    entry.report.stage.store(stage as i32, SeqCst);
    // SAFETY: leaves this process only; no destructor and no exit handler of the parent runs.
    unsafe {
        libc::syscall(libc::SYS_exit_group, 125 as c_long);
        // A filter cannot refuse `exit_group`; should it fail, stay here and never return.
        loop {
            libc::pause();
        }
    }
}

/// The steps in their order; comes back only with the one that failed.
///
/// # Safety
/// As `enter`.
unsafe fn steps(e: &Entry<'_>) -> (Stage, i32) {
    // SAFETY: each call takes integers, or pointers into `e` and this frame that outlive the call.
    unsafe {
        if let Err(errno) = reset_handlers() {
            return (Stage::Signals, errno);
        }
        let (first, last, flags): (c_ulong, c_ulong, c_ulong) =
            (3, c_ulong::from(u32::MAX), CLOSE_RANGE_CLOEXEC);
        if let Err(errno) = call(libc::syscall(libc::SYS_close_range, first, last, flags)) {
            return (Stage::Descriptors, errno);
        }
        for (resource, limit) in e.limits {
            let new: *const Limit = limit;
            let (pid, old) = (0 as c_long, null_mut::<c_void>());
            let resource = c_long::from(*resource);
            if let Err(errno) = call(libc::syscall(libc::SYS_prlimit64, pid, resource, new, old)) {
                return (Stage::Limits, errno);
            }
        }
        if e.confinement.is_some()
            && let Err(failure) = drop_powers()
        {
            return failure;
        }
        if !e.detach {
            // After the capabilities: a change of credentials can clear it.
            let signal = libc::SIGKILL as c_ulong;
            if let Err(errno) = prctl(libc::PR_SET_PDEATHSIG, signal, 0) {
                return (Stage::ParentDeath, errno);
            }
            if libc::getppid() != e.parent {
                return (Stage::ParentDeath, libc::ESRCH);
            }
        }
        if let Some(confinement) = &e.confinement
            && let Err(failure) = confine(confinement)
        {
            return failure;
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        if libc::sigprocmask(libc::SIG_SETMASK, &raw const none, null_mut()) != 0 {
            return (Stage::Signals, errno());
        }
        let empty: *const c_char = c"".as_ptr();
        let _ = libc::syscall(
            libc::SYS_execveat,
            c_long::from(e.program),
            empty,
            e.argv.as_ptr(),
            e.envp.as_ptr(),
            c_long::from(libc::AT_EMPTY_PATH),
        );
        (Stage::Exec, errno())
    }
}

/// A session keyring of its own, no more than the owner may write what it makes, no capability.
///
/// # Safety
/// As `enter`.
unsafe fn drop_powers() -> Result<(), (Stage, i32)> {
    let zero: c_ulong = 0;
    // SAFETY: each call takes integers, or pointers into this frame that outlive the call.
    unsafe {
        // The filter refuses every use of key rings, so a kernel or container that has none, and a
        // user whose quota of keys is used up, lose nothing by keeping the old one.
        let keyring = call(libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, zero));
        if let Err(errno) = keyring
            && !matches!(errno, libc::ENOSYS | libc::EPERM | libc::EACCES | libc::EDQUOT)
        {
            return Err((Stage::Keyring, errno));
        }
        let mask = libc::umask(0o077);
        libc::umask(mask | 0o022);
        if let Err(errno) = drop_capabilities() {
            return Err((Stage::Capabilities, errno));
        }
    }
    Ok(())
}

/// `no_new_privs`, Landlock and the system call filter, each proved by what it must refuse.
///
/// # Safety
/// As `enter`.
unsafe fn confine(c: &Confinement<'_>) -> Result<(), (Stage, i32)> {
    let zero: c_ulong = 0;
    // SAFETY: each call takes integers, or pointers into `c` and this frame that outlive the call.
    unsafe {
        if let Err(errno) = prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0) {
            return Err((Stage::NoNewPrivileges, errno));
        }
        // The canary must be openable right before, or its refusal would prove nothing.
        if let Err(errno) = open_canary(c.canary) {
            return Err((Stage::LandlockCanary, errno));
        }
        let (fd, flags) = (c_long::from(c.ruleset), c_long::from(c.landlock_flags));
        if let Err(errno) = call(libc::syscall(libc::SYS_landlock_restrict_self, fd, flags)) {
            return Err((Stage::Landlock, errno));
        }
        match open_canary(c.canary) {
            Err(libc::EACCES) => {}
            Err(errno) => return Err((Stage::LandlockCanary, errno)),
            Ok(()) => return Err((Stage::LandlockCanary, 0)),
        }
        let program = FilterProgram {
            len: u16::try_from(c.filter.len()).unwrap_or(0),
            code: c.filter.as_ptr(),
        };
        let program: *const FilterProgram = &raw const program;
        if let Err(errno) = call(libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, zero, program)) {
            return Err((Stage::Filter, errno));
        }
        match call(libc::syscall(libc::SYS_unshare, zero)) {
            Err(libc::EPERM) => {}
            Err(errno) => return Err((Stage::FilterCanary, errno)),
            Ok(_) => return Err((Stage::FilterCanary, 0)),
        }
    }
    Ok(())
}

/// Handlers become defaults, so that none of exo's runs here; what is ignored stays ignored, as exec
/// would keep it, but for SIGPIPE, which the Rust runtime ignores in exo.
///
/// # Safety
/// As `enter`.
unsafe fn reset_handlers() -> Result<(), i32> {
    for signal in 1..=MAX_SIGNAL {
        // SAFETY: an all-zero `sigaction` is valid; both pointers live for the call.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            // SIGKILL, SIGSTOP and the C library's own signals cannot be asked or set.
            if libc::sigaction(signal, null(), &raw mut action) != 0 {
                continue;
            }
            let keep = action.sa_sigaction == libc::SIG_DFL
                || (action.sa_sigaction == libc::SIG_IGN && signal != libc::SIGPIPE);
            if keep {
                continue;
            }
            let mut default: libc::sigaction = std::mem::zeroed();
            default.sa_sigaction = libc::SIG_DFL;
            if libc::sigaction(signal, &raw const default, null_mut()) != 0 {
                return Err(errno());
            }
        }
    }
    Ok(())
}

/// All sets to nothing, and looks afterwards. Root keeps its user id but none of its powers.
///
/// The bounding set and the secure bits need CAP_SETPCAP: without it they are left, since under
/// `no_new_privs` an exec gives nothing that is not already permitted (capabilities(7)).
///
/// # Safety
/// As `enter`.
unsafe fn drop_capabilities() -> Result<(), i32> {
    // SAFETY: integers, and pointers to arrays of this frame of the size version 3 asks for.
    unsafe {
        for capability in 0..=MAX_CAPABILITY {
            match prctl(libc::PR_CAPBSET_DROP, capability, 0) {
                Ok(()) => {}
                Err(libc::EINVAL | libc::EPERM) => break,
                Err(errno) => return Err(errno),
            }
        }
        match prctl(libc::PR_SET_SECUREBITS, SECURE_BITS, 0) {
            Ok(()) | Err(libc::EPERM) => {}
            Err(errno) => return Err(errno),
        }
        let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong;
        match prctl(libc::PR_CAP_AMBIENT, clear, 0) {
            Ok(()) | Err(libc::EINVAL) => {}
            Err(errno) => return Err(errno),
        }
        let header = [CAPABILITY_VERSION, 0];
        let nothing = [0u32; 6];
        call(libc::syscall(libc::SYS_capset, header.as_ptr(), nothing.as_ptr()))?;
        let mut left = [u32::MAX; 6];
        call(libc::syscall(libc::SYS_capget, header.as_ptr(), left.as_mut_ptr()))?;
        if left == nothing { Ok(()) } else { Err(libc::EPERM) }
    }
}

/// # Safety
/// As `enter`.
unsafe fn open_canary(path: &CStr) -> Result<(), i32> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    // SAFETY: `path` ends with NUL; the descriptor is closed at once.
    unsafe {
        let fd = call(libc::syscall(
            libc::SYS_openat,
            c_long::from(libc::AT_FDCWD),
            path.as_ptr(),
            c_long::from(flags),
            0 as c_long,
        ))?;
        libc::syscall(libc::SYS_close, fd);
    }
    Ok(())
}

/// # Safety
/// `option` must take integers only.
unsafe fn prctl(option: c_int, a: c_ulong, b: c_ulong) -> Result<(), i32> {
    let zero: c_ulong = 0;
    // SAFETY: the caller's promise.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, c_long::from(option), a, b, zero, zero) };
    call(answer).map(|_| ())
}

fn call(answer: c_long) -> Result<c_long, i32> {
    if answer == -1 { Err(errno()) } else { Ok(answer) }
}

fn errno() -> i32 {
    // SAFETY: the C library's errno of this thread is always there.
    unsafe { *libc::__errno_location() }
}

/// The Landlock ABI, or the errno that says why there is none.
pub(super) fn landlock_version() -> Result<u32, i32> {
    query(CREATE_RULESET_VERSION)
}

/// The mask of fixed errata (ABI 7 and, by backport, older).
pub(super) fn landlock_errata() -> Result<u32, i32> {
    query(CREATE_RULESET_ERRATA)
}

fn query(flags: u32) -> Result<u32, i32> {
    let (attr, size) = (null::<c_void>(), 0 as c_ulong);
    // SAFETY: with these flags the kernel reads no memory and only answers a number.
    let answer = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, attr, size, c_long::from(flags))
    };
    call(answer).map(|n| u32::try_from(n).unwrap_or(0))
}

/// Whether the kernel takes filters that answer with an errno.
pub(super) fn seccomp_available() -> bool {
    let action: *const u32 = &raw const RET_ERRNO_CELL;
    // SAFETY: reads one u32 that lives as long as the program.
    call(unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0 as c_ulong, action) })
        .is_ok()
}

static RET_ERRNO_CELL: u32 = RET_ERRNO;
