//! Tests of loading: errors, merging, bundles, hostile texts.

use super::*;
use crate::model::{Action, Answer, FactValue, Require, Resource, ResourceKind, Verdict};
use proptest::prelude::*;

/// Loads `p` from these files (name, text without the two lines that each must have).
fn load(files: &[(&str, &str)]) -> Result<Policy, PolicyError> {
    Policy::load("p", &|wanted| {
        let found = files.iter().find(|(name, _)| *name == wanted);
        let (name, text) = found.ok_or_else(|| PolicyError {
            path: wanted.to_owned(),
            line: None,
            message: format!("no profile `{wanted}`"),
        })?;
        let text = format!("exo = 1\nname = \"{name}\"\n{text}");
        Ok(Source { name: (*name).to_owned(), path: format!("{name}.toml"), text })
    })
}

fn rule(table: &str, id: &str, rest: &str) -> String {
    format!("[[{table}]]\nid = \"{id}\"\n{rest}\n")
}

const READS: &str = "actions = [\"read\"]\nresources = [\"file:/x/**\"]";

#[test]
fn each_mistake_is_refused_at_its_line_with_its_fix() {
    // Line 1 and 2 are `exo` and `name`; a rule's id stands on line 4.
    let of = |rest: &str| rule("permit", "a", rest);
    let rows: Vec<(String, usize, &str)> = vec![
        ("modee = \"shadow\"".into(), 3, "did you mean `mode`"),
        ("mode = \"shadwo\"".into(), 3, "did you mean `shadow`"),
        ("mode = 3".into(), 3, "`mode`"),
        ("[limits]\nrate = 3".into(), 3, "does not have it"),
        ("[sandbox]\nraed = []".into(), 4, "did you mean `read`"),
        ("[[permit]]\nactions = [\"read\"]\nresources = [\"**\"]".into(), 3, "`id` is missing"),
        (of("actions = []\nresources = [\"**\"]"), 5, "name an action"),
        (of("actions = [\"read\"]\nresources = []"), 6, "name a resource"),
        (of("actions = [\"reed\"]\nresources = [\"**\"]"), 5, "did you mean `read`"),
        (of("actions = [\"send\"]\nresources = [\"**\"]"), 5, "write `connect`"),
        (of("actions = [\"*\"]\nresources = [\"**\"]"), 5, "may not be permitted"),
        (of("actions = [\"read\"]\nresources = [\"/x\"]"), 6, "write `file:/x`"),
        (of("actions = [\"read\"]\nresources = [\"flie:/x\"]"), 6, "did you mean `file:`"),
        (of("actions = [\"read\"]\nresources = [\"file:x\"]"), 6, "write `file:{cwd}/x`"),
        (of("actions = [\"read\"]\nresources = [\"file:~/x\"]"), 6, "write `{home}`"),
        (of("actions = [\"read\"]\nresources = [\"file:{cdw}/x\"]"), 6, "did you mean `cwd`"),
        (of("actions = [\"read\"]\nresources = [\"file:{cwd/x\"]"), 6, "`{{`"),
        (of(&format!("{READS}\nwhen = {{ \"user.nam\" = \"a\" }}")), 7, "user.name"),
        (of(&format!("{READS}\nwhen = {{ \"time.hour\" = \"9\" }}")), 7, "without quotes"),
        (of(&format!("{READS}\nwhen = {{ \"user.name\" = [\"a\"] }}")), 7, "in = ["),
        (of(&format!("{READS}\nwhen = {{ \"user.name\" = {{}} }}")), 7, "says nothing"),
        (
            of(&format!("{READS}\nwhen = {{ \"user.name\" = {{ is = 1 }} }}")),
            7,
            "unknown condition",
        ),
        (of(&format!("{READS}\nexpires = 2027-01-01")), 7, "does not have it"),
        (rule("permit", "A", READS), 4, "a-z"),
        (rule("forbid", "default", READS), 4, "choose another"),
        (rule("permit", "a", READS) + &rule("forbid", "a", READS), 8, "also at p.toml:4"),
        ("[identity]\nvalid_until = 2027-01-01".into(), 4, "2027-06-30T00:00:00Z"),
        ("extends = [\"p\"]".into(), 3, "extends itself"),
        ("extends = [\"gone\"]".into(), 3, "no profile `gone`"),
        ("extends = [\"../x\"]".into(), 3, "no name"),
        ("[sandbox]\nconnect = [\"example.org:443\"]".into(), 4, "*:443"),
        ("[sandbox]\nunix = [\"/run/x\"]".into(), 4, "available"),
        ("[sandbox.limits]\nwall = \"10\"".into(), 4, "10m"),
        ("[sandbox.environment]\npass = [\"A-B\"]".into(), 4, "names no variable"),
        ("mode = ".into(), 3, ""),
    ];
    for (text, line, part) in rows {
        let error = load(&[("p", &text)]).expect_err(&text);
        assert_eq!((error.path.as_str(), error.line), ("p.toml", Some(line)), "{text}\n{error}");
        assert!(error.message.contains(part), "{text}\n{error}");
    }
    // The same texts with the mistake mended are loaded.
    for text in ["mode = \"shadow\"", &of(READS), "[sandbox]\nconnect = [\"*:443\"]"] {
        assert!(load(&[("p", text)]).is_ok(), "{text}");
    }
}

#[test]
fn a_file_must_say_its_format_and_its_name() {
    let source = |text: &str| {
        let source = Source { name: "p".into(), path: "p.toml".into(), text: text.to_owned() };
        Policy::load("p", &|_| Ok(source.clone())).map(|p| p.name)
    };
    assert_eq!(source("exo = 1\nname = \"p\"\n"), Ok("p".to_owned()));
    assert!(source("exo = 2\nname = \"p\"\n").unwrap_err().message.contains("write `exo = 1`"));
    assert!(source("exo = 1\nname = \"q\"\n").unwrap_err().message.contains("name = \"p\""));
    assert!(source("name = \"p\"\n").unwrap_err().message.contains("`exo` is missing"));
    let long = format!("exo = 1\nname = \"p\"\n#{}", "x".repeat(1 << 20));
    assert!(source(&long).unwrap_err().message.contains("1 MiB"));
}

#[test]
fn a_child_adds_and_can_take_nothing_away() {
    let parent = format!(
        "[identity]\nsponsor = \"ann\"\nassurance = \"peer\"\nvalid_from = 2026-01-01T00:00:00Z\nvalid_until = 2026-12-31T00:00:00Z\n\
         {}[sandbox]\nread = [\"/usr\"]\nrequire = \"full\"\n[sandbox.limits]\nwall = \"10m\"\nmemory = \"1GiB\"\n",
        rule("forbid", "no", "actions = [\"*\"]\nresources = [\"file:/x/secret/**\"]")
    );
    let child = format!(
        "extends = [\"parent\"]\n[identity]\nassurance = \"asserted\"\nvalid_from = 2025-01-01T00:00:00Z\nvalid_until = 2027-12-31T00:00:00Z\n\
         {}[sandbox]\nread = [\"/x\"]\nrequire = \"available\"\n[sandbox.limits]\nwall = \"20m\"\nmemory = \"512MiB\"\n",
        rule("permit", "yes", READS)
    );
    let policy = load(&[("p", &child), ("parent", &parent)]).unwrap();
    let ids: Vec<&str> = policy.rules().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["no", "yes"]);
    assert_eq!(policy.rule("no").unwrap().place(), "parent.toml:9");
    assert_eq!(policy.sponsor(), "ann");
    assert_eq!(policy.identity.assurance, Assurance::Peer);
    assert_eq!(policy.identity.valid_from.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(policy.identity.valid_until.as_deref(), Some("2026-12-31T00:00:00Z"));
    let sandbox = policy.ceiling.fill(&Values::default()).unwrap();
    assert_eq!(sandbox.read, ["/usr", "/x"]);
    assert_eq!(sandbox.require, Require::Full);
    assert_eq!((sandbox.limits.wall, sandbox.limits.memory), (Some(600), Some(512 << 20)));
    let names: Vec<&str> = policy.files.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["parent", "p"], "parents first");
}

#[test]
fn parents_that_meet_twice_or_have_a_rule_in_common_are_refused() {
    let both = load(&[
        ("p", "extends = [\"a\", \"b\"]"),
        ("a", "extends = [\"c\"]"),
        ("b", "extends = [\"c\"]"),
        ("c", ""),
    ]);
    assert!(both.unwrap_err().message.contains("two ways"));
    let twice = rule("permit", "same", READS);
    let same = load(&[("p", &format!("extends = [\"a\"]\n{twice}")), ("a", &twice)]);
    assert!(same.unwrap_err().message.contains("also at a.toml"));
    let names: Vec<String> = (0..12).map(|i| format!("g{i}")).collect();
    let texts: Vec<String> = (1..=12)
        .map(|i| if i < 12 { format!("extends = [\"g{i}\"]") } else { String::new() })
        .collect();
    let mut chain: Vec<(&str, &str)> = vec![("p", "extends = [\"g0\"]")];
    chain.extend(names.iter().zip(&texts).map(|(n, t)| (n.as_str(), t.as_str())));
    assert!(load(&chain).unwrap_err().message.contains("generations"));
}

#[test]
fn a_bundle_gives_the_same_profile_back_and_no_other_bytes_do() {
    let files =
        [("p", format!("extends = [\"a\"]\n{}", rule("permit", "r", READS))), ("a", String::new())];
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let policy = load(&files).unwrap();
    let bundle = policy.bundle();
    let back = Policy::from_bundle(&bundle).unwrap();
    assert_eq!(
        (back.sha256(), back.to_json()["rules"].clone()),
        (policy.sha256(), policy.to_json()["rules"].clone())
    );
    let text = String::from_utf8(bundle.clone()).unwrap();
    for bad in [
        text.replace("\"a\\\"", "\"b\\\""),
        text.replace("{\"files\"", "{ \"files\""),
        text.replace("\"profile\":\"p\"", "\"profile\":\"a\""),
        String::new(),
        "{}".to_owned(),
    ] {
        assert_ne!(bad, text, "the change must be one");
        assert!(Policy::from_bundle(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_value_of_a_variable_is_a_name_and_no_pattern() {
    struct Star;
    impl World for Star {
        fn ask(&self, name: &str) -> Answer {
            match name {
                "cwd" => Answer::Known(FactValue::Text("/a*".to_owned())),
                _ => Answer::Absent,
            }
        }
    }
    let text = rule(
        "permit",
        "r",
        "actions = [\"read\"]\nresources = [\"file:{cwd}/**\", \"file:{env.X}/**\"]",
    );
    let policy = load(&[("p", &text)]).unwrap();
    let bound = policy.bind(&Star);
    let speaks = |path: &str| {
        let resource = Resource::exact(ResourceKind::File, path);
        let found = bound.speaking(&policy, Action::Read, &resource, Verdict::Allow);
        found.into_iter().any(|(_, speaks)| speaks.map(|()| true).unwrap())
    };
    assert!(speaks("/a*/f"));
    assert!(!speaks("/ab/f"), "the star of a folder's name is no wildcard");
    assert!(!speaks("/etc/f"), "a variable that is absent does not leave `/**`");
}

proptest! {
    #[test]
    fn any_text_is_loaded_or_refused(text in "(?s).{0,200}") {
        let _ = load(&[("p", &text)]);
        prop_assert!(Policy::from_bundle(text.as_bytes()).is_err());
    }

    #[test]
    fn any_values_in_a_rule_are_loaded_or_refused_with_a_place(
        action in "[a-z*{}\\[:]{0,8}", resource in "[a-z*?{}.:/~\\[]{0,16}", fact in "[a-z.]{0,12}",
    ) {
        let text = rule("ask", "r", &format!(
            "actions = [{action:?}]\nresources = [{resource:?}]\nwhen = {{ {fact:?} = \"x\" }}"));
        if let Err(error) = load(&[("p", &text)]) {
            prop_assert!(error.line.is_some(), "{}", error);
        }
    }
}
