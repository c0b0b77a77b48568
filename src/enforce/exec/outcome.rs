//! How a command ended.
//!
//! In: what the kernel reported. Out: an `Outcome`, with its exit code and its JSON for the ledger.
//! Never: holds floating point numbers: times are microseconds.

use super::Stage;
use nix::errno::Errno;
use serde::Serialize;

/// The end of the command itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum End {
    /// It exited.
    Exited {
        /// With this code, 0 to 255.
        code: i32,
    },
    /// It died of a signal.
    Signaled {
        /// This one.
        signal: i32,
        /// Whether it left a core.
        core: bool,
    },
    /// It never ran: confinement or exec failed.
    ExecFailed {
        /// Where.
        stage: Stage,
        /// Why; 0 when a canary found a hole.
        errno: i32,
    },
}

/// Why exo ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Killed {
    /// It ran longer than its wall limit.
    #[serde(rename = "wall limit")]
    WallLimit,
}

/// What it used, with its ended children (getrusage(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Processor time in user mode, microseconds.
    pub user_us: u64,
    /// Processor time in the kernel, microseconds.
    pub system_us: u64,
    /// Largest resident set of one process, KiB.
    pub max_rss_kib: u64,
    /// Blocks read from and written to disks, 512 bytes each.
    pub blocks: (u64, u64),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The end of the command.
    pub end: End,
    /// Whether exo ended it, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<Killed>,
    /// What it used.
    pub usage: Usage,
    /// From start to end, microseconds of wall time.
    pub duration_us: u64,
    /// Processes that it left behind and that exo ended.
    pub survivors: u32,
}

impl Outcome {
    /// The exit code of `exo run`: the command's own; 128+n for a signal; 143 past the wall limit;
    /// 127 and 126 when it could not be executed; 125 when it could not be confined.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if self.killed.is_some() {
            return 143;
        }
        match self.end {
            End::Exited { code } => low_byte(code),
            End::Signaled { signal, .. } => low_byte(128 + signal),
            End::ExecFailed { stage: Stage::Exec, errno: libc::ENOENT } => 127,
            End::ExecFailed { stage: Stage::Exec, .. } => 126,
            End::ExecFailed { .. } => 125,
        }
    }

    /// Why it never ran, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let End::ExecFailed { stage, errno } = self.end else { return None };
        let why = Errno::from_raw(errno).desc();
        Some(match (stage, errno) {
            (Stage::LandlockCanary, 0) => {
                "the canary could be opened inside the sandbox: Landlock does not hold here".into()
            }
            (Stage::FilterCanary, 0) => {
                "a refused system call went through: the filter does not hold here".into()
            }
            (Stage::Exec, libc::EACCES) => "the sandbox or the file's mode does not let it be \
                                            executed; is it below an `execute` path of [sandbox]?"
                .into(),
            (Stage::Exec, libc::E2BIG) => "arguments and environment are too long".into(),
            (Stage::Exec, libc::ENOENT) => "its loader (ELF interpreter) is missing".into(),
            (Stage::Exec, _) => format!("cannot be executed: {why}"),
            (stage, _) => format!("cannot confine it ({stage:?}): {why}"),
        })
    }
}

const fn low_byte(n: i32) -> u8 {
    n.to_le_bytes()[0]
}
