//! `exo profile check|prove|diff|learn`, `exo explain` and bare effects, as a user types them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, Ran};
use serde_json::Value;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"))
}

const READ: &str =
    "[[permit]]\nid = \"read\"\nactions = [\"read\"]\nresources = [\"file:{git.root}/**\"]\n";

/// Deletes in its repository but not its history, pushes to branches of its own, and asks before it loses any.
const WORKER: &str = "extends = [\"base\"]\n\
[[permit]]\nid = \"work\"\nactions = [\"read\", \"create\", \"update\", \"delete\"]\nresources = [\"file:{git.root}/**\", \"file:{tmp}/**\"]\n\
[[forbid]]\nid = \"history\"\nactions = [\"delete\"]\nresources = [\"file:{git.root}/.git/**\"]\n\
[[forbid]]\nid = \"system\"\nactions = [\"delete\"]\nresources = [\"file:/etc/**\", \"file:/opt/**\"]\n\
[[permit]]\nid = \"code\"\nactions = [\"execute\"]\nresources = [\"code:**\"]\n\
[[permit]]\nid = \"own\"\nactions = [\"opaque\"]\nresources = [\"file:{git.root}/**\"]\n\
[[permit]]\nid = \"push\"\nactions = [\"create\", \"update\"]\nresources = [\"git:*/agent/**\"]\n\
[[ask]]\nid = \"lose\"\nactions = [\"delete\"]\nresources = [\"git:**\"]\n\
[[permit]]\nid = \"servers\"\nactions = [\"connect\"]\nresources = [\"host:localhost:*\"]\n\
[sandbox]\nread = [\"{git.root}\", \"@tmp\"]\nwrite = [\"{git.root}\", \"@tmp\"]\nconnect = [\"*:443\"]\n";

fn worker() -> Home {
    let home = Home::new();
    profile(&home, "worker", WORKER);
    home
}

fn profile(home: &Home, name: &str, rules: &str) {
    home.profile(name, &format!("exo = 1\nname = \"{name}\"\n{rules}"));
}

#[test]
fn shipped_profiles_have_neither_errors_nor_warnings() {
    let home = Home::new();
    let ran = home.exo(&["profile", "check", "--strict"]);
    assert!(ran.code == 0 && !ran.out.contains("warning"), "{ran:?}");
}

#[test]
fn findings_have_a_place_a_severity_and_an_exit_code() {
    let home = Home::new();
    let doubled = format!(
        "{READ}[[permit]]\nid = \"src\"\nactions = [\"read\"]\nresources = [\"file:{{git.root}}/src/**\"]\n[sandbox]\nread = [\"{{git.root}}\"]\n"
    );
    profile(&home, "doubled", &doubled);
    let ran = home.exo(&["profile", "check", "doubled"]);
    assert!(
        ran.code == 0 && ran.out.contains("doubled.toml:8: warning: rule `src`: adds nothing"),
        "{ran:?}"
    );
    assert_eq!(home.exo(&["profile", "check", "--strict", "doubled"]).code, 1);

    let dead =
        format!("{READ}[[forbid]]\nid = \"none\"\nactions = [\"*\"]\nresources = [\"**\"]\n");
    profile(&home, "dead", &dead);
    let ran = home.exo(&["profile", "check", "dead"]);
    assert!(
        ran.code == 1 && ran.out.contains("error: rule `read`: can never decide: `none`"),
        "{ran:?}"
    );
    let ran = home.exo(&["profile", "check", "dead", "--json"]);
    let row = &json(&ran)[0]["findings"][0];
    assert_eq!(
        (row["check"].as_str(), row["severity"].as_str()),
        (Some("unreachable"), Some("error"))
    );
    assert!(row["place"].as_str().unwrap().ends_with("dead.toml:4"), "{row}");

    profile(&home, "broken", "[[permit]]\nid = 7\n");
    assert_eq!(home.exo(&["profile", "check", "broken"]).code, 2);
}

#[test]
fn a_claim_is_proved_or_a_counter_example_is_given_that_check_confirms() {
    let home = worker();
    let prove = |claim: &str| home.exo(&["profile", "prove", "worker", "--never", claim]);
    for claim in [
        "delete s3:**",
        "delete file:/etc/**",
        "reveal,persist,spawn **",
        "update git:origin/main",
        "delete file:{git.root}/.git/**",
    ] {
        let ran = prove(claim);
        assert!(ran.code == 0 && ran.out.starts_with("proved: "), "{claim}: {ran:?}");
        assert!(ran.out.contains("note: code may run (execute on code:**, rule code)"), "{ran:?}");
    }
    for claim in [
        "delete file:/var/**",
        "connect host:**",
        "opaque **",
        "create file:**/.env",
        "update git:**",
    ] {
        let ran = home.exo(&["profile", "prove", "worker", "--json", "--never", claim]);
        assert_eq!(ran.code, 1, "{claim}: {ran:?}");
        let value = json(&ran);
        let effects = value["claims"][0]["effects"].as_array().unwrap();
        assert!(!effects.is_empty(), "{value}");
        for effect in effects {
            let words: Vec<&str> = effect["check"]
                .as_array()
                .unwrap()
                .iter()
                .skip(1)
                .map(|w| w.as_str().unwrap())
                .collect();
            let confirmed = home.exo(&words);
            assert!(
                confirmed.code == 0 && confirmed.out.starts_with("allow"),
                "{words:?}: {confirmed:?}"
            );
            // The line that is told has the effect too; what it would need of the machine it may not have here.
            if let Some(line) = effect["line"].as_str() {
                let shown = home.exo(&["check", "--as", "worker", "--json", "-c", line]);
                let action = effect["action"].as_str().unwrap();
                assert!(
                    shown.out.contains(&format!("\"action\": \"{action}\"")),
                    "{line}: {shown:?}"
                );
            }
        }
    }
    // An ask is no permission, but can be counted as one.
    let asked = ["profile", "prove", "worker", "--never", "delete git:**"];
    assert_eq!(home.exo(&asked).code, 0);
    let with: Vec<&str> = asked.iter().copied().chain(["--or-asked"]).collect();
    assert_eq!(home.exo(&with).code, 1);
}

#[test]
fn here_the_facts_are_those_of_this_machine() {
    let home = worker();
    let claim = ["profile", "prove", "worker", "--never", "delete file:/opt/x/**"];
    // Anywhere `system` forbids it; what it does not name depends on where the repository is.
    assert_eq!(home.exo(&claim).code, 0);
    let open = ["profile", "prove", "worker", "--never", "delete file:/mnt/**"];
    assert_eq!(home.exo(&open).code, 1);
    let here: Vec<&str> = open.iter().copied().chain(["--here"]).collect();
    let ran = home.exo(&here);
    assert!(ran.code == 0 && ran.out.contains("under the facts at hand"), "{ran:?}");
}

#[test]
fn a_profile_can_be_proved_to_admit_no_more_than_another() {
    let home = Home::new();
    home.child(
        "narrower",
        "[[forbid]]\nid = \"no-env\"\nactions = [\"read\"]\nresources = [\"file:**/*.key\"]\n",
    );
    let implies = |a: &str, b: &str| home.exo(&["profile", "prove", a, "--implies", b]);
    assert_eq!(implies("narrower", "coding-agent").code, 0);
    let ran = implies("coding-agent", "narrower");
    assert!(ran.code == 1 && ran.out.contains(".key (rule "), "{ran:?}");
    let equal = |a: &str, b: &str| home.exo(&["profile", "prove", a, "--equivalent", b]).code;
    assert_eq!(equal("coding-agent", "coding-agent"), 0);
    assert_eq!(equal("narrower", "coding-agent"), 1);
    assert_eq!(equal("base", "nowhere"), 2);
}

#[test]
fn in_shadow_mode_nothing_is_proved() {
    let home = Home::new();
    home.child("watched", "mode = \"shadow\"");
    let ran = home.exo(&["profile", "prove", "watched", "--never", "delete s3:**"]);
    assert!(ran.code == 1 && ran.out.contains("in shadow mode nothing is blocked"), "{ran:?}");
}

#[test]
fn wrong_claims_and_effects_are_refused_with_the_fix() {
    let home = Home::new();
    let rows: [(&[&str], &str); 8] = [
        (&["profile", "prove", "base", "--never", "delete"], "write actions and a resource"),
        (&["profile", "prove", "base", "--never", "erase s3:**"], "unknown action `erase`"),
        (&["profile", "prove", "base", "--never", "delete s4:**"], "did you mean `s3:`"),
        (&["profile", "prove", "base"], "--never"),
        (&["check", "--as", "base", "--effect", "erase file:/x"], "unknown action `erase`"),
        (&["check", "--as", "base", "--effect", "read file:x"], "no plain absolute path"),
        (
            &["check", "--as", "base", "--effect", "read file:/x", "--fact", "git.brunch=x"],
            "did you mean `git.branch`",
        ),
        (
            &["check", "--as", "base", "--effect", "read file:/x", "--fact", "time.hour=noon"],
            "whole number",
        ),
    ];
    for (args, part) in rows {
        let ran = home.exo(args);
        assert!(ran.code == 2 && ran.err.contains(part), "{args:?}: {ran:?}");
    }
}

#[test]
fn facts_can_be_supposed_for_a_check() {
    let home = Home::new();
    home.child("by-branch", "[[permit]]\nid = \"on-main\"\nactions = [\"delete\"]\nresources = [\"s3:b/**\"]\nwhen = { \"git.branch\" = \"main\" }");
    let check = |fact: &[&str]| {
        let mut args = vec!["check", "--as", "by-branch", "--effect", "delete s3:b/k"];
        args.extend(fact);
        home.exo(&args).code
    };
    assert_eq!(
        (check(&[]), check(&["--fact", "git.branch=main"]), check(&["--fact", "git.branch="])),
        (1, 0, 1)
    );
    let recorded =
        home.exo(&["check", "--as", "base", "--record", "--fact", "git.branch=main", "--", "true"]);
    assert_eq!(recorded.code, 2, "what was supposed is never recorded: {recorded:?}");
}

#[test]
fn diff_tells_rules_effects_and_past_decisions() {
    let home = Home::new();
    assert_eq!(home.run(&["touch", "src/a"]).code, 0);
    assert_eq!(home.run(&["cat", "README.md"]).code, 0);
    assert_eq!(home.run(&["rm", "/etc/hosts"]).code, 126);
    home.child("tighter", "[[forbid]]\nid = \"no-writes\"\nactions = [\"create\", \"update\"]\nresources = [\"file:{git.root}/src/**\"]\n");
    let ran = home.exo(&["profile", "diff", "coding-agent", "tighter", "--ledger"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "+ rule no-writes",
        "tighter allows nothing that coding-agent does not",
        "coding-agent allows, and tighter does not, for example",
        "of 3 decisions of coding-agent under tighter: 1 allow to deny; 2 the same, 0 not known",
        "allow to deny: touch src/a (",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = home.exo(&["profile", "diff", "coding-agent", "tighter", "--ledger", "--json"]);
    let value = json(&ran);
    assert_eq!(value["ledger"]["changed"][0]["after"], "deny", "{value}");
    assert_eq!(value["only_b_allows"]["examples"].as_array().unwrap().len(), 0, "{value}");
    assert_eq!(home.exo(&["profile", "diff", "ci", "ci"]).code, 0);
}

#[test]
fn what_was_seen_in_shadow_mode_becomes_the_least_permits() {
    let home = Home::new();
    profile(
        &home,
        "new",
        "extends = [\"base\"]\nmode = \"shadow\"\n[[forbid]]\nid = \"no-main\"\nactions = [\"update\"]\nresources = [\"git:*/main\"]\n",
    );
    for line in [
        "cat src/a src/b src/c; touch one",
        "cat README.md",
        "git push origin main",
        "cat ~/.ssh/id_rsa",
        "rm -f \"$NOT_SET\"/x",
    ] {
        home.exo(&["run", "--as", "new", "-c", line]);
    }
    let ran = home.exo(&["profile", "learn", "new"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in [
        "\"file:{git.root}/src/**\"",
        "\"file:{git.root}/README.md\"",
        "\"file:{git.root}/one\"",
        "# entry 4: cat README.md",
        "\"git:origin\"",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    for part in ["id_rsa", "git:origin/main", "reveal", "file:/**"] {
        assert!(!ran.out.contains(&format!("{part}\"")), "{part}: {}", ran.out);
    }
    assert!(
        ran.err.contains("rule no-main decides it") && ran.err.contains("could be anything"),
        "{ran:?}"
    );
    // It loads, and lets through what was seen.
    home.profile("new-learned", &ran.out);
    for line in ["cat src/a", "cat README.md"] {
        let ran = home.exo(&["check", "--as", "new-learned", "-c", line]);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    let ran = home.exo(&["check", "--as", "new-learned", "-c", "cat two"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let none = home.exo(&["profile", "learn", "base"]);
    assert!(
        none.code == 1 && none.out.is_empty() && none.err.contains("nothing to propose"),
        "{none:?}"
    );
}

#[test]
fn explain_names_the_rules_that_nearly_matched_and_why() {
    let home = Home::new();
    home.child("by-branch", "[[permit]]\nid = \"on-main\"\nactions = [\"delete\"]\nresources = [\"s3:b/**\"]\nwhen = { \"git.branch\" = \"main\" }\n\
        [[permit]]\nid = \"look\"\nactions = [\"read\"]\nresources = [\"s3:**\"]\n[[permit]]\nid = \"other\"\nactions = [\"delete\"]\nresources = [\"s3:c/**\"]\n");
    let explain = ["explain", "--as", "by-branch", "-c", "aws s3 rm s3://b/k"];
    let ran = home.exo(&explain);
    for part in [
        "not  permit on-main: `git.branch` is agent/work, and must be main",
        "not  permit look: speaks of read alone",
        "not  permit other: speaks of s3:c/**",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = home.exo(&["explain", "--json", "--as", "by-branch", "-c", "aws s3 rm s3://b/k"]);
    let value = json(&ran);
    let rules = value["rules"].as_array().unwrap();
    assert_eq!(rules.len(), value["effects"].as_array().unwrap().len());
    let near: Vec<&str> = rules
        .iter()
        .flat_map(|r| r.as_array().unwrap())
        .filter(|r| r["rule"] == "on-main")
        .map(|r| r["nearness"].as_str().unwrap())
        .collect();
    assert_eq!(near, ["when"], "{value:#}");
    profile(
        &home,
        "twice",
        "extends = [\"base\"]\n[[forbid]]\nid = \"all\"\nactions = [\"reveal\", \"delete\"]\nresources = [\"file:**\"]\n",
    );
    let both = home.exo(&["explain", "--as", "twice", "-c", "cat /etc/shadow"]);
    assert!(
        both.out.contains("rule all (") && both.out.contains("also forbid no-secrets"),
        "{}",
        both.out
    );
}

#[test]
fn what_the_sandbox_does_not_open_is_said_so() {
    let home = worker();
    let claim = ["profile", "prove", "worker", "--here", "--never"];
    let ran = home.exo(&[&claim[..], &["delete file:/etc/**"]].concat());
    assert!(ran.code == 0 && ran.out.contains("; nor does the sandbox open any of it"), "{ran:?}");
    let ran = home.exo(&[&claim[..], &["delete file:{git.root}/.git/**"]].concat());
    assert!(ran.code == 0 && !ran.out.contains("nor does the sandbox"), "{ran:?}");
}
