//! Opening programs: what is one, what is not, and what a script turns into.

use super::*;
use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

fn none(_: &FileKey) -> Option<Digest> {
    None
}

fn file(dir: &tempfile::TempDir, name: &str, text: &[u8], mode: u32) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn text(path: &Path) -> (u8, String) {
    let e = open_program(path, &none).unwrap_err();
    (e.exit_code(), e.to_string())
}

#[test]
fn each_way_of_not_being_a_program_has_its_code_and_its_words() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(text(&dir.path().join("gone")).0, 127);
    assert_eq!(
        text(dir.path()),
        (126, format!("`{}` is not executable: it is a folder", dir.path().display()))
    );
    let plain = file(&dir, "plain", b"echo hi\n", 0o755);
    let (code, words) = text(&plain);
    assert_eq!(code, 126);
    assert!(words.ends_with(&format!("run it as `sh {}`", plain.display())), "{words}");
    assert!(text(&file(&dir, "no-x", b"#!/bin/sh\n", 0o644)).1.contains("no execute permission"));
    assert!(text(&file(&dir, "empty", b"", 0o755)).1.contains("neither"));
    let script = file(&dir, "script", b"#!/no/such/thing -x\n", 0o755);
    let (code, words) = text(&script);
    assert_eq!(code, 126);
    assert!(words.contains("`/no/such/thing`") && words.contains("script"), "{words}");
    assert!(text(&file(&dir, "rel", b"#!sh\n", 0o755)).1.contains("not an absolute path"));
    assert!(text(&file(&dir, "bare", b"#! \n", 0o755)).1.contains("names no interpreter"));
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    assert!(text(&fifo).1.contains("not a regular file"));
}

#[test]
fn a_script_becomes_its_interpreter_with_the_line_s_argument_and_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(&dir, "s", b"#! /bin/sh \t -e x \nexit 3\n", 0o755);
    let program = open_program(&script, &none).unwrap();
    let argv = program.argv(&["typed".into(), "a".into()]);
    assert_eq!(argv, ["/bin/sh", "-e x", script.to_str().unwrap(), "a"].map(OsString::from));
    assert_eq!(program.image().path, Path::new("/bin/sh"));
    assert_eq!(program.files().len(), 2);
    let elf = open_program(Path::new("/bin/true"), &none).unwrap();
    assert_eq!(elf.argv(&["true".into()]), [OsString::from("true")]);
}

#[test]
fn scripts_run_by_scripts_end_after_four() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = PathBuf::from("/bin/sh");
    for i in 0..4 {
        before =
            file(&dir, &format!("s{i}"), format!("#!{}\n", before.display()).as_bytes(), 0o755);
    }
    let program = open_program(&before, &none).unwrap();
    assert_eq!(program.files().len(), 5);
    assert_eq!(program.argv(&["x".into()]).len(), 5);
    let fifth = file(&dir, "s5", format!("#!{}\n", before.display()).as_bytes(), 0o755);
    assert!(text(&fifth).1.contains("too many"));
    let itself = dir.path().join("loop");
    file(&dir, "loop", format!("#!{}\n", itself.display()).as_bytes(), 0o755);
    assert!(text(&itself).1.contains("too many"));
}

#[test]
fn a_line_too_long_for_the_kernel_is_read_as_the_kernel_reads_it() {
    let long = [b"/bin/sh ", &[b'a'; 400][..]].concat();
    let (name, argument) = shebang(&long[..254]).unwrap();
    assert_eq!((name, argument.unwrap().len()), ("/bin/sh".into(), 246));
    assert_eq!(shebang(&[b'/'; 254]), None);
    assert_eq!(shebang(b"/bin/sh"), Some(("/bin/sh".into(), None)));
}

#[test]
fn the_digest_is_that_of_the_content_and_is_asked_of_the_cache_by_version() {
    let bytes = fs::read("/bin/true").unwrap();
    let first = open_program(Path::new("/bin/true"), &none).unwrap();
    assert_eq!(first.digest, crate::model::sha256(&[&bytes]));
    assert!(first.cacheable);
    let asked = RefCell::new(Vec::new());
    let cached = |k: &FileKey| {
        asked.borrow_mut().push(*k);
        Some(crate::model::sha256(&[b"known"]))
    };
    let second = open_program(Path::new("/bin/true"), &cached).unwrap();
    assert_eq!(second.digest, crate::model::sha256(&[b"known"]));
    assert_eq!(*asked.borrow(), [first.key]);
    assert!(!second.cacheable);
}

#[test]
fn a_file_that_has_just_changed_is_hashed_and_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = file(&dir, "s", b"#!/bin/sh\n", 0o755);
    let wrong = |_: &FileKey| Some(crate::model::sha256(&[b"stale"]));
    let program = open_program(&fresh, &wrong).unwrap();
    assert_eq!(program.digest, crate::model::sha256(&[b"#!/bin/sh\n"]));
    assert!(!program.cacheable);
}
