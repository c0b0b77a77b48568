//! Arithmetic: `$(( ))`, `(( ))`, offsets and subscripts.
//!
//! In: the reader at its start. Out: the variables that it evaluates and those that it sets.
//! Never: reads what can run a command by itself. A variable's value is evaluated in its turn, and a
//! subscript in it may hold a command; so the names are kept for who knows the values.

use super::ast::{ARITHMETIC, Node, Part, Simple, Word};
use super::reader::{Read, Reader};

/// What arithmetic does with variables.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) evaluates: Vec<String>,
    pub(super) sets: Vec<String>,
}

impl Names {
    pub(super) fn part(self, what: &str, quoted: bool) -> Part {
        let Self { evaluates, sets } = self;
        Part::Dynamic { commands: Vec::new(), what: what.to_owned(), evaluates, sets, quoted }
    }
}

impl Reader<'_> {
    /// Up to one of the characters of `end` outside of parentheses, which is not taken.
    pub(super) fn expression(&mut self, from: usize, end: &[char]) -> Read<Names> {
        let mut open = 0usize;
        let mut names = Names::default();
        // `++` or `--` stands in front of the next name.
        let mut changed = false;
        loop {
            let Some(c) = self.peek() else {
                return self.fail(from, "arithmetic without an end");
            };
            if open == 0 && end.contains(&c) {
                return Ok(names);
            }
            match c {
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                '$' => {
                    self.bump();
                    let braced = self.eat("{");
                    let length = braced && self.eat("#");
                    let name = self.parameter();
                    if name.is_empty() || name == "@" || name == "*" || (braced && !self.eat("}")) {
                        return self.fail(from, "an expansion inside arithmetic");
                    }
                    if !length {
                        names.evaluates.push(name);
                    }
                    continue;
                }
                '+' | '-' if self.at("++") || self.at("--") => {
                    self.pos += 2;
                    changed = true;
                    continue;
                }
                c if c == '_' || c.is_ascii_alphabetic() => {
                    let name = self.name();
                    self.used(name, std::mem::take(&mut changed), &mut names);
                    continue;
                }
                // Digits may be followed by letters: `0x1f`, `16#ff`.
                c if c.is_ascii_digit() => {
                    while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '#') {
                        self.bump();
                    }
                    continue;
                }
                ' ' | '\t' => {}
                c if "+-*/%<>=!&|^~?:,".contains(c) => changed = false,
                _ => {
                    return self.fail(from, "arithmetic that is more than numbers and variables");
                }
            }
            self.bump();
        }
    }

    /// A name, and what the operator behind it does to it.
    fn used(&self, name: String, changed: bool, names: &mut Names) {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        let assigns = rest.starts_with('=') && !rest.starts_with("==");
        let operator = ["+", "-", "*", "/", "%", "<<", ">>", "&", "^", "|"];
        let computes =
            operator.iter().any(|o| rest.strip_prefix(o).is_some_and(|r| r.starts_with('=')));
        let steps = rest.starts_with("++") || rest.starts_with("--");
        if assigns || computes || steps || changed {
            names.sets.push(name.clone());
        }
        if !assigns {
            names.evaluates.push(name);
        }
    }

    /// Up to `))`, which is taken.
    pub(super) fn arithmetic(&mut self, from: usize) -> Read<Names> {
        let names = self.expression(from, &[')'])?;
        if !self.eat("))") {
            return self.fail(from, "arithmetic, or a subshell in a substitution");
        }
        Ok(names)
    }

    /// `(( … ))`.
    pub(super) fn arithmetic_command(&mut self) -> Read<Node> {
        let from = self.pos;
        self.pos += 2;
        let names = self.arithmetic(from)?;
        let mut simple = self.evaluation(from, names);
        simple.redirections = self.redirections()?;
        Ok(Node::Simple(simple))
    }

    /// A command that evaluates and does nothing else.
    pub(super) fn evaluation(&self, from: usize, names: Names) -> Simple {
        let span = from..self.pos;
        let words = vec![
            Word { parts: vec![Part::Literal("((".to_owned())], span: span.clone() },
            Word { parts: vec![names.part(ARITHMETIC, true)], span: span.clone() },
        ];
        Simple { assignments: Vec::new(), words, redirections: Vec::new(), span }
    }
}
