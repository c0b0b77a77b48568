//! Exec: runs what was admitted, and stays until it has ended.
//!
//! In: an `Admission`, which only the gate can make. Out: an `Outcome`.
//! Never: decides, looks programs up by name, or runs anything that is not an `Admission`.

mod admission;
mod environment;
mod outcome;
mod program;
mod spawn;
pub mod stdio;
mod wait;

pub use admission::Admission;
pub use environment::environment;
pub use outcome::{End, Killed, Outcome, Usage};
pub use program::{FileKey, Interpreter, Program, ProgramError, open_program};
pub use stdio::harden;

pub use crate::enforce::confine::child::Stage;

use nix::errno::Errno;
use thiserror::Error;

/// Why a command could not even be started. Nothing ran.
#[derive(Debug, Error)]
pub enum ExecError {
    /// An argument or a variable holds a NUL byte.
    #[error("{0} holds a NUL byte, which no program can be given")]
    Nul(&'static str),
    /// The system refused what is needed before a child exists.
    #[error("cannot {what}: {why}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        why: String,
    },
}

impl ExecError {
    fn system(what: &'static str, errno: Errno) -> Self {
        Self::System { what, why: errno.desc().to_owned() }
    }
}

/// Runs an admitted command in its cage and waits for its end.
///
/// An `Admission` cannot be made outside the gate:
///
/// ```compile_fail
/// fn smuggle(
///     program: exo::enforce::exec::Program,
///     cage: Option<exo::enforce::confine::Cage>,
/// ) -> exo::enforce::exec::Admission {
///     exo::enforce::exec::Admission::admit(program, Vec::new(), Vec::new(), cage)
/// }
/// ```
///
/// # Errors
/// What is wrong before a child exists. A failure inside the child, also of exec, is an `Outcome`
/// with [`End::ExecFailed`].
pub fn spawn(admission: Admission) -> Result<Outcome, ExecError> {
    wait::run(admission)
}

#[cfg(test)]
mod tests;
