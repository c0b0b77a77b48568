//! Tests of deciding: a second, slower decision as oracle, properties of adding rules, identity,
//! supervision and the cut of the network.

use super::*;
use crate::judge::policy::Source;
use crate::model::{
    Action, Answer, Assurance, Fact, FactValue, Intent, Payload, Resource, Snapshot, StdinKind,
    Subject, What,
};
use proptest::prelude::*;

fn load(text: &str) -> Policy {
    let text = format!("exo = 1\nname = \"p\"\n{text}");
    let source = Source { name: "p".into(), path: "p.toml".into(), text };
    Policy::load("p", &|_| Ok(source.clone())).unwrap()
}

/// A snapshot in which each kind of answer occurs.
fn snapshot() -> Snapshot {
    let text = |t: &str| Answer::Known(FactValue::Text(t.to_owned()));
    let facts = [
        ("user.name", text("dev")),
        ("time.hour", Answer::Known(FactValue::Integer(9))),
        ("time.now", text("2026-06-15T12:00:00Z")),
        ("git.branch", Answer::Absent),
        ("env.LOST", Answer::Failed("EIO".to_owned())),
        ("cwd", text("/repo")),
    ];
    let fact = |answer| Arc::new(Fact { answer, source: "test".into() });
    Snapshot { facts: facts.into_iter().map(|(n, a)| (n.into(), fact(a))).collect() }
}

fn request(effects: &[(Action, &str)]) -> Request {
    let mut intent = Intent::default();
    for (action, resource) in effects {
        let resource = Resource::parse(resource).unwrap();
        let source = "test".to_owned();
        intent.effects.push(Effect { action: *action, resource, command: 0, source });
    }
    Request {
        subject: Subject {
            agent: "p".into(),
            sponsor: String::new(),
            user: "dev".into(),
            uid: 1000,
            assurance: Assurance::Asserted,
            session: "s".into(),
        },
        payload: Payload { what: What::Line(b"x".to_vec()), stdin: StdinKind::Closed },
        intent,
        snapshot: snapshot(),
    }
}

#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    True,
    False,
    /// A `not` of a fact that is absent: holds for a forbid or an ask, never for a permit.
    NotAbsent,
    Absent,
    Failed,
}

#[derive(Clone, Debug)]
struct Made {
    effect: Verdict,
    actions: Vec<Action>,
    /// A tree of files, or all of them.
    tree: Option<&'static str>,
    when: When,
}

const ACTIONS: [Action; 4] = [Action::Read, Action::Update, Action::Delete, Action::Execute];
const TREES: [&str; 4] = ["/", "/repo", "/repo/src", "/etc"];
const NAMES: [&str; 5] = ["/repo", "/repo/src/a", "/repo/srcs", "/etc/passwd", "/x"];

fn toml(rules: &[(usize, &Made)]) -> String {
    let table = |v| match v {
        Verdict::Allow => "permit",
        Verdict::Ask => "ask",
        Verdict::Deny => "forbid",
    };
    rules.iter().fold(String::new(), |out, (id, r)| {
        let actions: Vec<&str> = r.actions.iter().map(|a| a.name()).collect();
        let resource = r
            .tree
            .map_or("**".to_owned(), |t| format!("file:{}/**", t.trim_end_matches('/')));
        let when = match r.when {
            When::Always => "",
            When::True => "when = { \"user.name\" = \"dev\", \"time.hour\" = { min = 8, max = 9 } }",
            When::False => "when = { \"user.name\" = { in = [\"a\", \"b\"] } }",
            When::NotAbsent => "when = { \"git.branch\" = { not = \"main\" } }",
            When::Absent => "when = { \"git.branch\" = { glob = \"*\" } }",
            When::Failed => "when = { \"env.LOST\" = \"x\" }",
        };
        let table = table(r.effect);
        format!("{out}[[{table}]]\nid = \"r{id}\"\nactions = {actions:?}\nresources = [{resource:?}]\n{when}\n")
    })
}

/// Decides by going through all rules for each effect. `None` where something could not be known.
fn naive(rules: &[Made], effects: &[(Action, &str)]) -> Vec<(Verdict, String)> {
    let decide_one = |(action, name): &(Action, &str)| {
        let speaking = |r: &&(usize, &Made)| {
            let inside = r.1.tree.is_none_or(|t| {
                let root = t.trim_end_matches('/');
                *name == t || *name == root || name.starts_with(&format!("{root}/"))
            });
            let holds = match r.1.when {
                When::Always | When::True => true,
                When::False | When::Absent | When::Failed => false,
                When::NotAbsent => r.1.effect != Verdict::Allow,
            };
            inside && holds && r.1.actions.contains(action)
        };
        let numbered: Vec<(usize, &Made)> = rules.iter().enumerate().collect();
        let mut found: Vec<&(usize, &Made)> = numbered.iter().filter(speaking).collect();
        // Ids are compared as texts; there are fewer than ten.
        found.sort_by_key(|(id, r)| (std::cmp::Reverse(r.effect), *id));
        found
            .first()
            .map_or((Verdict::Deny, "default".to_owned()), |(id, r)| (r.effect, format!("r{id}")))
    };
    effects.iter().map(decide_one).collect()
}

fn a_rule() -> impl Strategy<Value = Made> {
    let effect = prop_oneof![Just(Verdict::Allow), Just(Verdict::Ask), Just(Verdict::Deny)];
    let tree = prop::option::of(prop::sample::select(&TREES[..]));
    let when = prop_oneof![
        4 => Just(When::Always), 2 => Just(When::True), 1 => Just(When::False),
        1 => Just(When::NotAbsent), 1 => Just(When::Absent), 1 => Just(When::Failed),
    ];
    let actions = prop::sample::subsequence(&ACTIONS[..], 1..=4);
    (effect, actions, tree, when).prop_map(|(effect, actions, tree, when)| Made {
        effect,
        actions,
        tree,
        when,
    })
}

fn some_effects() -> impl Strategy<Value = Vec<(Action, &'static str)>> {
    let one = (prop::sample::select(&ACTIONS[..]), prop::sample::select(&NAMES[..]));
    prop::collection::vec(one, 1..5)
}

fn decision(rules: &[(usize, &Made)], effects: &[(Action, &str)]) -> Decision {
    let named: Vec<(Action, String)> =
        effects.iter().map(|(a, n)| (*a, format!("file:{n}"))).collect();
    let effects: Vec<(Action, &str)> = named.iter().map(|(a, n)| (*a, n.as_str())).collect();
    decide(&load(&toml(rules)), &request(&effects))
}

proptest! {
    #[test]
    fn a_slow_second_decision_agrees(
        rules in prop::collection::vec(a_rule(), 0..9),
        mut effects in some_effects(),
    ) {
        effects.sort_unstable();
        effects.dedup();
        let numbered: Vec<(usize, &Made)> = rules.iter().enumerate().collect();
        let got = decision(&numbered, &effects);
        let each: Vec<(Verdict, String)> =
            got.effects.iter().map(|e| (e.verdict, e.rule.clone())).collect();
        let want = naive(&rules, &effects);
        prop_assert_eq!(&each, &want);
        let worst = want.iter().map(|(v, _)| *v).max().unwrap();
        // A failed fact denies when it is met; where no rule asked for it, it says nothing.
        if got.errors.is_empty() {
            prop_assert_eq!(got.verdict, worst);
        } else {
            prop_assert!(rules.iter().any(|r| matches!(r.when, When::Failed)));
            prop_assert_eq!(got.verdict, Verdict::Deny);
        }
    }

    #[test]
    fn another_forbid_or_ask_never_loosens_and_another_permit_never_tightens(
        rules in prop::collection::vec(a_rule(), 0..8),
        more in a_rule(),
        effects in some_effects(),
    ) {
        let mut numbered: Vec<(usize, &Made)> = rules.iter().enumerate().collect();
        let before = decision(&numbered, &effects).verdict;
        numbered.push((9, &more));
        let after = decision(&numbered, &effects).verdict;
        match more.effect {
            Verdict::Deny => prop_assert!(after >= before),
            // An ask turns a denial by default into a question, and an allowance too.
            Verdict::Ask if before != Verdict::Deny => prop_assert!(after >= before),
            Verdict::Ask => {}
            Verdict::Allow if matches!(more.when, When::Failed) => {}
            Verdict::Allow => prop_assert!(after <= before),
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        rules in prop::collection::vec(a_rule(), 2..9),
        turn in 0usize..9,
        effects in some_effects(),
    ) {
        let mut numbered: Vec<(usize, &Made)> = rules.iter().enumerate().collect();
        let before = decision(&numbered, &effects);
        numbered.reverse();
        let at = turn % numbered.len();
        numbered.rotate_left(at);
        prop_assert_eq!(decision(&numbered, &effects), before);
    }
}

const READ: &str =
    "[[permit]]\nid = \"read\"\nactions = [\"read\"]\nresources = [\"file:/repo/**\"]\n";

#[test]
fn a_fact_that_cannot_be_found_out_denies_and_is_named() {
    let when = format!("{READ}when = {{ \"env.LOST\" = \"x\" }}\n");
    let effects = [(Action::Read, "file:/repo/a")];
    assert_eq!(decide(&load(READ), &request(&effects)).verdict, Verdict::Allow);
    let got = decide(&load(&when), &request(&effects));
    assert_eq!(got.verdict, Verdict::Deny);
    assert!(got.errors.iter().any(|e| e.contains("env.LOST") && e.contains("EIO")), "{got:?}");
}

#[test]
fn what_is_wider_than_a_permit_is_denied_and_what_overlaps_a_forbid_too() {
    let forbid =
        "[[forbid]]\nid = \"git\"\nactions = [\"read\"]\nresources = [\"file:/repo/.git/**\"]\n";
    let policy = load(&format!("{READ}{forbid}"));
    let rows = [
        ("file:/repo/src/**", Verdict::Allow, "read"),
        ("file:/repo/**", Verdict::Deny, "git"),
        ("file:/**", Verdict::Deny, "git"),
        ("file:/rep*/**", Verdict::Deny, "git"),
        ("file:/etc/passwd", Verdict::Deny, "default"),
    ];
    for (resource, verdict, rule) in rows {
        let got = decide(&policy, &request(&[(Action::Read, resource)]));
        let effect = got.effects.first().unwrap();
        assert_eq!((got.verdict, effect.rule.as_str()), (verdict, rule), "{resource}");
    }
}

#[test]
fn the_hint_is_that_of_the_strictest_effect() {
    let rules = "[[permit]]\nid = \"a\"\nactions = [\"read\"]\nresources = [\"file:/**\"]\nhint = \"soft\"\n\
         [[forbid]]\nid = \"b\"\nactions = [\"delete\"]\nresources = [\"file:/**\"]\nhint = \"use git\"\n";
    let effects = [(Action::Read, "file:/x"), (Action::Delete, "file:/x")];
    let got = decide(&load(rules), &request(&effects));
    assert_eq!((got.verdict, got.hint.as_str()), (Verdict::Deny, "use git"));
    assert_eq!(got.deciding().unwrap().rule, "b");
}

#[test]
fn who_may_not_claim_a_profile_is_denied_with_the_reason() {
    let rows = [
        ("", None),
        ("[identity]\nusers = [\"dev\"]\n", None),
        ("[identity]\nusers = [\"ops\"]\n", Some("`dev` may not claim `p`")),
        ("[identity]\nassurance = \"key\"\n", Some("wants assurance `key`")),
        ("[identity]\nvalid_from = 2026-06-15T12:00:00Z\n", None),
        ("[identity]\nvalid_from = 2026-06-15T12:00:01Z\n", Some("not valid before")),
        ("[identity]\nvalid_until = 2026-06-15T12:00:01Z\n", None),
        ("[identity]\nvalid_until = 2026-06-15T12:00:00Z\n", Some("renew")),
    ];
    for (identity, want) in rows {
        let policy = load(&format!("{READ}{identity}"));
        let asked = request(&[(Action::Read, "file:/repo/a")]);
        let got = decide(&policy, &asked);
        match want {
            None => assert_eq!((got.verdict, got.identity), (Verdict::Allow, None), "{identity}"),
            Some(part) => {
                assert_eq!(got.verdict, Verdict::Deny, "{identity}");
                assert!(got.identity.unwrap().contains(part), "{identity}");
            }
        }
        // A rehearsal asks what a rule says, not who asks.
        assert_eq!(rehearse(&policy, &asked, "read").verdict, Verdict::Allow, "{identity}");
    }
    let mut later = request(&[(Action::Read, "file:/repo/a")]);
    later.snapshot.facts.remove("time.now");
    let policy = load(&format!("{READ}[identity]\nvalid_until = 2030-01-01T00:00:00Z\n"));
    let got = decide(&policy, &later);
    assert_eq!(got.verdict, Verdict::Deny, "a clock that cannot be read is a denial");
    assert!(!got.errors.is_empty());
}

#[test]
fn supervised_asks_for_all_that_would_be_allowed() {
    let supervised = load(&format!("autonomy = \"supervised\"\n{READ}"));
    let got = decide(&supervised, &request(&[(Action::Read, "file:/repo/a")]));
    assert_eq!(got.verdict, Verdict::Ask);
    assert_eq!(got.effects.first().unwrap().rule, "supervised");
    assert_eq!(decide(&supervised, &request(&[])).verdict, Verdict::Ask);
    assert_eq!(decide(&load(READ), &request(&[])).verdict, Verdict::Allow);
    let denied = decide(&supervised, &request(&[(Action::Delete, "file:/repo/a")]));
    assert_eq!(denied.verdict, Verdict::Deny);
}

#[test]
fn a_rehearsal_takes_the_when_of_its_one_rule_as_holding() {
    let policy = load(&format!("{READ}when = {{ \"user.name\" = \"ops\" }}\n"));
    let asked = request(&[(Action::Read, "file:/repo/a")]);
    assert_eq!(decide(&policy, &asked).verdict, Verdict::Deny);
    assert_eq!(rehearse(&policy, &asked, "read").verdict, Verdict::Allow);
    assert_eq!(rehearse(&policy, &asked, "other").verdict, Verdict::Deny);
}

#[test]
fn the_network_of_the_sandbox_is_cut_to_what_was_admitted() {
    let policy = load(
        "[[permit]]\nid = \"all\"\nactions = [\"read\", \"connect\", \"listen\", \"execute\"]\nresources = [\"**\"]\n\
         [sandbox]\nread = [\"/usr\"]\nconnect = [\"*:443\", \"*:80\"]\nlisten = [\"*:8080\"]\nudp = true\n",
    );
    /// Effects, then ports to connect to, ports to listen on, UDP.
    type Row<'a> = (&'a [(Action, &'a str)], &'a [u16], &'a [u16], bool);
    let rows: [Row<'_>; 6] = [
        (&[(Action::Read, "file:/usr/x")], &[], &[], false),
        (&[(Action::Connect, "host:example.org:443")], &[443], &[], true),
        (&[(Action::Connect, "host:example.org:22")], &[], &[], false),
        (&[(Action::Connect, "host:**")], &[80, 443], &[], true),
        (&[(Action::Listen, "host:localhost:8080")], &[], &[8080], false),
        (&[(Action::Execute, "code:inline")], &[], &[8080], false),
    ];
    for (effects, connect, listen, udp) in rows {
        let sandbox = decide(&policy, &request(effects)).sandbox;
        assert_eq!(
            (&sandbox.connect[..], &sandbox.listen[..], sandbox.udp),
            (connect, listen, udp),
            "{effects:?}"
        );
        assert_eq!(sandbox.read, ["/usr"], "{effects:?}");
    }
}

#[test]
fn a_denied_connect_opens_no_port() {
    let policy = load(
        "[[permit]]\nid = \"some\"\nactions = [\"connect\"]\nresources = [\"host:good.org:443\"]\n\
         [sandbox]\nconnect = [\"*:443\"]\n",
    );
    let good = decide(&policy, &request(&[(Action::Connect, "host:good.org:443")]));
    assert_eq!((good.verdict, &good.sandbox.connect[..]), (Verdict::Allow, &[443][..]));
    let bad = decide(&policy, &request(&[(Action::Connect, "host:bad.org:443")]));
    assert_eq!((bad.verdict, bad.sandbox.connect.len()), (Verdict::Deny, 0));
}
