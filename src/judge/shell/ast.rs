//! What the reader makes of shell text.
//!
//! In: nothing. Out: the types.
//! Never: holds a value that is only known when the shell runs; such a part is `Param` or `Dynamic`.

use std::ops::Range;

/// Bytes of the text, from start to end.
pub type Span = Range<usize>;

/// Which shell will run the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// bash 5.
    Bash,
    /// A POSIX shell of unknown make (dash, ash): whatever bash and POSIX read differently is opaque.
    Posix,
}

/// A script: a list of steps, and what was not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The steps in order.
    pub list: Vec<Step>,
    /// Places that were not understood. If there is one, the whole payload is opaque besides the
    /// effects that were found.
    pub opaque: Vec<Opaque>,
}

/// One place that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// Where.
    pub span: Span,
    /// What it is and why it cannot be read, for people.
    pub reason: String,
}

/// How a step follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// First, or after `;` or a newline: runs whatever happened before.
    Then,
    /// After `&&`: runs only if the step before succeeded.
    And,
    /// After `||`: runs only if the step before failed.
    Or,
}

/// One step of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How it follows the one before.
    pub join: Join,
    /// What runs.
    pub node: Node,
    /// Whether it ends in `&`: runs beside the rest, in a subshell of its own.
    pub background: bool,
}

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One simple command.
    Simple(Simple),
    /// `a | b | c`: each its own subshell, output to input. `|&` is a pipeline too.
    Pipeline(Vec<Self>),
    /// `( … )`: changes of folder and variables stay inside. With its own redirections.
    Subshell(Vec<Step>, Vec<Redirection>),
    /// `{ …; }`: runs in place. With its own redirections.
    Group(Vec<Step>, Vec<Redirection>),
    /// `NAME() …` or `function NAME …`: the body runs where the name is called.
    Function(String, Box<Self>),
    /// `if`, `while`, `until`, `for`, `case`, `select`: each body may run never, once or often. The
    /// conditions are bodies too. `names` are the variables that the construct itself sets.
    /// `for ((a; b; c))` stands here as `{ ((a)); while ((b)); do …; ((c)); done; }`.
    Bodies {
        /// Bodies and conditions, in the order they stand.
        bodies: Vec<Vec<Step>>,
        /// The variable of `for` or `select`, with the words it takes its values from; for `case` an
        /// empty name with the subject and the patterns.
        names: Vec<(String, Vec<Word>)>,
        /// Whether the bodies may run again and again.
        again: bool,
        /// Redirections of the whole.
        redirections: Vec<Redirection>,
    },
}

/// One simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simple {
    /// `NAME=value` before the command; without words they set variables of the shell. The value of
    /// `NAME[…]=value` begins with a dynamic part.
    pub assignments: Vec<(String, Word)>,
    /// Program and arguments, before expansion.
    pub words: Vec<Word>,
    /// In order.
    pub redirections: Vec<Redirection>,
    /// Where it stands.
    pub span: Span,
}

/// One word, before expansion, quotes taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The pieces, in order; one of empty text for `''`.
    pub parts: Vec<Part>,
    /// Where it stands.
    pub span: Span,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Exactly this text, quoting and escapes undone.
    Literal(String),
    /// A leading unquoted `~` (`None`) or `~user`.
    Tilde(Option<String>),
    /// Unquoted `*`.
    Star,
    /// Unquoted `?`.
    Question,
    /// Unquoted `[…]`: the text as it stands, brackets included.
    Bracket(String),
    /// `( … )`, the whole value of an assignment: the words of an array.
    Array(Vec<Word>),
    /// `$NAME` or `${NAME}`, nothing more; unquoted ones are split into words.
    Param {
        /// The variable; also `?`, `#`, `1`, `@`, `*`, `$`, `!`, `-`; `NAME[@]` and `NAME[*]` are all
        /// elements of an array.
        name: String,
        /// Inside double quotes: stays one word.
        quoted: bool,
    },
    /// A value that only the shell will know. What runs to make it is in the script's steps of
    /// `commands`.
    Dynamic {
        /// Commands of `$( )`, backticks, `<( )`, `>( )`.
        commands: Vec<Step>,
        /// For people: `command substitution`, `arithmetic`, `${NAME%…}`.
        what: String,
        /// Variables whose values are evaluated as arithmetic: what their subscripts hold would run.
        evaluates: Vec<String>,
        /// Variables that get another value: a number where this is arithmetic.
        sets: Vec<String>,
        /// Inside double quotes: stays one word.
        quoted: bool,
    },
}

/// One redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// What it does.
    pub kind: RedirectKind,
    /// File name, descriptor, here-document body or here-string.
    pub target: Word,
    /// The variable that gets the descriptor's number: `{name}>file`.
    pub into: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// `<`.
    Read,
    /// `>`, `>|`, `&>`.
    Write,
    /// `>>`, `&>>`.
    Append,
    /// `<>`.
    ReadWrite,
    /// `<&`, `>&` with a descriptor number or `-`: touches no file.
    Duplicate,
    /// `<<`, `<<-`: the body is the target; without quotes in the delimiter its parts may be dynamic.
    HereDocument,
    /// `<<<`.
    HereString,
}

/// What a [`Part::Dynamic`] is that arithmetic makes.
pub const ARITHMETIC: &str = "arithmetic";
/// What a [`Part::Dynamic`] is that is the length of a value, or a count of elements.
pub const LENGTH: &str = "length";
/// What a [`Part::Dynamic`] is that becomes the name of a descriptor.
pub const PROCESS_SUBSTITUTION: &str = "process substitution";

impl Part {
    /// A part that only the shell will know.
    pub(super) fn dynamic(commands: Vec<Step>, what: &str, quoted: bool) -> Self {
        let what = what.to_owned();
        Self::Dynamic { commands, what, evaluates: Vec::new(), sets: Vec::new(), quoted }
    }

    /// What may be other than one word: nothing, or several.
    #[must_use]
    pub fn splits(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Tilde(_) => false,
            Self::Star | Self::Question | Self::Bracket(_) | Self::Array(_) => true,
            Self::Param { name, quoted } => !quoted || name == "@" || name.ends_with("[@]"),
            Self::Dynamic { quoted, .. } => !quoted,
        }
    }
}

impl Word {
    /// The text, where all of it is known and nothing of it is a pattern.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            let Part::Literal(t) = part else { return None };
            text.push_str(t);
        }
        Some(text)
    }
}

impl std::fmt::Display for Word {
    /// For people: what is not known before the shell runs shows as `…`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(t) | Part::Bracket(t) => f.write_str(t)?,
                Part::Tilde(user) => write!(f, "~{}", user.as_deref().unwrap_or_default())?,
                Part::Star => f.write_str("*")?,
                Part::Question => f.write_str("?")?,
                Part::Param { name, .. } => write!(f, "${name}")?,
                Part::Array(words) => {
                    f.write_str("(")?;
                    for (i, word) in words.iter().enumerate() {
                        write!(f, "{}{word}", if i == 0 { "" } else { " " })?;
                    }
                    f.write_str(")")?;
                }
                Part::Dynamic { .. } => f.write_str("…")?,
            }
        }
        Ok(())
    }
}
