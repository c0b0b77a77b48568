//! Arguments as far as they are known before the command runs.
//!
//! In: words of the shell, or argv. Out: [`Arg`]s: a text, a pattern, or something unknown.
//! Never: takes an unknown part for a known one.

use super::state::State;
use crate::judge::shell::{ARITHMETIC, LENGTH, PROCESS_SUBSTITUTION, Part, Word};
use crate::model::Glob;

/// The name that a process substitution becomes (bash manual, «Process Substitution»).
pub(super) const SUBSTITUTED: &str = "/dev/fd/63";

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arg {
    /// What it may be, in the syntax of globs.
    pub(super) glob: String,
    pub(super) literal: Option<String>,
    /// May become no word, or several.
    pub(super) many: bool,
    /// Holds a part that may be any text, `..` and `/` included.
    pub(super) any: bool,
    /// A number that is not known: what arithmetic or a count gives.
    pub(super) number: bool,
}

impl Arg {
    pub(super) fn literal(text: &str) -> Self {
        Self {
            glob: Glob::escape(text),
            literal: Some(text.to_owned()),
            many: false,
            any: false,
            number: false,
        }
    }

    /// A pattern of the catalogue.
    pub(super) fn pattern(glob: &str) -> Self {
        Self {
            glob: glob.to_owned(),
            literal: one_name(glob),
            many: false,
            any: false,
            number: false,
        }
    }

    /// Any text; any number of words where `many`.
    pub(super) fn unknown(many: bool) -> Self {
        Self { glob: "**".to_owned(), literal: None, many, any: true, number: false }
    }

    /// A number, whatever it is.
    pub(super) fn number() -> Self {
        Self { number: true, ..Self::pattern("*") }
    }

    /// Whether it is a number for sure.
    pub(super) fn is_number(&self) -> bool {
        let digits = |t: &str| {
            let t = t.strip_prefix('-').unwrap_or(t);
            !t.is_empty() && t.chars().all(|c| c.is_ascii_digit())
        };
        self.number || self.known().is_some_and(digits)
    }

    /// The text, where it is known.
    pub(super) fn known(&self) -> Option<&str> {
        self.literal.as_deref()
    }

    /// As a glob.
    pub(super) fn glob(&self) -> &str {
        &self.glob
    }

    /// For people.
    pub(super) fn shown(&self) -> &str {
        if self.any { "…" } else { self.literal.as_deref().unwrap_or(&self.glob) }
    }

    /// The known beginning.
    pub(super) fn prefix(&self) -> String {
        match &self.literal {
            Some(text) => text.clone(),
            // Not the glob's own prefix: there a star may stand for a slash in front of it as well.
            None => {
                let mut out = String::new();
                let mut chars = self.glob.chars();
                while let Some(c) = chars.next() {
                    match c {
                        '*' | '?' => break,
                        '\\' => out.extend(chars.next()),
                        c => out.push(c),
                    }
                }
                out
            }
        }
    }

    /// What is left behind a known beginning.
    pub(super) fn without(&self, prefix: &str) -> Option<Self> {
        if let Some(text) = &self.literal {
            return text.strip_prefix(prefix).map(Self::literal);
        }
        let glob = self.glob.strip_prefix(&Glob::escape(prefix))?.to_owned();
        Some(Self { glob, ..self.clone() })
    }

    fn push_literal(&mut self, text: &str) {
        self.glob.push_str(&Glob::escape(text));
        if let Some(literal) = &mut self.literal {
            literal.push_str(text);
        }
    }

    fn push_wild(&mut self, wild: &str) {
        self.literal = None;
        // Stars that meet would make a run of three; any text takes in any name.
        if wild.starts_with('*') {
            let stars = self.glob.len() - self.glob.trim_end_matches('*').len();
            let escaped = self.glob.trim_end_matches('*').ends_with('\\');
            if stars > 0 && !escaped {
                let kept = self.glob.trim_end_matches('*').len();
                self.glob.truncate(kept);
                self.glob.push_str(if stars > 1 || wild.len() > 1 { "**" } else { "*" });
                return;
            }
        }
        self.glob.push_str(wild);
    }

    fn push_arg(&mut self, arg: &Self) {
        match &arg.literal {
            Some(text) => self.push_literal(text),
            // One name of a pattern (`for f in *.o`).
            None if !arg.any => {
                self.literal = None;
                self.push_wild(&arg.glob);
            }
            None => {
                self.any = true;
                self.push_wild("**");
            }
        }
    }
}

/// The arguments that a word becomes: none, one, or several where an unquoted value is split.
pub(super) fn expand(word: &Word, state: &State) -> Vec<Arg> {
    let [Part::Param { name, quoted }] = word.parts.as_slice() else {
        return vec![joined(word, state)];
    };
    let plain = |t: &str| !t.contains(['*', '?', '[', '\\']) && !state.odd_ifs;
    let split = |t: &str| -> Vec<Arg> {
        t.split([' ', '\t', '\n']).filter(|w| !w.is_empty()).map(Arg::literal).collect()
    };
    let all = name == "@" || name == "*" || name.ends_with(']');
    if all {
        let array = name.strip_suffix("[@]").or_else(|| name.strip_suffix("[*]")).unwrap_or(name);
        let one = *quoted && (name == "*" || name.ends_with("[*]"));
        return match state.elements(array) {
            Some(elements) if *quoted && !one => elements,
            Some(elements) if !quoted && elements.iter().all(|a| a.known().is_some_and(plain)) => {
                elements.iter().filter_map(Arg::known).flat_map(split).collect()
            }
            _ => vec![Arg::unknown(!one)],
        };
    }
    if *quoted {
        return vec![joined(word, state)];
    }
    match state.value(name) {
        Some(value) if value.is_number() && !state.odd_ifs => vec![value],
        Some(value) => match value.known() {
            Some(text) if plain(text) => split(text),
            _ => vec![Arg::unknown(true)],
        },
        None => vec![Arg::unknown(true)],
    }
}

/// The one argument that a word becomes where nothing is split: the value of an assignment, the target
/// of a redirection, or a word with known parts.
pub(super) fn joined(word: &Word, state: &State) -> Arg {
    let mut out = Arg::literal("");
    let mut number = !word.parts.is_empty();
    for part in &word.parts {
        let piece = match part {
            Part::Literal(text) => Arg::literal(text),
            Part::Star => Arg::pattern("*"),
            Part::Question | Part::Bracket(_) => Arg::pattern("?"),
            Part::Tilde(None) => state.value("HOME").unwrap_or_else(|| Arg::unknown(false)),
            Part::Tilde(Some(_)) | Part::Array(_) => Arg::unknown(false),
            Part::Param { name, quoted } => {
                let value = state.value(name).unwrap_or_else(|| Arg::unknown(false));
                let splits = value
                    .known()
                    .map_or(!value.number, |v| v.contains([' ', '\t', '\n', '*', '?', '[']));
                if *quoted || !(splits || state.odd_ifs) {
                    Arg { many: part.splits() && value.any, ..value }
                } else {
                    Arg::unknown(true)
                }
            }
            Part::Dynamic { commands, quoted, what, .. } => match state.output_of(commands) {
                Some(text) if *quoted => Arg::literal(&text),
                // bash(1), «Process Substitution»: the word becomes the name of a descriptor.
                _ if what == PROCESS_SUBSTITUTION => Arg::literal(SUBSTITUTED),
                _ if what == ARITHMETIC || what == LENGTH => Arg::number(),
                // An empty output is no number, and no danger to arithmetic.
                _ if state.prints_number(commands) => Arg { many: !quoted, ..Arg::number() },
                _ => Arg::unknown(!quoted),
            },
        };
        number &= piece.is_number();
        out.many |= piece.many || matches!(part, Part::Star | Part::Question | Part::Bracket(_));
        out.push_arg(&piece);
    }
    out.number = number && out.literal.is_none();
    out
}

/// The one name that a glob stands for, where it has no wildcard.
pub(super) fn one_name(glob: &str) -> Option<String> {
    Glob::parse(glob).ok().and_then(|g| g.as_literal().map(str::to_owned))
}

/// Arguments for people.
pub(super) fn shown(args: &[Arg]) -> String {
    args.iter().map(Arg::shown).collect::<Vec<_>>().join(" ")
}
