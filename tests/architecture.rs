//! The house rules, held by a test: which room may name which (DESIGN: imports run downward only),
//! where `unsafe` may stand, how long files may be, and that each opens with its duty.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Room → rooms it may name as `crate::…`. `model` may be named by all; a room may name itself.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("judge/shell", &[]),
    ("judge/catalogue", &[]),
    ("judge/policy", &[]),
    ("judge/intent", &["judge/shell", "judge/catalogue"]),
    ("judge/decide", &["judge/policy"]),
    (
        "judge/lint",
        &["judge/shell", "judge/catalogue", "judge/policy", "judge/intent", "judge/decide"],
    ),
    ("context", &[]),
    ("subject", &["evidence/record"]),
    ("enforce/confine", &[]),
    ("enforce/exec", &["enforce/confine"]),
    ("evidence/record", &[]),
    ("evidence/ledger", &["evidence/record"]),
    (
        "evidence/audit",
        &["evidence/record", "judge/catalogue", "judge/policy", "judge/intent", "judge/decide"],
    ),
    ("gate", &["judge", "context", "subject", "enforce", "evidence"]),
    ("cli", &["gate", "judge", "context", "subject", "enforce", "evidence", "cli"]),
];

/// The only files that may hold `unsafe` code.
const UNSAFE: &[&str] = &["src/enforce/confine/child.rs", "src/enforce/exec/spawn.rs"];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    walk(&root.join("src"), &mut out);
    out.iter_mut().for_each(|(p, _)| *p = p.strip_prefix(root).unwrap().to_path_buf());
    assert!(out.len() > 20, "found only {} sources", out.len());
    out
}

/// The room of a path below `src/`, such as `judge/shell`; `None` for `lib.rs`, `main.rs` and the
/// halls of the wings.
fn room(path: &str) -> Option<&'static str> {
    let inner = path.strip_prefix("src/")?;
    TABLE.iter().map(|(r, _)| *r).find(|r| inner.starts_with(&format!("{r}/")))
}

/// The part of a file before its tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// Every path that starts with `crate::` or climbs with `super::`, as `judge::shell::…`.
fn named(room: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in product(text).lines().filter(|l| !l.trim_start().starts_with("//")) {
        for piece in line.replace("(in crate::", "(in ").split("crate::").skip(1) {
            let first = |s: &str| {
                s.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
                    .collect::<String>()
            };
            if let Some(list) = piece.strip_prefix('{') {
                out.extend(
                    list.split(['{', '}', ',']).map(|s| first(s.trim())).filter(|s| !s.is_empty()),
                );
            } else {
                out.push(first(piece));
            }
        }
        assert!(
            !line.contains("super::super::"),
            "{room}: climb with `crate::`, not `super::super::`: {line}"
        );
    }
    out
}

#[test]
fn imports_run_downward_only() {
    let rooms: Vec<&str> = TABLE.iter().map(|(r, _)| *r).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        let Some(here) = room(&path) else { continue };
        let may = TABLE.iter().find(|(r, _)| *r == here).map(|(_, m)| *m).unwrap();
        let mut wing_names = named(here, &text);
        // `use super::x` in `judge/intent/mod.rs` names `judge::x`.
        if path.ends_with("/mod.rs") && here.contains('/') && path.matches('/').count() == 3 {
            let wing = here.split('/').next().unwrap();
            wing_names.extend(
                product(&text)
                    .lines()
                    .filter_map(|l| l.trim().strip_prefix("use super::"))
                    .map(|l| format!("{wing}::{l}")),
            );
        }
        for name in wing_names {
            let mut parts = name.split("::");
            let (a, b) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let two = format!("{a}/{}", b.trim_matches(';'));
            let target = rooms.iter().find(|r| **r == two || **r == a).copied().unwrap_or(a);
            let fine = target == here
                || target == "model"
                || may.iter().any(|m| target == *m || target.starts_with(&format!("{m}/")));
            if !fine {
                wrong.push(format!("{path}: `{here}` may not name `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_gate_admits() {
    for (path, text) in sources() {
        let path = path.to_string_lossy().into_owned();
        if path.starts_with("src/gate/") || path.starts_with("src/enforce/exec/") {
            continue;
        }
        assert!(
            !product(&text).contains("Admission::"),
            "{path}: only the gate makes an Admission"
        );
    }
}

#[test]
fn unsafe_stands_only_in_the_files_named_for_it_and_every_block_says_why() {
    for (path, text) in sources() {
        let name = path.to_string_lossy().into_owned();
        let uses: Vec<usize> = text
            .lines()
            .enumerate()
            .filter(|(_, l)| {
                !l.trim_start().starts_with("//")
                    && (l.contains("unsafe {")
                        || l.contains("unsafe fn")
                        || l.contains("unsafe impl")
                        || l.contains("unsafe extern"))
            })
            .map(|(i, _)| i)
            .collect();
        if uses.is_empty() {
            continue;
        }
        assert!(UNSAFE.contains(&name.as_str()), "{name} may not use unsafe");
        let lines: Vec<&str> = text.lines().collect();
        for i in uses {
            let above = &lines[i.saturating_sub(8)..i];
            assert!(
                above.iter().any(|l| l.contains("SAFETY:") || l.contains("# Safety")),
                "{name}:{}: no SAFETY line above",
                i + 1
            );
        }
    }
}

#[test]
fn files_are_short_and_open_with_their_duty() {
    let mut lengths = Vec::new();
    for (path, text) in sources() {
        let name = path.to_string_lossy().into_owned();
        assert!(text.starts_with("//! "), "{name} does not open with its duty");
        let test_file = name.ends_with("tests.rs");
        let lines = product(&text).lines().count();
        assert!(test_file || lines <= 800, "{name} has {lines} lines");
        if !test_file {
            lengths.push(lines);
        }
        for word in ["todo!", "unimplemented!", "FIXME", "XXX", "room being built"] {
            assert!(!text.contains(word), "{name} has a hole: {word}");
        }
    }
    lengths.sort_unstable();
    let (median, p90) = (lengths[lengths.len() / 2], lengths[lengths.len() * 9 / 10]);
    assert!(median <= 250 && p90 <= 550, "median {median}, ninth decile {p90}");
}

#[test]
fn pure_rooms_forbid_unsafe_and_io() {
    for hall in [
        "src/model/mod.rs",
        "src/judge/mod.rs",
        "src/evidence/record/mod.rs",
        "src/evidence/audit/mod.rs",
    ] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(hall)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{hall}");
        assert!(
            text.contains("#![deny(clippy::disallowed_methods, clippy::disallowed_types)]"),
            "{hall}"
        );
    }
}
