//! A profile file as it is written: its keys, read strictly.
//!
//! In: TOML text. Out: the keys with their places, or an error that names line, key and fix.
//! Never: fills in a variable, knows of parents.

use super::words::{nearest, quoted};
use super::{PolicyError, Source};
use crate::model::{Assurance, Autonomy, Mode, Require};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// Most bytes of one profile file.
const MAX_TEXT: usize = 1024 * 1024;

/// Keys of the format that this version does not have.
const LATER: &[(&str, &str)] = &[
    ("limits", "rate and repetition limits"),
    ("context", "facts from commands"),
    ("approvers", "approvals by role"),
    ("expires", "rules that expire"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) exo: Spanned<i64>,
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) extends: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) mode: Mode,
    #[serde(default)]
    pub(super) autonomy: Autonomy,
    #[serde(default)]
    pub(super) identity: IdentityKeys,
    #[serde(default)]
    pub(super) permit: Vec<RuleKeys>,
    #[serde(default)]
    pub(super) ask: Vec<RuleKeys>,
    #[serde(default)]
    pub(super) forbid: Vec<RuleKeys>,
    #[serde(default)]
    pub(super) sandbox: SandboxKeys,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityKeys {
    pub(super) sponsor: Option<String>,
    pub(super) users: Option<Vec<String>>,
    pub(super) assurance: Option<Assurance>,
    pub(super) roles: Option<Vec<String>>,
    pub(super) valid_from: Option<Spanned<toml::value::Datetime>>,
    pub(super) valid_until: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleKeys {
    pub(super) id: Spanned<String>,
    pub(super) actions: Spanned<Vec<Spanned<String>>>,
    pub(super) resources: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) when: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) why: String,
    #[serde(default)]
    pub(super) hint: String,
    #[serde(default)]
    pub(super) examples: Vec<String>,
    #[serde(default)]
    pub(super) counter_examples: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SandboxKeys {
    #[serde(default)]
    pub(super) read: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) write: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) execute: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) connect: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) listen: Vec<Spanned<String>>,
    pub(super) udp: Option<bool>,
    #[serde(default)]
    pub(super) unix: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) environment: EnvironmentKeys,
    #[serde(default)]
    pub(super) limits: LimitKeys,
    pub(super) require: Option<Require>,
    pub(super) detach: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentKeys {
    #[serde(default)]
    pub(super) pass: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) set: BTreeMap<String, Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitKeys {
    pub(super) wall: Option<Spanned<toml::Value>>,
    pub(super) cpu: Option<Spanned<toml::Value>>,
    pub(super) memory: Option<Spanned<toml::Value>>,
    pub(super) processes: Option<Spanned<toml::Value>>,
    pub(super) files: Option<Spanned<toml::Value>>,
    pub(super) file_size: Option<Spanned<toml::Value>>,
}

/// Counts lines going forward, since the rules of a file are asked for in its order.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) const fn of(source: &'a Source) -> Self {
        Self { text: source.text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of a byte.
    pub(super) fn line(&mut self, byte: usize) -> usize {
        if byte < self.at {
            (self.at, self.line) = (0, 1);
        }
        let between = self.text.get(self.at..byte).unwrap_or_default();
        self.line += between.iter().filter(|b| **b == b'\n').count();
        self.at = byte;
        self.line
    }
}

/// Makes errors that name a place in one file.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) source: &'a Source,
}

impl Place<'_> {
    pub(super) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> PolicyError {
        let line = Some(Lines::of(self.source).line(span.start));
        PolicyError { path: self.source.path.clone(), line, message: message.into() }
    }

    pub(super) fn whole(&self, message: impl Into<String>) -> PolicyError {
        PolicyError { path: self.source.path.clone(), line: None, message: message.into() }
    }
}

/// Reads one file.
pub(super) fn read(source: &Source) -> Result<File, PolicyError> {
    let place = Place { source };
    if source.text.len() > MAX_TEXT {
        return Err(place.whole(format!(
            "profile of {} bytes is longer than 1 MiB; split it and use `extends`",
            source.text.len()
        )));
    }
    let file: File = toml::from_str(&source.text).map_err(|e| explain(place, &e))?;
    if *file.exo.get_ref() != 1 {
        let version = file.exo.get_ref();
        return Err(place.error(
            &file.exo.span(),
            format!("key `exo`: format version {version} is not known here; write `exo = 1`"),
        ));
    }
    if *file.name.get_ref() != source.name {
        let (name, stem) = (file.name.get_ref(), &source.name);
        return Err(place.error(
            &file.name.span(),
            format!("key `name`: `{name}` must be the name of the file; write `name = \"{stem}\"`"),
        ));
    }
    Ok(file)
}

/// The TOML reader's complaint, with the key of its line and the nearest word that would be right.
fn explain(place: Place<'_>, error: &toml::de::Error) -> PolicyError {
    let raw = error.message().lines().next().unwrap_or("not TOML").to_owned();
    let words = quoted(&raw);
    let span = error.span().unwrap_or(0..0);
    let unknown = raw.starts_with("unknown field") || raw.starts_with("unknown variant");
    let message = match words.split_first() {
        Some((key, _)) if raw.starts_with("unknown field") && later(key).is_some() => {
            let what = later(key).unwrap_or_default();
            format!("key `{key}`: this version does not have it ({what}); remove it")
        }
        Some((key, known)) if unknown => {
            let kind = if raw.starts_with("unknown field") { "key" } else { "value" };
            match nearest(key, known.iter().copied()) {
                Some(near) => format!("unknown {kind} `{key}`; did you mean `{near}`?"),
                None => format!("unknown {kind} `{key}`; known are: {}", known.join(", ")),
            }
        }
        Some((key, _)) if raw.starts_with("missing field") => {
            format!("key `{key}` is missing; add it")
        }
        _ => match key_at(place, &span) {
            Some(key) => format!("key `{key}`: {raw}"),
            None => raw,
        },
    };
    if error.span().is_some() { place.error(&span, message) } else { place.whole(message) }
}

fn later(key: &str) -> Option<&'static str> {
    LATER.iter().find(|(k, _)| *k == key).map(|(_, what)| *what)
}

/// The key of the line that a place stands in.
fn key_at(place: Place<'_>, span: &Range<usize>) -> Option<String> {
    let line =
        place.source.text.lines().nth(Lines::of(place.source).line(span.start).checked_sub(1)?)?;
    let (key, _) = line.split_once('=')?;
    Some(key.trim().to_owned()).filter(|k| !k.is_empty() && !k.contains(['`', '"', '#']))
}
