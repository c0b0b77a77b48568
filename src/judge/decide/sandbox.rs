//! The ceiling cut to what was admitted.
//!
//! In: the filled ceiling, the admitted effects. Out: what the decision's sandbox has of its network.
//! Never: gives more than the ceiling.

use crate::judge::policy::Cut;
use crate::model::{Action, Effect, ResourceKind, Sandbox};

/// The network is cut to the admitted effects: no connection without an admitted `connect`, no
/// listening without an admitted `listen` or code whose own effects are unknown.
pub(super) fn cut(ceiling: &Sandbox, admitted: &[&Effect]) -> Cut {
    let ports: Option<Vec<u16>> =
        admitted.iter().filter(|e| e.action == Action::Connect).map(|e| port(e)).collect();
    let mut connect = ceiling.connect.clone();
    if let Some(ports) = ports {
        connect.retain(|p| ports.contains(p));
    }
    let serves =
        |e: &&Effect| matches!(e.action, Action::Listen | Action::Execute | Action::Opaque);
    let listen = if admitted.iter().any(serves) { ceiling.listen.clone() } else { Vec::new() };
    Cut { udp: ceiling.udp && !connect.is_empty(), connect, listen }
}

/// The port of `host:NAME:PORT`; `None` where any port may be meant.
fn port(effect: &Effect) -> Option<u16> {
    if effect.resource.kind != ResourceKind::Host {
        return None;
    }
    let (_, port) = effect.resource.name.as_str().rsplit_once(':')?;
    port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok()).flatten()
}
