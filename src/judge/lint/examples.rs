//! Runs a profile's own examples.
//!
//! In: a policy and a catalogue. Out: findings.
//! Never: runs a command, changes a profile.
//!
//! What an example claims, for the rules of the profile's own file: of a permit, that the line is
//! allowed and this rule decides some effect of it; of an ask or forbid, that the line is asked for or
//! denied and this rule decides some effect. A counter-example of a permit is not allowed; of an ask
//! or forbid it has no effect that this rule decides. The rule's own `when` is taken as holding.

use super::moment::of_line;
use super::{Check, Finding, Fixture};
use crate::judge::catalogue::Catalogue;
use crate::judge::decide::rehearse;
use crate::judge::policy::{Policy, Rule};
use crate::model::{Decision, Verdict};

/// Runs the examples and counter-examples of every rule of the policy's own file. Empty: all hold.
#[must_use]
pub fn examples(policy: &Policy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in policy.rules().iter().filter(|r| r.profile == policy.name) {
        let lines = rule.examples.iter().map(|l| (l, true));
        for (line, example) in lines.chain(rule.counter_examples.iter().map(|l| (l, false))) {
            let request = of_line(policy, catalogue, line, &Fixture);
            let decision = rehearse(policy, &request, &rule.id);
            if let Some(what) = wrong(rule, &decision, example) {
                let kind = if example { "example" } else { "counter-example" };
                let message = format!("{kind} `{line}`: {what}{}", told(&decision));
                findings.push(Finding::of(rule, Check::Example, message));
            }
        }
    }
    findings
}

/// Why the line does not show what it should; `None` where it does.
fn wrong(rule: &Rule, decision: &Decision, example: bool) -> Option<&'static str> {
    let decides = decision.effects.iter().any(|e| e.rule == rule.id);
    match (rule.effect, example) {
        (Verdict::Allow, true) if decision.verdict != Verdict::Allow => Some("is not allowed"),
        (_, true) if !decides => Some("has no effect that this rule decides"),
        (Verdict::Ask, true) if decision.verdict != Verdict::Ask => Some("is not asked for"),
        (Verdict::Deny, true) if decision.verdict != Verdict::Deny => Some("is not denied"),
        (Verdict::Allow, false) if decision.verdict == Verdict::Allow => Some("is allowed"),
        (Verdict::Ask | Verdict::Deny, false) if decides => {
            Some("has an effect that this rule decides")
        }
        _ => None,
    }
}

/// What the line does, in short, so that the author sees which effect he did not think of.
fn told(decision: &Decision) -> String {
    let effects: Vec<String> = decision
        .effects
        .iter()
        .map(|e| format!("{} {} ({} by {})", e.action, e.resource, e.verdict, e.rule))
        .collect();
    if effects.is_empty() {
        "; it has no effects".to_owned()
    } else {
        format!("; it has: {}", effects.join(", "))
    }
}
