//! `exo init`.
//!
//! In: nothing but the environment. Out: what was made, and what was there.
//! Never: overwrites a key, a ledger or a profile.

use super::args::surroundings;
use super::text::{complain, out};
use super::{UNKNOWN, YES};
use crate::gate;
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;

/// Arguments of `exo init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The clock stands before the last entry and that is right: record so, and go on
    #[arg(long)]
    accept_clock: bool,
}

/// `exo init`.
pub(super) fn run(args: &InitArgs) -> u8 {
    let made =
        surroundings().and_then(|(_, i)| gate::init(&i, args.accept_clock).map(|made| (i, made)));
    let (installation, made) = match made {
        Ok(made) => made,
        Err(e) => {
            complain(&e);
            return UNKNOWN;
        }
    };
    let (config, state) = (installation.config.display(), installation.state.display());
    if args.json {
        let profiles: Vec<_> =
            made.profiles.iter().map(|(name, new)| json!({"name": name, "new": new})).collect();
        let value = json!({"config": config.to_string(), "state": state.to_string(), "vkey": made.vkey,
            "new": made.new, "entries": made.size, "profiles": profiles});
        out(&format!("{value:#}\n"));
        return YES;
    }
    let word = |new: bool| if new { "new" } else { "kept" };
    let mut text = String::new();
    let _ = writeln!(text, "config    {config}");
    let _ = writeln!(text, "state     {state}");
    let _ = writeln!(text, "key       {} ({})", made.vkey, word(made.new));
    let _ = writeln!(text, "ledger    {} entries ({})", made.size, word(made.new));
    for (name, new) in &made.profiles {
        let _ = writeln!(text, "profile   {name} ({})", word(*new));
    }
    out(&text);
    YES
}
