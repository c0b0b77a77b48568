//! Words: what stands between blanks and operators.
//!
//! In: the reader at the start of a word. Out: its parts, quotes taken off; where braces expand, words.
//! Never: expands anything else.

use super::ast::{PROCESS_SUBSTITUTION, Part, Word};
use super::brace::{Braces, Mark, Sign};
use super::reader::{Read, Reader};
use crate::model::MAX_PAYLOAD;

/// How far a `]` is looked for: a longer bracket expression is refused, so that time stays linear.
const BRACKET: usize = 256;
/// What ordinary text of a word ends before.
const SPECIAL: &str = ";&|()<>'\"\\`$~*?[{},.";

/// The place of a sign that was the last thing to be read.
fn mark(parts: &[Part], sign: Sign, len: usize) -> Mark {
    let end = match parts.last() {
        Some(Part::Literal(text)) => text.len(),
        _ => len,
    };
    Mark { part: parts.len().saturating_sub(1), at: end.saturating_sub(len), sign }
}

impl Reader<'_> {
    /// The one word at this place, or `None` where none begins. `value` is set for the value of an
    /// assignment, in which braces do not expand and a tilde may follow a colon.
    pub(super) fn word(&mut self, value: bool) -> Read<Option<Word>> {
        let Some((word, braces)) = self.raw_word(value)? else { return Ok(None) };
        if !value && braces.possible() {
            return self.fail(word.span.start, "a brace expansion in place of one word");
        }
        Ok(Some(word))
    }

    /// The words that the word at this place becomes where braces expand; `None` where none begins.
    pub(super) fn words(&mut self, out: &mut Vec<Word>) -> Read<Option<()>> {
        let Some((word, braces)) = self.raw_word(false)? else { return Ok(None) };
        if !braces.possible() {
            out.push(word);
            return Ok(Some(()));
        }
        let span = word.span.clone();
        if self.dialect == super::Dialect::Posix {
            return self.fail(span.start, "braces, which other shells than bash read differently");
        }
        let words = match braces.expand(&word.parts) {
            Ok(words) => words,
            Err(reason) => return self.fail(span.start, reason),
        };
        self.expanded += words.len().saturating_mul(span.len());
        if self.expanded > MAX_PAYLOAD / 4 {
            return self.fail(span.start, "brace expansions to very long text");
        }
        // An element that is empty and was not quoted becomes no word.
        for mut parts in words.into_iter().filter(|parts| !parts.is_empty()) {
            tidy(&mut parts);
            out.push(Word { parts, span: span.clone() });
        }
        Ok(Some(()))
    }

    fn raw_word(&mut self, value: bool) -> Read<Option<(Word, Braces)>> {
        let from = self.pos;
        let mut parts: Vec<Part> = Vec::new();
        let mut braces = Braces::default();
        while let Some(c) = self.peek() {
            let at = self.pos;
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' => break,
                '<' | '>' => {
                    let process = self.at("<(") || self.at(">(");
                    if !process {
                        if parts.last().is_some_and(named_descriptor) {
                            return self.fail(from, "a redirection into a variable");
                        }
                        break;
                    }
                    if at != from {
                        return self.fail(from, "a process substitution inside a word");
                    }
                    self.bash_only(from, "a process substitution")?;
                    self.pos += 2;
                    let commands = self.substitution(from)?;
                    if commands.is_empty() {
                        return self.fail(from, "a process substitution without a command");
                    }
                    parts.push(Part::dynamic(commands, PROCESS_SUBSTITUTION, true));
                }
                '(' => {
                    if at == from {
                        break;
                    }
                    return self.fail(from, "a parenthesis inside a word");
                }
                '\'' => {
                    self.bump();
                    let text = self.until_quote(at)?;
                    push(&mut parts, &text);
                    braces.quotes = true;
                    braces.marks.push(mark(&parts, Sign::Quote, 0));
                }
                '"' => {
                    self.bump();
                    let inside = self.quoted_parts(Some(at))?;
                    // What is quoted and empty is still a word.
                    push(&mut parts, "");
                    braces.marks.push(mark(&parts, Sign::Quote, 0));
                    inside.into_iter().for_each(|p| append(&mut parts, p));
                    braces.quotes = true;
                }
                '\\' => {
                    if self.at("\\\n") {
                        self.continued(from, at, value)?;
                    }
                    self.bump();
                    match self.bump() {
                        Some('\n') => {}
                        Some(c) => push(&mut parts, c.encode_utf8(&mut [0; 4])),
                        None => return self.fail(at, "a backslash at the very end"),
                    }
                    braces.quotes = true;
                }
                '`' => parts.push(self.backticks(false)?),
                '$' => {
                    let rest = self.rest().get(1..).unwrap_or_default();
                    braces.quotes |= rest.starts_with('\'');
                    braces.fragile |= !rest.starts_with(['{', '(', '\'']);
                    self.dollar(&mut parts, false)?;
                }
                '~' => {
                    braces.fragile |= at != from || !self.at("~/");
                    if self.tilde_place(from, value, &parts) {
                        self.tilde(&mut parts)?;
                    } else {
                        self.bump();
                        push(&mut parts, "~");
                    }
                }
                '*' => {
                    self.bump();
                    parts.push(Part::Star);
                }
                '?' => {
                    self.bump();
                    parts.push(Part::Question);
                }
                '[' => {
                    braces.fragile = true;
                    self.bracket(&mut parts)?;
                }
                '{' | '}' | ',' | '.' => {
                    let sign = match c {
                        '{' => Some(Sign::Open),
                        '}' => Some(Sign::Close),
                        ',' => Some(Sign::Comma),
                        _ => self.at("..").then_some(Sign::Dots),
                    };
                    self.pos += if sign == Some(Sign::Dots) { 2 } else { 1 };
                    push(&mut parts, self.text.get(at..self.pos).unwrap_or_default());
                    if let Some(sign) = sign {
                        braces.marks.push(mark(&parts, sign, self.pos - at));
                    }
                }
                _ => {
                    // Ordinary text, up to the next character that may be more.
                    let end = |c: char| c.is_ascii_whitespace() || SPECIAL.contains(c);
                    let rest = self.rest();
                    let len = rest.find(end).unwrap_or(rest.len()).max(c.len_utf8());
                    self.pos += len;
                    push(&mut parts, rest.get(..len).unwrap_or_default());
                }
            }
        }
        if !braces.possible() {
            tidy(&mut parts);
        }
        let raw = self.text.get(from..self.pos).unwrap_or_default();
        let number = raw.starts_with(|c: char| c.is_ascii_digit())
            && raw.chars().all(|c| c.is_ascii_digit());
        if number && (self.at("<") || self.at(">")) {
            return self.fail(from, "a number before a redirection, in the place of a word");
        }
        if self.pos == from || (parts.is_empty() && !braces.quotes) {
            return Ok(None);
        }
        Ok(Some((Word { parts, span: from..self.pos }, braces)))
    }

    /// A word that goes on in the next line. bash joins the lines before it looks for anything else, so
    /// both sides must be what means nothing but itself, joined as well.
    fn continued(&self, from: usize, at: usize, value: bool) -> Read<()> {
        let plain = |c: char| c.is_alphanumeric() || "_/.-:,+@%".contains(c);
        let before = self.text.get(from..at).unwrap_or_default().replace("\\\n", "");
        let after = self.text.get(at + 2..).and_then(|t| t.chars().next());
        let ends = after.is_none_or(|c| " \t\n;&|)".contains(c) || plain(c));
        let again = self.text.get(at + 2..).is_some_and(|t| t.starts_with("\\\n"));
        if (value && before.is_empty()) || !before.chars().all(plain) || !(ends || again) {
            return self.fail(from, "a line that is continued inside of something");
        }
        Ok(())
    }

    /// Whether a `~` here would be expanded: at the start of a word, after the `=` of something that
    /// looks like an assignment, and in values after a colon (bash manual, «Tilde Expansion»).
    fn tilde_place(&self, from: usize, value: bool, parts: &[Part]) -> bool {
        if self.pos == from {
            return true;
        }
        let so_far = self.text.get(from..self.pos).unwrap_or_default();
        let assigns = || {
            let (name, _) = so_far.split_once('=').unwrap_or_default();
            let name = name.strip_suffix('+').unwrap_or(name);
            !name.is_empty()
                && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
                && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        let literal_before = matches!(parts.last(), Some(Part::Literal(_)) | None);
        literal_before && so_far.ends_with(['=', ':']) && (value || assigns())
    }

    fn tilde(&mut self, parts: &mut Vec<Part>) -> Read<()> {
        let from = self.pos;
        self.bump();
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c)) {
            self.bump();
        }
        let user = self.text.get(start..self.pos).unwrap_or_default();
        if user == "+" || user == "-" || user.starts_with(|c: char| c.is_ascii_digit()) {
            return self.fail(from, "`~+`, `~-` or a numbered folder");
        }
        if self.at("=") {
            return self.fail(from, "`~` before `=`");
        }
        let ends = self.peek().is_none_or(|c| "/ \t\n;&|<>():".contains(c));
        if !ends {
            // A quote or expansion in the name: the tilde stays itself.
            let text = format!("~{user}");
            push(parts, &text);
        } else if user.is_empty() {
            parts.push(Part::Tilde(None));
        } else {
            parts.push(Part::Tilde(Some(user.to_owned())));
        }
        Ok(())
    }

    /// `[…]`, or a `[` that stands for itself.
    fn bracket(&mut self, parts: &mut Vec<Part>) -> Read<()> {
        let from = self.pos;
        let rest = self.rest();
        let mut end = None;
        for (i, c) in rest.char_indices().skip(1) {
            if i > BRACKET {
                return self.fail(from, "a bracket expression that does not end soon");
            }
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '/' => break,
                '\'' | '"' | '\\' | '$' | '`' => {
                    // Whether this is a pattern depends on what comes out of it. `[` with a quote or
                    // expansion behind it and no bracket that closes is itself.
                    let word =
                        rest.split([' ', '\t', '\n', ';', '&', '|']).next().unwrap_or_default();
                    if word.len() > BRACKET || word.contains(']') {
                        return self.fail(from, "a bracket expression with quotes or expansions");
                    }
                    break;
                }
                ']' if i > 1 && !(i == 2 && matches!(rest.chars().nth(1), Some('!' | '^'))) => {
                    end = Some(i + 1);
                    break;
                }
                _ => {}
            }
        }
        match end.and_then(|end| rest.get(..end)) {
            Some(text) => {
                parts.push(Part::Bracket(text.to_owned()));
                self.pos += text.len();
            }
            None => {
                self.bump();
                push(parts, "[");
            }
        }
        Ok(())
    }
}

/// Takes out empty text beside other parts: it says nothing.
fn tidy(parts: &mut Vec<Part>) {
    if parts.len() > 1 {
        parts.retain(|p| !matches!(p, Part::Literal(t) if t.is_empty()));
    }
}

/// `{name}` right before `<` or `>` makes bash put a descriptor into a variable.
fn named_descriptor(part: &Part) -> bool {
    matches!(part, Part::Literal(t) if t.starts_with('{') && t.ends_with('}'))
}

/// Adds text to the parts, joining neighbours.
pub(super) fn push(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Literal(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Literal(text.to_owned()));
    }
}

/// Adds a part, joining text with text.
pub(super) fn append(parts: &mut Vec<Part>, part: Part) {
    match part {
        Part::Literal(text) => push(parts, &text),
        other => parts.push(other),
    }
}
