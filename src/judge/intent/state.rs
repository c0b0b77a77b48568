//! What is known between two commands of a line: the folder, the variables.
//!
//! In: facts, and what the commands do to them. Out: values, or that they are not known.
//! Never: keeps a value past a place where it may have changed.

use super::args::Arg;
use super::names::Names;
use crate::judge::shell::{Node, Step};
use crate::model::World;
use std::collections::{BTreeMap, BTreeSet};

/// Where a command's standard input comes from.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// exo's own.
    Inherited,
    /// Another command of the line.
    Piped,
    /// Another command of the line, which prints names of files and nothing else.
    Names(Names),
    /// A file.
    File,
    /// This text.
    Text(String),
}

/// Folder and variables at one place of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The current folder, absolute; `None`: not known.
    pub(super) cwd: Option<String>,
    /// Variables that the line has set; `None`: to something not known.
    pub(super) vars: BTreeMap<String, Option<Arg>>,
    /// Variables of the environment that are known.
    pub(super) env: BTreeMap<&'static str, String>,
    /// Whether PATH is still the sanitised one.
    pub(super) path_known: bool,
    /// Whether IFS was touched.
    pub(super) odd_ifs: bool,
    /// Folders that the line makes.
    pub(super) made: BTreeSet<String>,
    /// Variables set for the command at hand alone.
    pub(super) prefix: Vec<String>,
}

impl State {
    pub(super) fn new(world: &dyn World) -> Self {
        let mut env = BTreeMap::new();
        for name in ["HOME", "USER"] {
            if let Some(value) = world.ask(&format!("env.{name}")).text() {
                env.insert(name, value.to_owned());
            }
        }
        Self {
            cwd: world.ask("cwd").text().map(str::to_owned),
            vars: BTreeMap::new(),
            env,
            path_known: true,
            odd_ifs: false,
            made: BTreeSet::new(),
            prefix: Vec::new(),
        }
    }

    /// The value of a variable, where it is known.
    pub(super) fn value(&self, name: &str) -> Option<Arg> {
        if let Some(value) = self.vars.get(name) {
            return value.clone();
        }
        if name == "PWD" {
            return self.cwd.as_deref().map(Arg::literal);
        }
        self.env.get(name).map(|v| Arg::literal(v))
    }

    pub(super) fn set(&mut self, name: &str, value: Option<Arg>) {
        match name {
            "PATH" => self.path_known = false,
            "IFS" => self.odd_ifs = true,
            _ => {}
        }
        self.vars.insert(name.to_owned(), value);
    }

    /// What a substitution prints, where that is certain.
    pub(super) fn output_of(&self, commands: &[Step]) -> Option<String> {
        let [Step { node: Node::Simple(s), .. }] = commands else { return None };
        let words: Option<Vec<String>> = s.words.iter().map(|w| w.literal()).collect();
        let plain = s.assignments.is_empty() && s.redirections.is_empty();
        (plain && words? == ["pwd"]).then(|| self.cwd.clone()).flatten()
    }

    /// After a place that either of two ways may have led to.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.cwd != other.cwd {
            self.cwd = None;
        }
        let names: Vec<String> = self.vars.keys().chain(other.vars.keys()).cloned().collect();
        for name in names {
            if self.value(&name) != other.value(&name) {
                self.vars.insert(name, None);
            }
        }
        self.path_known &= other.path_known;
        self.odd_ifs |= other.odd_ifs;
        self.made = self.made.intersection(&other.made).cloned().collect();
    }
}
