//! Where an installation lies, and what may be trusted in it.
//!
//! In: HOME and the XDG variables. Out: the folders, the profile and catalogue texts in them.
//! Never: uses a folder or file that somebody else can write.

use super::Error;
use crate::judge::catalogue::Catalogue;
use crate::judge::policy::{Policy, PolicyError, Source};
use crate::subject::check_name;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Folder of the system's own profiles and tools, which shadow the user's.
const SYSTEM: &str = "/etc/exo";

/// The profiles that exo ships, by name.
pub const SHIPPED: [(&str, &str); 4] = [
    ("base", include_str!("../../profiles/base.toml")),
    ("ci", include_str!("../../profiles/ci.toml")),
    ("coding-agent", include_str!("../../profiles/coding-agent.toml")),
    ("data-retrieval", include_str!("../../profiles/data-retrieval.toml")),
];

/// The folders of an installation (XDG Base Directory Specification).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Profiles and catalogue extensions of the user.
    pub config: PathBuf,
    /// Ledger and key.
    pub state: PathBuf,
}

impl Installation {
    /// The folders that the environment names.
    ///
    /// # Errors
    /// HOME is needed and not set, or a variable holds a relative path.
    pub fn from_env(env: &BTreeMap<OsString, OsString>) -> Result<Self, Error> {
        let dir = |var: &str, below_home: &str| {
            let set = |name: &str| env.get(&OsString::from(name)).filter(|v| !v.is_empty());
            let path = match (set(var), set("HOME")) {
                (Some(base), _) => PathBuf::from(base),
                (None, Some(home)) => Path::new(home).join(below_home),
                (None, None) => return Err(Error::Home(var.to_owned())),
            };
            if !path.is_absolute() {
                return Err(Error::Relative(var.to_owned(), path));
            }
            Ok(path.join("exo"))
        };
        let config = dir("XDG_CONFIG_HOME", ".config")?;
        Ok(Self { config, state: dir("XDG_STATE_HOME", ".local/state")? })
    }

    /// What a sandbox must never let a command reach.
    #[must_use]
    pub fn protected(&self) -> Vec<PathBuf> {
        vec![self.config.clone(), self.state.clone()]
    }

    /// A file outside every ceiling, by which the sandbox proves itself before it runs anything.
    #[must_use]
    pub fn canary(&self) -> PathBuf {
        self.state.join("canary")
    }

    /// Makes both folders and the canary where they are missing.
    ///
    /// # Errors
    /// A folder that others can write, or that cannot be made.
    pub fn make(&self) -> Result<(), Error> {
        for dir in [self.config.join("profiles"), self.state.clone()] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .map_err(|e| Error::io("cannot make", &dir, &e))?;
        }
        self.check()?;
        let canary = self.canary();
        if !canary.exists() {
            fs::write(&canary, "exo opens this file in the sandbox, and must be refused\n")
                .map_err(|e| Error::io("cannot write", &canary, &e))?;
        }
        Ok(())
    }

    /// Whether the folders are this user's alone.
    ///
    /// # Errors
    /// Missing (the fix is `exo init`), somebody else's, or writable by others.
    pub fn check(&self) -> Result<(), Error> {
        for dir in [&self.config, &self.state] {
            match fs::metadata(dir) {
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    return Err(Error::NoInstallation(dir.clone()));
                }
                Err(e) => return Err(Error::io("cannot look at", dir, &e)),
                Ok(_) => trusted(dir)?,
            }
        }
        Ok(())
    }

    /// Writes the shipped profiles where they are missing; says which were new.
    ///
    /// # Errors
    /// A profile that cannot be written.
    pub fn write_profiles(&self) -> Result<Vec<(&'static str, bool)>, Error> {
        let dir = self.config.join("profiles");
        SHIPPED
            .into_iter()
            .map(|(name, text)| {
                let path = dir.join(format!("{name}.toml"));
                let new = !path.exists();
                if new {
                    fs::write(&path, text).map_err(|e| Error::io("cannot write", &path, &e))?;
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
                        .map_err(|e| Error::io("cannot close", &path, &e))?;
                }
                Ok((name, new))
            })
            .collect()
    }

    /// The folders in which profiles are looked for, the system's first.
    #[must_use]
    pub fn profile_dirs(&self) -> [PathBuf; 2] {
        [Path::new(SYSTEM).join("profiles"), self.config.join("profiles")]
    }

    /// Loads the profile of an agent with its parents.
    ///
    /// # Errors
    /// No such profile, one that others can write, or whatever is wrong with its text.
    pub fn policy(&self, agent: &str) -> Result<Policy, Error> {
        check_name(agent)?;
        Ok(Policy::load(agent, &|name| self.source(name))?)
    }

    /// The text of one profile, the system's first.
    ///
    /// # Errors
    /// No such profile, one that others can write, or one that is not UTF-8.
    pub fn source(&self, name: &str) -> Result<Source, PolicyError> {
        let fail = |path: &Path, message: String| PolicyError {
            path: path.display().to_string(),
            line: None,
            message,
        };
        check_name(name).map_err(|e| fail(Path::new(name), e.to_string()))?;
        let dirs = self.profile_dirs();
        for dir in &dirs {
            let path = dir.join(format!("{name}.toml"));
            match fs::read(&path) {
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(e) => return Err(fail(&path, format!("cannot be read: {e}"))),
                Ok(bytes) => {
                    trusted(&path).map_err(|e| fail(&path, e.to_string()))?;
                    let text = String::from_utf8(bytes)
                        .map_err(|_| fail(&path, "is not UTF-8: save it as UTF-8".to_owned()))?;
                    let path = path.display().to_string();
                    return Ok(Source { name: name.to_owned(), path, text });
                }
            }
        }
        let places: Vec<String> = dirs.iter().map(|d| d.display().to_string()).collect();
        Err(fail(
            Path::new(name),
            format!(
                "there is no profile `{name}` in {}; `exo profile list` shows what there is, `exo init` writes the shipped ones",
                places.join(" or ")
            ),
        ))
    }

    /// The names and places of all profiles; where a name stands in both folders the system's counts.
    ///
    /// # Errors
    /// A folder that is there and cannot be read.
    pub fn profiles(&self) -> Result<BTreeMap<String, PathBuf>, Error> {
        let mut out = BTreeMap::new();
        for dir in self.profile_dirs() {
            for path in listed(&dir, "toml")? {
                if let Some(stem) = path.file_stem().and_then(|s| s.to_str()) {
                    out.entry(stem.to_owned()).or_insert(path);
                }
            }
        }
        Ok(out)
    }

    /// The compiled-in catalogue, extended by `tools.d` of the system and of the user.
    ///
    /// # Errors
    /// A file that others can write, that is not UTF-8, or whatever is wrong with its text.
    pub fn catalogue(&self) -> Result<Catalogue, Error> {
        let mut extra = Vec::new();
        for dir in [Path::new(SYSTEM).join("tools.d"), self.config.join("tools.d")] {
            for path in listed(&dir, "toml")? {
                trusted(&path)?;
                let text =
                    fs::read_to_string(&path).map_err(|e| Error::io("cannot read", &path, &e))?;
                extra.push((path.display().to_string(), text));
            }
        }
        Ok(Catalogue::new(extra)?)
    }
}

/// Files of a folder with that ending, by name; none where the folder is missing.
fn listed(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(dir) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(e) => return Err(Error::io("cannot list", dir, &e)),
        Ok(entries) => entries,
    };
    let mut out = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io("cannot list", dir, &e))?.path();
        if path.extension().is_some_and(|e| e == ending) {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Whether a file or folder belongs to this user or root, and no one else can write it.
fn trusted(path: &Path) -> Result<(), Error> {
    let meta = fs::metadata(path).map_err(|e| Error::io("cannot look at", path, &e))?;
    let me = nix::unistd::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Err(Error::Owner(path.to_owned(), meta.uid()));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(Error::Writable(path.to_owned(), meta.mode() & 0o777));
    }
    Ok(())
}
