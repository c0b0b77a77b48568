//! Payload to effects, by shell reader and catalogue.
//!
//! In: payload, catalogue, a world to ask, and the trees the subject can write in. Out: the complete
//! [`Intent`]; whatever is not understood is an `opaque` effect in it.
//! Never: says what is permitted.

mod args;
mod bodies;
mod builtins;
mod call;
mod cluster;
mod code;
mod command;
mod containers;
mod environment;
mod evaluate;
mod expression;
mod flags;
mod git;
mod github;
mod hosts;
mod kinds;
mod meta;
mod names;
mod operation;
mod paths;
mod sample;
mod scripts;
mod secrets;
mod sql;
mod state;
mod texts;
mod trees;
mod walk;
mod xargs;

pub use sample::effects as example_effects;

use super::catalogue::Catalogue;
use super::shell::{self, Dialect};
use crate::model::{
    Action, Command, Effect, Glob, Intent, MAX_COMMANDS, MAX_DEPTH, MAX_PAYLOAD, Payload, Resource,
    ResourceKind, StdinKind, What, World,
};
pub use kinds::KINDS;

use args::Arg;
use state::{Input, State};
use std::collections::BTreeSet;

/// The complete set of effects of a payload.
///
/// `reach` are the trees of files (absolute, as globs) that the subject may have written: a program
/// found there is never taken for a tool of the catalogue, whatever its name.
#[must_use]
pub fn read(payload: &Payload, catalogue: &Catalogue, world: &dyn World, reach: &[Glob]) -> Intent {
    let mut reader = Reader {
        catalogue,
        world,
        reach,
        stdin: payload.stdin,
        intent: Intent::default(),
        depth: 0,
        commands: 0,
        steps: 0,
        walked: 0,
        added: 0,
        left: Vec::new(),
        traps: Vec::new(),
        last_pattern: None,
        current: 0,
    };
    let mut state = State::new(world);
    match &payload.what {
        _ if payload.len() > MAX_PAYLOAD => {
            let size = payload.len();
            let why = format!("{size} bytes are more than the {MAX_PAYLOAD} that are judged");
            reader.begin("(too long to be judged)", None);
            reader.opaque(&why);
        }
        What::Argv(words) => {
            let mut args = Vec::with_capacity(words.len());
            for (i, word) in words.iter().enumerate() {
                match std::str::from_utf8(word) {
                    Ok(text) => args.push(Arg::literal(text)),
                    Err(e) => {
                        reader.begin(&payload.display(), None);
                        let at = e.valid_up_to();
                        reader.opaque(&format!("argument {i} is not UTF-8 at byte {at}"));
                        return reader.finish();
                    }
                }
            }
            reader.run(args, &mut state, &Input::Inherited, false);
        }
        What::Line(line) => reader.text(line, Dialect::Bash, &mut state, &Input::Inherited),
    }
    reader.finish()
}

/// Most effects of a payload, the same one counted each time; more is `opaque`.
const MAX_EFFECTS: usize = 1024;

/// Reads one payload.
struct Reader<'a> {
    catalogue: &'a Catalogue,
    world: &'a dyn World,
    reach: &'a [Glob],
    stdin: StdinKind,
    intent: Intent,
    depth: usize,
    commands: usize,
    /// Pieces and bytes of scripts that were walked.
    steps: usize,
    walked: usize,
    /// Effects that were found, the same one each time.
    added: usize,
    /// States at `return`, `break` and `continue`: what they leave goes on with them.
    left: Vec<State>,
    /// Texts of `trap`, with the state where it stands.
    traps: Vec<(String, State)>,
    /// The last pattern that was looked up among the secret places, and whether it may be one.
    last_pattern: Option<(Glob, bool)>,
    /// Index of the command whose effects are being found.
    current: usize,
}

impl Reader<'_> {
    /// Begins a command: the effects that follow are its own.
    fn begin(&mut self, text: &str, tool: Option<String>) {
        self.current = self.intent.commands.len();
        self.intent.commands.push(Command { text: text.to_owned(), tool });
    }

    fn add(&mut self, action: Action, resource: Resource, source: &str) {
        self.added = self.added.saturating_add(1);
        if self.full() {
            if self.added == MAX_EFFECTS + 1 {
                self.opaque(&format!("more than {MAX_EFFECTS} effects"));
            }
            if action != Action::Opaque {
                return;
            }
        }
        let command = self.current;
        let effect = Effect { action, resource, command, source: source.to_owned() };
        self.intent.effects.push(effect);
    }

    /// The intent, each effect once: told apart at the end in one go, which stays cheap for thousands.
    /// Which bytes a program text had is asked for, so that it stands in the snapshot.
    fn finish(self) -> Intent {
        let mut intent = self.intent;
        let code =
            |e: &&Effect| e.action == Action::Execute && e.resource.kind == ResourceKind::Code;
        let texts = intent.effects.iter().filter(code).filter_map(|e| e.resource.name.as_literal());
        for path in texts.filter(|t| t.starts_with('/')) {
            self.world.ask(&format!("digest:{path}"));
        }
        // Two texts that run inside the line are told apart by their hashes; where there is one, the text
        // without it says no more.
        let hash = |e: &Effect| e.source.rsplit_once(code::HASHED).map(|(_, h)| h.to_owned());
        let key = |e: &Effect| (e.action, e.resource.kind, e.resource.name.as_str().to_owned());
        let hashed = intent.effects.iter().filter(|e| hash(e).is_some());
        let hashed: BTreeSet<_> = hashed.map(key).collect();
        let mut seen = BTreeSet::new();
        intent.effects.retain(|e| {
            let (key, hash) = (key(e), hash(e));
            (hash.is_some() || !hashed.contains(&key)) && seen.insert((key, hash))
        });
        intent
    }

    /// Whether no more effects are kept; that there are more is then one of them.
    const fn full(&self) -> bool {
        self.added > MAX_EFFECTS
    }

    /// Something that could do anything.
    fn opaque(&mut self, why: &str) {
        self.add(Action::Opaque, Resource::exact(ResourceKind::Code, "inline"), why);
    }

    /// Program text that runs.
    fn inline(&mut self, source: &str) {
        self.add(Action::Execute, Resource::exact(ResourceKind::Code, "inline"), source);
    }

    /// One level deeper; too deep is opaque.
    fn deeper(&mut self, f: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            self.opaque(&format!("commands nested deeper than {MAX_DEPTH}"));
            return;
        }
        let current = self.current;
        self.depth += 1;
        f(self);
        self.depth -= 1;
        self.current = current;
    }

    /// Counts a command; too many are opaque.
    fn count(&mut self) -> bool {
        self.commands += 1;
        if self.commands > MAX_COMMANDS {
            self.opaque(&format!("more than {MAX_COMMANDS} commands"));
            return false;
        }
        true
    }

    /// The text of a shell of its own: its commands, and at its end what `trap` put off.
    fn text(&mut self, text: &[u8], dialect: Dialect, state: &mut State, input: &Input) {
        let outer = std::mem::take(&mut self.traps);
        self.more_text(text, dialect, state, input);
        while let Some((text, mut then)) = self.traps.pop() {
            // It may run anywhere in between: what the line assigns is not certain there.
            then.merge(state);
            then.forget();
            self.more_text(text.as_bytes(), dialect, &mut then, input);
        }
        self.traps = outer;
    }

    /// Shell text: every command in it, and what the reader could not read as opaque.
    fn more_text(&mut self, text: &[u8], dialect: Dialect, state: &mut State, input: &Input) {
        if !self.room(text.len()) {
            return;
        }
        let script = shell::read(text, dialect);
        self.deeper(|r| {
            r.list(&script.list, state, input);
            for place in &script.opaque {
                if r.intent.commands.is_empty() {
                    r.begin(&String::from_utf8_lossy(text), None);
                }
                let span = &place.span;
                r.opaque(&format!("bytes {}–{}: {}", span.start, span.end, place.reason));
            }
        });
    }
}

#[cfg(test)]
mod tests;
