//! `exo audit …`: what the ledger says, and whether it holds.
//!
//! In: the ledger of this installation. Out: lists, stories, proofs; an exit code for each damage.
//! Never: writes.

mod list;
mod verify;

use super::args::surroundings;
use super::text::{complain, out, printable, say};
use super::{NO, UNKNOWN, YES};
use crate::evidence::audit::{Story, story};
use crate::evidence::ledger::{LedgerError, Reader};
use crate::evidence::record::{Entry, Kind, Opening, parse, utc};
use crate::gate::Error;
use clap::Subcommand;
use list::{Filter, json_line, list, open, tail};
use serde_json::Value;
use std::path::PathBuf;
use verify::{replay, verify};

/// Exit code: the database cannot be read.
const UNREADABLE: u8 = 17;

/// What `verify --help` adds.
const VERIFY_HELP: &str = "Exit codes: 0 all that was looked at holds; 10 entry altered; 11 entry missing; 12 tail missing; \
13 entries out of order; 14 blob altered or missing; 15 signature or key does not match; 16 a decision does not follow from \
its inputs; 17 database unreadable; 18 anchor does not match; 19 opening altered; 2 it could not be told.";

/// What can be asked of the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List entries
    List(Box<Filter>),
    /// Show the newest entries, and go on
    Tail {
        /// How many
        #[arg(short = 'n', default_value_t = 10)]
        lines: usize,
        /// Wait for more
        #[arg(long)]
        follow: bool,
        /// Print JSON Lines
        #[arg(long)]
        json: bool,
    },
    /// Tell one entry in words: who, what, when, by which rule, on which facts, how it ended
    Show {
        /// Its number
        entry: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List intents that no outcome closes
    Open {
        /// Print JSON Lines
        #[arg(long)]
        json: bool,
    },
    /// Recompute every hash, and say what was proved
    #[command(after_help = VERIFY_HELP)]
    Verify {
        /// Check the signature of every checkpoint, and decide every entry again
        #[arg(long)]
        deep: bool,
        /// A checkpoint that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Decide every entry again from the record alone, and compare bytes
    Replay {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// An entry with what opens it.
pub(in crate::cli) type Opened = (Entry, Vec<Opening>);

/// `exo audit …`.
pub(super) fn run(command: &AuditCommand) -> u8 {
    let result = surroundings().and_then(|(_, installation)| {
        let reader = Reader::open(&installation.state)?;
        match command {
            AuditCommand::List(filter) => list(&reader, filter),
            AuditCommand::Tail { lines, follow, json } => tail(&reader, *lines, *follow, *json),
            AuditCommand::Show { entry, json } => show(&reader, *entry, *json),
            AuditCommand::Open { json } => open(&reader, *json),
            AuditCommand::Verify { deep, anchor, json } => {
                let anchor = match anchor {
                    None => None,
                    Some(file) => Some(
                        std::fs::read_to_string(file)
                            .map_err(|e| Error::Io("cannot read", file.clone(), e.to_string()))?,
                    ),
                };
                verify(&reader, *deep, anchor.as_deref(), *json)
            }
            AuditCommand::Replay { json } => replay(&reader, *json),
        }
    });
    result.unwrap_or_else(|e| {
        complain(&e);
        match e {
            Error::Ledger(LedgerError::Corrupt { .. } | LedgerError::Full(_)) => UNREADABLE,
            _ => UNKNOWN,
        }
    })
}

/// Every entry that can be read, in order. One that cannot is told on stderr.
pub(in crate::cli) fn entries(
    reader: &Reader,
    from: u64,
    mut f: impl FnMut(Opened) -> bool,
) -> Result<(), Error> {
    let mut failure = None;
    reader.each(from, |row| match (parse(&row.body), reader.openings(row.seq)) {
        (Ok(entry), Ok(openings)) => f((entry, openings)),
        (Err(e), _) => {
            say(&format!("exo: entry {} cannot be read: {e}; run `exo audit verify`", row.seq));
            true
        }
        (_, Err(e)) => {
            failure = Some(e);
            false
        }
    })?;
    failure.map_or(Ok(()), |e| Err(e.into()))
}

fn show(reader: &Reader, seq: u64, json: bool) -> Result<u8, Error> {
    let (mut found, mut end) = (None, None);
    entries(reader, seq, |(entry, openings)| {
        if entry.head.seq == seq {
            let intent = entry.kind == Kind::Intent;
            found = Some((entry, openings));
            return intent;
        }
        let closes = entry.closes() == Some(seq);
        if closes {
            end = Some(entry);
        }
        !closes
    })?;
    let Some((entry, openings)) = found else {
        say(&format!("exo: there is no entry {seq}; `exo audit list` shows what there is"));
        return Ok(NO);
    };
    if json {
        let mut value: Value = serde_json::from_str(&json_line(&entry, &openings))?;
        if let (Value::Object(map), Some(end)) = (&mut value, &end) {
            map.insert("outcome".to_owned(), Value::Object(end.public.clone()));
        }
        out(&format!("{value:#}\n"));
        return Ok(YES);
    }
    let told = story(&Story {
        entry: &entry,
        openings: &openings,
        end: end.as_ref(),
        time: utc(entry.head.t_wall_ns),
        end_time: end.as_ref().map(|e| utc(e.head.t_wall_ns)).unwrap_or_default(),
    });
    out(&told.lines().map(|l| format!("{}\n", printable(l))).collect::<String>());
    Ok(YES)
}
