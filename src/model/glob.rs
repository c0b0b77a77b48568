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

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

/// Longest glob that has a wildcard in it, in characters. A plain name may be of any length.
const MAX_TOKENS: usize = 4096;
/// Most steps that `covers` or `meets` takes.
const MAX_WORK: usize = 200_000;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Lit(char),
    /// `?`: one character that is not the separator.
    One,
    /// `*`: any run without the separator.
    Star,
    /// `**`: any run.
    Many,
    /// `/**` at the end: nothing, or the separator and any run.
    Tree,
    /// `/**/`: the separator, or two with any run between them.
    Deep,
    /// `**/` at the start: nothing, or any run and the separator.
    Lead,
}

/// A pattern over resource names; a name without wildcards is a pattern for itself alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// The name, where there is no wildcard; else the literal beginning of every match.
    prefix: String,
    /// `None` where there is no wildcard.
    tokens: Option<Vec<Token>>,
    /// The longest run of plain characters behind the first wildcard: it is in every match, and most
    /// names do not have it, so that most answers need no machine.
    needle: String,
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// A lone `\` at the end, three stars in a row, or more than 4 096 characters with a wildcard.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if rest.starts_with("***") {
                return Err(GlobError::Stars(text.to_owned()));
            } else if tokens.is_empty() && rest.starts_with("**/") {
                tokens.push(Token::Lead);
                rest = rest.strip_prefix("**/").unwrap_or_default();
            } else if rest == "/**" {
                tokens.push(Token::Tree);
                rest = "";
            } else if let Some(after) = rest.strip_prefix("/**/") {
                tokens.push(Token::Deep);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                tokens.push(Token::Many);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('*') {
                tokens.push(Token::Star);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('?') {
                tokens.push(Token::One);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('\\') {
                let mut chars = after.chars();
                let Some(c) = chars.next() else {
                    return Err(GlobError::Escape(text.to_owned()));
                };
                tokens.push(Token::Lit(c));
                rest = chars.as_str();
            } else {
                tokens.push(Token::Lit(c));
                rest = rest.strip_prefix(c).unwrap_or_default();
            }
        }
        let prefix: String = tokens
            .iter()
            .map_while(|t| if let Token::Lit(c) = t { Some(*c) } else { None })
            .collect();
        let plain = tokens.iter().all(|t| matches!(t, Token::Lit(_)));
        if !plain && tokens.len() > MAX_TOKENS {
            return Err(GlobError::TooLong(tokens.len()));
        }
        let runs = tokens.split(|t| !matches!(t, Token::Lit(_))).skip(1);
        let needle = runs.max_by_key(|run| run.len()).unwrap_or_default();
        let needle =
            needle.iter().filter_map(|t| if let Token::Lit(c) = t { Some(*c) } else { None });
        let needle = needle.collect();
        Ok(Self { text: text.to_owned(), prefix, tokens: (!plain).then_some(tokens), needle })
    }

    /// The glob that matches this name alone.
    #[must_use]
    pub fn literal(name: &str) -> Self {
        Self {
            text: Self::escape(name),
            prefix: name.to_owned(),
            tokens: None,
            needle: String::new(),
        }
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
        self.tokens.is_none().then_some(self.prefix.as_str())
    }

    /// The characters that every match begins with (the whole name where there is no wildcard).
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The glob as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the name is one of those the glob stands for.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some(tokens) = &self.tokens else { return self.prefix == name };
        let Some(rest) = name.strip_prefix(self.prefix.as_str()) else { return false };
        if !rest.contains(self.needle.as_str()) {
            return false;
        }
        let machine = Machine::new(tokens.get(self.prefix.chars().count()..).unwrap_or_default());
        let mut states = machine.start();
        for c in rest.chars() {
            states = machine.step(&states, c);
            if states.is_empty() {
                return false;
            }
        }
        machine.accepts(&states)
    }

    /// Whether every name of `other` is a name of this glob. Answers no when the question is too big.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let Some(theirs) = &other.tokens else { return self.matches(&other.prefix) };
        let Some(ours) = &self.tokens else { return false };
        if !other.prefix.starts_with(&self.prefix) {
            return false;
        }
        let (theirs, ours) = (Machine::new(theirs), Machine::new(ours));
        let alphabet = alphabet(&theirs, &ours);
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([(theirs.start(), ours.start())]);
        let mut work = 0usize;
        while let Some((t, o)) = queue.pop_front() {
            if theirs.accepts(&t) && !ours.accepts(&o) {
                return false;
            }
            for &c in &alphabet {
                work += 1 + t.len() + o.len();
                if work > MAX_WORK {
                    return false;
                }
                let next = theirs.step(&t, c);
                if next.is_empty() {
                    continue;
                }
                let pair = (next, ours.step(&o, c));
                if seen.insert(pair.clone()) {
                    queue.push_back(pair);
                }
            }
        }
        true
    }

    /// Whether some name of `other` is a name of this glob. Answers yes when the question is too big.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (ours, theirs) = match (&self.tokens, &other.tokens) {
            (_, None) => return self.matches(&other.prefix),
            (None, _) => return other.matches(&self.prefix),
            (Some(ours), Some(theirs)) => (ours, theirs),
        };
        if !(other.prefix.starts_with(&self.prefix) || self.prefix.starts_with(&other.prefix)) {
            return false;
        }
        let (ours, theirs) = (Machine::new(ours), Machine::new(theirs));
        let alphabet = alphabet(&ours, &theirs);
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([(ours.start(), theirs.start())]);
        let mut work = 0usize;
        while let Some((o, t)) = queue.pop_front() {
            if ours.accepts(&o) && theirs.accepts(&t) {
                return true;
            }
            for &c in &alphabet {
                work += 1 + t.len() + o.len();
                if work > MAX_WORK {
                    return true;
                }
                let pair = (ours.step(&o, c), theirs.step(&t, c));
                if !pair.0.is_empty() && !pair.1.is_empty() && seen.insert(pair.clone()) {
                    queue.push_back(pair);
                }
            }
        }
        false
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a transition of the machine consumes.
#[derive(Clone, Copy, Debug)]
enum Label {
    Char(char),
    NotSeparator,
    Any,
}

impl Label {
    const fn takes(self, c: char) -> bool {
        match self {
            Self::Char(l) => l == c,
            Self::NotSeparator => c != '/',
            Self::Any => true,
        }
    }
}

/// The states a machine may be in, ascending.
type States = Vec<u32>;

/// The automaton of a glob: per state its transitions, and the states reached for free.
#[derive(Debug)]
struct Machine {
    moves: Vec<Vec<(Label, u32)>>,
    free: Vec<Vec<u32>>,
    last: u32,
}

impl Machine {
    fn new(tokens: &[Token]) -> Self {
        let mut m = Self { moves: vec![Vec::new()], free: vec![Vec::new()], last: 0 };
        for token in tokens {
            let from = m.last;
            match token {
                Token::Lit(c) => {
                    let to = m.state();
                    m.on(from, Label::Char(*c), to);
                }
                Token::One => {
                    let to = m.state();
                    m.on(from, Label::NotSeparator, to);
                }
                Token::Star | Token::Many => {
                    let label =
                        if *token == Token::Star { Label::NotSeparator } else { Label::Any };
                    m.on(from, label, from);
                    let to = m.state();
                    m.free(from, to);
                }
                Token::Tree => {
                    let inside = m.state();
                    let to = m.state();
                    m.on(from, Label::Char('/'), inside);
                    m.on(inside, Label::Any, inside);
                    m.free(inside, to);
                    m.free(from, to);
                }
                Token::Deep => {
                    let inside = m.state();
                    let to = m.state();
                    m.on(from, Label::Char('/'), inside);
                    m.on(from, Label::Char('/'), to);
                    m.on(inside, Label::Any, inside);
                    m.on(inside, Label::Char('/'), to);
                }
                Token::Lead => {
                    let inside = m.state();
                    let to = m.state();
                    m.free(from, inside);
                    m.on(inside, Label::Any, inside);
                    m.on(inside, Label::Char('/'), to);
                    m.free(from, to);
                }
            }
        }
        m
    }

    fn state(&mut self) -> u32 {
        self.moves.push(Vec::new());
        self.free.push(Vec::new());
        self.last += 1;
        self.last
    }

    fn on(&mut self, from: u32, label: Label, to: u32) {
        if let Some(moves) = self.moves.get_mut(from as usize) {
            moves.push((label, to));
        }
    }

    fn free(&mut self, from: u32, to: u32) {
        if let Some(free) = self.free.get_mut(from as usize) {
            free.push(to);
        }
    }

    fn close(&self, mut states: States) -> States {
        let mut seen = vec![false; self.free.len()];
        let mut i = 0;
        while let Some(&s) = states.get(i) {
            let fresh = seen.get_mut(s as usize).is_some_and(|m| !std::mem::replace(m, true));
            if fresh {
                states.extend(self.free.get(s as usize).into_iter().flatten());
            }
            i += 1;
        }
        states.sort_unstable();
        states.dedup();
        states
    }

    fn start(&self) -> States {
        self.close(vec![0])
    }

    fn step(&self, states: &States, c: char) -> States {
        let next = states
            .iter()
            .filter_map(|s| self.moves.get(*s as usize))
            .flatten()
            .filter(|(label, _)| label.takes(c))
            .map(|(_, to)| *to)
            .collect();
        self.close(next)
    }

    fn accepts(&self, states: &States) -> bool {
        states.contains(&self.last)
    }
}

/// One character for each class that the two machines tell apart: their literals, the separator, and
/// one that neither names.
fn alphabet(a: &Machine, b: &Machine) -> BTreeSet<char> {
    let mut out: BTreeSet<char> = a
        .moves
        .iter()
        .chain(&b.moves)
        .flatten()
        .filter_map(|(label, _)| if let Label::Char(c) = label { Some(*c) } else { None })
        .collect();
    out.insert('/');
    out.extend(('\u{e000}'..).find(|c| !out.contains(c)));
    out
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
