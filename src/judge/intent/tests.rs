//! The rows' own examples, and lines over all mechanisms, in a world of a few files.

use super::*;
use crate::model::{Answer, FactValue, StdinKind};

/// The world of the catalogue's examples; `docs/design/catalogue.md` describes it.
struct Sample;

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
                let files =
                    ["f", "f1", "f2", "src/main.rs", "Makefile", "Cargo.toml", "package.json"];
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
            "program" => known(&format!("/usr/bin/{rest}")),
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

fn effects(catalogue: &Catalogue, line: &str) -> Vec<String> {
    let payload = Payload { what: What::Line(line.as_bytes().to_vec()), stdin: StdinKind::Closed };
    let reach = [Glob::parse("/repo/**").unwrap(), Glob::parse("/tmp/**").unwrap()];
    let intent = read(&payload, catalogue, &Sample, &reach);
    let mut out: Vec<String> =
        intent.effects.iter().map(|e| format!("{} {}", e.action, e.resource)).collect();
    out.sort();
    out
}

#[test]
fn every_row_is_valid_and_does_what_its_examples_say() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let tools = catalogue.all().unwrap();
    assert!(tools.len() >= 60, "{}", tools.len());
    let (mut wrong, mut count) = (Vec::new(), 0);
    for tool in &tools {
        assert!(!tool.about.is_empty(), "{} says nothing about itself", tool.name);
        assert!(!tool.example.is_empty(), "{} has no examples", tool.name);
        for example in &tool.example {
            count += 1;
            let got = effects(&catalogue, &example.line);
            let mut want = example.effects.clone();
            want.sort();
            if got != want {
                wrong.push(format!("{}\n    want {want:?}\n    got  {got:?}", example.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} examples:\n{}", wrong.len(), wrong.join("\n"));
}
