//! The documents are true: console blocks print what they say, the example profile loads, every
//! dependency has its reason and an allowed licence.
//!
//! A block that opens with ```` ```console ```` is a session. Lines that start with `$ ` are run by
//! bash, `> ` continues them; what follows is what they print, both streams together. `[..]` stands for
//! any text in a line, a line `...` for any lines, a last line `? N` for the exit code (0 when it is
//! missing). All blocks of one file are one session: a fresh home, `/home/u` in the text, and in it the
//! repository `/home/u/project`, with the exo of this build first on PATH. ```` ```console ignore ````
//! is shown, not run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many blocks may be shown without being run.
const MAX_IGNORED: usize = 3;

/// One command of a session, and what it should do.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    line: usize,
    command: String,
    output: Vec<String>,
    code: i32,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document that can hold sessions.
fn documents() -> Vec<PathBuf> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "md") {
                out.push(path);
            }
        }
    }
    let mut out = vec![root().join("README.md")];
    walk(&root().join("docs"), &mut out);
    out.sort();
    out
}

/// The steps of a document, and how many blocks of it are not run.
fn session(text: &str) -> (Vec<Step>, usize) {
    let (mut steps, mut ignored, mut inside) = (Vec::<Step>::new(), 0, false);
    for (at, line) in text.lines().enumerate() {
        match line.trim_end() {
            "```console" => inside = true,
            "```console ignore" => ignored += 1,
            "```" => inside = false,
            _ if !inside => {}
            line => {
                if let Some(command) = line.strip_prefix("$ ") {
                    steps.push(Step {
                        line: at + 1,
                        command: command.to_owned(),
                        output: Vec::new(),
                        code: 0,
                    });
                    continue;
                }
                let step = steps.last_mut().expect("a block opens with a command");
                if let Some(more) = line.strip_prefix("> ").filter(|_| step.output.is_empty()) {
                    step.command.push('\n');
                    step.command.push_str(more);
                } else if let Some(code) = line.strip_prefix("? ") {
                    step.code = code.parse().expect("`? N` holds a number");
                } else {
                    step.output.push(line.to_owned());
                }
            }
        }
    }
    // An empty line before the next command is for the reader.
    for step in &mut steps {
        while step.output.last().is_some_and(String::is_empty) {
            step.output.pop();
        }
    }
    (steps, ignored)
}

/// Columns are as wide as the longest path, and the paths of a test are longer than those in the text:
/// inside a line, more than one space counts as two.
fn columns(line: &str) -> String {
    let start = line.len() - line.trim_start().len();
    let (indent, rest) = line.split_at(start);
    let words: Vec<&str> =
        rest.trim_end().split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
    format!("{indent}{}", words.join("  "))
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

fn output_matches(pattern: &[String], lines: &[&str]) -> bool {
    match pattern.split_first() {
        None => lines.is_empty(),
        Some((p, rest)) if p == "..." => {
            (0..=lines.len()).any(|skip| output_matches(rest, &lines[skip..]))
        }
        Some((p, rest)) => lines.split_first().is_some_and(|(l, more)| {
            line_matches(&columns(p), &columns(l)) && output_matches(rest, more)
        }),
    }
}

/// A fresh home with a repository in it.
struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        // Not below `/tmp`, which profiles let agents write; as another user than the builder's, home.
        let home = std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
        let make = |base: &Path| tempfile::Builder::new().prefix(".exo-docs-").tempdir_in(base);
        let dir = make(Path::new(env!("CARGO_TARGET_TMPDIR"))).or_else(|_| make(&home)).unwrap();
        let dir = Self { dir };
        fs::create_dir_all(dir.project().join("src")).unwrap();
        fs::create_dir_all(dir.path().join("bin")).unwrap();
        fs::create_dir_all(dir.path().join("tmp")).unwrap();
        symlink(env!("CARGO_BIN_EXE_exo"), dir.path().join("bin/exo")).unwrap();
        fs::write(
            dir.home().join(".gitconfig"),
            "[user]\n\tname = Ada\n\temail = ada@example.com\n",
        )
        .unwrap();
        fs::write(dir.project().join("README.md"), "# A project\n").unwrap();
        fs::write(dir.project().join("hello.py"), "print('hello')\n").unwrap();
        let made = "git -c init.defaultBranch=main init -q && git add . && git commit -qm 'First'";
        let (out, code) = dir.run(made, &dir.project());
        assert_eq!(code, 0, "{out}");
        dir
    }

    /// The folder that stands for `/` in the text.
    fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn home(&self) -> PathBuf {
        self.path().join("home/u")
    }

    fn project(&self) -> PathBuf {
        self.home().join("project")
    }

    /// Runs a command in the folder where the last one left off, and gives its output and exit code.
    fn run(&self, command: &str, cwd: &Path) -> (String, i32) {
        let after = self.path().join("cwd");
        let script = format!("exec 2>&1\n{command}\ncode=$?\npwd -P >{after:?}\nexit $code\n");
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        let out = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", &script])
            .current_dir(cwd)
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path().join("bin").display()))
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("TMPDIR", self.path().join("tmp"))
            .env("USER", "u")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&out.stdout).replace(&*self.path().to_string_lossy(), "");
        (text, out.status.code().unwrap_or(-1))
    }

    /// Where the last command left off.
    fn cwd(&self) -> PathBuf {
        let last = fs::read_to_string(self.path().join("cwd")).unwrap_or_default();
        Some(PathBuf::from(last.trim_end()))
            .filter(|p| p.is_dir())
            .unwrap_or_else(|| self.project())
    }
}

#[test]
fn the_console_blocks_of_the_documents_print_what_they_say() {
    let (mut ignored, mut ran, mut wrong) = (0, 0, Vec::new());
    for document in documents() {
        let (steps, skipped) = session(&fs::read_to_string(&document).unwrap());
        ignored += skipped;
        if steps.is_empty() {
            continue;
        }
        let home = Home::new();
        for step in steps {
            ran += 1;
            let (output, code) = home.run(&step.command, &home.cwd());
            let lines: Vec<&str> = output.trim_end().lines().collect();
            if code != step.code || !output_matches(&step.output, &lines) {
                wrong.push(format!(
                    "{}:{}: $ {}\nexit code {code}, should be {}; it printed\n{output}and should print\n{}\n",
                    document.strip_prefix(root()).unwrap().display(),
                    step.line,
                    step.command,
                    step.code,
                    step.output.join("\n"),
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= 10, "only {ran} commands found in the documents");
    assert!(ignored <= MAX_IGNORED, "{ignored} blocks are not run");
}

#[test]
fn sessions_are_read_as_they_are_meant() {
    let text =
        "a\n```console\n$ one \\\n> two\nout\n\n$ three\n? 126\n```\n```console ignore\n$ x\n```\n";
    let (steps, ignored) = session(text);
    assert_eq!(ignored, 1);
    assert_eq!(
        steps,
        [
            Step { line: 3, command: "one \\\ntwo".into(), output: vec!["out".into()], code: 0 },
            Step { line: 7, command: "three".into(), output: vec![], code: 126 },
        ]
    );
    let pattern = |s: &str| s.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(output_matches(&pattern("a [..] c\n...\nz"), &["a b c", "1", "2", "z"]));
    assert!(output_matches(&pattern("...\nz"), &["z"]));
    assert!(!output_matches(&pattern("a [..] c"), &["a b d"]));
    assert!(!output_matches(&pattern("a"), &["a", "b"]));
    assert!(!output_matches(&pattern("a"), &["ab"]));
    assert!(output_matches(&pattern("  a  b"), &["  a      b"]));
    assert!(!output_matches(&pattern("  a b"), &["a b"]));
}

/// Every whole profile that stands in a document, by name.
fn shown_profiles() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("\n```").next().unwrap();
            if block.starts_with("exo = 1") {
                let keys: toml::Table = block.parse().unwrap();
                out.push((keys["name"].as_str().unwrap().to_owned(), block.to_owned()));
            }
        }
    }
    out
}

#[test]
fn the_profiles_in_documents_and_examples_load_and_hold() {
    let home = Home::new();
    let (out, code) = home.run("exo init", &home.project());
    assert_eq!(code, 0, "{out}");
    let mut profiles = shown_profiles();
    assert!(profiles.len() >= 2, "README.md and docs/profile.md show one each");
    for entry in fs::read_dir(root().join("examples/profiles")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        profiles.push((name, fs::read_to_string(path).unwrap()));
    }
    for (name, text) in profiles {
        fs::write(home.project().join(format!("{name}.toml")), text).unwrap();
        let (out, code) = home.run(&format!("exo profile check ./{name}.toml"), &home.project());
        assert_eq!(code, 0, "{name}: {out}");
        assert!(!out.contains(" 0 examples"), "{name} has examples: {out}");
    }
}

/// What `cargo metadata` knows of the whole dependency tree.
fn metadata() -> serde_json::Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Whether an SPDX expression is satisfied by the allowed licences.
fn licensed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // In this tree AND joins whole groups: `(A OR B) AND C`. Each group needs one allowed licence.
    flat.split(" AND ").all(|group| group.split(" OR ").any(|l| allowed.contains(l.trim())))
}

#[test]
fn every_dependency_has_an_allowed_licence_a_known_source_and_a_reason() {
    if Command::new(env!("CARGO")).arg("--version").output().is_err() {
        return skip("cargo is out of reach for this user");
    }
    let deny: toml::Table = fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let allowed: BTreeSet<String> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect();
    let reasons = fs::read_to_string(root().join("docs/design/dependencies.md")).unwrap();
    let tree = metadata();
    let packages = tree["packages"].as_array().unwrap();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none given");
        let excepted = deny["licenses"]["exceptions"].as_array().unwrap().iter().any(|e| {
            e["crate"].as_str() == Some(name)
                && e["allow"].as_array().unwrap().iter().any(|l| l.as_str() == Some(licence))
        });
        if !licensed(licence, &allowed) && !excepted {
            wrong.push(format!("{name}: licence {licence} is not in deny.toml"));
        }
        let source = package["source"].as_str().unwrap_or("here");
        let known = source.starts_with("registry+") || (source == "here" && name == "exo");
        if !known {
            wrong.push(format!("{name}: comes from {source}"));
        }
        if name == "exo" {
            for direct in package["dependencies"].as_array().unwrap() {
                let direct = direct["name"].as_str().unwrap();
                if !reasons.contains(&format!("| `{direct}` |")) {
                    wrong.push(format!("{direct}: no row in docs/design/dependencies.md"));
                }
            }
        }
    }
    assert!(packages.len() > 50, "only {} packages", packages.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(licensed("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
    assert!(!licensed("GPL-3.0-only", &allowed));
    assert!(!licensed("MIT AND GPL-3.0-only", &allowed));
}

/// Says loudly that a test does not run here; `tests/run.sh` repeats it, CI fails on it.
fn skip(why: &str) {
    assert!(std::env::var_os("EXO_TEST_STRICT").is_none(), "would be skipped: {why}");
    eprintln!("skipped: {why}");
    if let Some(file) = std::env::var_os("EXO_TEST_SKIPS") {
        use std::io::Write;
        let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
        writeln!(file, "{why}").unwrap();
    }
}
