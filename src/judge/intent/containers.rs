//! What a container gets of the machine: folders and ports.
//!
//! In: values of `-v`, `--mount`, `-p` of docker and podman. Out: effects on files of the host.
//! Never: takes a folder of the host for a volume.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

/// Places whose holder is root on the machine: its own tree, and the socket of the container daemon.
const MASTER: [&str; 8] =
    ["/", "/etc", "/root", "/proc", "/sys", "/dev", "/var/lib/docker", "/var/lib/containers"];

impl Reader<'_> {
    /// `SOURCE:TARGET[:OPTIONS]`, or `type=bind,source=…,target=…[,readonly]` (docker-run(1)).
    pub(super) fn mount(&mut self, call: &Call, value: &Arg) {
        let Some(text) = value.known() else {
            // `$PWD:/app` where the folder is not known: anything of the machine.
            self.machine(call);
            self.on_host_files(call, &Arg::unknown(false), false);
            return;
        };
        let long =
            text.contains("target=") || text.contains("dst=") || text.contains("destination=");
        let (from, read_only) = if long {
            let key = |k: &str| text.split(',').find_map(|p| p.strip_prefix(k)?.strip_prefix('='));
            let from = key("source").or_else(|| key("src")).unwrap_or_default();
            let kind = key("type").unwrap_or("volume");
            let read_only = text.split(',').any(|p| {
                matches!(p, "readonly" | "ro" | "readonly=true" | "ro=true" | "readonly=1" | "ro=1")
            });
            match kind {
                "bind" => (from.to_owned(), read_only),
                "tmpfs" => return,
                "volume" if !text.contains("volume-opt") => {
                    self.volume(call, from);
                    return;
                }
                // Other kinds and drivers may mount anything.
                _ => {
                    self.not_understood(call, "a mount whose kind is not known");
                    return;
                }
            }
        } else {
            let mut parts = text.split(':');
            let from = parts.next().unwrap_or_default();
            let options = parts.nth(1).unwrap_or_default();
            if !text.contains(':') {
                return;
            }
            (from.to_owned(), options.split(',').any(|o| o == "ro" || o == "readonly"))
        };
        let path = from.starts_with(['/', '.', '~']) || from.contains('/');
        if !path && !long {
            self.volume(call, &from);
            return;
        }
        let place = self.place(&Arg::literal(&from), &call.state, true);
        let real = place.path();
        let master = real.as_deref().is_none_or(|p| {
            MASTER.contains(&p) || p.ends_with(".sock") || p == "/run" || p == "/var/run"
        });
        if master {
            self.machine(call);
        }
        self.on_host_files(call, &Arg::literal(&from), read_only);
    }

    fn volume(&mut self, call: &Call, name: &str) {
        let name = if name.is_empty() { "*".to_owned() } else { Glob::escape(name) };
        let update = Some(Doing::Act(Action::Update));
        self.on(update, ResourceKind::Container, &format!("volume/{name}"), &call.source);
    }

    /// The container's holder is the machine's administrator.
    fn machine(&mut self, call: &Call) {
        let administer = Some(Doing::Act(Action::Administer));
        self.on(administer, ResourceKind::Host, "local", &call.source);
    }

    fn on_host_files(&mut self, call: &Call, from: &Arg, read_only: bool) {
        let place = self.place(from, &call.state, true);
        let tree = place.tree();
        self.on_file(Action::Read, &tree, &call.state, &call.source);
        if !read_only {
            self.on_file(Action::Create, &tree, &call.state, &call.source);
            self.on_file(Action::Update, &tree, &call.state, &call.source);
        }
    }

    /// `[[IP:]PORT:]PORT[/PROTOCOL]`: the machine listens.
    pub(super) fn publish(&mut self, call: &Call, value: &Arg) {
        let listen = Some(Doing::Act(Action::Listen));
        let text = value.known().unwrap_or("*:*:*");
        let text = text.split('/').next().unwrap_or_default();
        let mut parts = text.rsplit(':');
        parts.next();
        let port = parts.next().filter(|p| !p.is_empty()).unwrap_or("*").to_owned();
        let address = match parts.next() {
            Some("127.0.0.1" | "localhost") => "localhost".to_owned(),
            Some(ip) if !ip.is_empty() => Glob::escape(ip),
            _ => "*".to_owned(),
        };
        let port = if port.chars().all(|c| c.is_ascii_digit()) { port } else { "*".to_owned() };
        self.on(listen, ResourceKind::Host, &format!("{address}:{port}"), &call.source);
    }
}
