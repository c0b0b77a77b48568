//! Where a path leads, links and all.
//!
//! In: an absolute path. Out: its kind and the path with every symbolic link resolved, also where the
//! end of it does not exist yet.
//! Never: opens a file, and never answers for a path it was not allowed to look at.

use crate::model::{Answer, FactValue};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Most symbolic links in one path; the kernel's own bound (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// The fact `path:` (`follow`) or `link:` (the last component is not followed).
pub(super) fn resolve(path: &str, follow: bool) -> Answer {
    if !path.starts_with('/') {
        return Answer::Failed(format!("`{path}` is not an absolute path"));
    }
    match walk(Path::new(path), follow || path.ends_with('/')) {
        Ok((kind, real)) => match real.to_str() {
            Some(real) => Answer::Known(FactValue::Text(format!("{kind} {real}"))),
            None => Answer::Failed(format!("`{}` is not UTF-8", real.display())),
        },
        Err(why) => Answer::Failed(why),
    }
}

/// Most entries of a tree that are looked at for its names.
const MAX_NAMES: usize = 50_000;

/// The fact `names:`: whether every name in a tree stays one word where a command splits its input.
pub(super) fn names(path: &Path) -> Answer {
    let mut todo = vec![path.to_owned()];
    let mut seen = 0;
    while let Some(folder) = todo.pop() {
        // What cannot be listed cannot be printed by a command of the same user either.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MAX_NAMES {
                return Answer::Absent;
            }
            let odd =
                |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\');
            if entry.file_name().to_str().is_none_or(|name| name.contains(odd)) {
                return Answer::Known(FactValue::Text("odd".to_owned()));
            }
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                todo.push(entry.path());
            }
        }
    }
    Answer::Known(FactValue::Text("plain".to_owned()))
}

/// The real path of a folder, or `None` where there is none.
pub(super) fn folder(path: &Path) -> Option<PathBuf> {
    walk(path, true).ok().filter(|(kind, _)| *kind == "dir").map(|(_, real)| real)
}

fn walk(path: &Path, follow: bool) -> Result<(&'static str, PathBuf), String> {
    let mut real = PathBuf::from("/");
    let mut kind = "dir";
    let mut todo: VecDeque<OsString> = pieces(path);
    let mut links = 0;
    while let Some(piece) = todo.pop_front() {
        if piece == ".." {
            real.pop();
            kind = "dir";
            continue;
        }
        let next = real.join(&piece);
        let meta = match fs::symlink_metadata(&next) {
            Ok(meta) => meta,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                if todo.iter().any(|p| p == "..") {
                    return Err(format!("`..` after `{}`, which does not exist", next.display()));
                }
                return Ok(("missing", todo.into_iter().fold(next, |p, piece| p.join(piece))));
            }
            Err(e) => return Err(format!("`{}`: {e}", next.display())),
        };
        let last = todo.is_empty();
        if meta.is_symlink() && (!last || follow) {
            links += 1;
            if links > MAX_LINKS {
                return Err(format!("`{}` leads through too many links", path.display()));
            }
            let target = fs::read_link(&next).map_err(|e| format!("`{}`: {e}", next.display()))?;
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            for piece in pieces(&target).into_iter().rev() {
                todo.push_front(piece);
            }
            continue;
        }
        kind = if meta.is_symlink() {
            "link"
        } else if meta.is_dir() {
            "dir"
        } else if meta.is_file() {
            "file"
        } else {
            "other"
        };
        real = next;
    }
    Ok((kind, real))
}

fn pieces(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|c| match c {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}
