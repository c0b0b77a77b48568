//! Why exo could not do what it was asked: every stage's error under one roof.
//!
//! In: the errors of the rooms. Out: one line that names the thing and the fix, and the exit code.
//! Never: stands for a denial; that is a decision, not an error.

use crate::enforce::confine::ConfineError;
use crate::enforce::exec::{ExecError, ProgramError};
use crate::evidence::ledger::LedgerError;
use crate::judge::catalogue::CatalogueError;
use crate::judge::policy::PolicyError;
use crate::subject::SubjectError;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong. In every case nothing was run, unless `Outcome` says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither HOME nor the XDG variable is set.
    #[error("HOME is not set: set it, or set {0}")]
    Home(String),
    /// A folder of the installation is named by a relative path.
    #[error("{0} is `{1}`, which is not absolute: give the whole path")]
    Relative(String, PathBuf),
    /// There is no installation here.
    #[error("`{0}` does not exist: run `exo init` once")]
    NoInstallation(PathBuf),
    /// A file or folder that decides belongs to somebody else.
    #[error("`{0}` belongs to user {1}: only this user or root may own it; chown it")]
    Owner(PathBuf, u32),
    /// A file or folder that decides can be written by others.
    #[error("`{0}` has mode {1:03o}, so others can write it: chmod go-w it")]
    Writable(PathBuf, u32),
    /// A file could not be read, written or made.
    #[error("{0} `{1}`: {2}")]
    Io(&'static str, PathBuf, String),
    /// The current folder has no name any more.
    #[error("{0}: change to a folder that exists")]
    Cwd(String),
    /// Nothing was given to run.
    #[error("nothing to run: give a command after `--`, or a line with `-c`")]
    Nothing,
    /// No agent was named.
    #[error(
        "no agent named: give `--as AGENT`, or set EXO_AGENT; `exo profile list` shows the names"
    )]
    NoAgent,
    /// The agent cannot be who he says.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The profile is not good.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The profile's own examples do not hold.
    #[error(
        "profile `{0}` does not do what its examples say: {1}; `exo profile check {0}` shows all"
    )]
    Examples(String, String),
    /// The catalogue is not good.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The ledger cannot take the entry.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The kernel cannot hold what the decision asks for.
    #[error(transparent)]
    Confine(#[from] ConfineError),
    /// The program is not there, or cannot be executed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Another file stands where the judged one stood.
    #[error("`{0}` was changed while it was being judged: run it again")]
    Changed(PathBuf),
    /// The system does not let a process be started.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A value could not be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    pub(super) fn io(what: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io(what, path.to_owned(), error.to_string())
    }
}
