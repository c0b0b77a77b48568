//! Requests and decisions.
//!
//! In: subject, payload, intent, snapshot. Out: the verdict per effect and over all, with the rule
//! that decided each, and the obligations.
//! Never: decides; that is `judge::decide`.

use super::{Digest, Intent, Payload, Sandbox, Snapshot, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// The answer. Ordered by strictness: the strictest effect decides the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Runs.
    Allow,
    /// Needs a person's word first.
    Ask,
    /// Does not run.
    Deny,
}

impl Verdict {
    /// The word in entries and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the decision binds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// What is not allowed does not run.
    #[default]
    Enforce,
    /// Decide and record, block nothing and confine nothing. Stands in every entry.
    Shadow,
}

/// How much a profile lets its agent do alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Autonomy {
    /// What the rules allow is allowed.
    #[default]
    Full,
    /// Every allow becomes ask.
    Supervised,
}

/// Which profile decided: its name, and the hash of all its text, parents included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRef {
    /// Its name.
    pub name: String,
    /// SHA-256 of its canonical bundle, which the ledger keeps as a blob.
    pub sha256: Digest,
}

/// What is to be decided.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub subject: Subject,
    /// What is asked.
    pub payload: Payload,
    /// What it can do.
    pub intent: Intent,
    /// What the world is like.
    pub snapshot: Snapshot,
}

/// The decision over one effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectDecision {
    /// The action, by name.
    pub action: &'static str,
    /// Which command of the payload.
    pub command: usize,
    /// The resource, as a URI.
    pub resource: String,
    /// Id of the deciding rule, or `default` where no rule permits.
    pub rule: String,
    /// Where in that command.
    pub source: String,
    /// Allow, ask or deny.
    pub verdict: Verdict,
    /// The rule's own words, or why there is none.
    pub why: String,
}

/// The decision over a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The strictest verdict of all effects; deny where there is an error.
    pub verdict: Verdict,
    /// Per effect, in the order of the intent.
    pub effects: Vec<EffectDecision>,
    /// What to do instead, for the agent; empty where the deciding rule has none.
    pub hint: String,
    /// What could not be judged. Not empty means deny.
    pub errors: Vec<String>,
    /// Why the subject may not use this profile now (user, assurance, validity). `Some` means deny.
    pub identity: Option<String>,
    /// Whether the decision binds.
    pub mode: Mode,
    /// The confinement under which it may run.
    pub sandbox: Arc<Sandbox>,
}

impl EffectDecision {
    /// The form in entries and in `check --json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Text and numbers: there is always such a value.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Decision {
    /// Whether it may run: allowed, or only watched.
    #[must_use]
    pub fn admits(&self) -> bool {
        self.verdict == Verdict::Allow || self.mode == Mode::Shadow
    }

    /// The effect that decides: the first of the strictest.
    #[must_use]
    pub fn deciding(&self) -> Option<&EffectDecision> {
        self.effects.iter().find(|e| e.verdict == self.verdict)
    }

    /// The form in entries.
    ///
    /// # Errors
    /// None in practice: the sandbox holds only text and numbers.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let effects: Vec<Value> = self.effects.iter().map(EffectDecision::to_json).collect();
        Ok(json!({"verdict": self.verdict, "effects": effects, "hint": self.hint,
            "errors": self.errors, "identity": self.identity, "mode": self.mode,
            "sandbox": serde_json::to_value(&*self.sandbox)?}))
    }
}
