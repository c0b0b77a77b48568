//! The decision: a pure, total function of policy and request.
//!
//! In: a [`Policy`] and a [`Request`]. Out: a [`Decision`].
//! Never: fails, panics, asks a clock, depends on the order of rules.

use super::policy::Policy;
use crate::model::{Decision, Request, Sandbox, Verdict};

/// Decides.
#[must_use]
pub fn decide(policy: &Policy, request: &Request) -> Decision {
    let _ = (policy, request);
    Decision {
        verdict: Verdict::Deny,
        effects: Vec::new(),
        hint: String::new(),
        errors: Vec::new(),
        mode: policy.mode,
        sandbox: Sandbox::default(),
    }
}
