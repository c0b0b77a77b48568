//! Looks into a profile: its examples, its rules against each other and against its sandbox, and what can
//! be proved of it.
//!
//! In: a policy and a catalogue. Out: findings, proofs, proposals.
//! Never: runs a command, changes a profile, reads a file or a ledger.

mod automaton;
mod ceiling;
mod compare;
mod examples;
mod fixture;
mod learn;
mod moment;
mod near;
mod page;
mod prove;
mod rules;
mod sample;
mod search;
mod tools;
mod worlds;

pub use compare::{Change, compare};
pub use examples::examples;
pub use fixture::Fixture;
pub use learn::{GRAVE, Seen, generalise, propose};
pub use near::{Near, Nearness, near};
pub use page::{exact, page, row_json, row_text};
pub use prove::{Claim, Proof, Terms, Witness, code_rules, implies, never, sealed};
pub use sample::line;
pub use tools::{RowFinding, row, tools};

use super::catalogue::Catalogue;
use super::policy::{Policy, Rule};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; what it says may well be meant.
    Note,
    /// Something does nothing, or not what it looks like.
    Warning,
    /// The profile does not do what it says.
    Error,
}

impl Severity {
    /// The word in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// An example or counter-example that does not hold.
    Example,
    /// A `when` that never holds.
    NeverHolds,
    /// A `when` that always holds.
    AlwaysHolds,
    /// A resource that no name matches.
    MatchesNothing,
    /// A rule that a stricter one contradicts word for word.
    Contradicted,
    /// A rule that can never decide, since stricter ones decide all it speaks of.
    Unreachable,
    /// A part of a rule that can never decide.
    PartlyUnreachable,
    /// A rule that permits, asks or forbids only what others do already.
    Shadowed,
    /// A permit of which the sandbox lets nothing happen.
    OutsideCeiling,
    /// A permit of which the sandbox lets only a part happen.
    BeyondCeiling,
    /// A part of the ceiling that no rule makes use of.
    UnusedCeiling,
    /// Rules that are too big to be followed in full.
    TooBig,
}

impl Check {
    /// The word in JSON and in `docs/profile.md`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Example => "example",
            Self::NeverHolds => "never-holds",
            Self::AlwaysHolds => "always-holds",
            Self::MatchesNothing => "matches-nothing",
            Self::Contradicted => "contradicted",
            Self::Unreachable => "unreachable",
            Self::PartlyUnreachable => "partly-unreachable",
            Self::Shadowed => "shadowed",
            Self::OutsideCeiling => "outside-ceiling",
            Self::BeyondCeiling => "beyond-ceiling",
            Self::UnusedCeiling => "unused-ceiling",
            Self::TooBig => "too-big",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Example
            | Self::NeverHolds
            | Self::MatchesNothing
            | Self::Contradicted
            | Self::Unreachable => Severity::Error,
            Self::AlwaysHolds
            | Self::PartlyUnreachable
            | Self::Shadowed
            | Self::OutsideCeiling
            | Self::UnusedCeiling
            | Self::TooBig => Severity::Warning,
            Self::BeyondCeiling => Severity::Note,
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// The rule, or `sandbox`.
    pub rule: String,
    /// File and line.
    pub place: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Finding {
    fn of(rule: &Rule, check: Check, message: String) -> Self {
        Self { check, rule: rule.id.clone(), place: rule.place(), message }
    }
}

/// Everything that can be found out about the rules of the policy's own file.
#[must_use]
pub fn check(policy: &Policy, catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = examples(policy, catalogue);
    findings.extend(rules::rules(policy));
    findings.extend(ceiling::ceiling(policy));
    findings
}

#[cfg(test)]
mod tests;
