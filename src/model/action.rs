//! The closed set of actions.
//!
//! In: a name. Out: an `Action`, or a set of them as bits.
//! Never: grows by configuration; a new action is a new version of exo.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One kind of thing a payload can do. Closed: rules, catalogue and entries know exactly these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Looks at a resource and changes nothing.
    Read,
    /// Makes a resource that was not there.
    Create,
    /// Changes a resource that is there, its contents or its attributes.
    Update,
    /// Removes a resource, or what it held.
    Delete,
    /// Runs a program text whose own effects exo cannot tell (`code:`).
    Execute,
    /// Opens a connection to a host or service, or fetches a package.
    Connect,
    /// Waits for connections.
    Listen,
    /// Shows a secret.
    Reveal,
    /// Arranges for something to run later, or after exo has ended.
    Persist,
    /// Changes privilege, permission, or the system itself.
    Administer,
    /// Starts another agent.
    Spawn,
    /// Cannot be understood, so it may do anything.
    Opaque,
}

impl Action {
    /// Every action, in the order of the enum.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Execute,
        Self::Connect,
        Self::Listen,
        Self::Reveal,
        Self::Persist,
        Self::Administer,
        Self::Spawn,
        Self::Opaque,
    ];

    /// The word used in profiles, entries and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Execute => "execute",
            Self::Connect => "connect",
            Self::Listen => "listen",
            Self::Reveal => "reveal",
            Self::Persist => "persist",
            Self::Administer => "administer",
            Self::Spawn => "spawn",
            Self::Opaque => "opaque",
        }
    }

    /// The action of that name, or `None`: the set is closed.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionSet(u16);

impl ActionSet {
    /// Adds one.
    pub fn insert(&mut self, action: Action) {
        self.0 |= 1 << action as u16;
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u16) != 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the enum.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |a| self.contains(*a))
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(iter: I) -> Self {
        let mut set = Self::default();
        for a in iter {
            set.insert(a);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_names_are_refused() {
        for a in Action::ALL {
            assert_eq!(Action::parse(a.name()), Some(a));
        }
        assert_eq!(Action::parse("send"), None);
        assert_eq!(Action::parse("Read"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: ActionSet = [Action::Read, Action::Opaque].into_iter().collect();
        assert!(set.contains(Action::Read) && set.contains(Action::Opaque));
        assert!(!set.contains(Action::Delete));
        assert_eq!(set.iter().count(), 2);
    }
}
