//! Facts about the repository around a folder, read from its files.
//!
//! In: a folder. Out: `git.root` and `git.branch`.
//! Never: runs git, which would run what the repository configures (gitrepository-layout(5)).

use super::as_text;
use crate::model::{Answer, FactValue};
use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The answer to `git.WHAT`, and where it was read.
pub(super) fn fact(what: &str, cwd: &Path) -> (Answer, Cow<'static, str>) {
    let found = root(cwd);
    let source = |file: &str| match &found {
        Ok(Some(root)) => Cow::Owned(root.join(file).display().to_string()),
        _ => cwd.display().to_string().into(),
    };
    match (what, &found) {
        (_, Err(why)) => (Answer::Failed(why.clone()), source("")),
        ("root" | "branch", Ok(None)) => (Answer::Absent, source("")),
        ("root", Ok(Some(root))) => (as_text(root.clone()), source(".git")),
        ("branch", Ok(Some(root))) => (branch(root), source(".git/HEAD")),
        _ => (Answer::Failed(format!("`git.{what}` is not the name of a fact")), "exo".into()),
    }
}

/// The nearest folder at or above that holds `.git`.
fn root(cwd: &Path) -> Result<Option<PathBuf>, String> {
    for dir in cwd.ancestors() {
        match fs::symlink_metadata(dir.join(".git")) {
            Ok(_) => return Ok(Some(dir.to_owned())),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(e) => return Err(format!("`{}`: {e}", dir.join(".git").display())),
        }
    }
    Ok(None)
}

fn branch(root: &Path) -> Answer {
    let dot_git = root.join(".git");
    let dir = match fs::metadata(&dot_git) {
        Ok(m) if m.is_dir() => dot_git,
        // A worktree or submodule: `.git` is a file that names the folder.
        Ok(_) => match fs::read_to_string(&dot_git) {
            Ok(text) => match text.trim().strip_prefix("gitdir: ") {
                Some(dir) => root.join(dir),
                None => return Answer::Failed(format!("`{}` names no folder", dot_git.display())),
            },
            Err(e) => return Answer::Failed(format!("`{}`: {e}", dot_git.display())),
        },
        Err(e) => return Answer::Failed(format!("`{}`: {e}", dot_git.display())),
    };
    match fs::read_to_string(dir.join("HEAD")) {
        Ok(head) => match head.trim().strip_prefix("ref: refs/heads/") {
            Some(branch) => Answer::Known(FactValue::Text(branch.to_owned())),
            None => Answer::Absent,
        },
        Err(e) => Answer::Failed(format!("`{}`: {e}", dir.join("HEAD").display())),
    }
}
