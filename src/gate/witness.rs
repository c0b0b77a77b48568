//! The witness that makes the order unskippable: what runs was decided and durably recorded.
//!
//! In: a judged payload and the ledger. Out: a [`Recorded`], without which nothing is admitted.
//! Never: exists for a decision that does not admit.

use super::Error;
use super::judged::Judged;
use crate::enforce::confine::Cage;
use crate::enforce::exec::{Admission, Program};
use crate::evidence::ledger::{Draft, Ledger};
use crate::evidence::record::Kind;
use std::ffi::OsString;

/// An intent that stands in the ledger, of a decision that admits. Only appending makes one.
///
/// ```compile_fail
/// let forged = exo::gate::Recorded { seq: 7 };
/// ```
#[derive(Debug)]
pub struct Recorded {
    seq: u64,
}

impl Recorded {
    /// Appends the drafts, the last of which must be the intent of this decision, and returns the
    /// witness once they are durable. `None` where the decision does not admit: nothing is written.
    pub(super) fn append(
        ledger: &mut Ledger,
        judged: &Judged,
        drafts: Vec<Draft>,
    ) -> Result<Option<Self>, Error> {
        let intent = drafts.last().is_some_and(|d| d.kind == Kind::Intent);
        if !judged.decision.admits() || !intent {
            return Ok(None);
        }
        let receipts = ledger.append(drafts)?;
        Ok(receipts.last().map(|r| Self { seq: r.seq }))
    }

    /// Number of the intent's entry.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Admits what was recorded. Consumes the witness: one intent, one run. No cage: shadow mode.
    pub(super) fn admit(
        self,
        program: Program,
        argv: Vec<OsString>,
        environment: Vec<(OsString, OsString)>,
        cage: Option<Cage>,
    ) -> Admission {
        Admission::admit(program, argv, environment, cage)
    }
}
