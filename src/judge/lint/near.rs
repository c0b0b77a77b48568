//! Which rules speak of an effect, and which nearly do.
//!
//! In: a policy, an effect, the facts. Out: for each rule that matched or nearly did, in what way.
//! Never: decides; that was done.

use crate::judge::policy::{Condition, Policy, Rule, Test, Values};
use crate::model::{Effect, FactValue, Verdict};
use serde_json::{Value, json};

/// How near a rule came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// It matched.
    Matched,
    /// All but its `when`.
    When,
    /// It permits a part of what may be meant, not all of it.
    Part,
    /// The resource, for other actions.
    Action,
    /// The action, on other resources of the kind.
    Resource,
}

impl Nearness {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::When => "when",
            Self::Part => "part",
            Self::Action => "action",
            Self::Resource => "resource",
        }
    }
}

/// A rule and how near it came to an effect.
#[derive(Clone, Debug)]
pub struct Near<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// How near it came.
    pub nearness: Nearness,
    /// Why it did not match; empty where it did.
    pub why: String,
}

impl Near<'_> {
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"rule": self.rule.id, "kind": self.rule.kind(), "place": self.rule.place(),
            "nearness": self.nearness.name(), "why": self.why})
    }
}

/// Every rule that matched or nearly did, the nearest first, then by id.
#[must_use]
pub fn near<'a>(policy: &'a Policy, effect: &Effect, values: &Values) -> Vec<Near<'a>> {
    let mut all: Vec<Near<'a>> =
        policy.rules().iter().filter_map(|r| nearness(r, effect, values)).collect();
    all.sort_by_key(|n| n.nearness);
    all
}

fn nearness<'a>(rule: &'a Rule, effect: &Effect, values: &Values) -> Option<Near<'a>> {
    let speaks = |as_of: Verdict| {
        rule.patterns().iter().any(|p| p.speaks_of(&effect.resource, as_of, values) == Ok(true))
    };
    let acts = rule.actions.contains(effect.action);
    let named = rule.patterns().iter().any(|p| p.kind() == Some(effect.resource.kind));
    let (nearness, why) = if speaks(rule.effect) {
        let failing: Vec<String> =
            rule.conditions().iter().filter_map(|c| failing(c, rule.effect, values)).collect();
        match (acts, failing.is_empty()) {
            (true, true) => (Nearness::Matched, String::new()),
            (true, false) => (Nearness::When, failing.join("; ")),
            // A rule on everything is near to nothing.
            (false, _) if !named => return None,
            (false, _) => {
                let actions: Vec<&str> = rule.actions.iter().map(|a| a.name()).collect();
                (Nearness::Action, format!("speaks of {} alone", actions.join(", ")))
            }
        }
    } else if acts && named && rule.effect == Verdict::Allow && speaks(Verdict::Deny) {
        let why = format!("covers a part of it alone: {}", rule.resources.join(" "));
        (Nearness::Part, why)
    } else if acts && named {
        (Nearness::Resource, format!("speaks of {}", rule.resources.join(" ")))
    } else {
        return None;
    };
    Some(Near { rule, nearness, why })
}

/// What a condition wants and what the fact is, where it does not hold.
fn failing(c: &Condition, effect: Verdict, values: &Values) -> Option<String> {
    let found = match values.get(&c.fact) {
        Ok(value) if c.holds(value, effect) => return None,
        Ok(Some(value)) => format!("is {value}"),
        Ok(None) => "is absent".to_owned(),
        Err(why) => return Some(why),
    };
    let wants: Vec<String> = c.tests.iter().map(wanted).collect();
    Some(format!("`{}` {found}, and must be {}", c.fact, wants.join(" and ")))
}

fn wanted(test: &Test) -> String {
    let list = |values: &[FactValue]| {
        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
    };
    match test {
        Test::In(values) => list(values),
        Test::Not(values) => format!("other than {}", list(values)),
        Test::Min(bound) => format!("{bound} or more"),
        Test::Max(bound) => format!("{bound} or less"),
        Test::Like(glob) => format!("like {glob}"),
    }
}
