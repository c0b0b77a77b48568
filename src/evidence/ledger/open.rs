//! Opens the database: settings, and a quick look whether it fits together.
//!
//! In: a folder. Out: a connection.
//! Never: makes a database where one should be.

use super::error::LedgerError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Pages after which a commit moves the write-ahead log into the database. Small, since each process
/// that opens the database reads the log's index; measured in docs/performance.md.
const CHECKPOINT_PAGES: u32 = 128;

/// Opens a database that is there.
pub(super) fn open(path: &Path, write: bool) -> Result<Connection, LedgerError> {
    let mode =
        if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let fail = |e: rusqlite::Error| LedgerError::sql(path, &e);
    // A link in the way to the folder is the user's own; the file itself must not be one.
    let real = path
        .parent()
        .and_then(|p| p.canonicalize().ok())
        .map(|p| p.join(path.file_name().unwrap_or_default()));
    let connection =
        Connection::open_with_flags(real.as_deref().unwrap_or(path), flags).map_err(fail)?;
    // The last process to close would move the whole log into the database, and wait for the disk.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    let settings = format!(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; \
         PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
    );
    connection.execute_batch(&settings).map_err(fail)?;
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(fail)?;
    if version != 1 {
        return Err(LedgerError::Corrupt {
            path: path.to_owned(),
            what: format!("its form is {version}, this exo knows form 1"),
        });
    }
    Ok(connection)
}

/// Makes a new database.
pub(super) fn create(path: &Path) -> Result<(), LedgerError> {
    let fail = |e: rusqlite::Error| LedgerError::sql(path, &e);
    let connection = Connection::open(path).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0)).map_err(fail)?;
    if mode != "wal" {
        return Err(LedgerError::Io {
            path: path.to_owned(),
            what: "its file system does not take a write-ahead log: choose another folder"
                .to_owned(),
        });
    }
    connection
        .execute_batch(&format!("BEGIN; {} COMMIT;", include_str!("schema.sql")))
        .map_err(fail)
}
