//! `exo catalogue`: rows in words, the page that is made of them, files that are wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::Home;
use std::fs;
use std::path::Path;

#[test]
fn the_page_is_made_of_the_rows() {
    let home = Home::bare(None);
    let ran = home.exo(&["catalogue", "page"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/catalogue.md");
    let kept = fs::read_to_string(page).unwrap();
    assert!(
        ran.out == kept,
        "rows have changed: run `cargo run -q -- catalogue page > docs/catalogue.md`"
    );
}

#[test]
fn rows_are_listed_and_shown() {
    let home = Home::new();
    let list = home.exo(&["catalogue", "list"]);
    assert!(list.code == 0 && list.out.lines().any(|l| l.starts_with("git ")), "{list:?}");
    let show = home.exo(&["catalogue", "show", "cp"]);
    for part in ["copies files", "the last operand: write path", "-t, --target-directory VALUE"] {
        assert!(show.out.contains(part), "{part}: {}", show.out);
    }
    let json = home.exo(&["catalogue", "show", "git", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(value["verb"].as_array().unwrap().len() > 20, "{}", value["name"]);
    let missing = home.exo(&["catalogue", "show", "frobnicate"]);
    assert!(missing.code == 1 && missing.err.contains("no row for `frobnicate`"), "{missing:?}");
}

/// A file and what must be said of it, with the line.
const FILES: &[(&str, &[&str])] = &[
    (
        "[[tool]]\nname = \"frob\"\nabout = \"frobs\"\noperands = [{ at = \"all\", effects = [\"read path\"] }]\nexample = [{ line = \"frob f\", effects = [\"read file:/repo/f\"] }]\n",
        &["1 tools, all examples hold"],
    ),
    ("[[tool", &[":1: error"]),
    ("[[tool]]\nname = \"frob\"\naboot = \"x\"\n", &[":3: error", "unknown key `aboot`"]),
    ("# mine\n[[tool]]\nname = \"cat\"\nabout = \"x\"\n", &[":3: error", "is there already"]),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\nflag = [\n  { names = [\"-a\"] },\n  { names = [\"-b\", \"-b\"] },\n]\n",
        &[":6: error", "`-b` is spelled twice", "warning", "no example"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\nverb = [\n  { path = [\"x\", \"y\"] },\n  { path = [\"x\", \"z\"], aliases = [\"y\"] },\n]\n",
        &[":6: error", "verb `x y` is there twice"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\neffects = [\"read paht\"]\n",
        &[":4: error", "no kind `paht`"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\neffects = [\"raed path x\"]\n",
        &[":4: error", "`raed path x`"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\noperands = [{ at = \"last\", effects = [\"read path\"] }]\n",
        &[":4: error", "no such place"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\neffects = [\"if deep: read path\"]\n",
        &[":4: warning", "no flag adds the mark `deep`"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\neffects = [\"connect host:{flag:--host}\"]\n",
        &[":4: error", "names the flag `--host`"],
    ),
    (
        "[[tool]]\nname = \"frob\"\nabout = \"x\"\nexample = [\n  { line = \"frob\", effects = [\"read file:/x\"] },\n]\n",
        &[":5: error", "says read file:/x, and has nothing"],
    ),
];

#[test]
fn a_file_of_rows_is_checked_line_by_line() {
    let home = Home::bare(None);
    let file = home.repo().join("mine.toml");
    for (text, parts) in FILES {
        fs::write(&file, text).unwrap();
        let ran = home.exo(&["catalogue", "check", file.to_str().unwrap()]);
        let wrong = parts.iter().any(|p| p.contains("error"));
        assert_eq!(ran.code, i32::from(wrong), "{text}\n{}{}", ran.out, ran.err);
        for part in *parts {
            assert!(ran.out.contains(part), "{part} is missing:\n{text}\n{}", ran.out);
        }
    }
    let ran = home.exo(&["catalogue", "check", "/nowhere.toml"]);
    assert!(ran.code == 2 && ran.err.contains("cannot read"), "{ran:?}");
}
