//! The files beside the database: the folder itself, the key, the lock, the head.
//!
//! In: paths. Out: a signing key, a held lock, the text of the head.
//! Never: follows a link to the key, uses a key that others can read.

use super::error::LedgerError;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ed25519_dalek::SigningKey;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Magic numbers of file systems that other machines serve (statfs(2)): NFS, SMB2, CIFS, 9p.
const REMOTE: [i64; 4] = [0x6969, 0xfe53_4d42, 0xff53_4d42, 0x0102_1997];

/// Makes the folder where it is missing, and checks that it is safe to keep a ledger in.
pub(super) fn prepare(dir: &Path) -> Result<(), LedgerError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| LedgerError::io(dir, &e))?;
    check_folder(dir)
}

/// A local folder, of this user or root, that no one else can write.
pub(super) fn check_folder(dir: &Path) -> Result<(), LedgerError> {
    let meta = fs::metadata(dir).map_err(|e| LedgerError::io(dir, &e))?;
    let wrong = |what: &str| LedgerError::Unsafe { path: dir.to_path_buf(), what: what.into() };
    if !meta.is_dir() {
        return Err(wrong("is not a folder: move it away"));
    }
    if meta.uid() != geteuid().as_raw() && meta.uid() != 0 {
        return Err(wrong("belongs to another user: `chown` it"));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(wrong("can be written by others: `chmod go-w` it"));
    }
    let kind = nix::sys::statfs::statfs(dir)
        .map_err(|e| LedgerError::io(dir, &e.into()))?
        .filesystem_type();
    if REMOTE.contains(&kind.0) {
        return Err(LedgerError::Remote(dir.to_path_buf()));
    }
    Ok(())
}

/// Waits for and takes the lock; it is held as long as the value lives.
pub(super) fn lock(path: &Path) -> Result<Flock<File>, LedgerError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| LedgerError::io(path, &e))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, e)| LedgerError::io(path, &e.into()))
}

/// Writes a new file, to the disk.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), LedgerError> {
    let go = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    go().map_err(|e| LedgerError::io(path, &e))
}

/// Makes a key from fresh random bytes and writes it.
pub(super) fn make_key(path: &Path) -> Result<SigningKey, LedgerError> {
    let seed = random::<32>(path)?;
    let text = format!("# exo ledger signing key: keep it secret\n{}\n", BASE64.encode(seed));
    write_new(path, &text, 0o600)?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Writes the verifier key, which is for everyone.
pub(super) fn write_vkey(path: &Path, text: &str) -> Result<(), LedgerError> {
    write_new(path, &format!("{text}\n"), 0o644)
}

/// Fresh random bytes.
pub(super) fn random<const N: usize>(path: &Path) -> Result<[u8; N], LedgerError> {
    let mut out = [0; N];
    getrandom::fill(&mut out)
        .map_err(|e| LedgerError::Io { path: path.to_path_buf(), what: e.to_string() })?;
    Ok(out)
}

/// Reads the key.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, LedgerError> {
    let wrong = |what: &str| LedgerError::Key { path: path.to_path_buf(), what: what.into() };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(|e| wrong(&format!("cannot be read: {e}; restore it")))?;
    let meta = file.metadata().map_err(|e| LedgerError::io(path, &e))?;
    if !meta.is_file() {
        return Err(wrong("is not a regular file: restore it"));
    }
    if meta.uid() != geteuid().as_raw() && meta.uid() != 0 {
        return Err(wrong("belongs to another user: `chown` it"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(wrong(&format!("can be read by others: run `chmod 600 {}`", path.display())));
    }
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).map_err(|e| LedgerError::io(path, &e))?;
    let mut lines = text.lines().filter(|l| !l.starts_with('#'));
    let seed: Option<[u8; 32]> = match (lines.next(), lines.next()) {
        (Some(line), None) => BASE64.decode(line).ok().and_then(|b| b.try_into().ok()),
        _ => None,
    };
    seed.map(|s| SigningKey::from_bytes(&s)).ok_or_else(|| wrong("is malformed: restore it"))
}

/// Puts a new head in the place of the old one, whole or not at all.
pub(super) fn write_head(path: &Path, text: &str) -> Result<(), LedgerError> {
    let temp = path.with_extension("new");
    let go = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&temp)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&temp, path)
    };
    go().map_err(|e| LedgerError::io(path, &e))
}
