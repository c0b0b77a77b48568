//! What is known between two commands of a line: the folder, the variables, the functions.
//!
//! In: facts, and what the commands do to them. Out: values, or that they are not known.
//! Never: keeps a value past a place where it may have changed.

use super::args::Arg;
use super::names::Names;
use crate::judge::shell::{Node, Step, Word};
use crate::model::World;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Most variables of a line that are followed.
const MAX_VARIABLES: usize = 256;
/// Most bytes that the values of variables may add to a line: a value of values doubles each time.
const MAX_VALUES: usize = 32 * 1024;

/// Variables that bash itself changes (bash manual, «Bash Variables»): what the line sets them to does not
/// last.
const CHANGING: [&str; 24] = [
    "BASHPID",
    "BASH_COMMAND",
    "BASH_REMATCH",
    "BASH_SUBSHELL",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "LINENO",
    "MAPFILE",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "UID",
    "_",
];

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
    Text(Rc<str>),
}

/// What a name of a function may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Functions {
    /// Any of these bodies.
    pub(super) bodies: Vec<Rc<Node>>,
    /// Whether it is one of them for sure, and no builtin or program.
    pub(super) certain: bool,
}

/// Folder, variables and functions at one place of a line. Cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The current folder, absolute; `None`: not known.
    pub(super) cwd: Option<Rc<str>>,
    /// Variables that the line has set; `None`: to something not known.
    vars: Rc<BTreeMap<String, Option<Arg>>>,
    /// Variables that cannot be set again: an assignment fails, and what was there stays.
    frozen: Rc<BTreeSet<String>>,
    /// Arrays that the line has set and whose elements are known.
    arrays: Rc<BTreeMap<String, Vec<Arg>>>,
    /// Functions that the line has defined.
    functions: Rc<BTreeMap<String, Functions>>,
    /// `$1` and what follows, where it is known.
    pub(super) positional: Option<Rc<[Arg]>>,
    /// Variables of the environment that are known.
    env: Rc<BTreeMap<&'static str, String>>,
    /// Whether PATH is still the sanitised one.
    pub(super) path_known: bool,
    /// Whether IFS was touched.
    pub(super) odd_ifs: bool,
    /// Folders that the line makes.
    pub(super) made: Rc<BTreeSet<String>>,
    /// Variables set for the command at hand alone.
    pub(super) prefix: Rc<[String]>,
    /// Whether there were more variables than are followed.
    pub(super) overflow: bool,
    /// Bytes that values have added so far.
    spent: Rc<Cell<usize>>,
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
            cwd: world.ask("cwd").text().map(Rc::from),
            vars: Rc::default(),
            frozen: Rc::default(),
            arrays: Rc::default(),
            functions: Rc::default(),
            positional: None,
            env: Rc::new(env),
            path_known: true,
            odd_ifs: false,
            made: Rc::default(),
            prefix: Rc::default(),
            overflow: false,
            spent: Rc::default(),
        }
    }

    /// What another shell sees that this one starts: only what was exported, which is not followed.
    pub(super) fn other_shell(&self) -> Self {
        let mut inner = self.clone();
        inner.forget();
        inner.functions = Rc::default();
        inner.positional = None;
        inner.prefix = Rc::default();
        inner
    }

    /// No value of a variable is known any more.
    pub(super) fn forget(&mut self) {
        Rc::make_mut(&mut self.vars).values_mut().for_each(|v| *v = None);
        self.arrays = Rc::default();
    }

    /// Names of all variables that the line has set.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.vars.keys()
    }

    /// Whether the line has set it.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }

    /// The value of a variable, where it is known.
    pub(super) fn value(&self, name: &str) -> Option<Arg> {
        let value = self.look_up(name)?;
        let spent = self.spent.get().saturating_add(value.known().map_or(0, str::len));
        self.spent.set(spent);
        (spent <= MAX_VALUES).then_some(value)
    }

    fn look_up(&self, name: &str) -> Option<Arg> {
        if matches!(name, "$" | "!" | "?" | "#") {
            return Some(Arg::number());
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            let at = name.parse::<usize>().ok()?.checked_sub(1)?;
            let all = self.positional.as_ref()?;
            return Some(all.get(at).cloned().unwrap_or_else(|| Arg::literal("")));
        }
        if let Some(value) = self.vars.get(name) {
            return value.clone();
        }
        if name == "PWD" {
            return self.cwd.as_deref().map(Arg::literal);
        }
        self.env.get(name).map(|v| Arg::literal(v))
    }

    /// The elements of an array (`name`) or the positional parameters (`@`), where they are known.
    pub(super) fn elements(&self, name: &str) -> Option<Vec<Arg>> {
        let all: &[Arg] = match name {
            "@" | "*" => self.positional.as_deref()?,
            name => self.arrays.get(name)?,
        };
        let bytes: usize = all.iter().map(|a| a.glob().len()).sum();
        self.spent.set(self.spent.get().saturating_add(bytes));
        (self.spent.get() <= MAX_VALUES).then(|| all.to_vec())
    }

    /// It keeps its value from here on, whatever the line assigns.
    pub(super) fn freeze(&mut self, name: &str) {
        Rc::make_mut(&mut self.frozen).insert(name.to_owned());
    }

    pub(super) fn set(&mut self, name: &str, value: Option<Arg>) {
        let lasts = !CHANGING.contains(&name) && !self.frozen.contains(name);
        let value = value.filter(|_| lasts);
        match name {
            "PATH" => self.path_known = false,
            "IFS" => self.odd_ifs = true,
            _ => {}
        }
        if self.arrays.contains_key(name) {
            Rc::make_mut(&mut self.arrays).remove(name);
        }
        if self.vars.len() >= MAX_VARIABLES && !self.vars.contains_key(name) {
            self.overflow = true;
            if !self.env.contains_key(name) {
                return;
            }
        }
        Rc::make_mut(&mut self.vars).insert(name.to_owned(), value);
    }

    pub(super) fn set_array(&mut self, name: &str, elements: Option<Vec<Arg>>) {
        let first =
            elements.as_ref().map(|e| e.first().cloned().unwrap_or_else(|| Arg::literal("")));
        self.set(name, first);
        let kept = self.vars.get(name).is_some_and(Option::is_some);
        if let Some(elements) = elements.filter(|_| kept) {
            Rc::make_mut(&mut self.arrays).insert(name.to_owned(), elements);
        }
    }

    pub(super) fn function(&self, name: &str) -> Option<&Functions> {
        self.functions.get(name)
    }

    pub(super) fn define(&mut self, name: &str, body: Rc<Node>) {
        let functions = Functions { bodies: vec![body], certain: true };
        Rc::make_mut(&mut self.functions).insert(name.to_owned(), functions);
    }

    /// It may not be a function any more.
    pub(super) fn undefine(&mut self, name: &str) {
        if self.functions.contains_key(name)
            && let Some(functions) = Rc::make_mut(&mut self.functions).get_mut(name)
        {
            functions.certain = false;
        }
    }

    /// What a substitution prints, where that is certain.
    pub(super) fn output_of(&self, commands: &[Step]) -> Option<String> {
        let words = self.plain_words(commands)?;
        (words == ["pwd"]).then(|| self.cwd.as_deref().map(str::to_owned)).flatten()
    }

    /// Whether a substitution prints a number and nothing else.
    pub(super) fn prints_number(&self, commands: &[Step]) -> bool {
        let Some(words) = self.plain_words(commands) else { return false };
        let Some((name, rest)) = words.split_first() else { return false };
        let flags = rest.iter().all(|w| w.starts_with('-'));
        match name.as_str() {
            "wc" | "nproc" => flags,
            "grep" => matches!(rest, [flag, _] | [flag, _, _] if flag == "-c"),
            "date" => rest == ["+%s"],
            "id" => rest == ["-u"] || rest == ["-g"],
            "seq" | "echo" => {
                let number = |w: &String| !w.is_empty() && w.chars().all(|c| c.is_ascii_digit());
                rest.iter().all(number)
            }
            _ => false,
        }
    }

    /// The words of the one command whose output a substitution is: the last of a pipeline.
    fn plain_words(&self, commands: &[Step]) -> Option<Vec<String>> {
        let [Step { node, .. }] = commands else { return None };
        let node = match node {
            Node::Pipeline(nodes) => nodes.last()?,
            node => node,
        };
        let Node::Simple(s) = node else { return None };
        let words: Vec<String> = s.words.iter().map(Word::literal).collect::<Option<_>>()?;
        let name = words.first()?;
        let plain = s.assignments.is_empty() && self.path_known && self.function(name).is_none();
        plain.then_some(words)
    }

    /// After a place that either of two ways may have led to.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.cwd != other.cwd {
            self.cwd = None;
        }
        if !Rc::ptr_eq(&self.vars, &other.vars) {
            let names: Vec<String> = self.vars.keys().chain(other.vars.keys()).cloned().collect();
            for name in names {
                let (mine, theirs) = (self.look_up(&name), other.look_up(&name));
                if mine != theirs {
                    let number = |v: &Option<Arg>| v.as_ref().is_some_and(Arg::is_number);
                    let both = number(&mine) && number(&theirs);
                    Rc::make_mut(&mut self.vars).insert(name, both.then(Arg::number));
                }
            }
        }
        if !Rc::ptr_eq(&self.arrays, &other.arrays) {
            Rc::make_mut(&mut self.arrays).retain(|name, e| other.arrays.get(name) == Some(e));
        }
        if !Rc::ptr_eq(&self.functions, &other.functions) {
            self.merge_functions(other);
        }
        if self.positional != other.positional {
            self.positional = None;
        }
        if !Rc::ptr_eq(&self.frozen, &other.frozen) {
            self.frozen = Rc::new(self.frozen.union(&other.frozen).cloned().collect());
        }
        self.path_known &= other.path_known;
        self.odd_ifs |= other.odd_ifs;
        self.overflow |= other.overflow;
        if !Rc::ptr_eq(&self.made, &other.made) {
            self.made = Rc::new(self.made.intersection(&other.made).cloned().collect());
        }
    }

    fn merge_functions(&mut self, other: &Self) {
        let mine = Rc::make_mut(&mut self.functions);
        for (name, functions) in mine.iter_mut() {
            functions.certain &= other.functions.get(name).is_some_and(|f| f.certain);
        }
        for (name, theirs) in other.functions.iter() {
            let none = Functions { bodies: Vec::new(), certain: false };
            let functions = mine.entry(name.clone()).or_insert(none);
            for body in &theirs.bodies {
                if !functions.bodies.iter().any(|b| Rc::ptr_eq(b, body)) {
                    functions.bodies.push(Rc::clone(body));
                }
            }
        }
    }
}
