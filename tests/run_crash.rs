//! Many runs at once, and exo killed at every stage: the ledger stays whole and says what is open.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, ran};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn sixteen_processes_of_fifty_runs_leave_one_unbroken_ledger() {
    let home = Home::new();
    let exo = home.binary();
    let script = format!(
        "for i in $(seq 50); do {} run --as coding-agent -- true || exit 1; done",
        exo.display()
    );
    let children: Vec<_> = (0..16)
        .map(|_| {
            let mut c = home.command(std::path::Path::new("/bin/bash"), &["-c", &script]);
            c.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let r = ran(child.wait_with_output().unwrap());
        assert_eq!(r.code, 0, "{r:?}");
    }
    home.verifies();
    let entries = home.entries();
    let count = |kind: &str| entries.iter().filter(|e| e["kind"] == kind).count();
    assert_eq!((count("intent"), count("outcome")), (800, 800));
    assert_eq!(count("recovery"), 0, "no live run was taken for a dead one");
    let seqs: Vec<u64> = entries.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|w| w[1] == w[0] + 1), "gap in {seqs:?}");
    let mut closed: BTreeMap<u64, u32> = BTreeMap::new();
    for e in entries.iter().filter(|e| e["kind"] == "outcome") {
        *closed.entry(e["intent_seq"].as_u64().unwrap()).or_default() += 1;
    }
    assert!(closed.len() == 800 && closed.values().all(|n| *n == 1), "each intent closed once");
    let open = home.exo(&["audit", "open", "--json"]);
    assert_eq!(open.out.trim(), "", "{open:?}");
}

/// Waits until the command has written its file, so that the kill hits a running command.
fn wait_for(path: &std::path::Path) {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn killing_exo_while_the_command_runs_ends_the_command_and_leaves_an_open_intent() {
    let home = Home::new();
    let mut c = home.exo_command(&[
        "run",
        "--as",
        "coding-agent",
        "--",
        "python3",
        "-c",
        "import time; open('started','w'); time.sleep(3); open('late','w')",
    ]);
    let mut child = c.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&home.repo().join("started"));
    child.kill().unwrap();
    child.wait().unwrap();
    home.verifies();
    let open = home.exo(&["audit", "open", "--json"]);
    assert_eq!(open.out.lines().count(), 1, "{open:?}");
    std::thread::sleep(Duration::from_millis(3500));
    assert!(!home.repo().join("late").exists(), "the command outlived exo");
    // The next run closes it, and says so.
    assert_eq!(home.run(&["true"]).code, 0);
    assert_eq!(home.exo(&["audit", "open", "--json"]).out.trim(), "");
    let entries = home.entries();
    let recovery = entries.iter().find(|e| e["kind"] == "recovery").unwrap();
    assert_eq!(recovery["reason"], "gone");
    home.verifies();
}

#[test]
fn dying_at_any_stage_leaves_a_ledger_that_verifies() {
    if !cfg!(feature = "fail-points") {
        eprintln!("NOTE: fail points need the feature fail-points; not tested in this build");
        return;
    }
    let home = Home::new();
    assert_eq!(home.run(&["true"]).code, 0);
    let stages = [
        ("judged", 0, false),
        ("before-intent", 0, false),
        ("recorded", 1, false),
        ("ended", 1, true),
        ("closed", 0, true),
    ];
    for (stage, opens, ran_it) in stages {
        let marker = home.repo().join(stage);
        let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", stage]);
        c.env("EXO_FAIL_POINT", stage);
        let r = ran(c.stdin(Stdio::null()).output().unwrap());
        assert_eq!(r.code, -6, "{stage}: {r:?}");
        assert_eq!(marker.exists(), ran_it, "{stage}");
        home.verifies();
        let open = home.exo(&["audit", "open", "--json"]);
        assert_eq!(open.out.lines().count(), opens, "{stage}: {open:?}");
        assert_eq!(home.run(&["true"]).code, 0, "{stage}: the next run goes on");
        assert_eq!(home.exo(&["audit", "open", "--json"]).out.trim(), "", "{stage}");
        home.verifies();
        assert_eq!(home.exo(&["audit", "replay"]).code, 0, "{stage}");
    }
}
