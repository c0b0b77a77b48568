//! What deciding costs per line: percentiles over sets of lines, growth with length, lines per second.
//!
//! Run with `cargo bench --bench lines`. `EXO_CORPORA=FOLDER` adds the lines of every `*.tsv` there (first
//! column, or `command`; U+240A stands for a newline). Prints; asserts nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark prints, and fails by panicking"
)]

use exo::gate::{Bench, Installation};
use exo::model::{Payload, StdinKind, What};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// How often each line is judged; the median counts.
const ROUNDS: usize = 21;
/// Rules that are added, none of which matches.
const RULES: usize = 1000;

/// Lines of an agent's day.
const DAY: [&str; 24] = [
    "ls -la src",
    "cat README.md",
    "git status",
    "git diff --stat HEAD~1",
    "git log --oneline -5",
    "git add -A",
    "git commit -m 'fix: off by one'",
    "grep -rn 'fn main' src",
    "grep -rn 'fn main' src | head -20",
    "find . -name '*.rs' -newer Cargo.toml",
    "sed -n '1,40p' src/main.rs",
    "sed -i 's/foo/bar/g' src/main.rs",
    "cargo build --release --locked",
    "cargo test 2>&1 | tail -n 40",
    "cd src && ls && cd ..",
    "mkdir -p docs && touch docs/a.md",
    "echo 'target/' >> .gitignore",
    "rm -rf target",
    "npm ci && npm run build",
    "python3 -c 'print(1+1)'",
    "for f in a b c; do wc -l \"$f\"; done",
    "curl -sS http://localhost:8080/health",
    "cd src && git add -A && git commit -m 'wip' | tee out",
    "rm -rf / --no-preserve-root",
];

/// One shape of a long line: a beginning, what is repeated, and an end.
const SHAPES: [(&str, &str, &str, &str); 16] = [
    ("words", "echo ", "word ", ""),
    ("commands", "", "true; ", ""),
    ("pipes", "a", "|a", ""),
    ("substitutions", "", "$(", ""),
    ("backticks", "", "`a`", ""),
    ("groups", "", "{ ", ""),
    ("subshells", "", "(", ""),
    ("conditions", "", "if ", ""),
    ("tests", "", "[[ ( ", ""),
    ("single quotes", "echo '", "x'' '", "'"),
    ("double quotes", "echo ", "\"$a\"", ""),
    ("backslashes", "echo ", "\\a", ""),
    ("assignments", "", "a=b ", ""),
    ("redirections", "echo ", ">a ", ""),
    ("wrappers", "", "env ", "ls"),
    ("wildcards", "echo ", "*a?", ""),
];

fn bench() -> (tempfile::TempDir, Bench) {
    let dir = tempfile::tempdir().unwrap();
    let installation =
        Installation { config: dir.path().join("config"), state: dir.path().join("state") };
    installation.make().unwrap();
    installation.write_profiles().unwrap();
    let mut text = "exo = 1\nname = \"many\"\nextends = [\"coding-agent\"]\n".to_owned();
    for i in 0..RULES {
        let _ = write!(
            text,
            "[[permit]]\nid = \"rule-{i}\"\nactions = [\"read\", \"update\"]\nresources = [\"file:/srv/{i}/**\", \"s3:bucket-{i}/*\"]\n"
        );
    }
    std::fs::write(installation.config.join("profiles/many.toml"), text).unwrap();
    let env: BTreeMap<_, _> = std::env::vars_os().collect();
    let bench = Bench::new(&installation, "many", &env).unwrap();
    (dir, bench)
}

fn judge(bench: &Bench, line: &[u8]) -> u64 {
    let payload = Payload { what: What::Line(line.to_vec()), stdin: StdinKind::Closed };
    bench.judge(payload).map_or(0, |judged| judged.decide_ns)
}

/// Medians of each line, ascending; the first judgement, which reads rows and files, does not count.
fn medians(bench: &Bench, lines: &[String]) -> Vec<u64> {
    let median = |line: &String| {
        judge(bench, line.as_bytes());
        let mut times: Vec<u64> = (0..ROUNDS).map(|_| judge(bench, line.as_bytes())).collect();
        times.sort_unstable();
        times[ROUNDS / 2]
    };
    let mut all: Vec<u64> = lines.iter().map(median).collect();
    all.sort_unstable();
    all
}

fn percentiles(bench: &Bench, name: &str, lines: &[String]) {
    let all = medians(bench, lines);
    if all.is_empty() {
        return;
    }
    let at = |p: usize| all[(all.len() - 1) * p / 100] as f64 / 1000.0;
    println!(
        "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} |",
        all.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn growth(bench: &Bench) {
    const KIB: [usize; 4] = [8, 16, 32, 64];
    println!(
        "\n| shape | 8 KiB, ms | 16 KiB | 32 KiB | 64 KiB | growth from 32 to 64 |\n|---|---|---|---|---|---|"
    );
    for (name, begin, again, end) in SHAPES {
        let time = |kib: &usize| {
            let room = kib * 1024 - begin.len() - end.len();
            let line = format!("{begin}{}{end}", again.repeat(room / again.len()));
            judge(bench, line.as_bytes());
            let mut times: Vec<u64> = (0..5).map(|_| judge(bench, line.as_bytes())).collect();
            times.sort_unstable();
            times[2] as f64 / 1e6
        };
        let t: Vec<f64> = KIB.iter().map(time).collect();
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} |",
            t[0],
            t[1],
            t[2],
            t[3],
            t[3] / t[2]
        );
    }
}

/// The lines of a corpus.
fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut rows = text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t'));
    let header = text.lines().find(|l| !l.starts_with('#')).unwrap_or_default();
    let column = header.split('\t').position(|c| c == "command");
    if column.is_some() {
        rows.next();
    }
    rows.filter_map(|mut r| r.nth(column.unwrap_or(0)))
        .map(|l| l.replace('\u{240a}', "\n"))
        .collect()
}

fn main() {
    // `cargo bench` also hands over flags of its own harness.
    let (_dir, bench) = bench();
    println!("decide, parse included, {RULES} rules more; medians of {ROUNDS} each, in µs\n");
    println!("| lines | n | p50 | p90 | p99 | max |\n|---|---|---|---|---|---|");
    let day: Vec<String> = DAY.iter().map(|l| (*l).to_owned()).collect();
    percentiles(&bench, "a working day", &day);
    let mut all = day;
    if let Some(folder) = std::env::var_os("EXO_CORPORA") {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "tsv")) {
            let lines = lines(file);
            percentiles(&bench, &file.file_stem().unwrap().to_string_lossy(), &lines);
            all.extend(lines);
        }
    }
    growth(&bench);
    let began = Instant::now();
    let mut bytes = 0;
    let mut count = 0;
    while began.elapsed().as_secs() < 2 {
        for line in &all {
            let what = What::Line(line.as_bytes().to_vec());
            let judged = bench.judge(Payload { what, stdin: StdinKind::Closed }).unwrap();
            bytes += serde_json::to_string(&judged).unwrap().len();
            count += 1;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "\njudged and printed as JSON: {:.0} lines/s on one core, {:.0} bytes a line",
        f64::from(count) / seconds,
        bytes as f64 / f64::from(count)
    );
}
