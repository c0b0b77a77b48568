//! Two profiles rule by rule.
//!
//! In: two policies. Out: which rules and settings one has and the other has not.
//! Never: says what that means for an effect; `prove` does.

use crate::judge::policy::{Policy, Rule};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The second has a rule that the first has not.
    Added(String),
    /// The first has a rule that the second has not.
    Removed(String),
    /// Both have it, with other values of these keys.
    Changed(String, Vec<&'static str>),
    /// A setting outside of rules.
    Setting(&'static str, String, String),
}

/// Every difference: rules by id, then settings.
#[must_use]
pub fn compare(a: &Policy, b: &Policy) -> Vec<Change> {
    let ids = |p: &Policy| p.rules().iter().map(|r| r.id.clone()).collect::<BTreeSet<_>>();
    let mut out = Vec::new();
    for id in ids(a).union(&ids(b)) {
        match (a.rule(id), b.rule(id)) {
            (Some(x), Some(y)) => {
                let keys = differing(x, y);
                if !keys.is_empty() {
                    out.push(Change::Changed(id.clone(), keys));
                }
            }
            (Some(_), None) => out.push(Change::Removed(id.clone())),
            _ => out.push(Change::Added(id.clone())),
        }
    }
    let settings = |p: &Policy| {
        let mut all = BTreeMap::from([
            ("mode", json!(p.mode).to_string()),
            ("autonomy", json!(p.autonomy).to_string()),
            ("users", p.identity.users.join(" ")),
            ("assurance", p.identity.assurance.name().to_owned()),
            ("valid_from", p.identity.valid_from.clone().unwrap_or_default()),
            ("valid_until", p.identity.valid_until.clone().unwrap_or_default()),
        ]);
        for key in ["read", "write", "execute", "connect", "listen", "unix"] {
            let list = p.ceiling.as_written().get(key).cloned().unwrap_or_default();
            all.insert(
                key,
                list.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" "),
            );
        }
        all
    };
    for ((key, x), (_, y)) in settings(a).into_iter().zip(settings(b)) {
        if x != y {
            out.push(Change::Setting(key, x, y));
        }
    }
    out
}

fn differing(x: &Rule, y: &Rule) -> Vec<&'static str> {
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    [
        ("kind", x.effect == y.effect),
        ("actions", x.actions == y.actions),
        ("resources", set(&x.resources) == set(&y.resources)),
        ("when", x.conditions() == y.conditions()),
        ("why", x.why == y.why),
        ("hint", x.hint == y.hint),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(key, _)| key)
    .collect()
}
