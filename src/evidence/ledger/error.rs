//! Why the ledger did not take or give an entry, in one line that names the path and the fix.
//!
//! In: failures of files, of the key, of SQLite. Out: [`LedgerError`].
//! Never: hides which file it was.

use crate::evidence::record::EntryError;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the ledger refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is none.
    #[error("no ledger in `{0}`: run `exo init`")]
    Missing(PathBuf),
    /// Only a part of one is there.
    #[error("ledger in `{dir}` is not whole: {what}; restore it, or move the folder away and run `exo init`", dir = .dir.display())]
    Remains {
        /// The folder.
        dir: PathBuf,
        /// What is missing beside what.
        what: &'static str,
    },
    /// It cannot be written.
    #[error("ledger `{0}` cannot be written: give the user of exo write access to it")]
    ReadOnly(PathBuf),
    /// It is damaged.
    #[error("ledger `{path}` is damaged ({what}): run `exo audit verify`", path = .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// No room.
    #[error("no room for the ledger `{0}`: free space on its file system")]
    Full(PathBuf),
    /// The key cannot be used.
    #[error("ledger key `{path}` {what}", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and the fix.
        what: String,
    },
    /// The clock stands before the last entry.
    #[error(
        "clock is at {now}, the last entry of the ledger at {last}: set the clock, or run `exo init --accept-clock`"
    )]
    ClockBehind {
        /// The clock, UTC.
        now: String,
        /// The last entry, UTC.
        last: String,
    },
    /// The folder is on a network.
    #[error(
        "ledger folder `{0}` is on a remote file system, where locks do not hold: choose a local one"
    )]
    Remote(PathBuf),
    /// Others can change the folder.
    #[error("ledger folder `{path}` {what}", path = .path.display())]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it and the fix.
        what: String,
    },
    /// An entry without form.
    #[error("ledger: {0}")]
    Entry(#[from] EntryError),
    /// Anything else from the system.
    #[error("ledger `{path}`: {what}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        what: String,
    },
}

impl LedgerError {
    /// A failure of a system call on a file.
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let path = path.to_path_buf();
        match error.kind() {
            K::PermissionDenied | K::ReadOnlyFilesystem => Self::ReadOnly(path),
            K::StorageFull | K::FileTooLarge | K::QuotaExceeded => Self::Full(path),
            _ => Self::Io { path, what: error.to_string() },
        }
    }

    /// A failure of SQLite on the database.
    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, what) = (path.to_path_buf(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path),
            // A write that the system cut short (quota, limit of a file's size) is an I/O error there.
            Some(ErrorCode::SystemIoFailure) if cut_short(error) => Self::Full(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(path)
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Corrupt { path, what }
            }
            _ => Self::Io { path, what },
        }
    }
}

fn cut_short(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|e| e.extended_code);
    matches!(code, Some(rusqlite::ffi::SQLITE_IOERR_WRITE | rusqlite::ffi::SQLITE_IOERR_SHMSIZE))
}
