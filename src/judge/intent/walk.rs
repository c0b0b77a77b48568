//! Walks a script: lists, pipelines, bodies, redirections.
//!
//! In: what the shell reader made. Out: the effects of every command in it, with the folder and the
//! variables that are certain at its place.
//! Never: leaves out a command because it may not run.

use super::Reader;
use super::args::{Arg, expand, joined, shown};
use super::builtins::subscript_runs;
use super::environment::{holds_secret, looks_for_secrets};
use super::kinds::FROM_A_PIPE;
use super::state::{Input, State};
use crate::judge::catalogue::Doing;
use crate::judge::shell::{Join, Node, Part, RedirectKind, Redirection, Simple, Step, Word};
use crate::model::{Action, Effect, Resource, ResourceKind};

/// Most values of a `for` that are gone through one by one.
const MAX_VALUES: usize = 16;

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

    fn node(&mut self, node: &Node, state: &mut State, input: &Input) {
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
                let input = self.redirected(redirections, &inner, input);
                self.deeper(|r| r.list(list, &mut inner, &input));
            }
            Node::Group(list, redirections) => {
                let input = self.redirected(redirections, state, input);
                self.deeper(|r| r.list(list, state, &input));
            }
            Node::Bodies { bodies, names, again, redirections } => {
                let input = self.redirected(redirections, state, input);
                self.bodies(bodies, names, *again, state, &input);
            }
        }
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
                self.substitutions(word, state);
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
        if again {
            // What the bodies assign may come round again.
            for name in assigned(bodies) {
                state.set(&name, None);
            }
        }
        let entry = state.clone();
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
                    let mut next = State { cwd: None, ..after.clone() };
                    self.deeper(|r| r.list(body, &mut next, input));
                    after.cwd = None;
                }
                // The condition comes first and changes what the bodies see; each may not run.
                current.merge(&after);
                state.merge(&after);
            }
        }
    }

    fn simple(&mut self, simple: &Simple, state: &mut State, input: &Input) {
        let values = simple.assignments.iter().map(|(_, w)| w);
        for word in simple.words.iter().chain(values) {
            self.substitutions(word, state);
        }
        let args: Vec<Arg> = simple.words.iter().flat_map(|w| expand(w, state)).collect();
        let secrets = secret_names(simple, state);
        if simple.words.is_empty() {
            let shown = simple.assignments.first().map_or(">", |(name, _)| name.as_str());
            self.begin(shown, None);
            let _ = self.redirected(&simple.redirections, state, input);
            for (name, word) in &simple.assignments {
                let value = joined(word, state);
                self.assignment(name, &value);
                state.set(name, (!value.any).then_some(value));
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
        if !secrets.is_empty() {
            self.begin(&format!("{} (variables)", shown(&args)), None);
            for name in secrets {
                let resource = Resource::exact(ResourceKind::Env, &name);
                self.add(Action::Reveal, resource, "a variable whose name says that it is secret");
            }
        }
        if !args.is_empty() {
            state.prefix = simple.assignments.iter().map(|(name, _)| name.clone()).collect();
            self.run(args, state, &input, true);
            state.prefix.clear();
        }
        state.path_known = path_known && !state.vars.contains_key("PATH");
    }

    /// Redirections of a simple command stand in the list of commands under its own text.
    fn redirected_after(
        &mut self,
        args: &[Arg],
        redirections: &[Redirection],
        state: &State,
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
    fn redirected(&mut self, redirections: &[Redirection], state: &State, input: &Input) -> Input {
        let mut input = input.clone();
        for r in redirections {
            self.substitutions(&r.target, state);
            let target = joined(&r.target, state);
            match r.kind {
                RedirectKind::Duplicate => {}
                RedirectKind::HereDocument | RedirectKind::HereString => {
                    input = match target.known() {
                        Some(text) => Input::Text(text.to_owned()),
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

    /// The commands inside a word.
    pub(super) fn substitutions(&mut self, word: &Word, state: &State) {
        for part in &word.parts {
            if let Part::Dynamic { commands, .. } = part
                && !commands.is_empty()
            {
                let mut inner = state.clone();
                self.deeper(|r| r.list(commands, &mut inner, &Input::Inherited));
            }
        }
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
    let kept = |name: &&String| holds_secret(name) && !state.vars.contains_key(name.as_str());
    params.filter(kept).cloned().collect()
}

/// Whether the name of a host ends here.
fn ends_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', ':']) && !rest.contains('@')
}

/// Whether what follows does not run after this: `exit`, `return`.
fn leaves(node: &Node) -> bool {
    match node {
        Node::Simple(s) => s
            .words
            .first()
            .and_then(Word::literal)
            .is_some_and(|w| matches!(w.as_str(), "exit" | "return" | "continue" | "break")),
        Node::Group(list, _) => list.last().is_some_and(|s| leaves(&s.node)),
        _ => false,
    }
}

/// Names that the bodies assign, anywhere in them.
fn assigned(bodies: &[Vec<Step>]) -> Vec<String> {
    fn node(n: &Node, out: &mut Vec<String>) {
        match n {
            Node::Simple(s) => {
                out.extend(s.assignments.iter().map(|(name, _)| name.clone()));
                let words: Vec<String> =
                    s.words.iter().map(|w| w.literal().unwrap_or_default()).collect();
                if words.first().is_some_and(|w| {
                    matches!(
                        w.as_str(),
                        "read"
                            | "export"
                            | "local"
                            | "declare"
                            | "printf"
                            | "mapfile"
                            | "readarray"
                            | "unset"
                            | "let"
                    )
                }) {
                    out.extend(
                        words
                            .iter()
                            .skip(1)
                            .map(|w| w.split('=').next().unwrap_or_default().to_owned()),
                    );
                }
            }
            Node::Pipeline(nodes) => nodes.iter().for_each(|n| node(n, out)),
            Node::Subshell(..) => {}
            Node::Group(list, _) => list.iter().for_each(|s| node(&s.node, out)),
            Node::Bodies { bodies, names, .. } => {
                out.extend(names.iter().map(|(name, _)| name.clone()));
                bodies.iter().flatten().for_each(|s| node(&s.node, out));
            }
        }
    }
    let mut out = Vec::new();
    bodies.iter().flatten().for_each(|s| node(&s.node, &mut out));
    out.retain(|n| !n.is_empty());
    out
}
