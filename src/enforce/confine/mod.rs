//! Confine: turns the sandbox that a decision asks for into what the kernel holds a command to.
//!
//! In: a `model::Sandbox`, the kernel's abilities, the folders that no command may reach.
//! Out: a `Cage` (opened Landlock ruleset, system call filter, effective rights) for `enforce::exec`.
//! Never: drops a right silently; what cannot be enforced is an error, or is named in `missing`.

pub(crate) mod child;
pub mod filter;
pub mod kernel;
pub mod plan;

mod open;

pub use kernel::{Kernel, Landlock};
pub use open::{Cage, Effective, EffectiveRule};
pub use plan::{ConfineError, Missing, Plan, plan};
