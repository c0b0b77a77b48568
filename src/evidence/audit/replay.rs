//! Decides again: each recorded decision from its recorded inputs, compared byte for byte.
//!
//! In: an entry, its openings, and the texts of profile and catalogue by hash. Out: whether the same
//! bytes came out.
//! Never: asks the machine; what was not recorded counts as a failure to find out.

use crate::evidence::record::{Entry, Kind, Opening, deciders};
use crate::judge::catalogue::Catalogue;
use crate::judge::decide::decide;
use crate::judge::intent;
use crate::judge::policy::Policy;
use crate::model::{Decision, Digest, ENGINE, Payload, Request, Snapshot, Subject, canonical};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What came of deciding again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The same bytes.
    Same,
    /// Other bytes, or inputs that cannot be read.
    Differs(String),
    /// An input was erased.
    Erased(String),
    /// The entry holds no decision.
    NotADecision,
}

/// Decides again, keeping each profile and catalogue it has parsed.
#[derive(Debug, Default)]
pub struct Replayer {
    policies: BTreeMap<Digest, Result<Rc<Policy>, String>>,
    catalogues: BTreeMap<Digest, Result<Rc<Catalogue>, String>>,
}

impl Replayer {
    /// Decides one entry again. `blob` finds a text by its hash.
    pub fn replay(
        &mut self,
        entry: &Entry,
        openings: &[Opening],
        blob: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Replayed {
        if !matches!(entry.kind, Kind::Intent | Kind::Deny | Kind::Check) {
            return Replayed::NotADecision;
        }
        let engine = entry.text("engine").unwrap_or_default();
        let other = if engine == ENGINE {
            String::new()
        } else {
            format!(" (decided by {engine}, this is {ENGINE})")
        };
        match self.again(entry, openings, blob) {
            Ok(None) => Replayed::Same,
            Ok(Some(what)) => Replayed::Differs(format!("{what}{other}")),
            Err(Missing::Erased(field)) => Replayed::Erased(field),
            Err(Missing::Malformed(what)) => Replayed::Differs(format!("{what}{other}")),
        }
    }

    /// What another policy decides on the inputs of an entry.
    ///
    /// # Errors
    /// The entry holds no decision, or an input was erased or cannot be read.
    pub fn under(
        &mut self,
        policy: &Policy,
        entry: &Entry,
        openings: &[Opening],
        blob: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Result<(Request, Decision), Replayed> {
        if !matches!(entry.kind, Kind::Intent | Kind::Deny | Kind::Check) {
            return Err(Replayed::NotADecision);
        }
        let inputs = self.inputs(entry, openings, blob).map_err(|missing| match missing {
            Missing::Erased(field) => Replayed::Erased(field),
            Missing::Malformed(what) => Replayed::Differs(what),
        })?;
        Ok(inputs.decide(policy))
    }

    fn again(
        &mut self,
        entry: &Entry,
        openings: &[Opening],
        blob: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Result<Option<String>, Missing> {
        let inputs = self.inputs(entry, openings, blob)?;
        let (profile, _) = deciders(&entry.public);
        let profile = profile.ok_or_else(|| Missing::malformed("profile"))?;
        let policy = self
            .policies
            .entry(profile)
            .or_insert_with(|| {
                let text = blob(&profile).ok_or_else(|| format!("profile {profile} is missing"))?;
                Policy::from_bundle(&text).map(Rc::new).map_err(|e| e.to_string())
            })
            .clone()
            .map_err(Missing::Malformed)?;
        let (request, decision) = inputs.decide(&policy);
        if canonical(&request.intent.to_json()).ok().as_deref() != Some(bytes(openings, "intent")?)
        {
            return Ok(Some("the effects of the payload are others".to_owned()));
        }
        let json = decision.to_json().map_err(|e| Missing::Malformed(e.to_string()))?;
        if canonical(&json).ok().as_deref() != Some(bytes(openings, "decision")?) {
            return Ok(Some(format!("the decision is {}, with other bytes", decision.verdict)));
        }
        let recorded = entry.text("verdict");
        if recorded != Some(decision.verdict.name()) {
            return Ok(Some(format!(
                "the entry says {}, its inputs say {}",
                recorded.unwrap_or("nothing"),
                decision.verdict
            )));
        }
        Ok(None)
    }

    /// What an entry was decided over, but for the profile.
    fn inputs(
        &mut self,
        entry: &Entry,
        openings: &[Opening],
        blob: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Result<Inputs, Missing> {
        let value = |field: &str| -> Result<Value, Missing> {
            serde_json::from_slice(bytes(openings, field)?).map_err(|_| Missing::malformed(field))
        };
        let payload =
            Payload::from_json(&value("payload")?).ok_or_else(|| Missing::malformed("payload"))?;
        let snapshot =
            Snapshot::from_json(&value("facts")?).ok_or_else(|| Missing::malformed("facts"))?;
        let subject: Subject =
            serde_json::from_value(value("subject")?).map_err(|_| Missing::malformed("subject"))?;
        let (_, catalogue) = deciders(&entry.public);
        let catalogue = catalogue.ok_or_else(|| Missing::malformed("catalogue_sha256"))?;
        let catalogue = self
            .catalogues
            .entry(catalogue)
            .or_insert_with(|| {
                let text =
                    blob(&catalogue).ok_or_else(|| format!("catalogue {catalogue} is missing"))?;
                Catalogue::from_bundle(&text).map(Rc::new).map_err(|e| e.to_string())
            })
            .clone()
            .map_err(Missing::Malformed)?;
        Ok(Inputs { payload, snapshot, subject, catalogue })
    }
}

/// What an entry was decided over.
struct Inputs {
    payload: Payload,
    snapshot: Snapshot,
    subject: Subject,
    catalogue: Rc<Catalogue>,
}

impl Inputs {
    fn decide(self, policy: &Policy) -> (Request, Decision) {
        let Self { payload, snapshot, subject, catalogue } = self;
        let bound = policy.bind(&snapshot);
        let intent = intent::read(&payload, &catalogue, &snapshot, bound.reach());
        let request = Request { subject, payload, intent, snapshot };
        let decision = decide(policy, &request);
        (request, decision)
    }
}

/// The value of a private field.
fn bytes<'a>(openings: &'a [Opening], field: &str) -> Result<&'a [u8], Missing> {
    let opening = openings.iter().find(|o| o.field == field);
    opening.map(|o| o.value.as_slice()).ok_or_else(|| Missing::Erased(field.to_owned()))
}

enum Missing {
    Erased(String),
    Malformed(String),
}

impl Missing {
    fn malformed(field: &str) -> Self {
        Self::Malformed(format!("`{field}` is malformed"))
    }
}
