//! Lists, pipelines and compound commands.
//!
//! In: the text. Out: steps.
//! Never: goes on after a place whose end it cannot be sure of.

use super::ast::{Dialect, Join, Node, Opaque, Script, Step, Word};
use super::document::fill_step;
use crate::model::{MAX_COMMANDS, MAX_DEPTH};

/// Where reading ended because what stands there was not understood.
pub(super) type Read<T> = Result<T, Opaque>;

/// What ends a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end of the text.
    End,
    /// A closing parenthesis.
    Paren,
    /// One of these reserved words at the place of a command.
    Words(&'static [&'static str]),
    /// `;;` and its kin, or `esac`.
    Arm,
}

/// A here-document whose body has not come yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) delimiter: String,
    pub(super) quoted: bool,
    pub(super) tabs: bool,
    pub(super) body: usize,
}

/// Reads one text.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) pos: usize,
    pub(super) dialect: Dialect,
    pub(super) depth: usize,
    pub(super) commands: usize,
    /// In a substitution: how many here-documents had begun before it.
    pub(super) substitution: Option<usize>,
    /// Bytes that brace expansions have made.
    pub(super) expanded: usize,
    /// Places that were skipped over knowingly; reading went on.
    pub(super) opaque: Vec<Opaque>,
    pub(super) pending: Vec<Pending>,
    /// Bodies of here-documents, by number; the redirections refer to them until the end.
    pub(super) bodies: Vec<Option<Word>>,
}

/// Words that are reserved at the place of a command (bash manual, «Reserved Words»).
pub(super) const RESERVED: [&str; 22] = [
    "!", "[[", "]]", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
    "function", "if", "in", "select", "then", "time", "until", "while",
];

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str, dialect: Dialect, depth: usize) -> Self {
        Self {
            text,
            pos: 0,
            dialect,
            depth,
            commands: 0,
            substitution: None,
            expanded: 0,
            opaque: Vec::new(),
            pending: Vec::new(),
            bodies: Vec::new(),
        }
    }

    /// Reads another text as a part of this one: what backticks or a here-document hold.
    pub(super) fn inside<T>(
        &mut self,
        from: usize,
        text: &str,
        f: impl FnOnce(&mut Reader<'_>) -> Read<T>,
    ) -> Read<T> {
        let mut inner = Reader::new(text, self.dialect, self.depth);
        inner.commands = self.commands;
        inner.expanded = self.expanded;
        inner.bodies = std::mem::take(&mut self.bodies);
        let read = f(&mut inner);
        self.commands = inner.commands;
        self.expanded = inner.expanded;
        self.bodies = inner.bodies;
        if read.is_ok() && !(inner.pending.is_empty() && inner.opaque.is_empty()) {
            return self.fail(from, "a construct inside that does not end");
        }
        read.or_else(|o| self.fail(from, &o.reason))
    }

    /// The whole text. What was read before a place that is not understood is kept.
    pub(super) fn script(mut self) -> Script {
        let mut list = Vec::new();
        if let Err(opaque) = self.list_into(&mut list, Stop::End) {
            self.opaque.push(opaque);
        }
        if let Some(left) = self.pending.first() {
            let reason = format!("the here-document `{}` has no end", left.delimiter);
            self.opaque.push(Opaque { span: self.pos..self.text.len(), reason });
        }
        let bodies = std::mem::take(&mut self.bodies);
        list.iter_mut().for_each(|step| fill_step(step, &bodies));
        Script { list, opaque: self.opaque }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn at(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    pub(super) fn eat(&mut self, what: &str) -> bool {
        let found = self.at(what);
        if found {
            self.pos += what.len();
        }
        found
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    pub(super) fn fail<T>(&self, from: usize, reason: &str) -> Read<T> {
        Err(Opaque { span: from..self.text.len(), reason: reason.to_owned() })
    }

    pub(super) fn bash_only(&self, from: usize, what: &str) -> Read<()> {
        match self.dialect {
            Dialect::Bash => Ok(()),
            Dialect::Posix => {
                self.fail(from, &format!("{what}, which other shells than bash read differently"))
            }
        }
    }

    /// One level deeper, as far as the cap allows.
    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_DEPTH {
            return self.fail(self.pos, &format!("nested deeper than {MAX_DEPTH}"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Spaces, tabs and line continuations; a comment at the start of a word.
    pub(super) fn blanks(&mut self) {
        let mut fresh = self.pos == 0 || self.before_is_break();
        loop {
            if self.eat(" ") || self.eat("\t") {
                fresh = true;
            } else if self.eat("\\\n") {
                // Joins the lines; what follows may go on with the word before.
            } else if fresh && self.at("#") {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.bump();
                }
            } else {
                return;
            }
        }
    }

    fn before_is_break(&self) -> bool {
        self.text.get(..self.pos).and_then(|t| t.chars().next_back()).is_some_and(|c| {
            matches!(c, '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' | ' ' | '\t')
        })
    }

    /// Blanks and newlines; a newline brings the bodies of the here-documents before it.
    pub(super) fn lines(&mut self) -> Read<()> {
        loop {
            self.blanks();
            if !self.eat("\n") {
                return Ok(());
            }
            self.here_documents()?;
        }
    }

    /// The word at the place of a command, where it is a reserved one.
    pub(super) fn reserved(&self) -> Option<&'static str> {
        let end =
            |c: char| matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>');
        let word = self.rest().split(end).next().unwrap_or_default();
        RESERVED.into_iter().find(|r| *r == word)
    }

    pub(super) fn take(&mut self, word: &'static str) -> Read<()> {
        self.lines()?;
        if self.reserved() == Some(word) {
            self.pos += word.len();
            return Ok(());
        }
        self.fail(self.pos, &format!("`{word}` is missing"))
    }

    pub(super) fn list(&mut self, stop: Stop) -> Read<Vec<Step>> {
        let mut list = Vec::new();
        self.list_into(&mut list, stop)?;
        if list.is_empty() {
            return self.fail(self.pos, "a command is missing");
        }
        Ok(list)
    }

    fn stops(&self, stop: Stop) -> bool {
        match stop {
            Stop::End => self.pos >= self.text.len(),
            Stop::Paren => self.at(")"),
            Stop::Words(words) => self.reserved().is_some_and(|w| words.contains(&w)),
            Stop::Arm => self.at(";;") || self.at(";&") || self.reserved() == Some("esac"),
        }
    }

    /// Steps up to what ends the list, which is not taken.
    pub(super) fn list_into(&mut self, list: &mut Vec<Step>, stop: Stop) -> Read<()> {
        let mut join = Join::Then;
        loop {
            self.lines()?;
            if self.stops(stop) {
                if join != Join::Then {
                    return self.fail(self.pos, "a command is missing after `&&` or `||`");
                }
                return Ok(());
            }
            if self.pos >= self.text.len() {
                return self.fail(self.pos, "the text ends inside a construct");
            }
            let after_body = self.pending.is_empty()
                && self.substitution.is_some_and(|before| self.bodies.len() > before);
            if after_body {
                // bash 5.2 prints a substitution and reads it again, and loses a `;` on the way.
                return self.fail(self.pos, "a command behind a here-document in a substitution");
            }
            let node = self.pipeline()?;
            list.push(Step { join, node, background: false });
            self.blanks();
            join = if self.eat("&&") {
                Join::And
            } else if self.eat("||") {
                Join::Or
            } else if self.at(";;") || self.at(";&") {
                if stop != Stop::Arm {
                    return self.fail(self.pos, "`;;` outside of `case`");
                }
                Join::Then
            } else if self.eat(";") {
                Join::Then
            } else if self.at("&") && !self.at("&>") {
                self.pos += 1;
                background(list);
                Join::Then
            } else if self.at("\n") || self.stops(stop) {
                Join::Then
            } else {
                return self.fail(self.pos, "this cannot follow a command");
            };
        }
    }

    fn pipeline(&mut self) -> Read<Node> {
        loop {
            self.blanks();
            match self.reserved() {
                Some("!") => self.pos += 1,
                Some("time") => {
                    self.pos += 4;
                    self.blanks();
                    if self.at("-") {
                        return self.fail(self.pos, "an option of the reserved word `time`");
                    }
                    if self.dialect == Dialect::Posix {
                        return self.fail(self.pos, "`time`, which other shells run as a program");
                    }
                }
                _ => break,
            }
        }
        let mut nodes = vec![self.command()?];
        loop {
            self.blanks();
            let from = self.pos;
            if self.at("||") {
                break;
            } else if self.eat("|&") {
                self.bash_only(from, "`|&`")?;
            } else if !self.eat("|") {
                break;
            }
            self.lines()?;
            nodes.push(self.command()?);
        }
        match (nodes.pop(), nodes.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                nodes.push(last);
                Ok(Node::Pipeline(nodes))
            }
            (None, _) => self.fail(self.pos, "a command is missing"),
        }
    }

    pub(super) fn command(&mut self) -> Read<Node> {
        self.commands += 1;
        if self.commands > MAX_COMMANDS {
            return self.fail(self.pos, &format!("more than {MAX_COMMANDS} commands"));
        }
        let from = self.pos;
        if self.at("((") {
            self.bash_only(from, "`((`")?;
            return self.arithmetic_command();
        }
        if self.eat("(") {
            if self.at("\\\n") {
                return self.fail(from, "a line that is continued behind `(`");
            }
            let list = self.deeper(|r| r.list(Stop::Paren))?;
            self.eat(")");
            return Ok(Node::Subshell(list, self.redirections()?));
        }
        let Some(word) = self.reserved() else {
            if let Some(function) = self.function_head(from)? {
                return self.function(from, function);
            }
            return Ok(Node::Simple(self.simple()?));
        };
        self.pos += word.len();
        match word {
            "{" => {
                let list = self.deeper(|r| r.list(Stop::Words(&["}"])))?;
                self.take("}")?;
                Ok(Node::Group(list, self.redirections()?))
            }
            "if" => self.deeper(Self::conditional),
            "while" | "until" => self.deeper(|r| {
                let condition = r.list(Stop::Words(&["do"]))?;
                let body = r.body()?;
                r.bodies_node(true, vec![condition, body], Vec::new())
            }),
            "for" | "select" => self.deeper(|r| r.each(from, word)),
            "case" => self.deeper(Self::case),
            "[[" => {
                self.bash_only(from, "`[[`")?;
                self.test_command(from)
            }
            "function" => {
                self.bash_only(from, "`function`")?;
                self.blanks();
                let name = self.function_name();
                self.blanks();
                if self.eat("(") {
                    self.blanks();
                    if !self.eat(")") {
                        return self.fail(from, "a function definition without `)`");
                    }
                }
                self.function(from, name)
            }
            "coproc" => self.fail(from, "a coprocess"),
            _ => self.fail(from, &format!("`{word}` cannot begin a command")),
        }
    }

    /// A name of letters, digits and `_` that does not begin with a digit; empty where there is none.
    pub(super) fn name(&mut self) -> String {
        let from = self.pos;
        while let Some(c) = self.peek() {
            let first = self.pos == from;
            if !(c == '_' || c.is_ascii_alphabetic() || (!first && c.is_ascii_digit())) {
                break;
            }
            self.pos += 1;
        }
        self.text.get(from..self.pos).unwrap_or_default().to_owned()
    }
}

/// `&` puts the whole list of `&&` and `||` before it into the background.
fn background(list: &mut [Step]) {
    for step in list.iter_mut().rev() {
        step.background = true;
        if step.join == Join::Then {
            break;
        }
    }
}
