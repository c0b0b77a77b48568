//! Payload to effects, by shell reader and catalogue.
//!
//! In: payload, catalogue, a world to ask, and the trees the subject can write in. Out: the complete
//! [`Intent`]; whatever is not understood is an `opaque` effect in it.
//! Never: says what is permitted.

use super::catalogue::Catalogue;
use crate::model::{Glob, Intent, Payload, World};

/// The complete set of effects of a payload.
///
/// `reach` are the trees of files (absolute, as globs) that the subject may have written: a program
/// found there is never taken for a tool of the catalogue, whatever its name.
#[must_use]
pub fn read(payload: &Payload, catalogue: &Catalogue, world: &dyn World, reach: &[Glob]) -> Intent {
    let _ = (payload, catalogue, world, reach);
    Intent::default()
}
