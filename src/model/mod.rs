//! The nouns of exo: what every other room speaks of.
//!
//! In: nothing. Out: plain values with their text and JSON forms.
//! Never: reads a file, a clock, the environment; never decides anything.

#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action;
mod canon;
mod decision;
mod digest;
mod effect;
mod fact;
mod glob;
mod payload;
mod resource;
mod sandbox;
mod subject;

pub use action::{Action, ActionSet};
pub use canon::{CanonError, canonical, parse_canonical};
pub use decision::{Autonomy, Decision, EffectDecision, Mode, ProfileRef, Request, Verdict};
pub use digest::{Digest, sha256};
pub use effect::{Command, Effect, Intent};
pub use fact::{Answer, Fact, FactValue, Snapshot, World};
pub use glob::{Glob, GlobError};
pub use payload::{Payload, StdinKind, What};
pub use resource::{Resource, ResourceError, ResourceKind};
pub use sandbox::{Environment, Limits, Require, Sandbox};
pub use subject::{Assurance, Subject, is_name};

/// The engine that decides, as it stands in every entry: replay by another engine is said to be so.
pub const ENGINE: &str = concat!("exo/", env!("CARGO_PKG_VERSION"));

/// Most bytes of payload text (a shell line, or argv joined) that exo judges; more is `opaque`.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// How deep commands may nest (`sh -c`, `$( )`, `xargs`, groups); deeper is `opaque`.
pub const MAX_DEPTH: usize = 16;
/// Most simple commands in one payload; more is `opaque`.
pub const MAX_COMMANDS: usize = 256;
