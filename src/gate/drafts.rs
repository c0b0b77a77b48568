//! What the gate writes into the ledger, field by field.
//!
//! In: a judged payload, a program, a plan, an outcome. Out: drafts of entries; names, paths and
//! values go into the private fields, of which the entry holds only salted commitments.
//! Never: writes.

use super::judged::{Bench, Judged};
use super::{Error, Process};
use crate::enforce::exec::Outcome;
use crate::evidence::ledger::{Draft, OpenIntent};
use crate::evidence::record::Kind;
use crate::model::{ENGINE, World};
use serde_json::{Map, Value, json};

/// What is known about the run at the moment of the intent, besides the decision.
#[derive(Debug, Default)]
pub(super) struct Arrangement {
    /// Hash and size of the program that will be executed, and of its script's interpreters.
    pub(super) exe: Value,
    /// Their paths.
    pub(super) program: Value,
    /// The sandbox plan as JSON, which is committed to; null where nothing will run.
    pub(super) enforced: Value,
    /// SHA-256 of that.
    pub(super) plan_sha256: Value,
    /// Landlock ABI of the kernel.
    pub(super) landlock_abi: Value,
    /// Why exo could not run what was allowed.
    pub(super) failed: Option<String>,
}

/// The entry of a decision, of any kind.
pub(super) fn decided(
    kind: Kind,
    judged: &Judged,
    me: &Process,
    arranged: Arrangement,
) -> Result<Draft, Error> {
    let (request, decision) = (&judged.request, &judged.decision);
    let subject = &request.subject;
    let mut rules: Vec<&str> = decision.effects.iter().map(|e| e.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let decision_json = decision.to_json()?;
    let mut public = object(json!({
        "agent": subject.agent, "sponsor": subject.sponsor, "session": subject.session,
        "os": {"uid": subject.uid, "gid": me.gid, "pid": me.pid, "start_ticks": me.start_ticks},
        "verdict": decision.verdict.name(),
        "mode": decision_json.get("mode"),
        "rules": rules,
        "profile": judged.profile,
        "catalogue_sha256": judged.catalogue_sha256,
        "engine": ENGINE,
        "errors": decision.errors.len(),
        "identity_refused": decision.identity.is_some(),
        "decide_ns": judged.decide_ns,
        "exe": arranged.exe,
        "plan_sha256": arranged.plan_sha256,
        "landlock_abi": arranged.landlock_abi,
    }));
    if arranged.failed.is_some() {
        public.insert("failed".to_owned(), json!(true));
    }
    let mut payload = object(request.payload.to_json());
    let cwd = request.snapshot.ask("cwd").text().map(str::to_owned);
    payload.insert("cwd".to_owned(), json!(cwd));
    let private = vec![
        ("payload", Value::Object(payload)),
        ("facts", request.snapshot.to_json()),
        ("subject", serde_json::to_value(subject)?),
        ("intent", request.intent.to_json()),
        ("decision", decision_json),
        ("enforced", arranged.enforced),
        ("program", arranged.program),
        ("failure", json!(arranged.failed)),
    ];
    Ok(Draft { kind, public, private, blobs: Vec::new() })
}

/// The first use of a profile with this catalogue and engine: both texts become blobs.
pub(super) fn profile(bench: &Bench, judged: &Judged) -> Draft {
    let public = object(json!({
        "profile": judged.profile, "catalogue_sha256": judged.catalogue_sha256, "engine": ENGINE,
        "examples": "hold",
    }));
    let blobs = vec![bench.policy.bundle(), bench.catalogue.bundle()];
    Draft { kind: Kind::Profile, public, private: Vec::new(), blobs }
}

/// How a run ended.
pub(super) fn outcome(intent_seq: u64, outcome: &Outcome) -> Result<Draft, Error> {
    let mut public = object(json!({"intent_seq": intent_seq}));
    public.extend(object(serde_json::to_value(outcome)?));
    Ok(Draft { kind: Kind::Outcome, public, private: Vec::new(), blobs: Vec::new() })
}

/// An intent whose exo is gone: nobody will say how it ended.
pub(super) fn recovery(open: &OpenIntent, reason: &str) -> Draft {
    let public = object(json!({"intent_seq": open.seq, "end": "unknown", "reason": reason}));
    Draft { kind: Kind::Recovery, public, private: Vec::new(), blobs: Vec::new() }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
