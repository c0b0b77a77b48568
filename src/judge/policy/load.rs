//! Loads a profile and its parents, and merges them.
//!
//! In: a name, and a way to find texts by name. Out: the merged, indexed [`Policy`].
//! Never: lets a child take away a rule of a parent.

use super::file::{self, File, Lines, Place};
use super::rule::{self, Rule, utc};
use super::{Identity, Policy, PolicyError, Source};
use crate::model::{ResourceKind, Verdict, is_name};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::value::Datetime;

/// Most generations of parents.
const MAX_GENERATIONS: usize = 8;
/// Most rules of a profile with its parents.
const MAX_RULES: usize = 4096;

type Fetch<'a> = &'a dyn Fn(&str) -> Result<Source, PolicyError>;

pub(super) fn load(name: &str, fetch: Fetch<'_>) -> Result<Policy, PolicyError> {
    if !is_name(name) {
        let message = format!("`{name}` is no name of a profile: 1 to 64 of a-z, 0-9 and `-`");
        return Err(PolicyError { path: name.to_owned(), line: None, message });
    }
    let mut files = Vec::new();
    let source = fetch(name)?;
    gather(source, fetch, &mut Vec::new(), &mut files)?;
    let mut policy = Policy { name: name.to_owned(), ..Policy::default() };
    for (source, file) in files {
        absorb(&mut policy, &source, file)?;
    }
    policy.ceiling.close()?;
    finish(&mut policy);
    Ok(policy)
}

/// Reads a file and, before it, its parents.
fn gather(
    source: Source,
    fetch: Fetch<'_>,
    above: &mut Vec<String>,
    out: &mut Vec<(Source, File)>,
) -> Result<(), PolicyError> {
    let file = file::read(&source)?;
    above.push(source.name.clone());
    for parent in &file.extends {
        let name = parent.get_ref();
        let place = Place { source: &source };
        let fail = |message| Err(place.error(&parent.span(), message));
        if above.contains(name) {
            return fail(format!("key `extends`: `{name}` extends itself by way of this file"));
        }
        if above.len() > MAX_GENERATIONS {
            return fail("key `extends`: more than 8 generations of parents".to_owned());
        }
        if out.iter().any(|(s, _)| s.name == *name) {
            return fail(format!(
                "key `extends`: `{name}` is a parent by two ways; name it only once"
            ));
        }
        if !is_name(name) {
            return fail(format!("key `extends`: `{name}` is no name of a profile"));
        }
        let text = fetch(name).map_err(|e| {
            place.error(&parent.span(), format!("key `extends`: parent `{name}`: {}", e.message))
        })?;
        gather(text, fetch, above, out)?;
    }
    above.pop();
    out.push((source, file));
    Ok(())
}

/// Adds one file to what its parents gave.
fn absorb(policy: &mut Policy, source: &Source, file: File) -> Result<(), PolicyError> {
    let place = Place { source };
    let mut lines = Lines::of(source);
    let mut places: BTreeMap<String, String> =
        policy.rules.iter().map(|r| (r.id.clone(), r.place())).collect();
    let count = file.permit.len() + file.ask.len() + file.forbid.len();
    if policy.rules.len() + count > MAX_RULES {
        return Err(place.whole("more than 4096 rules, parents included; remove some"));
    }
    let tables =
        [(Verdict::Allow, file.permit), (Verdict::Ask, file.ask), (Verdict::Deny, file.forbid)];
    for (effect, rules) in tables {
        for keys in rules {
            let span = keys.id.span();
            let line = lines.line(span.start);
            let rule = rule::compile(place, line, effect, keys)?;
            if let Some(other) = places.insert(rule.id.clone(), rule.place()) {
                let id = &rule.id;
                let message = format!("rule id `{id}` is also at {other}; choose another");
                return Err(place.error(&span, message));
            }
            policy.rules.push(rule);
        }
    }
    policy.ceiling.add(place, file.sandbox)?;
    let known = &mut policy.identity;
    let own = file.identity;
    let from = instant(place, "valid_from", own.valid_from.as_ref())?;
    let until = instant(place, "valid_until", own.valid_until.as_ref())?;
    *known = Identity {
        sponsor: own.sponsor.unwrap_or_else(|| std::mem::take(&mut known.sponsor)),
        users: own.users.unwrap_or_else(|| std::mem::take(&mut known.users)),
        roles: own.roles.unwrap_or_else(|| std::mem::take(&mut known.roles)),
        assurance: own.assurance.map_or(known.assurance, |a| a.max(known.assurance)),
        valid_from: known.valid_from.take().max(from),
        valid_until: match (known.valid_until.take(), until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    };
    policy.description = file.description;
    policy.mode = file.mode;
    policy.autonomy = file.autonomy;
    policy.files.push((source.name.clone(), source.text.clone()));
    Ok(())
}

fn instant(
    place: Place<'_>,
    key: &str,
    time: Option<&Spanned<Datetime>>,
) -> Result<Option<String>, PolicyError> {
    let Some(time) = time else { return Ok(None) };
    utc(time.get_ref())
        .map(Some)
        .map_err(|m| place.error(&time.span(), format!("key `{key}`: {m}")))
}

/// Indexes the rules for `decide`, and collects what must be asked.
fn finish(policy: &mut Policy) {
    policy.rules.sort_by(|a, b| a.id.cmp(&b.id));
    for (number, rule) in policy.rules.iter().enumerate() {
        for (at, pattern) in rule.patterns.iter().enumerate() {
            let speaks = |k: &ResourceKind| pattern.kind.is_none_or(|p| p == *k);
            for kind in ResourceKind::ALL.into_iter().filter(speaks) {
                for action in rule.actions.iter() {
                    let key = (action, kind, rule.effect);
                    policy.index.entry(key).or_default().push((number, at));
                }
            }
        }
    }
    let mut facts = policy.ceiling.facts();
    facts.extend(policy.rules.iter().flat_map(Rule::facts));
    if policy.identity.valid_from.is_some() || policy.identity.valid_until.is_some() {
        facts.insert("time.now");
    }
    policy.facts = facts.into_iter().map(str::to_owned).collect();
}
