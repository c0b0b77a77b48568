//! How exo says things.
//!
//! In: decisions and errors. Out: lines; data to stdout, talk to stderr.
//! Never: panics because nobody reads any more.

use crate::gate::Error;
use crate::model::{Decision, EffectDecision, Verdict};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};

/// Writes data to stdout. A reader that has gone (`exo … | head`) ends the program quietly.
pub(super) fn out(text: &str) -> bool {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => true,
        Err(e) if e.kind() == ErrorKind::BrokenPipe => false,
        Err(e) => {
            say(&format!("exo: error: cannot write to stdout: {e}"));
            false
        }
    }
}

/// Writes a line of talk to stderr; where that is closed there is nobody to tell.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says why exo could not do what it was asked; the message as it was shown.
pub(super) fn complain(error: &Error) -> String {
    let message = printable(&error.to_string());
    say(&format!("exo: error: {message}"));
    message
}

/// The verdict in one line that an agent can act on: of a refusal what was refused, by which rule, and
/// what to do instead.
pub(super) fn verdict(decision: &Decision, entry: Option<u64>) -> String {
    if decision.verdict == Verdict::Allow {
        return "allow".to_owned();
    }
    let entry = entry.map(|n| format!(", entry {n}")).unwrap_or_default();
    let hint =
        if decision.hint.is_empty() { String::new() } else { format!(". {}", decision.hint) };
    if let Some(error) = decision.errors.first() {
        return format!("error: could not be judged: {}{entry}", printable(error));
    }
    if let Some(reason) = &decision.identity {
        return format!("denied: {} (identity{entry}){hint}", printable(reason));
    }
    let head = if decision.verdict == Verdict::Ask { "needs approval" } else { "denied" };
    match decision.deciding() {
        Some(e) => {
            let what = format!("{} {}", e.action, printable(&e.resource));
            format!("{head}: {what} (rule {}{entry}){hint}", e.rule)
        }
        None => format!("{head}{entry}{hint}"),
    }
}

/// The table of effects under a verdict.
pub(super) fn effects(decision: &Decision) -> String {
    let mut text = String::new();
    let width =
        |f: fn(&EffectDecision) -> usize| decision.effects.iter().map(f).max().unwrap_or(0).min(60);
    let (actions, resources) = (width(|e| e.action.len()), width(|e| e.resource.chars().count()));
    for e in &decision.effects {
        let _ = writeln!(
            text,
            "  {:<5}  {:<actions$}  {:<resources$}  {}  ({})",
            e.verdict.name(),
            e.action,
            printable(&e.resource),
            e.rule,
            printable(&e.source),
        );
    }
    text
}

/// Text that cannot move the cursor, hide itself or forge a line: control and format characters are
/// shown as escapes.
pub(super) fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars()
        .flat_map(|c| {
            let shown = if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
            shown.chars().collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_can_forge_a_line_or_hide_itself() {
        assert_eq!(printable("a\nexo: allowed"), "a\\u{a}exo: allowed");
        assert_eq!(printable("\u{1b}[2Jx\u{202e}y"), "\\u{1b}[2Jx\\u{202e}y");
        assert_eq!(printable("größe *.rs"), "größe *.rs");
    }
}
