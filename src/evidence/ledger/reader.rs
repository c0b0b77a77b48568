//! Reads a ledger for the auditor, as it is, damaged or not.
//!
//! In: a folder. Out: rows in order, openings, blobs, checkpoints, the head file.
//! Never: writes, repairs, or checks; that is `evidence::audit`.

use super::error::LedgerError;
use super::open;
use crate::evidence::record::Opening;
use crate::model::Digest;
use rusqlite::{Connection, OptionalExtension as _};
use std::fs;
use std::path::{Path, PathBuf};

/// A ledger, open for reading.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    db: Connection,
}

/// A blob behind the hash it is stored under, unchecked.
pub type NamedBlob = (Vec<u8>, Vec<u8>);

/// One stored entry, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number it is stored under.
    pub seq: u64,
    /// The leaf hash that is stored with it.
    pub leaf: Vec<u8>,
    /// Its bytes.
    pub body: Vec<u8>,
}

impl Reader {
    /// Opens the ledger of a folder. Needs to write in the folder, since SQLite's readers take part in
    /// its locks.
    ///
    /// # Errors
    /// No ledger there, or one that is no database.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join("ledger.db");
        if fs::symlink_metadata(&path).is_err() {
            return Err(LedgerError::Missing(path));
        }
        Ok(Self { dir: dir.to_owned(), db: open::open(&path, false)? })
    }

    fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|e| LedgerError::sql(&self.dir.join("ledger.db"), &e))
    }

    /// Calls `f` with each entry from that number on, in order, until it says no.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn each(&self, from: u64, mut f: impl FnMut(Row) -> bool) -> Result<(), LedgerError> {
        let result = self
            .db
            .prepare_cached("SELECT seq, leaf, body FROM entry WHERE seq >= ?1 ORDER BY seq")
            .and_then(|mut s| {
                let mut rows = s.query([i64::try_from(from).unwrap_or(i64::MAX)])?;
                while let Some(r) = rows.next()? {
                    let seq = u64::try_from(r.get::<_, i64>(0)?).unwrap_or_default();
                    if !f(Row { seq, leaf: r.get(1)?, body: r.get(2)? }) {
                        break;
                    }
                }
                Ok(())
            });
        self.sql(result)
    }

    /// What opens the commitments of an entry.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn openings(&self, seq: u64) -> Result<Vec<Opening>, LedgerError> {
        let mut out = Vec::new();
        let result = self
            .db
            .prepare_cached("SELECT field, salt, value FROM opening WHERE seq = ?1 ORDER BY field")
            .and_then(|mut s| {
                let mut rows = s.query([i64::try_from(seq).unwrap_or(i64::MAX)])?;
                while let Some(r) = rows.next()? {
                    let salt: Vec<u8> = r.get(1)?;
                    // A salt of another length opens nothing.
                    let salt = salt.try_into().unwrap_or_default();
                    out.push(Opening { field: r.get(0)?, salt, value: r.get(2)? });
                }
                Ok(())
            });
        self.sql(result).map(|()| out)
    }

    /// A blob by the hash it is stored under.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        let result = self
            .db
            .prepare_cached("SELECT bytes FROM blob WHERE sha256 = ?1")
            .and_then(|mut s| s.query_row([digest.0], |r| r.get(0)).optional());
        self.sql(result)
    }

    /// All blobs with the hashes they are stored under.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn blobs(&self) -> Result<Vec<NamedBlob>, LedgerError> {
        let mut out = Vec::new();
        let result = self.db.prepare_cached("SELECT sha256, bytes FROM blob").and_then(|mut s| {
            let mut rows = s.query([])?;
            while let Some(r) = rows.next()? {
                out.push((r.get(0)?, r.get(1)?));
            }
            Ok(())
        });
        self.sql(result).map(|()| out)
    }

    /// The signed checkpoints, the smallest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<(u64, String)>, LedgerError> {
        let mut out = Vec::new();
        let result = self
            .db
            .prepare_cached("SELECT size, note FROM checkpoint ORDER BY size")
            .and_then(|mut s| {
                let mut rows = s.query([])?;
                while let Some(r) = rows.next()? {
                    out.push((u64::try_from(r.get::<_, i64>(0)?).unwrap_or_default(), r.get(1)?));
                }
                Ok(())
            });
        self.sql(result).map(|()| out)
    }

    /// The text of the head file; `None` where there is none.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("head")).ok()
    }

    /// The text of the verifier key's file; `None` where there is none.
    #[must_use]
    pub fn vkey(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("vkey")).ok().map(|t| t.trim().to_owned())
    }
}
