//! What `gh api` asks GitHub for: method, path, GraphQL.
//!
//! In: a call with its flags and the path. Out: effects on `git:github/OWNER/REPO/**`.
//! Never: takes a mutation for a query (gh-api(1): fields make it a POST unless a method is given).

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

impl Reader<'_> {
    /// The effects of one request.
    pub(super) fn github_api(&mut self, call: &Call) {
        // `-F name=@file` sends the file.
        for value in call.given.iter().filter(|(n, _)| n == "-F").filter_map(|(_, v)| v.as_ref()) {
            let file =
                value.prefix().split_once("=@").and_then(|(n, _)| value.without(&format!("{n}=@")));
            match file {
                Some(file) => self.file(Action::Read, &file, &call.state, &call.source),
                None if value.any => {
                    self.file(Action::Read, &Arg::unknown(false), &call.state, &call.source);
                }
                None => {}
            }
        }
        let path = call.operands.first().and_then(Arg::known).map(|p| p.trim_start_matches('/'));
        let Some(path) = path else {
            self.not_understood(call, "a path that is not known before it runs");
            return;
        };
        if path.contains("://") {
            self.not_understood(call, "an address instead of a path");
            return;
        }
        let given = |name: &str| call.given.iter().any(|(n, _)| n == name);
        let fields = given("-f") || given("-F") || given("--input");
        let method = match call.given.iter().rev().find(|(n, _)| n == "-X") {
            Some((_, value)) => value.as_ref().and_then(Arg::known).map(str::to_ascii_uppercase),
            None if fields => Some("POST".to_owned()),
            None => Some("GET".to_owned()),
        };
        let graph = path.split('?').next() == Some("graphql");
        let actions: &[Action] = match method.as_deref() {
            _ if graph => self.graphql(call),
            Some("GET" | "HEAD") => &[Action::Read],
            Some("POST") => &[Action::Create, Action::Update],
            Some("PATCH") => &[Action::Update],
            Some("PUT") => &[Action::Update, Action::Administer],
            Some("DELETE") => &[Action::Delete],
            _ => &[Action::Opaque],
        };
        let glob = match path.split(['/', '?']).collect::<Vec<_>>().as_slice() {
            ["repos", owner, repo, ..] => {
                let name = |text: &str| match text {
                    "{owner}" | "{repo}" | ":owner" | ":repo" => "*".to_owned(),
                    text => Glob::escape(text),
                };
                format!("github/{}/{}/**", name(owner), name(repo))
            }
            _ => "github/**".to_owned(),
        };
        for action in actions {
            self.on(Some(Doing::Act(*action)), ResourceKind::Git, &glob, &call.source);
        }
    }

    /// A query reads; everything else may do anything: the document may hold several operations.
    fn graphql(&self, call: &Call) -> &'static [Action] {
        let all = &[Action::Create, Action::Update, Action::Delete, Action::Administer];
        if call.given.iter().any(|(n, _)| n == "--input") {
            return all;
        }
        let mut query = None;
        for (name, value) in &call.given {
            if !matches!(name.as_str(), "-f" | "-F") {
                continue;
            }
            let Some(text) = value.as_ref().and_then(Arg::known) else { return all };
            if let Some(text) = text.strip_prefix("query=") {
                query = Some((name.as_str(), text));
            }
        }
        match query {
            // With -F a value that begins with `@` is a file.
            Some((name, text)) if !(name == "-F" && text.starts_with('@')) => {
                let word = |w: &str| {
                    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|t| t == w)
                };
                if word("mutation") || word("subscription") { all } else { &[Action::Read] }
            }
            _ => all,
        }
    }
}
