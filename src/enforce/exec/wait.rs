//! Stays with the child until it has ended: signals and terminal as a person expects them.
//!
//! In: an `Admission`. Out: an `Outcome`.
//! Never: leaves a process of the command running (unless `detach`), nor a signal unanswered.
//!
//! The child is in exo's process group, so that the terminal's own signals (Ctrl-C, Ctrl-\, Ctrl-Z,
//! window size) reach both; exo blocks them and only passes on what a process sent to exo alone. A
//! signal that was sent to the whole group by a process therefore reaches the child twice.

use super::spawn::{Started, next_change, next_signal, start};
use super::{Admission, End, ExecError, Killed, Outcome, Usage};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::Pid;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between asking to end and ending.
const GRACE: Duration = Duration::from_secs(2);
/// For processes that even SIGKILL does not end (they hang in the kernel).
const PATIENCE: Duration = Duration::from_secs(10);

/// Passed on to the child when a process sent them.
const FORWARDED: [Signal; 8] = [
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];
/// Blocked too, so that exo stops only after its child, and with it.
const HELD: [Signal; 4] = [Signal::SIGCHLD, Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGPIPE];

/// A run in progress.
struct Run {
    pid: i32,
    signals: SigSet,
    detach: bool,
    started: Instant,
    deadline: Option<Instant>,
    asked_to_end: bool,
    end: Option<(End, Usage)>,
    survivors: u32,
}

pub(super) fn run(admission: Admission) -> Result<Outcome, ExecError> {
    let system = |what| move |e| ExecError::system(what, e);
    nix::sys::prctl::set_child_subreaper(true).map_err(system("become the reaper"))?;
    let before = SigSet::all()
        .thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_SETMASK)
        .map_err(system("block signals"))?;
    let outcome = run_blocked(admission);
    before.thread_set_mask().map_err(system("restore signals"))?;
    outcome
}

fn run_blocked(admission: Admission) -> Result<Outcome, ExecError> {
    let started = Instant::now();
    let cage = admission.cage.as_ref();
    let wall = cage.and_then(|c| c.limits.wall).map(Duration::from_secs);
    // Shadow mode changes nothing: what outlives the command without exo does so with it.
    let detach = cage.is_none_or(|c| c.detach);
    let child = start(&admission)?;
    // The program's and the ruleset's descriptors are not needed any more.
    drop(admission);
    let mut signals: SigSet = FORWARDED.into_iter().collect();
    signals.extend(HELD);
    let (pid, failure) = match child {
        Started::Running(pid) => (pid, None),
        Started::Failed(pid, stage, errno) => (pid, Some(End::ExecFailed { stage, errno })),
    };
    let mut run = Run {
        pid,
        signals,
        detach,
        started,
        deadline: wall.and_then(|w| started.checked_add(w)),
        asked_to_end: false,
        end: None,
        survivors: 0,
    };
    run.wait()?;
    Ok(run.outcome(failure))
}

impl Run {
    fn wait(&mut self) -> Result<(), ExecError> {
        loop {
            self.reap()?;
            if self.end.is_some() {
                break;
            }
            let left = self.deadline.map(|d| d.saturating_duration_since(Instant::now()));
            match next_signal(&self.signals, left) {
                Some(taken) if taken.by_process => self.forward(taken.signal),
                Some(_) => {}
                None => self.enforce_deadline(),
            }
        }
        if !self.detach {
            self.end_survivors();
        }
        Ok(())
    }

    /// Takes every change of a child that there is.
    fn reap(&mut self) -> Result<(), ExecError> {
        loop {
            let change = match next_change(true) {
                Ok(Some(change)) => change,
                Ok(None) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(Errno::ECHILD) if self.end.is_some() => return Ok(()),
                Err(e) => return Err(ExecError::system("wait for the command", e)),
            };
            if change.pid != self.pid {
                continue;
            }
            let status = change.status;
            if libc::WIFSTOPPED(status) {
                self.stop_too(libc::WSTOPSIG(status));
            } else if libc::WIFSIGNALED(status) {
                let (signal, core) = (libc::WTERMSIG(status), libc::WCOREDUMP(status));
                self.end = Some((End::Signaled { signal, core }, change.usage));
            } else if libc::WIFEXITED(status) {
                let code = libc::WEXITSTATUS(status);
                self.end = Some((End::Exited { code }, change.usage));
            }
        }
    }

    /// The child was stopped, by Ctrl-Z say: exo stops too, so that the shell sees a stopped job, and
    /// both go on together. A SIGSTOP counts only at a terminal: nobody else would wake exo again.
    fn stop_too(&self, signal: i32) {
        let job_control = matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU);
        if job_control || std::io::stdin().is_terminal() {
            let _ = raise(Signal::SIGSTOP);
            self.signal(Signal::SIGCONT);
        }
    }

    fn forward(&self, signal: i32) {
        if let Some(signal) = FORWARDED.into_iter().find(|s| *s as i32 == signal) {
            self.signal(signal);
        }
    }

    /// The child is not yet reaped, so its number is still its own.
    fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.pid), signal);
    }

    /// Past the wall limit: asks, and two seconds later ends.
    fn enforce_deadline(&mut self) {
        if self.deadline.is_none_or(|d| Instant::now() < d) {
            return;
        }
        if self.asked_to_end {
            self.deadline = None;
            self.signal(Signal::SIGKILL);
        } else {
            self.asked_to_end = true;
            self.deadline = Instant::now().checked_add(GRACE);
            self.signal(Signal::SIGTERM);
            self.signal(Signal::SIGCONT);
        }
    }

    /// Ends what the command left behind. Orphans become exo's children (it is their reaper), so only
    /// own children are killed: their numbers cannot have passed to others before they are reaped.
    fn end_survivors(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut killed = std::collections::BTreeSet::new();
        loop {
            match next_change(false) {
                Ok(Some(change)) => {
                    // Its number may be used again by a later child.
                    killed.remove(&change.pid);
                    continue;
                }
                Ok(None) | Err(Errno::EINTR) => {}
                Err(_) => return,
            }
            for pid in children() {
                if killed.insert(pid) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                    self.survivors = self.survivors.saturating_add(1);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            next_signal(&self.signals, Some(left.min(Duration::from_millis(50))));
        }
    }

    fn outcome(self, failure: Option<End>) -> Outcome {
        let (end, usage) = self.end.unwrap_or((End::Exited { code: 125 }, Usage::default()));
        Outcome {
            end: failure.unwrap_or(end),
            killed: self.asked_to_end.then_some(Killed::WallLimit),
            usage,
            duration_us: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            survivors: self.survivors,
        }
    }
}

/// The living children of this process, by the parent field of /proc/*/stat (proc(5)): readable for
/// all, also when exo is not dumpable, and there on every kernel.
fn children() -> Vec<i32> {
    let me = std::process::id().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut out = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read(entry.path().join("stat")) else { continue };
        let stat = String::from_utf8_lossy(&stat);
        // The name stands in parentheses and may itself hold some; state and parent follow.
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next();
        if state != Some("Z") && fields.next() == Some(&me) {
            out.push(pid);
        }
    }
    out
}
