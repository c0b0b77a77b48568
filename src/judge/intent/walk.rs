//! Walks a script: lists, pipelines, bodies, redirections.
//!
//! In: what the shell reader made. Out: the effects of every command in it, with the folder and the
//! variables that are certain at its place.
//! Never: leaves out a command because it may not run.

use super::Reader;
use super::args::{Arg, expand, joined, shown};
use super::bodies::{assigned, leaves, leaves_body, local};
use super::environment::{holds_secret, looks_for_secrets};
use super::evaluate::{Dynamics, subscript_runs};
use super::state::{Input, State};
use super::texts::FROM_A_PIPE;
use crate::judge::catalogue::Doing;
use crate::judge::shell::{
    ARITHMETIC, Join, Node, Part, RedirectKind, Redirection, Simple, Step, Word,
};
use crate::model::{Action, Effect, MAX_COMMANDS, MAX_PAYLOAD, Resource, ResourceKind};
use std::rc::Rc;

/// Most values of a `for` that are gone through one by one.
const MAX_VALUES: usize = 16;
/// Most pieces of a script that are walked: bodies of loops and functions count each time.
const MAX_STEPS: usize = 16 * MAX_COMMANDS;
/// Most bytes of texts that are read and of commands that are walked, each time counted.
const MAX_WALKED: usize = 3 * MAX_PAYLOAD;

impl Reader<'_> {
    pub(super) fn list(&mut self, list: &[Step], state: &mut State, input: &Input) {
        let mut before = state.clone();
        // States of the ways on which a step after `&&` did not run; they meet at the next `;`.
        let mut skipped: Vec<State> = Vec::new();
        for step in list {
            if step.join == Join::Then {
                skipped.drain(..).for_each(|s| state.merge(&s));
            }
            let entry = state.clone();
            if step.background {
                self.node(&step.node, &mut state.clone(), input);
            } else if step.join == Join::Or {
                // Runs where the step before failed: what that one changed is not certain.
                let mut failed = before.clone();
                self.node(&step.node, &mut failed, input);
                if !leaves(&step.node) {
                    state.merge(&failed);
                }
            } else {
                self.node(&step.node, state, input);
                if step.join == Join::And {
                    skipped.push(entry.clone());
                }
            }
            before = entry;
        }
        skipped.drain(..).for_each(|s| state.merge(&s));
    }

    /// Whether there is still room for a piece of a script of so many bytes; if not, that is told once.
    pub(super) fn room(&mut self, bytes: usize) -> bool {
        let had = self.steps <= MAX_STEPS && self.walked <= MAX_WALKED;
        self.steps = self.steps.saturating_add(1);
        self.walked = self.walked.saturating_add(bytes);
        let has = self.steps <= MAX_STEPS && self.walked <= MAX_WALKED;
        if had && !has {
            self.opaque("a script that runs its commands too often to be followed");
        }
        has
    }

    pub(super) fn node(&mut self, node: &Node, state: &mut State, input: &Input) {
        if !self.room(0) {
            return;
        }
        match node {
            Node::Simple(simple) => self.simple(simple, state, input),
            Node::Pipeline(nodes) => {
                let mut input = input.clone();
                let start = self.intent.effects.len();
                for (i, node) in nodes.iter().enumerate() {
                    let before = self.intent.effects.len();
                    self.node(node, &mut state.clone(), &input);
                    self.remote_text(start, before);
                    if let Some(next) = nodes.get(i + 1) {
                        self.filtered_environment(before, next);
                        input = self.handed(node, before, state, &input);
                    }
                }
            }
            Node::Subshell(list, redirections) => {
                let mut inner = state.clone();
                let input = self.redirected(redirections, &mut inner, input);
                self.deeper(|r| r.list(list, &mut inner, &input));
            }
            Node::Group(list, redirections) => {
                let input = self.redirected(redirections, state, input);
                self.deeper(|r| r.list(list, state, &input));
            }
            Node::Function(name, body) => self.definition(name, body, state),
            Node::Bodies { bodies, names, again, redirections } => {
                let input = self.redirected(redirections, state, input);
                self.bodies(bodies, names, *again, state, &input);
            }
        }
    }

    fn definition(&mut self, name: &str, body: &Node, state: &mut State) {
        state.define(name, Rc::new(body.clone()));
        if name == "command_not_found_handle" {
            self.begin(name, Some("bash".to_owned()));
            self.opaque("a function that bash calls by itself");
        }
    }

    /// A call of a function that the line has defined: its body, in place, with these arguments.
    fn function(&mut self, args: &[Arg], state: &mut State, input: &Input) -> bool {
        let Some((name, rest)) = args.split_first() else { return false };
        let Some(functions) = name.known().and_then(|n| state.function(n)).cloned() else {
            return false;
        };
        if !self.count() {
            return true;
        }
        self.begin(&shown(args), Some("bash".to_owned()));
        let entry = state.clone();
        let mut first = true;
        let mut after = |state: &mut State, way: State| {
            if std::mem::take(&mut first) {
                *state = way;
            } else {
                state.merge(&way);
            }
        };
        for body in &functions.bodies {
            let mut way = entry.clone();
            // `shift` and arguments that may be several are not followed.
            way.positional = (!rest.iter().any(|a| a.many)).then(|| Rc::from(rest));
            let mark = self.left.len();
            self.deeper(|r| r.node(body, &mut way, input));
            // `return` may have ended it anywhere.
            self.left.split_off(mark.min(self.left.len())).iter().for_each(|s| way.merge(s));
            way.positional.clone_from(&entry.positional);
            for name in local(body) {
                way.set(&name, None);
            }
            after(state, way);
        }
        if !functions.certain {
            let mut way = entry;
            self.run(args.to_vec(), &mut way, input, true);
            after(state, way);
        }
        true
    }

    /// A program text from a pipe that something was fetched into comes from elsewhere.
    fn remote_text(&mut self, start: usize, before: usize) {
        let fetched = self.intent.effects.iter().take(before).skip(start);
        if !fetched.into_iter().any(|e| e.action == Action::Connect) {
            return;
        }
        for effect in self.intent.effects.iter_mut().skip(before) {
            if effect.action == Action::Execute && effect.source == FROM_A_PIPE {
                effect.resource = Resource::exact(ResourceKind::Code, "remote");
            }
        }
    }

    /// The environment printed into a filter that looks for secrets.
    fn filtered_environment(&mut self, before: usize, next: &Node) {
        let prints = |e: &Effect| {
            e.action == Action::Read
                && e.resource.kind == ResourceKind::Env
                && e.resource.name.as_str() == "**"
        };
        let Node::Simple(filter) = next else { return };
        let words = filter.words.iter().skip(1);
        let looks = words.map(Word::literal).any(|w| w.is_none_or(|w| looks_for_secrets(&w)));
        if looks && self.intent.effects.iter().skip(before).any(prints) {
            let why = "a filter that looks for secrets in the environment";
            self.on(Some(Doing::Act(Action::Reveal)), ResourceKind::Env, "**", why);
        }
    }

    fn bodies(
        &mut self,
        bodies: &[Vec<Step>],
        names: &[(String, Vec<Word>)],
        again: bool,
        state: &mut State,
        input: &Input,
    ) {
        let mut values: Vec<Option<(String, Arg)>> = Vec::new();
        for (name, words) in names {
            for word in words {
                self.evaluated([word].into_iter(), state);
            }
            if !name.is_empty() {
                let args: Vec<Arg> = words.iter().flat_map(|w| expand(w, state)).collect();
                if args.len() > MAX_VALUES || args.iter().any(|a| a.any) {
                    values.push(Some((name.clone(), Arg::unknown(false))));
                } else {
                    // In the body each value is one word.
                    let one = |a: Arg| Some((name.clone(), Arg { many: false, ..a }));
                    values.extend(args.into_iter().map(one));
                }
            }
        }
        if values.is_empty() {
            values.push(None);
        }
        for (name, counts) in assigned(bodies) {
            if counts && self.number(&name, state, 1) {
                if again || !state.is_set(&name) {
                    state.set(&name, Some(Arg::number()));
                }
            } else if again {
                // What the bodies assign may come round again.
                state.set(&name, None);
            }
        }
        let entry = state.clone();
        let mark = self.left.len();
        for value in values {
            let mut current = entry.clone();
            if let Some((name, value)) = value {
                current.set(&name, Some(value));
            }
            for body in bodies {
                let mut after = current.clone();
                self.deeper(|r| r.list(body, &mut after, input));
                if again && after.cwd != current.cwd {
                    // The next round begins in another folder.
                    let mut next = after.clone();
                    next.cwd = None;
                    self.deeper(|r| r.list(body, &mut next, input));
                    after.cwd = None;
                }
                // The condition comes first and changes what the bodies see; each may not run.
                current.merge(&after);
                state.merge(&after);
            }
        }
        // `break` and `continue` may have ended it anywhere; `return` is met further out as well.
        for way in self.left.get(mark..).unwrap_or_default() {
            state.merge(way);
        }
    }

    fn simple(&mut self, simple: &Simple, state: &mut State, input: &Input) {
        if !self.room(simple.span.len()) {
            return;
        }
        if leaves_body(simple) {
            self.left.push(state.clone());
        }
        let start = self.intent.effects.len();
        let values = simple.assignments.iter().map(|(_, w)| w);
        let computed = self.evaluated(simple.words.iter().chain(values), state);
        let args: Vec<Arg> = simple.words.iter().flat_map(|w| expand(w, state)).collect();
        let secrets = secret_names(simple, state);
        if simple.words.is_empty() {
            let shown = simple.assignments.first().map_or(">", |(name, _)| name.as_str());
            self.begin(shown, None);
            let _ = self.redirected(&simple.redirections, state, input);
            for (name, word) in &simple.assignments {
                self.assign(name, word, state);
            }
            computed.into_iter().for_each(|name| state.set(&name, Some(Arg::number())));
            if std::mem::take(&mut state.overflow) {
                self.opaque("more variables than are followed");
            }
            return;
        }
        let path_known = state.path_known;
        if simple.assignments.iter().any(|(name, _)| name == "PATH") {
            state.path_known = false;
        }
        if args.is_empty() {
            self.begin("", None);
            self.opaque("the command's name comes from an expansion that is empty or not known");
        }
        let input = self.redirected_after(&args, &simple.redirections, state, input);
        for (name, word) in &simple.assignments {
            let value = joined(word, state);
            self.assignment(name, &value);
        }
        computed.into_iter().for_each(|name| state.set(&name, Some(Arg::number())));
        if !secrets.is_empty() {
            self.begin(&format!("{} (variables)", shown(&args)), None);
            for name in secrets {
                let resource = Resource::exact(ResourceKind::Env, &name);
                self.add(Action::Reveal, resource, "a variable whose name says that it is secret");
            }
        }
        if !args.is_empty() {
            let before = self.intent.effects.len();
            if !simple.assignments.is_empty() {
                state.prefix = simple.assignments.iter().map(|(name, _)| name.clone()).collect();
            }
            let called =
                args.first().and_then(Arg::known).is_some_and(|n| state.function(n).is_some());
            if called {
                // The function sees them; what they are afterwards is not followed.
                for (name, word) in &simple.assignments {
                    self.assign(name, word, state);
                }
                self.function(&args, state, &input);
                simple.assignments.iter().for_each(|(name, _)| state.set(name, None));
            } else {
                self.run(args, state, &input, true);
            }
            state.prefix = Rc::default();
            self.remote_text(start, before);
        }
        state.path_known = path_known && !state.is_set("PATH");
        if std::mem::take(&mut state.overflow) {
            self.opaque("more variables than are followed");
        }
    }

    /// `name=value`, kept for what follows.
    fn assign(&mut self, name: &str, word: &Word, state: &mut State) {
        let value = joined(word, state);
        self.assignment(name, &value);
        let Some(Part::Array(words)) = word.parts.last() else {
            state.set(name, (!value.any).then_some(value));
            return;
        };
        let mut elements = match word.parts.first() {
            Some(Part::Param { .. }) => state.elements(name),
            _ => Some(Vec::new()),
        };
        for word in words {
            for arg in expand(word, state) {
                self.assignment(name, &arg);
                match &mut elements {
                    Some(all) if !(arg.many && arg.any) => all.push(arg),
                    _ => elements = None,
                }
            }
        }
        state.set_array(name, elements);
    }

    /// Redirections of a simple command stand in the list of commands under its own text.
    fn redirected_after(
        &mut self,
        args: &[Arg],
        redirections: &[Redirection],
        state: &mut State,
        input: &Input,
    ) -> Input {
        if redirections.is_empty() {
            return input.clone();
        }
        self.begin(&format!("{} (redirections)", shown(args)), None);
        self.redirected(redirections, state, input)
    }

    /// An assignment of a variable that makes programs run something.
    fn assignment(&mut self, name: &str, value: &Arg) {
        // A server under test may be anybody's base.
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let own = |v: &str| local.iter().any(|l| v.strip_prefix(l).is_some_and(ends_host));
        if !(name.ends_with("_URL") && value.known().is_some_and(own)) {
            self.given_value("assignment of", name);
        }
        if value.known().is_some_and(subscript_runs) {
            self.opaque(&format!(
                "a value of {name} that runs a command where arithmetic reads it"
            ));
        }
    }

    /// The effects of redirections, and the input they give.
    fn redirected(
        &mut self,
        redirections: &[Redirection],
        state: &mut State,
        input: &Input,
    ) -> Input {
        let mut input = input.clone();
        for r in redirections {
            if self.full() {
                break;
            }
            for name in self.evaluated([&r.target].into_iter(), state) {
                state.set(&name, Some(Arg::number()));
            }
            if let Some(name) = &r.into {
                self.given_value("a value for", name);
                state.set(name, Some(Arg::number()));
            }
            let target = joined(&r.target, state);
            match r.kind {
                RedirectKind::Duplicate => {}
                RedirectKind::HereDocument | RedirectKind::HereString => {
                    input = match target.known() {
                        Some(text) => Input::Text(Rc::from(text)),
                        None => Input::File,
                    };
                }
                RedirectKind::Read => {
                    input = Input::File;
                    self.file(Action::Read, &target, state, "redirection <");
                }
                RedirectKind::Write | RedirectKind::Append => {
                    self.write_file(&target, state, "redirection >");
                }
                RedirectKind::ReadWrite => {
                    self.file(Action::Read, &target, state, "redirection <>");
                    self.write_file(&target, state, "redirection <>");
                }
            }
        }
        input
    }

    /// What expanding these words runs and evaluates. The names it sets are not known while it lasts;
    /// those that get a number are given back.
    fn evaluated<'w>(
        &mut self,
        words: impl Iterator<Item = &'w Word>,
        state: &mut State,
    ) -> Vec<String> {
        let mut numbers = Vec::new();
        for part in words.flat_map(|w| Dynamics::of(w)) {
            let Part::Dynamic { commands, evaluates, sets, what, .. } = part else { continue };
            for name in evaluates {
                self.evaluates(name, state);
            }
            for name in sets {
                self.given_value("a value for", name);
                state.set(name, None);
                if what == ARITHMETIC {
                    numbers.push(name.clone());
                }
            }
            if !commands.is_empty() {
                let mut inner = state.clone();
                self.deeper(|r| r.list(commands, &mut inner, &Input::Inherited));
            }
        }
        numbers
    }
}

/// Variables of the environment that a command is handed and that hold secrets by their names; tests of
/// whether one is set show nothing.
fn secret_names(simple: &Simple, state: &State) -> Vec<String> {
    let first = simple.words.first().and_then(Word::literal).unwrap_or_default();
    if matches!(first.as_str(), "[" | "[[" | "test" | "unset" | ":") {
        return Vec::new();
    }
    let params = simple.words.iter().flat_map(|w| &w.parts).filter_map(|p| match p {
        Part::Param { name, .. } => Some(name),
        _ => None,
    });
    let kept = |name: &&String| holds_secret(name) && !state.is_set(name);
    params.filter(kept).cloned().collect()
}

/// Whether the name of a host ends here.
fn ends_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', ':']) && !rest.contains('@')
}
