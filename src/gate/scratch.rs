//! A temporary folder of the run's own, for where the common one cannot be granted.
//!
//! In: nothing. Out: a folder that is removed when the run has ended.
//! Never: is used where the profile's own temporary folder can be granted.

use super::Error;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder, as long as the value lives.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes it in `/tmp`, under a name that nobody can have made before, for this user alone.
    pub(super) fn make() -> Result<Self, Error> {
        let base =
            fs::canonicalize("/tmp").map_err(|e| Error::io("cannot use", Path::new("/tmp"), &e))?;
        let mut name = [0u8; 8];
        let random = |e: getrandom::Error| std::io::Error::other(e.to_string());
        getrandom::fill(&mut name)
            .map_err(|e| Error::io("cannot name a folder in", &base, &random(e)))?;
        let path = base.join(format!("exo-{:016x}", u64::from_be_bytes(name)));
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|e| Error::io("cannot make", &path, &e))?;
        Ok(Self { path })
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left, as temporary files of ended programs often are.
        let _ = fs::remove_dir_all(&self.path);
    }
}
