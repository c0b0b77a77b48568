//! Facts: named values of the context, and the one question through which pure rooms get them.
//!
//! In: answers of a `World`. Out: a `Snapshot` with its `state_hash`.
//! Never: gathers anything itself; that is `context`, or an entry on replay.
//!
//! Every fact has a name, and the name says what was asked:
//!
//! | name | value |
//! |---|---|
//! | `cwd`, `home`, `tmp` | absolute path, symbolic links resolved |
//! | `user.name`, `user.uid`, `host.name` | text, integer, text |
//! | `user.home` | the home in `/etc/passwd`, links resolved; `home` follows HOME |
//! | `git.root`, `git.branch` | path of the work tree, branch; absent outside a repository or on a detached head |
//! | `time.now` | RFC 3339 in UTC, to the second |
//! | `time.date`, `time.hour`, `time.minute`, `time.weekday` | local: `2026-11-25`, 0–23, 0–59, `mon`…`sun` |
//! | `env.NAME` | value in exo's own environment; absent where unset |
//! | `path:/abs` | `file R`, `dir R`, `other R` or `missing R`; R is the path with all links resolved |
//! | `link:/abs` | the same, but a link at the very end is not followed (`link R`): what `rm` and `mv` act on |
//! | `names:/abs` | `plain` where no name in the tree holds a blank, a quote or a backslash; `odd` where one does; absent where the tree is too large to say |
//! | `program:NAME` | absolute path that the sanitised PATH finds, links not resolved; absent where there is none |
//! | `search.path` | the folders of the sanitised PATH, absolute ones only, joined by `:` |
//! | `shebang:/abs` | the interpreter line of a script without `#!`; absent where the file has none |

use super::{Digest, canon, sha256};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
}

impl FactValue {
    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(t) = self { Some(t) } else { None }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(t) => json!(t),
            Self::Integer(i) => json!(i),
            Self::Bool(b) => json!(b),
        }
    }

    /// From JSON; `None` for a value no fact can have.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(s) => Some(Self::Text(s.clone())),
            Value::Number(n) => n.as_i64().map(Self::Integer),
            Value::Bool(b) => Some(Self::Bool(*b)),
            _ => None,
        }
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(t) => f.write_str(t),
            Self::Integer(i) => write!(f, "{i}"),
            Self::Bool(b) => write!(f, "{b}"),
        }
    }
}

/// What a world answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The fact has this value.
    Known(FactValue),
    /// It is known that there is no such thing (not in a repository, no such program).
    Absent,
    /// It could not be found out; whatever depends on it is denied.
    Failed(String),
}

impl Answer {
    /// The text, where it is known and text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Known(v) = self { v.as_text() } else { None }
    }
}

impl fmt::Display for Answer {
    /// For people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Absent => f.write_str("(none)"),
            Self::Failed(why) => write!(f, "(could not be found out: {why})"),
        }
    }
}

/// Answers questions by name; live from the machine, or on replay from an entry. Asking the same name
/// twice gives the same answer, and every answer is in the snapshot that is recorded.
pub trait World {
    /// The answer to one question.
    fn ask(&self, name: &str) -> Answer;
}

/// One gathered fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What was answered.
    pub answer: Answer,
    /// Where it comes from: `getcwd`, `/proc/…`, `.git/HEAD`.
    pub source: String,
}

/// All facts that were gathered for one decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By name.
    pub facts: BTreeMap<String, Fact>,
}

impl Snapshot {
    /// The form in entries: `known` by name, the names that are `absent`, the reasons that `failed`,
    /// and the `sources` of all.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (mut known, mut absent) = (Map::new(), Vec::new());
        let (mut failed, mut sources) = (Map::new(), Map::new());
        for (name, fact) in &self.facts {
            match &fact.answer {
                Answer::Known(v) => {
                    known.insert(name.clone(), v.to_json());
                }
                Answer::Absent => absent.push(json!(name)),
                Answer::Failed(why) => {
                    failed.insert(name.clone(), json!(why));
                }
            }
            sources.insert(name.clone(), json!(fact.source));
        }
        json!({"known": known, "absent": absent, "failed": failed, "sources": sources})
    }

    /// Reads that form back; `None` where it is not that form.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let sources = value.get("sources")?.as_object()?;
        let mut facts = BTreeMap::new();
        let mut put = |name: &str, answer: Answer| {
            let source = sources.get(name)?.as_str()?.to_owned();
            facts.insert(name.to_owned(), Fact { answer, source });
            Some(())
        };
        for (name, v) in value.get("known")?.as_object()? {
            put(name, Answer::Known(FactValue::from_json(v)?))?;
        }
        for name in value.get("absent")?.as_array()? {
            put(name.as_str()?, Answer::Absent)?;
        }
        for (name, why) in value.get("failed")?.as_object()? {
            put(name, Answer::Failed(why.as_str()?.to_owned()))?;
        }
        Some(Self { facts })
    }

    /// The known facts alone, by name: what `check --json` prints.
    #[must_use]
    pub fn known(&self) -> Value {
        self.to_json().get("known").cloned().unwrap_or_else(|| json!({}))
    }

    /// SHA-256 over the canonical form: two decisions with the same hash saw the same world.
    #[must_use]
    pub fn state_hash(&self) -> Digest {
        // Facts hold text, integers within an i64 that their sources bound, and booleans, so the
        // canonical form exists; a fact that had none would still give a hash of its own.
        let json = self.to_json();
        let bytes = canon::canonical(&json).unwrap_or_else(|e| format!("{e}{json}").into_bytes());
        sha256(&[&bytes])
    }
}

impl World for Snapshot {
    /// Replay: a fact that was not recorded is a failure, never a guess.
    fn ask(&self, name: &str) -> Answer {
        self.facts.get(name).map_or_else(
            || Answer::Failed(format!("fact `{name}` is not in the snapshot")),
            |f| f.answer.clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_json_and_its_hash_tells_any_change() {
        let mut s = Snapshot::default();
        let fact = |answer| Fact { answer, source: "test".to_owned() };
        s.facts.insert("cwd".into(), fact(Answer::Known(FactValue::Text("/r".into()))));
        s.facts.insert("time.hour".into(), fact(Answer::Known(FactValue::Integer(3))));
        s.facts.insert("git.root".into(), fact(Answer::Absent));
        s.facts.insert("path:/x".into(), fact(Answer::Failed("EIO".into())));
        assert_eq!(Snapshot::from_json(&s.to_json()).as_ref(), Some(&s));
        let before = s.state_hash();
        s.facts.insert("time.hour".into(), fact(Answer::Known(FactValue::Integer(4))));
        assert_ne!(s.state_hash(), before);
        assert!(matches!(s.ask("never"), Answer::Failed(_)));
    }
}
