//! Small languages inside arguments: sed and awk scripts.
//!
//! In: a script. Out: the files it reads and writes, the commands it runs.
//! Never: evaluates it; a script that is not plainly harmless is `execute code:inline`.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::model::Action;

impl Reader<'_> {
    /// sed: `e` and the flag `e` of `s` run commands, `w` and `r` name files (sed(1), GNU manual).
    pub(super) fn sed(&mut self, call: &Call, value: &Arg) {
        let source = call.source.clone();
        let Some(script) = value.known() else {
            self.inline("a sed script that is not known before it runs");
            return;
        };
        match sed_commands(script) {
            Some(found) => {
                for (letter, file) in found {
                    let file = Arg::literal(&file);
                    match letter {
                        'e' => self.inline(&format!("{source}: command `e` of sed")),
                        'w' | 'W' => self.write_file(
                            &file,
                            &call.state,
                            &format!("{source}: command `w` of sed"),
                        ),
                        _ => self.file(
                            Action::Read,
                            &file,
                            &call.state,
                            &format!("{source}: command `r` of sed"),
                        ),
                    }
                }
            }
            None => self.inline(&format!("{source}: a sed script that is not plain")),
        }
    }

    /// awk: `system`, pipes, redirections, `getline` and extensions do more than read (POSIX awk, gawk).
    pub(super) fn awk(&mut self, call: &Call, value: &Arg) {
        let source = call.source.clone();
        let Some(program) = value.known() else {
            self.inline("an awk program that is not known before it runs");
            return;
        };
        let code = without_strings(program);
        let words: Vec<&str> =
            code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '@')).collect();
        let running = ["system", "getline", "close", "fflush", "@load", "@include", "ENVIRON"];
        let runs = words.iter().any(|w| running.contains(w));
        // `>` outside of a comparison in parentheses redirects print; `|` pipes; `||` does not.
        let pipes = code.replace("||", "").contains('|');
        let prints = code.contains("print") && code.replace(">=", "").contains('>');
        if runs || pipes || prints {
            self.inline(&format!(
                "{source}: an awk program that runs, writes or reads more than its operands"
            ));
        }
    }
}

/// The program without the text of its strings and comments.
fn without_strings(program: &str) -> String {
    let mut out = String::new();
    let mut chars = program.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => {
                            chars.next();
                        }
                        '"' => break,
                        _ => {}
                    }
                }
                out.push(' ');
            }
            '#' => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The commands of a script that touch more than its input, with their file names; `None` where the
/// script is not understood. Addresses, `s`, `y` and the plain commands are read.
fn sed_commands(script: &str) -> Option<Vec<(char, String)>> {
    let mut found = Vec::new();
    let mut chars = script.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace() || matches!(c, ';' | '{' | '}' | '!')).is_some() {
        }
        let Some(c) = chars.next() else { return Some(found) };
        match c {
            '0'..='9' | '$' | ',' | '~' | '+' => {}
            'I' | 'M' => {}
            '/' => skip(&mut chars, '/')?,
            '\\' => {
                let delimiter = chars.next()?;
                skip(&mut chars, delimiter)?;
            }
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            's' => {
                let delimiter = chars.next()?;
                skip(&mut chars, delimiter)?;
                skip(&mut chars, delimiter)?;
                loop {
                    match chars.peek() {
                        Some('e') => {
                            chars.next();
                            found.push(('e', String::new()));
                        }
                        Some('w') => {
                            chars.next();
                            found.push(('w', line(&mut chars)));
                            break;
                        }
                        Some(c) if c.is_ascii_digit() || "gpiImM".contains(*c) => {
                            chars.next();
                        }
                        _ => break,
                    }
                }
            }
            'y' => {
                let delimiter = chars.next()?;
                skip(&mut chars, delimiter)?;
                skip(&mut chars, delimiter)?;
            }
            'w' | 'W' | 'r' | 'R' => found.push((c, line(&mut chars))),
            'e' => {
                line(&mut chars);
                found.push(('e', String::new()));
            }
            'a' | 'i' | 'c' | ':' | 'b' | 't' | 'T' => {
                // Text or a label up to the end of the line; continued text is text as well.
                let text = line(&mut chars);
                if text.ends_with('\\') && !matches!(c, 'a' | 'i' | 'c') {
                    return None;
                }
                let mut last = text;
                while last.ends_with('\\') && chars.peek().is_some() {
                    last = line(&mut chars);
                }
            }
            'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'l' | 'n' | 'N' | 'p' | 'P' | 'q' | 'Q' | 'x'
            | 'z' | '=' | 'F' => while chars.next_if(char::is_ascii_digit).is_some() {},
            _ => return None,
        }
    }
}

/// Past a part that ends in the delimiter; a bracket expression may hold it.
fn skip(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, delimiter: char) -> Option<()> {
    loop {
        match chars.next()? {
            '\\' => {
                chars.next()?;
            }
            c if c == delimiter => return Some(()),
            _ => {}
        }
    }
}

/// The rest of the line, blanks in front taken off.
fn line(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut out = String::new();
    for c in chars.by_ref() {
        if c == '\n' {
            break;
        }
        out.push(c);
    }
    out.trim_start().to_owned()
}
