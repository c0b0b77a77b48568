//! `exo explain`: what would be decided, and how that comes about.
//!
//! In: an agent and a payload. Out: line, commands, effects, rules, facts, sandbox.
//! Never: runs anything; writes an entry only with `--record`.

use super::args::PayloadArgs;
use super::check::{Suppose, code, failed};
use super::text::{out, printable, verdict};
use crate::gate::{self, Bench, Error, Judged};
use crate::judge::lint::{Near, Nearness, near};
use crate::judge::policy::Policy;
use crate::model::{EffectDecision, Verdict};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Arguments of `exo explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Record the judgement in the ledger
    #[arg(long)]
    record: bool,
    #[command(flatten)]
    suppose: Suppose,
    #[command(flatten)]
    payload: PayloadArgs,
}

/// `exo explain`.
pub(super) fn run(args: ExplainArgs) -> u8 {
    let json = args.json;
    let judge = || -> Result<(Bench, Judged, Option<u64>), Error> {
        let (bench, installation) = args.payload.bench()?;
        args.suppose.tell(&bench);
        let record = args.record.then_some(&installation);
        let (judged, entry) = gate::check(&bench, args.payload.payload()?, record)?;
        Ok((bench, judged, entry))
    };
    match judge() {
        Err(e) => failed(&e, json),
        Ok((bench, judged, _)) if json => {
            let mut value = judged.to_json();
            let values = bench.policy.values(&judged.request.snapshot);
            let rules: Vec<Vec<Value>> = judged
                .request
                .intent
                .effects
                .iter()
                .map(|e| near(&bench.policy, e, &values).iter().map(Near::to_json).collect())
                .collect();
            if let Some(map) = value.as_object_mut() {
                map.insert("rules".to_owned(), json!(rules));
                map.insert("intent".to_owned(), judged.request.intent.to_json());
                map.insert("sandbox".to_owned(), json!(*judged.decision.sandbox));
            }
            out(&format!("{value:#}\n"));
            code(&judged.decision)
        }
        Ok((bench, judged, entry)) => {
            out(&text(&bench.policy, &judged, entry));
            code(&judged.decision)
        }
    }
}

fn text(policy: &Policy, judged: &Judged, entry: Option<u64>) -> String {
    let mut t = String::new();
    let (request, decision) = (&judged.request, &judged.decision);
    let subject = &request.subject;
    let values = policy.values(&request.snapshot);
    let _ = writeln!(t, "payload   {}", printable(&request.payload.display()));
    let answers = if subject.sponsor.is_empty() { "nobody named" } else { &subject.sponsor };
    let _ = writeln!(
        t,
        "subject   {} (run by {}, answered for by {answers})",
        subject.agent, subject.user
    );
    let _ = writeln!(t, "profile   {} {}", judged.profile.name, judged.profile.sha256);
    let _ = writeln!(t, "catalogue {}", judged.catalogue_sha256);
    if request.intent.commands.is_empty() {
        t.push_str("\nno command was found in it\n");
    }
    for (i, command) in request.intent.commands.iter().enumerate() {
        let tool = command.tool.as_deref().unwrap_or("not in the catalogue");
        let _ = writeln!(t, "\ncommand {}: {}  [{tool}]", i + 1, printable(&command.text));
        let mut any = false;
        let effects = request.intent.effects.iter().zip(&decision.effects);
        for (effect, e) in effects.filter(|(e, _)| e.command == i) {
            any = true;
            let _ =
                writeln!(t, "  {:<5} {} {}", e.verdict.name(), e.action, printable(&e.resource));
            let _ = writeln!(t, "        from {}", printable(&e.source));
            let place = policy
                .rule(&e.rule)
                .map(|r| format!(" ({}.toml:{})", r.profile, r.line))
                .unwrap_or_default();
            let _ = writeln!(t, "        rule {}{place}: {}", e.rule, e.why);
            others(&mut t, e, &near(policy, effect, &values));
        }
        if !any {
            t.push_str("  has no effect that needs a rule\n");
        }
    }
    t.push_str("\nfacts\n");
    for (name, fact) in &request.snapshot.facts {
        let value = printable(&fact.answer.to_string());
        let _ = writeln!(t, "  {} = {value}  [{}]", printable(name), fact.source);
    }
    let _ = writeln!(t, "  state hash {}", judged.state_hash);
    t.push_str("\nsandbox\n");
    let s = &decision.sandbox;
    for (what, list) in [("read", &s.read), ("write", &s.write), ("execute", &s.execute)] {
        let _ = writeln!(t, "  {what:<8} {}", list.join(" "));
    }
    let ports = |p: &[u16]| {
        let shown: Vec<String> = p.iter().map(u16::to_string).collect();
        if shown.is_empty() { "nothing".to_owned() } else { shown.join(" ") }
    };
    let _ = writeln!(t, "  connect  {}", ports(&s.connect));
    let _ = writeln!(t, "  listen   {}", ports(&s.listen));
    let _ = writeln!(t, "\nverdict   {}", verdict(decision, entry));
    t
}

/// Most rules that nearly matched and are shown.
const MAX_NEAR: usize = 4;

/// The rules that matched as well, and those that nearly did.
fn others(t: &mut String, decided: &EffectDecision, near: &[Near<'_>]) {
    let (matched, rest): (Vec<&Near<'_>>, Vec<&Near<'_>>) =
        near.iter().partition(|n| n.nearness == Nearness::Matched);
    for n in matched.iter().filter(|n| n.rule.id != decided.rule) {
        let _ = writeln!(t, "        also {} {}", n.rule.kind(), n.rule.id);
    }
    // Where no rule decided, what would have admitted it; else only what its `when` kept from deciding.
    let helps = |n: &&&Near<'_>| match decided.rule.as_str() {
        "default" => n.rule.effect != Verdict::Deny,
        _ => n.nearness == Nearness::When,
    };
    let near: Vec<&&Near<'_>> = rest.iter().filter(helps).collect();
    for n in near.iter().take(MAX_NEAR) {
        let _ = writeln!(t, "        not  {} {}: {}", n.rule.kind(), n.rule.id, printable(&n.why));
    }
    if near.len() > MAX_NEAR {
        let _ = writeln!(t, "        and {} more; --json has all", near.len() - MAX_NEAR);
    }
}
