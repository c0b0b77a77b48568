//! Simple commands, redirections, here-documents, `[[ ]]` and `(( ))`.
//!
//! In: the reader at the place of a command. Out: a command with its redirections.
//! Never: takes a function definition or an array for something else.

use super::ast::{Dialect, Node, Part, RedirectKind, Redirection, Simple, Word};
use super::reader::{Pending, Read, Reader};

/// Redirection operators, longest first, with what they need beside a POSIX shell.
const OPERATORS: [(&str, RedirectKind, bool); 12] = [
    ("<<<", RedirectKind::HereString, true),
    ("<<-", RedirectKind::HereDocument, false),
    ("&>>", RedirectKind::Append, true),
    ("<<", RedirectKind::HereDocument, false),
    ("<&", RedirectKind::Duplicate, false),
    ("<>", RedirectKind::ReadWrite, false),
    (">&", RedirectKind::Duplicate, false),
    (">|", RedirectKind::Write, false),
    (">>", RedirectKind::Append, false),
    ("&>", RedirectKind::Write, true),
    ("<", RedirectKind::Read, false),
    (">", RedirectKind::Write, false),
];

impl Reader<'_> {
    pub(super) fn simple(&mut self) -> Read<Simple> {
        let from = self.pos;
        let (mut assignments, mut words, mut redirections) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(r) = self.redirection()? {
                redirections.push(r);
                continue;
            }
            if words.is_empty()
                && let Some(a) = self.assignment()?
            {
                assignments.push(a);
                continue;
            }
            match self.word(false)? {
                Some(word) => words.push(word),
                None => break,
            }
            self.blanks();
            if self.at("(") {
                return self.fail(from, "a function definition, or a parenthesis out of place");
            }
        }
        if assignments.is_empty() && words.is_empty() && redirections.is_empty() {
            return self.fail(from, "a command is missing");
        }
        Ok(Simple { assignments, words, redirections, span: from..self.pos })
    }

    /// `NAME=value` or `NAME+=value` at this place.
    fn assignment(&mut self) -> Read<Option<(String, Word)>> {
        let from = self.pos;
        let name = self.name();
        if name.is_empty() {
            return Ok(None);
        }
        if self.at("[") {
            let word: &str = self.rest().split([' ', '\t', '\n']).next().unwrap_or_default();
            if word.contains("]=") || word.contains("]+=") {
                return self.fail(from, "an assignment to an array element");
            }
        }
        let adds = self.at("+=");
        if !adds && !self.at("=") {
            self.pos = from;
            return Ok(None);
        }
        self.pos += if adds { 2 } else { 1 };
        if self.at("(") {
            return self.fail(from, "an array assignment");
        }
        let start = self.pos;
        let empty = Word { parts: Vec::new(), span: start..start };
        let mut value = self.word(true)?.unwrap_or(empty);
        if adds {
            self.bash_only(from, "`+=`")?;
            // What it is added to is part of the value.
            value.parts.insert(0, Part::Param { name: name.clone(), quoted: true });
        }
        Ok(Some((name, value)))
    }

    /// The redirections after a compound command.
    pub(super) fn redirections(&mut self) -> Read<Vec<Redirection>> {
        let mut out = Vec::new();
        loop {
            self.blanks();
            match self.redirection()? {
                Some(r) => out.push(r),
                None => return Ok(out),
            }
        }
    }

    fn redirection(&mut self) -> Read<Option<Redirection>> {
        let from = self.pos;
        let digits = self.rest().chars().take_while(char::is_ascii_digit).count();
        let after = self.rest().get(digits..).unwrap_or_default();
        if self.at("<(") || self.at(">(") {
            return Ok(None);
        }
        let redirects = after.starts_with(['<', '>']) || (digits == 0 && after.starts_with("&>"));
        if !redirects {
            return Ok(None);
        }
        if digits > 0 && (after.starts_with("<(") || after.starts_with(">(")) {
            return Ok(None);
        }
        let number = self.rest().get(..digits).unwrap_or_default().to_owned();
        self.pos += digits;
        let found = OPERATORS.iter().find(|(text, ..)| self.at(text));
        let Some(&(operator, mut kind, bash)) = found else { return Ok(None) };
        self.pos += operator.len();
        if bash {
            self.bash_only(from, operator)?;
        }
        self.blanks();
        if kind == RedirectKind::HereDocument {
            return self.here_document(from, operator == "<<-").map(Some);
        }
        let Some(target) = self.word(false)? else {
            return self.fail(from, "the target of a redirection is missing");
        };
        if kind == RedirectKind::Duplicate {
            let text = target.literal().unwrap_or_default();
            let descriptor = text.strip_suffix('-').unwrap_or(&text);
            let duplicates = !text.is_empty() && descriptor.chars().all(|c| c.is_ascii_digit());
            if !duplicates {
                // `>&word` sends both outputs to a file; any other form is no file name for sure.
                let both = operator == ">&" && (number.is_empty() || number == "1");
                if !both || text.is_empty() || self.dialect == Dialect::Posix {
                    return self.fail(from, "a descriptor that is not a plain number");
                }
                kind = RedirectKind::Write;
            }
        }
        Ok(Some(Redirection { kind, target, span: from..self.pos }))
    }

    /// Reads the delimiter; the body comes after the next newline.
    fn here_document(&mut self, from: usize, tabs: bool) -> Read<Redirection> {
        let start = self.pos;
        let Some(word) = self.word(false)? else {
            return self.fail(from, "the delimiter of a here-document is missing");
        };
        let raw = self.text.get(start..self.pos).unwrap_or_default();
        let Some(delimiter) = word.literal() else {
            return self.fail(from, "the delimiter of a here-document is not plain text");
        };
        if raw.contains(['\n', '$', '`']) || delimiter.is_empty() {
            return self.fail(from, "the delimiter of a here-document is not one plain word");
        }
        let quoted = raw.contains(['\'', '"', '\\']);
        let body = self.bodies.len();
        self.bodies.push(None);
        self.pending.push(Pending { delimiter, quoted, tabs, body });
        // The number of the body; replaced by the body itself when all is read.
        let target = Word { parts: Vec::new(), span: body..body };
        Ok(Redirection { kind: RedirectKind::HereDocument, target, span: from..self.pos })
    }

    /// The bodies of the here-documents of the line that has just ended.
    pub(super) fn here_documents(&mut self) -> Read<()> {
        for doc in std::mem::take(&mut self.pending) {
            let start = self.pos;
            let mut text = String::new();
            let mut joined = false;
            loop {
                if self.pos >= self.text.len() {
                    return self
                        .fail(start, &format!("the here-document `{}` has no end", doc.delimiter));
                }
                let line = self.rest().split('\n').next().unwrap_or_default();
                self.pos += line.len();
                let newline = self.eat("\n");
                let shown = if doc.tabs { line.trim_start_matches('\t') } else { line };
                if shown == doc.delimiter {
                    if joined {
                        return self
                            .fail(start, "a continued line before the end of a here-document");
                    }
                    break;
                }
                if !newline {
                    return self
                        .fail(start, &format!("the here-document `{}` has no end", doc.delimiter));
                }
                let slashes = line.chars().rev().take_while(|c| *c == '\\').count();
                joined = !doc.quoted && slashes % 2 == 1;
                text.push_str(shown);
                text.push('\n');
            }
            let parts =
                if doc.quoted { vec![Part::Literal(text)] } else { self.document_parts(&text)? };
            if let Some(slot) = self.bodies.get_mut(doc.body) {
                *slot = Some(Word { parts, span: start..self.pos });
            }
        }
        Ok(())
    }

    /// The parts of an unquoted body: `$`, backticks and `\` as inside double quotes.
    fn document_parts(&mut self, text: &str) -> Read<Vec<Part>> {
        let from = self.pos;
        let mut inner = Reader::new(text, self.dialect, self.depth);
        inner.commands = self.commands;
        let parts = inner.quoted_parts(None);
        self.commands = inner.commands;
        if !inner.pending.is_empty() || !inner.bodies.is_empty() || !inner.opaque.is_empty() {
            return self.fail(from, "a here-document with a construct inside that is not read");
        }
        parts.or_else(|o| self.fail(from, &o.reason))
    }

    /// `[[ … ]]`: a test without effects of its own; its words are kept for what they may run.
    pub(super) fn test_command(&mut self, from: usize) -> Read<Node> {
        let literal =
            |text: &str, at| Word { parts: vec![Part::Literal(text.to_owned())], span: at };
        let mut words = vec![literal("[[", from..self.pos)];
        let mut regex = false;
        loop {
            self.lines()?;
            let at = self.pos;
            if self.reserved() == Some("]]") {
                self.pos += 2;
                break;
            }
            if regex {
                regex = false;
                let raw = self.rest().split([' ', '\t', '\n']).next().unwrap_or_default();
                if raw.contains(['(', ')', '|', '<', '>', '&', ';']) {
                    // A final `$` is the anchor, not an expansion.
                    if raw.trim_end_matches('$').contains(['\'', '"', '\\', '$', '`']) {
                        return self.fail(at, "a regular expression with quotes or expansions");
                    }
                    self.pos += raw.len();
                    words.push(literal(raw, at..self.pos));
                    continue;
                }
            }
            let operator = ["&&", "||", "(", ")", "<", ">"].into_iter().find(|o| self.at(o));
            if let Some(operator) = operator
                && !self.at("<(")
                && !self.at(">(")
            {
                self.pos += operator.len();
                words.push(literal(operator, at..self.pos));
                continue;
            }
            let Some(word) = self.word(false)? else {
                return self.fail(at, "`]]` is missing");
            };
            regex = word.literal().as_deref() == Some("=~");
            let numeric = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"];
            if word.literal().is_some_and(|w| numeric.contains(&w.as_str())) && self.subscripts() {
                return self.fail(at, "arithmetic over text that may hold a command");
            }
            words.push(word);
        }
        let span = from..self.pos;
        let redirections = self.redirections()?;
        Ok(Node::Simple(Simple { assignments: Vec::new(), words, redirections, span }))
    }

    /// `(( … ))`.
    pub(super) fn arithmetic_command(&mut self) -> Read<Node> {
        let from = self.pos;
        self.pos += 2;
        self.arithmetic(from)?;
        let what =
            Part::Dynamic { commands: Vec::new(), what: "arithmetic".to_owned(), quoted: true };
        let span = from..self.pos;
        let words = vec![
            Word { parts: vec![Part::Literal("((".to_owned())], span: span.clone() },
            Word { parts: vec![what], span: span.clone() },
        ];
        let redirections = self.redirections()?;
        Ok(Node::Simple(Simple { assignments: Vec::new(), words, redirections, span }))
    }
}
