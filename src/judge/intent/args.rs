//! Arguments as far as they are known before the command runs.
//!
//! In: words of the shell, or argv. Out: [`Arg`]s: a text, a pattern, or something unknown.
//! Never: takes an unknown part for a known one.

use super::state::State;
use crate::judge::shell::{Part, Word};
use crate::model::Glob;

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
}

impl Arg {
    pub(super) fn literal(text: &str) -> Self {
        Self { glob: Glob::escape(text), literal: Some(text.to_owned()), many: false, any: false }
    }

    /// A pattern of the catalogue.
    pub(super) fn pattern(glob: &str) -> Self {
        Self { glob: glob.to_owned(), literal: one_name(glob), many: false, any: false }
    }

    /// Any text; any number of words where `many`.
    pub(super) fn unknown(many: bool) -> Self {
        Self { glob: "**".to_owned(), literal: None, many, any: true }
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
    if let [Part::Param { name, quoted: false }] = word.parts.as_slice() {
        // A number, whatever it is.
        if matches!(name.as_str(), "$" | "!" | "?" | "#") {
            return vec![Arg::pattern("*")];
        }
        return match state.value(name).as_ref().and_then(Arg::known) {
            Some(value) if !value.contains(['*', '?', '[', '\\']) && !state.odd_ifs => {
                value.split([' ', '\t', '\n']).filter(|w| !w.is_empty()).map(Arg::literal).collect()
            }
            _ => vec![Arg::unknown(true)],
        };
    }
    vec![joined(word, state)]
}

/// The one argument that a word becomes where nothing is split: the value of an assignment, the target
/// of a redirection, or a word with known parts.
pub(super) fn joined(word: &Word, state: &State) -> Arg {
    let mut out = Arg::literal("");
    for part in &word.parts {
        match part {
            Part::Literal(text) => out.push_literal(text),
            Part::Star => out.push_wild("*"),
            Part::Question | Part::Bracket(_) => out.push_wild("?"),
            Part::Tilde(None) => {
                out.push_arg(&state.value("HOME").unwrap_or_else(|| Arg::unknown(false)))
            }
            Part::Tilde(Some(_)) => out.push_arg(&Arg::unknown(false)),
            Part::Param { name, quoted } => {
                let value = state.value(name).unwrap_or_else(|| Arg::unknown(false));
                let splits =
                    value.known().is_none_or(|v| v.contains([' ', '\t', '\n', '*', '?', '[']));
                if !quoted && splits {
                    out.many = true;
                    out.push_arg(&Arg::unknown(true));
                } else {
                    out.push_arg(&value);
                }
            }
            Part::Dynamic { commands, quoted, what } => match state.output_of(commands) {
                Some(text) if *quoted => out.push_literal(&text),
                // bash(1), «Process Substitution»: the word becomes the name of a descriptor.
                _ if what == "process substitution" => out.push_literal("/dev/fd/63"),
                _ => {
                    out.many |= !quoted;
                    out.push_arg(&Arg::unknown(false));
                }
            },
        }
    }
    if word.parts.iter().any(|p| matches!(p, Part::Star | Part::Question | Part::Bracket(_))) {
        out.many = true;
    }
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
