//! Small languages inside arguments: sed and awk scripts.
//!
//! In: a script. Out: the files it reads and writes, the commands it runs.
//! Never: evaluates it; a script that is not plainly harmless is `execute code:inline`.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::model::Action;

/// What stands between the source of an inline program text and its hash.
pub(super) const HASHED: &str = ", sha256 ";

/// Whether a program text does nothing but print a number or a plain text, in whichever language it is.
pub(super) fn only_prints(text: &str) -> bool {
    let text = text.trim().trim_end_matches(';');
    let inner = ["print(", "console.log("].iter().find_map(|p| text.strip_prefix(p));
    let Some(inner) = inner.and_then(|t| t.strip_suffix(')')) else { return false };
    let number = |c: char| c.is_ascii_digit() || "+-*/%. ".contains(c);
    // No sign that any language expands inside of quotes.
    let plain = |c: char| c.is_ascii_alphanumeric() || " .,:;!?-_+=/".contains(c);
    let quoted = ['\'', '"'].iter().any(|q| {
        let inside = inner.strip_prefix(*q).and_then(|t| t.strip_suffix(*q));
        inside.is_some_and(|t| t.chars().all(plain))
    });
    quoted
        || (!inner.is_empty()
            && inner.len() < 64
            && !inner.contains("**")
            && inner.chars().all(number))
}

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
        if awk_does_more(program) {
            let why = format!("{source}: an awk program that runs, writes or reads more");
            for file in redirected(program) {
                self.write_file(&Arg::literal(&file), &call.state, &why);
            }
            self.program_text(Some(program), &why);
        }
    }
}

/// Whether a program may do more than print what its operands hold. Words are looked for in the whole
/// text, strings and expressions included, since where a string begins depends on the grammar.
fn awk_does_more(program: &str) -> bool {
    const MORE: [&str; 7] = ["system", "getline", "close", "fflush", "ENVIRON", "ARGV", "ARGC"];
    let words = program.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if program.contains('@') || words.into_iter().any(|w| MORE.contains(&w)) {
        return true;
    }
    let Some(code) = awk_code(program) else { return true };
    // `|` pipes; `||` does not.
    redirects(&code) || code.replace("||", "").contains('|')
}

/// Whether a `print` of this code writes to a file: `>` compares in parentheses and in front of it, and
/// redirects behind it (POSIX awk, «Output Statements»).
fn redirects(code: &str) -> bool {
    code.split("print").skip(1).any(|statement| {
        let mut depth = 0_usize;
        for c in statement.replace(">=", "").chars() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ';' | '}' | '\n' if depth == 0 => return false,
                '>' if depth == 0 => return true,
                _ => {}
            }
        }
        false
    })
}

/// The files that an awk program plainly prints to.
fn redirected(program: &str) -> Vec<String> {
    let files = program.split('>').skip(1).filter_map(|rest| {
        let (file, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        (!file.contains('\\')).then(|| file.to_owned())
    });
    files.filter(|f| !f.is_empty()).collect()
}

/// The program without the text of its strings, expressions and comments; `None` where it does not tell
/// for certain what is which.
fn awk_code(program: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = program.chars();
    while let Some(c) = chars.next() {
        let text = match c {
            '"' => c,
            // After a value it divides, else it begins an expression (POSIX awk, «Lexical Conventions»).
            '/' if !divides(&out) => c,
            '#' => {
                chars.by_ref().find(|c| *c == '\n');
                out.push('\n');
                continue;
            }
            c => {
                out.push(c);
                continue;
            }
        };
        loop {
            match chars.next()? {
                '\\' => {
                    chars.next()?;
                }
                // Some take a slash in brackets for the end, some do not.
                '[' if text == '/' => {
                    let inside = chars.as_str().split_once(']').map_or("/", |(inside, _)| inside);
                    if inside.contains('/') {
                        return None;
                    }
                }
                '\n' => return None,
                c if c == text => break,
                _ => {}
            }
        }
        out.push('0');
    }
    Some(out)
}

/// Whether a slash behind this code divides.
fn divides(code: &str) -> bool {
    let code = code.trim_end_matches([' ', '\t']);
    let word: String =
        code.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let word: String = word.chars().rev().collect();
    if matches!(word.as_str(), "print" | "printf" | "return" | "in" | "case" | "else" | "do") {
        return false;
    }
    !word.is_empty() || code.ends_with([')', ']', '$'])
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
            ':' | 'b' | 't' | 'T' => {
                // GNU sed ends a label at white space or `;`. What another one takes for the label
                // is then read as commands: too much, never too little.
                while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
                while chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '}')).is_some() {}
            }
            'a' | 'i' | 'c' => {
                // Text up to the end of the line; continued text is text as well.
                let mut last = line(&mut chars);
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

/// How far the end of a bracket expression is looked for; a longer one may hold anything.
const MAX_BRACKET: usize = 256;

/// Past a part that ends in the delimiter. Whether a delimiter in a bracket expression counts differs
/// from sed to sed: then the script is not understood.
fn skip(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, delimiter: char) -> Option<()> {
    loop {
        match chars.next()? {
            '\\' => {
                chars.next()?;
            }
            c if c == delimiter => return Some(()),
            '[' => {
                let ahead: String = chars.clone().take(MAX_BRACKET).collect();
                let start = ahead.strip_prefix('^').unwrap_or(&ahead);
                let closed = start.chars().skip(1).position(|c| c == ']').map(|i| i + 1);
                let full = start.chars().count() >= MAX_BRACKET - 1;
                let inside = closed.or(full.then_some(MAX_BRACKET));
                if inside.is_some_and(|n| start.chars().take(n).any(|c| c == delimiter)) {
                    return None;
                }
            }
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
