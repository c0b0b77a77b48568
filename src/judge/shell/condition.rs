//! `[[ … ]]`.
//!
//! In: the reader behind `[[`. Out: a command whose words are the test's.
//! Never: takes a word of the test for a command.

use super::ast::{Node, Part, Simple, Word};
use super::reader::{Read, Reader};

/// Operators between two words (bash manual, «Conditional Constructs»).
const BETWEEN: [&str; 15] = [
    "==", "=", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef",
];
/// Letters of the tests of one word.
const ONE: &str = "abcdefghknoprstuvwxzGLNORS";

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A test.
    Test,
    /// The word of an operator.
    Word,
    /// An operator between two words, or what comes behind a test.
    Between,
    /// `&&`, `||`, `)` or the end.
    Join,
}

impl Reader<'_> {
    /// `[[ … ]]`: a test without effects of its own; its words are kept for what they may run.
    pub(super) fn test_command(&mut self, from: usize) -> Read<Node> {
        let literal =
            |text: &str, at| Word { parts: vec![Part::Literal(text.to_owned())], span: at };
        let mut words = vec![literal("[[", from..self.pos)];
        let (mut next, mut depth, mut regex) = (Next::Test, 0usize, false);
        loop {
            self.lines()?;
            let at = self.pos;
            if self.reserved() == Some("]]") {
                if matches!(next, Next::Test | Next::Word) || depth > 0 {
                    return self.fail(at, "`[[` with a test that does not end");
                }
                self.pos += 2;
                break;
            }
            if std::mem::take(&mut regex) {
                let raw = self.rest().split([' ', '\t', '\n']).next().unwrap_or_default();
                if raw.contains(['(', ')', '|', '<', '>', '&', ';']) {
                    // A final `$` is the anchor, not an expansion.
                    if raw.trim_end_matches('$').contains(['\'', '"', '\\', '$', '`']) {
                        return self.fail(at, "a regular expression with quotes or expansions");
                    }
                    self.pos += raw.len();
                    words.push(literal(raw, at..self.pos));
                    next = Next::Join;
                    continue;
                }
            }
            let sign = ["&&", "||", "(", ")", "<", ">"].into_iter().find(|o| self.at(o));
            if let Some(sign) = sign
                && !self.at("<(")
                && !self.at(">(")
            {
                next = match (sign, next) {
                    ("&&" | "||", Next::Between | Next::Join) => Next::Test,
                    ("<" | ">", Next::Between) => Next::Word,
                    ("(", Next::Test) => {
                        depth += 1;
                        Next::Test
                    }
                    (")", Next::Between | Next::Join) if depth > 0 => {
                        depth -= 1;
                        Next::Join
                    }
                    _ => return self.fail(at, "an operator out of place in `[[`"),
                };
                self.pos += sign.len();
                words.push(literal(sign, at..self.pos));
                continue;
            }
            let Some(word) = self.word(false)? else {
                return self.fail(at, "`]]` is missing");
            };
            let raw = self.text.get(at..self.pos).unwrap_or_default();
            let one = raw.strip_prefix('-').is_some_and(|t| t.len() == 1 && ONE.contains(t));
            next = match next {
                Next::Test if raw == "!" => Next::Test,
                Next::Test if one => Next::Word,
                Next::Test => Next::Between,
                Next::Word => Next::Join,
                Next::Between if BETWEEN.contains(&raw) => {
                    regex = raw == "=~";
                    Next::Word
                }
                Next::Between | Next::Join => {
                    return self.fail(at, "a word out of place in `[[`");
                }
            };
            words.push(word);
        }
        let span = from..self.pos;
        let redirections = self.redirections()?;
        Ok(Node::Simple(Simple { assignments: Vec::new(), words, redirections, span }))
    }
}
