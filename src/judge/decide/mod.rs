//! The decision: a pure, total function of policy and request.
//!
//! In: a [`Policy`] and a [`Request`]. Out: a [`Decision`].
//! Never: fails, panics, asks a clock, depends on the order of rules.

mod sandbox;
#[cfg(test)]
mod tests;

use super::policy::{Bound, Policy, Rule, Values};
use crate::model::{Autonomy, Decision, Effect, EffectDecision, Mode, Request, Verdict};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Decides: `forbid > ask > permit`, and deny where no rule permits. Of several rules of the same
/// effect the one with the smallest id is named, so that their order does not matter.
#[must_use]
pub fn decide(policy: &Policy, request: &Request) -> Decision {
    judge(policy, request, None)
}

/// Decides as a rehearsal of one rule: its `when` is taken as holding, and neither who asks nor
/// whether the profile is supervised matters.
#[must_use]
pub fn rehearse(policy: &Policy, request: &Request, rule: &str) -> Decision {
    judge(policy, request, Some(rule))
}

fn judge(policy: &Policy, request: &Request, rehearsed: Option<&str>) -> Decision {
    let bound = policy.bind(&request.snapshot);
    let values = bound.values();
    let mut errors = BTreeSet::new();
    let mut hint: Option<(Verdict, &str)> = None;
    let mut effects = Vec::with_capacity(request.intent.effects.len());
    for effect in &request.intent.effects {
        let (mut verdict, mut rule, mut why) = (Verdict::Deny, "default", "no rule permits this");
        let mut advice = "";
        if let Some(found) = strictest(policy, &bound, effect, rehearsed, &mut errors) {
            (verdict, rule, why, advice) = (found.effect, &found.id, &found.why, &found.hint);
        }
        if hint.is_none_or(|(strictest, _)| verdict > strictest) {
            hint = Some((verdict, advice));
        }
        effects.push(EffectDecision {
            action: effect.action.name(),
            resource: effect.resource.to_string(),
            verdict,
            rule: rule.to_owned(),
            why: why.to_owned(),
            command: effect.command,
            source: effect.source.clone(),
        });
    }
    let admitted: Vec<&Effect> = request
        .intent
        .effects
        .iter()
        .zip(&effects)
        .filter(|(_, decided)| decided.verdict != Verdict::Deny)
        .map(|(effect, _)| effect)
        .collect();
    let sandbox = bound.sandbox(|ceiling| sandbox::cut(ceiling, &admitted));
    let sandbox = sandbox.unwrap_or_else(|error| {
        errors.insert(error);
        Arc::default()
    });
    let mut identity = None;
    if rehearsed.is_none() {
        identity = refusal(policy, request, values).unwrap_or_else(|error| {
            errors.insert(error);
            None
        });
        if policy.autonomy == Autonomy::Supervised {
            for effect in effects.iter_mut().filter(|e| e.verdict == Verdict::Allow) {
                effect.verdict = Verdict::Ask;
                "supervised".clone_into(&mut effect.rule);
                "the profile is supervised: each action needs a person's word"
                    .clone_into(&mut effect.why);
            }
        }
    }
    let least = match policy.autonomy {
        Autonomy::Supervised if rehearsed.is_none() => Verdict::Ask,
        _ => Verdict::Allow,
    };
    let mut verdict = effects.iter().map(|e| e.verdict).max().unwrap_or(least).max(least);
    if identity.is_some() || !errors.is_empty() {
        verdict = Verdict::Deny;
    }
    let mode: Mode = policy.mode;
    let hint = hint.map(|(_, text)| text.to_owned()).unwrap_or_default();
    Decision {
        verdict,
        effects,
        hint,
        errors: errors.into_iter().collect(),
        identity,
        mode,
        sandbox,
    }
}

/// The rule that decides an effect: the first of the strictest that speak of it.
fn strictest<'a>(
    policy: &'a Policy,
    bound: &Bound,
    effect: &Effect,
    rehearsed: Option<&str>,
    errors: &mut BTreeSet<String>,
) -> Option<&'a Rule> {
    for verdict in [Verdict::Deny, Verdict::Ask, Verdict::Allow] {
        for (rule, speaks) in bound.speaking(policy, effect.action, &effect.resource, verdict) {
            let Some(rule) = policy.rules().get(rule) else { continue };
            let holds = speaks.and_then(|()| match rehearsed {
                Some(id) if *id == *rule.id => Ok(true),
                _ => rule.holds(bound.values()),
            });
            match holds {
                Ok(true) => return Some(rule),
                Ok(false) => {}
                Err(error) => {
                    errors.insert(error);
                }
            }
        }
    }
    None
}

/// Why the subject may not use this profile now; `None` where it may.
fn refusal(policy: &Policy, request: &Request, values: &Values) -> Result<Option<String>, String> {
    let (id, subject, name) = (&policy.identity, &request.subject, &policy.name);
    if !id.users.is_empty() && !id.users.contains(&subject.user) {
        return Ok(Some(format!(
            "user `{}` may not claim `{name}`; add the user to its `users`",
            subject.user
        )));
    }
    if subject.assurance < id.assurance {
        let (has, wants) = (subject.assurance.name(), id.assurance.name());
        return Ok(Some(format!(
            "`{name}` wants assurance `{wants}`, and this subject is only `{has}`"
        )));
    }
    if id.valid_from.is_none() && id.valid_until.is_none() {
        return Ok(None);
    }
    let now = values.get("time.now")?.map(ToString::to_string).unwrap_or_default();
    if let Some(from) = id.valid_from.as_ref().filter(|from| now < **from) {
        return Ok(Some(format!("`{name}` is not valid before {from}")));
    }
    let until = id.valid_until.as_ref().filter(|until| now >= **until);
    Ok(until.map(|until| format!("`{name}` was valid until {until}; renew its `valid_until`")))
}
