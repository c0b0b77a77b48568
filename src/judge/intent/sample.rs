//! The world in which the examples of catalogue rows are judged.
//!
//! In: the name of a fact, or a line. Out: an answer that is the same on every machine; the line's effects.
//! Never: looks at the real one.

use crate::judge::catalogue::Catalogue;
use crate::model::{Answer, FactValue, Glob, Payload, StdinKind, What, World};

/// The world of the catalogue's examples; `docs/design/catalogue.md` describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample;

impl World for Sample {
    fn ask(&self, name: &str) -> Answer {
        let known = |t: &str| Answer::Known(FactValue::Text(t.to_owned()));
        let (family, rest) = name.split_once(':').unwrap_or((name, ""));
        match family {
            "path" | "link" => {
                let mut parts: Vec<&str> = Vec::new();
                for p in rest.split('/') {
                    match p {
                        "" | "." => {}
                        ".." => {
                            parts.pop();
                        }
                        p => parts.push(p),
                    }
                }
                let path = format!("/{}", parts.join("/"));
                let dirs = ["/", "/repo", "/repo/src", "/repo/d", "/home/dev", "/tmp", "/etc"];
                let files = [
                    "f",
                    "f1",
                    "f2",
                    "src/main.rs",
                    "d/pyproject.toml",
                    "Makefile",
                    "Cargo.toml",
                    "package.json",
                ];
                let kind = if dirs.contains(&path.as_str()) {
                    "dir"
                } else if path.starts_with("/usr/bin/")
                    || files.iter().any(|f| path == format!("/repo/{f}"))
                {
                    "file"
                } else {
                    "missing"
                };
                known(&format!("{kind} {path}"))
            }
            "names" => known("plain"),
            "program" => known(&format!("/usr/bin/{rest}")),
            "script" if rest == "/repo/package.json#clean" => known("rm -rf d && frob"),
            "shebang" => Answer::Absent,
            "cwd" | "git.root" => known("/repo"),
            "home" | "env.HOME" => known("/home/dev"),
            "env.USER" | "user.name" => known("dev"),
            "git.branch" => known("agent/x"),
            "tmp" => known("/tmp"),
            _ => Answer::Absent,
        }
    }
}

/// The effects of a line in this world, as rows write them: each once, sorted.
#[must_use]
pub fn effects(catalogue: &Catalogue, line: &str) -> Vec<String> {
    let payload = Payload { what: What::Line(line.as_bytes().to_vec()), stdin: StdinKind::Closed };
    let reach: Vec<Glob> =
        ["/repo/**", "/tmp/**"].iter().filter_map(|t| Glob::parse(t).ok()).collect();
    let intent = super::read(&payload, catalogue, &Sample, &reach);
    let mut out: Vec<String> =
        intent.effects.iter().map(|e| format!("{} {}", e.action, e.resource)).collect();
    out.sort();
    // Texts that run are told apart by hashes, which stand beside the effect.
    out.dedup();
    out
}
