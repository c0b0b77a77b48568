//! A ledger that somebody tampered with: each kind of damage is named, with an exit code of its own; and
//! what only an anchor kept elsewhere can show is shown not to be seen without one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, Ran};
use exo::evidence::audit::Verifier;
use exo::evidence::ledger::Reader;
use rusqlite::{Connection, params};
use std::fs;

/// A ledger of a few runs.
fn home() -> Home {
    let home = Home::new();
    for args in [vec!["true"], vec!["ls"], vec!["rm", "-rf", "/"], vec!["cat", "README.md"]] {
        home.run(&args);
    }
    home.verifies();
    home
}

/// The database without the triggers that stop accidents: an attacker drops them first.
fn open(home: &Home) -> Connection {
    let db = Connection::open(home.state().join("ledger.db")).unwrap();
    let triggers: Vec<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for t in triggers {
        db.execute(&format!("DROP TRIGGER {t}"), []).unwrap();
    }
    db
}

fn verify(home: &Home, code: i32, word: &str) -> Ran {
    let ran = home.exo(&["audit", "verify"]);
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.out.contains(word), "`{word}` is not in {ran:?}");
    assert!(
        !ran.out.contains("valid"),
        "it says what was proved, never that a ledger is good: {ran:?}"
    );
    ran
}

#[test]
fn any_byte_of_any_entry_shows() {
    let home = home();
    let db = open(&home);
    let bodies: Vec<(i64, Vec<u8>)> = db
        .prepare("SELECT seq, body FROM entry")
        .unwrap()
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // Through the program a few places of each entry, through the library every byte.
    for (seq, body) in &bodies {
        for at in (0..body.len()).step_by(body.len() / 3 + 1) {
            let mut other = body.clone();
            other[at] ^= 1;
            db.execute("UPDATE entry SET body = ?1 WHERE seq = ?2", params![other, seq]).unwrap();
            verify(&home, 10, "entry altered");
        }
        db.execute("UPDATE entry SET body = ?1 WHERE seq = ?2", params![body, seq]).unwrap();
    }
    verify(&home, 0, "intact        yes");
    let reader = Reader::open(&home.state()).unwrap();
    let (checkpoints, head) = (reader.checkpoints().unwrap(), reader.head().unwrap());
    let vkey = reader.vkey().unwrap();
    let mut rows = Vec::new();
    reader
        .each(0, |row| {
            rows.push((row.seq, row.leaf, row.body, reader.openings(row.seq).unwrap()));
            true
        })
        .unwrap();
    let code = |changed: usize, at: Option<usize>| {
        let mut v = Verifier::new(&checkpoints, Some(&head), Some(&vkey), None, false, Some(&vkey));
        for (i, (seq, leaf, body, openings)) in rows.iter().enumerate() {
            let mut body = body.clone();
            if let Some(at) = at.filter(|_| i == changed) {
                body[at] ^= 0x20;
            }
            v.row(*seq, leaf, &body, openings);
        }
        v.finish().code()
    };
    assert_eq!(code(0, None), 0);
    for (changed, (_, _, body, _)) in rows.iter().enumerate() {
        for at in 0..body.len() {
            assert_ne!(code(changed, Some(at)), 0, "byte {at} of entry {changed}");
        }
    }
}

#[test]
fn a_missing_entry_and_a_swapped_pair_show() {
    let home = home();
    let db = open(&home);
    let take: (Vec<u8>, Vec<u8>) = db
        .query_row("SELECT leaf, body FROM entry WHERE seq = 3", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap();
    db.execute("DELETE FROM entry WHERE seq = 3", []).unwrap();
    verify(&home, 11, "entry 3 is missing");
    db.execute(
        "INSERT INTO entry (seq, kind, leaf, body) VALUES (3, 'x', ?1, ?2)",
        params![take.0, take.1],
    )
    .unwrap();
    verify(&home, 0, "intact        yes");
    db.execute_batch("UPDATE entry SET seq = 1000 WHERE seq = 3; UPDATE entry SET seq = 3 WHERE seq = 4; UPDATE entry SET seq = 4 WHERE seq = 1000;").unwrap();
    verify(&home, 13, "entries out of order");
}

#[test]
fn a_cut_tail_shows_by_the_checkpoints_and_by_the_head() {
    let home = home();
    let anchor = home.home().join("anchor");
    fs::copy(home.state().join("head"), &anchor).unwrap();
    let db = open(&home);
    let last: i64 = db.query_row("SELECT max(seq) FROM entry", [], |r| r.get(0)).unwrap();
    db.execute("DELETE FROM entry WHERE seq = ?1", [last]).unwrap();
    verify(&home, 12, "tail missing");
    // The checkpoint too: the head beside the database still knows.
    db.execute("DELETE FROM checkpoint WHERE size = ?1", [last + 1]).unwrap();
    verify(&home, 12, "tail missing");
    // Everything put back to an earlier state, the head as well: this is not seen here ...
    let note: String = db
        .query_row("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", [], |r| r.get(0))
        .unwrap();
    let size: i64 = db.query_row("SELECT max(size) FROM checkpoint", [], |r| r.get(0)).unwrap();
    db.execute("DELETE FROM entry WHERE seq >= ?1", [size]).unwrap();
    fs::write(home.state().join("head"), note).unwrap();
    verify(&home, 0, "intact        yes");
    // ... but against a checkpoint that was kept elsewhere.
    let ran = home.exo(&["audit", "verify", "--anchor", anchor.to_str().unwrap()]);
    assert_eq!(ran.code, 12, "{ran:?}");
}

#[test]
fn an_altered_profile_opening_or_key_shows() {
    let home = home();
    let db = open(&home);
    let blob: Vec<u8> = db.query_row("SELECT sha256 FROM blob LIMIT 1", [], |r| r.get(0)).unwrap();
    let bytes: Vec<u8> =
        db.query_row("SELECT bytes FROM blob WHERE sha256 = ?1", [&blob], |r| r.get(0)).unwrap();
    let mut other = bytes.clone();
    other[10] ^= 1;
    db.execute("UPDATE blob SET bytes = ?1 WHERE sha256 = ?2", params![other, blob]).unwrap();
    verify(&home, 14, "blob altered");
    db.execute("UPDATE blob SET bytes = ?1 WHERE sha256 = ?2", params![bytes, blob]).unwrap();

    let value: Vec<u8> = db
        .query_row("SELECT value FROM opening WHERE seq = 2 AND field = 'payload'", [], |r| {
            r.get(0)
        })
        .unwrap();
    db.execute("UPDATE opening SET value = ?1 WHERE seq = 2 AND field = 'payload'", params![b"{}"])
        .unwrap();
    verify(&home, 19, "opening altered");
    // Erased is another thing than altered: everything still verifies, and replay says so.
    db.execute("DELETE FROM opening WHERE seq = 2 AND field = 'payload'", []).unwrap();
    verify(&home, 0, "erased        1 openings");
    let replay = home.exo(&["audit", "replay"]);
    assert!(replay.code == 0 && replay.out.contains("not re-decidable"), "{replay:?}");
    let _ = value;

    let stranger = Home::new();
    for file in ["key", "vkey"] {
        fs::copy(stranger.state().join(file), home.state().join(file)).unwrap();
    }
    verify(&home, 15, "signature or key");
    let run = home.run(&["true"]);
    assert!(run.code == 125 && run.err.contains("does not belong to this ledger"), "{run:?}");
}

#[test]
fn a_decision_that_does_not_follow_from_its_inputs_shows() {
    let home = home();
    let db = open(&home);
    // Opening and entry changed together would need a new signature; a changed opening alone is caught
    // above. What replay adds is shown on a ledger whose profile blob was swapped for a looser one under
    // its old name: hashes of entries hold, the decision does not follow.
    let blob: Vec<u8> = db
        .query_row("SELECT sha256 FROM blob WHERE instr(CAST(bytes AS TEXT), '\"profile\":\"coding-agent\"') > 0", [], |r| r.get(0))
        .unwrap();
    let bytes: Vec<u8> =
        db.query_row("SELECT bytes FROM blob WHERE sha256 = ?1", [&blob], |r| r.get(0)).unwrap();
    let text =
        String::from_utf8(bytes).unwrap().replace("keep-the-repository", "keep-the-respository");
    db.execute("UPDATE blob SET bytes = ?1 WHERE sha256 = ?2", params![text.as_bytes(), blob])
        .unwrap();
    let replay = home.exo(&["audit", "replay"]);
    assert_eq!(replay.code, 16, "{replay:?}");
    let deep = home.exo(&["audit", "verify", "--deep"]);
    assert!(
        deep.out.contains("does not re-decide") && deep.out.contains("blob altered"),
        "{deep:?}"
    );
}

#[test]
fn a_database_that_is_none_has_its_own_code() {
    let home = home();
    for ending in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(home.state().join(ending));
    }
    fs::write(home.state().join("ledger.db"), "this is no database, not even a small one").unwrap();
    let ran = home.exo(&["audit", "verify"]);
    assert_eq!(ran.code, 17, "{ran:?}");
}

#[test]
fn lists_are_filtered_and_stories_are_told() {
    let home = home();
    let list = |args: &[&str]| {
        let mut all = vec!["audit", "list"];
        all.extend(args);
        let ran = home.exo(&all);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    assert_eq!(list(&["--verdict", "deny"]).lines().count(), 1);
    assert_eq!(list(&["--as", "coding-agent", "--kind", "intent"]).lines().count(), 3);
    assert_eq!(list(&["--action", "delete", "--resource", "file:/**"]).lines().count(), 1);
    assert_eq!(list(&["--rule", "keep-the-repository"]).lines().count(), 1);
    assert_eq!(list(&["--rule", "no-such-rule"]), "");
    assert_eq!(list(&["--until", "2000-01-01"]), "");
    assert_eq!(list(&["--since", "2000-01-01"]).lines().count(), 9);
    assert_eq!(list(&["--since", "2000-01-01T02:00:00+02:00"]).lines().count(), 9);
    for bad in [
        ["--verdict", "alow"],
        ["--kind", "run"],
        ["--action", "send"],
        ["--since", "yesterday"],
        ["--until", "2000-01-01T02:00:00"],
        ["--resource", "a***"],
    ] {
        let ran = home.exo(&["audit", "list", bad[0], bad[1]]);
        assert!(ran.code == 2 && ran.err.contains(bad[1]) && ran.out.is_empty(), "{ran:?}");
    }
    let csv = list(&["--csv"]);
    assert!(
        csv.starts_with("entry,time,kind,agent,verdict,rules,what\n") && csv.lines().count() == 10,
        "{csv}"
    );
    let denied = list(&["--verdict", "deny"]);
    let number = denied.split_whitespace().next().unwrap();
    let told = home.exo(&["audit", "show", number]).out;
    for word in [
        "who       agent coding-agent",
        "rm -rf /",
        "verdict   deny",
        "rule keep-the-repository",
        "git.root = ",
        "confined  nothing ran",
    ] {
        assert!(told.contains(word), "`{word}` is not in {told}");
    }
    let intent = list(&["--kind", "intent"]);
    let number = intent.split_whitespace().next().unwrap();
    let told = home.exo(&["audit", "show", number]).out;
    assert!(told.contains("exited with 0") && told.contains("Landlock ABI"), "{told}");
    assert_eq!(home.exo(&["audit", "show", "4711"]).code, 1);
    assert_eq!(home.exo(&["audit", "tail", "-n", "2"]).out.lines().count(), 2);
}
