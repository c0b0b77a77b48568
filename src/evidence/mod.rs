//! Evidence: what did happen, in a form that a stranger can check.
//!
//! In: decisions and outcomes. Out: entries, checkpoints, answers to the auditor.
//! Never: rewrites what was written.

pub mod audit;
pub mod ledger;
pub mod record;
