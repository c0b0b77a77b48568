//! Looks for a resource name that some patterns match and others do not, whatever the variables are.
//!
//! In: patterns that must match, patterns that must not, what is known of the facts. Out: the shortest
//! such name with values of the variables, or that there is none.
//! Never: samples. The patterns are regular, and all of them are followed at once, letter by letter, so
//! that «none» means none; a question that is too big is said to be so.
//!
//! A variable stands for any value. One that begins a pattern that must match, or follows plain text there,
//! is followed with the name: its value is some part of the name from there on, so at each letter it may end
//! or go on. One that only stands in patterns that must not match is somewhere else. One that stands behind a
//! wildcard in a pattern that must match is taken for any text, which finds too much and never too little.

use super::automaton::{Automaton, Places};
use super::worlds::{At, Range, World};
use crate::judge::policy::Pattern;
use crate::model::{Glob, ResourceKind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Stands for a variable in the text of a glob; Unicode keeps it out of texts (a noncharacter).
const VARIABLE: char = '\u{fdd0}';

/// How many patterns are followed without a second thought.
const FEW: usize = 2;

/// Steps that are left for all questions of one proof together.
#[derive(Debug)]
pub(super) struct Budget(pub(super) usize);

/// The question is too big to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooBig;

impl Budget {
    pub(super) fn take(&mut self, steps: usize) -> Result<(), TooBig> {
        self.0 = self.0.checked_sub(steps).ok_or(TooBig)?;
        Ok(())
    }
}

/// A name that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    /// Values of the variables that were followed.
    pub(super) values: BTreeMap<String, String>,
}

/// What a name is looked for with.
pub(super) struct Question<'a> {
    pub(super) kind: ResourceKind,
    /// All of these must match.
    pub(super) within: &'a [&'a Pattern],
    /// None of these may.
    pub(super) without: &'a [&'a Pattern],
    pub(super) world: &'a World,
}

/// A variable that is followed.
#[derive(Clone, Debug)]
struct Track {
    name: String,
    /// The plain text before it, which the name begins with.
    after: Vec<char>,
    /// Its values are absolute paths without `.`, `..` or doubled separators.
    path: bool,
    /// For texts: whether `/` follows, which takes slashes off the value's end.
    slash: bool,
    /// What its value may be.
    range: Option<Range>,
}

impl Track {
    /// The letters that make a difference to it.
    fn letters(&self) -> Vec<char> {
        let range = self.range.as_ref().map_or_else(Vec::new, Range::letters);
        self.after.iter().copied().chain(range).collect()
    }

    fn key(&self) -> (&str, &[char], bool) {
        (&self.name, &self.after, self.slash)
    }
}

/// A pattern to follow.
struct Follow {
    automaton: Automaton,
    /// The variable that it begins with, and whether `/` follows that.
    track: Option<(usize, bool)>,
    /// The plain text before that.
    after: Vec<char>,
}

impl Follow {
    /// The places before anything is read, behind the variable where there is one.
    fn begin(&self) -> Places {
        let start = self.automaton.start();
        if self.track.is_none() {
            return start;
        }
        let before = self.after.iter().chain([&VARIABLE]);
        before.fold(start, |places, letter| self.automaton.step(&places, *letter))
    }
}

/// Where a followed variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Reading,
    /// It is `/`, of which nothing was read yet; before a `/` it counts as nothing.
    Root,
    Ended,
}

/// How far a name is a plain absolute path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    Empty,
    Root,
    Slash,
    Dot,
    Dots,
    Segment,
    Not,
}

impl Path {
    const fn step(self, letter: char) -> Self {
        match (self, letter) {
            (Self::Empty, '/') => Self::Root,
            (Self::Segment, '/') => Self::Slash,
            (Self::Root | Self::Slash, '.') => Self::Dot,
            (Self::Dot, '.') => Self::Dots,
            (Self::Empty | Self::Not, _) | (_, '/' | '\0') => Self::Not,
            _ => Self::Segment,
        }
    }

    const fn whole(self) -> bool {
        matches!(self, Self::Root | Self::Segment)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    path: Path,
    /// Of a plain name: whether a part of it begins here.
    gap: bool,
    /// Whether the last letter was `/`, where some value had slashes taken off its end.
    slashed: bool,
    /// Letters of the name, counted as far as some variable has plain text before it.
    read: usize,
    phases: Vec<Phase>,
    /// For each variable that has a range: how far its value was read.
    values: Vec<Vec<At>>,
    within: Vec<Places>,
    /// By number; those that still wait for a variable, or can match no more, are left out.
    without: Vec<(usize, Places)>,
}

/// The shortest name that answers the question.
pub(super) fn find(q: &Question<'_>, budget: &mut Budget) -> Result<Option<Found>, TooBig> {
    let mut tracks = Vec::new();
    let mut shapes: Vec<Shape> = Vec::new();
    for pattern in q.within {
        match shape(pattern, q, &mut tracks, true) {
            Some(shape) if shapes.iter().all(|s| s.may_meet(&shape)) => shapes.push(shape),
            _ => return Ok(None),
        }
    }
    budget.take(q.without.len())?;
    let without = q.without.iter().filter_map(|p| shape(p, q, &mut tracks, false));
    let without: Vec<Shape> =
        without.filter(|shape| shapes.iter().all(|s| s.may_meet(shape))).collect();
    let follow = |s: &Shape| s.follow(&tracks);
    let (within, without): (Vec<Follow>, Vec<Follow>) =
        (shapes.iter().map(follow).collect(), without.iter().map(follow).collect());
    let mut search =
        Search { kind: q.kind, root: false, plain: false, tracks, within, without: Vec::new() };
    if without.len() > FEW {
        // Often the first name that comes to mind will do, and following many patterns is dear.
        let Some(path) = search.either(budget)? else { return Ok(None) };
        search.without = without;
        budget.take(path.len() * search.without.len())?;
        if search.walk(&path).is_some_and(|end| search.accepts(&end)) {
            return Ok(Some(search.told(&path)));
        }
        search.root = false;
    } else {
        search.without = without;
    }
    let Some(mut path) = search.either(budget)? else { return Ok(None) };
    if q.kind != ResourceKind::File {
        // A name with an empty part is possible; where there is a better one, that is told.
        search.plain = true;
        path = search.run(budget)?.unwrap_or(path);
    }
    Ok(Some(search.told(&path)))
}

/// A pattern with its variables marked.
struct Shape {
    glob: Glob,
    track: Option<(usize, bool)>,
}

impl Shape {
    /// Whether some name can be in both, as far as the plain text at their beginnings and ends says.
    fn may_meet(&self, other: &Self) -> bool {
        let (a, b) = (self.glob.prefix(), other.glob.prefix());
        let (y, z) = (self.end(), other.end());
        let begin = a.starts_with(b) || b.starts_with(a);
        let loose = self.track.is_some() || other.track.is_some();
        (loose || begin) && (y.ends_with(z) || z.ends_with(y))
    }

    /// The plain text that every name ends with. A `/` behind `**` can be missing.
    fn end(&self) -> &str {
        let plain = self.glob.as_str().rsplit(['*', '?', '\\', VARIABLE]).next();
        plain.unwrap_or_default().trim_start_matches('/')
    }

    fn follow(&self, tracks: &[Track]) -> Follow {
        let track = self.track.and_then(|(t, _)| tracks.get(t));
        let after = track.map(|t| t.after.clone()).unwrap_or_default();
        Follow { automaton: Automaton::of(self.glob.as_str()), track: self.track, after }
    }
}

/// The shape of a pattern; `None` where it matches nothing (or, of those that must not match, where its
/// variables can be elsewhere).
fn shape(p: &Pattern, q: &Question<'_>, tracks: &mut Vec<Track>, must: bool) -> Option<Shape> {
    if p.kind().is_some_and(|k| k != q.kind) {
        return None;
    }
    let mut track = None;
    let mut texts = Vec::new();
    for (i, (name, slash)) in p.variables().enumerate() {
        if let Some(value) = q.world.fixed(name) {
            let value = value.filter(|v| !v.is_empty())?;
            let value = if slash { value.trim_end_matches('/') } else { value };
            texts.push(Glob::escape(value));
        } else if let Some(lead) = p.lead().filter(|_| i == 0) {
            let path = is_path(name) && lead.is_empty();
            // A range cannot know what slashes were taken off its end. Variables of the environment can end
            // with one, and a path can be one.
            let trimmed = slash && (name.starts_with("env.") || (is_path(name) && !path));
            let range = q.world.range(name).filter(|_| !trimmed);
            let (name, after) = (name.to_owned(), lead.chars().collect());
            let one = Track { name, after, path, slash: slash && !path, range };
            let known = tracks.iter().position(|t| t.key() == one.key());
            if known.is_none() && !must {
                return None;
            }
            if known.is_none() {
                tracks.push(one);
            }
            track = Some((known.unwrap_or(tracks.len() - 1), slash));
            texts.push(VARIABLE.to_string());
        } else if must {
            texts.push("**".to_owned());
        } else {
            return None;
        }
    }
    let glob = p.shape(&|i| texts.get(i).cloned().unwrap_or_default());
    let forged = |g: &Glob| track.is_none() && g.as_str().contains(VARIABLE);
    match glob.filter(|g| !forged(g)) {
        Some(glob) => Some(Shape { glob, track }),
        // Stars that came to stand beside each other: anything, where that is the side of caution.
        None if must => Some(Shape { glob: Glob::parse("**").ok()?, track: None }),
        None => None,
    }
}

/// Facts that are absolute paths with all links resolved.
fn is_path(fact: &str) -> bool {
    matches!(fact, "cwd" | "home" | "tmp" | "user.home" | "git.root")
}

/// Facts that are one segment: no user or host has a `/` in its name.
fn is_segment(fact: &str) -> bool {
    matches!(fact, "user.name" | "user.uid" | "host.name") || fact.starts_with("time.")
}

struct Search {
    kind: ResourceKind,
    /// Whether a variable may be `/`, or end there.
    root: bool,
    /// Whether no part of a name that is no path may be empty.
    plain: bool,
    tracks: Vec<Track>,
    within: Vec<Follow>,
    without: Vec<Follow>,
}

/// How a state was come to: from which, by a letter or by the end of a variable.
type Step = (usize, Option<char>, Option<usize>);

/// Letters and ends of variables, in order.
type Route = Vec<(Option<char>, Option<usize>)>;

impl Search {
    /// A way to a name; one in which a variable is `/` only where there is no other, since that is the last
    /// thing that a reader expects.
    fn either(&mut self, budget: &mut Budget) -> Result<Option<Route>, TooBig> {
        let found = self.run(budget)?;
        if found.is_some() || self.tracks.is_empty() {
            return Ok(found);
        }
        self.root = true;
        self.run(budget)
    }

    /// The state at the end of a way.
    fn walk(&self, path: &Route) -> Option<State> {
        path.iter().try_fold(self.first(), |state, step| match *step {
            (Some(letter), _) => self.read(&state, letter),
            (None, track) => self.end(&state, track?),
        })
    }

    fn first(&self) -> State {
        let first = State {
            path: Path::Empty,
            gap: self.plain,
            slashed: false,
            read: 0,
            values: self
                .tracks
                .iter()
                .map(|t| t.range.as_ref().map_or_else(Vec::new, Range::start))
                .collect(),
            phases: self.tracks.iter().map(|_| Phase::Reading).collect(),
            within: self.within.iter().map(|f| f.automaton.start()).collect(),
            without: Vec::new(),
        };
        State { without: self.woken(&first.phases, None), ..first }
    }

    fn run(&self, budget: &mut Budget) -> Result<Option<Route>, TooBig> {
        let other = self.other();
        let first = self.first();
        let mut steps: Vec<Step> = vec![(0, None, None)];
        let mut seen = BTreeSet::from([first.clone()]);
        let mut queue = VecDeque::from([(0usize, first)]);
        while let Some((at, state)) = queue.pop_front() {
            if self.accepts(&state) {
                return Ok(Some(route(&steps, at)));
            }
            for track in 0..self.tracks.len() {
                let Some(next) = self.end(&state, track) else { continue };
                if seen.insert(next.clone()) {
                    steps.push((at, None, Some(track)));
                    queue.push_front((steps.len() - 1, next));
                }
            }
            if self.hopeless(&state) {
                continue;
            }
            let followed = state.within.iter().chain(state.without.iter().map(|(_, p)| p));
            let size: usize = followed.map(|places| 1 + places.len()).sum();
            for letter in self.letters(&state, other) {
                budget.take(1 + size)?;
                let Some(next) = self.read(&state, letter) else { continue };
                if seen.insert(next.clone()) {
                    steps.push((at, Some(letter), None));
                    queue.push_back((steps.len() - 1, next));
                }
            }
        }
        Ok(None)
    }

    /// A letter that no pattern names.
    fn other(&self) -> char {
        let all = self.within.iter().chain(&self.without);
        let mut named: BTreeSet<char> = all.flat_map(|f| f.automaton.letters()).collect();
        named.extend(self.tracks.iter().flat_map(Track::letters));
        let mut any = ('x'..='z').chain('a'..='w').chain('0'..='9').chain('\u{e000}'..);
        any.find(|c| !named.contains(c)).unwrap_or('\u{e000}')
    }

    /// The letters that can make a difference in this state: those that some pattern names there, the
    /// separator, the dot (which makes `.` and `..`), and one that stands for all others.
    fn letters(&self, s: &State, other: char) -> Vec<char> {
        let pairs = self.within.iter().zip(&s.within).chain(self.alive(s));
        let mut letters: BTreeSet<char> =
            pairs.flat_map(|(f, places)| f.automaton.letters_at(places)).collect();
        letters.extend(['/', '.']);
        let reading = self.tracks.iter().zip(&s.phases).filter(|(_, p)| **p == Phase::Reading);
        letters.extend(reading.flat_map(|(t, _)| t.letters()));
        let named = letters.into_iter().filter(|c| *c != VARIABLE && *c != other);
        std::iter::once(other).chain(named).collect()
    }

    /// Whether some pattern that must not match will match whatever comes.
    fn hopeless(&self, s: &State) -> bool {
        self.alive(s).any(|(f, places)| f.automaton.takes_all(places))
    }

    /// The patterns that must not match, and still may.
    fn alive<'a>(&'a self, s: &'a State) -> impl Iterator<Item = (&'a Follow, &'a Places)> {
        s.without.iter().filter_map(|(i, places)| Some((self.without.get(*i)?, places)))
    }

    /// The patterns that must not match and begin where these phases begin, after those before them.
    fn woken(&self, now: &[Phase], before: Option<&[Phase]>) -> Vec<(usize, Places)> {
        let fresh =
            |f: &Follow| !Self::waits(f, now) && before.is_none_or(|before| Self::waits(f, before));
        let woken = self.without.iter().enumerate().filter(|(_, f)| fresh(f));
        woken.map(|(i, f)| (i, f.begin())).filter(|(_, places)| !places.is_empty()).collect()
    }

    /// Whether a pattern still waits for the variable that it begins with.
    fn waits(f: &Follow, phases: &[Phase]) -> bool {
        f.track.is_some_and(|(track, slash)| match phases.get(track) {
            Some(Phase::Reading) | None => true,
            Some(Phase::Root) => !slash,
            Some(Phase::Ended) => false,
        })
    }

    fn accepts(&self, s: &State) -> bool {
        let named = match self.kind {
            ResourceKind::File => s.path.whole(),
            _ => s.path != Path::Empty && !s.gap,
        };
        let takes = |(f, places): (&Follow, &Places)| {
            !Self::waits(f, &s.phases) && f.automaton.accepts(places)
        };
        let refused = |(f, places): (&Follow, &Places)| f.automaton.accepts(places);
        named && self.within.iter().zip(&s.within).all(takes) && !self.alive(s).any(refused)
    }

    /// The variable's value ends here.
    fn end(&self, s: &State, track: usize) -> Option<State> {
        let t = self.tracks.get(track)?;
        let phase = *s.phases.get(track)?;
        let (empty, valueless) = (s.path == Path::Empty, s.read <= t.after.len());
        let may = match (t.path, t.slash) {
            _ if phase != Phase::Reading || (empty && !self.root) => false,
            (true, _) => empty || s.path == Path::Segment,
            (false, true) => s.read >= t.after.len() && (valueless || !s.slashed),
            (false, false) => !valueless,
        };
        let value = s.values.get(track)?;
        let fits =
            |r: &Range| if t.path && empty { r.holds(&r.step(value, '/')) } else { r.holds(value) };
        let may = may && t.range.as_ref().is_none_or(fits);
        let mut next = s.clone();
        *next.phases.get_mut(track).filter(|_| may)? =
            if t.path && empty { Phase::Root } else { Phase::Ended };
        // What it was is of no more interest.
        next.values.get_mut(track)?.clear();
        self.wake(&s.phases, &mut next);
        Some(next)
    }

    /// Patterns whose variable has just ended begin with what follows it.
    fn wake(&self, before: &[Phase], next: &mut State) {
        for (f, places) in self.within.iter().zip(&mut next.within) {
            if Self::waits(f, before) && !Self::waits(f, &next.phases) {
                *places = f.begin();
            }
        }
        let woken = self.woken(&next.phases, Some(before));
        next.without.extend(woken);
        next.without.sort_unstable();
    }

    /// One more letter; `None` where nothing can come of it.
    fn read(&self, s: &State, letter: char) -> Option<State> {
        let mut next = s.clone();
        next.path = s.path.step(letter);
        next.gap = self.plain && matches!(letter, '/' | ':');
        next.slashed = letter == '/' && self.tracks.iter().any(|t| t.slash);
        if s.gap && next.gap {
            return None;
        }
        if self.kind == ResourceKind::File && next.path == Path::Not {
            return None;
        }
        let most = self.tracks.iter().map(|t| t.after.len()).max().unwrap_or(0);
        next.read = (s.read + 1).min(most + 1);
        for ((t, value), phase) in self.tracks.iter().zip(&mut next.values).zip(&s.phases) {
            match (t.after.get(s.read), &t.range) {
                (Some(c), _) if *c != letter => return None,
                (None, _) if letter == '/' && *phase == Phase::Reading && is_segment(&t.name) => {
                    return None;
                }
                (None, Some(range)) if *phase == Phase::Reading => {
                    *value = range.step(value, letter)
                }
                _ => {}
            }
        }
        for (f, places) in self.within.iter().zip(&mut next.within) {
            if !Self::waits(f, &s.phases) {
                *places = f.automaton.step(places, letter);
            }
        }
        if next.within.iter().any(Vec::is_empty) {
            return None;
        }
        for (i, places) in &mut next.without {
            *places = self.without.get(*i).map(|f| f.automaton.step(places, letter))?;
        }
        next.without.retain(|(_, places)| !places.is_empty());
        if s.phases.contains(&Phase::Root) {
            // A value `/` is read with this letter, or is not the beginning of the name.
            for phase in next.phases.iter_mut().filter(|p| **p == Phase::Root) {
                *phase = Phase::Ended;
            }
            let late = |f: &Follow| Self::waits(f, &s.phases) && !Self::waits(f, &next.phases);
            if letter == '/' {
                self.wake(&s.phases, &mut next);
            } else if self.within.iter().any(late) {
                return None;
            }
        }
        Some(next)
    }

    /// The name and the values of a way.
    fn told(&self, path: &Route) -> Found {
        let mut found = Found { name: String::new(), values: BTreeMap::new() };
        for (letter, track) in path {
            found.name.extend(*letter);
            if let Some(track) = track.and_then(|t| self.tracks.get(t)) {
                let value: String = found.name.chars().skip(track.after.len()).collect();
                let value = if value.is_empty() { "/".to_owned() } else { value };
                found.values.insert(track.name.clone(), value);
            }
        }
        found
    }
}

/// The way on which a state was come to.
fn route(steps: &[Step], mut at: usize) -> Route {
    let mut back = Vec::new();
    while at != 0 {
        let Some(&(before, letter, track)) = steps.get(at) else { break };
        back.push((letter, track));
        at = before;
    }
    back.reverse();
    back
}
