//! Facts against a real folder, real links and a real clock.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn live(pairs: &[(&str, &str)], path: &Path) -> Live {
    let env = pairs.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect();
    Live::new(env, vec![path.to_owned()])
}

#[test]
fn links_are_followed_to_where_a_write_would_land() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path().canonicalize().unwrap();
    fs::create_dir(d.join("real")).unwrap();
    fs::write(d.join("real/file"), "x").unwrap();
    symlink("real", d.join("folder")).unwrap();
    symlink("real/none", d.join("dangling")).unwrap();
    symlink("loop", d.join("loop")).unwrap();
    let w = live(&[], &d);
    let at = |rest: &str| format!("{}/{rest}", d.display());
    let ask = |name: String| w.ask(&name).text().map(str::to_owned);
    assert_eq!(
        ask(format!("path:{}", at("folder/file"))),
        Some(format!("file {}", at("real/file")))
    );
    assert_eq!(
        ask(format!("path:{}", at("dangling"))),
        Some(format!("missing {}", at("real/none")))
    );
    assert_eq!(ask(format!("link:{}", at("folder"))), Some(format!("link {}", at("folder"))));
    assert_eq!(
        ask(format!("link:{}", at("folder/file"))),
        Some(format!("file {}", at("real/file")))
    );
    assert_eq!(
        ask(format!("path:{}", at("real/../real/new/deep"))),
        Some(format!("missing {}", at("real/new/deep")))
    );
    assert!(matches!(w.ask(&format!("path:{}", at("loop"))), Answer::Failed(_)));
    assert!(matches!(w.ask(&format!("path:{}", at("none/../real"))), Answer::Failed(_)));
    assert!(matches!(w.ask("path:relative"), Answer::Failed(_)));
}

#[test]
fn programs_are_found_as_exec_would_and_scripts_name_their_interpreter() {
    let dir = tempfile::tempdir().unwrap();
    let tool = dir.path().join("tool");
    fs::write(&tool, "#! /bin/sh -e\necho\n").unwrap();
    let w = live(&[], dir.path());
    assert_eq!(w.ask("program:tool"), Answer::Absent, "not executable yet");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let w = live(&[], dir.path());
    assert_eq!(w.ask("program:tool").text(), tool.to_str());
    assert_eq!(w.ask(&format!("shebang:{}", tool.display())).text(), Some("/bin/sh -e"));
    assert_eq!(w.ask("shebang:/bin/true"), Answer::Absent);
    assert_eq!(w.ask("program:no-such-program"), Answer::Absent);
}

#[test]
fn the_repository_is_read_from_its_files_also_in_a_worktree() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path().canonicalize().unwrap();
    fs::create_dir_all(d.join("repo/.git/worktrees/w")).unwrap();
    fs::create_dir_all(d.join("repo/src/deep")).unwrap();
    fs::create_dir_all(d.join("w")).unwrap();
    fs::write(d.join("repo/.git/HEAD"), "ref: refs/heads/agent/x\n").unwrap();
    fs::write(d.join("repo/.git/worktrees/w/HEAD"), "0123456789abcdef0123456789abcdef01234567\n")
        .unwrap();
    fs::write(d.join("w/.git"), format!("gitdir: {}/repo/.git/worktrees/w\n", d.display()))
        .unwrap();
    let deep = d.join("repo/src/deep");
    assert_eq!(git::fact("root", &deep).0.text(), d.join("repo").to_str());
    assert_eq!(git::fact("branch", &deep).0.text(), Some("agent/x"));
    assert_eq!(git::fact("root", &d.join("w")).0.text(), d.join("w").to_str());
    assert_eq!(
        git::fact("branch", &d.join("w")).0,
        Answer::Absent,
        "a detached head has no branch"
    );
    assert_eq!(git::fact("root", Path::new("/")).0, Answer::Absent);
}

#[test]
fn tmpdir_cannot_move_the_temporary_folder_out_of_its_places() {
    let inside = tempfile::tempdir_in("/tmp").unwrap();
    let inside = inside.path().canonicalize().unwrap();
    assert_eq!(
        live(&[("TMPDIR", inside.to_str().unwrap())], Path::new("/")).ask("tmp").text(),
        inside.to_str()
    );
    assert_eq!(live(&[("TMPDIR", "/etc")], Path::new("/")).ask("tmp").text(), Some("/tmp"));
    assert_eq!(live(&[("TMPDIR", "/tmp/../etc")], Path::new("/")).ask("tmp").text(), Some("/tmp"));
    assert_eq!(live(&[], Path::new("/")).ask("tmp").text(), Some("/tmp"));
}

#[test]
fn every_answer_is_in_the_snapshot_and_stays_the_same() {
    let w = live(&[("LANG", "C")], Path::new("/bin"));
    assert_eq!(w.ask("env.LANG").text(), Some("C"));
    assert_eq!(w.ask("env.NONE"), Answer::Absent);
    assert!(matches!(w.ask("no.such.fact"), Answer::Failed(_)));
    assert!(matches!(w.ask("time.hour"), Answer::Known(FactValue::Integer(0..=23))));
    let now = w.ask("time.now");
    let snapshot = w.take_snapshot();
    assert_eq!(snapshot.facts.len(), 5);
    assert_eq!(snapshot.ask("time.now"), now);
    assert_eq!(w.ask("time.now"), now, "asked again, the same moment");
    assert_eq!(w.take_snapshot().facts.len(), 1, "a new decision begins with no facts");
}

#[test]
fn user_names_come_from_passwd() {
    assert_eq!(user_name(0), "root");
    assert_eq!(user_name(4_000_000_000), "4000000000");
}

#[test]
fn scripts_and_digests_are_read_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let package = dir.path().join("package.json");
    fs::write(&package, r#"{"scripts": {"build": "rm -rf dist && tsc", "n": 1}}"#).unwrap();
    let w = Live::new(BTreeMap::new(), Vec::new());
    let ask = |name: String| w.ask(&name);
    let path = package.display();
    assert_eq!(ask(format!("script:{path}#build")).text(), Some("rm -rf dist && tsc"));
    assert_eq!(ask(format!("script:{path}#test")), Answer::Absent);
    assert_eq!(ask(format!("script:{path}#n")), Answer::Absent);
    assert_eq!(ask(format!("script:{}/none#x", dir.path().display())), Answer::Absent);
    assert!(matches!(ask(format!("script:{}#x", dir.path().display())), Answer::Failed(_)));
    let known = crate::model::sha256(&[&fs::read(&package).unwrap()]).to_string();
    assert_eq!(ask(format!("digest:{path}")).text(), Some(known.as_str()));
    assert_eq!(ask(format!("digest:{}/none", dir.path().display())), Answer::Absent);
    assert!(matches!(ask("digest:/dev/zero".to_owned()), Answer::Failed(_)));
}
