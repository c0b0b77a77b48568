//! Calls of tools whose operations stand in a table: groups of words, an operation, then flags.
//!
//! In: a row with a table, the arguments. Out: effects, as for any call.
//! Never: looks for the operation behind a flag that it does not know.

use super::Reader;
use super::args::Arg;
use super::call::{Call, verb_of};
use super::flags::{self, Parsed, parse};
use super::state::State;
use crate::judge::catalogue::{Flag, Form, Operation, Takes, Verb};
use crate::model::Glob;
use std::sync::Arc;

impl Reader<'_> {
    /// One call: a verb of the row that says more than the table, else the operation with the form of
    /// the tool itself.
    pub(super) fn operation(&mut self, mut call: Call, args: &[Arg], outer: &mut State) {
        let tool = Arc::clone(&call.tool);
        let Some(operations) = &tool.operations else { return };
        let style = tool.form.parse.unwrap_or_default();
        let (plain, wild): (Vec<&Flag>, Vec<&Flag>) =
            tool.form.flag.iter().partition(|f| !f.names.iter().any(|n| n.contains('*')));
        let (mut words, rest, before) = leading(&plain, args);
        let skipped = words.iter().map_while(Arg::known).take_while(|w| operations.skips(w));
        words.drain(..skipped.count());
        let texts: Vec<&str> = words.iter().map_while(Arg::known).collect();
        let found = operations.find(&texts);
        let marks: &[&str] = found.as_ref().map_or(&[], |o| &o.marks);
        let verbs = tool.verb.iter().filter(|v| fits(v, found.is_some(), marks));
        let verb = verb_of(verbs, &words);
        let nothing = Form::default();
        let (form, taken, mut flags): (&Form, usize, Vec<&Flag>) = match (verb, &found) {
            (Some((verb, n)), _) => (&verb.form, n, verb.form.flag.iter().collect()),
            (None, Some(operation)) => (&tool.form, operation.group + 1, wild),
            (None, None) => (&nothing, words.len(), Vec::new()),
        };
        // Flags alone, such as `--version`, need no operation. What flags do stands whatever it is.
        let missed = verb.is_none() && found.is_none();
        if missed && (!words.is_empty() || rest.first().is_some_and(|w| !flags::is_flag(w))) {
            let shown: Vec<&str> = words.iter().chain(rest.first()).map(Arg::shown).collect();
            let why = format!("`{}` is no operation of `{}`", shown.join(" "), tool.name);
            self.not_understood(&call, &why);
        }
        flags.extend(plain);
        call.marks.extend(marks.iter().map(|m| (*m).to_owned()));
        call.group = group(&texts, found.as_ref(), taken);
        let behind = words.get(taken..).unwrap_or_default();
        let later: Vec<Arg> = behind.iter().cloned().chain(rest).collect();
        let mut parsed =
            before.followed_by(parse(&flags, form.parse.unwrap_or(style), later, false));
        if missed {
            parsed.operands.clear();
        }
        self.apply(&mut call, form, parsed, outer);
    }
}

/// Whether a verb of the row can be meant: one with a mark refines operations that have it, one with a
/// pattern those that the table knows.
fn fits(verb: &Verb, found: bool, marks: &[&str]) -> bool {
    match &verb.mark {
        Some(mark) => marks.contains(&mark.as_str()),
        None => found || !verb.path.iter().any(|word| word.contains('*')),
    }
}

/// The words in front of the first flag that is not the tool's own, what follows, and the flags among
/// the words.
fn leading<'t>(plain: &[&'t Flag], args: &[Arg]) -> (Vec<Arg>, Vec<Arg>, Parsed<'t>) {
    let (mut words, mut before) = (Vec::new(), Parsed::default());
    let mut rest = args;
    while let Some(first) = rest.first() {
        let count = if first.prefix().starts_with('-') {
            let Some((flag, attached)) = flags::named(plain, first) else { break };
            let count = 1 + usize::from(flag.value == Takes::Required && !attached);
            let own = rest.get(..count).unwrap_or(rest);
            before = before.followed_by(parse(&[flag], Default::default(), own.to_vec(), false));
            count
        } else {
            let Some(text) = first.known().filter(|t| is_word(t)) else { break };
            words.push(Arg::literal(text));
            1
        };
        rest = rest.get(count..).unwrap_or_default();
    }
    (words, rest.to_vec(), before)
}

/// Whether a word can be one of a group or an operation.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
}

/// The group as it stands in resources: `network/vnet`; without one, the operation.
fn group(texts: &[&str], found: Option<&Operation<'_>>, taken: usize) -> String {
    let count = found.map_or(taken.saturating_sub(1), |o| o.group).max(1);
    Glob::escape(&texts.iter().take(count).copied().collect::<Vec<_>>().join("/"))
}
