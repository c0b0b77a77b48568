//! The typed rows: what a tool's arguments mean.
//!
//! In: TOML. Out: values; `docs/design/catalogue.md` says what each key means.
//! Never: accepts a key it does not know.

use super::operations::Operations;
use crate::model::{Action, Glob};
use serde::{Deserialize, Deserializer};
use std::ops::Deref;
use std::sync::OnceLock;

/// How a tool reads its flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// getopt_long(3): options anywhere, long ones may be abbreviated, short ones cluster.
    #[default]
    Gnu,
    /// As gnu, but the first operand ends the options.
    Posix,
    /// Long options anywhere and never abbreviated; short ones cluster.
    Long,
    /// One-dash words: `-name value` or `-name=value`.
    Word,
    /// One-dash words with their value right behind the name (`-mx9`): the longest name that fits.
    Switch,
    /// `name=value` operands.
    Assign,
    /// As gnu, and a first word without dash is a cluster (`tar xf`).
    Tar,
    /// Every word is an operand.
    None,
}

/// Whether a flag takes a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Takes {
    /// No value.
    #[default]
    None,
    /// A value, attached or as the next word.
    Required,
    /// A value only if it is attached.
    Optional,
    /// Two words; the second is the argument of the effects.
    Two,
    /// An attached value, or all words up to the next flag.
    Many,
}

/// One tool. Keys that it does not know are refused by `catalogue::check`, since serde cannot do so
/// beside a flattened field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Tool {
    /// Base name of the program; may be a glob.
    pub name: String,
    /// Other names that mean the same.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// `exact`: argv tells all file effects.
    #[serde(default)]
    pub confine: Option<Confine>,
    /// Environment names in front of the tool that make it run something; a final `*` matches any rest.
    #[serde(default)]
    pub env_execute: Vec<String>,
    /// Operations that are too many for a verb each.
    #[serde(default)]
    pub operations: Option<Operations>,
    /// Subcommands.
    #[serde(default)]
    pub verb: Vec<Verb>,
    /// What the rows prove about themselves.
    #[serde(default)]
    pub example: Vec<Example>,
    /// The tool itself, without a subcommand.
    #[serde(flatten)]
    pub form: Form,
}

/// What `confine` can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confine {
    /// The sandbox can be cut to the effects.
    Exact,
}

/// A subcommand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Verb {
    /// Its words; each may be a glob (`describe-*`) or name several (`list|ls`).
    pub path: Vec<String>,
    /// Other words for the last one.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// It is only for operations to which the table gives this mark.
    #[serde(default)]
    pub mark: Option<String>,
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// What it does.
    #[serde(flatten)]
    pub form: LazyForm,
}

/// The form of a verb. Of a compiled-in one it is read when it is first asked for: a run needs one verb
/// of a hundred.
#[derive(Clone, Debug, Default)]
pub struct LazyForm {
    form: OnceLock<Form>,
    /// Where it stands in the compiled-in rows.
    at: Option<(usize, usize)>,
}

impl LazyForm {
    /// Whether it came with its text, and not as a place in the compiled-in rows.
    pub(super) const fn is_written(&self) -> bool {
        self.at.is_none()
    }
}

impl Deref for LazyForm {
    type Target = Form;

    fn deref(&self) -> &Form {
        self.form.get_or_init(|| {
            let (start, end) = self.at.unwrap_or_default();
            let form = super::BUILTIN_ROWS.get(start..end).map(serde_json::from_str);
            // A test reads them all; one that could not be read would be opaque.
            let opaque = || Form { effects: vec!["opaque".to_owned()], ..Form::default() };
            form.and_then(Result::ok).unwrap_or_else(opaque)
        })
    }
}

impl PartialEq for LazyForm {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for LazyForm {}

impl<'de> Deserialize<'de> for LazyForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(default)]
            at: Option<(usize, usize)>,
            #[serde(flatten)]
            form: Form,
        }
        let Written { at, form } = Written::deserialize(deserializer)?;
        Ok(match at {
            Some(_) => Self { form: OnceLock::new(), at },
            None => Self { form: OnceLock::from(form), at },
        })
    }
}

/// How arguments are read and what they mean: a tool or one of its verbs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Form {
    /// How flags are read; of a verb: as the tool where it says nothing.
    #[serde(default)]
    pub parse: Option<Style>,
    /// Effects of any run.
    #[serde(default)]
    pub effects: Vec<String>,
    /// Effects where there are no operands.
    #[serde(default)]
    pub no_operands: Option<Vec<String>>,
    /// What operands mean, by place.
    #[serde(default)]
    pub operands: Vec<OperandRule>,
    /// What a single operand means.
    #[serde(default)]
    pub if_one_operand: Option<Vec<String>>,
    /// Flags.
    #[serde(default)]
    pub flag: Vec<Flag>,
    /// Where the inner command is.
    #[serde(default)]
    pub wrapper: Option<Wrapper>,
}

/// What the operands at some places mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperandRule {
    /// `0`, `-1`, `1..`, `0..-1`, `all`.
    pub at: String,
    /// Effects, with the operand as argument.
    #[serde(default)]
    pub effects: Vec<String>,
    /// Effects by value; no match is opaque.
    #[serde(default)]
    pub values: Vec<Valued>,
}

/// Effects of a value that matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valued {
    /// Pattern of the value.
    pub glob: String,
    /// Its effects.
    #[serde(default)]
    pub effects: Vec<String>,
    /// Marks that this value gives; none where it is not known.
    #[serde(default)]
    pub adds: Vec<String>,
    /// Actions that this value takes away.
    #[serde(default)]
    pub kills: Vec<String>,
}

/// One flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Its spellings; `-NUM` stands for `-5`, `--*` (`-*`: or a letter) for any that no other flag has.
    pub names: Vec<String>,
    /// Whether it takes a value.
    #[serde(default)]
    pub value: Takes,
    /// Its effects, with the value as argument.
    #[serde(default)]
    pub effects: Vec<String>,
    /// What operands mean while it is given.
    #[serde(default)]
    pub operands: Vec<OperandRule>,
    /// Marks that conditions ask for.
    #[serde(default)]
    pub adds: Vec<String>,
    /// Actions it takes away.
    #[serde(default)]
    pub kills: Vec<String>,
    /// It makes the run harmless.
    #[serde(default)]
    pub ends: bool,
    /// The words behind it, up to a `;`, are a command that is run on what the operands name.
    #[serde(default)]
    pub inner: bool,
    /// It and its value end the flags.
    #[serde(default)]
    pub last: bool,
    /// The value where it is not given, for `{flag:…}`.
    #[serde(default)]
    pub default: Option<String>,
    /// Effects by value.
    #[serde(default)]
    pub values: Vec<Valued>,
    /// For people.
    #[serde(default)]
    pub note: Option<String>,
}

/// Where the inner command of a wrapper begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    /// What it is.
    pub inner: Inner,
    /// Operands before it.
    #[serde(default)]
    pub after: usize,
    /// Whether leading `NAME=value` operands are its environment.
    #[serde(default)]
    pub assignments: bool,
    /// Whether it gets arguments that are not known.
    #[serde(default)]
    pub unknown_arguments: bool,
}

/// What the inner command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inner {
    /// Words.
    #[default]
    Argv,
    /// Words, where the first names a tool of the catalogue; else it is a script of the project, which
    /// the row's own effects tell.
    Known,
    /// The words joined, for a shell.
    Sh,
    /// None.
    None,
}

/// A line and all its effects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The line.
    pub line: String,
    /// Its effects, in any order.
    pub effects: Vec<String>,
}

/// An effect text, taken apart: `[if MARK: | unless MARK: | if exists FILE: ] [ACTION] KIND [ARGUMENT]` or
/// `… ACTION kind:template`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectText<'a> {
    /// Mark and whether it must be there.
    pub condition: Option<(&'a str, bool)>,
    /// What is done; `None` where the kind says it.
    pub action: Option<Doing>,
    /// A kind, or a resource template with a colon.
    pub kind: &'a str,
    /// Replaces the argument.
    pub argument: Option<&'a str>,
}

/// An action, or the one that depends on whether the target is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// This action.
    Act(Action),
    /// `create` or `update`.
    Write,
}

impl<'a> EffectText<'a> {
    /// Takes an effect text apart; `None` where it is none.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        let mut condition = None;
        for (word, wanted) in [("if ", true), ("unless ", false)] {
            if let Some(after) = rest.strip_prefix(word) {
                let (mark, tail) = after.split_once(": ")?;
                condition = Some((mark, wanted));
                rest = tail;
                break;
            }
        }
        let (first, tail) = rest.split_once(' ').map_or((rest, None), |(a, b)| (a, Some(b)));
        let action = match first {
            "write" => Some(Doing::Write),
            other => Action::parse(other).filter(|_| tail.is_some()).map(Doing::Act),
        };
        let rest = if action.is_some() { tail? } else { rest };
        // A resource template may hold blanks in no place, so the first word is the kind.
        let (kind, argument) = rest.split_once(' ').map_or((rest, None), |(a, b)| (a, Some(b)));
        Some(Self { condition, action, kind, argument })
    }
}

/// Keys of a tool, of a verb, and of both.
pub(super) const KEYS: [&[&str]; 3] = [
    &["name", "aliases", "about", "confine", "env_execute", "operations", "verb", "example"],
    &["path", "aliases", "mark", "about"],
    &["parse", "effects", "no_operands", "operands", "if_one_operand", "flag", "wrapper"],
];

impl Tool {
    /// Whether the row is for a program of that base name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        std::iter::once(&self.name).chain(&self.aliases).any(|n| {
            n == name || (n.contains('*') && Glob::parse(n).is_ok_and(|g| g.matches(name)))
        })
    }
}
