//! Secrets and guarded places that stand in a text: tokens among arguments, paths in program texts.
//!
//! In: an argument, or the text of a program. Out: `reveal` and `persist` on what is named there.
//! Never: takes a text that names nothing for one that does nothing: `execute` stands beside it.

use super::Reader;
use super::args::Arg;
use super::code::{HASHED, only_prints};
use crate::judge::catalogue::{is_persistent, is_secret};
use crate::model::{Action, Glob, Resource, ResourceKind, sha256};

/// Fewest bytes of a token with its beginning; a test holds it against the table.
const SHORTEST: usize = 15;
/// How the tokens of well-known services begin, and how many characters at least follow (their own
/// documentation on secret scanning).
const TOKENS: &[(&str, usize)] = &[
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("sk_live_", 8),
    ("rk_live_", 8),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xapp-", 10),
    ("npm_", 30),
    ("pypi-", 40),
    ("hf_", 30),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29.", 16),
    ("hvs.", 16),
    ("dop_v1_", 16),
    ("SG.", 40),
];

/// Signs that a program text writes.
const WRITES: &[&str] = &[
    "write", "append", "copy", "move", "rename", "symlink", "link(", "save", "dump", "'w", "\"w",
    "'a", "\"a", "'x", "\"x", "put", "truncate", "unlink", "remove", "rm", ">", "tee", "spew",
];

/// Most places that one text is said to name.
const MAX_PLACES: usize = 64;

impl Reader<'_> {
    /// A secret among the arguments is shown to everybody on the machine (ps(1)), and to whoever keeps
    /// a record of the line.
    pub(super) fn shown_secrets(&mut self, args: &[Arg]) {
        if args.iter().any(|a| holds_token(&a.prefix()) || a.known().is_some_and(holds_token)) {
            let resource = Resource::exact(ResourceKind::Secret, "argument");
            self.add(Action::Reveal, resource, "a token or a key that stands in the line itself");
        }
    }

    /// Program text that runs, with its hash, and the guarded places that it names.
    pub(super) fn program_text(&mut self, text: Option<&str>, source: &str) {
        let Some(text) = text else {
            self.inline(source);
            return;
        };
        if only_prints(text) {
            return;
        }
        self.inline(&format!("{source}{HASHED}{}", sha256(&[text.as_bytes()])));
        let writes = WRITES.iter().any(|w| text.contains(w));
        for place in places(text).into_iter().take(MAX_PLACES) {
            let Ok(name) = Glob::parse(&place) else { continue };
            let found = [
                (Action::Reveal, is_secret(&name)),
                (Action::Persist, writes && is_persistent(&name)),
            ];
            for (action, _) in found.into_iter().filter(|(_, is)| *is) {
                let resource = Resource { kind: ResourceKind::File, name: name.clone() };
                self.add(action, resource, &format!("{source}: a path in the text"));
            }
        }
    }
}

/// Whether a text holds a token of a well-known service, or a private key.
fn holds_token(text: &str) -> bool {
    // Most words are shorter than any of them.
    if text.len() < SHORTEST {
        return false;
    }
    let long = |rest: &str, n: usize| {
        let token = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        rest.chars().take_while(token).count() >= n
    };
    let begins = |at: usize| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let token = TOKENS.iter().any(|(start, n)| {
        let mut found = text.match_indices(start);
        found.any(|(at, _)| {
            begins(at) && text.get(at + start.len()..).is_some_and(|rest| long(rest, *n))
        })
    });
    token || (text.contains("-----BEGIN ") && text.contains("PRIVATE KEY"))
}

/// The paths that a program text spells, as globs: what stands between quotes, blanks and brackets and
/// has the form of one. One that begins with a folder's name may hang below any folder.
fn places(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "'\"`()[]{},;+=|&<>\\".contains(c);
    let words = text.split(ends).filter(|w| w.contains('/') || w.starts_with('.'));
    let place = |word: &str| {
        let word = word.trim_start_matches("file://").trim_start_matches('~');
        let escaped = Glob::escape(word.trim_start_matches("./"));
        match word.strip_prefix('/') {
            Some(rest) if !rest.starts_with('.') => escaped,
            Some(rest) => format!("/**/{}", Glob::escape(rest)),
            None => format!("/**/{escaped}"),
        }
    };
    words.filter(|w| w.len() > 2 && w.len() < 512).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_by_how_they_begin_and_how_long_they_are() {
        let long = "x".repeat(40);
        for start in ["ghp_", "sk-ant-", "AKIA", "Authorization: token ghp_"] {
            assert!(holds_token(&format!("{start}{long}")), "{start}");
        }
        for plain in ["ghp_", "sk-", "AKIA", "xghp_0123456789012345678901", "npm_config_cache"] {
            assert!(!holds_token(plain), "{plain}");
        }
    }

    #[test]
    fn paths_in_a_text_are_found_between_its_quotes() {
        let found = places("open(os.environ['HOME']+'/.ssh/id_rsa').read(); f(\"src/a.py\")");
        assert!(
            ["/**/.ssh/id_rsa", "/**/src/a.py"].iter().all(|p| found.contains(&(*p).to_owned()))
        );
    }

    #[test]
    fn no_token_is_shorter_than_what_is_skipped() {
        assert!(TOKENS.iter().all(|(start, n)| start.len() + n >= SHORTEST));
        assert!("-----BEGIN PRIVATE KEY".len() >= SHORTEST);
    }
}
