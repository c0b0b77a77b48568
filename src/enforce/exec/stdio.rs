//! The process exo itself: its standard descriptors, its core, its memory.
//!
//! In: nothing. Out: a hardened process.
//! Never: touches another process.

use super::ExecError;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::fstat;
use std::os::fd::AsFd;
use std::sync::OnceLock;

/// The core limit that exo was started with, for its children.
static CORE: OnceLock<(u64, u64)> = OnceLock::new();

/// Makes sure that descriptors 0, 1 and 2 are open, so that no file of exo's ever takes their place
/// and gets a command's output. The Rust runtime has opened `/dev/null` on closed ones before `main`;
/// this holds it to that. To be called first.
///
/// # Errors
/// One of them is closed.
pub fn ensure() -> Result<(), ExecError> {
    let closed = |e| ExecError::system("find the standard descriptors open", e);
    fstat(std::io::stdin().as_fd()).map_err(closed)?;
    fstat(std::io::stdout().as_fd()).map_err(closed)?;
    fstat(std::io::stderr().as_fd()).map_err(closed)?;
    Ok(())
}

/// Hardens exo: other processes of the user cannot trace it or read its memory (`PR_SET_DUMPABLE`),
/// and it leaves no core, in which keys would stand. The command gets its own state back by exec.
///
/// # Errors
/// The system refuses.
pub fn harden() -> Result<(), ExecError> {
    let system = |what| move |e| ExecError::system(what, e);
    nix::sys::prctl::set_dumpable(false).map_err(system("make exo's memory private"))?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(system("read the core limit"))?;
    let _ = CORE.set((soft, hard));
    setrlimit(Resource::RLIMIT_CORE, 0, hard).map_err(system("set the core limit"))
}

/// The core limit of a command, if exo's own was changed.
pub(super) fn core_limit() -> Option<(u64, u64)> {
    CORE.get().copied()
}
