//! Commands whose arguments come from standard input: xargs(1) and its kin.
//!
//! In: the call of the wrapper, the inner words. Out: the inner command's effects, with arguments that are
//! known as far as the input is.
//! Never: takes an argument for one that it may not be.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use super::state::{Input, State};
use crate::judge::shell::Dialect;
use crate::model::{Action, StdinKind};

impl Reader<'_> {
    /// The inner command once for each tree that its arguments lie in; once with any where that is not
    /// known. Its own standard input is empty.
    pub(super) fn with_arguments(&mut self, call: &Call, rest: &[Arg], state: &mut State) {
        let given = |names: &[&str]| call.given.iter().any(|(n, _)| names.contains(&n.as_str()));
        let from_input = !given(&["-a", "--arg-file"]);
        let nul = given(&["-0", "--null"]);
        let odd = given(&["-d", "--delimiter", "-E", "-e", "--eof"]);
        let trees = self.argument_trees(&call.input, nul).filter(|_| from_input && !odd);
        // Names are relative to where they were printed.
        if let Some(trees) = trees.filter(|_| !moves(rest)) {
            for tree in trees {
                let one = Arg { many: false, ..Arg::pattern(&tree) };
                self.inner_with(call, rest, &one, state);
            }
            return;
        }
        let closed = matches!(call.input, Input::Inherited) && self.stdin == StdinKind::Closed;
        if closed && from_input {
            // No arguments come: what it is without them, and what it would change with them.
            // Where they are put inside, nothing runs without them, and a text stays what it is.
            let inside = given(&["-I", "-i", "-J", "--replace"]);
            if !inside {
                let words = rest.to_vec();
                self.deeper(|r| r.run(words, &mut state.clone(), &Input::Inherited, false));
            }
            let alone = self.intent.effects.len();
            self.inner_with(call, rest, &Arg::unknown(false), state);
            let mut at = 0;
            self.intent.effects.retain(|e| {
                at += 1;
                let looks = matches!(e.action, Action::Reveal | Action::Read);
                let guessed = matches!(e.action, Action::Opaque | Action::Execute) && !inside;
                at <= alone || !(looks || guessed)
            });
            return;
        }
        self.inner_with(call, rest, &Arg::unknown(false), state);
    }

    /// parallel(1): the words in front of `:::`, as one text of a shell, once for each word behind it; without
    /// any they come from standard input.
    pub(super) fn parallel(&mut self, call: &Call) {
        let known: Option<Vec<&str>> = call.operands.iter().map(Arg::known).collect();
        let Some(words) = known.filter(|_| !call.marks.contains("dry")) else {
            if !call.marks.contains("dry") {
                self.opaque("a text for parallel that is not known before it runs");
            }
            return;
        };
        let mut parts = words.split(|w| *w == ":::");
        let text = parts.next().unwrap_or_default().join(" ");
        let (first, more) = (parts.next(), parts.next());
        let odd =
            ["{.}", "{/", "{#", "{%", "{=", "{1", "{+", "{-"].iter().any(|s| text.contains(s));
        let sources = words.iter().any(|w| w.starts_with("::::") || *w == ":::+");
        if text.is_empty() || odd || sources || more.is_some() {
            self.opaque("arguments that parallel puts in places of its own");
            return;
        }
        let Some(values) = first else {
            let words = text.split(' ').map(Arg::literal).collect::<Vec<_>>();
            let plain = |c: char| c.is_ascii_alphanumeric() || " _./-".contains(c);
            if text.chars().all(plain) {
                self.inner_with(call, &words, &Arg::unknown(false), &call.state);
            } else {
                self.opaque("a text of a shell with arguments that come from standard input");
            }
            return;
        };
        for value in values {
            let quoted = format!("'{}'", value.replace('\'', r"'\''"));
            let line = if text.contains("{}") {
                text.replace("{}", &quoted)
            } else {
                format!("{text} {quoted}")
            };
            let mut inner = call.state.other_shell();
            self.deeper(|r| r.text(line.as_bytes(), Dialect::Bash, &mut inner, &Input::Inherited));
        }
    }

    fn inner_with(&mut self, call: &Call, rest: &[Arg], one: &Arg, state: &State) {
        let mut words = rest.to_vec();
        placed(call, &mut words, one);
        self.deeper(|r| r.run(words, &mut state.clone(), &Input::Inherited, false));
    }
}

/// The inner command's arguments that only standard input tells: in the place of the string that `-I`
/// names (xargs(1)), also inside of a text, else at the end.
fn placed(call: &Call, rest: &mut Vec<Arg>, one: &Arg) {
    let named = call
        .given
        .iter()
        .find(|(name, _)| matches!(name.as_str(), "-I" | "-i" | "-J" | "--replace"));
    let Some((_, value)) = named else {
        // One or more: the first and the last of them may mean different things (`xargs mv`).
        let single = call.flag("-n").or_else(|| call.flag("-L")).and_then(Arg::known) == Some("1");
        rest.extend(std::iter::repeat_n(one.clone(), if single { 1 } else { 2 }));
        return;
    };
    let sign = value.as_ref().map_or(Some("{}"), Arg::known);
    for word in rest {
        let known = word.known().zip(sign.filter(|s| !s.is_empty()));
        match known {
            Some((text, sign)) if text == sign => *word = one.clone(),
            Some((text, sign)) if !text.contains(sign) => {}
            _ => *word = Arg::unknown(false),
        }
    }
}

/// Whether words may make a command look for names from another folder.
pub(super) fn moves(words: &[Arg]) -> bool {
    // There `-C` counts lines.
    let counts = ["grep", "egrep", "fgrep", "rg", "diff"];
    let first = words.first().and_then(Arg::known).unwrap_or_default();
    words.iter().any(|w| {
        let prefix = w.prefix();
        let short = prefix.starts_with('-') && !prefix.starts_with("--") && prefix.contains('C');
        w.known().is_none()
            || prefix.starts_with("--ch")
            || prefix.starts_with("--dir")
            || (short && !counts.contains(&first))
    })
}
