//! What stands in data beside the tools: secret places, startup places, names that execute, builtins.
//!
//! In: `sensitive.toml`. Out: questions answered for names of files and variables.
//! Never: looks at a file.

use super::template::Template;
use crate::model::Glob;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The compiled-in text.
pub(super) const TEXT: &str = include_str!("sensitive.toml");

/// The data of `sensitive.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    secret: Places,
    persist: Places,
    /// Variables that make programs execute something.
    pub environment: Environment,
    /// Builtins of bash by name.
    pub builtins: Builtins,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    #[serde(deserialize_with = "globs")]
    paths: Vec<Glob>,
    #[serde(default, deserialize_with = "globs")]
    except: Vec<Glob>,
}

/// Variables that make programs execute something.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    #[serde(deserialize_with = "globs")]
    execute: Vec<Glob>,
    harmless_values: Vec<String>,
}

/// Builtins of bash by what they do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Builtins {
    harmless: Vec<String>,
    opaque: Vec<String>,
    effects: BTreeMap<String, Vec<Template>>,
}

/// One builtin that needs no code of its own.
#[derive(Clone, Copy, Debug)]
pub enum Builtin<'a> {
    /// Touches nothing outside the shell.
    Harmless,
    /// Changes how the rest is read.
    Opaque,
    /// Has these effects, with each operand as the argument.
    Effects(&'a [Template]),
}

impl Sensitive {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    /// The compiled-in data; a test parses it, so that the empty one never stands in for it.
    pub(super) fn compiled_in() -> Self {
        Self::parse(TEXT).unwrap_or_default()
    }

    /// Whether reading names of this glob shows a secret.
    #[must_use]
    pub fn is_secret(&self, name: &Glob) -> bool {
        self.secret.hit(name)
    }

    /// Whether writing names of this glob arranges for something to run later.
    #[must_use]
    pub fn is_persistent(&self, name: &Glob) -> bool {
        self.persist.hit(name)
    }
}

impl Places {
    /// A plain name: whether it is one of the places. A glob: whether all its names are, or some are
    /// whose last segment it spells in part (`.env*`). The shell's leading `*` matches no dot file, so
    /// `cat *` is no secret; trees are secret only by their root.
    fn hit(&self, name: &Glob) -> bool {
        if name.as_literal().is_some() {
            return self.paths.iter().any(|p| p.covers(name))
                && !self.except.iter().any(|p| p.covers(name));
        }
        if self.except.iter().any(|p| p.covers(name)) {
            return false;
        }
        let text = name.as_str();
        let last = text.rsplit('/').next().unwrap_or_default();
        let spelled = !last.starts_with(['*', '?', '[']);
        // A shell wildcard at the start of a segment matches no dot file: a sign that is in no name
        // stands for its first character.
        let undotted = text.replace("/*", "/\u{1}*").replace("\u{1}**", "**");
        let undotted = Glob::parse(&undotted).ok();
        self.paths.iter().any(|p| {
            p.covers(name)
                || (spelled && p.meets(name))
                || (!text.contains("**")
                    && p.as_str().ends_with("/**")
                    && undotted.as_ref().is_some_and(|u| p.meets(u)))
        })
    }
}

impl Environment {
    /// Whether setting this variable makes some program execute the value.
    #[must_use]
    pub fn executes(&self, name: &str, value: Option<&str>) -> bool {
        self.execute.iter().any(|g| g.matches(name))
            && !value.is_some_and(|v| self.harmless_values.iter().any(|h| h == v))
    }

    /// Whether a value is known to execute nothing of its own (`cat` for a pager).
    #[must_use]
    pub fn is_harmless(&self, value: &str) -> bool {
        self.harmless_values.iter().any(|h| h == value)
    }
}

impl Builtins {
    /// The builtin of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Builtin<'_>> {
        if self.harmless.iter().any(|n| n == name) {
            return Some(Builtin::Harmless);
        }
        if self.opaque.iter().any(|n| n == name) {
            return Some(Builtin::Opaque);
        }
        self.effects.get(name).map(|e| Builtin::Effects(e))
    }
}

fn globs<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<Glob>, D::Error> {
    Vec::<String>::deserialize(d)?
        .iter()
        .map(|t| Glob::parse(t).map_err(serde::de::Error::custom))
        .collect()
}
