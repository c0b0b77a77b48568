//! Effect texts to effects: the kinds of argument that the catalogue can name.
//!
//! In: an effect text, the argument, the call. Out: effects with resources.
//! Never: drops an effect because its argument is not known: then it is on everything of its kind.

use super::Reader;
use super::args::{Arg, one_name};
use super::call::Call;
use super::environment::holds_secret;
use super::paths::Kind;
use super::state::State;
use crate::judge::catalogue::{Doing, EffectText};
use crate::judge::shell::Dialect;
use crate::model::{Action, Glob, Resource, ResourceKind};
use std::rc::Rc;

/// Kinds of argument that rows may name; `docs/design/catalogue.md` says what each means.
pub const KINDS: &[&str] = &[
    "any",
    "opaque",
    "path",
    "tree",
    "list",
    "unpacked",
    "whole",
    "url",
    "host",
    "scp",
    "s3",
    "gs",
    "at-file",
    "file-url",
    "split",
    "signal",
    "code",
    "script",
    "sh",
    "sql",
    "sed",
    "awk",
    "find",
    "git-remote",
    "git-refspec",
    "git-checkout",
    "git-config",
    "mode",
    "npm-script",
    "parallel",
    "k8s",
    "mount",
    "publish",
    "github-api",
    "tool",
    "env-name",
    "pid",
    "unit",
    "image",
    "container",
    "chdir",
    "chdir-operands",
    "stdin-sh",
    "stdin-code",
    "stdin-sql",
];

impl Reader<'_> {
    /// One effect text.
    pub(super) fn effect(&mut self, call: &mut Call, text: &str, arg: Option<&Arg>) {
        if self.full() {
            return;
        }
        let Some(effect) = EffectText::parse(text) else {
            self.not_understood(call, &format!("`{text}` in the catalogue is no effect"));
            return;
        };
        if let Some((mark, wanted)) = effect.condition {
            let holds = match mark.strip_prefix("exists ") {
                Some(name) => self.stands_above(name, &call.state),
                None => call.marks.contains(mark),
            };
            if holds != wanted {
                return;
            }
        }
        if let Some((kind, template)) = effect.kind.split_once(':')
            && let Some(kind) = ResourceKind::parse(kind)
        {
            let template = match effect.argument {
                Some(rest) => format!("{template} {rest}"),
                None => template.to_owned(),
            };
            self.template(call, &effect, kind, &template, arg);
            return;
        }
        let replaced = effect.argument.map(|t| self.filled(call, t, arg));
        match replaced {
            Some(values) => {
                for (value, _) in values {
                    self.kind(call, &effect, Some(&value));
                }
            }
            None => self.kind(call, &effect, arg),
        }
    }

    /// Whether a file of that name is in the folder or one above it, or may be.
    fn stands_above(&mut self, name: &str, state: &State) -> bool {
        let Some(cwd) = state.cwd.clone() else { return true };
        let mut folder = &*cwd;
        loop {
            let place = self.place(&Arg::literal(&format!("{folder}/{name}")), state, true);
            if place.kind != Kind::Missing {
                return true;
            }
            match folder.rsplit_once('/') {
                Some((above, _)) => folder = above,
                None => return false,
            }
        }
    }

    fn kind(&mut self, call: &mut Call, effect: &EffectText<'_>, arg: Option<&Arg>) {
        let nothing = Arg::literal("");
        let value = arg.unwrap_or(&nothing);
        let (name, param) = effect.kind.split_once([':', '/']).unwrap_or((effect.kind, ""));
        match name {
            "any" => {}
            "opaque" => self.not_understood(call, &call.source),
            "path" | "tree" | "list" | "unpacked" | "whole" => {
                self.path_kind(call, effect, name, value)
            }
            "url" => self.url(call, effect.action, value),
            "host" => self.host(effect.action, value, param.parse().unwrap_or(22), &call.source),
            "scp" => self.scp(call, effect, value),
            "s3" => self.object(call, effect.action, value, ("s3://", ResourceKind::S3, "")),
            "gs" => {
                self.object(call, effect.action, value, ("gs://", ResourceKind::Service, "gs/"))
            }
            "at-file" if !param.is_empty() => {
                // `name=@file`, `name@file`: the file up to a `;`, behind which stand its attributes.
                if let Some((_, file)) = value.known().and_then(|v| v.split_once(param)) {
                    let file = file.split(';').next().unwrap_or_default();
                    self.file(Action::Read, &Arg::literal(file), &call.state, &call.source);
                } else if value.known().is_none() {
                    self.file(Action::Read, &Arg::unknown(false), &call.state, &call.source);
                }
            }
            "at-file" if value.known() == Some("@-") => {} // Standard input.
            "at-file" => self.file_behind(call, &["@"], value),
            "file-url" => self.file_behind(call, &["file://", "fileb://"], value),
            "signal" => self.signal(value, &call.source),
            "split" => self.split_text(call, value),
            "code" => self.program_text(value.known(), &call.source),
            "script" if value.known() == Some("-") => self.standard_input(call, "stdin-code"),
            "script" => self.script(value, &call.state, &call.source),
            "sh" if param == "plain" => self.plain_text(call, value),
            "sh" => self.shell_text(
                value,
                if param == "posix" { Dialect::Posix } else { Dialect::Bash },
                call,
            ),
            "sql" => self.sql(call, value, param),
            "sed" => self.sed(call, value),
            "awk" => self.awk(call, value),
            "git-remote" => self.git_remote(effect.action, value, &call.state, &call.source),
            "git-refspec" => self.git_refspec(call, value),
            "git-checkout" => self.git_checkout(call, value),
            "git-config" => self.git_config(value, &call.source),
            "parallel" => self.parallel(call),
            "npm-script" => self.npm_script(call, value),
            "mode" => self.mode(value, &call.source),
            "k8s" => self.objects(call, effect.action, param),
            "mount" => self.mount(call, value),
            "publish" => self.publish(call, value),
            "github-api" => self.github_api(call),
            "tool" => self.other_tool(call, value),
            "env-name" | "pid" | "unit" | "image" | "container" => {
                let kind = match name {
                    "env-name" => ResourceKind::Env,
                    "pid" => ResourceKind::Process,
                    "unit" => ResourceKind::Service,
                    "image" => ResourceKind::Image,
                    _ => ResourceKind::Container,
                };
                let action = match effect.action {
                    Some(Doing::Act(Action::Read))
                        if name == "env-name" && value.known().is_none_or(holds_secret) =>
                    {
                        Some(Doing::Act(Action::Reveal))
                    }
                    action => action,
                };
                self.on(action, kind, value.glob(), &call.source);
            }
            "chdir" => {}
            "chdir-operands" => {
                let place = self.place(value, &call.state, true);
                call.state.cwd = place.path().map(Rc::from);
            }
            "stdin-sh" | "stdin-code" => self.standard_input(call, effect.kind),
            "stdin-sql" => self.sql_from_input(call, param),
            other => {
                self.not_understood(call, &format!("kind `{other}` of the catalogue is not known"))
            }
        }
    }

    /// The effect on a resource of that kind by glob; without an action, it is opaque.
    pub(super) fn on(
        &mut self,
        action: Option<Doing>,
        kind: ResourceKind,
        glob: &str,
        source: &str,
    ) {
        let Ok(name) = Glob::parse(glob) else {
            self.opaque("a resource whose name is no pattern");
            return;
        };
        let resource = Resource { kind, name };
        match action {
            Some(Doing::Act(action)) => self.add(action, resource, source),
            Some(Doing::Write) => {
                self.add(Action::Create, resource.clone(), source);
                self.add(Action::Update, resource, source);
            }
            None => self.opaque("an effect without an action"),
        }
    }

    /// A template with its variables filled in, each with its glob, in which `**` stands for what is not
    /// known; `{ref}` may give several.
    fn filled(&self, call: &Call, template: &str, arg: Option<&Arg>) -> Vec<(Arg, String)> {
        let mut out = vec![String::new()];
        let mut any = false;
        let mut rest = template;
        while let Some((before, tail)) = rest.split_once('{') {
            let Some((name, after)) = tail.split_once('}') else { break };
            let values = self.variable(call, name, arg);
            out = out
                .iter()
                .flat_map(|o| values.iter().map(move |v| format!("{o}{before}{}", v.glob())))
                .collect();
            any |= values.iter().any(|v| v.any);
            rest = after;
        }
        out.into_iter()
            .map(|o| {
                let glob = format!("{o}{rest}").replace("***", "**");
                let arg = match one_name(&glob) {
                    Some(text) => Arg::literal(&text),
                    None if any => Arg::unknown(false),
                    None => Arg::pattern(&glob),
                };
                (arg, glob)
            })
            .collect()
    }

    fn variable(&self, call: &Call, name: &str, arg: Option<&Arg>) -> Vec<Arg> {
        let fact = |name: &str| {
            self.world.ask(name).text().map_or_else(|| Arg::unknown(false), Arg::literal)
        };
        let (base, default) = name.split_once('|').unwrap_or((name, ""));
        let or_default = |value: Option<Arg>| match value {
            Some(v) => v,
            None if name.contains('|') => Arg::pattern(default),
            None => Arg::unknown(false),
        };
        let one = match base {
            "arg" => arg.cloned().unwrap_or_else(|| Arg::unknown(false)),
            "group" => Arg::pattern(&call.group),
            "cwd" => call.state.cwd.as_deref().map_or_else(|| Arg::unknown(false), Arg::literal),
            "home" | "tmp" | "git.root" | "git.branch" => fact(base),
            "remote" => or_remote(call),
            "ref" => return self.git_refs(call),
            _ => match base.split_once(':') {
                Some(("flag", name)) => or_default(call.flag(name).cloned()),
                Some(("operand", n)) => {
                    or_default(n.parse::<usize>().ok().and_then(|n| call.operands.get(n)).cloned())
                }
                _ => Arg::unknown(false),
            },
        };
        vec![one]
    }

    fn template(
        &mut self,
        call: &Call,
        effect: &EffectText<'_>,
        kind: ResourceKind,
        template: &str,
        arg: Option<&Arg>,
    ) {
        let (source, state) = (&call.source, &call.state);
        for (value, glob) in self.filled(call, template, arg) {
            let files = matches!(kind, ResourceKind::File)
                || (kind == ResourceKind::Code && value.known() != Some("inline"));
            if kind == ResourceKind::Code && !files {
                self.program_text(arg.and_then(Arg::known), source);
                continue;
            }
            if !files {
                // Of an unknown name everything of the kind may be meant.
                self.on(effect.action, kind, &glob, source);
                if kind == ResourceKind::Git && glob.starts_with("./") {
                    self.other_repository(effect.action, state, source);
                }
                continue;
            }
            let place = self.place(&value, state, true);
            if kind == ResourceKind::Code {
                self.on(effect.action, kind, &place.glob, source);
                continue;
            }
            match effect.action {
                // A template says all of it: what else a place may mean is the row's to say.
                Some(Doing::Act(_)) => self.on(effect.action, kind, &place.glob, source),
                Some(Doing::Write) => self.write_place(&place, state, source),
                None => self.not_understood(call, "a file without an action in the catalogue"),
            }
        }
    }

    /// A process that a signal is sent to: a number, a group behind a dash, or all of them (kill(1)).
    fn signal(&mut self, value: &Arg, source: &str) {
        let (action, name) = match value.known() {
            Some("--") => return,
            Some("-1") => (Action::Delete, "**".to_owned()),
            Some(text) if text == "0" || text.starts_with('-') => (Action::Update, "**".to_owned()),
            Some(text) => (Action::Update, Glob::escape(text)),
            None if value.any => (Action::Delete, "**".to_owned()),
            // A number: `$$`, `$!`.
            None => (Action::Update, "**".to_owned()),
        };
        self.on(Some(Doing::Act(action)), ResourceKind::Process, &name, source);
    }

    /// A mode of chmod(1): set-user-id, set-group-id and writable by all are administration.
    fn mode(&mut self, value: &Arg, source: &str) {
        let octal = value.known().filter(|t| !t.is_empty() && t.chars().all(|c| c.is_digit(8)));
        let wide = match (octal, value.known()) {
            (Some(text), _) => u32::from_str_radix(text, 8).map_or(true, |m| m & 0o6002 != 0),
            (None, Some(text)) => text.split(',').any(|part| {
                let (who, what) = part.split_once(['+', '=']).unwrap_or(("", ""));
                let all = who.is_empty() || who.contains(['o', 'a']);
                // `o=u` copies what the owner has.
                (all && what.contains(['w', 'u', 'g']) && !who.is_empty()) || what.contains('s')
            }),
            (None, None) => true,
        };
        if wide {
            self.on(Some(Doing::Act(Action::Administer)), ResourceKind::File, "/**", source);
        }
    }
}

/// The remote of a push or fetch: operand 0, or any.
pub(super) fn or_remote(call: &Call) -> Arg {
    call.operands.first().cloned().unwrap_or_else(|| Arg::pattern("*"))
}
