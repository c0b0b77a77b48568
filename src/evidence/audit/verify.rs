//! Verifies a ledger: recomputes every hash and says what does not fit, and what was not looked at.
//!
//! In: rows in order with their openings; blobs; checkpoints; the head file; perhaps an anchor.
//! Out: a report with findings, each of one kind of damage.
//! Never: stops at the first finding, and never calls a ledger good: it says what was proved.

use crate::evidence::record::{
    Checkpoint, Entry, Frontier, Kind, Note, Opening, VerifierKey, deciders, leaf_hash, parse,
};
use crate::model::{Digest, sha256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A kind of damage; each has an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// An entry's bytes are not those that were hashed.
    Altered,
    /// An entry is missing in the middle.
    Missing,
    /// Entries are missing at the end.
    Tail,
    /// Entries stand in another order than they were written in.
    Order,
    /// A blob is not what its hash says, or is missing.
    Blob,
    /// A signature or the key does not match.
    Signature,
    /// A recorded decision does not follow from its recorded inputs.
    Replay,
    /// The anchor that was given does not match.
    Anchor,
    /// An opening does not open its commitment.
    Opening,
}

impl Damage {
    /// The exit code of `exo audit verify` where this is the gravest.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Altered => 10,
            Self::Missing => 11,
            Self::Tail => 12,
            Self::Order => 13,
            Self::Blob => 14,
            Self::Signature => 15,
            Self::Replay => 16,
            Self::Anchor => 18,
            Self::Opening => 19,
        }
    }

    /// In a word or three.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Altered => "entry altered",
            Self::Missing => "entry missing",
            Self::Tail => "tail missing",
            Self::Order => "entries out of order",
            Self::Blob => "blob altered or missing",
            Self::Signature => "signature or key does not match",
            Self::Replay => "does not re-decide",
            Self::Anchor => "anchor does not match",
            Self::Opening => "opening altered",
        }
    }
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub damage: Damage,
    /// The entry it is about, where it is about one.
    pub seq: Option<u64>,
    /// What exactly.
    pub what: String,
}

/// What was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries that were read.
    pub entries: u64,
    /// Everything that does not fit.
    pub findings: Vec<Finding>,
    /// Entries up to which a signed checkpoint holds the root.
    pub signed_to: u64,
    /// Whether all signatures were checked, or that of the newest checkpoint alone.
    pub all_signatures: bool,
    /// Entries up to which an anchor that was kept elsewhere holds the root.
    pub anchored_to: Option<u64>,
    /// Root over all entries.
    pub root: String,
    /// The newest checkpoint, to be kept elsewhere.
    pub newest: String,
    /// Openings that are gone (erased); their entries stand.
    pub erased: u64,
}

impl Report {
    /// The exit code: 0, or that of the first kind of damage in the order of [`Damage`].
    #[must_use]
    pub fn code(&self) -> u8 {
        // A change in one place shows in others too; the cause comes before its consequences.
        let order = [
            Damage::Order,
            Damage::Missing,
            Damage::Altered,
            Damage::Tail,
            Damage::Anchor,
            Damage::Blob,
            Damage::Opening,
            Damage::Replay,
            Damage::Signature,
        ];
        let found: BTreeSet<Damage> = self.findings.iter().map(|f| f.damage).collect();
        order.into_iter().find(|d| found.contains(d)).map_or(0, Damage::code)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|f| json!({"damage": f.damage.name(), "code": f.damage.code(), "entry": f.seq, "what": f.what}))
            .collect();
        json!({"entries": self.entries, "intact": self.findings.is_empty(), "findings": findings,
            "signed_to": self.signed_to, "all_signatures": self.all_signatures, "anchored_to": self.anchored_to,
            "root": self.root, "erased_openings": self.erased, "newest_checkpoint": self.newest})
    }
}

/// Takes the rows one by one.
#[derive(Debug)]
pub struct Verifier {
    report: Report,
    frontier: Frontier,
    /// Roots that checkpoints claim, by size.
    claims: BTreeMap<u64, Checkpoint>,
    /// The anchor's claim.
    anchor: Option<Checkpoint>,
    anchored: bool,
    next: u64,
    prev: Option<Digest>,
    named: BTreeSet<Digest>,
}

impl Verifier {
    /// `checkpoints` are the notes of the ledger by size, `deep` checks all their signatures and not the
    /// newest alone, `vkey` is the key as it stands beside the ledger, `genesis_vkey` the one that the
    /// genesis entry names and that signatures are checked with, `anchor` a note that was kept elsewhere.
    #[must_use]
    pub fn new(
        checkpoints: &[(u64, String)],
        head: Option<&str>,
        vkey: Option<&str>,
        anchor: Option<&str>,
        deep: bool,
        genesis_vkey: Option<&str>,
    ) -> Self {
        let mut v = Self {
            report: Report { all_signatures: deep, ..Report::default() },
            frontier: Frontier::default(),
            claims: BTreeMap::new(),
            anchor: None,
            anchored: false,
            next: 0,
            prev: None,
            named: BTreeSet::new(),
        };
        let genesis = genesis_vkey.unwrap_or_default();
        if let Some(file) = vkey
            && file != genesis
        {
            v.find(
                Damage::Signature,
                Some(0),
                "the key beside the ledger is not the one that the genesis entry names".to_owned(),
            );
        }
        let key = VerifierKey::parse(genesis);
        if key.is_none() {
            v.find(Damage::Signature, Some(0), "the genesis entry names no key".to_owned());
        }
        let newest = checkpoints.last().map(|(size, _)| *size);
        for (size, text) in checkpoints {
            v.claim(*size, text, key.as_ref().filter(|_| deep || Some(*size) == newest));
        }
        v.report.newest = checkpoints.last().map(|(_, n)| n.clone()).unwrap_or_default();
        match head.map(Note::parse) {
            Some(Ok(note)) => {
                if key.as_ref().is_some_and(|k| note.verify(k).is_err()) {
                    v.find(
                        Damage::Signature,
                        None,
                        "the head file is not signed by the ledger's key".to_owned(),
                    );
                }
                v.claims.entry(note.checkpoint.size).or_insert(note.checkpoint);
            }
            Some(Err(e)) => {
                v.find(Damage::Signature, None, format!("the head file is malformed: {e}"))
            }
            None => v.find(
                Damage::Tail,
                None,
                "the head file is missing, so a cut tail would not show".to_owned(),
            ),
        }
        match anchor.map(Note::parse) {
            Some(Ok(note)) => {
                if key.as_ref().is_some_and(|k| note.verify(k).is_err()) {
                    v.find(
                        Damage::Anchor,
                        None,
                        "the anchor is not signed by the ledger's key".to_owned(),
                    );
                }
                v.anchor = Some(note.checkpoint);
            }
            Some(Err(e)) => v.find(Damage::Anchor, None, format!("the anchor is malformed: {e}")),
            None => {}
        }
        v
    }

    fn find(&mut self, damage: Damage, seq: Option<u64>, what: String) {
        self.report.findings.push(Finding { damage, seq, what });
    }

    fn claim(&mut self, size: u64, text: &str, key: Option<&VerifierKey>) {
        match Note::parse(text) {
            Err(e) => {
                self.find(Damage::Signature, None, format!("checkpoint {size} is malformed: {e}"))
            }
            Ok(note) => {
                if note.checkpoint.size != size {
                    self.find(
                        Damage::Signature,
                        None,
                        format!("checkpoint {size} says {}", note.checkpoint.size),
                    );
                }
                if let Some(key) = key
                    && let Err(e) = note.verify(key)
                {
                    self.find(Damage::Signature, None, format!("checkpoint {size}: {e}"));
                }
                self.claims.insert(size, note.checkpoint);
            }
        }
    }

    /// The next row, with what opens its commitments. Gives the entry where its bytes are one.
    pub fn row(
        &mut self,
        seq: u64,
        leaf: &[u8],
        body: &[u8],
        openings: &[Opening],
    ) -> Option<Entry> {
        self.report.entries += 1;
        if seq != self.next {
            let what = format!("entry {} is missing; {seq} follows", self.next);
            self.find(Damage::Missing, Some(self.next), what);
        }
        self.next = seq.saturating_add(1);
        let hash = leaf_hash(body);
        if leaf != hash.0 {
            self.find(
                Damage::Altered,
                Some(seq),
                "its bytes are not those that were hashed".to_owned(),
            );
        }
        let entry = match parse(body) {
            Ok(entry) => entry,
            Err(e) => {
                self.find(Damage::Altered, Some(seq), format!("cannot be read: {e}"));
                self.step(seq, hash);
                return None;
            }
        };
        if entry.head.seq != seq {
            let what = format!("stands at {seq} and says it is entry {}", entry.head.seq);
            self.find(Damage::Order, Some(seq), what);
        } else if entry.head.prev != self.prev {
            self.find(Damage::Altered, Some(seq), "does not name the entry before it".to_owned());
        }
        for opening in openings {
            if entry.commit.get(&opening.field) != Some(&opening.commitment()) {
                let what = format!("opening `{}` does not open its commitment", opening.field);
                self.find(Damage::Opening, Some(seq), what);
            }
        }
        let opened = openings.iter().filter(|o| entry.commit.contains_key(&o.field)).count();
        let gone = entry.commit.len().saturating_sub(opened);
        self.report.erased += u64::try_from(gone).unwrap_or_default();
        if entry.kind == Kind::Profile {
            let (profile, catalogue) = deciders(&entry.public);
            self.named.extend(profile.into_iter().chain(catalogue));
        }
        self.step(seq, hash);
        Some(entry)
    }

    fn step(&mut self, seq: u64, hash: Digest) {
        self.prev = Some(hash);
        self.frontier.push(hash);
        let size = self.frontier.size();
        if let Some(claim) = self.claims.remove(&size) {
            if claim.root == self.frontier.root() {
                self.report.signed_to = size;
            } else {
                let what = format!("checkpoint {size} is over other entries");
                self.find(Damage::Altered, Some(seq), what);
            }
        }
        if let Some(anchor) = self.anchor.as_ref().filter(|a| a.size == size) {
            self.anchored = anchor.root == self.frontier.root();
            if self.anchored {
                self.report.anchored_to = Some(size);
            }
        }
    }

    /// Checks that every blob is what its hash says, and that all that entries name are there.
    pub fn blobs(&mut self, blobs: &[(Vec<u8>, Vec<u8>)]) {
        let mut there = BTreeSet::new();
        for (name, bytes) in blobs {
            let hash = sha256(&[bytes]);
            there.insert(hash);
            if name.as_slice() != hash.0 {
                let shown = <[u8; 32]>::try_from(name.as_slice())
                    .map_or_else(|_| "?".to_owned(), |n| Digest(n).to_string());
                self.find(Damage::Blob, None, format!("blob {shown} has other bytes"));
            }
        }
        for digest in std::mem::take(&mut self.named) {
            if !there.contains(&digest) {
                self.find(
                    Damage::Blob,
                    None,
                    format!("blob {digest}, which an entry names, is missing"),
                );
            }
        }
    }

    /// A recorded decision that does not follow.
    pub fn does_not_follow(&mut self, seq: u64, what: String) {
        self.find(Damage::Replay, Some(seq), what);
    }

    /// What was proved.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let size = self.frontier.size();
        let beyond: Vec<u64> = self.claims.keys().copied().filter(|s| *s > size).collect();
        if let Some(most) = beyond.last() {
            let what = format!("a signed checkpoint names {most} entries, there are {size}");
            self.find(Damage::Tail, Some(size), what);
        }
        if let Some(anchor) = &self.anchor {
            if anchor.size > size {
                let what = format!("the anchor names {} entries, there are {size}", anchor.size);
                self.find(Damage::Tail, Some(size), what);
            } else if !self.anchored {
                let what = format!("the anchor over {} entries has another root", anchor.size);
                self.find(Damage::Anchor, None, what);
            }
        }
        if self.report.signed_to < size && beyond.is_empty() {
            let what = format!("entries from {} on are under no checkpoint", self.report.signed_to);
            self.find(Damage::Signature, Some(self.report.signed_to), what);
        }
        self.report.root = self.frontier.root().to_string();
        self.report
    }
}
