//! Gathers facts from the machine, each when it is first asked for, and remembers every answer.
//!
//! In: the environment exo was started in, and the PATH the command will get. Out: a [`Live`] world;
//! its snapshot holds every answer with its source.
//! Never: decides, follows a name that was not asked for, or answers the same name twice differently.

mod git;
mod host;
mod paths;
mod programs;
mod scripts;

use crate::model::{Answer, Fact, FactValue, Snapshot, World};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use host::user_name;

/// The machine as it is now.
#[derive(Debug)]
pub struct Live {
    env: BTreeMap<OsString, OsString>,
    search_path: Vec<PathBuf>,
    now: OnceCell<jiff::ZonedDateTime>,
    cache: RefCell<BTreeMap<Arc<str>, Arc<Fact>>>,
    snapshot: RefCell<Snapshot>,
}

impl Live {
    /// A world over this environment. `search_path` are the folders in which programs are looked for:
    /// those of the sanitised PATH, never those of the caller's.
    #[must_use]
    pub fn new(env: BTreeMap<OsString, OsString>, search_path: Vec<PathBuf>) -> Self {
        Self {
            env,
            search_path,
            now: OnceCell::new(),
            cache: RefCell::default(),
            snapshot: RefCell::default(),
        }
    }

    /// Every answer since the last call. Answers stay remembered, so a later decision of the same
    /// process sees the same world.
    #[must_use]
    pub fn take_snapshot(&self) -> Snapshot {
        self.snapshot.take()
    }

    /// From here on the fact is this, whatever the machine says: for questions of the form «what if».
    pub fn suppose(&self, name: &str, answer: Answer) {
        let fact = Arc::new(Fact { answer, source: "supposed".into() });
        self.cache.borrow_mut().insert(name.into(), fact);
    }

    /// The fact, gathered where it is not known yet, and in the snapshot.
    fn noted(&self, name: &str) -> Arc<Fact> {
        let known = self.cache.borrow().get_key_value(name).map(|(n, f)| (n.clone(), f.clone()));
        let (name, fact) = known.unwrap_or_else(|| {
            let row: (Arc<str>, _) = (name.into(), Arc::new(self.gather(name)));
            self.cache.borrow_mut().insert(row.0.clone(), row.1.clone());
            row
        });
        self.snapshot.borrow_mut().facts.insert(name, fact.clone());
        fact
    }

    fn gather(&self, name: &str) -> Fact {
        let (family, rest) = name.split_once(':').unwrap_or((name, ""));
        let (answer, source) = match family {
            "path" => (paths::resolve(rest, true), "lstat, readlink".into()),
            "link" => (paths::resolve(rest, false), "lstat, readlink".into()),
            "names" => (paths::names(Path::new(rest)), "readdir".into()),
            "program" => (programs::find(rest, &self.search_path), "PATH".into()),
            "digest" => (scripts::digest(Path::new(rest)), "read, SHA-256".into()),
            "script" => (scripts::text(rest), "package.json".into()),
            "shebang" => (programs::shebang(Path::new(rest)), rest.to_owned().into()),
            "cwd" => (self.cwd(), "getcwd".into()),
            "home" => (self.home(), "HOME".into()),
            "tmp" => (self.tmp(), "TMPDIR".into()),
            _ => self.dotted(name),
        };
        Fact { answer, source }
    }

    /// Facts with a dot in their name: `user.uid`, `git.branch`, `time.hour`, `env.LANG`.
    fn dotted(&self, name: &str) -> (Answer, Cow<'static, str>) {
        let known = |v| Answer::Known(FactValue::Text(v));
        match name.split_once('.') {
            Some(("env", var)) => {
                let answer = match self.env.get(&OsString::from(var)).map(|v| v.to_str()) {
                    None => Answer::Absent,
                    Some(Some(v)) => known(v.to_owned()),
                    Some(None) => Answer::Failed(format!("the value of `{var}` is not UTF-8")),
                };
                (answer, "environment".into())
            }
            Some(("user", "uid")) => {
                let uid = nix::unistd::getuid().as_raw();
                (Answer::Known(FactValue::Integer(i64::from(uid))), "getuid".into())
            }
            Some(("user", "name")) => {
                (known(user_name(nix::unistd::getuid().as_raw())), "/etc/passwd".into())
            }
            Some(("user", "home")) => {
                let home = host::user_home(nix::unistd::getuid().as_raw());
                let home = home.as_deref().map(Path::new).and_then(paths::folder);
                (home.map_or(Answer::Absent, as_text), "/etc/passwd".into())
            }
            Some(("host", "name")) => (host::host_name(), "gethostname".into()),
            Some(("git", what)) => match self.cwd().text() {
                Some(cwd) => git::fact(what, Path::new(cwd)),
                None => (Answer::Failed("the current folder is not known".into()), "getcwd".into()),
            },
            Some(("search", "path")) => {
                let joined = std::env::join_paths(&self.search_path).map(PathBuf::from);
                let answer = joined.map_or_else(|e| Answer::Failed(e.to_string()), as_text);
                (answer, "PATH".into())
            }
            Some(("time", what)) => {
                let now = self.now.get_or_init(jiff::ZonedDateTime::now);
                (host::time(what, now), "clock_gettime".into())
            }
            _ => (Answer::Failed(format!("`{name}` is not the name of a fact")), "exo".into()),
        }
    }

    fn cwd(&self) -> Answer {
        match std::env::current_dir() {
            Ok(dir) => as_text(dir),
            Err(e) => Answer::Failed(format!("the current folder cannot be named: {e}")),
        }
    }

    fn home(&self) -> Answer {
        match self.env.get(&OsString::from("HOME")) {
            Some(home) if Path::new(home).is_absolute() => {
                paths::folder(Path::new(home)).map_or(Answer::Absent, as_text)
            }
            _ => Answer::Absent,
        }
    }

    /// TMPDIR counts only below the places that are made for temporary files: whoever sets it would
    /// otherwise move what a profile calls `{tmp}` to wherever he likes.
    fn tmp(&self) -> Answer {
        let uid = nix::unistd::getuid();
        let roots = [PathBuf::from("/tmp"), "/var/tmp".into(), format!("/run/user/{uid}").into()];
        let wanted = self.env.get(&OsString::from("TMPDIR")).map(PathBuf::from);
        let wanted = wanted.as_deref().and_then(paths::folder);
        match wanted.filter(|dir| roots.iter().any(|root| dir.starts_with(root))) {
            Some(dir) => as_text(dir),
            None => paths::folder(Path::new("/tmp")).map_or(Answer::Absent, as_text),
        }
    }
}

impl World for Live {
    fn ask(&self, name: &str) -> Answer {
        self.noted(name).answer.clone()
    }

    fn answers(&self, name: &str, answer: &Answer) -> bool {
        self.noted(name).answer == *answer
    }
}

fn as_text(path: PathBuf) -> Answer {
    match path.into_os_string().into_string() {
        Ok(text) => Answer::Known(FactValue::Text(text)),
        Err(raw) => Answer::Failed(format!("`{}` is not UTF-8", raw.to_string_lossy())),
    }
}

#[cfg(test)]
mod tests;
