//! Makes the embedded installation.
//!
//! In: the folders. Out: what was made and what was already there.
//! Never: overwrites a key, a ledger or a profile.

use super::{Error, Installation};
use crate::evidence::ledger::Ledger;

/// What `init` found or made.
#[derive(Debug)]
pub struct Made {
    /// The public key that signs this ledger, as a C2SP verifier key.
    pub vkey: String,
    /// Whether ledger and key are new.
    pub new: bool,
    /// Entries in the ledger.
    pub size: u64,
    /// The shipped profiles, and whether each was written now.
    pub profiles: Vec<(&'static str, bool)>,
}

/// Makes what is missing. Doing it twice changes nothing.
///
/// `accept_clock` lets a clock that stands before the last entry pass, by an entry that says so.
///
/// # Errors
/// A folder that others can write, a ledger that is damaged, a key that does not belong to it.
pub fn init(installation: &Installation, accept_clock: bool) -> Result<Made, Error> {
    installation.make()?;
    let (mut ledger, new) = Ledger::create(&installation.state)?;
    if accept_clock {
        ledger.accept_clock()?;
    }
    let made = Made {
        vkey: ledger.vkey(),
        new,
        size: ledger.size()?,
        profiles: installation.write_profiles()?,
    };
    ledger.leave();
    Ok(made)
}
