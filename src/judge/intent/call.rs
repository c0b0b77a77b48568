//! One call of a tool of the catalogue: verb, flags, operands, and the effects that its row gives them.
//!
//! In: a row, the arguments, the state of the line. Out: effects.
//! Never: leaves an argument without a meaning: what the row does not know is opaque.

use super::Reader;
use super::args::Arg;
use super::environment::named;
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
    /// The words in front of the operation, joined by slashes.
    pub(super) group: String,
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
            group: String::new(),
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
        if tool.operations.is_some() {
            self.operation(call, &args, outer);
            return;
        }
        let style = tool.form.parse.unwrap_or_default();
        let own: Vec<&Flag> = tool.form.flag.iter().collect();
        if tool.verb.is_empty() {
            let parsed = parse(&own, style, args, false);
            self.apply(&mut call, &tool.form, parsed, outer);
            return;
        }
        let parsed = parse(&own, style, args.clone(), true);
        let Some((verb, words)) = verb_of(tool.verb.iter(), &parsed.operands) else {
            let form = &tool.form;
            let bare = parsed.operands.is_empty();
            if asks_for_help(&tool, &parsed.operands) {
                return;
            }
            let means = !form.operands.is_empty() || form.if_one_operand.is_some();
            if bare || means || form.wrapper.is_some() {
                // What stands behind the program is the program's.
                let style = if form.wrapper.is_some() { Style::Posix } else { style };
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
        // These read the flags of the tool behind the verb as well.
        if matches!(style, Style::Long | Style::Word) {
            flags.extend(own);
        }
        let rest = parsed.operands.get(words..).unwrap_or_default().to_vec();
        let later = parse(&flags, verb_style, rest, false);
        let parsed = parsed.followed_by(later);
        self.apply(&mut call, &verb.form, parsed, outer);
    }

    pub(super) fn apply(
        &mut self,
        call: &mut Call,
        form: &Form,
        parsed: Parsed<'_>,
        outer: &mut State,
    ) {
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
        call.marks.extend(own_marks(call, &parsed.flags));
        let mut chosen: Vec<&Valued> =
            parsed.flags.iter().filter_map(|(f, v)| chosen(&f.values, v.as_ref())).collect();
        for (i, operand) in call.operands.iter().enumerate() {
            let mine = form.operands.iter().filter(|r| within(&r.at, i, call.operands.len()));
            chosen.extend(mine.filter_map(|r| self::chosen(&r.values, Some(operand))));
        }
        call.marks.extend(chosen.iter().flat_map(|v| v.adds.iter().cloned()));
        self.change_folder_first(call, &parsed.flags);
        if let Some(value) = parsed.surprise {
            self.surprises(call, form, &value);
        }
        // Effects that flags take away again are gathered apart from those of the flags themselves.
        let kept = std::mem::take(&mut self.intent.effects);
        self.arguments(call, form, &parsed.flags);
        let of_flags = parsed.flags.iter().flat_map(|(f, _)| &f.kills);
        let killed = killed(of_flags.chain(chosen.iter().flat_map(|v| &v.kills)));
        if let Some(inner) = &parsed.inner {
            self.found_command(call, inner);
        }
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

    /// The command that a flag runs on what was found; the names stand where braces do, else at the end.
    fn found_command(&mut self, call: &Call, inner: &[Arg]) {
        let found = self.intent.effects.iter().filter(|e| e.resource.kind == ResourceKind::File);
        let trees: Vec<String> = found.map(|e| e.resource.name.as_str().to_owned()).collect();
        let braces = |a: &Arg| a.known().is_none_or(|t| t.contains('{'));
        let mut words = inner.to_vec();
        if !words.is_empty() && !inner.iter().any(braces) {
            words.push(Arg::literal("{}"));
        }
        self.find_runs(call, &words, &trees, false);
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
        let mut rules: Vec<&OperandRule> = flags.iter().flat_map(|(f, _)| &f.operands).collect();
        let replaced = !rules.is_empty();
        if count == 0 {
            // What `-m` takes is the program, and the operands are its own.
            let taken = flags.iter().any(|(f, _)| f.last && !f.operands.is_empty());
            let texts = form.no_operands.iter().flatten().filter(|_| !taken);
            texts.for_each(|text| self.effect(call, text, None));
            return;
        }
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
            // It is opaque already; where the rest lead is not worth looking.
            if self.full() {
                break;
            }
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
        let matching = |text: &str| {
            values.iter().find(|v| Glob::parse(&v.glob).is_ok_and(|g| g.matches(text)))
        };
        let Some(arg) = arg else {
            // A value that may be left out, and was.
            let texts = matching("").map(|v| v.effects.as_slice()).unwrap_or_default();
            texts.iter().for_each(|t| self.effect(call, t, None));
            return;
        };
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
        match matching(text) {
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

    /// The call's operands are a call of another tool, whose code this one holds (`python -m pip`), with
    /// the words behind its name in front (`docker buildx build` is `docker build`).
    pub(super) fn other_tool(&mut self, call: &Call, words: &Arg) {
        let mut words = words.known().unwrap_or_default().split(' ');
        let tool = words.next().and_then(|name| self.catalogue.tool(name, name));
        let Some(tool) = tool else {
            self.not_understood(call, "a tool that the catalogue does not know");
            return;
        };
        let mut inner = call.state.clone();
        let inside = Call::new(tool, call.path.clone(), inner.clone(), call.input.clone());
        let operands: Vec<Arg> =
            words.map(Arg::literal).chain(call.operands.iter().cloned()).collect();
        self.deeper(|r| r.call(inside, operands, &mut inner));
    }

    /// Whether the first word is a tool, or may be.
    fn names_tool(&self, words: &[Arg]) -> bool {
        let Some(name) = words.first().map(Arg::known) else { return false };
        name.is_none_or(|n| {
            let base = n.rsplit('/').next().unwrap_or_default();
            n.contains('/') || self.catalogue.tool(base, base).is_some()
        })
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
            Inner::Known if !self.names_tool(&rest) => {}
            Inner::Argv | Inner::Known => {
                if wrapper.unknown_arguments {
                    self.with_arguments(call, &rest, &mut inner);
                    return;
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

/// Marks that the call itself gives: `dynamic` where a word holds what is not known before it runs, a place
/// to write to aside; `stdin` where something comes in.
fn own_marks(call: &Call, flags: &[(&Flag, Option<Arg>)]) -> Vec<String> {
    let place =
        |f: &Flag| f.effects.iter().any(|e| [" path", " tree"].iter().any(|k| e.contains(k)));
    let mut values = flags.iter().filter(|(f, _)| !place(f)).filter_map(|(_, v)| v.as_ref());
    let dynamic = call.operands.iter().any(|o| o.any) || values.any(|v| v.any);
    let stdin = !matches!(call.input, Input::Inherited);
    let marks = [("dynamic", dynamic), ("stdin", stdin)];
    marks.into_iter().filter(|(_, is)| *is).map(|(mark, _)| mark.to_owned()).collect()
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
pub(super) fn verb_of<'t>(
    verbs: impl Iterator<Item = &'t Verb>,
    words: &[Arg],
) -> Option<(&'t Verb, usize)> {
    let mut best: Option<(&Verb, usize, usize)> = None;
    for verb in verbs {
        let n = verb.path.len();
        let Some(given) = words.get(..n) else { continue };
        let mut exact = 0;
        let fits = verb.path.iter().zip(given).enumerate().all(|(i, (want, got))| {
            let Some(got) = got.known() else { return false };
            let alias = i + 1 == n && verb.aliases.iter().any(|a| a == got);
            if alias || want.split('|').any(|w| w == got) {
                exact += 1;
                return true;
            }
            want.split('|').any(|want| {
                let begin = want.split('*').next().unwrap_or_default();
                begin.len() < want.len()
                    && got.starts_with(begin)
                    && Glob::parse(want).is_ok_and(|g| g.matches(got))
            })
        });
        if fits && best.is_none_or(|(_, len, ex)| (n, exact) > (len, ex)) {
            best = Some((verb, n, exact));
        }
    }
    best.map(|(verb, n, _)| (verb, n))
}

/// Whether the words are the beginning of a verb and a flag that makes a run harmless (`docker swarm --help`).
fn asks_for_help(tool: &Tool, words: &[Arg]) -> bool {
    let Some((Some(last), group)) = words.split_last().map(|(l, g)| (l.known(), g)) else {
        return false;
    };
    let ends = tool.form.flag.iter().any(|f| f.ends && f.names.iter().any(|n| n == last));
    let begins = |verb: &Verb| {
        let given = verb.path.iter().zip(group);
        verb.path.len() > group.len()
            && given.into_iter().all(|(w, g)| w.split('|').any(|w| Some(w) == g.known()))
    };
    ends && !group.is_empty() && tool.verb.iter().any(begins)
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

/// The entry that a value chooses; one that may be left out, and was, counts as empty.
fn chosen<'t>(values: &'t [Valued], value: Option<&Arg>) -> Option<&'t Valued> {
    let text = match value {
        Some(value) => value.known()?,
        None => "",
    };
    values.iter().find(|v| Glob::parse(&v.glob).is_ok_and(|g| g.matches(text)))
}

/// Actions that these words take away.
fn killed<'t>(words: impl Iterator<Item = &'t String>) -> Vec<Action> {
    let mut out = Vec::new();
    for word in words {
        match word.as_str() {
            "write" => out.extend([Action::Create, Action::Update]),
            other => out.extend(Action::parse(other)),
        }
    }
    out.retain(|a| *a != Action::Opaque);
    out
}
