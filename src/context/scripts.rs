//! The texts and digests of programs that a command runs.
//!
//! In: an absolute path, or that of a `package.json` and the name of a script. Out: SHA-256, or the text.
//! Never: reads more than it is bound to, runs anything.

use crate::model::{Answer, FactValue, sha256};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Most bytes of a program text that is hashed.
const MAX_CODE: u64 = 16 * 1024 * 1024;
/// Most bytes of a `package.json` that is read.
const MAX_PACKAGE: u64 = 1024 * 1024;

/// The SHA-256 of a file's bytes; absent where there is no such file.
pub(super) fn digest(path: &Path) -> Answer {
    read(path, MAX_CODE).map_or_else(
        |answer| answer,
        |bytes| Answer::Known(FactValue::Text(sha256(&[&bytes]).to_string())),
    )
}

/// The text of a script: `PATH#NAME`; absent where the file has none of that name.
pub(super) fn text(place: &str) -> Answer {
    let Some((path, name)) = place.split_once('#') else {
        return Answer::Failed(format!("`{place}` names no script"));
    };
    let bytes = match read(Path::new(path), MAX_PACKAGE) {
        Ok(bytes) => bytes,
        Err(answer) => return answer,
    };
    match serde_json::from_slice::<serde_json::Value>(&bytes) {
        Err(e) => Answer::Failed(format!("`{path}` is not JSON: {e}")),
        Ok(package) => {
            let script = package.get("scripts").and_then(|s| s.get(name)?.as_str());
            script.map_or(Answer::Absent, |t| Answer::Known(FactValue::Text(t.to_owned())))
        }
    }
}

/// The bytes of a regular file, or what is to be answered instead.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, Answer> {
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Answer::Absent,
        _ => Answer::Failed(format!("`{}`: {e}", path.display())),
    };
    // A pipe would wait for its writer.
    let kind = std::fs::metadata(path).map_err(failed)?;
    if !kind.is_file() {
        return Err(Answer::Failed(format!("`{}` is not a file", path.display())));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(most + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Answer::Failed(format!("`{}` is longer than {most} bytes", path.display())));
    }
    Ok(bytes)
}
