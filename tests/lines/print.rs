//! Prints what the reader made as shell text that it reads to the same again.
//!
//! The one form that is sure is chosen each time: text in quotes, names in braces, a list's steps with
//! `;`, bodies of here-documents before the next line.

use exo::judge::shell::{
    ARITHMETIC, Join, LENGTH, Node, PROCESS_SUBSTITUTION, Part, RedirectKind, Redirection, Script,
    Simple, Step, Word,
};

#[derive(Default)]
struct Printer {
    out: String,
    /// Bodies that come behind the next newline.
    pending: Vec<String>,
    documents: usize,
}

/// The text of a script.
pub fn print(list: &[Step]) -> String {
    let mut p = Printer::default();
    p.list(list);
    p.end();
    p.out
}

/// The script with all places taken off, so that two can be compared.
pub fn without_places(script: &mut Script) {
    script.list.iter_mut().for_each(|s| node(&mut s.node));
    fn words(all: &mut [Word]) {
        for w in all {
            w.span = 0..0;
            for p in &mut w.parts {
                match p {
                    Part::Array(inner) => words(inner),
                    Part::Dynamic { commands, what, .. } => {
                        commands.iter_mut().for_each(|s| node(&mut s.node));
                        what.clear();
                    }
                    _ => {}
                }
            }
        }
    }
    fn redirections(all: &mut [Redirection]) {
        for r in all {
            r.span = 0..0;
            words(std::slice::from_mut(&mut r.target));
        }
    }
    fn list(all: &mut [Step]) {
        all.iter_mut().for_each(|s| node(&mut s.node));
    }
    fn node(n: &mut Node) {
        match n {
            Node::Simple(s) => {
                s.span = 0..0;
                s.assignments.iter_mut().for_each(|(_, w)| words(std::slice::from_mut(w)));
                words(&mut s.words);
                redirections(&mut s.redirections);
            }
            Node::Pipeline(nodes) => nodes.iter_mut().for_each(node),
            Node::Function(_, body) => node(body),
            Node::Subshell(l, r) | Node::Group(l, r) => {
                list(l);
                redirections(r);
            }
            Node::Bodies { bodies, names, redirections: r, .. } => {
                bodies.iter_mut().for_each(|b| list(b));
                names.iter_mut().for_each(|(_, w)| words(w));
                redirections(r);
            }
        }
    }
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// The end of a line, and the bodies that come there.
    fn end(&mut self) {
        self.put("\n");
        for body in std::mem::take(&mut self.pending) {
            self.put(&body);
        }
    }

    fn list(&mut self, list: &[Step]) {
        for (i, step) in list.iter().enumerate() {
            match step.join {
                Join::And => self.put(" && "),
                Join::Or => self.put(" || "),
                Join::Then if i > 0 => {
                    let background = list[i - 1].background;
                    self.put(if background { " & " } else { "; " });
                }
                Join::Then => {}
            }
            self.node(&step.node);
        }
        if list.last().is_some_and(|s| s.background) {
            self.put(" &");
        }
    }

    /// A list, and the end of its line.
    fn lines(&mut self, list: &[Step]) {
        self.put(" ");
        self.list(list);
        self.end();
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Simple(s) => self.simple(s),
            Node::Pipeline(nodes) => {
                for (i, n) in nodes.iter().enumerate() {
                    self.put(if i > 0 { " | " } else { "" });
                    self.node(n);
                }
            }
            Node::Subshell(list, r) => {
                self.put("(");
                self.lines(list);
                self.put(")");
                self.redirections(r);
            }
            Node::Group(list, r) => {
                self.put("{");
                self.lines(list);
                self.put("}");
                self.redirections(r);
            }
            Node::Function(name, body) => {
                self.put(&format!("{name}() "));
                self.node(body);
            }
            Node::Bodies { bodies, names, again, redirections } => {
                self.bodies(bodies, names, *again);
                self.redirections(redirections);
            }
        }
    }

    fn bodies(&mut self, bodies: &[Vec<Step>], names: &[(String, Vec<Word>)], again: bool) {
        match names.first() {
            Some((name, words)) if name.is_empty() => {
                let (subject, patterns) = words.split_first().unwrap();
                self.put("case ");
                self.word(subject, false);
                self.put(" in");
                // How many patterns an arm has is not kept: the first gets what is over.
                let over = patterns.len() - bodies.len();
                let mut patterns = patterns.iter();
                for (i, body) in bodies.iter().enumerate() {
                    for j in 0..if i == 0 { over + 1 } else { 1 } {
                        self.put(if j > 0 { "|" } else { " (" });
                        self.word(patterns.next().unwrap(), false);
                    }
                    self.put(")");
                    self.lines(body);
                    self.put(";;");
                }
                self.put(" esac");
            }
            Some((name, words)) => {
                self.put(&format!("for {name} in"));
                for word in words {
                    self.put(" ");
                    self.word(word, false);
                }
                self.end();
                self.put("do");
                self.lines(&bodies[0]);
                self.put("done");
            }
            None if again => {
                self.put("while");
                self.lines(&bodies[0]);
                self.put("do");
                self.lines(&bodies[1]);
                self.put("done");
            }
            None => {
                for (i, pair) in bodies.chunks(2).enumerate() {
                    match pair {
                        [condition, body] => {
                            self.put(if i == 0 { "if" } else { "elif" });
                            self.lines(condition);
                            self.put("then");
                            self.lines(body);
                        }
                        [other] => {
                            self.put("else");
                            self.lines(other);
                        }
                        _ => {}
                    }
                }
                self.put("fi");
            }
        }
    }

    fn simple(&mut self, s: &Simple) {
        for (name, value) in &s.assignments {
            self.put(name);
            let mut value = value.clone();
            if let Some(Part::Dynamic { evaluates, sets, what, .. }) = value.parts.first()
                && what == "an element"
            {
                let subscript = format!("[{}]", expression(evaluates, sets));
                self.put(&subscript);
                value.parts.remove(0);
            }
            let array = matches!(value.parts.last(), Some(Part::Array(_)));
            if array && value.parts.len() > 1 {
                self.put("+");
                value.parts.remove(0);
            }
            self.put("=");
            self.word(&value, false);
            self.put(" ");
        }
        let first = s.words.first().and_then(Word::literal);
        match first.as_deref() {
            Some("((") => {
                let [_, Word { parts, .. }] = s.words.as_slice() else { panic!() };
                let [Part::Dynamic { evaluates, sets, .. }] = parts.as_slice() else { panic!() };
                let text = format!("(({}))", expression(evaluates, sets));
                self.put(&text);
            }
            Some("[[") => {
                self.put("[[");
                let mut regex = false;
                for word in &s.words[1..] {
                    self.put(" ");
                    match word.literal() {
                        Some(t)
                            if std::mem::replace(
                                &mut regex,
                                word.literal().as_deref() == Some("=~"),
                            ) =>
                        {
                            self.put(&t)
                        }
                        Some(t) if OPERATORS.contains(&t.as_str()) => self.put(&t),
                        _ => self.word(word, false),
                    }
                }
                self.put(" ]]");
            }
            _ => {
                for (i, word) in s.words.iter().enumerate() {
                    self.put(if i > 0 { " " } else { "" });
                    self.word(word, i == 0);
                }
            }
        }
        self.redirections(&s.redirections);
    }

    fn redirections(&mut self, all: &[Redirection]) {
        for r in all {
            self.put(" ");
            if let Some(name) = &r.into {
                self.put(&format!("{{{name}}}"));
            }
            match r.kind {
                RedirectKind::Read => self.put("< "),
                RedirectKind::Write => self.put("> "),
                RedirectKind::Append => self.put(">> "),
                RedirectKind::ReadWrite => self.put("<> "),
                RedirectKind::Duplicate => self.put(">& "),
                RedirectKind::HereString => self.put("<<< "),
                RedirectKind::HereDocument => {
                    self.document(&r.target);
                    continue;
                }
            }
            self.word(&r.target, false);
        }
    }

    fn document(&mut self, body: &Word) {
        self.documents += 1;
        let delimiter = format!("END_OF_{}", self.documents);
        let plain = matches!(body.parts.as_slice(), [Part::Literal(_)]);
        self.put(&if plain { format!("<<'{delimiter}'") } else { format!("<<{delimiter}") });
        let mut inner = Self { documents: self.documents * 100, ..Self::default() };
        for part in &body.parts {
            match part {
                Part::Literal(text) if plain => inner.put(text),
                Part::Literal(text) => {
                    inner.put(&text.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`"))
                }
                part => inner.part(part, false),
            }
        }
        self.pending.push(format!("{}{delimiter}\n", inner.out));
    }

    /// A word; the one in the place of the command in quotes, so that it is no reserved word.
    fn word(&mut self, word: &Word, command: bool) {
        if word.parts.is_empty() {
            self.put("''");
        }
        for (i, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal(text) => {
                    // What ends the name behind a `~` does so unquoted only.
                    let behind = i > 0 && matches!(word.parts[i - 1], Part::Tilde(_));
                    let (end, text) = text.split_at(usize::from(behind));
                    self.put(end);
                    if text.is_empty() && behind {
                        continue;
                    }
                    let plain = |c: char| c.is_ascii_alphanumeric() || "_/.:=+@%-".contains(c);
                    if !command && !text.is_empty() && text.chars().all(plain) {
                        self.put(text);
                    } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
                        let escaped: String =
                            text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
                        self.put(&format!("$'{escaped}'"));
                    } else {
                        self.put(&format!("'{}'", text.replace('\'', "'\\''")));
                    }
                }
                part => self.part(part, true),
            }
        }
    }

    /// A part that is no text; `quotes`: what is quoted needs quotes here.
    fn part(&mut self, part: &Part, quotes: bool) {
        let quoted =
            matches!(part, Part::Param { quoted: true, .. } | Part::Dynamic { quoted: true, .. });
        let process = matches!(part, Part::Dynamic { what, .. } if what == PROCESS_SUBSTITUTION);
        let quote = if quoted && quotes && !process { "\"" } else { "" };
        self.put(quote);
        match part {
            Part::Literal(_) => {}
            Part::Tilde(user) => self.put(&format!("~{}", user.as_deref().unwrap_or_default())),
            Part::Star => self.put("*"),
            Part::Question => self.put("?"),
            Part::Bracket(text) => self.put(text),
            Part::Array(words) => {
                self.put("(");
                for word in words {
                    self.put(" ");
                    self.word(word, false);
                }
                self.put(" )");
            }
            Part::Param { name, .. } if name == "#" => self.put("$#"),
            Part::Param { name, .. } => self.put(&format!("${{{name}}}")),
            Part::Dynamic { commands, what, evaluates, sets, .. } => {
                self.dynamic(commands, what, evaluates, sets);
            }
        }
        self.put(quote);
    }

    fn dynamic(&mut self, commands: &[Step], what: &str, evaluates: &[String], sets: &[String]) {
        let sum = expression(evaluates, sets);
        match what {
            _ if what == ARITHMETIC => self.put(&format!("$(({sum}))")),
            _ if what == LENGTH => self.put("${#x}"),
            _ if what == PROCESS_SUBSTITUTION => self.inside("<(", commands),
            "command substitution" => self.inside("$(", commands),
            "keys of an array" => self.put("${!x[@]}"),
            _ if what.ends_with("[…]") => {
                let name = what.trim_end_matches("[…]");
                self.put(&format!("${{{name}[{sum}]}}"));
            }
            _ => {
                let text = what.trim_end_matches('…');
                let name: String =
                    text.chars().take_while(|c| !"#%/^,:-=?+@".contains(*c)).collect();
                let name = if name.is_empty() { text.chars().take(1).collect() } else { name };
                let operator = text.strip_prefix(&name).unwrap();
                if operator == ":" {
                    self.put(&format!("${{{text}{sum}}}"));
                } else if operator == "@" {
                    self.put(&format!("${{{text}Q}}"));
                } else {
                    self.put(&format!("${{{text}"));
                    if !commands.is_empty() {
                        self.inside("$(", commands);
                    }
                    let own: &[String] = if operator.ends_with('=') { &sets[1..] } else { sets };
                    if !evaluates.is_empty() || !own.is_empty() {
                        let sum = expression(evaluates, own);
                        self.put(&format!("$(({sum}))"));
                    }
                    self.put("}");
                }
            }
        }
    }

    /// A substitution: its here-documents end inside of it.
    fn inside(&mut self, open: &str, commands: &[Step]) {
        let outer = std::mem::take(&mut self.pending);
        self.put(open);
        self.put(" ");
        self.list(commands);
        if self.pending.is_empty() {
            self.put(" ");
        } else {
            self.end();
        }
        self.put(")");
        self.pending = outer;
    }
}

/// Operators of `[[ ]]` that are none in quotes.
const OPERATORS: [&str; 13] =
    ["&&", "||", "(", ")", "<", ">", "=~", "==", "!=", "=", "!", "-n", "-z"];

/// Arithmetic that evaluates and sets these names.
fn expression(evaluates: &[String], sets: &[String]) -> String {
    let (mut evaluates, mut sets) = (evaluates, sets);
    let mut out = Vec::new();
    loop {
        match (evaluates.split_first(), sets.split_first()) {
            (Some((e, e_rest)), Some((s, s_rest))) if e == s => {
                out.push(format!("{e}++"));
                (evaluates, sets) = (e_rest, s_rest);
            }
            (_, Some((s, rest))) if !evaluates.contains(s) => {
                out.push(format!("{s}=1"));
                sets = rest;
            }
            (Some((e, rest)), _) => {
                out.push(if e.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) {
                    e.clone()
                } else {
                    format!("${e}")
                });
                evaluates = rest;
            }
            _ => break,
        }
    }
    if out.is_empty() { "1".to_owned() } else { out.join(",") }
}
