//! exo stands between an AI agent and the shell.
//!
//! A command is turned into its complete set of effects, decided by the rules of the agent's profile,
//! recorded in a signed ledger, run in a sandbox of the profile's ceiling with the network cut to the
//! decision, and can be decided again by an
//! auditor from the record alone.
//!
//! Three wings and a gate: [`judge`] (what may happen), [`enforce`] (what can happen), [`evidence`]
//! (what did happen), and [`gate`], the only place where they meet. Imports run downward only;
//! `tests/architecture.rs` holds the table.

pub mod cli;
pub mod context;
pub mod enforce;
pub mod evidence;
pub mod gate;
pub mod judge;
pub mod model;
pub mod subject;
