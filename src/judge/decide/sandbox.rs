//! The ceiling cut to what was admitted.
//!
//! In: the filled ceiling, the admitted effects. Out: the sandbox of the decision.
//! Never: gives more than the ceiling.

use crate::model::{Action, Effect, ResourceKind, Sandbox};

/// The network is cut to the admitted effects: no connection without an admitted `connect`, no
/// listening without an admitted `listen` or code whose own effects are unknown.
pub(super) fn cut(mut ceiling: Sandbox, admitted: &[&Effect]) -> Sandbox {
    let connects: Vec<&Effect> =
        admitted.iter().copied().filter(|e| e.action == Action::Connect).collect();
    if connects.iter().all(|e| port(e).is_some()) {
        ceiling.connect.retain(|p| connects.iter().any(|e| port(e) == Some(*p)));
    }
    ceiling.udp &= !ceiling.connect.is_empty();
    let serves =
        |e: &&Effect| matches!(e.action, Action::Listen | Action::Execute | Action::Opaque);
    if !admitted.iter().any(serves) {
        ceiling.listen.clear();
    }
    ceiling
}

/// The port of `host:NAME:PORT`; `None` where any port may be meant.
fn port(effect: &Effect) -> Option<u16> {
    if effect.resource.kind != ResourceKind::Host {
        return None;
    }
    let (_, port) = effect.resource.name.as_str().rsplit_once(':')?;
    port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok()).flatten()
}
