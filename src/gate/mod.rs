//! The gate: the only place where judge, enforce and evidence meet.
//!
//! In: an installation, an agent, a payload. Out: a decision, or what became of a run.
//! Never: lets anything run that was not decided and durably recorded; prints nothing.

mod drafts;
mod error;
mod init;
mod installation;
mod judged;
mod process;
mod run;
mod scratch;
mod witness;

use process::Process;

pub use error::Error;
pub use init::{Made, init};
pub use installation::{Installation, SHIPPED};
pub use judged::{Bench, Judged};
pub use run::{Report, check, run};
pub use witness::Recorded;
