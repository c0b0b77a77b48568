//! Catalogue rows in words.
//!
//! In: a row. Out: text for people, JSON for programs, and the page of all rows.
//! Never: adds anything that is not in the row.

use crate::judge::catalogue::{Confine, Flag, Form, Inner, OperandRule, Style, Takes, Tool};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Whether argv tells all its effects on files.
#[must_use]
pub fn exact(tool: &Tool) -> bool {
    tool.confine == Some(Confine::Exact)
}

/// A row in readable form.
#[must_use]
pub fn row_text(tool: &Tool) -> String {
    let mut t = String::new();
    let _ = writeln!(t, "{}: {}", tool.name, tool.about);
    if !tool.aliases.is_empty() {
        let _ = writeln!(t, "also called {}", tool.aliases.join(", "));
    }
    let _ = writeln!(
        t,
        "its arguments {} all its effects on files",
        if exact(tool) { "tell" } else { "do not tell" }
    );
    if !tool.env_execute.is_empty() {
        let _ = writeln!(t, "runs what these variables say: {}", tool.env_execute.join(", "));
    }
    form_text(&mut t, "", &tool.form);
    for verb in &tool.verb {
        let others: String = verb.aliases.iter().map(|a| format!(", {a}")).collect();
        let about = if verb.about.is_empty() { String::new() } else { format!(": {}", verb.about) };
        let _ = writeln!(t, "\n{} {}{others}{about}", tool.name, verb.path.join(" "));
        form_text(&mut t, "  ", &verb.form);
    }
    for (i, example) in tool.example.iter().enumerate() {
        if i == 0 {
            t.push_str("\nexamples\n");
        }
        let _ = writeln!(t, "  {}\n    {}", example.line, list(&example.effects));
    }
    t
}

fn list(effects: &[String]) -> String {
    if effects.is_empty() { "nothing".to_owned() } else { effects.join(", ") }
}

fn form_text(t: &mut String, indent: &str, form: &Form) {
    if let Some(style) = form.parse {
        let _ = writeln!(t, "{indent}flags are read {}", style_words(style));
    }
    if !form.effects.is_empty() {
        let _ = writeln!(t, "{indent}always: {}", list(&form.effects));
    }
    if let Some(effects) = &form.no_operands {
        let _ = writeln!(t, "{indent}without operands: {}", list(effects));
    }
    if let Some(effects) = &form.if_one_operand {
        let _ = writeln!(t, "{indent}a single operand: {}", list(effects));
    }
    for rule in &form.operands {
        operand_text(t, indent, rule);
    }
    if let Some(w) = &form.wrapper {
        let what = match w.inner {
            Inner::Argv => "the command in its operands",
            Inner::Known => "the command in its operands, if it begins with a tool",
            Inner::Sh => "its operands as a shell line",
            Inner::None => "no command of its own",
        };
        let after =
            if w.after > 0 { format!(", behind {} operands", w.after) } else { String::new() };
        let _ = writeln!(t, "{indent}runs {what}{after}");
    }
    let plain = |f: &&Flag| {
        f.effects.is_empty()
            && f.operands.is_empty()
            && f.values.is_empty()
            && f.adds.is_empty()
            && f.kills.is_empty()
            && !f.ends
    };
    for flag in form.flag.iter().filter(|f| !plain(f)) {
        flag_text(t, indent, flag);
    }
    let harmless: Vec<&str> =
        form.flag.iter().filter(plain).flat_map(|f| &f.names).map(String::as_str).collect();
    if !harmless.is_empty() {
        let _ = writeln!(t, "{indent}flags without effects: {}", harmless.join(" "));
    }
}

fn operand_text(t: &mut String, indent: &str, rule: &OperandRule) {
    let at = match rule.at.as_str() {
        "all" => "each operand".to_owned(),
        "0" => "the first operand".to_owned(),
        "-1" => "the last operand".to_owned(),
        "0..-1" => "operands but the last".to_owned(),
        "1.." => "operands but the first".to_owned(),
        at => format!("operands at {at}"),
    };
    if rule.values.is_empty() || !rule.effects.is_empty() {
        let _ = writeln!(t, "{indent}{at}: {}", list(&rule.effects));
    }
    for v in &rule.values {
        let _ = writeln!(t, "{indent}{at}, if `{}`: {}", v.glob, list(&v.effects));
    }
}

fn flag_text(t: &mut String, indent: &str, f: &Flag) {
    let value = match f.value {
        Takes::None => "",
        Takes::Required => " VALUE",
        Takes::Optional => "[=VALUE]",
        Takes::Two => " NAME VALUE",
        Takes::Many => " VALUE…",
    };
    let mut what = Vec::new();
    if f.inner {
        what.push("the words behind it are a command".to_owned());
    }
    if f.ends {
        what.push("the run is harmless".to_owned());
    }
    if !f.effects.is_empty() {
        what.push(f.effects.join(", "));
    }
    what.extend(f.values.iter().map(|v| format!("if `{}`: {}", v.glob, list(&v.effects))));
    if !f.adds.is_empty() {
        what.push(format!("means {}", f.adds.join(", ")));
    }
    if !f.kills.is_empty() {
        what.push(format!("takes away {}", f.kills.join(", ")));
    }
    let _ = writeln!(t, "{indent}{}{value}: {}", f.names.join(", "), what.join("; "));
    for rule in &f.operands {
        operand_text(t, &format!("{indent}  with it "), rule);
    }
}

const fn style_words(style: Style) -> &'static str {
    match style {
        Style::Gnu => "anywhere, shortened or clustered (gnu)",
        Style::Posix => "up to the first operand (posix)",
        Style::Long => "anywhere, long ones in full (long)",
        Style::Word => "as words behind one dash (word)",
        Style::Switch => "as words behind one dash, with their value right behind (switch)",
        Style::Assign => "as name=value (assign)",
        Style::Tar => "as tar does (tar)",
        Style::None => "not at all: all words are operands (none)",
    }
}

/// A row for programs: the keys of the TOML form that have a value.
#[must_use]
pub fn row_json(tool: &Tool) -> Value {
    let verbs: Vec<Value> = tool
        .verb
        .iter()
        .map(|v| {
            let mut value = form_json(&v.form);
            add(
                &mut value,
                [("path", json!(v.path)), ("aliases", json!(v.aliases)), ("about", json!(v.about))],
            );
            value
        })
        .collect();
    let examples: Vec<Value> =
        tool.example.iter().map(|e| json!({"line": e.line, "effects": e.effects})).collect();
    let mut value = form_json(&tool.form);
    add(
        &mut value,
        [
            ("name", json!(tool.name)),
            ("aliases", json!(tool.aliases)),
            ("about", json!(tool.about)),
            ("exact", json!(exact(tool))),
            ("env_execute", json!(tool.env_execute)),
            ("verb", json!(verbs)),
            ("example", json!(examples)),
        ],
    );
    value
}

fn form_json(form: &Form) -> Value {
    let flags: Vec<Value> = form
        .flag
        .iter()
        .map(|f| {
            let takes = match f.value {
                Takes::None => "none",
                Takes::Required => "required",
                Takes::Optional => "optional",
                Takes::Two => "two",
                Takes::Many => "many",
            };
            json!({"names": f.names, "value": takes, "effects": f.effects, "adds": f.adds, "kills": f.kills, "ends": f.ends,
                "operands": f.operands.iter().map(operand_json).collect::<Vec<_>>(), "values": values_json(&f.values)})
        })
        .collect();
    json!({"effects": form.effects, "no_operands": form.no_operands, "if_one_operand": form.if_one_operand,
        "operands": form.operands.iter().map(operand_json).collect::<Vec<_>>(), "flag": flags,
        "wrapper": form.wrapper.is_some()})
}

fn operand_json(rule: &OperandRule) -> Value {
    json!({"at": rule.at, "effects": rule.effects, "values": values_json(&rule.values)})
}

fn values_json(values: &[crate::judge::catalogue::Valued]) -> Value {
    json!(values.iter().map(|v| json!({"glob": v.glob, "effects": v.effects})).collect::<Vec<_>>())
}

fn add<const N: usize>(value: &mut Value, more: [(&str, Value); N]) {
    if let Value::Object(map) = value {
        map.extend(more.into_iter().map(|(k, v)| (k.to_owned(), v)));
    }
}

/// The page of all tools, as Markdown.
#[must_use]
pub fn page(tools: &[&Tool]) -> String {
    let mut t = String::from(
        "# The catalogue\n\n\
         What exo knows of tools, one line each. `exo catalogue show TOOL` tells all of a row: verbs, flags, effects. A tool that is not\n\
         here is `opaque`; [CONTRIBUTING.md](../CONTRIBUTING.md#add-a-tool) says how to add one.\n\n\
         *Exact* says that the arguments tell all effects on files. The example is one of those that the tests hold the row to.\n\n\
         This page is made by `exo catalogue page > docs/catalogue.md`; a test says when it must be made anew.\n\n",
    );
    let _ = writeln!(
        t,
        "{} tools.\n\n| tool | does | exact | verbs | example | its effects |\n|---|---|---|---|---|---|",
        tools.len()
    );
    for tool in tools {
        let names: Vec<&str> =
            std::iter::once(&tool.name).chain(&tool.aliases).map(String::as_str).collect();
        let (line, effects) = tool
            .example
            .iter()
            .find(|e| !e.effects.is_empty())
            .or_else(|| tool.example.first())
            .map(|e| (code(&e.line), code(&list(&e.effects))))
            .unwrap_or_default();
        let verbs = if tool.verb.is_empty() { String::new() } else { tool.verb.len().to_string() };
        let yes = if exact(tool) { "yes" } else { "" };
        let _ = writeln!(
            t,
            "| {} | {} | {yes} | {verbs} | {line} | {effects} |",
            names.join(", ").replace('*', "\\*"),
            tool.about.replace('|', "\\|")
        );
    }
    t
}

/// Text as it is, in a cell of a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', "␊");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
