//! The payload: what was asked to run.
//!
//! In: argv or a shell line, as bytes. Out: a value with its JSON form, bytes that are not UTF-8 kept.
//! Never: interprets a word.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// What was asked to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A program and its arguments; never read by a shell.
    Argv(Vec<Vec<u8>>),
    /// One line (or script) for bash.
    Line(Vec<u8>),
}

/// What standard input is: a line typed by a person and a pipe from an agent are different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdinKind {
    /// A terminal.
    Terminal,
    /// A pipe or socket.
    Pipe,
    /// A file, or `/dev/null`.
    File,
    /// Closed.
    Closed,
}

impl StdinKind {
    /// The word in entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Pipe => "pipe",
            Self::File => "file",
            Self::Closed => "closed",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Terminal, Self::Pipe, Self::File, Self::Closed]
            .into_iter()
            .find(|k| k.name() == name)
    }
}

/// What was asked to run, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The words or the line.
    pub what: What,
    /// Kind of standard input.
    pub stdin: StdinKind,
}

impl Payload {
    /// Bytes of text in it.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.what {
            What::Argv(words) => words.iter().map(|w| w.len() + 1).sum(),
            What::Line(line) => line.len(),
        }
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The form in entries.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let what = match &self.what {
            What::Argv(words) => {
                json!({"argv": words.iter().map(|w| bytes(w)).collect::<Vec<_>>()})
            }
            What::Line(line) => json!({"line": bytes(line)}),
        };
        json!({"what": what, "stdin": self.stdin.name()})
    }

    /// Reads that form back; `None` where it is not that form.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let what = value.get("what")?;
        let what = match (what.get("argv"), what.get("line")) {
            (Some(words), None) => {
                What::Argv(words.as_array()?.iter().map(unbytes).collect::<Option<_>>()?)
            }
            (None, Some(line)) => What::Line(unbytes(line)?),
            _ => return None,
        };
        Some(Self { what, stdin: StdinKind::parse(value.get("stdin")?.as_str()?)? })
    }

    /// For people: argv quoted as a shell would need it, or the line; other bytes as `\u{fffd}`.
    #[must_use]
    pub fn display(&self) -> String {
        match &self.what {
            What::Argv(words) => words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" "),
            What::Line(line) => String::from_utf8_lossy(line).into_owned(),
        }
    }
}

fn bytes(b: &[u8]) -> Value {
    std::str::from_utf8(b).map_or_else(|_| json!({"b64": BASE64.encode(b)}), |s| json!(s))
}

fn unbytes(v: &Value) -> Option<Vec<u8>> {
    match v {
        Value::String(s) => Some(s.clone().into_bytes()),
        other => BASE64.decode(other.get("b64")?.as_str()?).ok(),
    }
}

fn quote(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,+@%^".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_survive_json() {
        let argv = vec![b"ls".to_vec(), vec![b'a', 0xff], b"it's".to_vec()];
        let p = Payload { what: What::Argv(argv), stdin: StdinKind::Pipe };
        assert_eq!(Payload::from_json(&p.to_json()), Some(p.clone()));
        assert_eq!(p.display(), "ls 'a\u{fffd}' 'it'\\''s'");
        let l = Payload { what: What::Line(b"ls | wc".to_vec()), stdin: StdinKind::Closed };
        assert_eq!(Payload::from_json(&l.to_json()), Some(l));
    }
}
