//! Looks into a catalogue file of an installation.
//!
//! In: its name and text. Out: findings with lines.
//! Never: says what a tool should do; only whether its row can be read, contradicts itself, and holds its
//! own examples.

use super::Severity;
use crate::judge::catalogue::{Catalogue, EffectText, Form, OperandRule, Operations, Takes, Tool};
use crate::judge::intent::{KINDS, example_effects};
use crate::model::{Action, Glob};
use std::collections::{BTreeMap, BTreeSet};

/// One finding in a catalogue file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFinding {
    /// How bad it is; never a note.
    pub severity: Severity,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// The tool; empty where the file as a whole cannot be read.
    pub tool: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Everything that is wrong with a file of rows.
#[must_use]
pub fn tools(file: &str, text: &str) -> Vec<RowFinding> {
    let catalogue = match Catalogue::new(vec![(file.to_owned(), text.to_owned())]) {
        Ok(catalogue) => catalogue,
        Err(e) => {
            let place = Lines { text }.told(&e.message);
            let message = e.message;
            return vec![RowFinding {
                severity: Severity::Error,
                line: place,
                tool: String::new(),
                message,
            }];
        }
    };
    let table: toml::Table = text.parse().unwrap_or_default();
    let rows = table.get("tool").and_then(toml::Value::as_array);
    let names = rows.into_iter().flatten().filter_map(|t| t.get("name")?.as_str());
    let mut found = Vec::new();
    for name in names {
        if let Some(tool) = catalogue.tool(name, name) {
            let mut look = Look { text, tool: &tool, found: Vec::new() };
            look.all(&catalogue);
            found.extend(look.found);
        }
    }
    found
}

/// What is wrong with a row that was already loaded; without lines.
#[must_use]
pub fn row(tool: &Tool, catalogue: &Catalogue) -> Vec<RowFinding> {
    let mut look = Look { text: "", tool, found: Vec::new() };
    look.all(catalogue);
    look.found
}

/// Finds lines in a text.
struct Lines<'a> {
    text: &'a str,
}

impl Lines<'_> {
    /// The lines in the row of a tool that hold this.
    fn all(&self, tool: &str, needle: &str) -> Vec<usize> {
        let names = [format!("\"{tool}\""), format!("'{tool}'")];
        let is_name =
            |l: &str| l.trim_start().starts_with("name") && names.iter().any(|n| l.contains(n));
        let lines = self.text.lines().enumerate().skip_while(|(_, l)| !is_name(l));
        let row = lines.take_while(|(_, l)| !l.starts_with("[[tool]]"));
        row.filter(|(_, l)| l.contains(needle)).map(|(i, _)| i + 1).collect()
    }

    /// The first of them.
    fn of(&self, tool: &str, needle: &str) -> Option<usize> {
        self.all(tool, needle).first().copied()
    }

    /// The line that an error names, or that of the tool and key it speaks of.
    fn told(&self, message: &str) -> Option<usize> {
        let after = |word: &str| message.split(word).nth(1);
        let number = after("at line ")
            .map(|t| t.chars().take_while(char::is_ascii_digit).collect::<String>());
        if let Some(line) = number.and_then(|n| n.parse().ok()) {
            return Some(line);
        }
        let mut quoted = message.split('`').skip(1).step_by(2);
        let tool = quoted.next()?;
        let key = quoted.next().unwrap_or(tool);
        self.of(tool, key).or_else(|| self.of(tool, tool))
    }
}

struct Look<'a> {
    text: &'a str,
    tool: &'a Tool,
    found: Vec<RowFinding>,
}

impl Look<'_> {
    fn tell(&mut self, severity: Severity, needle: &str, message: String) {
        let lines = Lines { text: self.text };
        let name = &self.tool.name;
        let line = lines.of(name, needle).or_else(|| lines.of(name, name));
        self.found.push(RowFinding { severity, line, tool: name.clone(), message });
    }

    /// Of two that say the same: the later one.
    fn twice(&mut self, needle: &str, message: String) {
        let name = &self.tool.name;
        let line = Lines { text: self.text }.all(name, needle).last().copied();
        let severity = Severity::Error;
        self.found.push(RowFinding { severity, line, tool: name.clone(), message });
    }

    fn all(&mut self, catalogue: &Catalogue) {
        let tool = self.tool;
        if tool.about.is_empty() {
            self.tell(
                Severity::Warning,
                &tool.name,
                "`about` is missing; say what it does".to_owned(),
            );
        }
        if tool.example.is_empty() {
            let message = "no example: nothing shows that the row is right; add `[[tool.example]]`";
            self.tell(Severity::Warning, &tool.name, message.to_owned());
        }
        self.verbs();
        self.form("", &tool.form, &[]);
        for verb in &tool.verb {
            self.form(
                &verb.path.join(" "),
                &verb.form,
                &tool.form.flag.iter().flat_map(|f| &f.adds).collect::<Vec<_>>(),
            );
        }
        for example in &tool.example {
            let got = example_effects(catalogue, &example.line);
            let mut want = example.effects.clone();
            want.sort();
            if got != want {
                let show = |list: &[String]| {
                    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
                };
                let message = format!(
                    "example `{}` says {}, and has {}",
                    example.line,
                    show(&want),
                    show(&got)
                );
                let quoted = [format!("\"{}\"", example.line), format!("'{}'", example.line)];
                let needle = quoted.iter().map(|q| format!("line = {q}"));
                let lines = Lines { text: self.text };
                let needle = needle.into_iter().find(|n| lines.of(&tool.name, n).is_some());
                self.tell(Severity::Error, needle.as_deref().unwrap_or(&example.line), message);
            }
        }
    }

    /// The same words for two verbs.
    fn verbs(&mut self) {
        let mut seen = BTreeSet::new();
        for verb in &self.tool.verb {
            let (last, before) =
                verb.path.split_last().map_or((None, &[][..]), |(l, b)| (Some(l), b));
            if last.is_none() {
                self.tell(
                    Severity::Error,
                    "path",
                    "a verb without words; give it a `path`".to_owned(),
                );
            }
            for word in last.into_iter().chain(&verb.aliases) {
                let mut path = before.to_vec();
                path.push(word.clone());
                let words = path.join(" ");
                // Verbs of a table are told apart by the mark as well.
                if !seen.insert((path, &verb.mark)) {
                    let message = format!(
                        "verb `{words}` is there twice; the rows contradict each other: keep one"
                    );
                    self.twice(&format!("\"{word}\""), message);
                }
            }
        }
    }

    /// One way of reading arguments: flags against each other, operands, effect texts.
    fn form(&mut self, verb: &str, form: &Form, outer_marks: &[&String]) {
        let of = if verb.is_empty() { String::new() } else { format!(" of verb `{verb}`") };
        let mut spelled: BTreeMap<&str, usize> = BTreeMap::new();
        let tool = self.tool;
        let mut marks: BTreeSet<&str> = outer_marks.iter().map(|m| m.as_str()).collect();
        marks.extend(tool.operations.iter().flat_map(Operations::all_marks));
        for (i, flag) in form.flag.iter().enumerate() {
            let of_values = flag.values.iter().flat_map(|v| &v.adds);
            marks.extend(flag.adds.iter().chain(of_values).map(String::as_str));
            for name in &flag.names {
                if spelled.insert(name, i).is_some() {
                    let message = format!(
                        "flag `{name}`{of} is spelled twice; which counts cannot be told: keep one"
                    );
                    self.twice(&format!("\"{name}\""), message);
                }
            }
            let names = flag.names.join(", ");
            let first = flag.names.first().map(|n| format!("\"{n}\"")).unwrap_or_default();
            if flag.names.is_empty() {
                self.tell(Severity::Error, "names", format!("a flag{of} without names"));
            }
            if flag.value == Takes::None && !flag.values.is_empty() {
                let message = format!(
                    "flag {names}{of} has `values` and takes none; add `value = \"required\"`"
                );
                self.tell(Severity::Error, &first, message);
            }
            if flag.ends && !(flag.effects.is_empty() && flag.operands.is_empty()) {
                let message = format!(
                    "flag {names}{of} `ends` the run as harmless and has effects; keep one of both"
                );
                self.tell(Severity::Error, &first, message);
            }
            let unknown = flag.kills.iter().find(|k| *k != "write" && Action::parse(k).is_none());
            if let Some(word) = unknown {
                self.tell(
                    Severity::Error,
                    &first,
                    format!("flag {names}{of} kills `{word}`, which is no action"),
                );
            }
        }
        let rules = form.operands.iter().chain(form.flag.iter().flat_map(|f| &f.operands));
        let of_values = rules.clone().flat_map(|r| &r.values).flat_map(|v| &v.adds);
        marks.extend(of_values.map(String::as_str));
        let mut at = BTreeSet::new();
        for rule in &form.operands {
            if !at.insert(rule.at.as_str()) {
                let message = format!(
                    "operands at `{}`{of} are there twice; put the effects into one",
                    rule.at
                );
                self.tell(Severity::Warning, "operands", message);
            }
        }
        for rule in rules {
            self.operand(rule, &of);
        }
        for text in texts(form) {
            self.effect(text, &of, &marks, form);
        }
    }

    fn operand(&mut self, rule: &OperandRule, of: &str) {
        let place = |t: &str| t.parse::<i64>().is_ok();
        let good = match rule.at.split_once("..") {
            _ if rule.at == "all" => true,
            Some((from, to)) => (from.is_empty() || place(from)) && (to.is_empty() || place(to)),
            None => place(&rule.at),
        };
        if !good {
            let message = format!(
                "operands at `{}`{of}: no such place; write `all`, `0`, `-1`, `1..` or `0..-1`",
                rule.at
            );
            self.tell(Severity::Error, &format!("\"{}\"", rule.at), message);
        }
        for valued in &rule.values {
            if let Err(e) = Glob::parse(&valued.glob) {
                self.tell(Severity::Error, &valued.glob, format!("`{}`{of}: {e}", valued.glob));
            }
        }
    }

    fn effect(&mut self, text: &str, of: &str, marks: &BTreeSet<&str>, form: &Form) {
        // Whether it can be read at all was found when it was loaded.
        let Some(effect) = EffectText::parse(text) else { return };
        let word = effect.kind.split(['/', ':']).next().unwrap_or_default();
        let kind = KINDS.contains(&word) || KINDS.contains(&effect.kind);
        if !kind && crate::model::ResourceKind::parse(word).is_none() {
            let message = format!(
                "`{text}`{of}: there is no kind `{}`; docs/design/catalogue.md has the list",
                effect.kind
            );
            self.tell(Severity::Error, text, message);
        }
        // Marks that the call itself gives.
        let known = |m: &str| {
            marks.contains(m)
                || self.tool.operations.is_some()
                || matches!(m, "stdin" | "dynamic")
                || m.starts_with("exists ")
        };
        if let Some((mark, _)) = effect.condition.filter(|(m, _)| !known(m)) {
            let message = format!("`{text}`{of}: no flag adds the mark `{mark}`");
            self.tell(Severity::Warning, text, message);
        }
        let named = text.split("{flag:").skip(1).filter_map(|t| t.split(['}', '|']).next());
        let known = |n: &str| {
            let all = form.flag.iter().chain(&self.tool.form.flag).flat_map(|f| &f.names);
            let wild = |f: &String| f.strip_suffix('*').is_some_and(|f| n.starts_with(f));
            all.into_iter().any(|f| f == n || wild(f))
        };
        if let Some(flag) = named.into_iter().find(|n| !known(n)) {
            let message = format!("`{text}`{of} names the flag `{flag}`, which is not there");
            self.tell(Severity::Error, text, message);
        }
    }
}

/// Every effect text of a form.
fn texts(form: &Form) -> Vec<&String> {
    let flags = || form.flag.iter();
    let rules = || form.operands.iter().chain(flags().flat_map(|f| &f.operands));
    let valued = rules().flat_map(|r| &r.values).chain(flags().flat_map(|f| &f.values));
    form.effects
        .iter()
        .chain(form.no_operands.iter().flatten())
        .chain(form.if_one_operand.iter().flatten())
        .chain(rules().flat_map(|r| &r.effects))
        .chain(flags().flat_map(|f| &f.effects))
        .chain(valued.flat_map(|v| &v.effects))
        .collect()
}
