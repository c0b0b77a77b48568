//! The whole run: decide, record, confine, run, audit, with real programs, as root and as a user.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, both};
use std::fs;

#[test]
fn an_allowed_command_runs_and_leaves_two_entries_that_verify_and_replay() {
    for (who, home) in both() {
        let ran = home.run(&["cat", "README.md"]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "# hello\n", ""), "{who}");
        let kinds: Vec<String> =
            home.entries().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["genesis", "profile", "intent", "outcome"], "{who}");
        home.verifies();
        let replay = home.exo(&["audit", "replay"]);
        assert_eq!(replay.code, 0, "{who}: {replay:?}");
    }
}

#[test]
fn deleting_the_machine_is_denied_by_a_named_rule_and_recorded() {
    for (who, home) in both() {
        let ran = home.run(&["rm", "-rf", "/"]);
        assert_eq!(ran.code, 126, "{who}: {ran:?}");
        assert!(ran.err.starts_with("exo: denied: delete file:/"), "{who}: {}", ran.err);
        assert!(ran.err.contains("(rule ") && ran.err.contains(", entry "), "{who}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{who}: one line, then details: {}", ran.err);
        let last = home.entries().pop().unwrap();
        assert_eq!((last["kind"].as_str(), last["verdict"].as_str()), (Some("deny"), Some("deny")));
        home.verifies();
    }
}

#[test]
fn inline_code_runs_inside_the_ceiling_and_cannot_leave_it() {
    for (who, home) in both() {
        let ran = home.run(&["python3", "-c", "print(1)"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "1\n"), "{who}: {ran:?}");
        let outside = home.home().join("outside.txt");
        let code = format!("open({:?}, 'w').write('x')", outside.to_str().unwrap());
        let ran = home.run(&["python3", "-c", &code]);
        assert_eq!(ran.code, 1, "{who}: {ran:?}");
        assert!(ran.err.contains("PermissionError"), "{who}: {}", ran.err);
        assert!(!outside.exists());
        // The same code without exo does it.
        let bare = home.bare_sh(&format!("python3 -c {}", quoted(&code)));
        assert_eq!(bare.code, 0, "{who}: {bare:?}");
        assert!(outside.exists());
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[test]
fn secrets_are_not_read_by_name_nor_by_code() {
    for (who, home) in both() {
        let ssh = home.home().join(".ssh");
        assert_eq!(home.bare_sh("mkdir -p ~/.ssh && echo key > ~/.ssh/id_ed25519").code, 0);
        let key = ssh.join("id_ed25519");
        let ran = home.run(&["cat", key.to_str().unwrap()]);
        assert_eq!(ran.code, 126, "{who}: {ran:?}");
        assert!(ran.err.contains("reveal file:"), "{who}: {}", ran.err);
        // Code that names it is denied; code that does not is held by the sandbox.
        let named = "print(open(__import__('os').path.expanduser('~/.ssh/id_ed25519')).read())";
        let ran = home.run(&["python3", "-c", named]);
        assert_eq!(ran.code, 126, "{who}: {ran:?}");
        assert!(ran.err.contains("reveal file:"), "{who}: {}", ran.err);
        let ran = home.run(&["python3", "-c", &named.replace(".ssh/id_", ".s' + 'sh/id_' + '")]);
        assert_eq!(ran.code, 1, "{who}: {ran:?}");
        assert!(!ran.out.contains("key"), "{who}");
        assert_eq!(
            home.bare_sh("cat ~/.ssh/id_ed25519").out,
            "key\n",
            "{who}: without exo it is readable"
        );
        let own =
            "import os; print(open(os.path.expanduser('~/.local/state/ex' + 'o/key')).read())";
        let ran = home.run(&["python3", "-c", own]);
        assert_eq!(ran.code, 1, "{who}: exo's own key: {ran:?}");
    }
}

#[test]
fn git_commits_and_only_pushes_to_agent_branches() {
    for (who, home) in both() {
        fs::write(home.repo().join("a.txt"), "a").unwrap();
        assert_eq!(
            home.bare_sh(
                "git init -q --bare ../home/remote.git && git remote add origin ../home/remote.git"
            )
            .code,
            0
        );
        for args in [
            vec!["git", "add", "a.txt"],
            vec!["git", "commit", "-qm", "second"],
            vec!["git", "status"],
            vec!["git", "log", "--oneline"],
        ] {
            let ran = home.run(&args);
            assert_eq!(ran.code, 0, "{who}: {args:?}: {ran:?}");
        }
        let log = home.bare_sh("git log --oneline");
        assert_eq!(log.out.lines().count(), 2, "{who}: {log:?}");
        for denied in [
            vec!["git", "push", "origin", "main"],
            vec!["git", "push", "origin", "agent/work:main"],
            vec!["git", "push", "--force", "origin", "agent/work"],
            vec!["git", "push", "origin", ":agent/work"],
        ] {
            let ran = home.run(&denied);
            assert_eq!(ran.code, 126, "{who}: {denied:?}: {ran:?}");
        }
        let ran = home.exo(&[
            "check",
            "--as",
            "coding-agent",
            "--",
            "git",
            "push",
            "origin",
            "agent/work",
        ]);
        assert_eq!(ran.code, 0, "{who}: {ran:?}");
    }
}

#[test]
fn cargo_builds_and_tests_a_small_crate() {
    if !common::toolchain() {
        common::skip("the Rust toolchain is out of reach for this user");
        return;
    }
    for (who, home) in both() {
        if who == "nobody" && !toolchain_is_readable(&home) {
            eprintln!(
                "NOTE: the Rust toolchain is closed to other users here; cargo as nobody was not run"
            );
            continue;
        }
        let repo = home.repo();
        home.write(
            &repo.join("Cargo.toml"),
            "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        );
        home.write(
            &repo.join("src/lib.rs"),
            "pub fn two() -> u32 { 2 }\n#[test]\nfn adds() { assert_eq!(two() + two(), 4); }\n",
        );
        let ran = home.run(&["cargo", "test", "--offline"]);
        assert_eq!(ran.code, 0, "{who}: {ran:?}");
        assert!(ran.out.contains("1 passed"), "{who}: {}", ran.out);
        let ran = home.run(&["cargo", "test"]);
        assert_eq!(ran.code, 0, "{who}: {ran:?}");
        home.verifies();
    }
}

fn toolchain_is_readable(home: &Home) -> bool {
    home.bare_sh("cargo --version").code == 0
}

#[test]
fn shell_lines_run_in_bash_and_are_judged_whole() {
    for (who, home) in both() {
        let ran = home.line("for f in README.md; do wc -l < \"$f\"; done && echo done");
        assert_eq!((ran.code, ran.out.as_str()), (0, "1\ndone\n"), "{who}: {ran:?}");
        let ran = home.line("echo fine; rm -rf ~");
        assert_eq!(ran.code, 126, "{who}: {ran:?}");
        assert_eq!(ran.out, "", "{who}: nothing of a denied line runs");
        let ran = home.exo(&["shell", "--as", "coding-agent", "-c", "exit 7"]);
        assert_eq!(ran.code, 7, "{who}: {ran:?}");
        let ran = home.line("echo $((");
        assert!(ran.code == 126, "{who}: an unreadable line is opaque: {ran:?}");
    }
}

#[test]
fn exit_codes_are_the_commands_own_or_say_what_exo_did() {
    let home = Home::new();
    for (args, code) in [
        (vec!["sh", "-c", "exit 3"], 3),
        (vec!["sh", "-c", "kill -TERM $$"], 128 + 15),
        (vec!["no-such-program-anywhere"], 127),
        (vec!["./README.md"], 126),
        (vec!["./none"], 127),
        (vec!["rm", "-rf", "/"], 126),
    ] {
        let ran = home.run(&args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    }
    assert_eq!(home.exo(&["run", "--as", "nobody-here", "--", "true"]).code, 125);
    assert_eq!(home.exo(&["run", "--no-such-flag"]).code, 125);
    assert_eq!(home.exo(&["run", "--as", "ci"]).code, 125);
    assert_eq!(home.exo(&["no-such-command"]).code, 2);
    assert_eq!(home.exo(&["--help"]).code, 0);
}

#[test]
fn the_json_of_check_keeps_its_names() {
    let home = Home::new();
    let ran = home.exo(&["check", "--as", "coding-agent", "--json", "--", "rm", "-rf", "/etc"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let v: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    for name in [
        "verdict",
        "subject",
        "effects",
        "hint",
        "errors",
        "facts",
        "state_hash",
        "profile",
        "catalogue_sha256",
        "decide_ns",
    ] {
        assert!(v.get(name).is_some(), "{name} is missing in {}", ran.out);
    }
    assert_eq!(v["verdict"], "deny");
    for name in ["action", "resource", "verdict", "rule", "why"] {
        assert!(v["effects"][0].get(name).is_some(), "{name} is missing in {}", ran.out);
    }
    assert_eq!(v["profile"]["name"], "coding-agent");
    assert_eq!(v["state_hash"].as_str().unwrap().len(), 64);
    assert_eq!(home.entries().len(), 1, "check writes no entry");
    let ran = home.exo(&["check", "--as", "coding-agent", "--record", "--", "ls"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.entries().last().unwrap()["kind"], "check");
}

#[test]
fn a_batch_gives_one_object_a_line_in_the_same_order() {
    let home = Home::new();
    home.write(&home.repo().join("lines"), "ls\nrm -rf /\n\necho $(\n");
    let ran = home.exo(&["check", "--as", "coding-agent", "--batch", "lines"]);
    let verdicts: Vec<String> = ran
        .out
        .lines()
        .map(|l| {
            serde_json::from_str::<serde_json::Value>(l).unwrap()["verdict"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(verdicts, ["allow", "deny", "allow", "deny"], "{ran:?}");
    assert_eq!(ran.code, 1);
}

#[test]
fn the_report_says_what_became_of_the_run() {
    let home = Home::new();
    let ran = home.exo(&[
        "run",
        "--as",
        "coding-agent",
        "--json-report",
        "report.json",
        "--",
        "sh",
        "-c",
        "exit 4",
    ]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let v: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(home.repo().join("report.json")).unwrap())
            .unwrap();
    assert_eq!(
        (v["verdict"].as_str(), v["ran"].as_bool(), v["exit"].as_i64()),
        (Some("allow"), Some(true), Some(4))
    );
    assert!(v["entry"].as_u64().is_some());
}

#[test]
fn shadow_mode_records_the_denial_and_blocks_nothing() {
    let home = Home::new();
    home.child("watched", "mode = \"shadow\"");
    let outside = home.home().join("shadow.txt");
    let ran = home.exo(&["run", "--as", "watched", "--", "touch", outside.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(outside.exists());
    let intent = home.entries().into_iter().find(|e| e["kind"] == "intent").unwrap();
    assert_eq!(
        (intent["verdict"].as_str(), intent["mode"].as_str()),
        (Some("deny"), Some("shadow"))
    );
    let enforced = home.exo(&[
        "run",
        "--as",
        "coding-agent",
        "--",
        "touch",
        home.home().join("e.txt").to_str().unwrap(),
    ]);
    assert_eq!(enforced.code, 126, "{enforced:?}");
}

#[test]
fn supervised_profiles_ask_for_everything() {
    let home = Home::new();
    home.child("watched", "autonomy = \"supervised\"");
    let ran = home.exo(&["run", "--as", "watched", "--", "ls"]);
    assert_eq!(ran.code, 126, "{ran:?}");
    assert!(ran.err.starts_with("exo: needs approval: "), "{ran:?}");
}

#[test]
fn nothing_outlives_the_command() {
    let home = Home::new();
    let marker = home.repo().join("late");
    let line = "(sleep 1; touch late) & setsid sh -c 'sleep 1; touch late' & exit 0";
    let ran = home.line(line);
    assert!(ran.code == 0 || ran.code == 126, "{ran:?}");
    let ran = home.run(&["sh", "-c", "(sleep 1; touch late) & exit 0"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(!marker.exists(), "a child outlived the command");
    assert_eq!(home.bare_sh("(sleep 1; touch late) > /dev/null 2>&1 & exit 0").code, 0);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(marker.exists(), "without exo it does");
}
