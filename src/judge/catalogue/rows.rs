//! The typed rows: what one tool does, as read from TOML.
//!
//! In: TOML text of one family. Out: [`Tool`]s, or an error that names row and key.
//! Never: says what is permitted; never accepts a key, kind or range that it does not know.

use super::template::Template;
use crate::model::Glob;
use serde::Deserialize;

/// How a tool reads its flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// GNU getopt_long: options anywhere, `--` ends, unique abbreviations, short clusters.
    #[default]
    Gnu,
    /// As `Gnu`, but the first operand ends the options (POSIX utility syntax guideline 9).
    Posix,
    /// No abbreviations; short clusters (clap, pflag).
    Long,
    /// One-dash words (`find`, `java`, Go's `flag`): `-name value`, `-name=value`.
    Word,
    /// `k=v` operands (`dd`).
    Assign,
    /// `Gnu`, and a first word without a dash is a cluster (`tar xzf`).
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
    /// Attached, or the next word.
    Required,
    /// Only attached (`--color=auto`, `-i.bak`).
    Optional,
    /// The next two words (`jq --arg NAME VALUE`); the argument is the second.
    Two,
}

/// Marks a tool whose file effects are fully told by its argv.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confine {
    /// The sandbox can be cut to the effects.
    Exact,
}

/// What the inner text of a wrapper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inner {
    /// The operands are a command.
    Argv,
    /// The operands, joined by a space, are a shell line.
    Sh,
    /// There is no inner command.
    None,
}

/// A family file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its rows.
    #[serde(default)]
    pub tool: Vec<Tool>,
}

/// One tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Base name of the program's file; may be a glob.
    pub name: String,
    /// Further names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// Whether argv tells all file effects.
    #[serde(default)]
    pub confine: Option<Confine>,
    /// How flags are read.
    #[serde(default)]
    pub parse: Style,
    /// Effects of any run.
    #[serde(default)]
    pub effects: Vec<Template>,
    /// Effects when there are no operands.
    #[serde(default)]
    pub no_operands: Vec<Template>,
    /// What operands mean, by place.
    #[serde(default)]
    pub operands: Vec<Operands>,
    /// Instead of `operands` when there is exactly one.
    #[serde(default)]
    pub if_one_operand: Option<Vec<Template>>,
    /// Environment names (may be globs) whose value this tool runs.
    #[serde(default)]
    pub env_execute: Vec<String>,
    /// Flags, for tools with verbs those before the verb.
    #[serde(default)]
    pub flag: Vec<Flag>,
    /// Subcommands.
    #[serde(default)]
    pub verb: Vec<Verb>,
    /// How operands hold a command.
    #[serde(default)]
    pub wrapper: Option<Wrapper>,
    /// What the tests run.
    #[serde(default)]
    pub example: Vec<Example>,
}

/// What the operands of a range of places mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operands {
    /// The places.
    pub at: Range,
    /// Effects, with the operand as the argument.
    #[serde(default)]
    pub effects: Vec<Template>,
    /// Effects by the operand's text.
    #[serde(default)]
    pub values: Vec<ByValue>,
}

/// Effects by the text of an argument: the first glob that matches counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByValue {
    /// The texts.
    #[serde(deserialize_with = "glob")]
    pub glob: Glob,
    /// The effects.
    #[serde(default)]
    pub effects: Vec<Template>,
}

/// One flag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// `-x`, `--long`, `-NUM`, `if=`.
    pub names: Vec<String>,
    /// Whether it takes a value.
    #[serde(default)]
    pub value: Takes,
    /// Effects, with its value as the argument.
    #[serde(default)]
    pub effects: Vec<Template>,
    /// Effects by its value.
    #[serde(default)]
    pub values: Vec<ByValue>,
    /// With this flag the operands mean this instead.
    #[serde(default)]
    pub operands: Vec<Operands>,
    /// Marks for conditions and kinds.
    #[serde(default)]
    pub adds: Vec<String>,
    /// Actions taken away from the rest of the row.
    #[serde(default)]
    pub kills: Vec<String>,
    /// Makes the run harmless.
    #[serde(default)]
    pub ends: bool,
    /// Ends the flags.
    #[serde(default)]
    pub last: bool,
    /// For `{flag:…}` when the flag is not given.
    #[serde(default)]
    pub default: Option<String>,
}

/// One subcommand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verb {
    /// Its words; may be globs.
    pub path: Vec<String>,
    /// Other names of the last word.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// How flags after it are read; as the tool where it is missing.
    #[serde(default)]
    pub parse: Option<Style>,
    /// Effects of any run.
    #[serde(default)]
    pub effects: Vec<Template>,
    /// Effects when there are no operands.
    #[serde(default)]
    pub no_operands: Vec<Template>,
    /// What operands mean, by place.
    #[serde(default)]
    pub operands: Vec<Operands>,
    /// Instead of `operands` when there is exactly one.
    #[serde(default)]
    pub if_one_operand: Option<Vec<Template>>,
    /// Flags after the verb.
    #[serde(default)]
    pub flag: Vec<Flag>,
    /// How operands hold a command.
    #[serde(default)]
    pub wrapper: Option<Wrapper>,
}

/// How operands hold a command.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    /// What it is.
    pub inner: Inner,
    /// Operands before it.
    #[serde(default)]
    pub after: usize,
    /// Whether `NAME=value` may stand in front of it.
    #[serde(default)]
    pub assignments: bool,
    /// Whether it gets further arguments that are not known.
    #[serde(default)]
    pub unknown_arguments: bool,
}

/// A line with the complete set of its effects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The shell line.
    pub line: String,
    /// `action kind:name`, in any order.
    pub effects: Vec<String>,
}

/// Places of operands; negative ones count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Range {
    start: i64,
    /// Exclusive; `None` is the end.
    end: Option<i64>,
}

impl Range {
    /// Whether place `index` of `count` operands lies in it.
    #[must_use]
    pub fn contains(self, index: usize, count: usize) -> bool {
        let (Ok(index), Ok(count)) = (i64::try_from(index), i64::try_from(count)) else {
            return true;
        };
        let place = |p: i64| if p < 0 { count + p } else { p };
        index >= place(self.start) && self.end.is_none_or(|e| index < place(e))
    }

    /// Whether it is the last operand alone.
    #[must_use]
    pub const fn is_last(self) -> bool {
        self.start == -1 && self.end.is_none()
    }
}

impl TryFrom<String> for Range {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |t: &str| {
            t.parse::<i64>().ok().filter(|n| (-64..=64).contains(n)).ok_or_else(|| {
                format!("`{text}` is no range of operands; write 0, -1, 1.., 0..-1 or all")
            })
        };
        if text == "all" {
            return Ok(Self { start: 0, end: None });
        }
        match text.split_once("..") {
            None => {
                let start = number(&text)?;
                let end = if start == -1 { None } else { Some(start + 1) };
                Ok(Self { start, end })
            }
            Some((a, "")) => Ok(Self { start: number(a)?, end: None }),
            Some((a, b)) => Ok(Self { start: number(a)?, end: Some(number(b)?) }),
        }
    }
}

fn glob<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Glob, D::Error> {
    let text = String::deserialize(d)?;
    Glob::parse(&text).map_err(serde::de::Error::custom)
}
