//! The form of the record: entries, their hashes, the tree over them, and the signed checkpoint.
//!
//! In: values. Out: bytes, hashes, notes, and the values that bytes stand for.
//! Never: reads a file or a clock, makes a salt or a key, decides what is to be recorded.

#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod checkpoint;
mod entry;
mod tree;

pub use checkpoint::{Checkpoint, Note, NoteError, VerifierKey, sign};
pub use entry::{
    Entry, EntryError, Head, Kind, MAX_BODY, Opening, Sealed, VERSION, closed_intent, commitment,
    deciders, parse, seal, utc,
};
pub use tree::{Frontier, included, inclusion, leaf_hash, node_hash, root};
