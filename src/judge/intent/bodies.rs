//! What the bodies of a script do to the state around them, found before they are walked.
//!
//! In: nodes of a script. Out: the names that they assign, whether the list that they stand in ends.
//! Never: leaves out a name because its assignment may not run.

use super::evaluate::Dynamics;
use crate::judge::shell::{ARITHMETIC, LENGTH, Node, Part, Simple, Step, Word};

/// Whether the list or body that it stands in ends here.
pub(super) fn leaves_body(simple: &Simple) -> bool {
    simple
        .words
        .first()
        .and_then(Word::literal)
        .is_some_and(|w| matches!(w.as_str(), "return" | "continue" | "break"))
}

/// Whether what follows does not run after this: `exit`, `return`.
pub(super) fn leaves(node: &Node) -> bool {
    match node {
        Node::Simple(s) => s
            .words
            .first()
            .and_then(Word::literal)
            .is_some_and(|w| matches!(w.as_str(), "exit" | "return" | "continue" | "break")),
        Node::Group(list, _) => list.last().is_some_and(|s| leaves(&s.node)),
        _ => false,
    }
}

/// Names that the bodies assign, anywhere in them, each with whether it only ever gets a number.
pub(super) fn assigned(bodies: &[Vec<Step>]) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    bodies.iter().flatten().for_each(|s| assigned_by(&s.node, &mut all));
    all.retain(|(name, _)| !name.is_empty());
    all.sort();
    // `false` stands in front of `true`.
    all.dedup_by(|later, first| later.0 == first.0);
    all
}

fn assigned_by(node: &Node, out: &mut Vec<(String, bool)>) {
    match node {
        Node::Simple(s) => {
            out.extend(s.assignments.iter().map(|(name, w)| (name.clone(), counts(w))));
            let values = s.assignments.iter().map(|(_, w)| w);
            for part in s.words.iter().chain(values).flat_map(|w| Dynamics::of(w)) {
                if let Part::Dynamic { sets, what, .. } = part {
                    out.extend(sets.iter().map(|name| (name.clone(), what == ARITHMETIC)));
                }
            }
            out.extend(s.redirections.iter().filter_map(|r| r.into.clone()).map(|n| (n, true)));
            let literal = |w: &Word| w.literal().unwrap_or_default();
            let command = s.words.first().map(literal).unwrap_or_default();
            if ASSIGNING.contains(&command.as_str()) {
                for word in s.words.iter().skip(1).map(literal) {
                    let name = word.split('=').next().unwrap_or_default();
                    out.push((name.to_owned(), false));
                }
            }
        }
        Node::Pipeline(nodes) => nodes.iter().for_each(|n| assigned_by(n, out)),
        Node::Subshell(..) => {}
        // It may be called; then it runs here.
        Node::Function(_, body) => assigned_by(body, out),
        Node::Group(list, _) => list.iter().for_each(|s| assigned_by(&s.node, out)),
        Node::Bodies { bodies, names, .. } => {
            out.extend(names.iter().map(|(name, _)| (name.clone(), false)));
            bodies.iter().flatten().for_each(|s| assigned_by(&s.node, out));
        }
    }
}

/// Builtins whose arguments are names of variables that they set.
const ASSIGNING: [&str; 10] = [
    "declare",
    "export",
    "let",
    "local",
    "mapfile",
    "printf",
    "read",
    "readarray",
    "typeset",
    "unset",
];

/// Whether a value is a number for sure.
fn counts(word: &Word) -> bool {
    let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    word.literal().is_some_and(|t| digits(&t))
        || matches!(word.parts.as_slice(),
            [Part::Dynamic { what, .. }] if what == ARITHMETIC || what == LENGTH)
}

/// Names that a function's body declares as its own.
pub(super) fn local(body: &Node) -> Vec<String> {
    let mut names = Vec::new();
    local_in(body, &mut names);
    names
}

fn local_in(node: &Node, out: &mut Vec<String>) {
    match node {
        Node::Simple(s) => {
            let mut words = s.words.iter().map(Word::to_string);
            if words.next().is_some_and(|w| matches!(w.as_str(), "local" | "declare" | "typeset")) {
                let name = |w: String| w.split('=').next().unwrap_or_default().to_owned();
                out.extend(words.map(name).filter(|n| !n.is_empty() && !n.starts_with('-')));
            }
        }
        Node::Group(list, _) => list.iter().for_each(|s| local_in(&s.node, out)),
        Node::Bodies { bodies, .. } => {
            bodies.iter().flatten().for_each(|s| local_in(&s.node, out));
        }
        Node::Pipeline(_) | Node::Subshell(..) | Node::Function(..) => {}
    }
}
