//! Judge: what may happen. Pure rooms: text and facts in, a decision out.
//!
//! In: payload, catalogue, profile, snapshot. Out: intent, policy, decision.
//! Never: touches a file, a clock, the network or the environment.

#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod catalogue;
pub mod decide;
pub mod intent;
pub mod lint;
pub mod policy;
pub mod shell;
