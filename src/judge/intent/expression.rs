//! find's expression: tests, and actions that run, delete or write (find(1), GNU findutils 4.9).
//!
//! In: find's words. Out: the trees it reads, and what its actions do to them.
//! Never: skips a primary it does not know.

use super::Reader;
use super::args::{Arg, one_name};
use super::call::Call;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

/// Tests and options without an argument.
const ALONE: &[&str] = &[
    "-a",
    "-and",
    "-o",
    "-or",
    "-not",
    "!",
    "(",
    ")",
    ",",
    "-daystart",
    "-depth",
    "-d",
    "-empty",
    "-executable",
    "-false",
    "-true",
    "-follow",
    "-ignore_readdir_race",
    "-noignore_readdir_race",
    "-mount",
    "-nogroup",
    "-noleaf",
    "-nouser",
    "-nowarn",
    "-warn",
    "-print",
    "-print0",
    "-prune",
    "-quit",
    "-readable",
    "-writable",
    "-xdev",
    "-ls",
];
/// What stands before the paths; the later ones are those of BSD, which GNU find refuses.
const OPTIONS: &[&str] =
    &["-H", "-L", "-P", "-O0", "-O1", "-O2", "-O3", "-E", "-X", "-x", "-s", "-EL", "-LE"];
/// Tests and options with one argument.
const WITH_ONE: &[&str] = &[
    "-amin",
    "-atime",
    "-cmin",
    "-context",
    "-ctime",
    "-fstype",
    "-gid",
    "-group",
    "-ilname",
    "-iname",
    "-inum",
    "-ipath",
    "-iregex",
    "-iwholename",
    "-links",
    "-lname",
    "-maxdepth",
    "-mindepth",
    "-mmin",
    "-mtime",
    "-name",
    "-path",
    "-perm",
    "-printf",
    "-regex",
    "-regextype",
    "-size",
    "-type",
    "-uid",
    "-used",
    "-user",
    "-wholename",
    "-xtype",
    "-newermt",
    "-newerat",
    "-newerct",
    "-newermc",
    "-newerma",
    "-newerBt",
    "-newermB",
    "-D",
];
/// Tests whose argument is a file that is read.
const READS: &[&str] =
    &["-anewer", "-cnewer", "-newer", "-newermm", "-newerac", "-samefile", "-files0-from"];

impl Reader<'_> {
    pub(super) fn find_expression(&mut self, call: &Call, words: &[Arg]) {
        let state = &call.state;
        let begins =
            |a: &Arg| a.prefix().starts_with('-') || matches!(a.known(), Some("(" | "!" | ","));
        // -H, -L, -P, -O stand before the paths.
        let options =
            words.iter().take_while(|a| a.known().is_some_and(|a| OPTIONS.contains(&a))).count();
        let words = words.get(options..).unwrap_or_default();
        let count = words.iter().take_while(|a| !begins(a)).count();
        let (paths, expression) = words.split_at_checked(count).unwrap_or((words, &[]));
        if matches!(words, [one] if matches!(one.known(), Some("--help" | "-help" | "--version" | "-version")))
        {
            return;
        }
        let here = [Arg::literal(".")];
        let starts = if paths.is_empty() { here.as_slice() } else { paths };
        let mut trees = Vec::new();
        for start in starts {
            if self.full() {
                break;
            }
            let place = self.place(start, state, true);
            let tree = place.tree();
            // Names are shown, and no contents.
            self.on(Some(Doing::Act(Action::Read)), ResourceKind::File, &tree, "start of find");
            trees.push(narrowed(&place.glob, expression).unwrap_or(tree));
        }
        let mut words = expression.iter();
        while let Some(word) = words.next() {
            let Some(name) = word.known() else {
                self.not_understood(call, "a primary of find that is not known before it runs");
                continue;
            };
            match name {
                _ if ALONE.contains(&name) => {}
                _ if WITH_ONE.contains(&name) => {
                    words.next();
                }
                _ if READS.contains(&name) => match words.next() {
                    Some(file) if name == "-files0-from" => {
                        self.file(Action::Read, file, state, "find -files0-from");
                        self.not_understood(call, "paths that come from a file");
                    }
                    Some(file) => {
                        self.file(Action::Read, file, state, "find, a file to compare with")
                    }
                    None => self.not_understood(call, "a primary of find without its argument"),
                },
                // Of a BSD find, for a path that begins with a dash.
                "-f" => match words.next() {
                    Some(file) => self.file(Action::Read, file, state, "start of find"),
                    None => self.not_understood(call, "a primary of find without its argument"),
                },
                "-delete" => {
                    for tree in &trees {
                        self.on_file(Action::Delete, tree, state, "find -delete");
                    }
                }
                "-fprint" | "-fprint0" | "-fls" | "-fprintf" => match words.next() {
                    Some(file) => {
                        self.write_file(file, state, &format!("find {name}"));
                        if name == "-fprintf" {
                            words.next();
                        }
                    }
                    None => self.not_understood(call, "a primary of find without its argument"),
                },
                "-exec" | "-execdir" | "-ok" | "-okdir" => {
                    let inner: Vec<Arg> = words
                        .by_ref()
                        .take_while(|a| !matches!(a.known(), Some(";" | "+")))
                        .cloned()
                        .collect();
                    self.find_runs(call, &inner, &trees, name.ends_with("dir"));
                }
                _ => self.not_understood(call, &format!("`{name}` of find is not known")),
            }
        }
    }

    /// The inner command, with the found files in the place of `{}`.
    pub(super) fn find_runs(&mut self, call: &Call, words: &[Arg], trees: &[String], dir: bool) {
        if words.is_empty() {
            self.not_understood(call, "an action of find without a command");
            return;
        }
        for tree in trees {
            let found = Arg::pattern(tree);
            let place = |a: &Arg| match a.known() {
                Some("{}") => Arg { many: false, ..found.clone() },
                Some(text) if text.contains("{}") || text.starts_with('{') => Arg::unknown(false),
                _ => a.clone(),
            };
            let args: Vec<Arg> = words.iter().map(place).collect();
            let mut inner = call.state.clone();
            if dir || super::xargs::moves(words) {
                inner.cwd = None;
            }
            // A pattern whose tree is not absolute would be one of the line's own.
            if Glob::parse(tree).is_ok() {
                let input = call.input.clone();
                self.deeper(|r| r.run(args, &mut inner, &input, false));
            }
        }
    }
}

/// The names that an expression of plain tests can find below a folder, where `-name` says which: every
/// test must hold, so that what its actions get are names of that pattern.
fn narrowed(folder: &str, expression: &[Arg]) -> Option<String> {
    let words: Option<Vec<&str>> = expression.iter().map(Arg::known).collect();
    let words = words?;
    let either = ["-o", "-or", "!", "-not", "(", ")", ",", "-execdir", "-okdir", "-files0-from"];
    if words.iter().any(|w| either.contains(w)) {
        return None;
    }
    let mut tests = words.iter().copied();
    let pattern = loop {
        match tests.next()? {
            "-name" => break tests.next()?,
            test if WITH_ONE.contains(&test) || READS.contains(&test) => {
                tests.next()?;
            }
            "-print" | "-print0" | "-ls" | "-quit" => return None,
            test if ALONE.contains(&test) => {}
            _ => return None,
        }
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+@*?".contains(c);
    let base = folder.rsplit('/').next().unwrap_or_default();
    let glob = Glob::parse(pattern).ok()?;
    // The folder itself is found as well, by its own name.
    let usable = !pattern.is_empty() && pattern.chars().all(plain) && !pattern.contains("**");
    (usable && !glob.matches(base) && one_name(folder).is_some())
        .then(|| format!("{}/**/{pattern}", folder.trim_end_matches('/')))
}
