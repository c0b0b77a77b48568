//! Compound commands: conditions, loops, cases, functions.
//!
//! In: the reader in front of one. Out: its node, with the lists of commands in it.
//! Never: keeps the order in which bodies run: each may run, once or again.

use super::ast::{Join, Node, Part, Step, Word};
use super::reader::{RESERVED, Read, Reader, Stop};

impl Reader<'_> {
    /// `NAME ( )` at this place: the name, with the reader behind it.
    pub(super) fn function_head(&mut self, from: usize) -> Read<Option<String>> {
        let name = self.function_name();
        self.blanks();
        if name.is_empty() || !self.eat("(") {
            self.pos = from;
            return Ok(None);
        }
        self.blanks();
        if !self.eat(")") {
            return self.fail(from, "a parenthesis out of place");
        }
        Ok(Some(name))
    }

    /// bash takes nearly any word; these are what people write.
    pub(super) fn function_name(&mut self) -> String {
        let rest = self.rest();
        let end = |c: char| !(c.is_ascii_alphanumeric() || "_-.:+@%".contains(c));
        let name = rest.get(..rest.find(end).unwrap_or(rest.len())).unwrap_or_default();
        self.pos += name.len();
        name.to_owned()
    }

    /// The body of a function: a compound command.
    pub(super) fn function(&mut self, from: usize, name: String) -> Read<Node> {
        if name.is_empty()
            || name.chars().all(|c| c.is_ascii_digit())
            || RESERVED.contains(&name.as_str())
        {
            return self.fail(from, "the name of a function is missing");
        }
        if !name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) {
            self.bash_only(from, "such a name of a function")?;
        }
        self.lines()?;
        if !self.at("(")
            && !matches!(
                self.reserved(),
                Some("{" | "[[" | "if" | "while" | "until" | "for" | "case" | "select")
            )
        {
            return self.fail(from, "the body of a function is missing");
        }
        let body = self.deeper(Self::command)?;
        Ok(Node::Function(name, Box::new(body)))
    }

    pub(super) fn bodies_node(
        &mut self,
        again: bool,
        bodies: Vec<Vec<Step>>,
        names: Vec<(String, Vec<Word>)>,
    ) -> Read<Node> {
        let redirections = self.redirections()?;
        Ok(Node::Bodies { bodies, names, again, redirections })
    }

    /// `do … done`.
    pub(super) fn body(&mut self) -> Read<Vec<Step>> {
        self.take("do")?;
        let body = self.list(Stop::Words(&["done"]))?;
        self.take("done")?;
        Ok(body)
    }

    pub(super) fn conditional(&mut self) -> Read<Node> {
        let mut bodies = vec![self.list(Stop::Words(&["then"]))?];
        self.take("then")?;
        loop {
            bodies.push(self.list(Stop::Words(&["elif", "else", "fi"]))?);
            match self.reserved() {
                Some("elif") => {
                    self.pos += 4;
                    bodies.push(self.list(Stop::Words(&["then"]))?);
                    self.take("then")?;
                }
                Some("else") => {
                    self.pos += 4;
                    bodies.push(self.list(Stop::Words(&["fi"]))?);
                    break;
                }
                _ => break,
            }
        }
        self.take("fi")?;
        self.bodies_node(false, bodies, Vec::new())
    }

    pub(super) fn each(&mut self, from: usize, word: &str) -> Read<Node> {
        if word == "select" {
            self.bash_only(from, "`select`")?;
        }
        self.blanks();
        if word == "for" && self.at("((") {
            return self.counting(from);
        }
        let name = self.name();
        if name.is_empty() {
            return self.fail(from, "the variable of `for` is missing");
        }
        self.lines()?;
        let mut words = Vec::new();
        if self.reserved() == Some("in") {
            self.pos += 2;
            loop {
                self.blanks();
                if self.words(&mut words)?.is_none() {
                    break;
                }
            }
            if !self.eat(";") && !self.at("\n") {
                return self.fail(self.pos, "the words of `for` do not end in `;` or a newline");
            }
        } else {
            // Without `in` it goes over the positional parameters.
            let part = Part::Param { name: "@".to_owned(), quoted: true };
            words.push(Word { parts: vec![part], span: from..self.pos });
            self.eat(";");
        }
        let body = self.body()?;
        self.bodies_node(true, vec![body], vec![(name, words)])
    }

    /// `for ((first; condition; step)); do … done`, or with a group for a body.
    pub(super) fn counting(&mut self, from: usize) -> Read<Node> {
        self.bash_only(from, "`for ((`")?;
        self.pos += 2;
        let mut three = Vec::new();
        for end in [";", ";", "))"] {
            let at = self.pos;
            let names = self.expression(from, &[';', ')'])?;
            let simple = Node::Simple(self.evaluation(at, names));
            three.push(Step { join: Join::Then, node: simple, background: false });
            if !self.eat(end) {
                return self.fail(from, "`for` with arithmetic that does not end");
            }
        }
        self.blanks();
        self.eat(";");
        self.lines()?;
        let mut body = if self.reserved() == Some("{") {
            self.pos += 1;
            let body = self.list(Stop::Words(&["}"]))?;
            self.take("}")?;
            body
        } else {
            self.body()?
        };
        let redirections = self.redirections()?;
        let mut three = three.into_iter();
        let first = three.next();
        let condition = three.next().into_iter().collect();
        body.extend(three);
        let bodies = vec![condition, body];
        let node =
            Node::Bodies { bodies, names: Vec::new(), again: true, redirections: Vec::new() };
        let turns = Step { join: Join::Then, node, background: false };
        Ok(Node::Group(first.into_iter().chain([turns]).collect(), redirections))
    }

    pub(super) fn case(&mut self) -> Read<Node> {
        self.blanks();
        let Some(subject) = self.word(false)? else {
            return self.fail(self.pos, "the subject of `case` is missing");
        };
        self.take("in")?;
        let (mut bodies, mut words) = (Vec::new(), vec![subject]);
        loop {
            self.lines()?;
            if self.reserved() == Some("esac") {
                break;
            }
            self.eat("(");
            loop {
                self.blanks();
                let Some(pattern) = self.word(false)? else {
                    return self.fail(self.pos, "a pattern of `case` is missing");
                };
                words.push(pattern);
                self.blanks();
                if self.eat(")") {
                    break;
                }
                if !self.eat("|") {
                    return self.fail(self.pos, "a pattern of `case` does not end in `)`");
                }
            }
            let mut body = Vec::new();
            self.list_into(&mut body, Stop::Arm)?;
            bodies.push(body);
            let from = self.pos;
            if self.at(";;&") || self.at(";&") {
                self.bash_only(from, "`;&`")?;
            }
            if !(self.eat(";;&") || self.eat(";;") || self.eat(";&")) {
                break;
            }
        }
        self.take("esac")?;
        self.bodies_node(false, bodies, vec![(String::new(), words)])
    }
}
