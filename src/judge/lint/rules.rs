//! Rules against each other: what can never decide, adds nothing, or says nothing.
//!
//! In: a policy. Out: findings on the rules of its own file.
//! Never: speaks of a parent's rules, which its author cannot change.
//!
//! A rule is cut into parts, one for each action, kind and resource. A part is dead when, in each moment
//! in which the rule holds, stricter rules that hold too match every name that it matches.

use super::prove::{kinds, of, patterns, speaking};
use super::search::{Budget, Question, TooBig, find};
use super::worlds::{World, outcomes, worlds};
use super::{Check, Finding};
use crate::judge::policy::{Pattern, Policy, Rule};
use crate::model::{Action, ResourceKind, Verdict};
use std::collections::BTreeSet;

/// Steps of all questions on one rule, and on all of them.
const BUDGET: usize = 4_000_000;
const ALL: usize = 40_000_000;

/// The findings on the policy's own rules.
pub(super) fn rules(policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut left_out, mut left) = (BTreeSet::new(), ALL);
    // From the last on, so that of two that say the same one is told.
    for rule in policy.rules().iter().rev().filter(|r| r.profile == policy.name) {
        let share = left.min(BUDGET);
        let mut look = Look { policy, rule, budget: Budget(share), found: Vec::new() };
        let result = look.all(&left_out);
        left -= share - look.budget.0.min(share);
        if result.is_err() {
            let message = "its resources and those of others are too many or too winding to be compared; \
                           name them with fewer stars";
            look.tell(Check::TooBig, message.to_owned());
        }
        if look.found.iter().any(|f| f.check == Check::Shadowed) {
            left_out.insert(rule.id.as_str());
        }
        findings.extend(look.found);
    }
    findings.sort_by(|a, b| a.place.cmp(&b.place).then_with(|| a.rule.cmp(&b.rule)));
    findings
}

/// One action on one kind with one resource of the rule.
type Part<'a> = (Action, ResourceKind, &'a Pattern, &'a str);

struct Look<'a> {
    policy: &'a Policy,
    rule: &'a Rule,
    budget: Budget,
    found: Vec<Finding>,
}

impl<'a> Look<'a> {
    fn tell(&mut self, check: Check, message: String) {
        self.found.push(Finding::of(self.rule, check, message));
    }

    fn all(&mut self, left_out: &BTreeSet<&str>) -> Result<(), TooBig> {
        for c in self.rule.conditions() {
            let (can_hold, can_fail) = outcomes(c, self.rule.effect, &mut self.budget)?;
            if !can_hold {
                let message = format!(
                    "`when` on `{}` never holds, so the rule never applies; mend the condition or remove the rule",
                    c.fact
                );
                self.tell(Check::NeverHolds, message);
                return Ok(());
            }
            if !can_fail {
                let message = format!(
                    "`when` on `{}` always holds and says nothing; remove it, or narrow it",
                    c.fact
                );
                self.tell(Check::AlwaysHolds, message);
            }
        }
        let parts = self.parts();
        if self.empty(&parts)? || self.dead(&parts)? {
            return Ok(());
        }
        if let Some(others) = self.shadow(&parts, left_out)? {
            let verb = match self.rule.effect {
                Verdict::Allow => "permit",
                Verdict::Ask => "ask for",
                Verdict::Deny => "forbid",
            };
            let message = format!(
                "adds nothing: {} {verb} all of it already; remove the rule, or narrow the other",
                list(&others)
            );
            self.tell(Check::Shadowed, message);
        }
        Ok(())
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let rule = self.rule;
        let resources = rule.patterns().iter().zip(&rule.resources);
        let each = |(p, text): (&'a Pattern, &'a String)| {
            let actions: Vec<Action> = rule.actions.iter().collect();
            kinds(Some(p)).flat_map(move |k| {
                actions.clone().into_iter().map(move |a| (a, k, p, text.as_str()))
            })
        };
        resources.flat_map(each).collect()
    }

    /// Resources that no name matches; whether all are so.
    fn empty(&mut self, parts: &[Part<'_>]) -> Result<bool, TooBig> {
        let (mut seen, mut all) = (BTreeSet::new(), true);
        for (_, kind, pattern, text) in parts {
            if !seen.insert(*text) {
                continue;
            }
            let world = World::default();
            let q = Question { kind: *kind, within: &[*pattern], without: &[], world: &world };
            if find(&q, &mut self.budget)?.is_some() {
                all = false;
                continue;
            }
            let message = format!(
                "`{text}` matches nothing: names of files are absolute, without `.`, `..`, doubled or final `/`; mend it"
            );
            self.tell(Check::MatchesNothing, message);
        }
        Ok(all)
    }

    /// Parts that stricter rules take away; whether all are so.
    fn dead(&mut self, parts: &[Part<'a>]) -> Result<bool, TooBig> {
        let (mut dead, mut by, mut alive) = (BTreeSet::new(), BTreeSet::new(), false);
        for &(action, kind, pattern, text) in parts {
            let rules = speaking(self.policy, action, kind);
            let stricter: Vec<&Rule> =
                rules.iter().filter(|r| r.effect > self.rule.effect).copied().collect();
            if !stricter.is_empty() && self.taken(pattern, kind, &rules)? {
                dead.insert((text, action.name()));
                by.extend(self.meeting(pattern, kind, &stricter)?);
            } else {
                alive = true;
            }
        }
        if dead.is_empty() {
            return Ok(false);
        }
        let by: Vec<&Rule> = by.iter().filter_map(|id| self.policy.rule(id)).collect();
        let names = list(&by);
        if alive {
            let what: Vec<String> = dead.iter().map(|(t, a)| format!("{a} on {t}")).collect();
            let message = format!(
                "{} never comes to this rule: {names} decides it first; remove that part, or narrow the other",
                what.join(", ")
            );
            self.tell(Check::PartlyUnreachable, message);
            return Ok(false);
        }
        let same = |r: &&&Rule| {
            let set = |r: &Rule| r.resources.iter().cloned().collect::<BTreeSet<_>>();
            r.actions == self.rule.actions && set(r) == set(self.rule)
        };
        let (check, message) = match by.iter().find(same) {
            Some(other) => (
                Check::Contradicted,
                format!(
                    "{} `{}` ({}) says the opposite of the same, and wins; remove one of them",
                    other.kind(),
                    other.id,
                    other.place()
                ),
            ),
            None => (
                Check::Unreachable,
                format!(
                    "can never decide: {names} decides all of it first; remove it, or narrow the other"
                ),
            ),
        };
        self.tell(check, message);
        Ok(true)
    }

    /// Whether stricter rules match all that the part does, whenever this rule holds.
    fn taken(
        &mut self,
        pattern: &Pattern,
        kind: ResourceKind,
        rules: &[&Rule],
    ) -> Result<bool, TooBig> {
        for world in worlds(rules, &mut self.budget)?.iter().filter(|w| w.holds(self.rule)) {
            let without = of(rules, world, kind, |v| v > self.rule.effect);
            let q = Question { kind, within: &[pattern], without: &without, world };
            if find(&q, &mut self.budget)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The ids of those that match some of it.
    fn meeting(
        &mut self,
        pattern: &Pattern,
        kind: ResourceKind,
        rules: &[&'a Rule],
    ) -> Result<Vec<&'a str>, TooBig> {
        let world = World::default();
        let mut out = Vec::new();
        for rule in rules {
            for other in patterns(rule, kind) {
                let within = [pattern, other];
                let q = Question { kind, within: &within, without: &[], world: &world };
                if find(&q, &mut self.budget)?.is_some() {
                    out.push(rule.id.as_str());
                    break;
                }
            }
        }
        Ok(out)
    }

    /// The rules of the same effect that speak of all that this one does, whenever it holds. A permit must
    /// cover a pattern alone, so of permits one resource must do it. Two that begin with other variables are
    /// not compared.
    fn shadow(
        &mut self,
        parts: &[Part<'a>],
        left_out: &BTreeSet<&str>,
    ) -> Result<Option<Vec<&'a Rule>>, TooBig> {
        let mut by: BTreeSet<&str> = BTreeSet::new();
        for &(action, kind, pattern, _) in parts {
            let others: Vec<&Rule> = speaking(self.policy, action, kind)
                .into_iter()
                .filter(|r| r.effect == self.rule.effect && r.id != self.rule.id)
                .filter(|r| !left_out.contains(r.id.as_str()))
                .collect();
            let mut rules = others.clone();
            rules.push(self.rule);
            for world in worlds(&rules, &mut self.budget)?.iter().filter(|w| w.holds(self.rule)) {
                let mut all = of(&others, world, kind, |_| true);
                all.retain(|other| self.rule.effect != Verdict::Allow || begins(other, pattern));
                let alone: Vec<&[&Pattern]> = all.chunks(1).collect();
                let ways = if self.rule.effect == Verdict::Allow { alone } else { vec![&all[..]] };
                let mut covered = false;
                for without in ways {
                    let q = Question { kind, within: &[pattern], without, world };
                    covered |= find(&q, &mut self.budget)?.is_none();
                }
                if !covered {
                    return Ok(None);
                }
            }
            by.extend(self.meeting(pattern, kind, &others)?);
        }
        Ok(Some(by.iter().filter_map(|id| self.policy.rule(id)).collect()))
    }
}

/// Whether the first may match all that the second does, as far as their beginnings say.
fn begins(wide: &Pattern, narrow: &Pattern) -> bool {
    let prefix = |p: &Pattern| {
        let marked = p.shape(&|i| {
            let name = p.variables().nth(i).map_or("", |(name, _)| name);
            format!("{{{name}}}")
        });
        marked.map(|g| g.prefix().to_owned()).unwrap_or_default()
    };
    prefix(narrow).starts_with(&prefix(wide))
}

/// Rules with their places.
fn list(rules: &[&Rule]) -> String {
    let one = |r: &&Rule| format!("`{}` ({})", r.id, r.place());
    rules.iter().map(one).collect::<Vec<_>>().join(", ")
}
