//! Kinds of argument that name a host, a place on one, or a place in a store of objects.
//!
//! In: a URL, `host:path`, `s3://…`. Out: effects on hosts, objects and files.
//! Never: takes a text for a host that cannot be the name of one.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::catalogue::{Doing, EffectText};
use crate::model::{Action, Glob, ResourceKind};

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

impl Reader<'_> {
    /// A URL: the host that is talked to. Where a part of it is not known before it runs, that part is
    /// also sent to the host.
    pub(super) fn url(&mut self, call: &Call, action: Option<Doing>, value: &Arg) {
        let source = &call.source;
        let prefix = value.prefix();
        if value.any && action == Some(Doing::Act(Action::Connect)) {
            self.url(call, Some(Doing::Act(Action::Update)), value);
        }
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
            None => {
                if value.any && action == Some(Doing::Act(Action::Connect)) {
                    // The question to the name server holds it.
                    self.on(Some(Doing::Act(Action::Update)), ResourceKind::Host, "**", source);
                }
                self.on(action, ResourceKind::Host, "**", source);
            }
        }
    }

    /// `[user@]host[:port]`.
    pub(super) fn on_host(&mut self, action: Option<Doing>, host: &str, port: u16, source: &str) {
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
    pub(super) fn scp(&mut self, call: &mut Call, effect: &EffectText<'_>, value: &Arg) {
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
    pub(super) fn object(
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
}
