//! What `$` and backticks begin: parameters, substitutions, arithmetic.
//!
//! In: the reader at the `$`. Out: parts; the commands of substitutions are read like any others.
//! Never: takes an indirect or evaluating expansion for a plain one.

use super::arithmetic::Names;
use super::ast::{ARITHMETIC, LENGTH, Part, Step};
use super::reader::{Read, Reader, Stop};
use super::word::push;

impl Reader<'_> {
    /// `$…` at this place.
    pub(super) fn dollar(&mut self, parts: &mut Vec<Part>, quoted: bool) -> Read<()> {
        let from = self.pos;
        self.bump();
        let dynamic = |commands, what| Part::dynamic(commands, what, quoted);
        if self.at("\\\n") {
            return self.fail(from, "a line that is continued behind `$`");
        }
        match self.peek() {
            Some('(') => {
                if self.at("((") {
                    self.pos += 2;
                    let names = self.arithmetic(from)?;
                    parts.push(names.part(ARITHMETIC, quoted));
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
                if self.at("\\\n") {
                    return self.fail(from, "a name that may go on in the next line");
                }
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
        if self.at("\\\n") {
            return self.fail(from, "a line that is continued behind `(`");
        }
        if self.at("(") {
            // `<((`: bash looks for the end of arithmetic first, by rules of its own.
            return self.fail(from, "a substitution that begins with `(`");
        }
        let before = self.pending.len();
        let outer = self.substitution.replace(self.bodies.len());
        let list = self.deeper(|r| {
            let mut list = Vec::new();
            r.list_into(&mut list, Stop::Paren)?;
            Ok(list)
        })?;
        self.substitution = outer;
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
            r.inside(from, &inside, |inner| {
                let mut list = Vec::new();
                inner.list_into(&mut list, Stop::End)?;
                Ok(list)
            })
        })?;
        Ok(Part::dynamic(commands, "command substitution", quoted))
    }

    /// `${…}`: the reader stands behind the brace.
    fn braced(&mut self, from: usize, quoted: bool) -> Read<Part> {
        if self.at("#") && !self.at("#}") {
            self.bump();
            let name = self.parameter();
            let whole = self.eat("[@]") || self.eat("[*]");
            if name.is_empty() || (whole && !is_name(&name)) || !self.eat("}") {
                return self.fail(from, "a length that is not of a plain variable");
            }
            return Ok(Part::dynamic(Vec::new(), LENGTH, quoted));
        }
        let keys = self.eat("!");
        let mut name = self.parameter();
        if name.is_empty() || (keys && !is_name(&name)) {
            return self.fail(from, "an indirect or unknown expansion");
        }
        let mut names = Names::default();
        if is_name(&name) && self.at("[") {
            self.bash_only(from, "an element of an array")?;
            if self.eat("[@]") {
                name.push_str("[@]");
            } else if self.eat("[*]") {
                name.push_str("[*]");
            } else {
                names = self.subscript(from)?;
                name.push_str("[…]");
            }
        }
        if keys {
            if !name.ends_with("*]") && !name.ends_with("@]") || !self.eat("}") {
                return self.fail(from, "an indirect or unknown expansion");
            }
            return Ok(Part::dynamic(Vec::new(), "keys of an array", quoted));
        }
        if self.eat("}") {
            if name.ends_with("[…]") {
                return Ok(names.part(&name, quoted));
            }
            return Ok(Part::Param { name, quoted });
        }
        let posix = [":-", ":=", ":?", ":+", "-", "=", "?", "+", "##", "#", "%%", "%"];
        let bash = ["//", "/", "^^", "^", ",,", ",", ":", "@"];
        let operator = posix.into_iter().chain(bash).find(|o| self.at(o));
        let Some(operator) = operator else {
            return self.fail(from, "an expansion that is not known");
        };
        if bash.contains(&operator) {
            self.bash_only(from, "an expansion of bash alone")?;
        }
        self.pos += operator.len();
        let mut commands = Vec::new();
        match operator {
            // `${x@P}` evaluates; the others quote or change case.
            "@" if ["Q}", "U}", "u}", "L}", "E}"].iter().any(|o| self.at(o)) => self.pos += 2,
            "@" => return self.fail(from, "an expansion that evaluates"),
            ":" => {
                // `${x:offset:length}`.
                names = self.expression(from, &['}'])?;
                self.eat("}");
            }
            _ => {
                if operator.ends_with('=') {
                    names.sets.push(name.clone());
                }
                let word =
                    self.operand(from, quoted, "-=?+".contains(|c| operator.ends_with(c)))?;
                commands = inner_commands(word, &mut names);
            }
        }
        let Names { evaluates, sets } = names;
        let what = format!("{name}{operator}…");
        Ok(Part::Dynamic { commands, what, evaluates, sets, quoted })
    }

    pub(super) fn parameter(&mut self) -> String {
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

    /// The text behind an operator up to the closing brace. `word`: it is read as a word, in which single
    /// quotes are themselves inside double quotes; else as a pattern.
    fn operand(&mut self, from: usize, quoted: bool, word: bool) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            let at = self.pos;
            match self.peek() {
                None => return self.fail(from, "an expansion without an end"),
                Some('}') => {
                    self.bump();
                    return Ok(parts);
                }
                Some('$') => self.deeper(|r| r.dollar(&mut parts, true))?,
                Some('"') => {
                    self.bump();
                    let inside = self.deeper(|r| r.quoted_parts(Some(at)))?;
                    parts.extend(inside);
                }
                Some('\'') if !quoted => {
                    self.bump();
                    self.until_quote(at)?;
                }
                Some('\\') if !word || !quoted => {
                    self.bump();
                    self.bump();
                }
                // Their reading depends on where the expansion stands.
                Some('\'' | '\\' | '`' | '{' | '<' | '>') => {
                    return self.fail(from, "quotes or operators inside an expansion");
                }
                Some(_) => {
                    self.bump();
                }
            }
        }
    }
}

/// Whether it is a name, and no special parameter.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
}

/// The commands inside, and what they evaluate.
fn inner_commands(parts: Vec<Part>, names: &mut Names) -> Vec<Step> {
    let mut commands = Vec::new();
    for part in parts {
        if let Part::Dynamic { commands: inner, evaluates, sets, .. } = part {
            commands.extend(inner);
            names.evaluates.extend(evaluates);
            names.sets.extend(sets);
        }
    }
    commands
}
