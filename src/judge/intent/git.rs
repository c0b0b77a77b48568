//! What git's own words mean: remotes, refspecs, configuration keys.
//!
//! In: arguments of git. Out: `git:` effects, connections, code that a key makes git run.
//! Never: takes a forced or deleting refspec for a plain one (git-push(1), gitremote-helpers(7)).

use super::Reader;
use super::args::Arg;
use super::call::Call;
use super::hosts::{host_before_path, port_of};
use super::kinds::or_remote;
use super::paths::Kind;
use super::state::State;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

/// Keys whose value git runs or loads (git-config(1)); patterns over the lower-case key.
const EXECUTING_KEYS: &[&str] = &[
    "alias.*",
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshcommand",
    "core.hookspath",
    "core.gitproxy",
    "core.askpass",
    "core.attributesfile",
    "core.worktree",
    "pager.*",
    "diff.external",
    "diff.**.command",
    "diff.**.textconv",
    "filter.**",
    "merge.**.driver",
    "difftool.**",
    "mergetool.**",
    "credential**",
    "gpg.**",
    "sequence.editor",
    "include*.**",
    "url.**",
    "protocol.**",
    "browser.**",
    "uploadpack.**",
    // Also where a push goes, and what it takes along.
    "remote.**",
    "branch.**",
    "push.**",
    "core.alternaterefscommand",
    "core.commentchar",
    "tar.**",
    "gc.recentobjectshook",
    "interactive.difffilter",
    "imap.**",
    "submodule.**.update",
    "man.**",
    "web.browser",
    "instaweb.**",
    "sendemail.**",
    "trailer.**",
    "transfer.**",
    "init.templatedir",
    "http.**",
];

/// Whether git runs something because of a key.
fn executing(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    EXECUTING_KEYS.iter().any(|p| Glob::parse(p).is_ok_and(|g| g.matches(&key)))
}

impl Reader<'_> {
    /// A repository other than the one that the line begins in is also files of that place.
    pub(super) fn other_repository(&mut self, action: Option<Doing>, state: &State, source: &str) {
        let here = |cwd: &str| self.world.ask("cwd").text() == Some(cwd);
        if state.cwd.as_deref().is_some_and(here) {
            return;
        }
        let root = self.world.ask("git.root");
        let inside = root.text().zip(state.cwd.as_deref()).is_some_and(|(root, cwd)| {
            cwd.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if inside {
            return;
        }
        let base = state.cwd.as_deref().map_or_else(String::new, Glob::escape);
        let (action, tree) = match action {
            Some(Doing::Act(Action::Read)) => (Action::Read, format!("{base}/**")),
            _ => (Action::Update, format!("{base}/.git/**")),
        };
        let tree = if state.cwd.is_some() { tree } else { "/**".to_owned() };
        self.on_file(action, &tree, state, source);
    }

    /// A remote by name, URL, scp-like address or path.
    pub(super) fn git_remote(
        &mut self,
        action: Option<Doing>,
        value: &Arg,
        state: &State,
        source: &str,
    ) {
        let prefix = value.prefix();
        if prefix.contains("::") {
            self.inline("a remote helper, which runs a program");
            return;
        }
        if value.known().is_none() {
            self.host(action, value, 0, source);
            return;
        }
        if let Some((scheme, rest)) = prefix.split_once("://") {
            if scheme == "file" {
                self.file(Action::Read, &Arg::literal(rest), state, source);
                return;
            }
            let port = match scheme {
                "git+ssh" | "ssh+git" => 22,
                other => port_of(other).unwrap_or(443),
            };
            self.host(action, value, port, source);
            return;
        }
        if let Some(host) = host_before_path(&prefix) {
            self.host(action, &Arg::literal(host), 22, source);
        } else if prefix.contains('/') || prefix.starts_with('.') {
            let place = self.place(value, state, true);
            let tree = place.tree();
            self.on_file(Action::Read, &tree, state, source);
        } else {
            self.on(action, ResourceKind::Git, value.glob(), source);
        }
    }

    /// `src:dst`, `+src`, `:dst` as push reads them.
    pub(super) fn git_refspec(&mut self, call: &Call, value: &Arg) {
        let source = call.source.clone();
        let remote = or_remote(call);
        let prefix = value.prefix();
        let forced = prefix.starts_with('+');
        let deletes = prefix.trim_start_matches('+').starts_with(':');
        let target = self.git_target(value);
        let name = format!("{}/{target}", remote.glob());
        // The plain update stands with the verb, which knows all refspecs.
        if forced || deletes || value.known().is_none() {
            self.on(Some(Doing::Act(Action::Delete)), ResourceKind::Git, &name, &source);
        }
    }

    /// The branches that a push changes: those its refspecs name, else the current one.
    pub(super) fn git_refs(&self, call: &Call) -> Vec<Arg> {
        let specs: Vec<Arg> = call.operands.iter().skip(1).cloned().collect();
        if specs.is_empty() {
            let branch = self.world.ask("git.branch");
            return vec![branch.text().map_or_else(|| Arg::unknown(false), Arg::literal)];
        }
        specs.iter().map(|s| Arg::pattern(&self.git_target(s))).collect()
    }

    /// An operand of checkout: a branch, which keeps what was not committed, or a path, which loses it. Of
    /// a name that is both git takes neither; behind another operand only paths stand (git-checkout(1)).
    pub(super) fn git_checkout(&mut self, call: &Call, value: &Arg) {
        if call.marks.contains("branches") {
            return;
        }
        let pattern =
            value.known().is_none_or(|t| t.contains(['*', '?', '[']) || t.starts_with(':'));
        let several = call.operands.len() > 1;
        let mut there = || {
            let kind = self.place(value, &call.state, true).kind;
            matches!(kind, Kind::File | Kind::Folder | Kind::Unknown)
        };
        if pattern || several || there() {
            let delete = Some(Doing::Act(Action::Delete));
            self.on(delete, ResourceKind::Git, "./worktree", &call.source);
        }
    }

    /// The name on the other side, as a glob.
    fn git_target(&self, value: &Arg) -> String {
        let Some(text) = value.known() else { return "**".to_owned() };
        let text = text.trim_start_matches('+');
        let target = text.split_once(':').map_or(text, |(_, dst)| dst);
        let short = target.strip_prefix("refs/heads/").or_else(|| target.strip_prefix("refs/"));
        // A short name is looked for below `refs/` as well (gitrevisions(7)).
        let short = short.or_else(|| target.strip_prefix("heads/")).unwrap_or(target);
        // `:` pushes every branch that both sides have.
        if short.is_empty() {
            return "**".to_owned();
        }
        if short == "HEAD" || short == "@" {
            let branch = self.world.ask("git.branch");
            return branch.text().map_or_else(|| "**".to_owned(), Glob::escape);
        }
        // A refspec may hold a star of its own (git-fetch(1)).
        if short.contains('*') { "**".to_owned() } else { Glob::escape(short) }
    }

    /// `key=value`, or a key: what git runs because of it.
    pub(super) fn git_config(&mut self, value: &Arg, source: &str) {
        let prefix = value.prefix();
        let key = prefix.split('=').next().unwrap_or_default();
        let complete = value.known().is_some() || prefix.contains('=');
        if !complete || executing(key) {
            self.inline(&format!("{source}: configuration that git runs"));
        }
    }
}
