//! Appends: one transaction, one checkpoint, one receipt for each entry.
//!
//! In: drafts. Out: receipts, when the entries are on the disk.
//! Never: answers before that, and never signs over a state it has not looked at.

use super::error::LedgerError;
use super::fail::{clock_offset, fail_point};
use super::files::{
    check_folder, lock, make_key, prepare, random, read_key, write_head, write_vkey,
};
use super::{Draft, OpenIntent, Receipt, open};
use crate::evidence::record::{
    Checkpoint, Frontier, Head, Kind, Note, Sealed, VerifierKey, closed_intent, deciders, seal,
    sign, utc,
};
use crate::model::{Digest, ENGINE, sha256};
use ed25519_dalek::SigningKey;
use nix::time::{ClockId, clock_gettime};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// How far the clock may stand before the last entry: small steps back are what time services do.
const TOLERANCE_NS: u64 = 2_000_000_000;

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    db: Connection,
    key: SigningKey,
    origin: String,
    boot_id: String,
}

/// The state that an append starts from.
struct Edge {
    frontier: Frontier,
    last: Option<Digest>,
    t_wall: u64,
}

impl Ledger {
    /// Opens the ledger of a folder, or makes one where there is none; says whether it is new.
    ///
    /// # Errors
    /// An unsafe folder; only a part of a ledger in it, beside which no new one is made; whatever
    /// [`Self::open`] refuses.
    pub fn create(dir: &Path) -> Result<(Self, bool), LedgerError> {
        prepare(dir)?;
        let _queue = lock(&dir.join("ledger.lock"))?;
        let there = ["ledger.db", "key", "head", "vkey"]
            .map(|name| fs::symlink_metadata(dir.join(name)).is_ok());
        match there {
            [true, true, _, _] => return Ok((Self::open(dir)?, false)),
            [false, false, false, false] => {}
            [false, ..] => {
                return Err(LedgerError::Remains {
                    dir: dir.to_owned(),
                    what: "there are a key or a head but no ledger.db",
                });
            }
            [true, false, _, _] => {
                return Err(LedgerError::Remains {
                    dir: dir.to_owned(),
                    what: "there is ledger.db but no key",
                });
            }
        }
        let host = nix::unistd::gethostname().ok().and_then(|h| h.into_string().ok());
        let host: String = host
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' })
            .collect();
        let salt: [u8; 8] = random(dir)?;
        let origin = format!("exo/{host}/{:016x}", u64::from_be_bytes(salt));
        let key = make_key(&dir.join("key"))?;
        let vkey = VerifierKey::of(&origin, &key).to_text();
        write_vkey(&dir.join("vkey"), &vkey)?;
        let db_path = dir.join("ledger.db");
        open::create(&db_path)?;
        let db = open::open(&db_path, true)?;
        let mut ledger = Self { dir: dir.to_owned(), db, key, origin, boot_id: boot_id()? };
        let public = json!({"vkey": vkey, "origin": ledger.origin, "engine": ENGINE});
        let Value::Object(public) = public else { return Err(ledger.corrupt("no genesis")) };
        let genesis = Draft { kind: Kind::Genesis, public, private: Vec::new(), blobs: Vec::new() };
        ledger.append_locked(vec![genesis])?;
        Ok((ledger, true))
    }

    /// Opens the ledger of a folder.
    ///
    /// # Errors
    /// No ledger there; an unsafe folder or key; a key that does not belong to this ledger; a database
    /// that is damaged or cannot be written.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let db_path = dir.join("ledger.db");
        if fs::symlink_metadata(&db_path).is_err() {
            return Err(LedgerError::Missing(db_path));
        }
        check_folder(dir)?;
        let key = read_key(&dir.join("key"))?;
        let db = open::open(&db_path, true)?;
        let mut ledger =
            Self { dir: dir.to_owned(), db, key, origin: String::new(), boot_id: boot_id()? };
        let note: String = ledger.sql(ledger.db.query_row(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1",
            [],
            |r| r.get(0),
        ))?;
        let note = Note::parse(&note).map_err(|e| ledger.corrupt(&e.to_string()))?;
        ledger.origin = note.checkpoint.origin.clone();
        if note.verify(&VerifierKey::of(&ledger.origin, &ledger.key)).is_err() {
            return Err(LedgerError::Key {
                path: dir.join("key"),
                what: "does not belong to this ledger: restore the one it was made with".to_owned(),
            });
        }
        Ok(ledger)
    }

    /// Appends entries, all or none, and signs the new head.
    ///
    /// # Errors
    /// A clock that stands before the last entry, a database that is damaged, full or read-only, an
    /// entry without canonical form. Nothing was appended then.
    pub fn append(&mut self, drafts: Vec<Draft>) -> Result<Vec<Receipt>, LedgerError> {
        let _queue = lock(&self.dir.join("ledger.lock"))?;
        self.append_locked(drafts)
    }

    fn append_locked(&mut self, drafts: Vec<Draft>) -> Result<Vec<Receipt>, LedgerError> {
        let path = self.dir.join("ledger.db");
        let fail = |e: rusqlite::Error| LedgerError::sql(&path, &e);
        let (now, mono) = self.clocks()?;
        let head_file = self.dir.join("head");
        let known = head_size(&head_file);
        let (origin, boot_id) = (self.origin.clone(), self.boot_id.clone());
        let key = self.key.clone();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let mut edge = edge(&tx, &path)?;
        if known > edge.frontier.size() {
            let what = format!(
                "its head names {known} entries, the database has {}",
                edge.frontier.size()
            );
            return Err(LedgerError::Corrupt { path: path.clone(), what });
        }
        let big = drafts.iter().any(|d| !d.blobs.is_empty());
        let accepts = drafts.iter().all(|d| d.kind == Kind::Clock);
        if !accepts && now.saturating_add(TOLERANCE_NS) < edge.t_wall {
            return Err(LedgerError::ClockBehind { now: utc(now), last: utc(edge.t_wall) });
        }
        let mut receipts = Vec::with_capacity(drafts.len());
        for draft in drafts {
            // Between the look at the open intents and this lock its own exo may have closed it.
            if draft.kind == Kind::Recovery && !is_open(&tx, &draft).map_err(fail)? {
                continue;
            }
            let head = Head {
                log: origin.clone(),
                seq: edge.frontier.size(),
                prev: edge.last,
                boot_id: boot_id.clone(),
                t_wall_ns: now,
                t_mono_ns: mono,
            };
            let salts =
                draft.private.iter().map(|_| random::<16>(&path)).collect::<Result<Vec<_>, _>>()?;
            let sealed = seal(&head, draft.kind, draft.public.clone(), &draft.private, &salts)?;
            insert(&tx, &head, &draft, &sealed).map_err(fail)?;
            edge.frontier.push(sealed.leaf);
            edge.last = Some(sealed.leaf);
            receipts.push(Receipt { seq: head.seq, leaf: sealed.leaf });
        }
        if receipts.is_empty() {
            return Ok(receipts);
        }
        let size = edge.frontier.size();
        let checkpoint = Checkpoint { origin, size, root: edge.frontier.root() };
        let note = sign(&checkpoint, &key);
        let last = edge.last.map(|d| d.0.to_vec());
        tx.prepare_cached("UPDATE frontier SET size = ?1, edge = ?2, last = ?3, t_wall = ?4")
            .and_then(|mut s| {
                s.execute(params![to_i64(size), edge.frontier.to_bytes(), last, to_i64(now)])
            })
            .map_err(fail)?;
        tx.prepare_cached("INSERT INTO checkpoint (size, note) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![to_i64(size), note]))
            .map_err(fail)?;
        fail_point("before-commit");
        tx.commit().map_err(fail)?;
        fail_point("committed");
        write_head(&head_file, &note)?;
        if big {
            // Each process that opens the database reads the write-ahead log: the texts of a profile and
            // a catalogue are not left in it. A failure costs time only.
            let _ = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        Ok(receipts)
    }

    /// Records that the clock, which stands before the last entry, is right.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn accept_clock(&mut self) -> Result<(), LedgerError> {
        let path = self.dir.join("ledger.db");
        let last = edge(&self.db, &path)?.t_wall;
        let (now, _) = self.clocks()?;
        if now.saturating_add(TOLERANCE_NS) >= last {
            return Ok(());
        }
        let public =
            json!({"clock_ns": now.to_string(), "last_ns": last.to_string(), "accepted": true});
        let Value::Object(public) = public else { return Ok(()) };
        self.append(vec![Draft {
            kind: Kind::Clock,
            public,
            private: Vec::new(),
            blobs: Vec::new(),
        }])?;
        Ok(())
    }

    /// Whether this profile was used before with this catalogue and engine.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn profile_seen(
        &self,
        profile: &Digest,
        catalogue: &Digest,
        engine: &str,
    ) -> Result<bool, LedgerError> {
        let found = self
            .db
            .prepare_cached(
                "SELECT 1 FROM seen WHERE profile = ?1 AND catalogue = ?2 AND engine = ?3",
            )
            .and_then(|mut s| s.exists(params![profile.0, catalogue.0, engine]));
        self.sql(found)
    }

    /// Intents without an outcome.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn open_intents(&self) -> Result<Vec<OpenIntent>, LedgerError> {
        let mut out = Vec::new();
        let found = self
            .db
            .prepare_cached("SELECT seq, boot_id, pid, start_ticks FROM open_intent ORDER BY seq")
            .and_then(|mut s| {
                let mut rows = s.query([])?;
                while let Some(r) = rows.next()? {
                    let number = |i: i64| u64::try_from(i).unwrap_or_default();
                    out.push(OpenIntent {
                        seq: number(r.get(0)?),
                        boot_id: r.get(1)?,
                        pid: u32::try_from(r.get::<_, i64>(2)?).unwrap_or_default(),
                        start_ticks: number(r.get(3)?),
                    });
                }
                Ok(())
            });
        self.sql(found).map(|()| out)
    }

    /// A digest that was remembered under this key, which names one version of a file. Not evidence; a
    /// miss costs time only.
    #[must_use]
    pub fn cached_digest(&self, key: &str) -> Option<Digest> {
        let found: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT sha256 FROM digest_cache WHERE key = ?1")
            .and_then(|mut s| s.query_row([key], |r| r.get(0)).optional())
            .ok()
            .flatten();
        found.and_then(|bytes| bytes.try_into().ok()).map(Digest)
    }

    /// Remembers a digest. A failure is not told: the file is hashed again next time.
    pub fn remember_digest(&self, key: &str, digest: &Digest) {
        let _ = self
            .db
            .prepare_cached("INSERT OR REPLACE INTO digest_cache (key, sha256) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![key, digest.0]));
    }

    /// The key that verifies this ledger's checkpoints, as text.
    #[must_use]
    pub fn vkey(&self) -> String {
        VerifierKey::of(&self.origin, &self.key).to_text()
    }

    /// The boot that this is (`/proc/sys/kernel/random/boot_id`).
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.boot_id
    }

    /// Entries in it.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn size(&self) -> Result<u64, LedgerError> {
        Ok(edge(&self.db, &self.dir.join("ledger.db"))?.frontier.size())
    }

    /// Leaves without closing the database: closing costs a wait for the disk, and the next process
    /// finds everything in the write-ahead log.
    pub fn leave(self) {
        std::mem::forget(self.db);
    }

    fn clocks(&self) -> Result<(u64, u64), LedgerError> {
        let read = |id: ClockId| {
            let t = clock_gettime(id).map_err(|e| LedgerError::io(&self.dir, &e.into()))?;
            let ns = i128::from(t.tv_sec()) * 1_000_000_000 + i128::from(t.tv_nsec());
            Ok::<i128, LedgerError>(ns)
        };
        let offset = i128::from(clock_offset()) * 1_000_000_000;
        let wall = read(ClockId::CLOCK_REALTIME)? + offset;
        let number = |n: i128| u64::try_from(n).unwrap_or_default();
        Ok((number(wall), number(read(ClockId::CLOCK_BOOTTIME)?)))
    }

    fn sql<T>(&self, result: Result<T, rusqlite::Error>) -> Result<T, LedgerError> {
        result.map_err(|e| LedgerError::sql(&self.dir.join("ledger.db"), &e))
    }

    fn corrupt(&self, what: &str) -> LedgerError {
        LedgerError::Corrupt { path: self.dir.join("ledger.db"), what: what.to_owned() }
    }
}

/// The right edge of the tree, and whether it fits the last entry.
fn edge(db: &Connection, path: &Path) -> Result<Edge, LedgerError> {
    let fail = |e: rusqlite::Error| LedgerError::sql(path, &e);
    let corrupt =
        |what: &str| LedgerError::Corrupt { path: path.to_owned(), what: what.to_owned() };
    let (size, bytes, last, t_wall): (i64, Vec<u8>, Option<Vec<u8>>, i64) = db
        .prepare_cached("SELECT size, edge, last, t_wall FROM frontier")
        .and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))))
        .map_err(fail)?;
    let size = u64::try_from(size).map_err(|_| corrupt("its size is negative"))?;
    let frontier =
        Frontier::from_bytes(size, &bytes).ok_or_else(|| corrupt("its frontier is malformed"))?;
    let last = match last {
        None => None,
        Some(bytes) => {
            Some(Digest(bytes.try_into().map_err(|_| corrupt("its last leaf is malformed"))?))
        }
    };
    let stored: Option<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT seq, leaf FROM entry ORDER BY seq DESC LIMIT 1")
        .and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?))).optional())
        .map_err(fail)?;
    let fits = match (&stored, last) {
        (None, None) => size == 0,
        (Some((seq, leaf)), Some(last)) => to_i64(size) == seq + 1 && leaf.as_slice() == last.0,
        _ => false,
    };
    if !fits {
        return Err(corrupt("its frontier does not fit its last entry"));
    }
    Ok(Edge { frontier, last, t_wall: u64::try_from(t_wall).unwrap_or_default() })
}

fn insert(
    tx: &Transaction<'_>,
    head: &Head,
    draft: &Draft,
    sealed: &Sealed,
) -> rusqlite::Result<()> {
    let seq = to_i64(head.seq);
    tx.prepare_cached("INSERT INTO entry (seq, kind, leaf, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![seq, draft.kind.name(), sealed.leaf.0, sealed.body])?;
    for o in &sealed.openings {
        tx.prepare_cached("INSERT INTO opening (seq, field, salt, value) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![seq, o.field, o.salt, o.value])?;
    }
    for bytes in &draft.blobs {
        tx.prepare_cached("INSERT OR IGNORE INTO blob (sha256, bytes) VALUES (?1, ?2)")?
            .execute(params![sha256(&[bytes]).0, bytes])?;
    }
    match draft.kind {
        Kind::Intent => {
            let os = |key: &str| {
                let value = draft.public.get("os").and_then(|os| os.get(key));
                value.and_then(Value::as_u64).map(to_i64).unwrap_or_default()
            };
            tx.prepare_cached(
                "INSERT INTO open_intent (seq, boot_id, pid, start_ticks) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![seq, head.boot_id, os("pid"), os("start_ticks")])?;
        }
        Kind::Outcome | Kind::Recovery => {
            tx.prepare_cached("DELETE FROM open_intent WHERE seq = ?1")?
                .execute([closed_intent(&draft.public).map_or(-1, to_i64)])?;
        }
        Kind::Profile => {
            let engine = draft.public.get("engine").and_then(Value::as_str).unwrap_or_default();
            if let (Some(profile), Some(catalogue)) = deciders(&draft.public) {
                tx.prepare_cached(
                    "INSERT OR IGNORE INTO seen (profile, catalogue, engine) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![profile.0, catalogue.0, engine])?;
            }
        }
        Kind::Genesis | Kind::Deny | Kind::Check | Kind::Clock => {}
    }
    Ok(())
}

/// Whether the intent that a recovery closes is still open.
fn is_open(tx: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<bool> {
    let seq = closed_intent(&draft.public).map_or(-1, to_i64);
    tx.prepare_cached("SELECT 1 FROM open_intent WHERE seq = ?1")?.exists([seq])
}

/// How many entries the head file names; 0 where there is none yet, or a torn one.
fn head_size(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    Note::parse(&text).map_or(0, |n| n.checkpoint.size)
}

fn boot_id() -> Result<String, LedgerError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    fs::read_to_string(path).map(|t| t.trim().to_owned()).map_err(|e| LedgerError::io(path, &e))
}

fn to_i64(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
