//! What exo prints it reads back as the same: resources, payloads, facts, profiles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use exo::judge::policy::{Policy, Source};
use exo::model::{
    Answer, Fact, FactValue, Glob, Payload, Resource, ResourceKind, Snapshot, StdinKind, What,
};
use proptest::prelude::*;

fn an_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        any::<String>().prop_map(|t| Answer::Known(FactValue::Text(t))),
        (-(1i64 << 53) + 1..1 << 53).prop_map(|i| Answer::Known(FactValue::Integer(i))),
        any::<bool>().prop_map(|b| Answer::Known(FactValue::Bool(b))),
        Just(Answer::Absent),
        any::<String>().prop_map(Answer::Failed),
    ]
}

fn a_payload() -> impl Strategy<Value = Payload> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    let what = prop_oneof![
        bytes().prop_map(What::Line),
        prop::collection::vec(bytes(), 0..4).prop_map(What::Argv),
    ];
    let stdin = prop::sample::select(
        &[StdinKind::Terminal, StdinKind::Pipe, StdinKind::File, StdinKind::Closed][..],
    );
    (what, stdin).prop_map(|(what, stdin)| Payload { what, stdin })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn resources_are_read_as_they_are_printed(
        kind in prop::sample::select(&ResourceKind::ALL[..]),
        name: String,
        glob in "[/a-c*?\\\\{:]{0,12}",
    ) {
        let exact = Resource::exact(kind, &name);
        prop_assert_eq!(&Resource::parse(&exact.to_string()).unwrap(), &exact);
        prop_assert_eq!(exact.name.as_literal(), Some(name.as_str()));
        if let Ok(glob) = Glob::parse(&glob) {
            let many = Resource { kind, name: glob };
            prop_assert_eq!(Resource::parse(&many.to_string()).unwrap(), many);
        }
    }

    #[test]
    fn payloads_and_facts_are_read_as_they_are_recorded(
        payload in a_payload(),
        answers in prop::collection::btree_map("[a-z.:/]{1,8}", an_answer(), 0..6),
    ) {
        let read = Payload::from_json(&payload.to_json());
        prop_assert_eq!(read.map(|p| (p.what, p.stdin)), Some((payload.what, payload.stdin)));
        let mut facts = Snapshot::default();
        for (name, answer) in answers {
            let fact = Fact { answer, source: "test".into() };
            facts.facts.insert(name.into(), fact.into());
        }
        prop_assert_eq!(Snapshot::from_json(&facts.to_json()), Some(facts));
    }

    #[test]
    fn a_profile_is_read_from_its_bundle_as_from_its_files(
        about: String,
        resource in "(file:/[a-c]{1,3}|git:\\*\\*|\\*\\*)",
    ) {
        let text = format!(
            "exo = 1\nname = \"p\"\ndescription = {}\n[[forbid]]\nid = \"r\"\nactions = [\"read\"]\nresources = [\"{resource}\"]\n",
            serde_json::Value::String(about).to_string().replace('\u{7f}', "\\u007F")
        );
        let source = Source { name: "p".into(), path: "p.toml".into(), text };
        let policy = Policy::load("p", &|_| Ok(source.clone())).unwrap();
        let read = Policy::from_bundle(&policy.bundle()).unwrap();
        prop_assert_eq!(read.bundle(), policy.bundle());
        prop_assert_eq!(read.sha256(), policy.sha256());
        prop_assert_eq!(read.to_json(), policy.to_json());
    }
}
