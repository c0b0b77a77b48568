//! Effect texts to effects: the kinds of argument that the catalogue can name.
//!
//! In: an effect text, the argument, the call. Out: effects with resources.
//! Never: drops an effect because its argument is not known: then it is on everything of its kind.

use super::Reader;
use super::args::{Arg, one_name};
use super::call::Call;
use super::environment::holds_secret;
use super::paths::{Kind, Place};
use super::state::{Input, State};
use crate::judge::catalogue::{Doing, EffectText, is_rebuildable, is_state};
use crate::judge::shell::Dialect;
use crate::model::{Action, Glob, Resource, ResourceKind};
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
    ("oci", 443),
    ("tcp", 2375),
];

/// Where a program text comes from that another command of the line prints.
pub(super) const FROM_A_PIPE: &str = "program text from a pipe";

/// The port of a scheme, where it is one of those.
pub(super) fn port_of(scheme: &str) -> Option<u16> {
    // `git+https://`, as package managers write it.
    let scheme = scheme.strip_prefix("git+").unwrap_or(scheme);
    PORTS.iter().find(|(s, _)| *s == scheme).map(|(_, port)| *port)
}

/// Whether a text is the name or address of a host: labels of letters, digits, dashes and underscores
/// (RFC 1123 §2.1), or an IPv6 address in brackets, a zone behind `%` left out.
fn is_host(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// The host of `host:path`: a colon before any slash (scp(1), git-clone(1)).
pub(super) fn host_before_path(text: &str) -> Option<&str> {
    text.split_once(':').map(|(host, _)| host).filter(|host| !host.contains('/'))
}

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

    /// A value that is the content of a file where it begins so.
    fn file_behind(&mut self, call: &Call, beginnings: &[&str], value: &Arg) {
        let (state, source) = (&call.state, &call.source);
        let prefix = value.prefix();
        let possible = |b: &&&str| prefix.starts_with(**b) || b.starts_with(&prefix);
        if let Some(file) = beginnings.iter().find_map(|b| value.without(b)) {
            self.file(Action::Read, &file, state, source);
        } else if value.known().is_none() && value.any && beginnings.iter().any(|b| possible(&b)) {
            self.file(Action::Read, &Arg::unknown(false), state, source);
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
        let recursive = matches!(kind, "tree" | "list" | "unpacked")
            || (kind == "path" && call.marks.contains("recursive"));
        match effect.action {
            Some(Doing::Write) => {
                let place = self.place(value, state, true);
                let recursive = recursive || (kind == "whole" && self.moves_folder(call));
                if call.into && place.kind == Kind::Folder {
                    self.fill_folder(call, &place, recursive);
                } else if recursive {
                    self.write_tree(&place, state, source);
                    if kind == "unpacked" && !call.marks.contains("keeps") {
                        self.overwrites(&place, source);
                    }
                } else {
                    self.write_file(value, state, source);
                }
            }
            Some(Doing::Act(action)) => {
                let place = self.place(value, state, action != Action::Delete);
                let tree = recursive || (kind == "whole" && place.kind == Kind::Folder);
                if kind == "list" && !place.glob.is_empty() {
                    // Names are shown, and no contents.
                    self.on(effect.action, ResourceKind::File, &place.tree(), source);
                } else if tree && !place.glob.is_empty() {
                    let tree = place.tree();
                    self.on_file(action, &tree, state, source);
                    let gone = kind != "whole" || !self.stays(call);
                    if action == Action::Delete && gone && tree.ends_with("/**") {
                        self.loses(&tree, source);
                    }
                } else {
                    self.file(action, value, state, source);
                }
            }
            None => self.not_understood(call, "a path without an action in the catalogue"),
        }
    }

    /// A tree of the repository that goes takes with it what was not committed; what a build makes again
    /// is nobody's loss.
    pub(super) fn loses(&mut self, tree: &str, source: &str) {
        let Ok(name) = Glob::parse(tree) else { return };
        if !is_rebuildable(&name) && self.in_work_tree(&name) {
            let delete = Some(Doing::Act(Action::Delete));
            self.on(delete, ResourceKind::Git, "./worktree", &format!("{source}, a whole tree"));
        }
    }

    /// Whether what is moved stays in the work tree.
    fn stays(&mut self, call: &Call) -> bool {
        let into = call.flag("-t").or_else(|| call.operands.last()).cloned();
        let Some(into) = into else { return false };
        let place = self.place(&into, &call.state, true);
        let root = self.world.ask("git.root");
        let tree = root.text().and_then(|r| Glob::parse(&format!("{}/**", Glob::escape(r))).ok());
        Glob::parse(&place.glob).is_ok_and(|name| tree.is_some_and(|t| t.covers(&name)))
    }

    /// An archive, and not the line, says which files it writes over.
    fn overwrites(&mut self, place: &Place, source: &str) {
        let Ok(name) = Glob::parse(&place.tree()) else { return };
        let there = place.kind != Kind::Missing || is_state(&name);
        if there && self.in_work_tree(&name) {
            let update = Some(Doing::Act(Action::Update));
            self.on(
                update,
                ResourceKind::Git,
                "./worktree",
                &format!("{source}, over what is there"),
            );
        }
    }

    fn in_work_tree(&self, name: &Glob) -> bool {
        let root = self.world.ask("git.root");
        let tree = root.text().map(|r| format!("{}/**", Glob::escape(r)));
        tree.and_then(|t| Glob::parse(&t).ok()).is_some_and(|t| t.meets(name))
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
        if !is_host(&name) {
            // What a resolver or a proxy makes of it is not known: `a.example%00.b.example`.
            self.opaque("a host that is no name of letters, digits and dashes, and no address");
            self.on(action, ResourceKind::Host, "**", source);
            return;
        }
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

    /// A place in a store of objects, by the scheme of its URLs and how its resources begin; else a file.
    fn object(
        &mut self,
        call: &Call,
        action: Option<Doing>,
        value: &Arg,
        (scheme, kind, beginning): (&str, ResourceKind, &str),
    ) {
        let (source, state) = (&call.source, &call.state);
        let Some(rest) = value.without(scheme) else {
            if value.any {
                self.on(action, kind, &format!("{beginning}**"), source);
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
        self.on(action, kind, &format!("{beginning}{name}"), source);
    }

    /// Text of a shell that has other rules: read where all shells read it alike.
    fn plain_text(&mut self, call: &Call, value: &Arg) {
        let alike = |c: char| c.is_ascii_alphanumeric() || "_./:,@%+-; |&'".contains(c);
        let known = value.known();
        match known.filter(|t| t.chars().all(alike) && !t.contains("|&") && !t.contains("&|")) {
            Some(_) => self.shell_text(value, Dialect::Posix, call),
            None => self.not_understood(call, "a text of a shell that has other rules"),
        }
    }

    /// Text that `env -S` splits into a command (GNU coreutils, «env invocation»): read as the shell
    /// would where both read it alike.
    fn split_text(&mut self, call: &Call, value: &Arg) {
        let alike = |c: char| c.is_ascii_alphanumeric() || "_./=:,@%+- '".contains(c);
        match value.known() {
            Some(text) if call.operands.is_empty() && text.chars().all(alike) => {
                self.shell_text(value, Dialect::Posix, call);
            }
            _ => self.not_understood(call, "a text that is split in a way that is not plain"),
        }
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
