-- The ledger. Triggers stop accidents; hashes and signatures show the rest.
CREATE TABLE entry (
    seq  INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    leaf BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
-- Right edge of the tree and time of the last entry (nanoseconds since 1970; enough until 2262).
CREATE TABLE frontier (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    size   INTEGER NOT NULL,
    edge   BLOB NOT NULL,
    last   BLOB,
    t_wall INTEGER NOT NULL
) STRICT;
INSERT INTO frontier VALUES (1, 0, x'', NULL, 0);
CREATE TABLE blob (sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE opening (
    seq   INTEGER NOT NULL,
    field TEXT NOT NULL,
    salt  BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;
CREATE TABLE open_intent (
    seq         INTEGER PRIMARY KEY,
    boot_id     TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    start_ticks INTEGER NOT NULL
) STRICT;
CREATE TABLE seen (
    profile   BLOB NOT NULL,
    catalogue BLOB NOT NULL,
    engine    TEXT NOT NULL,
    PRIMARY KEY (profile, catalogue, engine)
) STRICT, WITHOUT ROWID;
CREATE TABLE digest_cache (key TEXT PRIMARY KEY, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER checkpoint_stays BEFORE UPDATE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
CREATE TRIGGER blob_stays BEFORE UPDATE ON blob
    BEGIN SELECT RAISE(ABORT, 'blobs are never changed'); END;
CREATE TRIGGER blob_kept BEFORE DELETE ON blob
    BEGIN SELECT RAISE(ABORT, 'blobs are never deleted'); END;
PRAGMA user_version = 1;
