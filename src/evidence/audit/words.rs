//! An entry in words that an auditor can read.
//!
//! In: an entry, its openings, the outcome that belongs to it. Out: lines.
//! Never: shows what was erased, or says more than stands in the entry.

use crate::evidence::record::{Entry, Kind, Opening};
use crate::model::{Payload, Snapshot};
use serde_json::Value;
use std::fmt::Write as _;

/// An entry with what belongs to it.
#[derive(Debug)]
pub struct Story<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// What opens its commitments.
    pub openings: &'a [Opening],
    /// For an intent: its outcome or recovery.
    pub end: Option<&'a Entry>,
    /// When, in UTC.
    pub time: String,
    /// When it ended.
    pub end_time: String,
}

/// The value of a private field; `None` where it was erased.
#[must_use]
pub fn opened(openings: &[Opening], field: &str) -> Option<Value> {
    let opening = openings.iter().find(|o| o.field == field)?;
    serde_json::from_slice(&opening.value).ok()
}

/// The decided effects of an entry.
#[must_use]
pub fn effects_of(openings: &[Opening]) -> Vec<Value> {
    let decision = opened(openings, "decision").unwrap_or_default();
    decision.get("effects").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text<'a>(v: &'a Value, path: &str) -> &'a str {
    let found = path.split('.').try_fold(v, |at, key| at.get(key));
    found.and_then(Value::as_str).unwrap_or("")
}

/// The lines.
#[must_use]
pub fn story(s: &Story<'_>) -> String {
    let mut t = String::new();
    let e = s.entry;
    let public = Value::Object(e.public.clone());
    let _ = writeln!(t, "entry     {} of {}, {}", e.head.seq, e.head.log, e.kind.name());
    let _ = writeln!(t, "when      {} (boot {})", s.time, e.head.boot_id);
    if !matches!(e.kind, Kind::Intent | Kind::Deny | Kind::Check) {
        for (name, value) in &e.public {
            let _ = writeln!(t, "{name:<9} {value}");
        }
        return t;
    }
    let sponsor = match text(&public, "sponsor") {
        "" => "nobody named".to_owned(),
        name => name.to_owned(),
    };
    let subject = opened(s.openings, "subject").unwrap_or_default();
    let session = match text(&public, "session") {
        "" => String::new(),
        name => format!(", session {name}"),
    };
    let _ = writeln!(
        t,
        "who       agent {} ({}), run by user {}; answered for by {sponsor}{session}",
        text(&public, "agent"),
        text(&subject, "assurance"),
        text(&subject, "user"),
    );
    match opened(s.openings, "payload") {
        Some(v) => {
            let shown = Payload::from_json(&v).map(|p| p.display()).unwrap_or_default();
            let _ = writeln!(t, "what      {shown}");
            let _ = writeln!(t, "where     {}", text(&v, "cwd"));
        }
        None => t.push_str("what      (erased)\n"),
    }
    let mode = if text(&public, "mode") == "shadow" { " (shadow mode: watched only)" } else { "" };
    let _ = writeln!(t, "verdict   {}{mode}", text(&public, "verdict"));
    let _ = writeln!(
        t,
        "profile   {} {}",
        text(&public, "profile.name"),
        text(&public, "profile.sha256")
    );
    let _ = writeln!(t, "catalogue {}", text(&public, "catalogue_sha256"));
    let _ = writeln!(t, "engine    {}", text(&public, "engine"));
    if public.get("failed").is_some() {
        let why = opened(s.openings, "failure").unwrap_or_default();
        let _ = writeln!(t, "failed    {}; nothing ran", why.as_str().unwrap_or("(erased)"));
    }
    t.push_str("by which rule\n");
    let effects = effects_of(s.openings);
    if effects.is_empty() {
        t.push_str("  it has no effect that needs a rule\n");
    }
    for f in &effects {
        let _ = writeln!(
            t,
            "  {:<5} {} {}: rule {} ({})",
            text(f, "verdict"),
            text(f, "action"),
            text(f, "resource"),
            text(f, "rule"),
            text(f, "why"),
        );
    }
    if let Some(facts) = opened(s.openings, "facts").as_ref().and_then(Snapshot::from_json) {
        t.push_str("on which facts\n");
        for (name, fact) in &facts.facts {
            let _ = writeln!(t, "  {name} = {}", fact.answer);
        }
    } else {
        t.push_str("on which facts\n  (erased)\n");
    }
    confinement(&mut t, s, &public);
    ending(&mut t, s);
    t
}

fn confinement(t: &mut String, s: &Story<'_>, public: &Value) {
    if s.entry.kind != Kind::Intent {
        t.push_str("confined  nothing ran\n");
        return;
    }
    let Some(enforced) = opened(s.openings, "enforced").filter(|v| !v.is_null()) else {
        t.push_str("confined  not at all (shadow mode), or erased\n");
        return;
    };
    let abi = public.get("landlock_abi").and_then(Value::as_u64).unwrap_or_default();
    let _ = writeln!(t, "confined  Landlock ABI {abi}, plan {}", text(public, "plan_sha256"));
    for rule in enforced.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let rights: Vec<&str> = rule
            .get("rights")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let kind = if rights.contains(&"write_file") {
            "write"
        } else if rights.contains(&"execute") {
            "execute"
        } else {
            "read"
        };
        let _ = writeln!(t, "  {kind:<7} {}", text(rule, "path"));
    }
    let _ = writeln!(
        t,
        "  connect to ports {}, listen on {}",
        enforced.get("connect").unwrap_or(&Value::Null),
        enforced.get("listen").unwrap_or(&Value::Null)
    );
    let paths = opened(s.openings, "program").unwrap_or_default();
    let hashes = public.get("exe").and_then(Value::as_array);
    for (i, exe) in hashes.into_iter().flatten().enumerate() {
        let path = paths.get(i).and_then(Value::as_str).unwrap_or("(erased)");
        let _ = writeln!(t, "program   {path} sha256 {}", text(exe, "sha256"));
    }
}

fn ending(t: &mut String, s: &Story<'_>) {
    if s.entry.kind != Kind::Intent {
        return;
    }
    let Some(end) = s.end else {
        t.push_str("ended     open: no outcome was recorded\n");
        return;
    };
    let public = Value::Object(end.public.clone());
    if end.kind == Kind::Recovery {
        let _ = writeln!(
            t,
            "ended     unknown: exo was gone ({}); entry {}",
            text(&public, "reason"),
            end.head.seq
        );
        return;
    }
    let how = public.get("end").cloned().unwrap_or_default();
    let number = |name: &str| how.get(name).and_then(Value::as_i64).unwrap_or_default();
    let how = match text(&how, "how") {
        "exited" => format!("exited with {}", number("code")),
        "signaled" => format!("died of signal {}", number("signal")),
        _ => format!("never started ({}, error {})", text(&how, "stage"), number("errno")),
    };
    let us = public.get("duration_us").and_then(Value::as_u64).unwrap_or_default();
    let _ = writeln!(
        t,
        "ended     {how} after {}.{:03} ms; entry {}, {}",
        us / 1000,
        us % 1000,
        end.head.seq,
        s.end_time
    );
}
