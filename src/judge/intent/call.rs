//! One call of a tool of the catalogue: verb, flags, operands, and the effects that its row gives them.
//!
//! In: a row, the arguments, the state of the line. Out: effects.
//! Never: leaves an argument without a meaning: what the row does not know is opaque.

use super::Reader;
use super::args::Arg;
use super::builtins::named;
use super::flags::{Parsed, parse};
use super::state::{Input, State};
use crate::judge::catalogue::{
    Doing, EffectText, Flag, Form, Inner, OperandRule, Style, Tool, Valued, Verb, Wrapper,
};
use crate::judge::shell::Dialect;
use crate::model::{Action, Glob, Resource, ResourceKind};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// Kinds of argument that run.
const CODE: [&str; 4] = ["code", "script", "sh", "sh:posix"];

/// A call in progress.
pub(super) struct Call {
    pub(super) tool: Arc<Tool>,
    pub(super) path: String,
    /// Where the call's own paths are relative to; `-C` may change it.
    pub(super) state: State,
    pub(super) input: Input,
    pub(super) operands: Vec<Arg>,
    /// Flags by spelling, with their values.
    pub(super) given: Vec<(String, Option<Arg>)>,
    pub(super) marks: BTreeSet<String>,
    /// Where the effect at hand comes from.
    pub(super) source: String,
    /// Whether the argument at hand is a target that may be a folder to write into.
    pub(super) into: bool,
}

impl Call {
    pub(super) const fn new(tool: Arc<Tool>, path: String, state: State, input: Input) -> Self {
        Self {
            tool,
            path,
            state,
            input,
            operands: Vec::new(),
            given: Vec::new(),
            marks: BTreeSet::new(),
            source: String::new(),
            into: false,
        }
    }

    /// The value of a flag.
    pub(super) fn flag(&self, name: &str) -> Option<&Arg> {
        self.given.iter().rev().find(|(n, _)| n == name).and_then(|(_, v)| v.as_ref())
    }
}

impl Reader<'_> {
    /// The program itself cannot be understood as it was called.
    pub(super) fn not_understood(&mut self, call: &Call, why: &str) {
        self.add(Action::Opaque, Resource::exact(ResourceKind::File, &call.path), why);
    }

    pub(super) fn call(&mut self, mut call: Call, args: Vec<Arg>, outer: &mut State) {
        let tool = Arc::clone(&call.tool);
        for name in call.state.prefix.iter().chain(call.state.names()) {
            if runs_by_environment(&tool, name) {
                let why = format!("{name} in the environment, which `{}` runs", tool.name);
                self.inline(&why);
            }
        }
        let style = tool.form.parse.unwrap_or_default();
        let own: Vec<&Flag> = tool.form.flag.iter().collect();
        if tool.verb.is_empty() {
            let parsed = parse(&own, style, args, false);
            self.apply(&mut call, &tool.form, parsed, outer);
            return;
        }
        let parsed = parse(&own, style, args.clone(), true);
        let Some((verb, words)) = verb_of(&tool.verb, &parsed.operands) else {
            let form = &tool.form;
            let bare = parsed.operands.is_empty();
            if bare || !form.operands.is_empty() || form.if_one_operand.is_some() {
                let parsed = parse(&own, style, args, false);
                self.apply(&mut call, form, parsed, outer);
            } else {
                let name = parsed.operands.first().map_or("", Arg::shown).to_owned();
                self.not_understood(
                    &call,
                    &format!("`{name}` is no verb of `{}` that is known", tool.name),
                );
                // What its flags do stands whatever the verb.
                let parsed = Parsed { operands: Vec::new(), ..parsed };
                let empty = Form { no_operands: None, effects: Vec::new(), ..form.clone() };
                self.apply(&mut call, &empty, parsed, outer);
            }
            return;
        };
        let verb_style = verb.form.parse.unwrap_or(style);
        let mut flags: Vec<&Flag> = verb.form.flag.iter().collect();
        if verb_style == Style::Long {
            flags.extend(own);
        }
        let rest = parsed.operands.get(words..).unwrap_or_default().to_vec();
        let mut later = parse(&flags, verb_style, rest, false);
        let problem = parsed.problem.or(later.problem.take());
        let (mut all, mut spelled) = (parsed.flags, parsed.spelled);
        all.append(&mut later.flags);
        spelled.append(&mut later.spelled);
        let parsed = Parsed { flags: all, spelled, problem, ..later };
        self.apply(&mut call, &verb.form, parsed, outer);
    }

    fn apply(&mut self, call: &mut Call, form: &Form, parsed: Parsed<'_>, outer: &mut State) {
        if parsed.flags.iter().any(|(f, _)| f.ends) && parsed.problem.is_none() {
            return;
        }
        let before = self.intent.effects.len();
        if let Some(why) = &parsed.problem {
            self.not_understood(call, why);
        }
        call.operands = parsed.operands;
        let values = parsed.flags.iter().map(|(_, v)| v.clone());
        call.given = parsed.spelled.iter().cloned().zip(values).collect();
        for (flag, _) in &parsed.flags {
            call.marks.extend(flag.adds.iter().cloned());
        }
        self.change_folder_first(call, &parsed.flags);
        if let Some(value) = parsed.surprise {
            self.surprises(call, form, &value);
        }
        // Effects that flags take away again are gathered apart from those of the flags themselves.
        let kept = std::mem::take(&mut self.intent.effects);
        self.arguments(call, form, &parsed.flags);
        let killed = killed(&parsed.flags);
        let own = std::mem::replace(&mut self.intent.effects, kept);
        for effect in own {
            // Effects of an inner command are not the flags' to take away.
            if !killed.contains(&effect.action) || effect.command != self.current {
                self.intent.effects.push(effect);
            }
        }
        for (flag, value) in &parsed.flags {
            call.source = format!("flag {}", flag.names.first().map_or("", String::as_str));
            call.into = flag.adds.iter().any(|a| a == "into");
            for text in &flag.effects {
                self.effect(call, text, value.as_ref());
            }
            if !flag.values.is_empty() {
                self.valued(call, &flag.values, value.as_ref());
            }
            call.into = false;
        }
        self.remember_made(call, before, outer);
        if let Some(wrapper) = &form.wrapper {
            let operands = std::mem::take(&mut call.operands);
            self.wrapped(call, wrapper, operands, outer);
        }
    }

    /// `-C` counts for all paths of the call, wherever it stands.
    fn change_folder_first(&mut self, call: &mut Call, flags: &[(&Flag, Option<Arg>)]) {
        for (flag, value) in flags {
            if !flag.effects.iter().any(|e| e == "chdir") {
                continue;
            }
            let place = value.as_ref().map(|v| self.place(v, &call.state, true));
            call.state.cwd = place.and_then(|p| p.path()).map(Rc::from);
        }
    }

    /// Effects of the row and of its operands.
    fn arguments(&mut self, call: &mut Call, form: &Form, flags: &[(&Flag, Option<Arg>)]) {
        call.source = "the command itself".to_owned();
        for text in &form.effects {
            self.effect(call, text, None);
        }
        let count = call.operands.len();
        if count == 0 {
            for text in form.no_operands.iter().flatten() {
                self.effect(call, text, None);
            }
            return;
        }
        let mut rules: Vec<&OperandRule> = flags.iter().flat_map(|(f, _)| &f.operands).collect();
        let replaced = !rules.is_empty();
        if !replaced {
            rules = form.operands.iter().collect();
        }
        if !replaced
            && count == 1
            && let (Some(texts), Some(one)) = (&form.if_one_operand, call.operands.first().cloned())
        {
            call.source = "operand 1".to_owned();
            for text in texts {
                self.effect(call, text, Some(&one));
            }
            return;
        }
        if rules.iter().any(|r| r.effects.iter().any(|e| e == "find")) {
            self.find_expression(call, &call.operands);
            return;
        }
        let wrapper = form.wrapper.as_ref().filter(|w| w.inner != Inner::None);
        let mine = wrapper.map_or(count, |w| w.after + assignments(w, &call.operands));
        // What belongs to the inner command is not copied: wrappers nest.
        let own: Vec<Arg> = call.operands.iter().take(mine).cloned().collect();
        for (i, operand) in own.iter().enumerate() {
            call.source = format!("operand {}", i + 1);
            let mut known = wrapper.is_some_and(|_| rules.is_empty());
            for rule in &rules {
                if !within(&rule.at, i, count) {
                    continue;
                }
                known = true;
                call.into = rule.at == "-1";
                for text in &rule.effects {
                    self.effect(call, text, Some(operand));
                }
                if !rule.values.is_empty() {
                    self.valued(call, &rule.values, Some(operand));
                }
                call.into = false;
            }
            if !known {
                self.not_understood(
                    call,
                    &format!("operand `{}` has no meaning that is known", operand.shown()),
                );
            }
        }
    }

    fn valued(&mut self, call: &mut Call, values: &[Valued], arg: Option<&Arg>) {
        let Some(arg) = arg else { return };
        let Some(text) = arg.known() else {
            // Any of them may be meant.
            for value in values {
                value.effects.iter().for_each(|t| self.effect(call, t, Some(arg)));
            }
            if !values.iter().any(|v| v.glob == "**") {
                self.not_understood(call, "a value that decides, and is not known");
            }
            return;
        };
        let matching = |v: &&Valued| Glob::parse(&v.glob).is_ok_and(|g| g.matches(text));
        match values.iter().find(matching) {
            Some(value) => value.effects.iter().for_each(|t| self.effect(call, t, Some(arg))),
            None => {
                self.not_understood(call, &format!("value `{text}` has no meaning that is known"))
            }
        }
    }

    /// A word that begins with a wildcard, or is not known, may turn out to be a flag: what flags run or
    /// change counts as possible, `value` being what stands behind the flag.
    fn surprises(&mut self, call: &mut Call, form: &Form, value: &Arg) {
        let does = |text: &str| EffectText::parse(text).map(|e| (e.action, e.kind.to_owned()));
        let mut runs = None;
        for flag in &form.flag {
            let name = flag.names.first().map_or("", String::as_str);
            for text in &flag.effects {
                match does(text) {
                    Some((Some(Doing::Act(Action::Execute)), _)) => runs = runs.or(Some(name)),
                    Some((_, kind)) if CODE.contains(&kind.as_str()) => runs = runs.or(Some(name)),
                    Some((Some(Doing::Act(Action::Read | Action::Connect)), _)) | None => {}
                    Some((None, _)) => {}
                    Some(_) => {
                        call.source = format!("a word that may be the flag {name}");
                        self.effect(call, text, Some(value));
                    }
                }
            }
        }
        if let Some(name) = runs {
            self.inline(&format!(
                "a pattern that may match a file named like the flag {name} of `{}`",
                call.tool.name
            ));
        }
    }

    /// Folders that `mkdir` makes: `cd` into them is certain later in the line. What another tool makes
    /// may be a link, and lead anywhere.
    fn remember_made(&mut self, call: &Call, before: usize, outer: &mut State) {
        if call.tool.name != "mkdir" {
            return;
        }
        let made = self
            .intent
            .effects
            .iter()
            .skip(before)
            .filter(|e| e.action == Action::Create && e.resource.kind == ResourceKind::File);
        let names = made.filter_map(|e| e.resource.name.as_literal().map(str::to_owned));
        Rc::make_mut(&mut outer.made).extend(names.collect::<Vec<_>>());
    }

    fn wrapped(&mut self, call: &Call, wrapper: &Wrapper, mut rest: Vec<Arg>, outer: &State) {
        let mut inner = outer.clone();
        inner.cwd.clone_from(&call.state.cwd);
        let count = assignments(wrapper, &rest);
        let before = wrapper.after + count;
        let mut names = Vec::new();
        for word in rest.iter().take(count) {
            let prefix = word.prefix();
            let name = prefix.split('=').next().unwrap_or_default();
            self.given_value("assignment of", name);
            if name == "PATH" {
                inner.path_known = false;
            }
            names.push(name.to_owned());
        }
        if !names.is_empty() {
            inner.prefix = inner.prefix.iter().cloned().chain(names).collect();
        }
        rest.drain(..before.min(rest.len()));
        if rest.is_empty() {
            return;
        }
        match wrapper.inner {
            Inner::None => {}
            Inner::Argv => {
                if wrapper.unknown_arguments {
                    unknown_arguments(call, &mut rest);
                }
                let input = call.input.clone();
                self.deeper(|r| r.run(rest, &mut inner, &input, false));
            }
            Inner::Sh => {
                let words: Option<Vec<&str>> = rest.iter().map(Arg::known).collect();
                match words {
                    Some(words) => {
                        let text = words.join(" ");
                        let mut inner = inner.other_shell();
                        self.text(text.as_bytes(), Dialect::Posix, &mut inner, &call.input);
                    }
                    None => self.opaque("a shell text that is not known before it runs"),
                }
            }
        }
    }
}

/// The inner command's arguments that only standard input tells: in the place of the string that
/// `-I` names (xargs(1)), also inside of a text, else at the end.
fn unknown_arguments(call: &Call, rest: &mut Vec<Arg>) {
    let named = call
        .given
        .iter()
        .find(|(name, _)| matches!(name.as_str(), "-I" | "-i" | "-J" | "--replace"));
    let Some((_, value)) = named else {
        // One or more: the first and the last of them may mean different things (`xargs mv`).
        let one = call.flag("-n").or_else(|| call.flag("-L")).and_then(Arg::known) == Some("1");
        let count = if one { 1 } else { 2 };
        rest.extend(std::iter::repeat_n(Arg::unknown(false), count));
        return;
    };
    let sign = value.as_ref().map_or(Some("{}"), Arg::known);
    for word in rest {
        if sign.is_none_or(|s| s.is_empty() || word.known().is_none_or(|t| t.contains(s))) {
            *word = Arg::unknown(false);
        }
    }
}

/// Whether a tool runs what a variable of its environment names.
fn runs_by_environment(tool: &Tool, name: &str) -> bool {
    tool.env_execute.iter().any(|pattern| named(pattern, name))
}

/// Leading `NAME=value` operands.
fn assignments(wrapper: &Wrapper, operands: &[Arg]) -> usize {
    if !wrapper.assignments {
        return 0;
    }
    let is = |a: &&Arg| {
        let prefix = a.prefix();
        let name = prefix.split_once('=').map_or("", |(n, _)| n);
        !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    };
    operands.iter().take_while(is).count()
}

/// The verb that the words name: the longest path, and of equal ones the most exact.
fn verb_of<'t>(verbs: &'t [Verb], words: &[Arg]) -> Option<(&'t Verb, usize)> {
    let mut best: Option<(&Verb, usize, usize)> = None;
    for verb in verbs {
        let n = verb.path.len();
        let Some(given) = words.get(..n) else { continue };
        let mut exact = 0;
        let fits = verb.path.iter().zip(given).enumerate().all(|(i, (want, got))| {
            let Some(got) = got.known() else { return false };
            let alias = i + 1 == n && verb.aliases.iter().any(|a| a == got);
            if want == got || alias {
                exact += 1;
                return true;
            }
            let begin = want.split('*').next().unwrap_or_default();
            begin.len() < want.len()
                && got.starts_with(begin)
                && Glob::parse(want).is_ok_and(|g| g.matches(got))
        });
        if fits && best.is_none_or(|(_, len, ex)| (n, exact) > (len, ex)) {
            best = Some((verb, n, exact));
        }
    }
    best.map(|(verb, n, _)| (verb, n))
}

/// Whether place `i` of `n` is in a range: `all`, `0`, `-1`, `1..`, `0..-1`.
fn within(range: &str, i: usize, n: usize) -> bool {
    let place = |text: &str| -> Option<usize> {
        match text.strip_prefix('-') {
            Some(back) => n.checked_sub(back.parse::<usize>().ok()?),
            None => text.parse().ok(),
        }
    };
    match range.split_once("..") {
        _ if range == "all" => true,
        None => place(range) == Some(i),
        Some((from, to)) => {
            let from = if from.is_empty() { Some(0) } else { place(from) };
            let to = if to.is_empty() { Some(n) } else { place(to) };
            matches!((from, to), (Some(from), Some(to)) if from <= i && i < to)
        }
    }
}

/// Actions that the given flags take away.
fn killed(flags: &[(&Flag, Option<Arg>)]) -> Vec<Action> {
    let mut out = Vec::new();
    for word in flags.iter().flat_map(|(f, _)| &f.kills) {
        match word.as_str() {
            "write" => out.extend([Action::Create, Action::Update]),
            other => out.extend(Action::parse(other)),
        }
    }
    out.retain(|a| *a != Action::Opaque);
    out
}
