//! The automaton of a glob.
//!
//! In: the text of a glob. Out: its literal beginning and a [`Machine`] for the rest; runs of one
//! machine over a name, and of two over all names at once.
//! Never: takes more than a fixed number of steps for a question about two machines.
//!
//! The machine's states are the places between its steps, so that a set of states is a set of bits:
//! 128 of them fit into a word, which is every glob that people write; longer ones take a list of words.

use super::{GlobError, MAX_TOKENS};
use std::collections::{BTreeSet, VecDeque};

/// Most steps that a question about two globs takes.
const MAX_WORK: usize = 200_000;

/// What leads from one place to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// This character.
    Char(char),
    /// `?`: one character that is not the separator.
    One,
    /// `*`: any run without the separator.
    Star,
    /// `**`: any run.
    Many,
    /// `/**` at the end: a `Many` that only a separator leads into, or nothing of both.
    Tree,
    /// `/**/`: a separator, past or into the `Inside` that follows.
    Deep,
    /// `**/` at the start: into the `Inside` that follows, or past it.
    Lead,
    /// Any run that ends in a separator.
    Inside,
}

/// What follows the literal beginning of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    steps: Box<[Step]>,
}

/// Shapes that need no machine.
pub(super) enum Shape {
    Tree,
    Anything,
    Other,
}

/// Reads a glob: its literal beginning, the machine of the rest unless that is empty, and the longest
/// run of plain characters in it.
pub(super) fn read(text: &str) -> Result<(String, Option<Machine>, String), GlobError> {
    let (mut prefix, mut steps) = (String::new(), Vec::new());
    let (mut run, mut needle) = (String::new(), String::new());
    let (mut rest, mut length) = (text, 0usize);
    while let Some(c) = rest.chars().next() {
        length += 1;
        let first = steps.is_empty() && prefix.is_empty();
        let (wild, after): (&[Step], &str) = if rest == "/**" {
            (&[Step::Tree, Step::Many], "")
        } else if let Some(after) = rest.strip_prefix("**/").filter(|_| first) {
            (&[Step::Lead, Step::Inside], after)
        } else if let Some(after) = rest.strip_prefix("/**/") {
            (&[Step::Deep, Step::Inside], after)
        } else if let Some(after) = rest.strip_prefix("**") {
            (&[Step::Many], after)
        } else if let Some(after) = rest.strip_prefix('*') {
            (&[Step::Star], after)
        } else if let Some(after) = rest.strip_prefix('?') {
            (&[Step::One], after)
        } else {
            let after = rest.strip_prefix(c).unwrap_or_default();
            let (c, after) = if c == '\\' {
                let mut chars = after.chars();
                let escaped = chars.next().ok_or_else(|| GlobError::Escape(text.to_owned()))?;
                (escaped, chars.as_str())
            } else {
                (c, after)
            };
            if steps.is_empty() {
                prefix.push(c);
            } else {
                steps.push(Step::Char(c));
                run.push(c);
            }
            rest = after;
            continue;
        };
        if run.len() > needle.len() {
            std::mem::swap(&mut run, &mut needle);
        }
        run.clear();
        steps.extend_from_slice(wild);
        rest = after;
    }
    if run.len() > needle.len() {
        needle = run;
    }
    if !steps.is_empty() && length > MAX_TOKENS {
        return Err(GlobError::TooLong(length));
    }
    let machine = (!steps.is_empty()).then(|| Machine { steps: steps.into() });
    Ok((prefix, machine, needle))
}

/// A set of places.
trait Places: Clone + Ord {
    fn none(places: usize) -> Self;
    fn has(&self, place: usize) -> bool;
    fn put(&mut self, place: usize);
    fn is_empty(&self) -> bool;
    fn for_each(&self, f: impl FnMut(usize));
}

impl Places for u128 {
    fn none(_: usize) -> Self {
        0
    }

    fn has(&self, place: usize) -> bool {
        self >> place & 1 == 1
    }

    fn put(&mut self, place: usize) {
        *self |= 1 << place;
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }

    fn for_each(&self, mut f: impl FnMut(usize)) {
        let mut bits = *self;
        while bits != 0 {
            f(bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

impl Places for Vec<u128> {
    fn none(places: usize) -> Self {
        vec![0; places / 128 + 1]
    }

    fn has(&self, place: usize) -> bool {
        self.get(place / 128).is_some_and(|word| word.has(place % 128))
    }

    fn put(&mut self, place: usize) {
        if let Some(word) = self.get_mut(place / 128) {
            word.put(place % 128);
        }
    }

    fn is_empty(&self) -> bool {
        self.iter().all(Places::is_empty)
    }

    fn for_each(&self, mut f: impl FnMut(usize)) {
        for (i, word) in self.iter().enumerate() {
            word.for_each(|place| f(i * 128 + place));
        }
    }
}

impl Machine {
    pub(super) fn nothing() -> Self {
        Self { steps: Box::default() }
    }

    pub(super) fn tree() -> Self {
        Self { steps: Box::new([Step::Tree, Step::Many]) }
    }

    pub(super) fn anything() -> Self {
        Self { steps: Box::new([Step::Many]) }
    }

    pub(super) fn shape(&self) -> Shape {
        match *self.steps {
            [Step::Tree, Step::Many] => Shape::Tree,
            [Step::Many] => Shape::Anything,
            _ => Shape::Other,
        }
    }

    /// Whether it takes this name.
    pub(super) fn matches(&self, name: &str) -> bool {
        if self.steps.len() < 128 { self.run::<u128>(name) } else { self.run::<Vec<u128>>(name) }
    }

    fn run<P: Places>(&self, name: &str) -> bool {
        let places = self.after::<P>(name);
        places.has(self.steps.len())
    }

    /// The places after this text.
    fn after<P: Places>(&self, text: &str) -> P {
        let mut places = self.start::<P>();
        for c in text.chars() {
            if places.is_empty() {
                break;
            }
            places = self.step(&places, c);
        }
        places
    }

    fn start<P: Places>(&self) -> P {
        let mut places = P::none(self.steps.len());
        self.enter(&mut places, 0);
        places
    }

    /// Enters a place, and those that can be had from it for nothing.
    fn enter<P: Places>(&self, places: &mut P, mut place: usize) {
        while !places.has(place) {
            places.put(place);
            match self.steps.get(place) {
                Some(Step::Star | Step::Many) => place += 1,
                Some(Step::Tree) => place += 2,
                Some(Step::Lead) => {
                    places.put(place + 1);
                    place += 2;
                }
                _ => break,
            }
        }
    }

    fn step<P: Places>(&self, places: &P, c: char) -> P {
        let mut next = P::none(self.steps.len());
        places.for_each(|place| {
            let Some(step) = self.steps.get(place) else { return };
            match *step {
                Step::Char(wanted) if wanted == c => self.enter(&mut next, place + 1),
                Step::One if c != '/' => self.enter(&mut next, place + 1),
                Step::Star if c != '/' => self.enter(&mut next, place),
                Step::Many => self.enter(&mut next, place),
                Step::Tree if c == '/' => self.enter(&mut next, place + 1),
                Step::Deep if c == '/' => {
                    next.put(place + 1);
                    self.enter(&mut next, place + 2);
                }
                Step::Inside => {
                    next.put(place);
                    if c == '/' {
                        self.enter(&mut next, place + 1);
                    }
                }
                _ => {}
            }
        });
        next
    }

    /// The characters that it names.
    fn letters(&self) -> impl Iterator<Item = char> {
        self.steps.iter().filter_map(|s| if let Step::Char(c) = s { Some(*c) } else { None })
    }
}

/// One character for each class that the two machines and `more` tell apart: their characters, the
/// separator, and one that none of them has.
fn alphabet(a: &Machine, b: &Machine) -> Vec<char> {
    let mut out: Vec<char> = a.letters().chain(b.letters()).chain(['/']).collect();
    out.sort_unstable();
    out.dedup();
    let fresh = ('\u{e000}'..).find(|c| out.binary_search(c).is_err());
    out.extend(fresh);
    out
}

/// What a question about two machines looks for, and what it answers when it is too big.
struct Question {
    /// Whether a name that both end on answers it; else one that only the second ends on.
    both: bool,
}

/// Whether all names of `more` followed by a name of `theirs` are names of `ours`.
pub(super) fn covers(ours: &Machine, theirs: &Machine, more: &str) -> bool {
    !search(ours, theirs, more, &Question { both: false })
}

/// Whether some name of `ours` is `more` followed by a name of `theirs`.
pub(super) fn meets(ours: &Machine, theirs: &Machine, more: &str) -> bool {
    search(ours, theirs, more, &Question { both: true })
}

fn search(ours: &Machine, theirs: &Machine, more: &str, question: &Question) -> bool {
    if ours.steps.len() < 128 && theirs.steps.len() < 128 {
        walk::<u128>(ours, theirs, more, question)
    } else {
        walk::<Vec<u128>>(ours, theirs, more, question)
    }
}

/// Goes through all pairs of sets of places that some name leads to. Too big a question is answered
/// with yes: there is a name in both, or one in the second alone.
fn walk<P: Places>(ours: &Machine, theirs: &Machine, more: &str, question: &Question) -> bool {
    let start = (ours.after::<P>(more), theirs.start::<P>());
    let alphabet = alphabet(ours, theirs);
    let mut queue = VecDeque::from([start.clone()]);
    let mut seen = BTreeSet::from([start]);
    let mut work = 0usize;
    while let Some((o, t)) = queue.pop_front() {
        if t.has(theirs.steps.len()) && o.has(ours.steps.len()) == question.both {
            return true;
        }
        for &c in &alphabet {
            let pair = (ours.step(&o, c), theirs.step(&t, c));
            work += 1;
            o.for_each(|_| work += 1);
            t.for_each(|_| work += 1);
            if work > MAX_WORK {
                return true;
            }
            if pair.1.is_empty() || question.both && pair.0.is_empty() {
                continue;
            }
            if seen.insert(pair.clone()) {
                queue.push_back(pair);
            }
        }
    }
    false
}
