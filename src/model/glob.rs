//! Globs over resource names: matching, and the two questions about sets of names that deciding needs.
//!
//! `*` stands for any run of characters within a segment, `**` for any run across segments, `?` for
//! one character within a segment, `\` takes the next character as itself. The separator is `/`.
//! `a/**` is the tree at `a`, `a` itself included; `a/**/b` also matches `a/b`; `**/b` also `b`.
//!
//! In: text. Out: a `Glob`; `matches` (one name), `covers` (all names of another), `meets` (some name
//! of another). Both languages are regular, so the answers are exact, within a fixed amount of work:
//! beyond it `covers` answers no and `meets` yes, which is the side that permits less.
//! Never: uses regular expressions, backtracks, or takes time that is not bounded by the sizes.

mod machine;

use machine::{Machine, covers, meets};
use std::fmt;

/// Longest glob that has a wildcard in it, in characters. A plain name may be of any length.
const MAX_TOKENS: usize = 4096;

/// Why a text is no glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// A glob ended in a lone `\`.
    #[error("glob `{0}` ends in a lone backslash")]
    Escape(String),
    /// Longer than 4 096 characters.
    #[error("glob of {0} characters is longer than 4096")]
    TooLong(usize),
    /// `***` or more.
    #[error("glob `{0}` has more than two stars in a row")]
    Stars(String),
}

/// A pattern over resource names; a name without wildcards is a pattern for itself alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// As it is written, where that differs from the prefix.
    text: Option<Box<str>>,
    /// The name, where there is no wildcard; else the literal beginning of every match.
    prefix: Box<str>,
    rest: Rest,
}

/// What may follow the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rest {
    /// Nothing: the glob is one name.
    Nothing,
    /// Nothing, or a separator and anything: `a/**`. Most rules are of this shape.
    Tree,
    /// Anything: `a**`.
    Anything,
    /// What the machine takes.
    Wild {
        machine: Machine,
        /// A run of plain characters that is in every match: most names do not have it, so that most
        /// answers need no machine.
        needle: Box<str>,
    },
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// A lone `\` at the end, three stars in a row, or more than 4 096 characters with a wildcard.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let wild = text.find(['*', '?', '\\']).unwrap_or(text.len());
        let (plain, tail) = text.split_at(wild);
        if tail.is_empty() {
            return Ok(Self { text: None, prefix: plain.into(), rest: Rest::Nothing });
        }
        if text.contains("***") && stars_run(text) {
            return Err(GlobError::Stars(text.to_owned()));
        }
        // The shapes of most rules and trees.
        let written = Some(text.into());
        if tail == "**" {
            return Ok(match plain.strip_suffix('/') {
                Some(base) => Self { text: written, prefix: base.into(), rest: Rest::Tree },
                None => Self { text: written, prefix: plain.into(), rest: Rest::Anything },
            });
        }
        let (prefix, machine, needle) = machine::read(text)?;
        let Some(machine) = machine else {
            return Ok(Self { text: written, prefix: prefix.into(), rest: Rest::Nothing });
        };
        Ok(match machine.shape() {
            machine::Shape::Tree => Self { text: written, prefix: prefix.into(), rest: Rest::Tree },
            machine::Shape::Anything => {
                Self { text: written, prefix: prefix.into(), rest: Rest::Anything }
            }
            machine::Shape::Other => {
                let rest = Rest::Wild { machine, needle: needle.into() };
                Self { text: written, prefix: prefix.into(), rest }
            }
        })
    }

    /// The glob that matches this name alone.
    #[must_use]
    pub fn literal(name: &str) -> Self {
        let special = name.contains(['*', '?', '\\']);
        let text = special.then(|| Self::escape(name).into());
        Self { text, prefix: name.into(), rest: Rest::Nothing }
    }

    /// The name with its wildcard characters taken as themselves.
    #[must_use]
    pub fn escape(name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        for c in name.chars() {
            if matches!(c, '*' | '?' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    }

    /// The name, where the glob has no wildcard.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        matches!(self.rest, Rest::Nothing).then_some(&*self.prefix)
    }

    /// The characters that every match begins with (the whole name where there is no wildcard).
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The glob as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or(&self.prefix)
    }

    /// Whether the name is one of those the glob stands for.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(&*self.prefix) else { return false };
        match &self.rest {
            Rest::Nothing => rest.is_empty(),
            Rest::Tree => rest.is_empty() || rest.starts_with('/'),
            Rest::Anything => true,
            Rest::Wild { machine, needle } => rest.contains(&**needle) && machine.matches(rest),
        }
    }

    /// Whether every name of `other` is a name of this glob. Answers no when the question is too big.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if let Some(name) = other.as_literal() {
            return self.matches(name);
        }
        // A wildcard of the other's in front of the end of our prefix may stand for something else.
        let Some(theirs) = other.prefix.strip_prefix(&*self.prefix) else { return false };
        match (&self.rest, &other.rest) {
            (Rest::Nothing, _) => false,
            (Rest::Anything, _) => true,
            (Rest::Tree, _) if theirs.starts_with('/') => true,
            (Rest::Tree, Rest::Tree) => theirs.is_empty(),
            (Rest::Wild { needle, .. }, _) if !other.spells(needle) => false,
            _ => covers(&self.machine(), &other.machine(), theirs),
        }
    }

    /// Whether some name of `other` is a name of this glob. Answers yes when the question is too big.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        if let Some(name) = other.as_literal() {
            return self.matches(name);
        }
        let (longer, shorter) =
            if self.prefix.len() < other.prefix.len() { (other, self) } else { (self, other) };
        let Some(more) = longer.prefix.strip_prefix(&*shorter.prefix) else { return false };
        match (&shorter.rest, &longer.rest) {
            (Rest::Nothing, _) => more.is_empty() && longer.matches(&shorter.prefix),
            (Rest::Anything, _) => true,
            (Rest::Tree, _) if more.starts_with('/') => true,
            (_, Rest::Nothing) => shorter.matches(&longer.prefix),
            (Rest::Tree, Rest::Tree | Rest::Anything) => more.is_empty() || more.starts_with('/'),
            _ => meets(&shorter.machine(), &longer.machine(), more),
        }
    }

    /// Whether all its names may have this run of characters: what stands for a wildcard may be any other
    /// character, so the run must be spelled out.
    fn spells(&self, run: &str) -> bool {
        let text = self.as_str();
        text.contains(run) || text.contains('\\')
    }

    /// The machine of what follows the prefix.
    fn machine(&self) -> std::borrow::Cow<'_, Machine> {
        use std::borrow::Cow;
        match &self.rest {
            Rest::Nothing => Cow::Owned(Machine::nothing()),
            Rest::Tree => Cow::Owned(Machine::tree()),
            Rest::Anything => Cow::Owned(Machine::anything()),
            Rest::Wild { machine, .. } => Cow::Borrowed(machine),
        }
    }
}

/// Whether three stars stand in a row, none of them escaped.
fn stars_run(text: &str) -> bool {
    let mut escaped = false;
    let mut stars = 0;
    for c in text.chars() {
        stars = if c == '*' && !escaped { stars + 1 } else { 0 };
        if stars > 2 {
            return true;
        }
        escaped = c == '\\' && !escaped;
    }
    false
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn g(text: &str) -> Glob {
        Glob::parse(text).unwrap()
    }

    #[test]
    fn wildcards_match_what_they_say() {
        let rows = [
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/b/c", false),
            ("/a/*", "/a", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/ab", false),
            ("/a/**", "/a/b/c", true),
            ("/**", "/", true),
            ("/**", "", true),
            ("/a/**/z", "/a/z", true),
            ("/a/**/z", "/a/b/c/z", true),
            ("/a/**/z", "/a/bz", false),
            ("**/.env", ".env", true),
            ("**/.env", "/r/.env", true),
            ("**/.env", "/r/x.env", false),
            ("**/.env*", "/r/.env.local", true),
            ("agent/*", "agent/x", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("a\\*c", "a*c", true),
            ("a\\*c", "abc", false),
            ("**", "anything/at/all", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (glob, name, want) in rows {
            assert_eq!(g(glob).matches(name), want, "{glob} on {name}");
        }
    }

    #[test]
    fn covers_is_inclusion_and_meets_is_intersection() {
        let rows = [
            ("/r/**", "/r/src/**", true, true),
            ("/r/**", "/r/*.o", true, true),
            ("/r/*.o", "/r/**", false, true),
            ("/r/*.o", "/r/a*.o", true, true),
            ("/r/*.o", "/r/*.c", false, false),
            ("/r/**", "/**", false, true),
            ("/r", "/r/**", false, true),
            ("/r/**", "/r", true, true),
            ("/r/**", "/s/**", false, false),
            ("**", "/**", true, true),
            ("**/.env", "/r/**", false, true),
            ("**/.ssh/**", "/home/d/.ssh/**", true, true),
            ("/a/*/c", "/a/**/c", false, true),
            ("/a/**/c", "/a/*/c", true, true),
            ("a*", "*b", false, true),
        ];
        for (a, b, covers, meets) in rows {
            assert_eq!(g(a).covers(&g(b)), covers, "{a} covers {b}");
            assert_eq!(g(a).meets(&g(b)), meets, "{a} meets {b}");
            assert_eq!(g(b).meets(&g(a)), meets, "{b} meets {a}");
        }
    }

    #[test]
    fn names_with_wildcard_characters_escape_and_return() {
        let name = "/r/we*ird?\\name";
        let glob = Glob::literal(name);
        assert_eq!(glob.as_literal(), Some(name));
        assert_eq!(g(&Glob::escape(name)), glob);
        assert!(glob.matches(name) && !glob.matches("/r/weXird?\\name"));
    }

    #[test]
    fn bad_globs_are_refused_with_a_reason() {
        assert!(matches!(Glob::parse("a\\"), Err(GlobError::Escape(_))));
        assert!(matches!(Glob::parse("a***"), Err(GlobError::Stars(_))));
        assert!(matches!(Glob::parse(&"*a".repeat(3000)), Err(GlobError::TooLong(6000))));
        assert!(Glob::parse(&"a".repeat(100_000)).is_ok());
    }

    #[test]
    fn a_glob_made_to_blow_up_is_answered_on_the_safe_side() {
        let evil = g(&format!("{}z", "*a".repeat(400)));
        let other = g(&format!("{}y", "*?a".repeat(400)));
        assert!(!evil.covers(&other));
        let _ = evil.meets(&other);
        assert!(!evil.matches(&"a".repeat(2_000)));
    }

    proptest::proptest! {
        #[test]
        fn covers_and_meets_agree_with_matching(
            a in "(/|a|b|\\*|\\*\\*|\\?){1,6}", b in "(/|a|b|\\*|\\?){1,6}", names in proptest::collection::vec("[/ab]{0,5}", 30)
        ) {
            if let (Ok(a), Ok(b)) = (Glob::parse(&a), Glob::parse(&b)) {
                for n in &names {
                    let (in_a, in_b) = (a.matches(n), b.matches(n));
                    proptest::prop_assert!(!in_a || !in_b || a.meets(&b));
                    proptest::prop_assert!(!in_b || in_a || !a.covers(&b), "{} covers {} but not {}", a, b, n);
                }
            }
        }
    }
}
