//! The ledger: one append-only log in SQLite, its key, and its head.
//!
//! In: drafts of entries. Out: receipts, once the entries are durable and signed for.
//! Never: changes or drops an entry; goes on where something does not fit together.
//!
//! One folder: `ledger.db`, `ledger.lock` (the queue of writers), `key`, `vkey`, and `head`, the newest
//! checkpoint once more, so that a database whose end was cut off is noticed.

mod error;
mod fail;
mod files;
mod open;
mod reader;
mod store;

pub use error::LedgerError;
pub use fail::fail_point;
pub use reader::{NamedBlob, Reader, Row};
pub use store::Ledger;

use super::record::Kind;
use crate::model::Digest;
use serde_json::{Map, Value};

/// An entry that is to be appended.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is about.
    pub kind: Kind,
    /// Fields that stand in the entry.
    pub public: Map<String, Value>,
    /// Fields of which the entry holds only salted commitments.
    pub private: Vec<(&'static str, Value)>,
    /// Big things, kept under their hashes.
    pub blobs: Vec<Vec<u8>>,
}

/// That an entry is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub seq: u64,
    /// Its leaf hash.
    pub leaf: Digest,
}

/// An intent without an outcome, and the exo that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIntent {
    /// Its number.
    pub seq: u64,
    /// The boot it was written in.
    pub boot_id: String,
    /// Number of the exo process.
    pub pid: u32,
    /// Clock ticks from boot to the start of that process.
    pub start_ticks: u64,
}

#[cfg(test)]
mod tests;
