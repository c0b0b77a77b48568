//! Proofs about what a profile admits.
//!
//! In: policies, a claim. Out: proved, or a single effect with facts under which it is otherwise, which
//! `decide` itself has confirmed.
//! Never: says proved because nothing was found by trying; `search` goes through all names, `worlds`
//! through all moments. `docs/design/proofs.md` says why that is sound and what it leaves open.

use super::moment::of_effect;
use super::search::{Budget, Found, Question, TooBig, find};
use super::worlds::{World, worlds};
use crate::judge::decide::decide;
use crate::judge::policy::{Pattern, Policy, Rule};
use crate::model::{
    Action, ActionSet, Answer, Autonomy, FactValue, Resource, ResourceKind, Verdict, World as Facts,
};
use std::collections::BTreeMap;

/// Steps of all questions of one proof: some seconds.
const BUDGET: usize = 10_000_000;

/// Effects that are claimed never to be admitted: `delete,update s3:**`.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The text.
    pub text: String,
    actions: ActionSet,
    pattern: Pattern,
}

impl Claim {
    /// Reads `ACTION[,ACTION] RESOURCE`; `*` is any action.
    ///
    /// # Errors
    /// What is wrong with it, and the fix.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (words, resource) = text.trim().split_once(' ').ok_or_else(|| {
            format!("`{text}` is no claim; write actions and a resource, such as `delete s3:**`")
        })?;
        let mut actions = ActionSet::default();
        for word in words.split(',') {
            if word == "*" {
                actions = Action::ALL.into_iter().collect();
                continue;
            }
            let known = || Action::ALL.map(Action::name).join(", ");
            actions.insert(Action::parse(word).ok_or_else(|| {
                format!("unknown action `{word}`; known are: {}, and `*` for any", known())
            })?);
        }
        Ok(Self { text: text.to_owned(), actions, pattern: Pattern::parse(resource.trim())? })
    }
}

/// Under which facts a claim must hold.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// `None`: whatever the facts are; else under these alone.
    pub here: Option<&'a dyn Facts>,
    /// Whether what a person is asked about counts as admitted.
    pub or_asked: bool,
}

impl std::fmt::Debug for Terms<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("here", &self.here.is_some()).finish_non_exhaustive()
    }
}

/// An effect that is admitted and should not be, with the facts it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What is done.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// The rule that admits it.
    pub rule: String,
    /// Where the other policy decides otherwise: by which rule.
    pub other: Option<String>,
    /// The facts that matter for it.
    pub facts: BTreeMap<String, Answer>,
}

/// What came of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is so, for every resource and all facts.
    Proved,
    /// It is not so.
    Refuted(Vec<Witness>),
    /// Neither could be shown.
    Unknown(String),
}

/// Whether no effect of the claim is ever admitted.
#[must_use]
pub fn never(policy: &Policy, claim: &Claim, terms: Terms<'_>) -> Proof {
    let mut prover = Prover { terms, budget: Budget(BUDGET), open: None };
    let mut found = Vec::new();
    for action in claim.actions.iter() {
        for kind in kinds(Some(&claim.pattern)) {
            match prover.admitted(policy, &claim.pattern, action, kind) {
                Ok(witness) => found.extend(witness),
                Err(TooBig) => return too_big(),
            }
        }
    }
    prover.done(found)
}

/// Whether everything that `a` admits is admitted by `b`. Of each action on each kind of resource one
/// difference is told.
#[must_use]
pub fn implies(a: &Policy, b: &Policy, terms: Terms<'_>) -> Proof {
    let mut prover = Prover { terms, budget: Budget(BUDGET), open: None };
    let mut found = Vec::new();
    for action in Action::ALL {
        for kind in ResourceKind::ALL {
            match prover.beyond(a, b, action, kind) {
                Ok(witness) => found.extend(witness),
                Err(TooBig) => return too_big(),
            }
        }
    }
    prover.done(found)
}

/// Whether the sandbox gives code nothing of what a claim speaks of: only of files that are read or changed
/// can that be said, and only if none of the ceiling's trees can hold them.
#[must_use]
pub fn sealed(policy: &Policy, claim: &Claim, terms: Terms<'_>) -> bool {
    let mut prover = Prover { terms, budget: Budget(BUDGET), open: None };
    let [read, write, execute] = policy.ceiling.tree_patterns();
    let kind = ResourceKind::File;
    let outside = |prover: &mut Prover<'_>, trees: &[&Pattern]| -> Result<bool, TooBig> {
        for world in prover.moments(&[policy], &[], Some(&claim.pattern))? {
            for tree in trees {
                let within = [&claim.pattern, *tree];
                let q = Question { kind, within: &within, without: &[], world: &world };
                if find(&q, &mut prover.budget)?.is_some() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    };
    claim.pattern.kind() == Some(kind)
        && claim.actions.iter().all(|action| {
            let trees: Vec<&Pattern> = match action {
                Action::Read | Action::Reveal => {
                    read.iter().chain(&write).chain(&execute).collect()
                }
                Action::Create | Action::Update | Action::Delete => write.iter().collect(),
                _ => return false,
            };
            outside(&mut prover, &trees) == Ok(true)
        })
}

/// The rules by which code runs whose effects exo cannot tell: what a proof says of decided effects, only
/// the sandbox holds for these.
#[must_use]
pub fn code_rules(policy: &Policy, or_asked: bool) -> Vec<&Rule> {
    let unread = |r: &&Rule| {
        let admits = r.effect == Verdict::Allow || (or_asked && r.effect == Verdict::Ask);
        admits && [Action::Execute, Action::Opaque].iter().any(|a| r.actions.contains(*a))
    };
    policy.rules().iter().filter(unread).collect()
}

fn too_big() -> Proof {
    let why =
        "the rules are too big to be followed in full; name fewer resources, with fewer stars";
    Proof::Unknown(why.to_owned())
}

/// The kinds that a pattern can speak of.
pub(super) fn kinds(pattern: Option<&Pattern>) -> impl Iterator<Item = ResourceKind> {
    let one = pattern.and_then(Pattern::kind);
    ResourceKind::ALL.into_iter().filter(move |k| one.is_none_or(|o| o == *k))
}

/// The rules that speak of an action on a kind.
pub(super) fn speaking(policy: &Policy, action: Action, kind: ResourceKind) -> Vec<&Rule> {
    let fits = |r: &&Rule| r.actions.contains(action) && !patterns(r, kind).is_empty();
    policy.rules().iter().filter(fits).collect()
}

/// The resources of a rule that are of a kind.
pub(super) fn patterns(rule: &Rule, kind: ResourceKind) -> Vec<&Pattern> {
    rule.patterns().iter().filter(|p| p.kind().is_none_or(|k| k == kind)).collect()
}

/// All patterns of the rules that hold and decide in one of these ways.
pub(super) fn of<'a>(
    rules: &[&'a Rule],
    world: &World,
    kind: ResourceKind,
    which: impl Fn(Verdict) -> bool,
) -> Vec<&'a Pattern> {
    let picked = rules.iter().filter(|r| which(r.effect) && world.holds(r));
    picked.flat_map(|r| patterns(r, kind)).collect()
}

struct Prover<'a> {
    terms: Terms<'a>,
    budget: Budget,
    /// What was found and could not be confirmed.
    open: Option<String>,
}

impl Prover<'_> {
    fn done(self, found: Vec<Witness>) -> Proof {
        match (found.is_empty(), self.open) {
            (false, _) => Proof::Refuted(found),
            (true, Some(why)) => Proof::Unknown(why),
            (true, None) => Proof::Proved,
        }
    }

    /// The strictest verdict that still counts as admitted.
    const fn most(&self) -> Verdict {
        if self.terms.or_asked { Verdict::Ask } else { Verdict::Allow }
    }

    /// Whether nothing at all can be admitted: the profile is supervised, and asking does not count.
    fn nothing(&self, policy: &Policy) -> bool {
        policy.autonomy == Autonomy::Supervised && !self.terms.or_asked
    }

    fn moments(
        &mut self,
        policies: &[&Policy],
        rules: &[&Rule],
        claim: Option<&Pattern>,
    ) -> Result<Vec<World>, TooBig> {
        let names: Vec<&str> = claim.iter().flat_map(|c| c.variables()).map(|(n, _)| n).collect();
        match self.terms.here {
            Some(facts) => Ok(vec![World::here(policies, &names, facts)]),
            None => worlds(rules, &mut self.budget),
        }
    }

    fn admitted(
        &mut self,
        policy: &Policy,
        claim: &Pattern,
        action: Action,
        kind: ResourceKind,
    ) -> Result<Option<Witness>, TooBig> {
        if self.nothing(policy) {
            return Ok(None);
        }
        let (rules, most) = (speaking(policy, action, kind), self.most());
        for world in self.moments(&[policy], &rules, Some(claim))? {
            let stricter = of(&rules, &world, kind, |v| v > most);
            let whole = Question { kind, within: &[claim], without: &stricter, world: &world };
            if find(&whole, &mut self.budget)?.is_none() {
                continue;
            }
            for open in of(&rules, &world, kind, |v| v <= most) {
                let within = [open, claim];
                let q = Question { kind, within: &within, without: &stricter, world: &world };
                let Some(found) = find(&q, &mut self.budget)? else { continue };
                let trial = Trial::new(action, kind, &found, &world);
                let (verdict, rule) = trial.decide(policy);
                if verdict <= most && trial.is(claim, policy) {
                    return Ok(Some(trial.witness(rule, None, &rules)));
                }
                self.unconfirmed(&trial);
            }
        }
        Ok(None)
    }

    fn beyond(
        &mut self,
        a: &Policy,
        b: &Policy,
        action: Action,
        kind: ResourceKind,
    ) -> Result<Option<Witness>, TooBig> {
        if self.nothing(a) {
            return Ok(None);
        }
        let (ours, theirs, most) =
            (speaking(a, action, kind), speaking(b, action, kind), self.most());
        let both: Vec<&Rule> = ours.iter().chain(&theirs).copied().collect();
        for world in self.moments(&[a, b], &both, None)? {
            let stricter = of(&ours, &world, kind, |v| v > most);
            let open = of(&theirs, &world, kind, |v| v <= most && !self.nothing(b));
            let closed = of(&theirs, &world, kind, |v| v > most);
            let unpermitted: Vec<&Pattern> = stricter.iter().chain(&open).copied().collect();
            for own in of(&ours, &world, kind, |v| v <= most) {
                // What no rule of theirs admits, or what a stricter one of theirs decides.
                let ways = std::iter::once((vec![own], &unpermitted))
                    .chain(closed.iter().map(|c| (vec![own, *c], &stricter)));
                for (within, without) in ways {
                    let q = Question { kind, within: &within, without, world: &world };
                    let Some(found) = find(&q, &mut self.budget)? else { continue };
                    let trial = Trial::new(action, kind, &found, &world);
                    let ((verdict, rule), (other, by)) = (trial.decide(a), trial.decide(b));
                    if verdict <= most && other > most {
                        return Ok(Some(trial.witness(rule, Some(by), &both)));
                    }
                    self.unconfirmed(&trial);
                }
            }
        }
        Ok(None)
    }

    fn unconfirmed(&mut self, trial: &Trial) {
        self.open.get_or_insert_with(|| {
            format!(
                "`{} {}` could not be followed exactly: a rule has a variable behind a wildcard or another \
                 variable, or two on one fact that do not fit together",
                trial.action, trial.resource
            )
        });
    }
}

/// One effect under some facts.
struct Trial {
    action: Action,
    resource: Resource,
    facts: BTreeMap<String, Answer>,
}

impl Facts for Trial {
    /// What is not assumed is absent, which is one of the things it can be.
    fn ask(&self, name: &str) -> Answer {
        self.facts.get(name).cloned().unwrap_or(Answer::Absent)
    }
}

impl Trial {
    fn new(action: Action, kind: ResourceKind, found: &Found, world: &World) -> Self {
        let mut facts = world.answers();
        let known = |v: &String| Answer::Known(FactValue::Text(v.clone()));
        facts.extend(found.values.iter().map(|(name, v)| (name.clone(), known(v))));
        Self { action, resource: Resource::exact(kind, &found.name), facts }
    }

    /// What the policy decides, who asks left aside, and by which rule.
    fn decide(&self, policy: &Policy) -> (Verdict, String) {
        let request = of_effect(policy, self.action, self.resource.clone(), self);
        let decision = decide(policy, &request);
        match decision.effects.into_iter().next() {
            Some(e) if decision.errors.is_empty() => (e.verdict, e.rule),
            _ => (Verdict::Deny, "error".to_owned()),
        }
    }

    /// Whether it is one of the claim's effects under these facts.
    fn is(&self, claim: &Pattern, policy: &Policy) -> bool {
        let mut names = policy.facts().clone();
        names.extend(claim.variables().map(|(name, _)| name.to_owned()));
        let values = crate::judge::policy::Values::ask(&names, self);
        claim.speaks_of(&self.resource, Verdict::Allow, &values) == Ok(true)
    }

    /// With the facts that the rules in question name, so that nothing else is taken from the machine.
    fn witness(self, rule: String, other: Option<String>, rules: &[&Rule]) -> Witness {
        let mut facts = self.facts.clone();
        for name in rules.iter().flat_map(|r| r.facts()) {
            facts.entry(name.to_owned()).or_insert(Answer::Absent);
        }
        Witness { action: self.action, resource: self.resource, rule, other, facts }
    }
}
