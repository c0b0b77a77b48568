//! Runs a profile's own examples.
//!
//! In: a policy and a catalogue. Out: findings.
//! Never: runs a command, changes a profile.
//!
//! What an example claims, for the rules of the profile's own file: of a permit, that the line is
//! allowed and this rule decides some effect of it; of an ask or forbid, that the line is asked for or
//! denied and this rule decides some effect. A counter-example of a permit is not allowed; of an ask
//! or forbid it has no effect that this rule decides. The rule's own `when` is taken as holding.

mod fixture;

pub use fixture::Fixture;

use super::catalogue::Catalogue;
use super::decide::rehearse;
use super::intent;
use super::policy::{Policy, Rule};
use crate::model::{
    Answer, Assurance, Decision, Fact, Payload, Request, Snapshot, StdinKind, Subject, Verdict,
    What, World,
};
use std::cell::RefCell;
use std::sync::Arc;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// File and line.
    pub place: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Runs the examples and counter-examples of every rule of the policy's own file. Empty: all hold.
#[must_use]
pub fn examples(policy: &Policy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in policy.rules().iter().filter(|r| r.profile == policy.name) {
        let lines = rule.examples.iter().map(|l| (l, true));
        for (line, example) in lines.chain(rule.counter_examples.iter().map(|l| (l, false))) {
            let decision = judge(policy, catalogue, rule, line);
            if let Some(what) = wrong(rule, &decision, example) {
                let kind = if example { "example" } else { "counter-example" };
                let message = format!("{kind} `{line}`: {what}{}", told(&decision));
                findings.push(Finding { rule: rule.id.clone(), place: rule.place(), message });
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

fn judge(policy: &Policy, catalogue: &Catalogue, rule: &Rule, line: &str) -> Decision {
    let world = Noting { snapshot: RefCell::default() };
    let payload = Payload { what: What::Line(line.as_bytes().to_vec()), stdin: StdinKind::Closed };
    let bound = policy.bind(&world);
    let intent = intent::read(&payload, catalogue, &world, bound.reach());
    let subject = Subject {
        agent: policy.name.clone(),
        sponsor: String::new(),
        user: "agent".to_owned(),
        uid: 1000,
        assurance: Assurance::Asserted,
        session: String::new(),
    };
    let snapshot = world.snapshot.into_inner();
    rehearse(policy, &Request { subject, payload, intent, snapshot }, &rule.id)
}

/// The fixture, with the answers it gave.
struct Noting {
    snapshot: RefCell<Snapshot>,
}

impl World for Noting {
    fn ask(&self, name: &str) -> Answer {
        let answer = Fixture.ask(name);
        let fact = Arc::new(Fact { answer: answer.clone(), source: "fixture".into() });
        self.snapshot.borrow_mut().facts.insert(name.into(), fact);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::policy::Source;

    fn load(name: &str) -> Policy {
        let shipped = |name: &str| {
            let path = format!("{}/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"));
            #[allow(clippy::disallowed_methods, reason = "a test reads the shipped profiles")]
            let text = std::fs::read_to_string(&path).unwrap();
            Ok(Source { name: name.to_owned(), path, text })
        };
        Policy::load(name, &shipped).unwrap()
    }

    #[test]
    fn the_shipped_profiles_do_what_their_examples_say() {
        let catalogue = Catalogue::new(Vec::new()).unwrap();
        for name in ["base", "coding-agent", "data-retrieval", "ci"] {
            let policy = load(name);
            for rule in policy.rules().iter().filter(|r| r.profile == name) {
                assert!(!rule.examples.is_empty(), "{name}: {} has no examples", rule.id);
                assert!(!rule.why.is_empty(), "{name}: {} does not say why", rule.id);
                assert!(
                    rule.effect == Verdict::Allow || !rule.hint.is_empty(),
                    "{name}: {} has no hint",
                    rule.id
                );
            }
            let found: Vec<String> = examples(&policy, &catalogue)
                .iter()
                .map(|f| format!("{}: {}", f.rule, f.message))
                .collect();
            assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
        }
    }

    #[test]
    fn an_example_that_does_not_hold_is_found_with_what_the_line_does() {
        let text = "exo = 1\nname = \"p\"\n[[permit]]\nid = \"one\"\nactions = [\"read\"]\nresources = [\"file:/repo/**\"]\nexamples = [\"rm f\"]\ncounter_examples = [\"cat f\"]\n";
        let source = |name: &str| {
            Ok(Source { name: name.to_owned(), path: "p.toml".into(), text: text.to_owned() })
        };
        let policy = Policy::load("p", &source).unwrap();
        let found = examples(&policy, &Catalogue::new(Vec::new()).unwrap());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].message.contains("delete file:/repo/f") && found[0].place.contains("p.toml"),
            "{found:?}"
        );
    }
}
