//! What the shell evaluates as arithmetic, and what that can run.
//!
//! In: names of variables and texts that arithmetic sees. Out: `opaque` where a subscript in them may run
//! a command.
//! Never: takes a value that is not known for a number.
//!
//! The subscript of an array is expanded when it is evaluated, and a variable's value is evaluated in
//! its turn (bash manual, «Arrays» and «Shell Arithmetic»): `x='a[$(id)]'; echo $((x))` runs `id`.

use super::Reader;
use super::args::Arg;
use super::state::State;
use crate::judge::shell::{Part, Word};
use crate::model::Answer;

/// Variables that bash gives numbers to.
const NUMBERS: [&str; 12] = [
    "RANDOM",
    "SRANDOM",
    "SECONDS",
    "LINENO",
    "UID",
    "EUID",
    "PPID",
    "BASHPID",
    "COLUMNS",
    "LINES",
    "OPTIND",
    "EPOCHSECONDS",
];
/// Operators of `[[ ]]` with arithmetic on both sides.
const COMPARES: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
/// How far names in values are followed.
const MOST: usize = 4;

/// The parts of a word that only the shell will know, those inside of an array too.
pub(super) struct Dynamics;

impl Dynamics {
    pub(super) fn of(word: &Word) -> Box<dyn Iterator<Item = &Part> + '_> {
        Box::new(word.parts.iter().flat_map(|part| -> Box<dyn Iterator<Item = &Part> + '_> {
            match part {
                Part::Array(words) => Box::new(words.iter().flat_map(Self::of)),
                Part::Dynamic { .. } => Box::new(std::iter::once(part)),
                _ => Box::new(std::iter::empty()),
            }
        }))
    }
}

/// Whether text that arithmetic or an assignment gets to see would run a command.
pub(super) fn subscript_runs(text: &str) -> bool {
    text.contains('[') && (text.contains("$(") || text.contains('`'))
}

impl Reader<'_> {
    /// Arithmetic reads a variable.
    pub(super) fn evaluates(&mut self, name: &str, state: &State) {
        if !self.number(name, state, MOST) {
            self.opaque(&format!(
                "arithmetic over `{name}`, whose value is not known and may hold a subscript that runs"
            ));
        }
    }

    pub(super) fn number(&self, name: &str, state: &State, most: usize) -> bool {
        if matches!(name, "?" | "#" | "$" | "!") || (NUMBERS.contains(&name) && !state.is_set(name))
        {
            return true;
        }
        if let Some(value) = state.value(name) {
            return value.is_number()
                || value.known().is_some_and(|t| self.harmless(t, state, most));
        }
        let special = !name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
        if state.is_set(name) || special {
            return false;
        }
        match self.world.ask(&format!("env.{name}")) {
            Answer::Absent => true,
            Answer::Known(v) => v.as_text().is_some_and(|t| self.harmless(t, state, most)),
            Answer::Failed(_) => false,
        }
    }

    /// Whether a text that arithmetic sees is numbers, operators, and names of which the same is true.
    fn harmless(&self, text: &str, state: &State, most: usize) -> bool {
        if text.contains(['[', '$', '`', '\\']) {
            return false;
        }
        let Some(most) = most.checked_sub(1) else { return false };
        text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
            .filter(|w| w.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()))
            .take(64)
            .all(|name| self.number(name, state, most))
    }

    /// The numbers that `[[ ]]` compares, and the name that its `-v` looks at.
    pub(super) fn condition(&mut self, args: &[Arg], state: &State) {
        for (i, operator) in args.iter().enumerate() {
            let operator = operator.known().unwrap_or_default();
            let sides: [Option<usize>; 2] = if COMPARES.contains(&operator) {
                [i.checked_sub(1), Some(i + 1)]
            } else if operator == "-v" {
                [None, Some(i + 1)]
            } else {
                continue;
            };
            for side in sides.into_iter().flatten().filter_map(|i| args.get(i)) {
                self.arithmetic_text(side, state);
            }
        }
    }

    /// A word that arithmetic evaluates: an argument of `let`, a side of `-eq`.
    pub(super) fn arithmetic_text(&mut self, arg: &Arg, state: &State) {
        let known = arg.known().is_some_and(|t| self.harmless(t, state, MOST));
        if !arg.is_number() && !known {
            self.opaque(
                "arithmetic over a value that is not known and may hold a subscript that runs",
            );
        }
    }
}
