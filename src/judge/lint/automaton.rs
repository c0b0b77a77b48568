//! The automaton of a glob, for proofs.
//!
//! In: a glob's text. Out: the places in it that a name read so far can have come to, and whether one
//! of them is the end.
//! Never: shares code with the matching that decides, so that a mistake in one is seen by the other.

use std::collections::BTreeSet;

/// Places in the glob, ascending.
pub(super) type Places = Vec<u32>;

#[derive(Clone, Copy, Debug)]
enum On {
    Letter(char),
    /// Anything but the separator.
    Inner,
    Any,
}

/// A glob as places with arrows between them; the place made last but `inside` ones is the end.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    /// From each place: on what, to which.
    arrows: Vec<Vec<(On, u32)>>,
    /// From each place: where one is at the same time.
    also: Vec<Vec<u32>>,
    end: u32,
}

impl Automaton {
    /// The automaton of a glob that `Glob::parse` has accepted.
    pub(super) fn of(text: &str) -> Self {
        let mut a = Self::default();
        let mut here = a.place();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (from, to) = (here, a.place());
            here = to;
            if let Some(after) = rest.strip_prefix("**/").filter(|_| rest.len() == text.len()) {
                let inside = a.place();
                a.also(from, inside);
                a.also(from, to);
                a.arrow(inside, On::Any, inside);
                a.arrow(inside, On::Letter('/'), to);
                rest = after;
            } else if rest == "/**" {
                let inside = a.place();
                a.also(from, to);
                a.arrow(from, On::Letter('/'), inside);
                a.arrow(inside, On::Any, inside);
                a.also(inside, to);
                rest = "";
            } else if let Some(after) = rest.strip_prefix("/**/") {
                let inside = a.place();
                a.arrow(from, On::Letter('/'), inside);
                a.arrow(from, On::Letter('/'), to);
                a.arrow(inside, On::Any, inside);
                a.arrow(inside, On::Letter('/'), to);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                a.arrow(from, On::Any, from);
                a.also(from, to);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('*') {
                a.arrow(from, On::Inner, from);
                a.also(from, to);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('?') {
                a.arrow(from, On::Inner, to);
                rest = after;
            } else {
                let mut letters = rest.chars();
                let plain = letters.next().filter(|c| *c != '\\').or_else(|| letters.next());
                a.arrow(from, On::Letter(plain.unwrap_or(c)), to);
                rest = letters.as_str();
            }
        }
        a.end = here;
        a
    }

    /// Before anything is read.
    pub(super) fn start(&self) -> Places {
        self.close([0].into())
    }

    /// After one more letter.
    pub(super) fn step(&self, places: &[u32], letter: char) -> Places {
        let takes = |on: &On| match on {
            On::Letter(l) => *l == letter,
            On::Inner => letter != '/',
            On::Any => true,
        };
        let arrows = places.iter().filter_map(|p| self.arrows.get(*p as usize)).flatten();
        self.close(arrows.filter(|(on, _)| takes(on)).map(|(_, to)| *to).collect())
    }

    /// Whether what was read is a name of the glob.
    pub(super) fn accepts(&self, places: &[u32]) -> bool {
        places.contains(&self.end)
    }

    /// Whether everything that goes on from here is a name of the glob.
    pub(super) fn takes_all(&self, places: &[u32]) -> bool {
        let loops = |p: &u32| {
            let arrows = self.arrows.get(*p as usize);
            arrows.into_iter().flatten().any(|(on, to)| matches!(on, On::Any) && to == p)
        };
        places.iter().any(|p| loops(p) && self.accepts(&self.close(vec![*p])))
    }

    /// The letters that it tells apart from others at these places.
    pub(super) fn letters_at<'a>(&'a self, places: &'a [u32]) -> impl Iterator<Item = char> + 'a {
        let arrows = places.iter().filter_map(|p| self.arrows.get(*p as usize)).flatten();
        arrows.filter_map(|(on, _)| match on {
            On::Letter(l) => Some(*l),
            On::Inner | On::Any => None,
        })
    }

    /// The letters that it tells apart from others.
    pub(super) fn letters(&self) -> impl Iterator<Item = char> {
        self.arrows.iter().flatten().filter_map(|(on, _)| match on {
            On::Letter(l) => Some(*l),
            On::Inner | On::Any => None,
        })
    }

    fn close(&self, mut todo: Vec<u32>) -> Places {
        let mut places = BTreeSet::new();
        while let Some(p) = todo.pop() {
            if places.insert(p) {
                todo.extend(self.also.get(p as usize).into_iter().flatten());
            }
        }
        places.into_iter().collect()
    }

    fn place(&mut self) -> u32 {
        self.arrows.push(Vec::new());
        self.also.push(Vec::new());
        u32::try_from(self.arrows.len() - 1).unwrap_or(u32::MAX)
    }

    fn arrow(&mut self, from: u32, on: On, to: u32) {
        if let Some(arrows) = self.arrows.get_mut(from as usize) {
            arrows.push((on, to));
        }
    }

    fn also(&mut self, from: u32, to: u32) {
        if let Some(also) = self.also.get_mut(from as usize) {
            also.push(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Glob;

    proptest::proptest! {
        #[test]
        fn it_takes_the_names_that_the_glob_matches(
            glob in "(/|a|b|\\*|\\*\\*|\\?|\\\\\\*|\\*\\*/|/\\*\\*){1,6}",
            names in proptest::collection::vec("[/ab*]{0,5}", 30),
        ) {
            if let Ok(glob) = Glob::parse(&glob) {
                let a = Automaton::of(glob.as_str());
                for name in &names {
                    let end = name.chars().fold(a.start(), |places, c| a.step(&places, c));
                    proptest::prop_assert_eq!(a.accepts(&end), glob.matches(name), "{} on {}", glob, name);
                }
            }
        }
    }
}
