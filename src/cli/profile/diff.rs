//! `exo profile diff`: in what two profiles differ.
//!
//! In: two profiles, perhaps the ledger. Out: rules, effects and past decisions that differ.
//! Never: writes.

use super::load;
use super::prove::{check_words, shell};
use crate::cli::audit::entries;
use crate::cli::text::{out, printable};
use crate::cli::{NO, UNKNOWN, YES};
use crate::evidence::audit::{Replayed, Replayer, opened};
use crate::evidence::ledger::Reader;
use crate::gate::{Error, Installation};
use crate::judge::lint::{Change, Proof, Terms, Witness, compare, implies};
use crate::judge::policy::Policy;
use crate::model::{Decision, Payload, Verdict};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What `--help` adds.
pub(in crate::cli) const HELP: &str =
    "Exit codes: 0 they admit the same; 1 they do not; 2 it could not be told.";

/// Arguments of `exo profile diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The first: a name, or the path of a file
    a: String,
    /// The second
    b: String,
    /// Decide the past decisions of the first again under the second
    #[arg(long)]
    ledger: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A past decision that would be another.
struct Changed {
    entry: u64,
    line: String,
    before: String,
    after: Verdict,
    /// The effect that decides, and by which rule.
    by: String,
}

/// What came of the past decisions.
#[derive(Default)]
struct Past {
    same: u64,
    changed: Vec<Changed>,
    /// Entries whose inputs do not tell, with the reason.
    unknown: Vec<(u64, String)>,
}

pub(super) fn diff(installation: &Installation, args: &DiffArgs) -> Result<u8, Error> {
    let (a, b) = (load(installation, &args.a)?, load(installation, &args.b)?);
    let changes = compare(&a, &b);
    let terms = Terms { here: None, or_asked: false };
    let (less, more) = (implies(&a, &b, terms), implies(&b, &a, terms));
    let past = if args.ledger { Some(past(installation, &a, &b)?) } else { None };
    let unknown = |p: &Proof| matches!(p, Proof::Unknown(_));
    let code = match (&less, &more, &past) {
        (Proof::Refuted(_), ..) | (_, Proof::Refuted(_), _) => NO,
        (.., Some(p)) if !p.changed.is_empty() => NO,
        (l, m, _) if unknown(l) || unknown(m) => UNKNOWN,
        (.., Some(p)) if !p.unknown.is_empty() => UNKNOWN,
        _ => YES,
    };
    if args.json {
        out(&format!(
            "{:#}\n",
            json!({"a": a.name, "b": b.name, "changes": changes.iter().map(change_json).collect::<Vec<_>>(),
                "only_a_allows": proof_json(&less), "only_b_allows": proof_json(&more),
                "ledger": past.as_ref().map(past_json)})
        ));
        return Ok(code);
    }
    let mut t = String::new();
    for change in &changes {
        let _ = writeln!(t, "{}", printable(&change_text(change)));
    }
    let both = matches!((&less, &more), (Proof::Proved, Proof::Proved));
    if both {
        let _ = writeln!(t, "both allow the same effects, whatever the facts are");
    } else {
        side(&mut t, &a, &b, &less);
        side(&mut t, &b, &a, &more);
    }
    if let Some(past) = &past {
        past_text(&mut t, past, &a, &b);
    }
    out(&t);
    Ok(code)
}

fn change_text(change: &Change) -> String {
    match change {
        Change::Added(id) => format!("+ rule {id}"),
        Change::Removed(id) => format!("- rule {id}"),
        Change::Changed(id, keys) => format!("~ rule {id}: {}", keys.join(", ")),
        Change::Setting(key, x, y) => format!("~ {key}: `{x}` to `{y}`"),
    }
}

fn change_json(change: &Change) -> Value {
    match change {
        Change::Added(id) => json!({"change": "added", "rule": id}),
        Change::Removed(id) => json!({"change": "removed", "rule": id}),
        Change::Changed(id, keys) => json!({"change": "changed", "rule": id, "keys": keys}),
        Change::Setting(key, x, y) => json!({"change": "setting", "key": key, "a": x, "b": y}),
    }
}

/// What one allows and the other does not.
fn side(t: &mut String, one: &Policy, other: &Policy, proof: &Proof) {
    match proof {
        Proof::Proved => {
            let _ = writeln!(t, "{} allows nothing that {} does not", one.name, other.name);
        }
        Proof::Unknown(why) => {
            let _ = writeln!(t, "what {} alone allows is not known: {}", one.name, printable(why));
        }
        Proof::Refuted(found) => {
            let _ = writeln!(t, "{} allows, and {} does not, for example", one.name, other.name);
            for w in found {
                let other = w.other.as_deref().unwrap_or_default();
                let _ = writeln!(
                    t,
                    "  {} {} (rule {}; there: {other})",
                    w.action,
                    printable(&w.resource.to_string()),
                    w.rule
                );
                let _ = writeln!(t, "    {}", printable(&shell(&check_words(&one.name, w))));
            }
        }
    }
}

fn proof_json(proof: &Proof) -> Value {
    let row = |w: &Witness| json!({"action": w.action.name(), "resource": w.resource.to_string(), "rule": w.rule, "other_rule": w.other});
    match proof {
        Proof::Proved => json!({"known": true, "examples": []}),
        Proof::Refuted(found) => {
            json!({"known": true, "examples": found.iter().map(row).collect::<Vec<_>>()})
        }
        Proof::Unknown(why) => json!({"known": false, "why": why}),
    }
}

/// Every decision of `a`, decided again under `b` from its entry alone.
fn past(installation: &Installation, a: &Policy, b: &Policy) -> Result<Past, Error> {
    let reader = Reader::open(&installation.state)?;
    let mut replayer = Replayer::default();
    let blob = |digest: &_| reader.blob(digest).ok().flatten();
    let mut past = Past::default();
    entries(&reader, 0, |(entry, openings)| {
        let name = entry.public.get("profile").and_then(|p| p.get("name")).and_then(Value::as_str);
        if name != Some(a.name.as_str()) {
            return true;
        }
        let seq = entry.head.seq;
        match replayer.under(b, &entry, &openings, &blob) {
            Err(Replayed::NotADecision) => {}
            Err(Replayed::Erased(field)) => {
                past.unknown.push((seq, format!("`{field}` was erased")))
            }
            Err(Replayed::Differs(why)) => past.unknown.push((seq, why)),
            Err(Replayed::Same) => {}
            Ok((_, decision)) if !decision.errors.is_empty() => {
                past.unknown.push((seq, decision.errors.join("; ")));
            }
            Ok((_, decision)) => {
                let before = entry.text("verdict").unwrap_or_default();
                if before == decision.verdict.name() {
                    past.same += 1;
                } else {
                    let line = opened(&openings, "payload").as_ref().and_then(Payload::from_json);
                    past.changed.push(Changed {
                        entry: seq,
                        line: line.map(|p| p.display()).unwrap_or_default(),
                        before: before.to_owned(),
                        after: decision.verdict,
                        by: deciding(&decision),
                    });
                }
            }
        }
        true
    })?;
    Ok(past)
}

fn deciding(decision: &Decision) -> String {
    match (&decision.identity, decision.deciding()) {
        (Some(why), _) => why.clone(),
        (None, Some(e)) => format!("{} {}, rule {}", e.action, e.resource, e.rule),
        (None, None) => "no effects".to_owned(),
    }
}

fn past_text(t: &mut String, past: &Past, a: &Policy, b: &Policy) {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for c in &past.changed {
        *counts.entry((&c.before, c.after.name())).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|((x, y), n)| format!("{n} {x} to {y}")).collect();
    let unknown = past.unknown.len();
    let total = past.same + (past.changed.len() + unknown) as u64;
    let changed =
        if counts.is_empty() { "none would change".to_owned() } else { counts.join(", ") };
    let _ = writeln!(
        t,
        "of {total} decisions of {} under {}: {changed}; {} the same, {unknown} not known",
        a.name, b.name, past.same
    );
    for c in &past.changed {
        let _ = writeln!(
            t,
            "  entry {}: {} to {}: {} ({})",
            c.entry,
            c.before,
            c.after,
            printable(&c.line),
            printable(&c.by)
        );
    }
    for (entry, why) in &past.unknown {
        let _ = writeln!(t, "  entry {entry}: not known: {}", printable(why));
    }
}

fn past_json(past: &Past) -> Value {
    let changed: Vec<Value> = past
        .changed
        .iter()
        .map(|c| json!({"entry": c.entry, "line": c.line, "before": c.before, "after": c.after, "by": c.by}))
        .collect();
    let unknown: Vec<Value> =
        past.unknown.iter().map(|(entry, why)| json!({"entry": entry, "why": why})).collect();
    json!({"same": past.same, "changed": changed, "unknown": unknown})
}
