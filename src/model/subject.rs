//! The subject: which agent asks, and who answers for it.
//!
//! In: what `subject/` proved. Out: a value with its JSON form.
//! Never: proves anything.

use serde::{Deserialize, Serialize};

/// How well the subject is proved. Ordered: more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Assurance {
    /// The caller said so.
    #[serde(rename = "asserted")]
    Asserted,
    /// The kernel names the peer.
    #[serde(rename = "peer")]
    Peer,
    /// A key was used.
    #[serde(rename = "key")]
    Key,
    /// A key, and a person's signature.
    #[serde(rename = "key+human")]
    KeyAndHuman,
}

impl Assurance {
    /// The word in profiles and entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asserted => "asserted",
            Self::Peer => "peer",
            Self::Key => "key",
            Self::KeyAndHuman => "key+human",
        }
    }
}

/// Which agent asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The identity, which is the name of its profile.
    pub agent: String,
    /// The human who answers for it, from the profile; empty where the profile names none.
    pub sponsor: String,
    /// Name of the Unix user that runs exo; the number where it has no name.
    pub user: String,
    /// Its real user number.
    pub uid: u32,
    /// How well this is proved.
    pub assurance: Assurance,
    /// A name the caller gave to this piece of work (`EXO_SESSION`), or empty.
    pub session: String,
}

/// Whether a word may name an agent, a profile or a rule: 1 to 64 of `a` to `z`, `0` to `9` and `-`; no
/// dot and no slash, so that it can be the stem of a file.
#[must_use]
pub fn is_name(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
