//! The ledger against real folders, real processes' handles and real damage.

use super::*;
use serde_json::json;
use std::fs;

fn draft(kind: Kind, public: Value) -> Draft {
    let Value::Object(public) = public else { panic!() };
    Draft { kind, public, private: vec![("payload", json!({"argv": ["ls"]}))], blobs: Vec::new() }
}

fn intent() -> Draft {
    draft(Kind::Intent, json!({"os": {"pid": 7, "start_ticks": 9}}))
}

#[test]
fn intents_are_open_until_their_outcome_comes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut ledger, new) = Ledger::create(dir.path()).unwrap();
    assert!(new);
    let seq = ledger.append(vec![intent()]).unwrap()[0].seq;
    assert_eq!(seq, 1);
    let open = ledger.open_intents().unwrap();
    assert_eq!((open[0].seq, open[0].pid, open[0].start_ticks), (1, 7, 9));
    ledger.append(vec![draft(Kind::Outcome, json!({"intent_seq": 1}))]).unwrap();
    assert_eq!(ledger.open_intents().unwrap(), []);
    assert_eq!(ledger.size().unwrap(), 3);
    let (again, new) = Ledger::create(dir.path()).unwrap();
    assert!(!new);
    assert_eq!(again.vkey(), ledger.vkey());
}

#[test]
fn many_handles_at_once_leave_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    Ledger::create(dir.path()).unwrap();
    std::thread::scope(|s| {
        for _ in 0..8 {
            s.spawn(|| {
                let mut ledger = Ledger::open(dir.path()).unwrap();
                for _ in 0..25 {
                    ledger.append(vec![intent()]).unwrap();
                }
            });
        }
    });
    let reader = Reader::open(dir.path()).unwrap();
    let mut seqs = Vec::new();
    reader
        .each(0, |row| {
            seqs.push(row.seq);
            true
        })
        .unwrap();
    assert_eq!(seqs, (0..201).collect::<Vec<_>>());
    assert_eq!(reader.checkpoints().unwrap().len(), 201);
}

#[test]
fn remains_of_a_ledger_are_not_built_upon() {
    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::create(dir.path()).unwrap());
    fs::remove_file(dir.path().join("key")).unwrap();
    assert!(matches!(Ledger::create(dir.path()), Err(LedgerError::Remains { .. })));
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Key { .. })));
}

#[test]
fn another_ledgers_key_is_refused() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(Ledger::create(a.path()).unwrap());
    drop(Ledger::create(b.path()).unwrap());
    fs::copy(b.path().join("key"), a.path().join("key")).unwrap();
    let error = Ledger::open(a.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Key { .. }), "{error}");
}

#[test]
fn digests_are_remembered_by_version_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::create(dir.path()).unwrap();
    let key = "1:2:3:4:5";
    assert_eq!(ledger.cached_digest(key), None);
    ledger.remember_digest(key, &Digest([7; 32]));
    assert_eq!(ledger.cached_digest(key), Some(Digest([7; 32])));
    assert_eq!(ledger.cached_digest("1:2:3:4:6"), None);
}

#[test]
fn entries_cannot_be_changed_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::create(dir.path()).unwrap());
    let db = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    for sql in ["UPDATE entry SET kind = 'x'", "DELETE FROM entry", "DELETE FROM checkpoint"] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
}
