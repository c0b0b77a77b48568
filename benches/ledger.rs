//! What the ledger costs: append, verify, replay.
//!
//! Run with `cargo bench --bench ledger`. Prints; asserts nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros make undocumented items"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exo::evidence::audit::{Replayer, Verifier};
use exo::evidence::ledger::{Draft, Ledger, Reader};
use exo::evidence::record::Kind;
use exo::gate::{Bench, Installation};
use exo::model::{Payload, StdinKind, What};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hint::black_box;

/// Entries of the ledger that is verified.
const ENTRIES: u64 = 10_000;

fn draft() -> Draft {
    let public = json!({"agent": "coding-agent", "verdict": "allow", "mode": "enforce", "rules": ["read-work"],
        "os": {"uid": 1000, "gid": 1000, "pid": 4711, "start_ticks": 1}, "decide_ns": 12345});
    let Value::Object(public) = public else { panic!() };
    let private = vec![
        (
            "payload",
            json!({"what": {"argv": ["ls", "-la", "src"]}, "stdin": "pipe", "cwd": "/repo"}),
        ),
        ("facts", json!({"known": {"cwd": "/repo", "git.branch": "agent/x"}})),
    ];
    Draft { kind: Kind::Check, public, private, blobs: Vec::new() }
}

fn append(c: &mut Criterion) {
    // Beside the sources, which lie on the disk that a person's ledger would be on.
    let dir = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let (mut ledger, _) = Ledger::create(dir.path()).unwrap();
    c.bench_function("append one entry, synchronous=FULL", |b| {
        b.iter(|| ledger.append(vec![draft()]).unwrap());
    });
    c.bench_function("append 100 entries in one commit", |b| {
        b.iter(|| ledger.append((0..100).map(|_| draft()).collect()).unwrap());
    });
}

fn verify(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let (mut ledger, _) = Ledger::create(dir.path()).unwrap();
    for _ in 0..ENTRIES / 100 {
        ledger.append((0..100).map(|_| draft()).collect()).unwrap();
    }
    let reader = Reader::open(dir.path()).unwrap();
    let (checkpoints, head) = (reader.checkpoints().unwrap(), reader.head());
    let vkey = reader.vkey();
    let mut rows = Vec::new();
    reader
        .each(0, |row| {
            rows.push((row.seq, row.leaf, row.body, reader.openings(row.seq).unwrap()));
            true
        })
        .unwrap();
    let mut group = c.benchmark_group("audit");
    group.sample_size(10).throughput(Throughput::Elements(ENTRIES));
    group.bench_function("verify 10 000 entries", |b| {
        b.iter(|| {
            let mut v = Verifier::new(
                &checkpoints,
                head.as_deref(),
                vkey.as_deref(),
                None,
                false,
                vkey.as_deref(),
            );
            for (seq, leaf, body, openings) in &rows {
                black_box(v.row(*seq, leaf, body, openings));
            }
            assert_eq!(v.finish().code(), 0);
        });
    });
    group.finish();
}

fn replay(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let installation =
        Installation { config: dir.path().join("config"), state: dir.path().join("state") };
    exo::gate::init(&installation, false).unwrap();
    let env: BTreeMap<_, _> = std::env::vars_os().collect();
    let bench = Bench::new(&installation, "coding-agent", &env).unwrap();
    let line = b"cd src && git add -A && git commit -m wip | tee out".to_vec();
    let payload = Payload { what: What::Line(line), stdin: StdinKind::Closed };
    exo::gate::check(&bench, payload, Some(&installation)).unwrap();
    let reader = Reader::open(&installation.state).unwrap();
    let mut last = None;
    reader
        .each(0, |row| {
            last = Some(row);
            true
        })
        .unwrap();
    let row = last.unwrap();
    let (entry, openings) =
        (exo::evidence::record::parse(&row.body).unwrap(), reader.openings(row.seq).unwrap());
    let mut replayer = Replayer::default();
    let blob = |d: &_| reader.blob(d).ok().flatten();
    c.bench_function("replay one decision", |b| {
        b.iter(|| black_box(replayer.replay(&entry, &openings, &blob)));
    });
}

criterion_group!(benches, append, verify, replay);
criterion_main!(benches);
