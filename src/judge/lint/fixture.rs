//! The world in which examples are judged: a small repository on a quiet machine.
//!
//! In: the name of a fact. Out: an answer that is the same on every machine.
//! Never: looks at the real one.
//!
//! `/repo` is a repository on branch `agent/work`, the home is `/home/agent`. In `/repo` the folders are
//! `src`, `tests`, `target`, `build`, `docs`, `dist`, `node_modules` and `.git`, everything else is a
//! file; elsewhere only system folders are there. A program NAME is `/usr/bin/NAME`.

use crate::model::{Answer, FactValue, World};

/// Folders, besides `/` and those below `/repo`.
const FOLDERS: [&str; 9] =
    ["/repo", "/home", "/home/agent", "/tmp", "/var/tmp", "/etc", "/usr", "/usr/bin", "/"];
/// Names of folders in the repository.
const INNER: [&str; 8] =
    ["src", "tests", "target", "build", "docs", "dist", "node_modules", ".git"];

/// The world of the examples.
#[derive(Clone, Copy, Debug)]
pub struct Fixture;

impl World for Fixture {
    fn ask(&self, name: &str) -> Answer {
        let text = |t: &str| Answer::Known(FactValue::Text(t.to_owned()));
        let number = |n| Answer::Known(FactValue::Integer(n));
        let (family, rest) = name.split_once(':').unwrap_or((name, ""));
        match family {
            "path" | "link" => text(&place(rest)),
            "names" => text("plain"),
            "program" => text(&format!("/usr/bin/{rest}")),
            "shebang" => Answer::Absent,
            "cwd" | "git.root" => text("/repo"),
            "home" | "env.HOME" => text("/home/agent"),
            "tmp" => text("/tmp"),
            "user.name" | "env.USER" => text("agent"),
            "user.uid" => number(1000),
            "host.name" => text("localhost"),
            "git.branch" => text("agent/work"),
            "time.now" => text("2026-01-07T12:00:00Z"),
            "time.date" => text("2026-01-07"),
            "time.weekday" => text("wed"),
            "time.hour" => number(12),
            "time.minute" => number(0),
            "search.path" | "env.PATH" => text("/usr/bin:/bin"),
            _ => Answer::Absent,
        }
    }
}

/// Kind and path, `.` and `..` taken off.
fn place(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let path = format!("/{}", parts.join("/"));
    let inner = path.strip_prefix("/repo/").is_some_and(|rest| INNER.contains(&rest));
    let kind = if FOLDERS.contains(&path.as_str()) || inner {
        "dir"
    } else if path.starts_with("/repo/") || path.starts_with("/usr/") || path.starts_with("/etc/") {
        "file"
    } else {
        "missing"
    };
    format!("{kind} {path}")
}
