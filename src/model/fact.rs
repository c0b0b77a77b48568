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
//! | `digest:/abs` | SHA-256 of a program text that runs; absent where there is no such file |
//! | `script:/abs#NAME` | text of a script of that `package.json`; absent where it has none of that name |
//! | `shebang:/abs` | the interpreter line of a script without `#!`; absent where the file has none |

use super::{Digest, canon, sha256};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

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

    /// Whether this is the answer: as asking, without handing it out.
    fn answers(&self, name: &str, answer: &Answer) -> bool {
        self.ask(name) == *answer
    }
}

/// One gathered fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What was answered.
    pub answer: Answer,
    /// Where it comes from: `getcwd`, `/proc/…`, `.git/HEAD`.
    pub source: Cow<'static, str>,
}

/// All facts that were gathered for one decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By name.
    pub facts: BTreeMap<Arc<str>, Arc<Fact>>,
}

impl Snapshot {
    /// The form in entries: `known` by name, the names that are `absent`, the reasons that `failed`,
    /// and the `sources` of all.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Text, integers and booleans by name: there is always such a value.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Reads that form back; `None` where it is not that form.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let sources = value.get("sources")?.as_object()?;
        let mut facts = BTreeMap::new();
        let mut put = |name: &str, answer: Answer| {
            let source = sources.get(name)?.as_str()?.to_owned().into();
            facts.insert(name.into(), Arc::new(Fact { answer, source }));
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
    pub const fn known(&self) -> Known<'_> {
        Known(self)
    }

    /// SHA-256 over the canonical form: two decisions with the same hash saw the same world.
    #[must_use]
    pub fn state_hash(&self) -> Digest {
        // The order of bytes is that of UTF-16 up to U+DFFF, and serde_json's escapes are those of RFC
        // 8785: such a snapshot is written canonically as it stands.
        let plain = self.facts.keys().all(|name| name.bytes().all(|b| b < 0xee));
        let bounded = self.facts.values().all(|fact| match fact.answer {
            Answer::Known(FactValue::Integer(i)) => canon::is_safe(i),
            _ => true,
        });
        if let (true, Ok(bytes)) = (plain && bounded, serde_json::to_vec(self)) {
            return sha256(&[&bytes]);
        }
        // A fact that has no canonical form still gives a hash of its own.
        let json = self.to_json();
        let bytes = canon::canonical(&json).unwrap_or_else(|e| format!("{e}{json}").into_bytes());
        sha256(&[&bytes])
    }
}

/// The known facts of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a>(&'a Snapshot);

impl Serialize for Known<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.facts.iter().filter_map(|(name, fact)| match &fact.answer {
            Answer::Known(value) => Some((&**name, value)),
            Answer::Absent | Answer::Failed(_) => None,
        }))
    }
}

impl Serialize for FactValue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => s.serialize_str(text),
            Self::Integer(i) => s.serialize_i64(*i),
            Self::Bool(b) => s.serialize_bool(*b),
        }
    }
}

impl Serialize for Snapshot {
    /// In the order of the canonical form.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let facts = || self.facts.iter();
        let absent: Vec<&str> =
            facts().filter(|(_, f)| f.answer == Answer::Absent).map(|(n, _)| &**n).collect();
        let failed: BTreeMap<&str, &str> = facts()
            .filter_map(|(n, f)| match &f.answer {
                Answer::Failed(why) => Some((&**n, &**why)),
                Answer::Known(_) | Answer::Absent => None,
            })
            .collect();
        let sources: BTreeMap<&str, &str> = facts().map(|(n, f)| (&**n, &*f.source)).collect();
        let mut map = s.serialize_map(Some(4))?;
        map.serialize_entry("absent", &absent)?;
        map.serialize_entry("failed", &failed)?;
        map.serialize_entry("known", &self.known())?;
        map.serialize_entry("sources", &sources)?;
        map.end()
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

    fn answers(&self, name: &str, answer: &Answer) -> bool {
        self.facts.get(name).is_some_and(|f| f.answer == *answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_json_and_its_hash_tells_any_change() {
        let mut s = Snapshot::default();
        let fact = |answer| Arc::new(Fact { answer, source: "test".into() });
        s.facts.insert("cwd".into(), fact(Answer::Known(FactValue::Text("/r".into()))));
        s.facts.insert("time.hour".into(), fact(Answer::Known(FactValue::Integer(3))));
        s.facts.insert("git.root".into(), fact(Answer::Absent));
        s.facts.insert("path:/x".into(), fact(Answer::Failed("EIO".into())));
        assert_eq!(Snapshot::from_json(&s.to_json()).as_ref(), Some(&s));
        let before = s.state_hash();
        let canonical = canon::canonical(&s.to_json()).unwrap();
        assert_eq!(before, sha256(&[&canonical]), "written directly, and by way of a value");
        let mut odd = s.clone();
        for name in ["path:/\u{fffd}\u{1}\"", "path:/\u{10000}"] {
            odd.facts.insert(name.into(), fact(Answer::Absent));
        }
        let canonical = canon::canonical(&odd.to_json()).unwrap();
        assert_eq!(odd.state_hash(), sha256(&[&canonical]));
        s.facts.insert("time.hour".into(), fact(Answer::Known(FactValue::Integer(4))));
        assert_ne!(s.state_hash(), before);
        assert!(matches!(s.ask("never"), Answer::Failed(_)));
    }
}
