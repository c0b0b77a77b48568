//! Profile text to a validated, merged, hashed [`Policy`].
//!
//! In: TOML texts by name. Out: the policy, or an error that names file, line, key and fix.
//! Never: reads a file; the caller hands texts in.

mod bound;
mod ceiling;
mod file;
mod load;
mod presets;
mod rule;
mod template;
#[cfg(test)]
mod tests;
mod words;

pub use bound::{Bound, Cut, Speaks};
pub use ceiling::Ceiling;
pub use rule::{Condition, Pattern, Rule, Test};
pub use template::{Values, supposed};

use crate::model::{
    Assurance, Autonomy, Digest, Environment, Mode, World, canonical, parse_canonical, sha256,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The profile's name, which is the file's stem.
    pub name: String,
    /// Where it was found, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why a profile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {message}", line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct PolicyError {
    /// The file.
    pub path: String,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Who may claim a profile, and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The human who answers for it; empty where none is named.
    pub sponsor: String,
    /// Unix users that may claim it; empty: any.
    pub users: Vec<String>,
    /// Roles, for people to read.
    pub roles: Vec<String>,
    /// Least assurance that is accepted.
    pub assurance: Assurance,
    /// RFC 3339 in UTC, to the second: not before.
    pub valid_from: Option<String>,
    /// RFC 3339 in UTC, to the second: not at this time or later.
    pub valid_until: Option<String>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            sponsor: String::new(),
            users: Vec::new(),
            roles: Vec::new(),
            assurance: Assurance::Asserted,
            valid_from: None,
            valid_until: None,
        }
    }
}

/// A profile with its parents, ready to decide.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it is for, in its author's words.
    pub description: String,
    /// The files that it was made of (name, text), parents first.
    pub files: Vec<(String, String)>,
    /// Whether decisions bind.
    pub mode: Mode,
    /// How much is allowed alone.
    pub autonomy: Autonomy,
    /// Who may claim it.
    pub identity: Identity,
    /// The most that a run may touch.
    pub ceiling: Ceiling,
    /// Ascending by id.
    rules: Vec<Rule>,
    /// Rule and pattern numbers, ascending.
    index: BTreeMap<bound::Key, Vec<(usize, usize)>>,
    facts: BTreeSet<String>,
    memo: bound::Memo,
}

impl Policy {
    /// Loads a profile and its parents; `fetch` finds a profile's source by name.
    ///
    /// # Errors
    /// Whatever is wrong with any of the files, naming file, line, key and fix.
    pub fn load(
        name: &str,
        fetch: &dyn Fn(&str) -> Result<Source, PolicyError>,
    ) -> Result<Self, PolicyError> {
        load::load(name, fetch)
    }

    /// Reads a bundle back, for replay.
    ///
    /// # Errors
    /// Not a bundle, or a text in it that is not valid.
    pub fn from_bundle(bundle: &[u8]) -> Result<Self, PolicyError> {
        let fail = |message: String| PolicyError { path: "bundle".into(), line: None, message };
        let value = parse_canonical(bundle).map_err(|e| fail(e.to_string()))?;
        let part = |v: &Value, key: &str| Some(v.get(key)?.as_str()?.to_owned());
        let files: Option<BTreeMap<String, String>> = value
            .get("files")
            .and_then(Value::as_array)
            .and_then(|l| l.iter().map(|f| Some((part(f, "name")?, part(f, "text")?))).collect());
        let (Some(name), Some(files)) = (part(&value, "profile"), files) else {
            return Err(fail("not the bundle of a profile".to_owned()));
        };
        let policy = Self::load(&name, &|wanted| {
            let text = files.get(wanted).cloned();
            let text =
                text.ok_or_else(|| fail(format!("profile `{wanted}` is not in the bundle")))?;
            Ok(Source { name: wanted.to_owned(), path: format!("{wanted}.toml"), text })
        })?;
        if policy.bundle() == bundle {
            Ok(policy)
        } else {
            Err(fail("holds files that the profile does not use".to_owned()))
        }
    }

    /// All texts as one canonical JSON blob, which the ledger keeps.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let files: Vec<Value> =
            self.files.iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
        // Texts alone always have a canonical form.
        canonical(&json!({"profile": self.name, "files": files})).unwrap_or_default()
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        sha256(&[&self.bundle()])
    }

    /// The human who answers for it; empty where none is named.
    #[must_use]
    pub fn sponsor(&self) -> &str {
        &self.identity.sponsor
    }

    /// What commands find in their environment.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        self.ceiling.environment()
    }

    /// The rule of that id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Examples and counter-examples of the profile's own file.
    #[must_use]
    pub fn example_count(&self) -> usize {
        let own = self.rules.iter().filter(|r| r.profile == self.name);
        own.map(|r| r.examples.len() + r.counter_examples.len()).sum()
    }

    /// All of it, for programs: rules with their places, the ceiling as written, the hash.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rules: Vec<Value> = self.rules.iter().map(Rule::to_json).collect();
        json!({"name": self.name, "description": self.description, "sha256": self.sha256(),
            "files": self.files.iter().map(|(name, _)| name).collect::<Vec<_>>(), "sponsor": self.identity.sponsor,
            "rules": rules, "sandbox": self.ceiling.as_written()})
    }

    /// Names of the facts that deciding depends on.
    #[must_use]
    pub const fn facts(&self) -> &BTreeSet<String> {
        &self.facts
    }

    /// The answers to all that deciding under this policy needs (variables, `when`, validity).
    #[must_use]
    pub fn values(&self, world: &dyn World) -> Values {
        Values::ask(&self.facts, world)
    }

    /// Every rule, parents' too, ascending by id.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The policy under the facts of a world.
    #[must_use]
    pub fn bind(&self, world: &dyn World) -> Arc<Bound> {
        self.memo.bound(self, world)
    }

    fn pattern(&self, rule: usize, at: usize) -> Option<&Pattern> {
        self.rules.get(rule)?.patterns.get(at)
    }
}
