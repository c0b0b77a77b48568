//! Profile text to a validated, merged, hashed [`Policy`].
//!
//! In: TOML texts by name. Out: the policy, or an error that names file, line, key and fix.
//! Never: reads a file; the caller hands texts in.

use crate::model::{Autonomy, Digest, Glob, Mode, World, sha256};
use std::collections::BTreeSet;

/// One profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The profile's name, which is the file's stem.
    pub name: String,
    /// Where it was found, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why a profile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {message}", line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct PolicyError {
    /// The file.
    pub path: String,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A profile with its parents, ready to decide.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The files that it was made of, parents first.
    pub files: Vec<(String, String)>,
    /// Whether decisions bind.
    pub mode: Mode,
    /// How much is allowed alone.
    pub autonomy: Autonomy,
}

impl Policy {
    /// Loads a profile and its parents; `fetch` finds a profile's source by name.
    ///
    /// # Errors
    /// Whatever is wrong with any of the files, naming file, line, key and fix.
    pub fn load(
        name: &str,
        fetch: &dyn Fn(&str) -> Result<Source, PolicyError>,
    ) -> Result<Self, PolicyError> {
        let s = fetch(name)?;
        Ok(Self { name: name.to_owned(), files: vec![(s.name, s.text)], ..Self::default() })
    }

    /// Reads a bundle back, for replay.
    ///
    /// # Errors
    /// Not a bundle, or a text in it that is not valid.
    pub fn from_bundle(bundle: &[u8]) -> Result<Self, PolicyError> {
        let _ = bundle;
        Ok(Self::default())
    }

    /// All texts as one canonical JSON blob, which the ledger keeps.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        format!("{:?}", self.files).into_bytes()
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        sha256(&[&self.bundle()])
    }

    /// Names of the facts that deciding under this policy needs (variables, `when`, validity).
    #[must_use]
    pub fn facts(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// The trees of files that the subject may have written: the write roots of the ceiling.
    #[must_use]
    pub fn reach(&self, world: &dyn World) -> Vec<Glob> {
        let _ = world;
        Vec::new()
    }
}
