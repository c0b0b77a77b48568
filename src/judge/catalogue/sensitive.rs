//! Places where reading shows a secret and where writing makes something run later.
//!
//! In: an absolute path or pattern. Out: whether it is such a place.
//! Never: looks at the file.
//!
//! A pattern counts if all of it lies in such a place, or if it spells a part of one (`.env*`); a tree
//! (`grep -r x src`) if it takes in one of the secrets of a home folder: whether a tree holds a stray `.env` is not known
//! without looking, and what a command may really read is the sandbox's to hold.

use crate::model::Glob;
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/sensitive.rs"));

/// The globs of one kind of place, in the order in which they can be told apart soonest.
#[derive(Debug, Default)]
pub struct Place {
    /// Those that begin with a name: `/etc/cron*`.
    anchored: Vec<Glob>,
    /// Those of the form `**/NAME…`, by that name, ascending.
    named: Vec<(String, Glob)>,
    /// `**/*.pem` and the like.
    others: Vec<Glob>,
}

impl Place {
    fn new(texts: &[&str]) -> Self {
        let mut place = Self::default();
        for glob in texts.iter().filter_map(|t| Glob::parse(t).ok()) {
            let named = glob.as_str().strip_prefix("**/").map(|rest| rest.split('/').next());
            let name = named.flatten().unwrap_or_default();
            if !glob.prefix().is_empty() {
                place.anchored.push(glob);
            } else if name.is_empty() || name.contains(['*', '?', '\\']) {
                place.others.push(glob);
            } else {
                place.named.push((name.to_owned(), glob));
            }
        }
        place.named.sort_by(|a, b| a.0.cmp(&b.0));
        place
    }

    /// The globs that may have to do with a path: all others share no name with it.
    fn candidates<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Glob> {
        let named = path.split('/').flat_map(move |segment| {
            let from = self.named.partition_point(|(name, _)| **name < *segment);
            let rows = self.named.get(from..).unwrap_or_default().iter();
            rows.take_while(move |(name, _)| name == segment).map(|(_, glob)| glob)
        });
        self.anchored.iter().chain(&self.others).chain(named)
    }

    /// Whether all of it lies in such places. Of a pattern only its plain names tell: what stands for
    /// a wildcard may be any other.
    fn covers(&self, path: &Glob) -> bool {
        self.candidates(path.as_literal().unwrap_or(path.as_str())).any(|g| g.covers(path))
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
        let wild = |s: &&str| s.contains(['*', '?', '\\']);
        let segments = text.split('/').filter(wild).filter_map(|s| Glob::parse(s).ok());
        let segments: Vec<Glob> = segments.collect();
        let by_pattern = |(name, _): &&(String, Glob)| segments.iter().any(|s| s.matches(name));
        let named = self.named.iter().filter(by_pattern).map(|(_, glob)| glob);
        self.candidates(text).chain(named).any(|g| {
            let end = g.as_str().rsplit('/').next().unwrap_or_default();
            match end {
                "**" => g.meets(&undotted),
                _ if end.starts_with('*') => begins && extends && g.meets(&undotted),
                _ => begins && spells(g, last, end) && g.meets(&undotted),
            }
        })
    }
}

/// Whether the last name of a pattern says enough to mean a secret of that name wherever it lies: `c*` does
/// not mean `credentials.json`, `creden*` does. A dot in front says it.
fn spells(secret: &Glob, last: &str, name: &str) -> bool {
    let said = last.chars().filter(|c| !matches!(c, '*' | '?')).count();
    !secret.prefix().is_empty() || name.starts_with('.') || said * 3 >= name.chars().count()
}

struct Places {
    secret: Place,
    public: Place,
    persist: Place,
    rebuildable: Place,
    state: Place,
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| Places {
        secret: Place::new(SECRET),
        public: Place::new(PUBLIC),
        persist: Place::new(PERSIST),
        rebuildable: Place::new(REBUILDABLE),
        state: Place::new(STATE),
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
    HOME_SECRET.iter().map(|s| format!("{home}/{s}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_names_what_it_should() {
        let g = |t: &str| Glob::parse(t).unwrap();
        assert!([SECRET, PUBLIC, PERSIST].concat().iter().all(|t| Glob::parse(t).is_ok()));
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
            "/r/creden*",
            "/etc/sh*",
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
