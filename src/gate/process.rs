//! This process, so that a later exo can tell whether it still lives.
//!
//! In: `/proc`. Out: number, start time, group; whether another process is gone.
//! Never: trusts a process number alone; numbers come again.

use super::Error;
use crate::evidence::ledger::OpenIntent;
use std::fs;
use std::path::Path;

/// A process by number and start time; with the boot they name it for good (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its number.
    pub(super) pid: u32,
    /// Clock ticks from boot to its start.
    pub(super) start_ticks: u64,
    /// Its real group.
    pub(super) gid: u32,
}

impl Process {
    /// This process.
    pub(super) fn current() -> Result<Self, Error> {
        let path = Path::new("/proc/self/stat");
        let stat = fs::read_to_string(path).map_err(|e| Error::io("cannot read", path, &e))?;
        let missing = std::io::Error::other("no start time in it");
        let start_ticks = start(&stat).ok_or_else(|| Error::io("cannot read", path, &missing))?;
        let gid = nix::unistd::getgid().as_raw();
        Ok(Self { pid: std::process::id(), start_ticks, gid })
    }

    /// Why the exo that wrote an intent will not write its outcome in this boot; `None` while it lives.
    pub(super) fn gone(intent: &OpenIntent, boot_id: &str) -> Option<&'static str> {
        if boot_id != intent.boot_id {
            return Some("reboot");
        }
        match fs::read_to_string(format!("/proc/{}/stat", intent.pid)) {
            Ok(stat) if start(&stat) == Some(intent.start_ticks) => None,
            _ => Some("gone"),
        }
    }
}

/// Field 22 of `/proc/PID/stat`; the name in field 2 may hold spaces and brackets.
fn start(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_and_not_by_its_number_alone() {
        let me = Process::current().unwrap();
        let open = |boot_id: &str, start_ticks| OpenIntent {
            seq: 1,
            boot_id: boot_id.to_owned(),
            pid: me.pid,
            start_ticks,
        };
        let gone = |intent| Process::gone(&intent, "this-boot");
        assert_eq!(gone(open("this-boot", me.start_ticks)), None);
        assert_eq!(gone(open("this-boot", me.start_ticks + 1)), Some("gone"));
        assert_eq!(gone(open("another-boot", me.start_ticks)), Some("reboot"));
    }

    #[test]
    fn a_program_name_with_brackets_does_not_move_the_field() {
        let tail = (3..=30).map(|i| i.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(start(&format!("7 (a) b) (c) {tail}")), Some(22));
        assert_eq!(start("7 (a"), None);
    }
}
