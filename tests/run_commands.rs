//! The commands that run nothing: explain, doctor, profile, the tail of the audit; and where an agent,
//! a session and tools of one's own come from.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, both, ran};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn explain_shows_the_way_and_writes_nothing_unless_asked() {
    let home = Home::new();
    let line = "cat README.md && rm -rf /";
    let told = home.exo(&["explain", "--as", "coding-agent", "-c", line]);
    assert_eq!(told.code, 1, "{told:?}");
    for part in [
        "command 1: cat README.md  [cat]",
        "command 2: rm -rf /  [rm]",
        "rule keep-the-repository (coding-agent.toml:",
        "facts",
        "state hash",
        "connect  nothing",
        "verdict   denied: delete file:/** (rule keep-the-repository)",
    ] {
        assert!(told.out.contains(part), "`{part}` is not in {}", told.out);
    }
    let value = json(&home.exo(&["explain", "--as", "coding-agent", "--json", "-c", line]).out);
    assert_eq!(value["intent"]["commands"].as_array().unwrap().len(), 2);
    assert_eq!((&value["verdict"], &value["sandbox"]["udp"]), (&"deny".into(), &false.into()));
    assert_eq!(home.entries().len(), 1, "only the genesis entry");
    let kept = home.exo(&["explain", "--as", "coding-agent", "--record", "-c", line]);
    assert!(kept.out.contains(", entry 2)"), "{kept:?}");
    assert_eq!(home.entries()[2]["kind"], "check");
}

#[test]
fn doctor_says_what_this_kernel_holds_and_what_each_profile_needs() {
    for (who, home) in both() {
        let ran = home.exo(&["doctor"]);
        assert_eq!(ran.code, 0, "{who}: {ran:?}");
        for part in ["landlock  ABI ", "coding-agent: runs", "does not hold an agent that goes"] {
            assert!(ran.out.contains(part), "{who}: `{part}` is not in {}", ran.out);
        }
        home.profile("broken", "exo = 1\nname = \"broken\"\n[sandbox]\nraed = []\n");
        let ran = home.exo(&["doctor", "--json"]);
        assert_eq!(ran.code, 1, "{who}: {ran:?}");
        let value = json(&ran.out);
        assert!(value["landlock_abi"].as_u64().unwrap() >= 1 && value["seccomp"] == true);
        let problem = |name: &str| {
            let all = value["profiles"].as_array().unwrap();
            all.iter().find(|p| p["name"] == name).unwrap()["problem"].clone()
        };
        assert_eq!(problem("ci"), Value::Null, "{who}");
        assert!(problem("broken").as_str().unwrap().contains("did you mean `read`"), "{who}");
    }
}

#[test]
fn profiles_are_listed_shown_as_written_and_shown_whole() {
    let home = Home::new();
    let listed = json(&home.exo(&["profile", "list", "--json"]).out);
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["base", "ci", "coding-agent", "data-retrieval"]);
    let written = home.exo(&["profile", "show", "coding-agent"]).out;
    let file = std::fs::read_to_string(home.config().join("profiles/coding-agent.toml")).unwrap();
    assert_eq!(written, file);
    let whole = home.exo(&["profile", "show", "--resolved", "coding-agent"]).out;
    assert!(whole.contains("made of base coding-agent"), "{whole}");
    assert!(whole.contains("(base.toml:") && whole.contains("(coding-agent.toml:"), "{whole}");
    let value = json(&home.exo(&["profile", "show", "--json", "coding-agent"]).out);
    assert!(value["rules"].as_array().unwrap().iter().any(|r| r["profile"] == "base"));
    assert_eq!(home.exo(&["profile", "show", "none"]).code, 2);
    assert_eq!(home.exo(&["profile", "check"]).code, 0);
}

#[test]
fn data_retrieval_reads_and_changes_nothing() {
    let home = Home::new();
    let check = |line: &str| home.exo(&["check", "--as", "data-retrieval", "-c", line]);
    assert_eq!(check("cat README.md").code, 0);
    for line in ["rm README.md", "touch new", "git commit -m x", "python3 -c 'import os'"] {
        assert_eq!(check(line).code, 1, "{line}");
    }
    let bare = home.bare_sh("touch new && rm new");
    assert_eq!(bare.code, 0, "the same works without exo: {bare:?}");
}

#[test]
fn agent_and_session_may_come_from_the_environment() {
    let home = Home::new();
    let mut command = home.exo_command(&["run", "--", "true"]);
    let done = ran(command.env("EXO_AGENT", "ci").env("EXO_SESSION", "build-7").output().unwrap());
    assert_eq!(done.code, 0, "{done:?}");
    let intent = home.entries().into_iter().find(|e| e["kind"] == "intent").unwrap();
    assert_eq!((&intent["agent"], &intent["session"]), (&"ci".into(), &"build-7".into()));
    let none = home.exo(&["run", "--", "true"]);
    assert!(none.code == 125 && none.err.contains("EXO_AGENT"), "{none:?}");
    let mut command = home.exo_command(&["run", "--as", "ci", "--", "true"]);
    let bad = ran(command.env("EXO_SESSION", "two words").output().unwrap());
    assert!(bad.code == 125 && bad.err.contains("EXO_SESSION"), "{bad:?}");
}

#[test]
fn a_tool_of_ones_own_is_known_once_it_is_described() {
    let home = Home::new();
    let check = || home.exo(&["check", "--as", "coding-agent", "-c", "ptx --version"]);
    assert_eq!(check().code, 1, "ptx(1) has no row: {:?}", check());
    let dir = home.config().join("tools.d");
    std::fs::create_dir(&dir).unwrap();
    let row = "[[tool]]\nname = \"ptx\"\nflag = [{ names = [\"--version\"] }]\n";
    home.write(&dir.join("own.toml"), row);
    assert_eq!(check().code, 0, "{:?}", check());
    let ran = home.run(&["ptx", "--version"]);
    assert!(ran.code == 0 && ran.out.starts_with("ptx (GNU coreutils)"), "{ran:?}");
    assert_eq!(home.exo(&["audit", "replay"]).code, 0, "the extension is kept with the entry");
    home.write(&dir.join("own.toml"), "[[tool]]\nname = \"git\"\n");
    let taken = check();
    assert!(taken.code == 2 && taken.err.contains("is there already"), "{taken:?}");
}

#[test]
fn the_tail_goes_on_with_what_comes() {
    let home = Home::new();
    let mut tail = home
        .exo_command(&["audit", "tail", "--follow", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert_eq!(json(&lines.next().unwrap().unwrap())["kind"], "genesis");
    assert_eq!(home.run(&["true"]).code, 0);
    let kinds: Vec<Value> =
        lines.by_ref().take(3).map(|l| json(&l.unwrap())["kind"].clone()).collect();
    assert_eq!(kinds, ["profile", "intent", "outcome"]);
    tail.kill().unwrap();
    tail.wait().unwrap();
}
