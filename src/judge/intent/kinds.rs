//! Effect texts to effects: the kinds of argument that the catalogue can name.
//!
//! In: an effect text, the argument, the call. Out: effects with resources.
//! Never: drops an effect because its argument is not known: then it is on everything of its kind.

use super::Reader;
use super::args::{Arg, one_name};
use super::call::Call;
use super::paths::{Kind, Place};
use super::state::{Input, State};
use crate::judge::catalogue::{Doing, EffectText};
use crate::judge::shell::Dialect;
use crate::model::{Action, Glob, Resource, ResourceKind, StdinKind};
use std::rc::Rc;

/// Ports of URL schemes (IANA registry of schemes and ports).
const PORTS: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("ftp", 21),
    ("ftps", 990),
    ("ssh", 22),
    ("git", 9418),
    ("ldap", 389),
    ("ws", 80),
    ("wss", 443),
];

/// The port of a scheme, where it is one of those.
pub(super) fn port_of(scheme: &str) -> Option<u16> {
    PORTS.iter().find(|(s, _)| *s == scheme).map(|(_, port)| *port)
}

/// The host of `host:path`: a colon before any slash (scp(1), git-clone(1)).
pub(super) fn host_before_path(text: &str) -> Option<&str> {
    text.split_once(':').map(|(host, _)| host).filter(|host| !host.contains('/'))
}

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
        if let Some((mark, wanted)) = effect.condition
            && call.marks.contains(mark) != wanted
        {
            return;
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

    fn kind(&mut self, call: &mut Call, effect: &EffectText<'_>, arg: Option<&Arg>) {
        let nothing = Arg::literal("");
        let value = arg.unwrap_or(&nothing);
        let (name, param) = effect.kind.split_once([':', '/']).unwrap_or((effect.kind, ""));
        match name {
            "any" => {}
            "opaque" => self.not_understood(call, &call.source),
            "path" | "tree" | "whole" => self.path_kind(call, effect, name, value),
            "url" => self.url(call, effect.action, value),
            "host" => self.host(effect.action, value, param.parse().unwrap_or(22), &call.source),
            "scp" => self.scp(call, effect, value),
            "s3" => self.s3(call, effect.action, value),
            "at-file" => {
                if value.known() == Some("@-") {
                    // Standard input.
                } else if let Some(file) = value.without("@") {
                    self.file(Action::Read, &file, &call.state, &call.source);
                } else if value.known().is_none() && value.any {
                    self.file(Action::Read, &Arg::unknown(false), &call.state, &call.source);
                }
            }
            "code" => self.inline(&call.source),
            "script" => self.script(value, &call.state, &call.source),
            "sh" => self.shell_text(
                value,
                if param == "posix" { Dialect::Posix } else { Dialect::Bash },
                call,
            ),
            "sql" => self.sql(call, value),
            "sed" => self.sed(call, value),
            "awk" => self.awk(call, value),
            "git-remote" => self.git_remote(effect.action, value, &call.state, &call.source),
            "git-refspec" => self.git_refspec(call, value),
            "git-config" => self.git_config(value, &call.source),
            "mode" => self.mode(value, &call.source),
            "env-name" | "pid" | "unit" | "image" | "container" => {
                let kind = match name {
                    "env-name" => ResourceKind::Env,
                    "pid" => ResourceKind::Process,
                    "unit" => ResourceKind::Service,
                    "image" => ResourceKind::Image,
                    _ => ResourceKind::Container,
                };
                self.on(effect.action, kind, value.glob(), &call.source);
            }
            "chdir" => {}
            "chdir-operands" => {
                let place = self.place(value, &call.state, true);
                call.state.cwd = place.path().map(Rc::from);
            }
            "stdin-sh" | "stdin-code" | "stdin-sql" => self.standard_input(call, effect.kind),
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

    fn path_kind(&mut self, call: &Call, effect: &EffectText<'_>, kind: &str, value: &Arg) {
        let (source, state) = (&call.source, &call.state);
        if value.known() == Some("-") {
            return;
        }
        let recursive = kind == "tree" || (kind == "path" && call.marks.contains("recursive"));
        match effect.action {
            Some(Doing::Write) => {
                let place = self.place(value, state, true);
                let recursive = recursive || (kind == "whole" && self.moves_folder(call));
                if call.into && place.kind == Kind::Folder {
                    self.fill_folder(call, &place, recursive);
                } else if recursive {
                    self.write_tree(&place, state, source);
                } else {
                    self.write_file(value, state, source);
                }
            }
            Some(Doing::Act(action)) => {
                let place = self.place(value, state, action != Action::Delete);
                let tree = recursive || (kind == "whole" && place.kind == Kind::Folder);
                if tree && !place.glob.is_empty() {
                    let tree = place.tree();
                    self.on_file(action, &tree, state, source);
                } else {
                    self.file(action, value, state, source);
                }
            }
            None => self.not_understood(call, "a path without an action in the catalogue"),
        }
    }

    /// Whether one of the operands in front of the last is a folder, or may be.
    fn moves_folder(&mut self, call: &Call) -> bool {
        let count = call.operands.len().saturating_sub(usize::from(call.flag("-t").is_none()));
        call.operands
            .iter()
            .take(count)
            .any(|o| matches!(self.place(o, &call.state, false).kind, Kind::Folder | Kind::Unknown))
    }

    fn write_tree(&mut self, place: &Place, state: &State, source: &str) {
        if place.glob.is_empty() {
            return;
        }
        let tree = place.tree();
        self.on_file(Action::Create, &tree, state, source);
        if place.kind != Kind::Missing {
            self.on_file(Action::Update, &tree, state, source);
        }
    }

    /// Into a folder that is there: under the base names of the other operands.
    fn fill_folder(&mut self, call: &Call, folder: &Place, recursive: bool) {
        let (source, state) = (&call.source, &call.state);
        let last = call.flag("-t").is_none() && call.flag("--target-directory").is_none();
        let count = call.operands.len() - usize::from(last && !call.operands.is_empty());
        for operand in call.operands.iter().take(count) {
            if self.full() {
                return;
            }
            let glob = operand.glob().trim_end_matches('/');
            let base = glob.rsplit('/').next().unwrap_or_default();
            if operand.any || base.is_empty() || base == "." || base == ".." {
                let tree = folder.tree();
                self.on_file(Action::Create, &tree, state, source);
                self.on_file(Action::Update, &tree, state, source);
                continue;
            }
            let target = folder.inside(base);
            let place = match target.path() {
                Some(path) => self.place(&Arg::literal(&path), state, true),
                None => target,
            };
            if recursive {
                self.write_tree(&place, state, source);
            } else {
                self.write_place(&place, state, source);
            }
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
            if !files {
                // Of an unknown name everything of the kind may be meant.
                self.on(effect.action, kind, &glob, source);
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

    pub(super) fn url(&mut self, call: &Call, action: Option<Doing>, value: &Arg) {
        let source = &call.source;
        let prefix = value.prefix();
        if let Some(rest) = value.without("file://") {
            self.file(Action::Read, &rest, &call.state, source);
            return;
        }
        let (scheme, rest) = prefix.split_once("://").unwrap_or(("http", prefix.as_str()));
        let port = port_of(&scheme.to_ascii_lowercase());
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let begun = value.known().is_some() || prefix.contains("://");
        let complete = value.known().is_some() || rest.len() > authority.len();
        if !begun || !complete || authority.is_empty() || port.is_none() || authority.contains('\\')
        {
            self.on(action, ResourceKind::Host, "**", source);
            return;
        }
        self.on_host(action, authority, port.unwrap_or(80), source);
    }

    pub(super) fn host(&mut self, action: Option<Doing>, value: &Arg, port: u16, source: &str) {
        match value.known() {
            Some(text) => {
                let text = text.split_once("://").map_or(text, |(_, r)| r);
                let host = text.split('/').next().unwrap_or_default();
                self.on_host(action, host, port, source);
            }
            None => self.on(action, ResourceKind::Host, "**", source),
        }
    }

    /// `[user@]host[:port]`.
    fn on_host(&mut self, action: Option<Doing>, host: &str, port: u16, source: &str) {
        let host = host.rsplit('@').next().unwrap_or_default();
        let numbered = host.rsplit_once(':').filter(|(h, p)| {
            !p.is_empty()
                && p.chars().all(|c| c.is_ascii_digit())
                && (!h.contains(':') || h.ends_with(']'))
        });
        let (name, port) = match numbered {
            Some((name, port)) => (name, port.to_owned()),
            None => (host, port.to_string()),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.on(action, ResourceKind::Host, &format!("{}:{port}", Glob::escape(&name)), source);
    }

    /// `host:path` or a path (scp(1): a colon before any slash). What is written on the other side is
    /// told as an update of the host.
    fn scp(&mut self, call: &mut Call, effect: &EffectText<'_>, value: &Arg) {
        let source = &call.source;
        let prefix = value.prefix();
        let connect = Some(Doing::Act(Action::Connect));
        if let Some(host) = host_before_path(&prefix) {
            self.on_host(connect, host, 22, source);
            match effect.action {
                Some(Doing::Act(Action::Read | Action::Connect)) => {}
                Some(Doing::Write) => {
                    self.on_host(Some(Doing::Act(Action::Update)), host, 22, source)
                }
                action => self.on_host(action, host, 22, source),
            }
        } else if !prefix.contains([':', '/']) && value.any {
            self.on(connect, ResourceKind::Host, "**", source);
            self.on_file(Action::Read, "/**", &call.state, source);
        } else {
            // Whether it goes into a folder is told by the slash; the tree holds both.
            call.into = false;
            self.path_kind(call, effect, "path", value);
        }
    }

    fn s3(&mut self, call: &Call, action: Option<Doing>, value: &Arg) {
        let (source, state) = (&call.source, &call.state);
        let Some(rest) = value.without("s3://") else {
            if value.any {
                self.on(action, ResourceKind::S3, "**", source);
            }
            match action {
                Some(Doing::Act(action)) => self.file(action, value, state, source),
                _ => self.write_file(value, state, source),
            }
            return;
        };
        let name = rest.glob().trim_end_matches('/').to_owned();
        let tree =
            call.marks.contains("recursive") || rest.glob().ends_with('/') || !name.contains('/');
        let name = if tree && !name.ends_with("**") { format!("{name}/**") } else { name };
        self.on(action, ResourceKind::S3, &name, source);
    }

    fn shell_text(&mut self, value: &Arg, dialect: Dialect, call: &Call) {
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
    fn standard_input(&mut self, call: &Call, kind: &str) {
        match (&call.input, kind) {
            (Input::Text(text), "stdin-sh" | "stdin-sh:posix") => {
                let dialect = if kind == "stdin-sh" { Dialect::Bash } else { Dialect::Posix };
                self.shell_text(&Arg::literal(text), dialect, call);
            }
            (Input::Text(text), "stdin-sql") => self.sql(call, &Arg::literal(text)),
            (Input::Inherited, "stdin-sql") if self.stdin == StdinKind::Closed => {}
            (_, "stdin-sql") => {
                self.not_understood(call, "statements that come from standard input");
            }
            (input, _) => {
                let from = match input {
                    Input::Piped => "a pipe",
                    Input::File => "a file",
                    Input::Text(_) => "a here-document",
                    Input::Inherited => "standard input",
                };
                self.inline(&format!("program text from {from}"));
            }
        }
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
