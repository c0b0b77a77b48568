//! Which file a program name means, and what a script's first line says.
//!
//! In: a name and the folders of the sanitised PATH, or a path. Out: the path found, the interpreter.
//! Never: looks in a relative folder, runs anything.

use crate::model::{Answer, FactValue};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How much of a script the kernel reads for its `#!` line (execve(2), BINPRM_BUF_SIZE).
const SHEBANG: u64 = 256;

/// The first executable file of that name, as execvp(3) would find it.
pub(super) fn find(name: &str, search_path: &[PathBuf]) -> Answer {
    if name.is_empty() || name.contains('/') {
        return Answer::Failed(format!("`{name}` is not the bare name of a program"));
    }
    let found =
        search_path.iter().filter(|dir| dir.is_absolute()).map(|dir| dir.join(name)).find(|file| {
            std::fs::metadata(file)
                .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
        });
    match found.map(|f| f.into_os_string().into_string()) {
        None => Answer::Absent,
        Some(Ok(path)) => Answer::Known(FactValue::Text(path)),
        Some(Err(raw)) => Answer::Failed(format!("`{}` is not UTF-8", raw.to_string_lossy())),
    }
}

/// The interpreter line of a script, without `#!` and surrounding white space.
pub(super) fn shebang(path: &Path) -> Answer {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|f| f.take(SHEBANG).read_to_end(&mut head));
    match read {
        Err(e) if e.kind() == ErrorKind::NotFound => return Answer::Absent,
        Err(e) => return Answer::Failed(e.to_string()),
        Ok(_) => {}
    }
    let Some(line) = head.strip_prefix(b"#!") else { return Answer::Absent };
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(line) => Answer::Known(FactValue::Text(line.trim().to_owned())),
        Err(_) => Answer::Failed(format!("the first line of `{}` is not UTF-8", path.display())),
    }
}
