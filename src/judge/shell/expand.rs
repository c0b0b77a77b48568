//! What `$` and backticks begin: parameters, substitutions, arithmetic.
//!
//! In: the reader at the `$`. Out: parts; the commands of substitutions are read like any others.
//! Never: takes an indirect or evaluating expansion for a plain one.

use super::ast::{Part, Step};
use super::reader::{Read, Reader, Stop};
use super::word::push;

impl Reader<'_> {
    /// `$…` at this place.
    pub(super) fn dollar(&mut self, parts: &mut Vec<Part>, quoted: bool) -> Read<()> {
        let from = self.pos;
        self.bump();
        let dynamic =
            |commands, what: &str| Part::Dynamic { commands, what: what.to_owned(), quoted };
        match self.peek() {
            Some('(') => {
                if self.at("((") {
                    self.pos += 2;
                    self.arithmetic(from)?;
                    parts.push(dynamic(Vec::new(), "arithmetic"));
                    return Ok(());
                }
                self.pos += 1;
                let commands = self.substitution(from)?;
                parts.push(dynamic(commands, "command substitution"));
            }
            Some('{') => {
                self.bump();
                let part = self.braced(from, quoted)?;
                parts.push(part);
            }
            Some('\'') if !quoted => {
                self.bash_only(from, "`$'…'`")?;
                self.bump();
                let text = self.ansi(from)?;
                push(parts, &text);
            }
            Some('"') if !quoted => return self.fail(from, "`$\"…\"`, which is translated"),
            Some('[') => return self.fail(from, "`$[…]`"),
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                let name = self.name();
                parts.push(Part::Param { name, quoted });
            }
            Some(c) if c.is_ascii_digit() || "?#@*$!-".contains(c) => {
                self.bump();
                parts.push(Part::Param { name: c.to_string(), quoted });
            }
            _ => push(parts, "$"),
        }
        Ok(())
    }

    /// The commands of `$( … )`, `<( … )`: the reader stands behind the parenthesis.
    pub(super) fn substitution(&mut self, from: usize) -> Read<Vec<Step>> {
        let before = self.pending.len();
        let list = self.deeper(|r| {
            let mut list = Vec::new();
            r.list_into(&mut list, Stop::Paren)?;
            Ok(list)
        })?;
        if self.pending.len() != before {
            return self
                .fail(from, "a here-document that is still open at the end of a substitution");
        }
        if !self.eat(")") {
            return self.fail(from, "a substitution without an end");
        }
        Ok(list)
    }

    /// `` `…` ``: the text inside, its escapes undone, is read as a script of its own.
    pub(super) fn backticks(&mut self, quoted: bool) -> Read<Part> {
        let from = self.pos;
        self.bump();
        let mut inside = String::new();
        loop {
            match self.bump() {
                None => return self.fail(from, "a backtick without an end"),
                Some('`') => break,
                Some('\\') => match self.bump() {
                    Some(c) if "`\\$".contains(c) || (c == '"' && quoted) => inside.push(c),
                    Some(c) => {
                        inside.push('\\');
                        inside.push(c);
                    }
                    None => return self.fail(from, "a backtick without an end"),
                },
                Some(c) => inside.push(c),
            }
        }
        let commands = self.deeper(|r| {
            let mut inner = Reader::new(&inside, r.dialect, r.depth);
            inner.commands = r.commands;
            let mut list = Vec::new();
            let read = inner.list_into(&mut list, Stop::End);
            r.commands = inner.commands;
            let clean =
                inner.pending.is_empty() && inner.bodies.is_empty() && inner.opaque.is_empty();
            match read {
                Ok(()) if clean => Ok(list),
                Ok(()) => r.fail(from, "backticks with a construct inside that is not read"),
                Err(o) => r.fail(from, &o.reason),
            }
        })?;
        let what = "command substitution".to_owned();
        Ok(Part::Dynamic { commands, what, quoted })
    }

    /// `${…}`: the reader stands behind the brace.
    fn braced(&mut self, from: usize, quoted: bool) -> Read<Part> {
        let dynamic = |commands, what: String| Part::Dynamic { commands, what, quoted };
        if self.at("#") && !self.at("#}") {
            self.bump();
            let name = self.parameter();
            if name.is_empty() || !self.eat("}") {
                return self.fail(from, "a length that is not of a plain variable");
            }
            return Ok(dynamic(Vec::new(), format!("length of {name}")));
        }
        let name = self.parameter();
        if name.is_empty() {
            return self.fail(from, "an indirect or unknown expansion");
        }
        if self.eat("}") {
            return Ok(Part::Param { name, quoted });
        }
        let posix = [":-", ":=", ":?", ":+", "-", "=", "?", "+", "##", "#", "%%", "%"];
        let bash = ["//", "/", "^^", "^", ",,", ","];
        let operator = posix.into_iter().chain(bash).find(|o| self.at(o));
        let Some(operator) = operator else {
            // `${x@P}`, `${x[i]}`, `${x:offset}`: each evaluates, or may.
            return self.fail(from, "an expansion that evaluates");
        };
        if bash.contains(&operator) {
            self.bash_only(from, "`${x/…}`")?;
        }
        self.pos += operator.len();
        let commands = self.operand(from)?;
        Ok(dynamic(commands, format!("{name}{operator}…")))
    }

    fn parameter(&mut self) -> String {
        let name = self.name();
        if !name.is_empty() {
            return name;
        }
        match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                let mut number = String::new();
                while let Some(c) = self.peek().filter(char::is_ascii_digit) {
                    number.push(c);
                    self.bump();
                }
                number
            }
            Some(c) if "?@*$-".contains(c) => {
                self.bump();
                c.to_string()
            }
            _ => String::new(),
        }
    }

    /// The text behind an operator up to the closing brace: plain characters and expansions. Quotes and
    /// braces inside have rules of their own, and are refused.
    fn operand(&mut self, from: usize) -> Read<Vec<Step>> {
        let mut commands = Vec::new();
        loop {
            match self.peek() {
                None => return self.fail(from, "an expansion without an end"),
                Some('}') => {
                    self.bump();
                    return Ok(commands);
                }
                Some('$') => {
                    let mut parts = Vec::new();
                    self.deeper(|r| r.dollar(&mut parts, true))?;
                    for part in parts {
                        if let Part::Dynamic { commands: inner, .. } = part {
                            commands.extend(inner);
                        }
                    }
                }
                Some('`' | '\'' | '"' | '\\' | '{' | '\n' | '<' | '>' | '(' | '|' | '&' | ';') => {
                    return self.fail(from, "quotes or operators inside an expansion");
                }
                Some(_) => {
                    self.bump();
                }
            }
        }
    }

    /// Arithmetic up to `))`, which is taken. Only what cannot run a command is read: numbers, plain
    /// variables, operators. A variable's value is itself evaluated, and a subscript in it may hold a
    /// command; so a text that has one anywhere is refused.
    pub(super) fn arithmetic(&mut self, from: usize) -> Read<()> {
        let mut open = 0usize;
        loop {
            match self.peek() {
                None => return self.fail(from, "arithmetic without an end"),
                Some('(') => open += 1,
                Some(')') if open > 0 => open -= 1,
                Some(')') => {
                    if !self.eat("))") {
                        return self.fail(from, "arithmetic, or a subshell in a substitution");
                    }
                    if self.subscripts() {
                        return self.fail(from, "arithmetic over text that may hold a command");
                    }
                    return Ok(());
                }
                Some('$') if self.at("$(") || self.at("$[") || self.at("${") => {
                    return self.fail(from, "an expansion inside arithmetic");
                }
                Some('`' | '\'' | '"' | '\\' | '[' | '\n' | ';' | '#' | '{' | '}') => {
                    return self.fail(from, "arithmetic that is more than numbers and variables");
                }
                Some(_) => {}
            }
            self.bump();
        }
    }

    /// Whether the text holds a subscript with a command in it, which arithmetic would run.
    pub(super) fn subscripts(&self) -> bool {
        self.text.contains('[')
            && (self.text.contains("$(") && self.text.contains("[$(")
                || self.text.contains("[`")
                || self.text.contains("[\\"))
    }
}
