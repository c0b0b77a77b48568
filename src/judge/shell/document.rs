//! Here-documents: the delimiter where it stands, the body where the line ends.
//!
//! In: the reader behind `<<`, or behind a newline. Out: a redirection, and its body's parts.
//! Never: takes a line for the end of a body that bash does not take for it.

use super::ast::{Node, Part, RedirectKind, Redirection, Simple, Step, Word};
use super::reader::{Pending, Read, Reader};

impl Reader<'_> {
    /// Reads the delimiter; the body comes after the next newline.
    pub(super) fn here_document(
        &mut self,
        from: usize,
        tabs: bool,
        into: Option<String>,
    ) -> Read<Redirection> {
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
        let kind = RedirectKind::HereDocument;
        Ok(Redirection { kind, target, into, span: from..self.pos })
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
        self.inside(from, text, |r| r.quoted_parts(None))
    }
}

/// Puts the bodies, by number, where the redirections of a step refer to them.
pub(super) fn fill_step(step: &mut Step, bodies: &[Option<Word>]) {
    fill_node(&mut step.node, bodies);
}

/// Puts the bodies of here-documents where the redirections refer to them by number.
fn fill_node(node: &mut Node, bodies: &[Option<Word>]) {
    match node {
        Node::Simple(Simple { assignments, words, redirections, .. }) => {
            assignments.iter_mut().for_each(|(_, w)| fill_word(w, bodies));
            words.iter_mut().for_each(|w| fill_word(w, bodies));
            fill_redirections(redirections, bodies);
        }
        Node::Pipeline(nodes) => nodes.iter_mut().for_each(|n| fill_node(n, bodies)),
        Node::Function(_, body) => fill_node(body, bodies),
        Node::Subshell(list, redirections) | Node::Group(list, redirections) => {
            list.iter_mut().for_each(|s| fill_step(s, bodies));
            fill_redirections(redirections, bodies);
        }
        Node::Bodies { bodies: lists, names, redirections, .. } => {
            lists.iter_mut().flatten().for_each(|s| fill_step(s, bodies));
            names.iter_mut().flat_map(|(_, words)| words).for_each(|w| fill_word(w, bodies));
            fill_redirections(redirections, bodies);
        }
    }
}

fn fill_redirections(redirections: &mut [Redirection], bodies: &[Option<Word>]) {
    for r in redirections {
        let number = r.target.span.start;
        if r.kind == RedirectKind::HereDocument
            && let Some(Some(body)) = bodies.get(number)
        {
            r.target = body.clone();
        }
        fill_word(&mut r.target, bodies);
    }
}

fn fill_word(word: &mut Word, bodies: &[Option<Word>]) {
    for part in &mut word.parts {
        match part {
            Part::Dynamic { commands, .. } => {
                commands.iter_mut().for_each(|s| fill_step(s, bodies))
            }
            Part::Array(words) => words.iter_mut().for_each(|w| fill_word(w, bodies)),
            _ => {}
        }
    }
}
