//! Paths to resources: where a path really leads, and what kind of place that is.
//!
//! In: an argument and the current folder. Out: `file:` effects; reads of secrets become `reveal`,
//! writes to startup files and their kin add `persist`.
//! Never: takes an unknown path for one inside the repository.

use super::Reader;
use super::args::{Arg, SUBSTITUTED, one_name};
use super::state::State;
use super::texts::FROM_A_PIPE;
use crate::judge::catalogue::{is_persistent, is_secret, secret_roots};
use crate::model::{Action, Answer, Glob, Resource, ResourceKind};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Missing,
    Other,
    /// A pattern, or not known.
    Unknown,
}

/// A path with all links resolved.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// A glob over absolute paths.
    pub(super) glob: String,
    pub(super) kind: Kind,
}

/// Streams and sinks that are no files (null(4), fd(4)).
const STREAMS: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
];

impl Place {
    fn anywhere() -> Self {
        Self { glob: "/**".to_owned(), kind: Kind::Unknown }
    }

    /// Its path, where it is one.
    pub(super) fn path(&self) -> Option<String> {
        one_name(&self.glob)
    }

    /// The tree at this place.
    pub(super) fn tree(&self) -> String {
        match (self.kind, self.glob.as_str()) {
            (Kind::File, glob) => glob.to_owned(),
            (_, "/") => "/**".to_owned(),
            (_, glob) if glob.ends_with("**") => glob.to_owned(),
            (_, glob) => format!("{glob}/**"),
        }
    }

    /// A name inside this folder.
    pub(super) fn inside(&self, name: &str) -> Self {
        let base = self.glob.trim_end_matches('/');
        Self { glob: format!("{base}/{name}"), kind: Kind::Unknown }
    }
}

impl Reader<'_> {
    /// Where an argument leads. `follow`: also a link at its very end.
    pub(super) fn place(&mut self, arg: &Arg, state: &State, follow: bool) -> Place {
        if arg.any || arg.glob().starts_with("**") {
            return Place::anywhere();
        }
        let text = match arg.known() {
            Some("") => return Place { glob: String::new(), kind: Kind::Missing },
            Some(text) => text.to_owned(),
            None => return self.pattern(arg.glob(), state),
        };
        let path = match (&state.cwd, text.starts_with('/')) {
            (_, true) => text,
            (Some(cwd), false) => format!("{cwd}/{text}"),
            (None, false) => return Place::anywhere(),
        };
        let family = if follow { "path" } else { "link" };
        match self.world.ask(&format!("{family}:{path}")) {
            Answer::Known(v) => match v.as_text().and_then(|t| t.split_once(' ')) {
                Some((kind, real)) => {
                    let kind = match kind {
                        "file" => Kind::File,
                        "dir" => Kind::Folder,
                        "missing" => Kind::Missing,
                        _ => Kind::Other,
                    };
                    Place { glob: Glob::escape(real), kind }
                }
                None => Place::anywhere(),
            },
            Answer::Absent | Answer::Failed(_) => {
                self.opaque(&format!("where `{path}` leads could not be found out"));
                Place::anywhere()
            }
        }
    }

    /// A pattern: the folders before the first wildcard are resolved, the rest stays.
    fn pattern(&mut self, glob: &str, state: &State) -> Place {
        let wild = |segment: &str| Glob::parse(segment).is_ok_and(|g| g.as_literal().is_none());
        let segments: Vec<&str> = glob.split('/').collect();
        let first = segments.iter().position(|s| wild(s)).unwrap_or(segments.len());
        let (before, after) = segments.split_at(first);
        // A pattern that begins with a dot matches `..` in some shells; `..` behind a wildcard goes
        // wherever the match is.
        let climbs = |s: &str| s.starts_with('.') && Glob::parse(s).is_ok_and(|g| g.matches(".."));
        if after.iter().any(|s| climbs(s)) {
            return Place::anywhere();
        }
        let base: String = before.iter().map(|s| format!("{s}/")).collect();
        let base = if base.is_empty() { ".".to_owned() } else { base };
        let Some(base) = one_name(&base) else { return Place::anywhere() };
        let place = self.place(&Arg::literal(&base), state, true);
        let rest: Vec<&str> =
            after.iter().copied().filter(|s| !s.is_empty() && *s != ".").collect();
        Place { kind: Kind::Unknown, ..place.inside(&rest.join("/")) }
    }

    /// One effect on a file.
    pub(super) fn file(&mut self, action: Action, arg: &Arg, state: &State, source: &str) {
        if self.is_stream(arg) || self.is_socket(arg, action != Action::Read, source) {
            return;
        }
        let place = self.place(arg, state, action != Action::Delete);
        if place.glob.is_empty() {
            return;
        }
        self.on_file(action, &place.glob, state, source);
    }

    /// `create` or `update`, by whether it is there; a folder is updated.
    pub(super) fn write_file(&mut self, arg: &Arg, state: &State, source: &str) {
        if self.is_stream(arg) || self.is_socket(arg, true, source) {
            return;
        }
        let place = self.place(arg, state, true);
        self.write_place(&place, state, source);
    }

    pub(super) fn write_place(&mut self, place: &Place, state: &State, source: &str) {
        if place.glob.is_empty() {
            return;
        }
        match place.kind {
            Kind::Missing => self.on_file(Action::Create, &place.glob, state, source),
            Kind::File | Kind::Folder | Kind::Other => {
                self.on_file(Action::Update, &place.glob, state, source);
            }
            Kind::Unknown => {
                self.on_file(Action::Create, &place.glob, state, source);
                self.on_file(Action::Update, &place.glob, state, source);
            }
        }
    }

    /// The effect on resolved files, with what follows from where they lie.
    pub(super) fn on_file(&mut self, action: Action, glob: &str, state: &State, source: &str) {
        let Ok(name) = Glob::parse(glob) else {
            self.opaque("a path that is no pattern");
            return;
        };
        let action = if action == Action::Read && self.shows_secret(&name, state) {
            Action::Reveal
        } else {
            action
        };
        // The history itself: by a path that leads into it, and not by a pattern that may match there.
        if action == Action::Delete && format!("{}/", name.prefix()).contains("/.git/") {
            let repository = Resource::exact(ResourceKind::Git, "./repository");
            self.add(Action::Delete, repository, source);
        }
        let writes = matches!(action, Action::Create | Action::Update);
        // What a device held is gone with it; memory and descriptors are none.
        let device = name.prefix().starts_with("/dev/")
            && !["/dev/shm/", "/dev/fd/", "/dev/pts/", "/dev/mqueue/"]
                .iter()
                .any(|d| name.prefix().starts_with(d));
        if writes && device {
            let resource = Resource { kind: ResourceKind::File, name: name.clone() };
            self.add(Action::Delete, resource, source);
        }
        if writes && is_persistent(&name) {
            self.add(
                Action::Persist,
                Resource { kind: ResourceKind::File, name: name.clone() },
                source,
            );
        }
        self.add(action, Resource { kind: ResourceKind::File, name }, source);
    }

    /// In a secret place, or a tree that takes in the secrets of the home folder.
    fn shows_secret(&mut self, name: &Glob, state: &State) -> bool {
        // Patterns are dear to compare, and the same one often comes again (`sort * *`).
        let secret = match &self.last_pattern {
            Some((last, secret)) if last == name => *secret,
            _ => is_secret(name),
        };
        if name.as_literal().is_none() {
            self.last_pattern = Some((name.clone(), secret));
        }
        if secret {
            return true;
        }
        if name.as_literal().is_some() || !name.as_str().ends_with("**") {
            return false;
        }
        let home = state.value("HOME").and_then(|h| h.known().map(str::to_owned));
        let home = home.or_else(|| self.world.ask("home").text().map(str::to_owned));
        home.is_some_and(|home| secret_roots(&home).iter().any(|root| name.matches(root)))
    }

    fn is_stream(&self, arg: &Arg) -> bool {
        // Only a number may follow: `/dev/fd/../root/etc/shadow` is a file.
        let numbered = |t: &str| {
            let rest = t.strip_prefix("/dev/fd/").or_else(|| t.strip_prefix("/dev/pts/"));
            rest.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        arg.known().is_some_and(|t| STREAMS.contains(&t) || numbered(t))
    }

    /// `/dev/tcp/host/port` is a connection in bash.
    fn is_socket(&mut self, arg: &Arg, writes: bool, source: &str) -> bool {
        let Some(rest) = arg
            .known()
            .and_then(|t| t.strip_prefix("/dev/tcp/").or_else(|| t.strip_prefix("/dev/udp/")))
        else {
            return false;
        };
        let (host, port) = rest.split_once('/').unwrap_or((rest, "*"));
        let resource = Resource::parse(&format!("host:{}:{port}", Glob::escape(host)));
        match resource {
            Ok(resource) => {
                if writes {
                    self.add(Action::Update, resource.clone(), source);
                }
                self.add(Action::Connect, resource, source);
            }
            Err(_) => self.opaque("a connection that is not understood"),
        }
        true
    }

    /// A program text in a file: it runs, and is read.
    pub(super) fn script(&mut self, arg: &Arg, state: &State, source: &str) {
        if arg.known() == Some(SUBSTITUTED) {
            self.inline(FROM_A_PIPE);
            return;
        }
        if arg.known() == Some("-") || self.is_stream(arg) {
            self.inline(source);
            return;
        }
        let place = self.place(arg, state, true);
        if let Ok(name) = Glob::parse(&place.glob) {
            self.add(Action::Execute, Resource { kind: ResourceKind::Code, name }, source);
        }
        self.on_file(Action::Read, &place.glob, state, source);
    }
}
