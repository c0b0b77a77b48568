//! The checkpoint: size and root of the tree, signed (C2SP `tlog-checkpoint` and `signed-note`).
//!
//! In: a checkpoint and a key, or the text of a note. Out: the note, or what it says and whether the
//! signature holds.
//! Never: takes a note with an unreadable line, never trusts what is not signed.

use crate::model::{Digest, sha256};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// C2SP signature type of plain Ed25519.
const ED25519: u8 = 1;
/// Most bytes of a note that is read.
const MAX_NOTE: usize = 16 * 1024;

/// Why a note was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a checkpoint.
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    /// No signature by this key in it.
    #[error("checkpoint is not signed by the key of this ledger")]
    Unsigned,
    /// A signature that names this key and does not hold.
    #[error("signature of the checkpoint does not hold")]
    Signature,
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The signed text.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }
}

/// A public key with the name it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    /// Its name, which is the origin of the log.
    pub name: String,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The public half of a signing key.
    #[must_use]
    pub fn of(name: &str, key: &SigningKey) -> Self {
        Self { name: name.to_owned(), key: key.verifying_key() }
    }

    /// First four bytes of SHA-256(name ‖ LF ‖ type ‖ public key).
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[ED25519], self.key.as_bytes()]);
        hash.0.first_chunk().copied().unwrap_or_default()
    }

    /// The text form: `name+id+base64(type ‖ public key)`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        format!("{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), BASE64.encode(key))
    }

    /// Reads the text form; `None` for any other, for an id that does not fit, for a weak key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let key = BASE64.decode(key).ok()?;
        let bytes: &[u8; 32] = key.strip_prefix(&[ED25519])?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|k| !k.is_weak())?;
        let out = Self { name: valid_name(name)?.to_owned(), key };
        (format!("{:08x}", u32::from_be_bytes(out.id())) == id).then_some(out)
    }
}

/// A name that may stand in a note: not empty, no white space, no `+`.
fn valid_name(name: &str) -> Option<&str> {
    let bad = |c: char| c.is_whitespace() || c == '+' || c.is_control();
    (!name.is_empty() && !name.contains(bad)).then_some(name)
}

/// Signs a checkpoint under its origin as key name; the text of the note.
#[must_use]
pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> String {
    let body = checkpoint.body();
    let mut blob = VerifierKey::of(&checkpoint.origin, key).id().to_vec();
    blob.extend_from_slice(&key.sign(body.as_bytes()).to_bytes());
    format!("{body}\n\u{2014} {} {}\n", checkpoint.origin, BASE64.encode(blob))
}

/// A note as read: nothing in it is proved before [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub checkpoint: Checkpoint,
    signatures: Vec<(String, Vec<u8>)>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// Whatever is not exactly origin, size, root, an empty line, and signature lines.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > MAX_NOTE {
            return Err(NoteError::Form("too long"));
        }
        let (body, signed) = text.split_once("\n\n").ok_or(NoteError::Form("no signature"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Form("not three lines"));
        };
        let origin = valid_name(origin).ok_or(NoteError::Form("origin"))?.to_owned();
        let number: u64 = size.parse().map_err(|_| NoteError::Form("size"))?;
        if number.to_string() != size {
            return Err(NoteError::Form("size"));
        }
        let root = BASE64
            .decode(root)
            .ok()
            .and_then(|b| b.try_into().ok())
            .map(Digest)
            .ok_or(NoteError::Form("root"))?;
        let signatures = signed
            .strip_suffix('\n')
            .ok_or(NoteError::Form("no newline at the end"))?
            .split('\n')
            .map(|line| {
                let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
                let blob = BASE64.decode(blob).ok().filter(|b| b.len() > 4)?;
                Some((valid_name(name)?.to_owned(), blob))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or(NoteError::Form("signature line"))?;
        Ok(Self { checkpoint: Checkpoint { origin, size: number, root }, signatures })
    }

    /// Whether the key signed this. Signatures by other keys are passed over.
    ///
    /// # Errors
    /// No signature by the key; one that names it and does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let (id, body) = (key.id(), self.checkpoint.body());
        let mut seen = false;
        for (name, blob) in &self.signatures {
            let Some((by, signature)) = blob.split_first_chunk::<4>() else { continue };
            if *name != key.name || *by != id {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
            key.key.verify_strict(body.as_bytes(), &signature).map_err(|_| NoteError::Signature)?;
            seen = true;
        }
        if seen { Ok(()) } else { Err(NoteError::Unsigned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (SigningKey, Checkpoint) {
        let root = sha256(&[b"x"]);
        (SigningKey::from_bytes(&[7; 32]), Checkpoint { origin: "exo/h/1".into(), size: 12, root })
    }

    #[test]
    fn a_note_says_what_was_signed() {
        let (key, checkpoint) = sample();
        let note = Note::parse(&sign(&checkpoint, &key)).unwrap();
        assert_eq!(note.checkpoint, checkpoint);
        let vkey = VerifierKey::of("exo/h/1", &key);
        assert_eq!(note.verify(&vkey), Ok(()));
        assert_eq!(VerifierKey::parse(&vkey.to_text()), Some(vkey));
    }

    #[test]
    fn the_verifier_key_of_the_specification_is_read() {
        // The example of c2sp.org/signed-note.
        let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        assert_eq!(VerifierKey::parse(text).unwrap().to_text(), text);
        assert_eq!(VerifierKey::parse(&text.replace("530d", "530e")), None);
    }

    #[test]
    fn another_size_another_key_and_a_broken_signature_are_told_apart() {
        let (key, checkpoint) = sample();
        let text = sign(&checkpoint, &key);
        let vkey = VerifierKey::of("exo/h/1", &key);
        let more = Note::parse(&text.replace("\n12\n", "\n13\n")).unwrap();
        assert_eq!(more.verify(&vkey), Err(NoteError::Signature));
        let other = VerifierKey::of("exo/h/1", &SigningKey::from_bytes(&[8; 32]));
        assert_eq!(Note::parse(&text).unwrap().verify(&other), Err(NoteError::Unsigned));
    }

    #[test]
    fn what_is_not_a_checkpoint_is_refused() {
        let (key, checkpoint) = sample();
        let text = sign(&checkpoint, &key);
        for bad in [
            text.replace("\n12\n", "\n012\n"),
            text.replace("\n12\n", "\n+12\n"),
            text.replace("\n\n", "\nmore\n\n"),
            text.replace('\u{2014}', "-"),
            text.trim_end().to_owned(),
            String::new(),
        ] {
            assert!(Note::parse(&bad).is_err(), "{bad}");
        }
    }
}
