//! Tests of examples, proofs and findings.

use super::*;
use crate::judge::policy::Source;
use crate::model::{Action, Answer, FactValue, Resource, Verdict, World};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn load(name: &str) -> Policy {
    let shipped = |name: &str| {
        let path = format!("{}/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        #[allow(clippy::disallowed_methods, reason = "a test reads the shipped profiles")]
        let text = std::fs::read_to_string(&path).unwrap();
        Ok(Source { name: name.to_owned(), path, text })
    };
    Policy::load(name, &shipped).unwrap()
}

#[test]
fn the_shipped_profiles_do_what_their_examples_say() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    for name in ["base", "coding-agent", "data-retrieval", "ci"] {
        let policy = load(name);
        for rule in policy.rules().iter().filter(|r| r.profile == name) {
            assert!(!rule.examples.is_empty(), "{name}: {} has no examples", rule.id);
            assert!(!rule.why.is_empty(), "{name}: {} does not say why", rule.id);
            assert!(
                rule.effect == Verdict::Allow || !rule.hint.is_empty(),
                "{name}: {} has no hint",
                rule.id
            );
        }
        let found: Vec<String> = check(&policy, &catalogue)
            .iter()
            .filter(|f| f.check.severity() > Severity::Note)
            .map(|f| format!("{}: {}", f.rule, f.message))
            .collect();
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    }
}

#[test]
fn an_example_that_does_not_hold_is_found_with_what_the_line_does() {
    let text = "exo = 1\nname = \"p\"\n[[permit]]\nid = \"one\"\nactions = [\"read\"]\nresources = [\"file:/repo/**\"]\nexamples = [\"rm f\"]\ncounter_examples = [\"cat f\"]\n";
    let source = |name: &str| {
        Ok(Source { name: name.to_owned(), path: "p.toml".into(), text: text.to_owned() })
    };
    let policy = Policy::load("p", &source).unwrap();
    let found = examples(&policy, &Catalogue::new(Vec::new()).unwrap());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].message.contains("delete file:/repo/f") && found[0].place.contains("p.toml"),
        "{found:?}"
    );
}

#[test]
fn rules_that_do_not_do_what_they_say_are_found() {
    let read =
        |kind: &str, id: &str, resource: &str, more: &str| rule(kind, id, "read", resource, more);
    let open = "[sandbox]\nread = [\"/\"]\nconnect = [\"*:443\"]\n[[permit]]\nid = \"zz\"\n\
                actions = [\"connect\"]\nresources = [\"host:z:443\"]\n";
    let never = "when = { \"time.hour\" = { min = 20, max = 8 } }";
    let always = "when = { \"time.hour\" = { min = 0, max = 23 } }";
    let day = "when = { \"time.hour\" = { min = 8, max = 17 } }";
    let noon = "when = { \"time.hour\" = 12 }";
    let rows: Vec<(String, &[(&str, Check)])> = vec![
        (read("permit", "a", "file:/r/**", ""), &[]),
        (read("permit", "a", "file:/r/**", never), &[("a", Check::NeverHolds)]),
        (read("permit", "a", "file:/r/**", always), &[("a", Check::AlwaysHolds)]),
        (read("permit", "a", "file:/r/**", day), &[]),
        (read("permit", "a", "file:/r//x", ""), &[("a", Check::MatchesNothing)]),
        (
            read("permit", "a", "file:/r/**", "") + &read("forbid", "b", "file:/r/**", ""),
            &[("a", Check::Contradicted)],
        ),
        (
            read("permit", "a", "file:/r/x/**", "") + &read("forbid", "b", "file:/r/**", ""),
            &[("a", Check::Unreachable)],
        ),
        // Two together can take all of it.
        (
            read("permit", "a", "git:?", "")
                + &read("forbid", "b", "git:a*", "")
                + &read("ask", "c", "git:**", ""),
            &[("a", Check::Unreachable)],
        ),
        (read("permit", "a", "file:/r/**", "") + &read("forbid", "b", "file:/r/x/**", ""), &[]),
        (read("permit", "a", "file:/r/**", "") + &read("forbid", "b", "file:/r/**", day), &[]),
        (
            read("permit", "a", "file:/r/**", noon) + &read("forbid", "b", "file:/r/**", day),
            &[("a", Check::Contradicted)],
        ),
        (
            read("permit", "a", "file:/r/**", "") + &read("permit", "b", "file:/r/x/**", ""),
            &[("b", Check::Shadowed)],
        ),
        // Of two that say the same one is told.
        (
            read("permit", "a", "file:/r/**", "") + &read("permit", "b", "file:/r/**", ""),
            &[("b", Check::Shadowed)],
        ),
        (read("permit", "a", "file:/r/**", day) + &read("permit", "b", "file:/r/x/**", ""), &[]),
        (
            read("permit", "a", "file:/r/**", "") + &read("permit", "b", "file:/r/x/**", day),
            &[("b", Check::Shadowed)],
        ),
    ];
    for (rules, want) in rows {
        let policy = profile(&(rules.clone() + open));
        let found = check(&policy, &Catalogue::new(Vec::new()).unwrap());
        let own = found.iter().filter(|f| f.rule != "sandbox");
        let got: Vec<(&str, Check)> = own.map(|f| (f.rule.as_str(), f.check)).collect();
        assert_eq!(got, want, "{rules}\n{found:?}");
        assert!(found.iter().all(|f| f.place.starts_with("p.toml:")), "{found:?}");
    }
}

#[test]
fn permits_and_ceiling_are_held_against_each_other() {
    let rules = rule("permit", "a", "read", "file:/home/**", "")
        + &rule("permit", "b", "create", "file:/tmp/**", "")
        + &rule("permit", "c", "connect", "host:x:443", "")
        + "[sandbox]\nread = [\"/usr\"]\nwrite = [\"@tmp\", \"/srv\"]\nconnect = [\n  \"*:443\",\n  \"*:22\",\n]\n";
    let policy = profile(&rules);
    let found = check(&policy, &Catalogue::new(Vec::new()).unwrap());
    let got: Vec<(&str, Check, &str)> =
        found.iter().map(|f| (f.rule.as_str(), f.check, f.place.as_str())).collect();
    assert_eq!(
        got,
        [
            ("a", Check::OutsideCeiling, "p.toml:4"),
            // TMPDIR may lead elsewhere.
            ("b", Check::BeyondCeiling, "p.toml:9"),
            ("sandbox", Check::UnusedCeiling, "p.toml:19"),
            ("sandbox", Check::UnusedCeiling, "p.toml:20"),
            ("sandbox", Check::UnusedCeiling, "p.toml:23"),
        ],
        "{found:#?}"
    );
}

/// A profile `p` of these rules.
fn profile(rules: &str) -> Policy {
    let text = format!("exo = 1\nname = \"p\"\n{rules}");
    let source = |name: &str| {
        Ok(Source { name: name.to_owned(), path: "p.toml".into(), text: text.clone() })
    };
    Policy::load("p", &source).unwrap()
}

fn rule(kind: &str, id: &str, action: &str, resource: &str, more: &str) -> String {
    format!(
        "[[{kind}]]\nid = \"{id}\"\nactions = [\"{action}\"]\nresources = [\"{resource}\"]\n{more}\n"
    )
}

const ANYWHERE: Terms<'_> = Terms { here: None, or_asked: false };

fn claim(text: &str) -> Claim {
    Claim::parse(text).unwrap()
}

#[test]
fn claims_are_proved_or_refuted_with_an_effect_and_facts() {
    let tree = rule("permit", "own", "delete", "file:{git.root}/**", "");
    let etc = rule("forbid", "etc", "delete", "file:/etc/**", "");
    let git = rule("forbid", "git", "delete", "file:{git.root}/.git/**", "");
    let main = "when = { \"git.branch\" = \"main\" }";
    let other = "when = { \"git.branch\" = { not = \"main\" } }";
    let rows = [
        (vec![&tree], "delete s3:**", "proved"),
        (vec![&tree], "read file:**", "proved"),
        (vec![&tree], "delete file:/etc/**", "delete file:/etc with git.root=/etc"),
        (vec![&tree, &etc], "delete file:/etc/**", "proved"),
        (vec![&tree, &git], "delete file:{git.root}/.git/**", "proved"),
        (vec![&tree, &git], "delete file:{git.root}/.git", "proved"),
        (vec![&tree], "delete file:{git.root}/.git", "delete file:/x/.git with git.root=/x"),
        // Another variable can be the same folder.
        (
            vec![&tree, &git],
            "delete file:{cwd}/.git/**",
            "delete file:/x/.git with cwd=/x git.root=/x/.git",
        ),
    ];
    for (rules, text, want) in rows {
        let text_of: String = rules.into_iter().cloned().collect();
        let got = told(&never(&profile(&text_of), &claim(text), ANYWHERE));
        assert!(got.starts_with(want), "{text}: {got}, should be {want}");
    }
    let both = rule("permit", "a", "update", "git:origin/**", main)
        + &rule("forbid", "b", "update", "git:origin/main", main);
    let got = told(&never(&profile(&both), &claim("update git:origin/main"), ANYWHERE));
    assert_eq!(got, "proved", "permit and forbid hold at the same time");
    let apart = rule("permit", "a", "update", "git:origin/**", other)
        + &rule("forbid", "b", "update", "git:origin/main", main);
    let got = told(&never(&profile(&apart), &claim("update git:origin/main"), ANYWHERE));
    assert!(got.starts_with("update git:origin/main"), "{got}");
}

#[test]
fn variables_behind_text_and_conditions_on_them_are_followed() {
    let push = |more: &str| rule("permit", "push", "update", "git:origin/{git.branch}", more);
    let home = rule("permit", "own", "read", "file:/home/{user.name}/**", "")
        + &rule("forbid", "keys", "read", "file:/home/{user.name}/.ssh/**", "");
    let rows = [
        (push(""), "update git:origin/main", "update git:origin/main with git.branch=main"),
        (
            push("when = { \"git.branch\" = { not = [\"main\", \"next\"] } }"),
            "update git:origin/main",
            "proved",
        ),
        (push("when = { \"git.branch\" = { glob = \"agent/*\" } }"), "update git:*/main", "proved"),
        (
            push("when = { \"git.branch\" = { glob = \"agent/*\" } }"),
            "update git:*/agent/**",
            "update git:origin/agent/y with git.branch=agent/y",
        ),
        (home.clone(), "read file:/home/{user.name}/.ssh/**", "proved"),
        (home, "read file:/home/*/.ssh/**", "proved"),
        (
            rule("permit", "a", "read", "file:{cwd}/**", "when = { cwd = { glob = \"/srv/*\" } }"),
            "read file:/etc/**",
            "proved",
        ),
        (
            rule("permit", "a", "read", "file:{cwd}/**", "when = { cwd = { not = \"/etc\" } }"),
            "read file:/etc/**",
            "read file:/etc/y with cwd=/etc/y",
        ),
    ];
    for (rules, text, want) in rows {
        let got = told(&never(&profile(&rules), &claim(text), ANYWHERE));
        assert!(got.starts_with(want), "{rules}{text}: {got}, should be {want}");
    }
}

fn told(proof: &Proof) -> String {
    match proof {
        Proof::Proved => "proved".to_owned(),
        Proof::Unknown(why) => format!("unknown: {why}"),
        Proof::Refuted(found) => {
            let w = &found[0];
            let known = w.facts.iter().filter(|(_, a)| **a != Answer::Absent);
            let facts: Vec<String> = known.map(|(n, a)| format!("{n}={a}")).collect();
            format!("{} {} with {}", w.action, w.resource, facts.join(" "))
        }
    }
}

#[test]
fn here_the_facts_are_those_at_hand() {
    let tree = profile(&rule("permit", "own", "delete", "file:{git.root}/**", ""));
    let here = Terms { here: Some(&Fixture), or_asked: false };
    assert_eq!(never(&tree, &claim("delete file:/etc/**"), here), Proof::Proved);
    let found = told(&never(&tree, &claim("delete file:/repo/src/**"), here));
    assert!(found.starts_with("delete file:/repo/src with git.root=/repo"), "{found}");
}

#[test]
fn what_the_sandbox_opens_no_part_of_is_sealed_for_code_too() {
    let policy = profile(
        "[[permit]]\nid = \"code\"\nactions = [\"execute\"]\nresources = [\"code:**\"]\n\
         [sandbox]\nread = [\"/usr\", \"{git.root}\"]\nwrite = [\"{git.root}\"]\n",
    );
    let here = Terms { here: Some(&Fixture), or_asked: false };
    assert!(sealed(&policy, &claim("read,reveal file:/etc/**"), here));
    assert!(!sealed(&policy, &claim("read file:/usr/share/**"), here));
    assert!(sealed(&policy, &claim("delete file:/usr/share/**"), here));
    assert!(!sealed(&policy, &claim("delete file:/repo/x"), here));
    // The repository can be anywhere.
    assert!(!sealed(&policy, &claim("delete file:/usr/share/**"), ANYWHERE));
    assert!(!sealed(&policy, &claim("delete s3:**"), here));
}

#[test]
fn asking_counts_only_where_it_is_said_to() {
    let ask = rule("permit", "own", "delete", "file:/r/**", "")
        + &rule("ask", "a", "delete", "file:/r/x/**", "");
    let or_asked = Terms { here: None, or_asked: true };
    assert_eq!(never(&profile(&ask), &claim("delete file:/r/x/**"), ANYWHERE), Proof::Proved);
    let found = told(&never(&profile(&ask), &claim("delete file:/r/x/**"), or_asked));
    assert!(found.starts_with("delete file:/r/x "), "{found}");
    let supervised = profile(&format!("autonomy = \"supervised\"\n{ask}"));
    assert_eq!(never(&supervised, &claim("* **"), ANYWHERE), Proof::Proved);
    assert_ne!(never(&supervised, &claim("* **"), or_asked), Proof::Proved);
}

#[test]
fn one_profile_implies_another_or_a_difference_is_shown() {
    let narrow = profile(&rule("permit", "a", "read", "file:{cwd}/src/**", ""));
    let wide = profile(&rule("permit", "a", "read", "file:{cwd}/**", ""));
    let cut = profile(
        &(rule("permit", "a", "read", "file:{cwd}/**", "")
            + &rule("forbid", "b", "read", "file:**/.env", "")),
    );
    assert_eq!(implies(&narrow, &wide, ANYWHERE), Proof::Proved);
    assert!(told(&implies(&wide, &narrow, ANYWHERE)).starts_with("read file:/"));
    assert_eq!(implies(&cut, &wide, ANYWHERE), Proof::Proved);
    assert!(told(&implies(&wide, &cut, ANYWHERE)).contains(".env"));
    assert!(told(&implies(&narrow, &cut, ANYWHERE)).contains(".env"));
}

#[test]
fn a_glob_made_to_blow_up_is_said_to_be_too_big() {
    let evil = (0..8).fold(String::new(), |text, i| {
        let glob = format!("git:{}z", "*a?".repeat(200));
        text + &rule(if i == 0 { "permit" } else { "forbid" }, &format!("r{i}"), "read", &glob, "")
    });
    let evil = evil + &rule("forbid", "all", "read", &format!("git:{}y", "*?a".repeat(90)), "");
    let proof =
        never(&profile(&evil), &claim(&format!("read git:{}b*", "*a??".repeat(90))), ANYWHERE);
    assert!(
        matches!(&proof, Proof::Unknown(why) if why.contains("too big")) || proof == Proof::Proved,
        "{proof:?}"
    );
}

/// Rules over few letters, so that they meet often.
fn small_rule() -> impl Strategy<Value = (Verdict, Action, String, &'static str)> {
    let effect =
        prop_oneof![4 => Just(Verdict::Allow), 1 => Just(Verdict::Ask), 2 => Just(Verdict::Deny)];
    let action = prop::sample::select(&[Action::Read, Action::Delete][..]);
    let piece = prop::sample::select(&["/a", "/b", "/*", "/**", "/a*", "/?b"][..]);
    let start = prop::sample::select(&["", "{cwd}", "{home}", "{env.X}", "/c/{git.branch}"][..]);
    let end = prop::collection::vec(piece, 1..4);
    let kind = prop::sample::select(&["file:", "git:"][..]);
    let resource = (kind, start, end).prop_map(|(k, s, e)| format!("{k}{s}{}", e.concat()));
    let when = prop::sample::select(
        &[
            "",
            "",
            "",
            "when = { \"git.branch\" = \"a\" }",
            "when = { \"git.branch\" = { not = [\"a\", \"b\"] } }",
            "when = { \"git.branch\" = { glob = \"a*\" }, \"time.hour\" = { min = 9, max = 17 } }",
            "when = { \"cwd\" = \"/a\" }",
            "when = { \"cwd\" = { not = \"/a\" } }",
            "when = { \"cwd\" = { glob = \"/a*\" }, \"env.X\" = { not = \"a\" } }",
        ][..],
    );
    (effect, action, resource, when)
}

fn small_profile(rules: &[(Verdict, Action, String, &'static str)]) -> Policy {
    let text = rules.iter().enumerate().fold(
        String::new(),
        |text, (i, (effect, action, resource, when))| {
            let kind = match effect {
                Verdict::Allow => "permit",
                Verdict::Ask => "ask",
                Verdict::Deny => "forbid",
            };
            text + &rule(kind, &format!("r{i}"), action.name(), resource, when)
        },
    );
    profile(&text)
}

/// Facts as a machine could have them.
fn some_facts() -> impl Strategy<Value = BTreeMap<String, Answer>> {
    let text = |t: &&str| Answer::Known(FactValue::Text((*t).to_owned()));
    let path = prop::sample::select(&["/", "/a", "/b", "/a/b", "/c"][..]);
    let maybe = prop::option::of(prop::sample::select(&["/", "/a", "a", "/a/", "b"][..]));
    let branch = prop::option::of(prop::sample::select(&["a", "b", "ab", "c"][..]));
    (path.clone(), path, maybe, branch, 0i64..24).prop_map(move |(cwd, home, x, branch, hour)| {
        let or = |v: Option<&'static str>| v.map_or(Answer::Absent, |t| text(&t));
        [
            ("cwd", text(&cwd)),
            ("home", text(&home)),
            ("env.X", or(x)),
            ("git.branch", or(branch)),
            ("time.hour", Answer::Known(FactValue::Integer(hour))),
        ]
        .into_iter()
        .map(|(n, a)| (n.to_owned(), a))
        .collect()
    })
}

fn decided(
    policy: &Policy,
    action: Action,
    resource: &str,
    facts: &BTreeMap<String, Answer>,
) -> Verdict {
    let resource = Resource::parse(resource).unwrap();
    let request = moment::of_effect(policy, action, resource, &Known(facts.clone()));
    crate::judge::decide::decide(policy, &request).effects[0].verdict
}

const NAMES: &[&str] = &[
    "/", "/a", "/b", "/c", "/a/a", "/a/b", "/b/a", "/ab", "/a/ab", "/a/b/a", "/a/b/b", "/c/a",
    "/c/b", "/a/a/b", "/c/a/b", "/b/b/b", "/a/c", "/c/c/c", "/ab/b/a", "/c/a/a", "/c/b/a",
    "/c/ab/b", "/c/aa", "/c/ba/b",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proved_is_never_seen_and_what_is_refuted_is_decided_so(
        rules in prop::collection::vec(small_rule(), 1..6),
        asked in small_rule(),
        seen in prop::collection::vec((some_facts(), prop::sample::select(NAMES)), 40),
        or_asked: bool,
    ) {
        let policy = small_profile(&rules);
        let claim = claim(&format!("{} {}", asked.1, asked.2));
        let most = if or_asked { Verdict::Ask } else { Verdict::Allow };
        let proof = never(&policy, &claim, Terms { here: None, or_asked });
        let (kind, _) = asked.2.split_once(':').unwrap();
        for (facts, name) in &seen {
            let resource = format!("{kind}:{name}");
            let verdict = decided(&policy, asked.1, &resource, facts);
            let values = crate::judge::policy::Values::ask(
                &["cwd", "home", "env.X", "git.branch"].map(str::to_owned).into(),
                &Known(facts.clone()),
            );
            let pattern = crate::judge::policy::Pattern::parse(&asked.2).unwrap();
            let claimed = pattern.speaks_of(&Resource::parse(&resource).unwrap(), Verdict::Allow, &values);
            if verdict <= most && claimed == Ok(true) {
                prop_assert_ne!(&proof, &Proof::Proved, "{} under {:?}", resource, facts);
            }
        }
        // What a condition says of a variable with slashes at its end is followed roughly.
        let rough = rules.iter().any(|r| r.3.contains("env.X"));
        let settled = !matches!(proof, Proof::Unknown(_)) || rough;
        prop_assert!(settled, "{:?}", proof);
        if let Proof::Refuted(found) = &proof {
            let w = &found[0];
            prop_assert!(decided(&policy, w.action, &w.resource.to_string(), &w.facts) <= most);
        }
    }

    #[test]
    fn what_is_implied_is_never_seen_otherwise(
        a in prop::collection::vec(small_rule(), 1..5),
        b in prop::collection::vec(small_rule(), 1..5),
        seen in prop::collection::vec((some_facts(), prop::sample::select(NAMES)), 30),
    ) {
        let (a, b) = (small_profile(&a), small_profile(&b));
        prop_assert_eq!(implies(&a, &a, ANYWHERE), Proof::Proved);
        let proof = implies(&a, &b, ANYWHERE);
        for (facts, name) in &seen {
            for kind in ["file", "git"] {
                for action in [Action::Read, Action::Delete] {
                    let resource = format!("{kind}:{name}");
                    let (x, y) = (decided(&a, action, &resource, facts), decided(&b, action, &resource, facts));
                    if x == Verdict::Allow && y != Verdict::Allow {
                        prop_assert_ne!(&proof, &Proof::Proved, "{} {} under {:?}", action, resource, facts);
                    }
                }
            }
        }
    }
}

/// A world of these facts alone.
struct Known(BTreeMap<String, Answer>);

impl World for Known {
    fn ask(&self, name: &str) -> Answer {
        self.0.get(name).cloned().unwrap_or(Answer::Absent)
    }
}

#[test]
fn the_rows_of_the_catalogue_do_not_contradict_themselves() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let mut found = Vec::new();
    for tool in catalogue.all().unwrap() {
        found.extend(
            row(&tool, &catalogue).into_iter().map(|f| format!("{}: {}", f.tool, f.message)),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Files and other things as they could be seen, with the actions.
fn some_seen() -> impl Strategy<Value = Vec<(Action, String)>> {
    let action = prop::sample::select(&[Action::Read, Action::Create, Action::Delete][..]);
    let name =
        "(file:(/repo|/home/agent|/tmp|/srv)(/[a-c.{\"*?]{1,3}){0,3}|git:[a-c]{1,2}/[a-c{]{1,2})";
    prop::collection::vec((action, name), 1..12)
}

proptest! {
    #[test]
    fn what_is_learned_loads_and_lets_through_what_was_seen(seen in some_seen()) {
        let base = profile("");
        let effects: Vec<(Action, Resource)> = seen
            .iter()
            .map(|(action, text)| {
                let (kind, name) = text.split_once(':').unwrap();
                (*action, Resource::exact(crate::model::ResourceKind::parse(kind).unwrap(), name))
            })
            .collect();
        let facts = crate::model::Snapshot::default();
        let seen: Vec<Seen> = effects
            .iter()
            .enumerate()
            .map(|(i, (action, resource))| Seen {
                entry: i as u64,
                line: "a\nline \"x\"".to_owned(),
                action: *action,
                resource: generalise(resource, &facts, &Fixture).unwrap(),
            })
            .collect();
        let text = propose("p", &seen);
        let source = |name: &str| {
            let text = if name == "p" { base.files[0].1.clone() } else { text.clone() };
            Ok(Source { name: name.to_owned(), path: format!("{name}.toml"), text })
        };
        let learned = Policy::load("p-learned", &source).unwrap();
        for (action, resource) in effects {
            let request = moment::of_effect(&learned, action, resource.clone(), &Fixture);
            let got = crate::judge::decide::decide(&learned, &request);
            prop_assert_eq!(got.verdict, Verdict::Allow, "{} {}\n{}", action, resource, text);
        }
    }
}
