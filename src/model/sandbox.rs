//! The sandbox that a decision asks for: the profile's ceiling with its variables filled in, its network cut to
//! what was admitted. It is an obligation of the decision, and the input of `enforce::confine`.
//!
//! In: a profile and facts. Out: a value with its JSON form, hashed into the entry.
//! Never: says what the kernel can do; that is found out by `enforce::confine`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether everything that is asked for must be enforceable on this kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// Every right, or exo refuses to run anything (exit 125).
    #[default]
    Full,
    /// What this kernel has; the rest is named in the entry. Landlock itself is still required.
    Available,
}

/// What the command finds in its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Names that are passed on when they are set. A final `*` matches any rest (`LC_*`).
    #[serde(default)]
    pub pass: Vec<String>,
    /// Names that are set to a value.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
}

/// Limits of one process (setrlimit) and of the run. `None`: whatever exo itself was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Seconds of wall time for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<u64>,
    /// Seconds of processor time of one process (RLIMIT_CPU).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u64>,
    /// Bytes of address space of one process (RLIMIT_AS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Processes of this user (RLIMIT_NPROC); the kernel does not hold root to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// Open files of one process (RLIMIT_NOFILE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Bytes of one written file (RLIMIT_FSIZE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
}

/// What a run may touch at most.
///
/// Paths are absolute folders or files, presets and variables already filled in. A path with a final
/// `?` may be missing; any other that is missing makes the run fail closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Trees that may be read.
    #[serde(default)]
    pub read: Vec<String>,
    /// Trees that may be changed (and read).
    #[serde(default)]
    pub write: Vec<String>,
    /// Trees whose programs may be executed (and read).
    #[serde(default)]
    pub execute: Vec<String>,
    /// TCP ports that may be connected to, ascending. Landlock knows ports, not hosts.
    #[serde(default)]
    pub connect: Vec<u16>,
    /// TCP ports that may be listened on, ascending.
    #[serde(default)]
    pub listen: Vec<u16>,
    /// Whether UDP sockets may be made (name resolution needs them).
    #[serde(default)]
    pub udp: bool,
    /// Whether connections to Unix sockets by path are possible; Landlock below ABI 9 cannot tell which.
    #[serde(default)]
    pub unix: bool,
    /// The environment.
    #[serde(default)]
    pub environment: Environment,
    /// Limits.
    #[serde(default)]
    pub limits: Limits,
    /// What must be enforceable.
    #[serde(default)]
    pub require: Require,
    /// Whether processes may outlive the command. Otherwise exo ends them.
    #[serde(default)]
    pub detach: bool,
}
