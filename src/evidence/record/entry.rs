//! The entry: one canonical JSON object, its leaf hash, and the openings of what it only commits to.
//!
//! In: head, kind, public fields, private fields with salts. Out: the bytes that are hashed, and the
//! openings that stand beside them and can be erased without a trace in the hash.
//! Never: puts a private value in the bytes.

use super::tree::leaf_hash;
use crate::model::{CanonError, Digest, canonical, parse_canonical, sha256};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Version of the form.
pub const VERSION: u64 = 1;
/// Bytes that a body must stay below: C2SP entry bundles give each a 16-bit length.
pub const MAX_BODY: usize = 1 << 16;
/// Names that the form itself gives out.
const OWN: [&str; 10] =
    ["v", "kind", "log", "seq", "prev", "boot_id", "t_wall_ns", "t_mono_ns", "commit", "salts"];

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first: origin, key, engine.
    Genesis,
    /// A profile and catalogue that decide from here on; both are kept as blobs.
    Profile,
    /// Allowed, and about to run.
    Intent,
    /// How an intent ended.
    Outcome,
    /// Not allowed; did not run.
    Deny,
    /// Decided on request only; nothing was to run.
    Check,
    /// An intent whose end nobody saw.
    Recovery,
    /// A person accepts that the clock went back.
    Clock,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Genesis,
        Self::Profile,
        Self::Intent,
        Self::Outcome,
        Self::Deny,
        Self::Check,
        Self::Recovery,
        Self::Clock,
    ];

    /// The word in entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Profile => "profile",
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Deny => "deny",
            Self::Check => "check",
            Self::Recovery => "recovery",
            Self::Clock => "clock",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// Place and time of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Origin of the log.
    pub log: String,
    /// Its number, from 0 without gaps.
    pub seq: u64,
    /// Leaf hash of the entry before; none for the first.
    pub prev: Option<Digest>,
    /// Which boot of the machine (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: String,
    /// Nanoseconds since 1970-01-01 UTC.
    pub t_wall_ns: u64,
    /// Nanoseconds since boot, sleep included (`CLOCK_BOOTTIME`).
    pub t_mono_ns: u64,
}

/// What opens a commitment: erase it, and the entry still stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which field.
    pub field: String,
    /// The salt.
    pub salt: [u8; 16],
    /// Canonical JSON of the value.
    pub value: Vec<u8>,
}

impl Opening {
    /// The commitment that this opens.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        commitment(&self.field, &self.salt, &self.value)
    }
}

/// An entry ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The bytes that are hashed; never written in another form.
    pub body: Vec<u8>,
    /// Their leaf hash.
    pub leaf: Digest,
    /// What opens its commitments.
    pub openings: Vec<Opening>,
}

/// An entry as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place and time.
    pub head: Head,
    /// What it is about.
    pub kind: Kind,
    /// The public fields, without those of the head.
    pub public: Map<String, Value>,
    /// Commitments by field.
    pub commit: BTreeMap<String, Digest>,
}

impl Entry {
    /// A public field that is a text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.public.get(field).and_then(Value::as_str)
    }

    /// Of an outcome or a recovery: the number of the intent that it closes.
    #[must_use]
    pub fn closes(&self) -> Option<u64> {
        let ends = matches!(self.kind, Kind::Outcome | Kind::Recovery);
        closed_intent(&self.public).filter(|_| ends)
    }
}

/// The number of an intent that public fields name.
#[must_use]
pub fn closed_intent(public: &Map<String, Value>) -> Option<u64> {
    public.get("intent_seq").and_then(Value::as_u64)
}

/// The hashes of the profile and the catalogue that public fields name.
#[must_use]
pub fn deciders(public: &Map<String, Value>) -> (Option<Digest>, Option<Digest>) {
    let digest = |v: Option<&Value>| v.and_then(Value::as_str).and_then(Digest::parse);
    let profile = public.get("profile").and_then(|p| p.get("sha256"));
    (digest(profile), digest(public.get("catalogue_sha256")))
}

/// A time of an entry for people: RFC 3339 in UTC, to the second.
#[must_use]
pub fn utc(ns: u64) -> String {
    let seconds = i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Why an entry has no form, or bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Too big for a bundle.
    #[error("entry of {0} bytes; the ledger takes fewer than 65536")]
    TooBig(usize),
    /// A value without canonical form.
    #[error("entry: {0}")]
    Canon(#[from] CanonError),
    /// A public field with a name of the form's own.
    #[error("entry: field `{0}` is the ledger's own")]
    Taken(String),
    /// As many salts as private fields are needed.
    #[error("entry: {0} private fields and another number of salts")]
    Salts(usize),
    /// A field that is missing or is not what it must be.
    #[error("entry: field `{0}` is missing or malformed")]
    Field(&'static str),
}

/// SHA-256("exo/commit/v1" ‖ 0 ‖ field ‖ 0 ‖ salt ‖ length as 64 bits big-endian ‖ value).
#[must_use]
pub fn commitment(field: &str, salt: &[u8; 16], value: &[u8]) -> Digest {
    let length = u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes();
    sha256(&[b"exo/commit/v1\0", field.as_bytes(), &[0], salt, &length, value])
}

/// Makes the entry. `salts` are fresh random bytes, one for each private field.
///
/// # Errors
/// A public field with a reserved name, a value without canonical form, a body that is too big.
pub fn seal(
    head: &Head,
    kind: Kind,
    public: Map<String, Value>,
    private: &[(&str, Value)],
    salts: &[[u8; 16]],
) -> Result<Sealed, EntryError> {
    if let Some(name) = public.keys().find(|k| OWN.contains(&k.as_str())) {
        return Err(EntryError::Taken(name.clone()));
    }
    if salts.len() != private.len() {
        return Err(EntryError::Salts(private.len()));
    }
    let openings = private
        .iter()
        .zip(salts)
        .map(|((field, value), salt)| {
            let value = canonical(value)?;
            Ok(Opening { field: (*field).to_owned(), salt: *salt, value })
        })
        .collect::<Result<Vec<_>, EntryError>>()?;
    let commit: Map<String, Value> =
        openings.iter().map(|o| (o.field.clone(), json!(o.commitment()))).collect();
    let mut all = public;
    for (name, value) in [
        ("v", json!(VERSION)),
        ("kind", json!(kind.name())),
        ("log", json!(head.log)),
        ("seq", json!(head.seq)),
        ("prev", json!(head.prev)),
        ("boot_id", json!(head.boot_id)),
        ("t_wall_ns", json!(head.t_wall_ns.to_string())),
        ("t_mono_ns", json!(head.t_mono_ns.to_string())),
        ("commit", Value::Object(commit)),
    ] {
        all.insert(name.to_owned(), value);
    }
    let body = canonical(&Value::Object(all))?;
    if body.len() >= MAX_BODY {
        return Err(EntryError::TooBig(body.len()));
    }
    Ok(Sealed { leaf: leaf_hash(&body), body, openings })
}

/// Reads an entry.
///
/// # Errors
/// Bytes that are not canonical JSON, another version, a head field that is missing or malformed.
pub fn parse(body: &[u8]) -> Result<Entry, EntryError> {
    let Value::Object(mut all) = parse_canonical(body)? else {
        return Err(EntryError::Field("v"));
    };
    let mut take = |name: &'static str| all.remove(name).ok_or(EntryError::Field(name));
    if take("v")? != json!(VERSION) {
        return Err(EntryError::Field("v"));
    }
    let text = |v: &Value, name| v.as_str().map(str::to_owned).ok_or(EntryError::Field(name));
    let digest = |v: &Value| v.as_str().and_then(Digest::parse);
    let nanos = |v: &Value, name| {
        let text = v.as_str().ok_or(EntryError::Field(name))?;
        let n: u64 = text.parse().map_err(|_| EntryError::Field(name))?;
        if n.to_string() == text { Ok(n) } else { Err(EntryError::Field(name)) }
    };
    let kind = Kind::parse(&text(&take("kind")?, "kind")?).ok_or(EntryError::Field("kind"))?;
    let prev = match take("prev")? {
        Value::Null => None,
        other => Some(digest(&other).ok_or(EntryError::Field("prev"))?),
    };
    let head = Head {
        log: text(&take("log")?, "log")?,
        seq: take("seq")?.as_u64().ok_or(EntryError::Field("seq"))?,
        prev,
        boot_id: text(&take("boot_id")?, "boot_id")?,
        t_wall_ns: nanos(&take("t_wall_ns")?, "t_wall_ns")?,
        t_mono_ns: nanos(&take("t_mono_ns")?, "t_mono_ns")?,
    };
    let Value::Object(commit) = take("commit")? else { return Err(EntryError::Field("commit")) };
    let commit = commit
        .into_iter()
        .map(|(field, v)| Ok((field, digest(&v).ok_or(EntryError::Field("commit"))?)))
        .collect::<Result<_, EntryError>>()?;
    Ok(Entry { head, kind, public: all, commit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            log: "exo/h/1".into(),
            seq: 3,
            prev: Some(sha256(&[b"p"])),
            boot_id: "b".into(),
            t_wall_ns: u64::MAX,
            t_mono_ns: 5,
        }
    }

    fn map(v: Value) -> Map<String, Value> {
        v.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn an_entry_is_read_back_and_its_openings_open_it() {
        let public = map(json!({"agent": "ci", "rule": {"id": "r"}}));
        let private = [("payload", json!({"line": "secret"}))];
        let sealed = seal(&head(), Kind::Intent, public.clone(), &private, &[[9; 16]]).unwrap();
        assert!(!String::from_utf8_lossy(&sealed.body).contains("secret"));
        let entry = parse(&sealed.body).unwrap();
        assert_eq!((&entry.head, entry.kind, &entry.public), (&head(), Kind::Intent, &public));
        assert_eq!(entry.commit["payload"], sealed.openings[0].commitment());
        let mut other = sealed.openings[0].clone();
        other.salt[0] ^= 1;
        assert_ne!(entry.commit["payload"], other.commitment());
    }

    #[test]
    fn reserved_names_missing_salts_and_big_bodies_are_refused() {
        let seal_one = |v: Value| seal(&head(), Kind::Deny, map(v), &[], &[]);
        assert!(seal_one(json!({"x": "a".repeat(60_000)})).is_ok());
        assert!(matches!(
            seal_one(json!({"x": "a".repeat(66_000)})),
            Err(EntryError::TooBig(n)) if n > 66_000
        ));
        assert_eq!(seal_one(json!({"seq": 1})), Err(EntryError::Taken("seq".into())));
        let private = [("a", json!(1))];
        let salts = seal(&head(), Kind::Deny, Map::new(), &private, &[]);
        assert_eq!(salts, Err(EntryError::Salts(1)));
    }

    #[test]
    fn bytes_that_are_no_entry_are_refused() {
        let good = seal(&head(), Kind::Deny, Map::new(), &[], &[]).unwrap().body;
        let good = String::from_utf8(good).unwrap();
        assert!(parse(good.as_bytes()).is_ok());
        for (from, to) in
            [("\"v\":1", "\"v\":2"), ("deny", "denied"), ("\"seq\":3,", ""), ("\"5\"", "\"05\"")]
        {
            assert!(parse(good.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn names_of_kinds_round_trip() {
        assert!(Kind::ALL.iter().all(|k| Kind::parse(k.name()) == Some(*k)));
    }
}
