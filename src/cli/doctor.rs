//! `exo doctor`: what this machine can enforce, what each profile needs, what that is worth.
//!
//! In: the profiles' sandboxes. Out: JSON, and the same as text.
//! Never: changes anything.

use crate::model::Sandbox;
use serde_json::Value;

/// What this machine can enforce and what each profile needs of it.
#[must_use]
pub fn report(_profiles: &[(String, Sandbox)]) -> Value {
    Value::Null
}
