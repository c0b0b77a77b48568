//! Places where reading shows a secret and where writing makes something run later.
//!
//! In: an absolute path or pattern. Out: whether it is such a place.
//! Never: looks at the file.
//!
//! A pattern counts if all of it lies in such a place, or if it spells a part of one (`.env*`); a tree
//! (`grep -r x src`) if it takes in one of the secrets of a home folder: whether a tree holds a stray `.env` is not known
//! without looking, and what a command may really read is the sandbox's to hold.

use crate::model::Glob;
use serde::Deserialize;
use std::sync::OnceLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    secret: Vec<String>,
    public: Vec<String>,
    home_secret: Vec<String>,
    persist: Vec<String>,
    rebuildable: Vec<String>,
    state: Vec<String>,
}

/// The globs of one kind of place.
#[derive(Debug, Default)]
pub struct Place {
    globs: Vec<Glob>,
}

impl Place {
    fn new(texts: &[String]) -> Self {
        Self { globs: texts.iter().filter_map(|t| Glob::parse(t).ok()).collect() }
    }

    fn covers(&self, path: &Glob) -> bool {
        self.globs.iter().any(|g| g.covers(path))
    }

    /// Whether a pattern of the shell may name such a place. It does not by a leading wildcard alone,
    /// which matches no dot file (`cat *`), nor as a tree, but by what it spells (`.en?`, `shado[w]`).
    fn spelled(&self, pattern: &Glob) -> bool {
        let text = pattern.as_str();
        if pattern.as_literal().is_some() || text.contains("**") {
            return false;
        }
        let last = text.rsplit('/').next().unwrap_or_default();
        let begins = !last.starts_with(['*', '?']);
        // A beginning of an extension: `server.p*`, but not `Cargo.*`.
        let extends = last.split('.').skip(1).any(|e| e.starts_with(|c: char| c.is_alphanumeric()));
        // A character that is in no name, in the place of what a leading wildcard begins with.
        let undotted = text.replace("/*", "/\u{1}*").replace("/?", "/\u{1}");
        let Ok(undotted) = Glob::parse(&undotted) else { return true };
        self.globs.iter().any(|g| {
            let end = g.as_str().rsplit('/').next().unwrap_or_default();
            match end {
                "**" => g.meets(&undotted),
                _ if end.starts_with('*') => begins && extends && g.meets(&undotted),
                _ => begins && g.meets(&undotted),
            }
        })
    }
}

struct Places {
    secret: Place,
    public: Place,
    home_secret: Vec<String>,
    persist: Place,
    rebuildable: Place,
    state: Place,
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| {
        // The text is compiled in and held by a test; without it everything would count as a secret.
        let all = || vec!["**".to_owned()];
        let table = toml::from_str(include_str!("sensitive.toml")).unwrap_or_else(|_| Table {
            secret: all(),
            public: Vec::new(),
            home_secret: Vec::new(),
            persist: all(),
            rebuildable: Vec::new(),
            state: all(),
        });
        Places {
            secret: Place::new(&table.secret),
            public: Place::new(&table.public),
            home_secret: table.home_secret,
            persist: Place::new(&table.persist),
            rebuildable: Place::new(&table.rebuildable),
            state: Place::new(&table.state),
        }
    })
}

/// Whether reading this shows a secret.
#[must_use]
pub fn is_secret(path: &Glob) -> bool {
    let places = places();
    (places.secret.covers(path) || places.secret.spelled(path)) && !places.public.covers(path)
}

/// Whether writing this arranges for something to run later. A pattern does if it may name such a place
/// below the folder that is written into, which only a pattern that is one can tell.
#[must_use]
pub fn is_persistent(path: &Glob) -> bool {
    places().persist.covers(path) || places().persist.spelled(path)
}

/// Whether a build, a test or an installation of packages makes this again.
#[must_use]
pub fn is_rebuildable(path: &Glob) -> bool {
    places().rebuildable.covers(path)
}

/// Whether the state of what a tool manages elsewhere lies here.
#[must_use]
pub fn is_state(path: &Glob) -> bool {
    places().state.covers(path)
}

/// The secrets of a home folder, by absolute path.
#[must_use]
pub fn secret_roots(home: &str) -> Vec<String> {
    places().home_secret.iter().map(|s| format!("{home}/{s}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_names_what_it_should() {
        assert!(toml::from_str::<Table>(include_str!("sensitive.toml")).is_ok());
        let g = |t: &str| Glob::parse(t).unwrap();
        for secret in [
            "/home/d/.ssh/id_ed25519",
            "/r/.env",
            "/etc/shadow",
            "/home/d/.ssh/**",
            "/proc/1/environ",
            "/proc/1/task/2/environ",
            "/r/.env*",
            "/r/.en?",
            "/etc/shado?",
            "/home/d/.s*/id_rsa",
            "/home/d/.ss?/*",
            "/r/server.p*",
            "/home/d/.token",
        ] {
            assert!(is_secret(&g(secret)), "{secret}");
        }
        for plain in [
            "/home/d/.ssh/id_ed25519.pub",
            "/r/.env.example",
            "/r/src/**",
            "/r/*",
            "/etc/ssl/certs/a.pem",
            "/r/Cargo.*",
            "/r/*/main.?s",
            "/r/src/*.rs",
            "/r/tests/t*",
        ] {
            assert!(!is_secret(&g(plain)), "{plain}");
        }
        assert!(
            is_persistent(&g("/home/d/.bashrc")) && is_persistent(&g("/r/.git/hooks/pre-commit"))
        );
        assert!(!is_persistent(&g("/r/src/main.rs")) && !is_persistent(&g("/r/**")));
    }
}
