//! Answers the auditor: is the record whole, and does each decision follow from it?
//!
//! In: rows, openings, blobs and checkpoints, as somebody else read them. Out: reports.
//! Never: opens anything, and never says more than was proved.

#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod replay;
mod verify;
mod words;

pub use replay::{Replayed, Replayer};
pub use verify::{Damage, Finding, Report, Verifier};
pub use words::{Story, effects_of, opened, story};
