//! Quotes: `'…'`, `"…"`, `$'…'`.
//!
//! In: the reader behind the opening quote. Out: text, or parts where expansions stand inside.
//! Never: takes an escape for another than bash does.

use super::ast::Part;
use super::reader::{Read, Reader};
use super::word::{append, push};

impl Reader<'_> {
    /// The text up to the closing single quote, which is taken.
    pub(super) fn until_quote(&mut self, from: usize) -> Read<String> {
        match self.rest().split_once('\'') {
            Some((text, _)) => {
                self.pos += text.len() + 1;
                Ok(text.to_owned())
            }
            None => self.fail(from, "a quote without an end"),
        }
    }

    /// The parts up to the closing double quote, which is taken; for `None` up to the end, as in the
    /// body of a here-document, where quotes are themselves.
    pub(super) fn quoted_parts(&mut self, quote: Option<usize>) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            let at = self.pos;
            match self.peek() {
                None => match quote {
                    Some(from) => return self.fail(from, "a quote without an end"),
                    None => return Ok(parts),
                },
                Some('"') if quote.is_some() => {
                    self.bump();
                    return Ok(parts);
                }
                Some('\\') => {
                    self.bump();
                    match self.peek() {
                        Some('\n') => {
                            self.bump();
                        }
                        Some(c) if "$`\\".contains(c) || (c == '"' && quote.is_some()) => {
                            self.bump();
                            push(&mut parts, c.encode_utf8(&mut [0; 4]));
                        }
                        _ => push(&mut parts, "\\"),
                    }
                }
                Some('`') => {
                    let part = self.backticks(true)?;
                    append(&mut parts, part);
                }
                Some('$') => self.dollar(&mut parts, true)?,
                Some(_) => {
                    while self.peek().is_some_and(|c| !"\"\\`$".contains(c)) {
                        self.bump();
                    }
                    if self.pos == at {
                        // A `"` inside a here-document.
                        self.bump();
                    }
                    push(&mut parts, self.text.get(at..self.pos).unwrap_or_default());
                }
            }
        }
    }

    /// The text of `$'…'`, decoded (bash manual, «ANSI-C Quoting»); the reader stands behind the quote.
    pub(super) fn ansi(&mut self, from: usize) -> Read<String> {
        let mut out: Vec<u8> = Vec::new();
        loop {
            match self.bump() {
                None => return self.fail(from, "a quote without an end"),
                Some('\'') => break,
                Some('\\') => self.ansi_escape(from, &mut out)?,
                Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        match String::from_utf8(out) {
            Ok(text) if !text.contains('\0') => Ok(text),
            Ok(_) => self.fail(from, "a NUL in `$'…'`"),
            Err(_) => self.fail(from, "bytes that are not UTF-8 in `$'…'`"),
        }
    }

    fn ansi_escape(&mut self, from: usize, out: &mut Vec<u8>) -> Read<()> {
        let Some(c) = self.bump() else { return self.fail(from, "a quote without an end") };
        let simple = match c {
            'a' => 0x07,
            'b' => 0x08,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' | '\'' | '"' | '?' => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            '0'..='7' => {
                self.pos -= 1;
                let n = self.number(8, 3);
                out.push(n.to_le_bytes().first().copied().unwrap_or(0));
                return Ok(());
            }
            'x' => {
                if self.at("{") || !self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                    return self.fail(from, "`\\x` without digits in `$'…'`");
                }
                let n = self.number(16, 2);
                out.push(n.to_le_bytes().first().copied().unwrap_or(0));
                return Ok(());
            }
            'u' | 'U' => {
                if !self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                    return self.fail(from, "`\\u` without digits in `$'…'`");
                }
                let n = self.number(16, if c == 'u' { 4 } else { 8 });
                let Some(c) = char::from_u32(n) else {
                    return self.fail(from, "no character in `$'…'`");
                };
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            'c' => {
                // Control-X is the five low bits of X.
                match self.bump() {
                    Some(c) if c.is_ascii_graphic() && c != '\\' && c != '\'' && c != '?' => {
                        out.push(u8::try_from(c).unwrap_or_default() & 0x1f);
                        return Ok(());
                    }
                    _ => return self.fail(from, "a control character in `$'…'`"),
                }
            }
            other => {
                out.push(b'\\');
                out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
        };
        out.push(simple);
        Ok(())
    }

    /// At most so many digits of that base.
    fn number(&mut self, base: u32, most: usize) -> u32 {
        let mut n = 0u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(base)) else { break };
            n = n.wrapping_mul(base).wrapping_add(digit);
            self.pos += 1;
        }
        n
    }
}
