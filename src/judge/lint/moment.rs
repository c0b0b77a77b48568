//! Requests in a made-up moment.
//!
//! In: a line or a bare effect, and a world to ask. Out: what `decide` takes.
//! Never: asks the machine.

use crate::judge::catalogue::Catalogue;
use crate::judge::intent;
use crate::judge::policy::Policy;
use crate::model::{
    Action, Answer, Assurance, Effect, Fact, Intent, Payload, Request, Resource, Snapshot,
    StdinKind, Subject, What, World,
};
use std::cell::RefCell;
use std::sync::Arc;

/// A line with all its effects.
pub(super) fn of_line(
    policy: &Policy,
    catalogue: &Catalogue,
    line: &str,
    world: &dyn World,
) -> Request {
    let noting = Noting { world, snapshot: RefCell::default() };
    let payload = Payload { what: What::Line(line.as_bytes().to_vec()), stdin: StdinKind::Closed };
    let bound = policy.bind(&noting);
    let intent = intent::read(&payload, catalogue, &noting, bound.reach());
    Request { subject: subject(policy), payload, intent, snapshot: noting.snapshot.into_inner() }
}

/// One effect that no command has.
pub(super) fn of_effect(
    policy: &Policy,
    action: Action,
    resource: Resource,
    world: &dyn World,
) -> Request {
    let noting = Noting { world, snapshot: RefCell::default() };
    let _ = policy.values(&noting);
    let effect = Effect { action, resource, command: 0, source: String::new() };
    Request {
        subject: subject(policy),
        payload: Payload { what: What::Argv(Vec::new()), stdin: StdinKind::Closed },
        intent: Intent { effects: vec![effect], commands: Vec::new() },
        snapshot: noting.snapshot.into_inner(),
    }
}

fn subject(policy: &Policy) -> Subject {
    Subject {
        agent: policy.name.clone(),
        sponsor: String::new(),
        user: "agent".to_owned(),
        uid: 1000,
        assurance: Assurance::Asserted,
        session: String::new(),
    }
}

/// A world, with the answers it gave.
struct Noting<'a> {
    world: &'a dyn World,
    snapshot: RefCell<Snapshot>,
}

impl World for Noting<'_> {
    fn ask(&self, name: &str) -> Answer {
        let answer = self.world.ask(name);
        let fact = Arc::new(Fact { answer: answer.clone(), source: "assumed".into() });
        self.snapshot.borrow_mut().facts.insert(name.into(), fact);
        answer
    }
}
