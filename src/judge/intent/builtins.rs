//! What bash does itself: builtins, and the environment that makes programs run something.
//!
//! In: a builtin's name and arguments. Out: its effects, and what it changes in the state.
//! Never: takes a program for a builtin outside of a shell line.

use super::Reader;
use super::args::Arg;
use super::environment::{consents, executes, keeps_history};
use super::evaluate::subscript_runs;
use super::state::{Input, State};
use crate::judge::catalogue::Doing;
use crate::judge::shell::Dialect;
use crate::model::{Action, Answer, Resource, ResourceKind};
use std::rc::Rc;

/// Builtins without an effect that needs a rule (bash manual, «Shell Builtin Commands»).
const HARMLESS: &[&str] = &[
    ":", "true", "false", "echo", "test", "[", "[[", "((", "pwd", "type", "wait", "exit", "return",
    "break", "continue", "umask", "ulimit", "times", "jobs", "caller", "help", "logout", "dirs",
    "fg",
];

/// Options of `set -o` that only make the shell stricter or talk more.
const PLAIN_OPTIONS: &[&str] = &[
    "errexit",
    "errtrace",
    "functrace",
    "noclobber",
    "noexec",
    "noglob",
    "nounset",
    "pipefail",
    "verbose",
    "xtrace",
    "physical",
    "hashall",
    "monitor",
    "notify",
];

/// Whether a builtin is given a name or an expression whose subscript runs a command. Those that only
/// print or wait do not look at subscripts.
fn evaluates(name: &str, rest: &[Arg]) -> bool {
    let takes_names = match name {
        "printf" | "wait" => rest.first().is_some_and(|a| a.prefix().starts_with('-')),
        "echo" | ":" | "true" | "false" | "trap" | "eval" | "exec" | "command" | "builtin"
        | "cd" | "type" | "exit" | "return" => false,
        _ => true,
    };
    let builtin = HARMLESS.contains(&name)
        || matches!(
            name,
            "printf"
                | "read"
                | "mapfile"
                | "readarray"
                | "unset"
                | "export"
                | "declare"
                | "typeset"
                | "local"
                | "readonly"
        );
    builtin && takes_names && rest.iter().any(|a| a.known().is_some_and(subscript_runs))
}

impl Reader<'_> {
    /// Whether the command is a builtin, which is then done with.
    pub(super) fn builtin(
        &mut self,
        args: &[Arg],
        shown: &str,
        state: &mut State,
        input: &Input,
    ) -> bool {
        let Some((name, rest)) = args.split_first() else { return true };
        let Some(name) = name.known() else { return false };
        if evaluates(name, rest) {
            self.begin(shown, Some("bash".to_owned()));
            self.opaque("a subscript that may hold a command");
        }
        match name {
            _ if HARMLESS.contains(&name) => {
                self.begin(shown, Some("bash".to_owned()));
                if name == "[[" {
                    self.condition(rest, state);
                }
            }
            "let" => {
                self.begin(shown, Some("bash".to_owned()));
                for arg in rest {
                    self.arithmetic_text(arg, state);
                    // Names of all kinds may be set in it.
                    let text = arg.known().unwrap_or_default();
                    for name in text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()) {
                        self.given_value("a value for", name);
                        state.set(name, Some(Arg::number()));
                    }
                }
            }
            "shift" => {
                self.begin(shown, Some("bash".to_owned()));
                let count =
                    rest.first().map_or(Some(1), |a| a.known().and_then(|t| t.parse().ok()));
                let left = match (&state.positional, count) {
                    (Some(all), Some(count)) => all.get(count..).map(Rc::from),
                    _ => None,
                };
                state.positional = left;
            }
            "cd" => {
                self.begin(shown, Some("bash".to_owned()));
                self.change_folder(rest, state);
            }
            "pushd" | "popd" => {
                self.begin(shown, Some("bash".to_owned()));
                state.cwd = None;
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.begin(shown, Some("bash".to_owned()));
                self.declare(rest, state);
                let flags =
                    |a: &Arg| a.known().is_some_and(|t| t.starts_with('-') && t.contains('r'));
                if name == "readonly" || rest.iter().any(flags) {
                    for arg in rest {
                        state.freeze(arg.prefix().split('=').next().unwrap_or_default());
                    }
                }
            }
            "unset" | "read" | "mapfile" | "readarray" => {
                self.begin(shown, Some("bash".to_owned()));
                let names = rest.iter().map(|a| a.known());
                for given in names {
                    match given {
                        Some(flag) if flag.starts_with('-') => {}
                        Some(text) => {
                            self.given_value("a value for", text);
                            state.set(text, None);
                            if name == "unset" {
                                state.undefine(text);
                            }
                        }
                        None => self.opaque("the name of a variable is not known"),
                    }
                }
            }
            "getopts" => {
                self.begin(shown, Some("bash".to_owned()));
                match rest.get(1).and_then(Arg::known) {
                    Some(name) => {
                        self.given_value("a value for", name);
                        state.set(name, None);
                        state.set("OPTARG", None);
                    }
                    None => self.opaque("the name of a variable is not known"),
                }
            }
            "printf" => {
                self.begin(shown, Some("bash".to_owned()));
                if let [flag, name, ..] = rest
                    && let (Some("-v"), Some(name)) = (flag.known(), name.known())
                {
                    self.given_value("a value for", name);
                    state.set(name, None);
                }
            }
            "set" => {
                self.begin(shown, Some("bash".to_owned()));
                if rest.iter().any(|a| a.known() == Some("history")) {
                    self.given_value("an option for", "HISTFILE");
                }
                if rest.is_empty() {
                    let read = Some(Doing::Act(Action::Read));
                    self.on(read, ResourceKind::Env, "**", "all variables");
                }
                self.options(rest, state);
            }
            "hash" if rest.is_empty() || rest.iter().all(|a| a.known() == Some("-r")) => {
                self.begin(shown, Some("bash".to_owned()));
            }
            "eval" => {
                self.begin(shown, Some("bash".to_owned()));
                let text: Option<Vec<&str>> = rest.iter().map(Arg::known).collect();
                match text {
                    Some(words) => {
                        self.more_text(words.join(" ").as_bytes(), Dialect::Bash, state, input)
                    }
                    None => self.opaque("`eval` of text that is not known"),
                }
            }
            "trap" => {
                self.begin(shown, Some("bash".to_owned()));
                let rest = match rest.split_first() {
                    Some((first, rest)) if first.known() == Some("--") => rest,
                    _ => rest,
                };
                match rest.first().map(|a| a.known()) {
                    None | Some(Some("-" | "" | "-p" | "-l")) => {}
                    Some(Some(text)) => self.traps.push((text.to_owned(), state.clone())),
                    Some(None) => self.opaque("`trap` with text that is not known"),
                }
            }
            "source" | "." => {
                self.begin(shown, Some("bash".to_owned()));
                if let Some(file) = rest.first() {
                    self.script(file, state, "sourced file");
                }
                // It runs in this shell and may change all of it.
                state.cwd = None;
                state.path_known = false;
                state.forget();
            }
            "exec" | "command" | "builtin" => {
                return self.runs_rest(name, rest, shown, state, input);
            }
            "shopt" | "alias" | "unalias" | "enable" | "bind" | "complete" | "compgen"
            | "compopt" | "fc" | "history" | "disown" | "suspend" | "bg" | "hash" | "coproc" => {
                self.begin(shown, Some("bash".to_owned()));
                self.opaque(&format!(
                    "builtin `{name}`, which changes how the shell reads or runs"
                ));
            }
            _ => return false,
        }
        true
    }

    /// `exec`, `command` and `builtin` run the rest.
    fn runs_rest(
        &mut self,
        name: &str,
        rest: &[Arg],
        shown: &str,
        state: &mut State,
        input: &Input,
    ) -> bool {
        self.begin(shown, Some("bash".to_owned()));
        let flag = rest.first().and_then(Arg::known).filter(|f| f.starts_with('-'));
        match (name, flag) {
            ("command", Some("-v" | "-V")) => {}
            ("command", Some("-p")) => {
                self.opaque("`command -p`, which looks in another PATH");
            }
            (_, Some("--")) => {
                self.inner(rest.get(1..).unwrap_or_default(), state, input, name != "exec");
            }
            (_, Some(flag)) => {
                let why = format!("option `{flag}` of `{name}`");
                self.opaque(&why);
            }
            (_, None) => self.inner(rest, state, input, name != "exec"),
        }
        true
    }

    /// A variable gets a value: code, where programs run what it names; consent or another place to
    /// trust, where programs ask it for that; less of a trace, where shells keep one by it.
    pub(super) fn given_value(&mut self, how: &str, name: &str) {
        if executes(name) {
            self.inline(&format!("{how} {name}, which programs run"));
        }
        let action = if consents(name) {
            Action::Administer
        } else if keeps_history(name) {
            Action::Update
        } else {
            return;
        };
        let resource = Resource::exact(ResourceKind::Env, name);
        self.add(action, resource, &format!("{how} {name}, which programs obey"));
    }

    fn inner(&mut self, rest: &[Arg], state: &mut State, input: &Input, shell: bool) {
        if !rest.is_empty() {
            let rest = rest.to_vec();
            self.deeper(|r| r.run(rest, state, input, shell));
        }
    }

    /// `set`: options, and positional parameters.
    fn options(&mut self, rest: &[Arg], state: &mut State) {
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            let text = word.known().unwrap_or_default();
            let Some(letters) = text.strip_prefix(['-', '+']).filter(|_| text != "--") else {
                let skipped = usize::from(text == "--") + rest.len() - words.len() - 1;
                let all = rest.get(skipped..).unwrap_or_default();
                state.positional = (!all.iter().any(|a| a.many)).then(|| Rc::from(all));
                if word.known().is_none() {
                    self.opaque("an option of `set` that is not known");
                }
                return;
            };
            let named = letters.ends_with('o');
            let known = letters.trim_end_matches('o').chars().all(|c| "euxvfCETbnhBHm".contains(c));
            let long = if named { words.next().map(|w| w.known().unwrap_or("?")) } else { None };
            if !known || long.is_some_and(|name| !PLAIN_OPTIONS.contains(&name)) {
                self.opaque("an option of `set` that changes how the shell reads or runs");
            }
        }
    }

    fn declare(&mut self, rest: &[Arg], state: &mut State) {
        for arg in rest {
            let Some(text) = arg.known() else {
                let prefix = arg.prefix();
                match prefix.split_once('=') {
                    Some((name, _)) => {
                        self.given_value("a value for", name);
                        state.set(name, None);
                    }
                    None => self.opaque("the name of a variable is not known"),
                }
                continue;
            };
            if let Some(flags) = text.strip_prefix('-') {
                if flags.contains(['n', 'i', 'a', 'A', 'f', 'u', 'l', 't']) {
                    self.opaque("a variable with an attribute that evaluates or refers");
                }
                continue;
            }
            if let Some((name, value)) = text.split_once('=') {
                self.given_value("a value for", name);
                state.set(name, Some(Arg::literal(value)));
            }
        }
    }

    /// `cd`: where the line goes on. What cannot be told makes the folder unknown, and with it every
    /// relative path.
    fn change_folder(&mut self, rest: &[Arg], state: &mut State) {
        let mut words = rest.iter().filter(|a| !matches!(a.known(), Some("-P" | "-L" | "--")));
        let target = match words.next() {
            None => state.value("HOME").and_then(|h| h.known().map(str::to_owned)),
            // With a second operand `cd` fails and the folder stays; neither is taken for certain.
            Some(arg) if arg.many || words.next().is_some() => None,
            Some(arg) => arg.known().map(str::to_owned),
        };
        let target = target.filter(|t| t != "-" && !t.is_empty() && !state.is_set("CDPATH"));
        let absolute = match (&target, &state.cwd) {
            (Some(t), _) if t.starts_with('/') => Some(t.clone()),
            (Some(t), Some(cwd)) => Some(format!("{cwd}/{t}")),
            _ => None,
        };
        state.cwd = absolute.and_then(|path| {
            let (kind, real) = match self.world.ask(&format!("path:{path}")) {
                Answer::Known(v) => v
                    .as_text()
                    .and_then(|t| t.split_once(' '))
                    .map(|(k, r)| (k.to_owned(), r.to_owned()))?,
                _ => return None,
            };
            (kind == "dir" || state.made.contains(&real)).then(|| Rc::from(real))
        });
    }
}
