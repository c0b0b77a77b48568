//! The witness that a command was decided and recorded.
//!
//! In: a program, its arguments and environment, its cage. Out: an `Admission`.
//! Never: can be made outside this crate, copied, or used twice.

use super::program::Program;
use crate::enforce::confine::Cage;
use std::ffi::OsString;

/// A command that may run: made by the gate from a recorded decision, spent by [`fn@super::spawn`].
#[derive(Debug)]
pub struct Admission {
    pub(super) program: Program,
    pub(super) argv: Vec<OsString>,
    pub(super) env: Vec<(OsString, OsString)>,
    /// `None`: shadow mode, which watches and confines nothing.
    pub(super) cage: Option<Cage>,
}

impl Admission {
    /// Admits a command. `argv` is as it was asked for, its name included; a script's interpreter is
    /// put before it. Only `gate` calls this (held by `tests/architecture.rs`).
    pub(crate) fn admit(
        program: Program,
        argv: Vec<OsString>,
        env: Vec<(OsString, OsString)>,
        cage: Option<Cage>,
    ) -> Self {
        Self { program, argv, env, cage }
    }
}
