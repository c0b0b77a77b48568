//! The kinds of moment that rules tell apart by their `when`.
//!
//! In: rules. Out: for each combination of conditions that can hold together, one sample of the facts.
//! Never: leaves out a combination that can be. It may keep one that never is.

use super::automaton::{Automaton, Places};
use super::search::{Budget, TooBig};
use crate::judge::policy::{Condition, Policy, Rule, Test};
use crate::model::{Answer, FactValue, Glob, Verdict, World as Facts};
use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// Most combinations that are gone through.
const MAX_WORLDS: usize = 4096;

/// What is assumed of a fact.
#[derive(Clone, Debug)]
struct Guess {
    /// `None`: absent.
    value: Option<FactValue>,
    /// No other value is of this kind.
    only: bool,
    /// Which texts are of this kind; `None` where that is not said.
    range: Option<Range>,
}

/// The texts that come out in one of some ways when some languages are asked about them.
#[derive(Clone, Debug)]
pub(super) struct Range {
    languages: Rc<Vec<Language>>,
    outcomes: BTreeSet<Vec<Ordering>>,
}

impl Range {
    /// Before anything of a text is read.
    pub(super) fn start(&self) -> Vec<At> {
        self.languages.iter().map(Language::start).collect()
    }

    /// After one more letter.
    pub(super) fn step(&self, at: &[At], letter: char) -> Vec<At> {
        self.languages.iter().zip(at).map(|(l, at)| l.step(at, letter)).collect()
    }

    /// Whether the text that was read is in the range.
    pub(super) fn holds(&self, at: &[At]) -> bool {
        self.outcomes.contains(&outcomes_at(&self.languages, at))
    }

    /// The letters that make a difference.
    pub(super) fn letters(&self) -> Vec<char> {
        letters(&self.languages)
    }
}

fn outcomes_at(languages: &[Language], at: &[At]) -> Vec<Ordering> {
    languages.iter().zip(at).map(|(l, at)| l.outcome(at)).collect()
}

/// One kind of moment. Facts that are not in it can be anything.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    facts: BTreeMap<String, Guess>,
}

impl World {
    /// The moment at hand, with all facts that the policies depend on, and these.
    pub(super) fn here(policies: &[&Policy], more: &[&str], facts: &dyn Facts) -> Self {
        let mut names: BTreeSet<&str> = more.iter().copied().collect();
        names.extend(policies.iter().flat_map(|p| p.facts()).map(String::as_str));
        let guess = |name: &str| {
            let value = match facts.ask(name) {
                Answer::Known(value) => Some(value),
                Answer::Absent | Answer::Failed(_) => None,
            };
            (name.to_owned(), Guess { value, only: true, range: None })
        };
        Self { facts: names.into_iter().map(guess).collect() }
    }

    /// One in which a fact has this value.
    pub(super) fn with(fact: &str, value: &str) -> Self {
        let value = Some(FactValue::Text(value.to_owned()));
        Self { facts: [(fact.to_owned(), Guess { value, only: true, range: None })].into() }
    }

    /// The one value that a fact has here, where it has only one.
    pub(super) fn fixed(&self, fact: &str) -> Option<Option<&str>> {
        let guess = self.facts.get(fact).filter(|g| g.only)?;
        match &guess.value {
            None => Some(None),
            Some(FactValue::Text(text)) => Some(Some(text)),
            // Numbers as variables are too rare to be worth a text of their own.
            Some(_) => None,
        }
    }

    /// The texts that a fact can be here.
    pub(super) fn range(&self, fact: &str) -> Option<Range> {
        self.facts.get(fact)?.range.clone()
    }

    /// Whether a rule's `when` holds.
    pub(super) fn holds(&self, rule: &Rule) -> bool {
        rule.conditions()
            .iter()
            .all(|c| self.facts.get(&c.fact).is_none_or(|g| c.holds(g.value.as_ref(), rule.effect)))
    }

    /// The facts, as they would be answered.
    pub(super) fn answers(&self) -> BTreeMap<String, Answer> {
        let answer = |g: &Guess| g.value.clone().map_or(Answer::Absent, Answer::Known);
        self.facts.iter().map(|(name, g)| (name.clone(), answer(g))).collect()
    }
}

/// Every combination that the `when` of these rules tells apart.
pub(super) fn worlds(rules: &[&Rule], budget: &mut Budget) -> Result<Vec<World>, TooBig> {
    let mut conditions: BTreeMap<&str, Vec<(&Condition, Verdict)>> = BTreeMap::new();
    for rule in rules {
        for c in rule.conditions() {
            conditions.entry(&c.fact).or_default().push((c, rule.effect));
        }
    }
    let mut out = vec![World::default()];
    for (fact, conditions) in conditions {
        let guesses = guesses(fact, &conditions, budget)?;
        if out.len().saturating_mul(guesses.len()) > MAX_WORLDS {
            return Err(TooBig);
        }
        let with = |world: &World, guess: &Guess| {
            let mut world = world.clone();
            world.facts.insert(fact.to_owned(), guess.clone());
            world
        };
        out = out.iter().flat_map(|w| guesses.iter().map(|g| with(w, g))).collect();
    }
    Ok(out)
}

/// Whether a condition can hold, and whether it can fail to.
pub(super) fn outcomes(
    c: &Condition,
    effect: Verdict,
    budget: &mut Budget,
) -> Result<(bool, bool), TooBig> {
    let guesses = guesses(&c.fact, &[(c, effect)], budget)?;
    let holds: Vec<bool> = guesses.iter().map(|g| c.holds(g.value.as_ref(), effect)).collect();
    Ok((holds.contains(&true), holds.contains(&false)))
}

/// One value for each way in which the conditions on a fact can come out.
fn guesses(
    fact: &str,
    conditions: &[(&Condition, Verdict)],
    budget: &mut Budget,
) -> Result<Vec<Guess>, TooBig> {
    let tests: Vec<&Test> = conditions.iter().flat_map(|(c, _)| &c.tests).collect();
    let guess = |value, only| Guess { value, only, range: None };
    let mut all: Vec<Guess> = Vec::new();
    if may_be_absent(fact) {
        all.push(guess(None, true));
    }
    match domain(fact) {
        Domain::Numbers(low, high) => {
            let number = |i| guess(Some(FactValue::Integer(i)), false);
            all.extend(numbers(&tests, low, high).into_iter().map(number));
        }
        Domain::Words(words) => {
            let text = |w: &&str| guess(Some(FactValue::Text((*w).to_owned())), true);
            all.extend(words.iter().map(text));
        }
        Domain::Texts => all.extend(texts(&tests, budget)?),
    }
    let mut kinds: BTreeMap<Vec<bool>, Guess> = BTreeMap::new();
    for guess in all {
        let kind = conditions.iter().map(|(c, e)| c.holds(guess.value.as_ref(), *e)).collect();
        match kinds.entry(kind) {
            Entry::Vacant(entry) => {
                entry.insert(guess);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.only = false;
                match (&mut known.range, guess.range) {
                    (Some(known), Some(more)) => known.outcomes.extend(more.outcomes),
                    // An absent fact that is of the kind too takes no text from it.
                    (range @ None, Some(more)) if known.value.is_none() => {
                        known.value = guess.value;
                        *range = Some(more);
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(kinds.into_values().collect())
}

enum Domain {
    Numbers(i64, i64),
    Words(&'static [&'static str]),
    Texts,
}

fn domain(fact: &str) -> Domain {
    match fact {
        "time.hour" => Domain::Numbers(0, 23),
        "time.minute" => Domain::Numbers(0, 59),
        "user.uid" => Domain::Numbers(0, i64::from(u32::MAX)),
        "time.weekday" => Domain::Words(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        _ => Domain::Texts,
    }
}

/// Whether a fact can be absent: outside of a repository, without a home, unset.
fn may_be_absent(fact: &str) -> bool {
    let always = matches!(fact, "cwd" | "host.name" | "user.name" | "user.uid");
    !always && !fact.starts_with("time.")
}

/// Each number that a test names, its neighbours and the ends.
fn numbers(tests: &[&Test], low: i64, high: i64) -> Vec<i64> {
    let mut all = BTreeSet::from([low, high]);
    let mut add = |value: &FactValue| {
        if let FactValue::Integer(i) = value {
            all.extend([i.saturating_sub(1), *i, i.saturating_add(1)]);
        }
    };
    for test in tests {
        match test {
            Test::In(list) | Test::Not(list) => list.iter().for_each(&mut add),
            Test::Min(bound) | Test::Max(bound) => add(bound),
            Test::Like(_) => {}
        }
    }
    // What a glob says of a number written out can differ between neighbours.
    if tests.iter().any(|t| matches!(t, Test::Like(_))) {
        all.extend(low..=high.min(low.saturating_add(4096)));
    }
    all.into_iter().filter(|i| (low..=high).contains(i)).collect()
}

/// A language over texts that a test asks about.
#[derive(Debug)]
enum Language {
    Glob(Automaton),
    /// How a text compares with this one.
    Order(Vec<char>),
}

/// How far a text was read by one language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Glob(Places),
    /// So far equal to this many letters of the bound.
    Equal(usize),
    Decided(Ordering),
}

impl Language {
    fn start(&self) -> At {
        match self {
            Self::Glob(a) => At::Glob(a.start()),
            Self::Order(_) => At::Equal(0),
        }
    }

    fn step(&self, at: &At, letter: char) -> At {
        match (self, at) {
            (Self::Glob(a), At::Glob(places)) => At::Glob(a.step(places, letter)),
            (Self::Order(bound), At::Equal(n)) => match bound.get(*n).map(|b| letter.cmp(b)) {
                Some(Ordering::Equal) => At::Equal(n + 1),
                Some(other) => At::Decided(other),
                None => At::Decided(Ordering::Greater),
            },
            (_, decided) => decided.clone(),
        }
    }

    /// What a text that ends here is to this language.
    fn outcome(&self, at: &At) -> Ordering {
        match (self, at) {
            (Self::Glob(a), At::Glob(places)) if a.accepts(places) => Ordering::Equal,
            (Self::Order(bound), At::Equal(n)) => n.cmp(&bound.len()),
            (_, At::Decided(order)) => *order,
            _ => Ordering::Less,
        }
    }
}

/// One text for each way in which the tests can come out, found by following all of them at once; and
/// whether it is the only one.
fn texts(tests: &[&Test], budget: &mut Budget) -> Result<Vec<Guess>, TooBig> {
    let (mut languages, mut named) = (Vec::new(), BTreeSet::new());
    for test in tests {
        match test {
            Test::In(list) | Test::Not(list) => named.extend(list.iter().map(FactValue::to_string)),
            Test::Min(bound) | Test::Max(bound) => {
                languages.push(Language::Order(bound.to_string().chars().collect()));
            }
            Test::Like(glob) => languages.push(Language::Glob(Automaton::of(glob.as_str()))),
        }
    }
    let literal = |text: &String| Language::Glob(Automaton::of(&Glob::escape(text)));
    languages.extend(named.iter().map(literal));
    let letters = letters(&languages);
    let start: Vec<At> = languages.iter().map(Language::start).collect();
    let mut kinds: BTreeMap<Vec<Ordering>, String> = BTreeMap::new();
    let mut seen = BTreeSet::from([start.clone()]);
    let mut queue = VecDeque::from([(String::new(), start)]);
    while let Some((text, at)) = queue.pop_front() {
        let kind = outcomes_at(&languages, &at);
        kinds.entry(kind).or_insert_with(|| text.clone());
        for &letter in &letters {
            budget.take(1 + at.len())?;
            let next: Vec<At> =
                languages.iter().zip(&at).map(|(l, at)| l.step(at, letter)).collect();
            if seen.insert(next.clone()) {
                queue.push_back((format!("{text}{letter}"), next));
            }
        }
    }
    let languages = Rc::new(languages);
    // A text that a test names is told apart from all others by that.
    let guess = |(kind, text): (Vec<Ordering>, String)| Guess {
        only: named.contains(&text),
        value: Some(FactValue::Text(text)),
        range: Some(Range { languages: Rc::clone(&languages), outcomes: [kind].into() }),
    };
    Ok(kinds.into_iter().map(guess).collect())
}

/// The letters that the languages name, those beside them in order, and one that none names.
fn letters(languages: &[Language]) -> Vec<char> {
    let mut named: BTreeSet<char> = ['/'].into();
    for language in languages {
        match language {
            Language::Glob(a) => named.extend(a.letters()),
            Language::Order(bound) => {
                let beside = |c: &char| {
                    let code = u32::from(*c);
                    let near = [code.saturating_sub(1), code, code.saturating_add(1)];
                    near.into_iter().filter_map(char::from_u32)
                };
                named.extend(bound.iter().flat_map(beside));
            }
        }
    }
    let other = ('x'..='z').chain('a'..='w').chain('0'..='9').chain('\u{e000}'..);
    let mut letters: Vec<char> = other.filter(|c| !named.contains(c)).take(1).collect();
    letters.extend(named);
    letters
}
