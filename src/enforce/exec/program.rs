//! Opens the program that will run, hashes it, and reads a script's `#!` line as the kernel does.
//!
//! In: an absolute path. Out: a `Program`: the open descriptor that is executed, and its digest.
//! Never: looks a name up in `PATH`, or hands a file to a shell that is not a program.

use crate::model::Digest;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use sha2::{Digest as _, Sha256};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// `BINPRM_BUF_SIZE`: what the kernel reads of a script's first line.
const FIRST_BYTES: usize = 256;
/// Scripts whose interpreter is a script: the kernel stops after four (fs/exec.c).
const MAX_SCRIPTS: usize = 4;
/// A file changed within this many seconds may change again without its times telling.
const SETTLED: i64 = 2;

/// Why a file cannot be run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// Exit code 127.
    #[error("`{0}` not found")]
    NotFound(String),
    /// Exit code 126, as in bash: a script names an interpreter that is not there.
    #[error("`{script}` names the interpreter `{interpreter}`, which was not found")]
    NoInterpreter {
        /// The script.
        script: String,
        /// What its first line names.
        interpreter: String,
    },
    /// Exit code 126.
    #[error("`{path}` is not executable: {why}")]
    NotExecutable {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Exit code 126: a program that cannot be read cannot be hashed.
    #[error("`{path}` cannot be read, so it cannot be hashed: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
}

impl ProgramError {
    /// The exit code of `exo run`: 127 or 126, as a shell has them.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NoInterpreter { .. } | Self::NotExecutable { .. } | Self::Unreadable { .. } => {
                126
            }
        }
    }

    fn not_executable(path: &Path, why: impl Into<String>) -> Self {
        Self::NotExecutable { path: path.display().to_string(), why: why.into() }
    }

    fn unreadable(path: &Path, why: impl ToString) -> Self {
        Self::Unreadable { path: path.display().to_string(), why: why.to_string() }
    }
}

/// What tells one version of a file from another: the key of the digest cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileKey {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Time of the last change of content, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Time of the last change of content or inode, nanoseconds since 1970.
    pub ctime_ns: i128,
}

impl fmt::Display for FileKey {
    /// All of it, as one word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dev, ino, size, mtime_ns, ctime_ns } = self;
        write!(f, "{dev}:{ino}:{size}:{mtime_ns}:{ctime_ns}")
    }
}

/// A program, open and hashed.
#[derive(Debug)]
pub struct Program {
    /// The path it was opened by.
    pub path: PathBuf,
    /// SHA-256 of its content.
    pub digest: Digest,
    /// The version of the file.
    pub key: FileKey,
    /// Whether the digest may be remembered under the key: it was computed now, and the file had not
    /// changed for two seconds.
    pub cacheable: bool,
    /// What runs it, if it is a script.
    pub interpreter: Option<Box<Interpreter>>,
    file: File,
}

/// The `#!` line of a script.
#[derive(Debug)]
pub struct Interpreter {
    /// The program.
    pub program: Program,
    /// The rest of the line: one argument, as the kernel passes it.
    pub argument: Option<OsString>,
}

/// Opens and hashes a program and, for scripts, its interpreters. `cached` is asked for a known digest
/// of a file that has not changed for two seconds.
///
/// # Errors
/// Missing, not a file, no execute bit, not readable, neither ELF nor a script.
pub fn open_program(
    path: &Path,
    cached: &dyn Fn(&FileKey) -> Option<Digest>,
) -> Result<Program, ProgramError> {
    nested(path, cached, MAX_SCRIPTS)
}

fn nested(
    path: &Path,
    cached: &dyn Fn(&FileKey) -> Option<Digest>,
    scripts_left: usize,
) -> Result<Program, ProgramError> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let fd = open(path, flags, Mode::empty()).map_err(|e| match e {
        nix::Error::ENOENT | nix::Error::ENOTDIR => {
            ProgramError::NotFound(path.display().to_string())
        }
        e => ProgramError::unreadable(path, e.desc()),
    })?;
    let mut file = File::from(fd);
    let stat = fstat(&file).map_err(|e| ProgramError::unreadable(path, e.desc()))?;
    executable(path, &stat)?;
    let key = key(&stat);
    let settled = settled(&stat);
    let known = if settled { cached(&key) } else { None };
    let io = |e: std::io::Error| ProgramError::unreadable(path, e);
    let mut head = Vec::with_capacity(FIRST_BYTES);
    file.by_ref().take(FIRST_BYTES as u64).read_to_end(&mut head).map_err(io)?;
    let digest = match known {
        Some(digest) => digest,
        None => hash(&head, &mut file).map_err(io)?,
    };
    let interpreter = if head.starts_with(b"\x7fELF") {
        None
    } else if let Some(line) = head.strip_prefix(b"#!") {
        Some(Box::new(interpreter(path, line, cached, scripts_left)?))
    } else {
        let text = path.display();
        let why = format!("neither a program nor a script with `#!`; run it as `sh {text}`");
        return Err(ProgramError::not_executable(path, why));
    };
    let cacheable = settled && known.is_none();
    Ok(Program { path: path.to_owned(), digest, key, cacheable, interpreter, file })
}

fn executable(path: &Path, stat: &FileStat) -> Result<(), ProgramError> {
    let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    if kind == SFlag::S_IFDIR {
        return Err(ProgramError::not_executable(path, "it is a folder"));
    }
    if kind != SFlag::S_IFREG {
        return Err(ProgramError::not_executable(path, "it is not a regular file"));
    }
    if stat.st_mode & 0o111 == 0 {
        return Err(ProgramError::not_executable(path, "it has no execute permission"));
    }
    Ok(())
}

fn key(stat: &FileStat) -> FileKey {
    let ns = |s: i64, n: i64| i128::from(s) * 1_000_000_000 + i128::from(n);
    FileKey {
        dev: stat.st_dev,
        ino: stat.st_ino,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: ns(stat.st_ctime, stat.st_ctime_nsec),
    }
}

fn settled(stat: &FileStat) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let now = now.and_then(|d| i64::try_from(d.as_secs()).ok());
    now.is_some_and(|now| stat.st_ctime < now - SETTLED)
}

fn hash(head: &[u8], rest: &mut File) -> std::io::Result<Digest> {
    let mut hasher = Sha256::new();
    hasher.update(head);
    let mut buffer = vec![0u8; 128 * 1024];
    loop {
        let n = rest.read(&mut buffer)?;
        match buffer.get(..n) {
            None | Some([]) => return Ok(Digest(hasher.finalize().into())),
            Some(bytes) => hasher.update(bytes),
        }
    }
}

fn interpreter(
    script: &Path,
    line: &[u8],
    cached: &dyn Fn(&FileKey) -> Option<Digest>,
    scripts_left: usize,
) -> Result<Interpreter, ProgramError> {
    let Some(left) = scripts_left.checked_sub(1) else {
        return Err(ProgramError::not_executable(script, "too many scripts run each other"));
    };
    let (name, argument) = shebang(line).ok_or_else(|| {
        ProgramError::not_executable(script, "its `#!` line names no interpreter")
    })?;
    let name = PathBuf::from(name);
    if !name.is_absolute() {
        let why = format!("its `#!` line names `{}`, not an absolute path", name.display());
        return Err(ProgramError::not_executable(script, why));
    }
    let program = nested(&name, cached, left).map_err(|e| match e {
        ProgramError::NotFound(interpreter) => {
            ProgramError::NoInterpreter { script: script.display().to_string(), interpreter }
        }
        other => other,
    })?;
    Ok(Interpreter { program, argument })
}

/// Reads what follows `#!` as fs/binfmt_script.c does: the line ends at a newline; blanks around are
/// dropped; the name ends at a blank; the rest is one argument. A line that does not end within the
/// first 256 bytes is accepted only if the name itself does; what is cut off of the argument is lost.
fn shebang(after: &[u8]) -> Option<(OsString, Option<OsString>)> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let complete = after.contains(&b'\n') || after.len() + 2 < FIRST_BYTES;
    let line = after.split(|b| *b == b'\n' || *b == 0).next()?;
    let line = line.strip_prefix_blanks();
    let mut parts = line.splitn(2, blank);
    let name = parts.next().filter(|n| !n.is_empty())?;
    let rest = parts.next();
    if !complete && rest.is_none() {
        return None;
    }
    let argument = rest.map(<[u8]>::trim_blanks).filter(|a| !a.is_empty());
    let owned = |b: &[u8]| OsStr::from_bytes(b).to_owned();
    Some((owned(name), argument.map(owned)))
}

/// Blanks as the kernel knows them here: space and tab.
trait Blanks {
    fn strip_prefix_blanks(&self) -> &Self;
    fn trim_blanks(&self) -> &Self;
}

impl Blanks for [u8] {
    fn strip_prefix_blanks(&self) -> &Self {
        let mut rest = self;
        while let [b' ' | b'\t', tail @ ..] = rest {
            rest = tail;
        }
        rest
    }

    fn trim_blanks(&self) -> &Self {
        let mut rest = self.strip_prefix_blanks();
        while let [head @ .., b' ' | b'\t'] = rest {
            rest = head;
        }
        rest
    }
}

impl Program {
    /// The program that the kernel executes: itself, or the last interpreter of a script.
    #[must_use]
    pub fn image(&self) -> &Self {
        self.interpreter.as_ref().map_or(self, |i| i.program.image())
    }

    /// The files that were hashed: itself and its interpreters, in order.
    #[must_use]
    pub fn files(&self) -> Vec<&Self> {
        let mut out = vec![self];
        out.extend(self.interpreter.iter().flat_map(|i| i.program.files()));
        out
    }

    /// Where the opened file really lies, links resolved.
    ///
    /// # Errors
    /// `/proc` is not there.
    pub fn real_path(&self) -> std::io::Result<PathBuf> {
        std::fs::read_link(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// The arguments as the kernel would pass them: for a script its interpreter, the argument of
    /// the `#!` line and the script's path take the place of the name. A path stays as it was typed,
    /// since scripts look at `$0`.
    #[must_use]
    pub fn argv(&self, asked: &[OsString]) -> Vec<OsString> {
        let Some(interpreter) = &self.interpreter else { return asked.to_vec() };
        let mut argv = vec![interpreter.program.path.clone().into_os_string()];
        argv.extend(interpreter.argument.clone());
        let typed = asked.first().filter(|name| name.as_bytes().contains(&b'/'));
        argv.push(typed.cloned().unwrap_or_else(|| self.path.clone().into_os_string()));
        argv.extend(asked.iter().skip(1).cloned());
        interpreter.program.argv(&argv)
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
