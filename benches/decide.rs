//! What deciding costs in a process that has everything loaded, and what loading costs.
//!
//! Run with `cargo bench --bench decide`. Prints; asserts nothing.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros make undocumented items"
)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use exo::gate::{Bench, Installation, SHIPPED};
use exo::judge::policy::{Policy, PolicyError, Source};
use exo::model::{Payload, StdinKind, What};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

/// Lines of an agent's day, from short to long.
const LINES: [(&str, &str); 5] = [
    ("ls", "ls -la src"),
    ("git", "git status"),
    ("pipeline", "grep -rn 'fn main' src | head -20"),
    ("compound", "cd src && git add -A && git commit -m 'wip' | tee out"),
    ("denied", "rm -rf / --no-preserve-root"),
];

fn source(name: &str, extra: &str) -> Result<Source, PolicyError> {
    let shipped = SHIPPED.iter().find(|(n, _)| *n == name);
    let text = shipped.map_or(extra, |(_, text)| text).to_owned();
    Ok(Source { name: name.to_owned(), path: format!("{name}.toml"), text })
}

/// coding-agent with so many rules more, none of which matches.
fn profile(rules: usize) -> String {
    let mut text = "exo = 1\nname = \"many\"\nextends = [\"coding-agent\"]\n".to_owned();
    for i in 0..rules {
        let _ = write!(
            text,
            "[[permit]]\nid = \"rule-{i}\"\nactions = [\"read\", \"update\"]\nresources = [\"file:/srv/{i}/**\", \"s3:bucket-{i}/*\"]\n"
        );
    }
    text
}

fn bench(rules: usize) -> (tempfile::TempDir, Bench) {
    let dir = tempfile::tempdir().unwrap();
    let installation =
        Installation { config: dir.path().join("config"), state: dir.path().join("state") };
    installation.make().unwrap();
    installation.write_profiles().unwrap();
    std::fs::write(installation.config.join("profiles/many.toml"), profile(rules)).unwrap();
    let env: BTreeMap<_, _> = std::env::vars_os().collect();
    let bench = Bench::new(&installation, "many", &env).unwrap();
    (dir, bench)
}

fn line(text: &str) -> Payload {
    Payload { what: What::Line(text.as_bytes().to_vec()), stdin: StdinKind::Closed }
}

fn decide(c: &mut Criterion) {
    for rules in [10, 1000] {
        let (_dir, bench) = bench(rules);
        let mut group = c.benchmark_group(format!("judge, {rules} rules"));
        for (name, text) in LINES {
            let payload = line(text);
            group.bench_function(name, |b| {
                b.iter_batched(
                    || payload.clone(),
                    |p| black_box(bench.judge(p)),
                    BatchSize::SmallInput,
                );
            });
        }
        group.finish();
    }
}

fn load(c: &mut Criterion) {
    for rules in [0, 1000] {
        let text = profile(rules);
        c.bench_function(&format!("load coding-agent and {rules} rules"), |b| {
            b.iter(|| black_box(Policy::load("many", &|name| source(name, &text))));
        });
    }
}

criterion_group!(benches, decide, load);
criterion_main!(benches);
