//! What is fuzzed: each takes any bytes, and panics only where exo would have broken a promise.
//!
//! `fuzz_targets/*.rs` give them to libFuzzer (`cargo +nightly fuzz run shell`), `tests/fuzz_smoke.rs` runs
//! them for ten seconds with the stable compiler.

use exo::gate::SHIPPED;
use exo::judge::catalogue::Catalogue;
use exo::judge::decide::decide as judge;
use exo::judge::intent;
use exo::judge::lint::Fixture;
use exo::judge::policy::{Policy, PolicyError, Source};
use exo::judge::shell::{self, Dialect};
use exo::model::{
    Action, Answer, Assurance, Decision, Fact, Intent, Payload, Request, Snapshot, StdinKind,
    Subject, Verdict, What, World,
};
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// A target: it takes any bytes.
pub type Target = fn(&[u8]);

/// The targets, by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("shell", shell),
    ("argv", argv),
    ("profile", profile),
    ("catalogue", catalogue),
    ("decide", decide),
];

fn rows() -> &'static Catalogue {
    static ROWS: OnceLock<Catalogue> = OnceLock::new();
    ROWS.get_or_init(|| Catalogue::new(Vec::new()).unwrap_or_default())
}

fn shipped(name: &str) -> Result<Source, PolicyError> {
    let text = SHIPPED.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| *text);
    Ok(Source { name: name.to_owned(), path: format!("{name}.toml"), text: text.to_owned() })
}

fn agent() -> &'static Policy {
    static AGENT: OnceLock<Option<Policy>> = OnceLock::new();
    AGENT
        .get_or_init(|| Policy::load("coding-agent", &shipped).ok())
        .as_ref()
        .expect("a profile that is shipped")
}

fn payload(what: What) -> Payload {
    Payload { what, stdin: StdinKind::Closed }
}

/// Any text is read, in both dialects: places lie in the text, and what was not read is said.
pub fn shell(data: &[u8]) {
    for dialect in [Dialect::Bash, Dialect::Posix] {
        let script = shell::read(data, dialect);
        for place in &script.opaque {
            assert!(place.span.start <= data.len() && place.span.end <= data.len(), "{place:?}");
            assert!(!place.reason.is_empty());
        }
        if std::str::from_utf8(data).is_err() {
            assert!(!script.opaque.is_empty(), "what is no text was read");
        }
    }
    let intent = intent::read(&payload(What::Line(data.to_vec())), rows(), &Fixture, &[]);
    let refused = !shell::read(data, Dialect::Bash).opaque.is_empty();
    let opaque = intent.effects.iter().any(|e| e.action == Action::Opaque);
    assert!(!refused || opaque, "a text that was not understood is not opaque");
}

/// Words between NULs; what is not text is opaque.
pub fn argv(data: &[u8]) {
    let words: Vec<Vec<u8>> = data.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
    let text = words.iter().all(|w| std::str::from_utf8(w).is_ok());
    let intent = intent::read(&payload(What::Argv(words)), rows(), &Fixture, &[]);
    let opaque = intent.effects.iter().any(|e| e.action == Action::Opaque);
    assert!(text || opaque, "what is no text was understood");
}

/// A profile is taken or refused with a message.
pub fn profile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let fetch = |name: &str| match name {
        "mine" => Ok(Source {
            name: name.to_owned(),
            path: "mine.toml".to_owned(),
            text: text.to_owned(),
        }),
        name => shipped(name),
    };
    match Policy::load("mine", &fetch) {
        Ok(policy) => {
            let line = payload(What::Line(b"rm -rf src; cat .env".to_vec()));
            let _ = decided(&policy, rows(), line);
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

/// A file of tools is taken or refused with a message; what it adds never hides a row that is compiled in.
pub fn catalogue(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Catalogue::new(vec![("mine.toml".to_owned(), text.to_owned())]) {
        Ok(catalogue) => {
            let line = || payload(What::Line(b"rm f; mine -x --yy=z a b; mine verb".to_vec()));
            let intent = intent::read(&line(), &catalogue, &Fixture, &[]);
            assert!(
                intent.effects.iter().any(|e| e.action == Action::Delete),
                "`rm` deletes nothing"
            );
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

/// The same line is decided the same way, and nothing is allowed that has a denied effect.
pub fn decide(data: &[u8]) {
    let line = || payload(What::Line(data.to_vec()));
    let (intent, first) = decided(agent(), rows(), line());
    let (_, second) = decided(agent(), rows(), line());
    assert_eq!(first, second);
    if first.effects.iter().any(|e| e.verdict == Verdict::Deny) {
        assert_eq!(first.verdict, Verdict::Deny);
    }
    assert!(intent.effects.is_empty() || !first.effects.is_empty(), "effects were lost");
}

/// The fixture, with the answers it gave.
struct Noting(RefCell<Snapshot>);

impl World for Noting {
    fn ask(&self, name: &str) -> Answer {
        let answer = Fixture.ask(name);
        let fact = Fact { answer: answer.clone(), source: "fixture".into() };
        self.0.borrow_mut().facts.insert(Arc::from(name), Arc::new(fact));
        answer
    }
}

fn decided(policy: &Policy, catalogue: &Catalogue, payload: Payload) -> (Intent, Decision) {
    let world = Noting(RefCell::default());
    let bound = policy.bind(&world);
    let intent = intent::read(&payload, catalogue, &world, bound.reach());
    let subject = Subject {
        agent: policy.name.clone(),
        sponsor: String::new(),
        user: "agent".to_owned(),
        uid: 1000,
        assurance: Assurance::Asserted,
        session: String::new(),
    };
    let request = Request { subject, payload, intent, snapshot: world.0.into_inner() };
    let decision = judge(policy, &request);
    (request.intent, decision)
}
