//! Reads shell text into commands, or says what it does not understand.
//!
//! In: bytes of a shell line or script, and the dialect of the shell that will run it. Out: a
//! [`Script`]; every construct that is not fully understood stands in it as [`Opaque`].
//! Never: guesses, expands, looks at files, panics, or takes more than linear time.
//!
//! The grammar is that of the bash manual (version 5, non-interactive, as `bash -c` reads it). Where
//! bash would read a text in another way than this reader, the reader must refuse it: that is what
//! `tests/shell_differential.rs` looks for.

mod arithmetic;
mod ast;
mod brace;
mod compound;
mod condition;
mod document;
mod expand;
mod quote;
mod reader;
mod simple;
mod word;

pub use ast::{
    ARITHMETIC, Dialect, Join, LENGTH, Node, Opaque, PROCESS_SUBSTITUTION, Part, RedirectKind,
    Redirection, Script, Simple, Span, Step, Word,
};

use crate::model::MAX_PAYLOAD;
use reader::Reader;

/// Reads a script. Total: whatever is not understood is in `opaque`.
#[must_use]
pub fn read(text: &[u8], dialect: Dialect) -> Script {
    let refuse = |span: Span, reason: String| Script {
        list: Vec::new(),
        opaque: vec![Opaque { span, reason }],
    };
    if text.len() > MAX_PAYLOAD {
        let reason = format!("{} bytes are more than the {MAX_PAYLOAD} that are read", text.len());
        return refuse(0..text.len(), reason);
    }
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(e) => {
            let at = e.valid_up_to();
            return refuse(at..at + 1, format!("byte {at} is not UTF-8"));
        }
    };
    if let Some((at, c)) = text.char_indices().find(|(_, c)| hidden(*c)) {
        let reason = format!("character {} at byte {at} cannot be seen", c.escape_unicode());
        return refuse(at..at + c.len_utf8(), reason);
    }
    Reader::new(text, dialect, 0).script()
}

/// Characters that a person does not see as what the shell makes of them: controls but tab and
/// newline, and the format characters that hide text or turn its direction (Unicode, UAX 9).
fn hidden(c: char) -> bool {
    (c.is_control() && c != '\t' && c != '\n')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests;
