//! A second, naive decision: it goes through all rules for each effect, matches globs by plain recursion
//! and asks about sets of names by trying all short ones. Compared with `decide` on generated profiles and
//! requests, through what the crate shows to the outside.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use exo::judge::decide::decide;
use exo::judge::policy::{Policy, Source};
use exo::model::{
    Action, Answer, Assurance, Effect, Fact, FactValue, Intent, Payload, Request, Resource,
    Snapshot, StdinKind, Subject, Verdict, What,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A letter of a pattern; one that came from a fact's value is never a wildcard.
#[derive(Clone, Copy, Debug)]
struct Letter {
    c: char,
    literal: bool,
}

fn is(l: Option<&Letter>, c: char) -> bool {
    l.is_some_and(|l| !l.literal && l.c == c)
}

/// Whether the letters are the same as this text, and none a literal that looks like a wildcard.
fn begins(p: &[Letter], text: &str) -> bool {
    text.chars()
        .enumerate()
        .all(|(i, c)| p.get(i).is_some_and(|l| l.c == c && (c == '/' || !l.literal)))
}

/// `docs/profile.md`: `*` within a segment, `**` across, `?` one letter; `a/**` is the tree with `a` itself.
fn matches(p: &[Letter], s: &[char], first: bool) -> bool {
    let Some(head) = p.first() else { return s.is_empty() };
    let cuts = |from: usize| (from..s.len()).filter(|i| s[*i] == '/').collect::<Vec<_>>();
    if first && begins(p, "**/") {
        let inside = cuts(0).into_iter().any(|i| matches(&p[3..], &s[i + 1..], false));
        return inside || matches(&p[3..], s, false);
    }
    if begins(p, "/**/") {
        return s.first() == Some(&'/')
            && (matches(&p[4..], &s[1..], false)
                || cuts(1).into_iter().any(|i| matches(&p[4..], &s[i + 1..], false)));
    }
    if p.len() == 3 && begins(p, "/**") {
        return s.is_empty() || s[0] == '/';
    }
    if begins(p, "**") {
        return (0..=s.len()).any(|i| matches(&p[2..], &s[i..], false));
    }
    if is(Some(head), '*') {
        let end = s.iter().position(|c| *c == '/').unwrap_or(s.len());
        return (0..=end).any(|i| matches(&p[1..], &s[i..], false));
    }
    if is(Some(head), '?') {
        return s.first().is_some_and(|c| *c != '/') && matches(&p[1..], &s[1..], false);
    }
    s.first() == Some(&head.c) && matches(&p[1..], &s[1..], false)
}

/// The pattern with the values of facts in it; `None` where one has none.
fn fill(text: &str, facts: &Facts) -> Option<Vec<Letter>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '{' {
            let (name, after) = rest[1..].split_once('}').unwrap();
            let value = facts.get(name)?.as_ref()?.to_string();
            if value.is_empty() {
                return None;
            }
            let value = if after.starts_with('/') { value.trim_end_matches('/') } else { &value };
            out.extend(value.chars().map(|c| Letter { c, literal: true }));
            rest = after;
        } else {
            out.push(Letter { c, literal: false });
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(out)
}

type Facts = BTreeMap<&'static str, Option<FactValue>>;

/// A condition of `when`, as TOML and as what it means.
#[derive(Clone, Copy, Debug)]
enum When {
    Is(&'static str, &'static str),
    In(&'static str, &'static [&'static str]),
    Not(&'static str, &'static [&'static str]),
    Hours(i64, i64),
    Like(&'static str, &'static str),
}

impl When {
    fn toml(self) -> String {
        match self {
            Self::Is(fact, v) => format!("\"{fact}\" = \"{v}\""),
            Self::In(fact, v) => format!("\"{fact}\" = {{ in = {v:?} }}"),
            Self::Not(fact, v) => format!("\"{fact}\" = {{ not = {v:?} }}"),
            Self::Hours(min, max) => format!("\"time.hour\" = {{ min = {min}, max = {max} }}"),
            Self::Like(fact, v) => format!("\"{fact}\" = {{ glob = \"{v}\" }}"),
        }
    }

    fn fact(self) -> &'static str {
        match self {
            Self::Is(f, _) | Self::In(f, _) | Self::Not(f, _) | Self::Like(f, _) => f,
            Self::Hours(..) => "time.hour",
        }
    }

    fn holds(self, facts: &Facts, effect: Verdict) -> bool {
        let Some(value) = facts.get(self.fact()).and_then(Option::as_ref) else {
            return matches!(self, Self::Not(..)) && effect != Verdict::Allow;
        };
        let text = value.to_string();
        match self {
            Self::Is(_, v) => text == v,
            Self::In(_, v) => v.contains(&text.as_str()),
            Self::Not(_, v) => !v.contains(&text.as_str()),
            Self::Hours(min, max) => {
                matches!(value, FactValue::Integer(i) if (min..=max).contains(i))
            }
            Self::Like(_, v) => {
                let p: Vec<Letter> = v.chars().map(|c| Letter { c, literal: false }).collect();
                matches(&p, &text.chars().collect::<Vec<_>>(), true)
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Made {
    effect: Verdict,
    actions: Vec<Action>,
    resources: Vec<String>,
    when: Vec<When>,
}

/// All names of up to seven letters: more than it takes to tell these patterns apart.
fn short_names() -> &'static [Vec<char>] {
    static NAMES: std::sync::OnceLock<Vec<Vec<char>>> = std::sync::OnceLock::new();
    NAMES.get_or_init(|| {
        let (mut all, mut last) = (vec![Vec::new()], vec![Vec::new()]);
        for _ in 0..7 {
            let longer = |n: &Vec<char>| ['/', 'a', 'b'].map(|c| [n.as_slice(), &[c]].concat());
            last = last.iter().flat_map(longer).collect();
            all.extend(last.clone());
        }
        all
    })
}

/// Whether the rule speaks of what the effect stands for: a permit of all of it, others of some.
fn speaks(rule: &Made, action: Action, resource: &str, facts: &Facts) -> bool {
    let (kind, name) = resource.split_once(':').unwrap();
    let wanted: Vec<Letter> = name.chars().map(|c| Letter { c, literal: false }).collect();
    let one = |text: &String| {
        let theirs = match text.as_str() {
            "**" => Some(fill("**", facts).unwrap()),
            text => {
                let (k, glob) = text.split_once(':').unwrap();
                if k == kind { fill(glob, facts) } else { None }
            }
        };
        let Some(ours) = theirs else { return false };
        if !name.contains(['*', '?']) {
            return matches(&ours, &name.chars().collect::<Vec<_>>(), true);
        }
        let mut meant = short_names().iter().filter(|n| matches(&wanted, n, true));
        match rule.effect {
            Verdict::Allow => meant.all(|n| matches(&ours, n, true)),
            _ => meant.any(|n| matches(&ours, n, true)),
        }
    };
    rule.actions.contains(&action) && rule.resources.iter().any(one)
}

/// Whether the short names are enough to answer for this effect: it is one name, or all patterns are short.
fn answerable(rules: &[Made], resource: &str, facts: &Facts) -> bool {
    let longest = rules.iter().flat_map(|r| &r.resources).filter(|r| *r != "**");
    let length = |r: &String| fill(r.split_once(':').unwrap().1, facts).map_or(0, |p| p.len());
    !resource.contains(['*', '?'])
        || longest.map(length).max().unwrap_or(0) + resource.len() - 5 <= 10
}

fn naive(rules: &[Made], action: Action, resource: &str, facts: &Facts) -> (Verdict, String) {
    let mut best: Option<(Verdict, usize)> = None;
    for (i, rule) in rules.iter().enumerate() {
        let holds = rule.when.iter().all(|w| w.holds(facts, rule.effect));
        if holds
            && speaks(rule, action, resource, facts)
            && best.is_none_or(|(v, _)| rule.effect > v)
        {
            best = Some((rule.effect, i));
        }
    }
    best.map_or((Verdict::Deny, "default".to_owned()), |(v, i)| (v, format!("r{i}")))
}

fn load(rules: &[Made], supervised: bool) -> Policy {
    let mut text = "exo = 1\nname = \"p\"\n".to_owned();
    if supervised {
        text.push_str("autonomy = \"supervised\"\n");
    }
    for (i, r) in rules.iter().enumerate() {
        let table = match r.effect {
            Verdict::Allow => "permit",
            Verdict::Ask => "ask",
            Verdict::Deny => "forbid",
        };
        let actions: Vec<&str> = r.actions.iter().map(|a| a.name()).collect();
        let when: Vec<String> = r.when.iter().map(|w| w.toml()).collect();
        text.push_str(&format!(
            "[[{table}]]\nid = \"r{i}\"\nactions = {actions:?}\nresources = {:?}\nwhen = {{ {} }}\n",
            r.resources,
            when.join(", ")
        ));
    }
    let source = Source { name: "p".into(), path: "p.toml".into(), text };
    Policy::load("p", &|_| Ok(source.clone())).unwrap_or_else(|e| panic!("{e}\n{}", source.text))
}

fn request(policy: &Policy, effects: &[(Action, String)], facts: &Facts) -> Request {
    let effect = |(action, resource): &(Action, String)| Effect {
        action: *action,
        resource: Resource::parse(resource).unwrap(),
        command: 0,
        source: String::new(),
    };
    let mut snapshot = Snapshot::default();
    for name in policy.facts() {
        let value = facts.get(name.as_str()).cloned().flatten();
        let answer = value.map_or(Answer::Absent, Answer::Known);
        let fact = std::sync::Arc::new(Fact { answer, source: "test".into() });
        snapshot.facts.insert(name.as_str().into(), fact);
    }
    Request {
        subject: Subject {
            agent: "p".into(),
            sponsor: String::new(),
            user: "u".into(),
            uid: 1,
            assurance: Assurance::Asserted,
            session: String::new(),
        },
        payload: Payload { what: What::Argv(Vec::new()), stdin: StdinKind::Closed },
        intent: Intent { effects: effects.iter().map(effect).collect(), commands: Vec::new() },
        snapshot,
    }
}

const ACTIONS: [Action; 3] = [Action::Read, Action::Delete, Action::Connect];
const PIECES: [&str; 9] = ["/a", "/b", "/*", "/**", "/a*", "/?", "/**/b", "a", "/ab"];
const WHENS: [When; 8] = [
    When::Is("git.branch", "b"),
    When::In("git.branch", &["b", "a"]),
    When::Not("git.branch", &["b", "a"]),
    When::Like("git.branch", "a*"),
    When::Hours(8, 17),
    When::Hours(17, 8),
    When::Not("user.name", &["a"]),
    When::Is("cwd", "/a"),
];

fn a_resource(variables: bool) -> impl Strategy<Value = String> {
    let start: &'static [&'static str] = if variables {
        &["/a", "/b", "{cwd}", "{home}", "{env.X}", "**/a", "{cwd}/{git.branch}"]
    } else {
        &["/a", "/b", "/*"]
    };
    let glob = (
        prop::sample::select(start),
        prop::collection::vec(prop::sample::select(&PIECES[..]), 0..3),
    )
        .prop_map(|(s, p)| format!("{s}{}", p.concat()))
        // Three stars in a row are no glob, and a path that is cut apart by `**a` is not worth its letters.
        .prop_filter("no glob", |t| !t.contains("***") && !t.contains("**a"));
    (prop::sample::select(&["file:", "file:", "git:"][..]), glob)
        .prop_map(|(k, g)| format!("{k}{g}"))
}

fn a_rule() -> impl Strategy<Value = Made> {
    let effect =
        prop_oneof![3 => Just(Verdict::Allow), 1 => Just(Verdict::Ask), 2 => Just(Verdict::Deny)];
    let any = prop_oneof![
        6 => prop::collection::vec(a_resource(true), 1..3),
        1 => Just(vec!["**".to_owned()]),
    ];
    let when = prop::option::weighted(0.4, prop::sample::select(&WHENS[..]));
    (effect, prop::sample::subsequence(&ACTIONS[..], 1..=3), any, when).prop_map(
        |(effect, actions, resources, when)| Made {
            effect,
            actions,
            resources,
            when: when.into_iter().collect(),
        },
    )
}

fn an_effect() -> impl Strategy<Value = (Action, String)> {
    let exact = "(file|git):(/[ab]{1,2}){1,3}";
    (prop::sample::select(&ACTIONS[..]), prop_oneof![2 => exact, 1 => a_resource(false)])
}

fn some_facts() -> impl Strategy<Value = Facts> {
    let text = |v: Option<&str>| v.map(|t| FactValue::Text(t.to_owned()));
    let path = prop::sample::select(&["/", "/a", "/b", "/a/b"][..]);
    let other =
        prop::sample::select(&[None, Some(""), Some("/"), Some("/a/"), Some("a*"), Some("/b")][..]);
    let branch = prop::sample::select(&[None, Some("b"), Some("a"), Some("ab"), Some("aa")][..]);
    let user = prop::sample::select(&["a", "b"][..]);
    (path.clone(), path, other, branch, user, 0i64..24).prop_map(
        move |(cwd, home, x, branch, user, hour)| {
            [
                ("cwd", text(Some(cwd))),
                ("home", text(Some(home))),
                ("env.X", text(x)),
                ("git.branch", text(branch)),
                ("user.name", text(Some(user))),
                ("time.hour", Some(FactValue::Integer(hour))),
            ]
            .into()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_naive_decision_is_the_decision(
        rules in prop::collection::vec(a_rule(), 0..7),
        effects in prop::collection::vec(an_effect(), 1..5),
        facts in some_facts(),
        supervised: bool,
    ) {
        let policy = load(&rules, supervised);
        let got = decide(&policy, &request(&policy, &effects, &facts));
        prop_assert!(got.errors.is_empty(), "{:?}", got.errors);
        let mut worst = if supervised { Verdict::Ask } else { Verdict::Allow };
        for ((action, resource), decided) in effects.iter().zip(&got.effects) {
            if !answerable(&rules, resource, &facts) {
                worst = worst.max(decided.verdict);
                continue;
            }
            let mut want = naive(&rules, *action, resource, &facts);
            if supervised && want.0 == Verdict::Allow {
                want = (Verdict::Ask, "supervised".to_owned());
            }
            worst = worst.max(want.0);
            prop_assert_eq!((decided.verdict, decided.rule.clone()), want, "{} {}", action, resource);
        }
        prop_assert_eq!(got.verdict, worst);
    }

    #[test]
    fn another_forbid_never_loosens_and_the_order_of_rules_says_nothing(
        rules in prop::collection::vec(a_rule(), 1..6),
        more in a_rule(),
        effects in prop::collection::vec(an_effect(), 1..5),
        facts in some_facts(),
        turn in 0usize..6,
    ) {
        let verdict = |rules: &[Made]| {
            let policy = load(rules, false);
            decide(&policy, &request(&policy, &effects, &facts)).verdict
        };
        let before = verdict(&rules);
        let mut forbidding = rules.clone();
        forbidding.push(Made { effect: Verdict::Deny, ..more });
        prop_assert!(verdict(&forbidding) >= before);
        let mut turned = rules.clone();
        turned.reverse();
        let at = turn % turned.len();
        turned.rotate_left(at);
        prop_assert_eq!(verdict(&turned), before);
    }
}
