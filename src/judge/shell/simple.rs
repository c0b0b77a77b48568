//! Simple commands, assignments, redirections.
//!
//! In: the reader at the place of a command. Out: a command with its redirections.
//! Never: takes a word for an assignment that bash takes for a word.

use super::arithmetic::Names;
use super::ast::{Dialect, Part, RedirectKind, Redirection, Simple, Word};
use super::reader::{RESERVED, Read, Reader};

/// Builtins whose arguments bash reads as assignments.
const DECLARES: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];

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
            let before = words.len();
            if self.words(&mut words)?.is_none() {
                break;
            }
            if before == 0
                && words
                    .first()
                    .and_then(Word::literal)
                    .is_some_and(|w| RESERVED.contains(&w.as_str()))
                && words
                    .first()
                    .and_then(|w| self.text.get(w.span.clone()))
                    .is_some_and(|t| t.contains("\\\n"))
            {
                return self.fail(from, "a reserved word over two lines");
            }
            // bash does not expand braces in the assignments of these.
            let declares = words.first().and_then(Word::literal);
            if words.len() > before + 1
                && self.text.get(self.pos.min(from)..self.pos).is_some_and(|t| t.contains('='))
                && declares.is_some_and(|name| DECLARES.contains(&name.as_str()))
            {
                return self.fail(from, "braces in the assignment of a declaration");
            }
            self.blanks();
            if self.at("(") {
                return self.fail(from, "a parenthesis out of place");
            }
        }
        if assignments.is_empty() && words.is_empty() && redirections.is_empty() {
            return self.fail(from, "a command is missing");
        }
        Ok(Simple { assignments, words, redirections, span: from..self.pos })
    }

    /// `NAME=value`, `NAME+=value` or `NAME[…]=value` at this place.
    fn assignment(&mut self) -> Read<Option<(String, Word)>> {
        let from = self.pos;
        let name = self.name();
        if name.is_empty() {
            return Ok(None);
        }
        let mut element = None;
        if self.at("[") {
            // bash looks for the end of the subscript before it looks for the end of the word.
            self.bash_only(from, "an element of an array")?;
            element = Some(self.subscript(from)?.part("an element", true));
        }
        let adds = self.at("+=");
        if !adds && !self.at("=") {
            if element.is_some() {
                return self.fail(from, "an element of an array, or a pattern");
            }
            self.pos = from;
            return Ok(None);
        }
        self.pos += if adds { 2 } else { 1 };
        if adds {
            self.bash_only(from, "`+=`")?;
        }
        let start = self.pos;
        let mut value = if self.at("(") {
            self.bash_only(from, "an array")?;
            if element.is_some() {
                return self.fail(from, "an array in an element");
            }
            self.array(start)?
        } else {
            self.word(true)?.unwrap_or(Word { parts: Vec::new(), span: start..start })
        };
        if adds {
            // What it is added to is part of the value.
            value.parts.insert(0, Part::Param { name: name.clone(), quoted: true });
        }
        if let Some(element) = element {
            value.parts.insert(0, element);
        }
        Ok(Some((name, value)))
    }

    /// `[…]`, its arithmetic.
    pub(super) fn subscript(&mut self, from: usize) -> Read<Names> {
        self.eat("[");
        let names = self.expression(from, &[']'])?;
        self.eat("]");
        Ok(names)
    }

    /// `( … )` as the value of an assignment.
    fn array(&mut self, from: usize) -> Read<Word> {
        if self.substitution.is_some() {
            // bash 5.2 prints a substitution and reads it again: quoted blanks do not survive that.
            return self.fail(from, "an array in a substitution");
        }
        self.eat("(");
        let mut words = Vec::new();
        loop {
            self.lines()?;
            if self.eat(")") {
                break;
            }
            let at = self.pos;
            if self.at("[") {
                return self.fail(at, "an element with a subscript in an array");
            }
            if self.words(&mut words)?.is_none() {
                return self.fail(from, "an array without an end");
            }
        }
        if !self.pending.is_empty() {
            return self.fail(from, "an array beside a here-document");
        }
        // bash takes `time` right behind the parenthesis for the reserved word.
        if self.peek().is_some_and(|c| !" \t\n;&|)<>".contains(c)) {
            return self.fail(from, "a word right behind an array");
        }
        Ok(Word { parts: vec![Part::Array(words)], span: from..self.pos })
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
        let into = self.descriptor_name();
        if let Some(name) = &into {
            self.bash_only(from, "a redirection into a variable")?;
            self.pos += name.len() + 2;
        }
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
        if self.at("\\\n") {
            return self.fail(from, "a line that is continued behind a redirection's sign");
        }
        if bash {
            self.bash_only(from, operator)?;
        }
        self.blanks();
        if kind == RedirectKind::HereDocument {
            return self.here_document(from, operator == "<<-", into).map(Some);
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
        Ok(Some(Redirection { kind, target, into, span: from..self.pos }))
    }

    /// `{name}` right before `<` or `>`: bash puts the number of the descriptor into the variable.
    fn descriptor_name(&self) -> Option<String> {
        let inside = self.rest().strip_prefix('{')?;
        let len = inside.find(|c: char| c != '_' && !c.is_ascii_alphanumeric())?;
        let name = inside.get(..len).filter(|n| !n.is_empty())?;
        let after = inside.get(len..)?.strip_prefix('}')?;
        let redirects =
            after.starts_with(['<', '>']) && !name.starts_with(|c: char| c.is_ascii_digit());
        redirects.then(|| name.to_owned())
    }
}
