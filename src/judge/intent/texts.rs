//! Kinds of argument that are texts for another program: of a shell, or in a file that the value names.
//!
//! In: a text, or where it comes from. Out: the effects of every command in it.
//! Never: reads a text by rules that its shell may not have.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use super::state::Input;
use crate::judge::shell::Dialect;
use crate::model::Action;

/// Where a program text comes from that another command of the line prints.
pub(super) const FROM_A_PIPE: &str = "program text from a pipe";

impl Reader<'_> {
    /// A value that is the content of a file where it begins so.
    pub(super) fn file_behind(&mut self, call: &Call, beginnings: &[&str], value: &Arg) {
        let (state, source) = (&call.state, &call.source);
        let prefix = value.prefix();
        let possible = |b: &&&str| prefix.starts_with(**b) || b.starts_with(&prefix);
        if let Some(file) = beginnings.iter().find_map(|b| value.without(b)) {
            self.file(Action::Read, &file, state, source);
        } else if value.known().is_none() && value.any && beginnings.iter().any(|b| possible(&b)) {
            self.file(Action::Read, &Arg::unknown(false), state, source);
        }
    }

    /// Text of a shell that has other rules: read where all shells read it alike.
    pub(super) fn plain_text(&mut self, call: &Call, value: &Arg) {
        let alike = |c: char| c.is_ascii_alphanumeric() || "_./:,@%+-; |&'".contains(c);
        let known = value.known();
        match known.filter(|t| t.chars().all(alike) && !t.contains("|&") && !t.contains("&|")) {
            Some(_) => self.shell_text(value, Dialect::Posix, call),
            None => self.not_understood(call, "a text of a shell that has other rules"),
        }
    }

    /// Text that `env -S` splits into a command (GNU coreutils, «env invocation»): read as the shell
    /// would where both read it alike.
    pub(super) fn split_text(&mut self, call: &Call, value: &Arg) {
        let alike = |c: char| c.is_ascii_alphanumeric() || "_./=:,@%+- '".contains(c);
        match value.known() {
            Some(text) if call.operands.is_empty() && text.chars().all(alike) => {
                self.shell_text(value, Dialect::Posix, call);
            }
            _ => self.not_understood(call, "a text that is split in a way that is not plain"),
        }
    }

    pub(super) fn shell_text(&mut self, value: &Arg, dialect: Dialect, call: &Call) {
        match value.known() {
            Some(text) => {
                let text = text.to_owned();
                let mut inner = call.state.other_shell();
                let input = call.input.clone();
                self.deeper(|r| r.text(text.as_bytes(), dialect, &mut inner, &input));
            }
            None => self.opaque("a shell text that is not known before it runs"),
        }
    }

    /// The program is what comes in on standard input.
    pub(super) fn standard_input(&mut self, call: &Call, kind: &str) {
        match (&call.input, kind) {
            (Input::Text(text), "stdin-sh" | "stdin-sh:posix") => {
                let dialect = if kind == "stdin-sh" { Dialect::Bash } else { Dialect::Posix };
                self.shell_text(&Arg::literal(text), dialect, call);
            }
            (Input::Text(text), _) => {
                let text = text.clone();
                self.program_text(Some(&text), "program text from a here-document");
            }
            (input, _) => {
                self.inline(match input {
                    Input::Piped | Input::Names(_) => FROM_A_PIPE,
                    Input::File => "program text from a file",
                    _ => "program text from standard input",
                });
            }
        }
    }
}
