//! Places where reading shows a secret and where writing makes something run later.
//!
//! In: an absolute path or pattern. Out: whether it is such a place.
//! Never: looks at the file.
//!
//! A pattern (`cat *`, `grep -r x src`) counts as a secret only if all of it lies in a secret place, or if
//! it takes in one of the secrets of a home folder; whether a tree holds a stray `.env` is not known
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
}

struct Places {
    secret: Place,
    public: Place,
    home_secret: Vec<String>,
    persist: Place,
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
        });
        Places {
            secret: Place::new(&table.secret),
            public: Place::new(&table.public),
            home_secret: table.home_secret,
            persist: Place::new(&table.persist),
        }
    })
}

/// Whether reading this shows a secret.
#[must_use]
pub fn is_secret(path: &Glob) -> bool {
    let places = places();
    places.secret.covers(path) && !places.public.covers(path)
}

/// Whether writing this arranges for something to run later. A pattern does if it may name such a place
/// below the folder that is written into, which only a pattern that is one can tell.
#[must_use]
pub fn is_persistent(path: &Glob) -> bool {
    places().persist.covers(path)
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
        ] {
            assert!(is_secret(&g(secret)), "{secret}");
        }
        for plain in [
            "/home/d/.ssh/id_ed25519.pub",
            "/r/.env.example",
            "/r/src/**",
            "/r/*",
            "/etc/ssl/certs/a.pem",
        ] {
            assert!(!is_secret(&g(plain)), "{plain}");
        }
        assert!(
            is_persistent(&g("/home/d/.bashrc")) && is_persistent(&g("/r/.git/hooks/pre-commit"))
        );
        assert!(!is_persistent(&g("/r/src/main.rs")) && !is_persistent(&g("/r/**")));
    }
}
