//! Enforce: what can happen. Turns the obligations of a decision into what the kernel holds.
//!
//! In: a sandbox and an admitted command. Out: an outcome.
//! Never: decides, and never runs what was not admitted and recorded.

pub mod confine;
pub mod exec;
