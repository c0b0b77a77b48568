//! Kinds of argument that name files and trees: what is read, written over, lost.
//!
//! In: a path, the call. Out: effects on files, and on the work tree of the repository.
//! Never: takes a folder for its own name alone where all of it is meant.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use super::paths::{Kind, Place};
use super::state::State;
use crate::judge::catalogue::{Doing, EffectText, is_rebuildable, is_state};
use crate::model::{Action, Glob, ResourceKind};

impl Reader<'_> {
    pub(super) fn path_kind(
        &mut self,
        call: &Call,
        effect: &EffectText<'_>,
        kind: &str,
        value: &Arg,
    ) {
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
    pub(super) fn stays(&mut self, call: &Call) -> bool {
        let into = call.flag("-t").or_else(|| call.operands.last()).cloned();
        let Some(into) = into else { return false };
        let place = self.place(&into, &call.state, true);
        let root = self.world.ask("git.root");
        let tree = root.text().and_then(|r| Glob::parse(&format!("{}/**", Glob::escape(r))).ok());
        Glob::parse(&place.glob).is_ok_and(|name| tree.is_some_and(|t| t.covers(&name)))
    }

    /// An archive, and not the line, says which files it writes over.
    pub(super) fn overwrites(&mut self, place: &Place, source: &str) {
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

    pub(super) fn in_work_tree(&self, name: &Glob) -> bool {
        let root = self.world.ask("git.root");
        let tree = root.text().map(|r| format!("{}/**", Glob::escape(r)));
        tree.and_then(|t| Glob::parse(&t).ok()).is_some_and(|t| t.meets(name))
    }

    /// Whether one of the operands in front of the last is a folder, or may be.
    pub(super) fn moves_folder(&mut self, call: &Call) -> bool {
        let count = call.operands.len().saturating_sub(usize::from(call.flag("-t").is_none()));
        call.operands
            .iter()
            .take(count)
            .any(|o| matches!(self.place(o, &call.state, false).kind, Kind::Folder | Kind::Unknown))
    }

    pub(super) fn write_tree(&mut self, place: &Place, state: &State, source: &str) {
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
    pub(super) fn fill_folder(&mut self, call: &Call, folder: &Place, recursive: bool) {
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
}
