//! One command: which program it means, and what that is known to do.
//!
//! In: arguments, the state of the line. Out: its effects.
//! Never: takes a program for a tool of the catalogue by its name alone.

use super::Reader;
use super::args::{Arg, shown};
use super::call::Call;
use super::paths::Kind;
use super::state::{Input, State};
use crate::judge::catalogue::Tool;
use crate::model::{Action, Answer, Resource, ResourceKind};
use std::sync::Arc;

/// What a name turned out to be.
enum Program {
    /// A tool of the catalogue, at this path.
    Tool(Arc<Tool>, String),
    /// A script; its path.
    Script(String),
    /// Something that is not known; its path.
    Unknown(String),
    /// Nothing, with the reason.
    None(String),
}

impl Reader<'_> {
    /// Runs a command in thought. `shell`: builtins count.
    pub(super) fn run(&mut self, args: Vec<Arg>, state: &mut State, input: &Input, shell: bool) {
        if !self.count() {
            return;
        }
        let shown = shown(&args);
        if shell && self.builtin(&args, &shown, state, input) {
            return;
        }
        let mut args = args;
        if args.is_empty() {
            return;
        }
        let name = args.remove(0);
        let Some(name_text) = name.known() else {
            self.begin(&shown, None);
            self.opaque("the program's name is not known before the line runs");
            return;
        };
        match self.program(name_text, state) {
            Program::Tool(tool, path) => {
                self.begin(&shown, Some(tool.name.clone()));
                // Words that a wrapper hands on were looked at with the wrapper.
                if shell || self.depth == 0 {
                    self.shown_secrets(&args);
                }
                let call = Call::new(tool, path, state.clone(), input.clone());
                self.deeper(|r| r.call(call, args, state));
            }
            Program::Script(path) => {
                self.begin(&shown, None);
                self.add(Action::Execute, Resource::exact(ResourceKind::Code, &path), "script");
            }
            Program::Unknown(path) => {
                self.begin(&shown, None);
                let why = "a program that the catalogue does not know";
                self.add(Action::Opaque, Resource::exact(ResourceKind::File, &path), why);
            }
            Program::None(why) => {
                self.begin(&shown, None);
                self.opaque(&why);
            }
        }
    }

    fn program(&mut self, name: &str, state: &State) -> Program {
        let typed_path = name.contains('/');
        let found = if typed_path {
            match (&state.cwd, name.starts_with('/')) {
                (_, true) => name.to_owned(),
                (Some(cwd), false) => format!("{cwd}/{name}"),
                (None, false) => {
                    return Program::None("a program in a folder that is not known".to_owned());
                }
            }
        } else if !state.path_known {
            return Program::None("a program found by a PATH that the line changes".to_owned());
        } else {
            match self.world.ask(&format!("program:{name}")) {
                Answer::Known(v) => v.as_text().unwrap_or_default().to_owned(),
                Answer::Absent => return self.absent(name, state),
                Answer::Failed(why) => return Program::None(why),
            }
        };
        let place = self.place(&Arg::literal(&found), state, true);
        let Some(real) = place.path().filter(|_| place.kind != Kind::Unknown) else {
            return Program::None(format!("where `{name}` leads is not known"));
        };
        let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        // A file that the subject may have written is never a tool, whatever its name. The folder of
        // a link counts as well as what the link leads to.
        let reached = self.reach.iter().any(|g| g.matches(&real) || g.matches(&found));
        if !reached {
            let loader = base(&real).starts_with("ld-linux") || base(&real) == "ld.so";
            if let Some(tool) = self.catalogue.tool(&base(&found), &base(&real)).filter(|_| !loader)
            {
                return Program::Tool(tool, real);
            }
        }
        // A script of the subject's own is code that the sandbox holds; one that somebody else installed
        // is a program that the catalogue does not know.
        match self.world.ask(&format!("shebang:{real}")) {
            Answer::Known(_) if reached => Program::Script(real),
            _ => Program::Unknown(real),
        }
    }
    /// A name that PATH does not find. Running it does nothing, so the row of its tool tells all that it
    /// could do were it there; but not where the subject can put a file of that name on PATH.
    fn absent(&mut self, name: &str, state: &State) -> Program {
        let missing = || Program::None(format!("no program `{name}` on PATH"));
        let Some(tool) = self.catalogue.tool(name, name) else { return missing() };
        let search = self.world.ask("search.path");
        let Some(folders) = search.text() else { return missing() };
        let mut first = None;
        for folder in folders.split(':') {
            let found = format!("{folder}/{name}");
            let place = self.place(&Arg::literal(&found), state, true);
            let real = place.path().filter(|_| place.kind != Kind::Unknown);
            let real = real.unwrap_or_else(|| found.clone());
            if self.reach.iter().any(|g| g.matches(&real) || g.matches(&found)) {
                return missing();
            }
            first.get_or_insert(found);
        }
        first.map_or_else(missing, |path| Program::Tool(tool, path))
    }
}
