//! `[[ … ]]`.
//!
//! In: the reader behind `[[`. Out: a command whose words are the test's.
//! Never: takes a word of the test for a command.

use super::ast::{Node, Part, Simple, Word};
use super::reader::{Read, Reader};

impl Reader<'_> {
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
            words.push(word);
        }
        let span = from..self.pos;
        let redirections = self.redirections()?;
        Ok(Node::Simple(Simple { assignments: Vec::new(), words, redirections, span }))
    }
}
