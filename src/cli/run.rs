//! `exo run` and `exo shell`.
//!
//! In: an agent and a payload. Out: the child's own exit code, or exo's.
//! Never: prints anything of its own when the command was allowed and ran.

use super::args::{PayloadArgs, surroundings};
use super::text::{complain, say, verdict};
use super::{DENIED, FAILED};
use crate::enforce::exec::{Killed, Outcome};
use crate::gate::{self, Error, Report};
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What `--help` adds.
pub(super) const HELP: &str = "Exit codes: the command's own; 125 exo failed and nothing ran; 126 denied, \
or not executable; 127 not found; 128+n died of signal n.";

/// Arguments of `exo run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Write verdict, entry and exit as JSON to this file as well
    #[arg(long, value_name = "FILE")]
    json_report: Option<PathBuf>,
    #[command(flatten)]
    payload: PayloadArgs,
}

/// Arguments of `exo shell`.
#[derive(Debug, Args)]
pub(super) struct ShellArgs {
    /// The agent: the name of its profile. EXO_AGENT is used where this is missing
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
    /// Write verdict, entry and exit as JSON to this file as well
    #[arg(long, value_name = "FILE")]
    json_report: Option<PathBuf>,
    /// The line for bash
    #[arg(short = 'c', value_name = "LINE", required = true)]
    line: OsString,
}

/// `exo shell -c LINE`.
pub(super) fn shell(args: ShellArgs) -> u8 {
    let payload = PayloadArgs { agent: args.agent, line: Some(args.line), command: Vec::new() };
    run(RunArgs { json_report: args.json_report, payload })
}

/// `exo run`.
pub(super) fn run(args: RunArgs) -> u8 {
    let report_file = args.json_report;
    let result = surroundings().and_then(|(env, installation)| {
        let agent = args.payload.agent(&env)?;
        gate::run(&installation, &agent, args.payload.payload()?, &env)
    });
    let (code, report) = match &result {
        Ok(report) => told(report),
        Err(error) => failed(error),
    };
    if let Some(file) = report_file
        && let Err(e) = write_report(&file, &report)
    {
        say(&format!("exo: error: cannot write the report `{}`: {e}", file.display()));
    }
    code
}

fn told(report: &Report) -> (u8, Value) {
    match report {
        Report::Refused { judged, entry } => {
            let decision = &judged.decision;
            say(&format!("exo: {}", verdict(decision, Some(*entry))));
            let code = if decision.errors.is_empty() { DENIED } else { FAILED };
            let mut value = judged.to_json();
            add(&mut value, json!({"entry": entry, "ran": false, "exit": code}));
            (code, value)
        }
        Report::Ran { judged, entry, outcome, unrecorded } => {
            let code = ended(outcome);
            if let Some(error) = unrecorded {
                say(&format!(
                    "exo: error: the command ended, but that could not be recorded: {error}; entry {entry} stays open until the next run"
                ));
            }
            let mut value = judged.to_json();
            add(
                &mut value,
                json!({"entry": entry, "ran": true, "exit": code, "outcome": outcome,
                    "outcome_recorded": unrecorded.is_none()}),
            );
            (code, value)
        }
    }
}

fn ended(outcome: &Outcome) -> u8 {
    if let Some(why) = outcome.failure() {
        say(&format!("exo: error: nothing ran: {why}"));
    }
    if let Some(Killed::WallLimit) = outcome.killed {
        say(
            "exo: ended the command: it ran longer than its wall limit (`limits.wall` of its profile)",
        );
    }
    if outcome.survivors > 0 {
        let n = outcome.survivors;
        say(&format!("exo: ended {n} process(es) that would have outlived the command"));
    }
    outcome.exit_code()
}

fn failed(error: &Error) -> (u8, Value) {
    let code = match error {
        Error::Program(e) => e.exit_code(),
        _ => FAILED,
    };
    let message = complain(error);
    (code, json!({"ran": false, "exit": code, "error": message}))
}

fn add(value: &mut Value, more: Value) {
    if let (Value::Object(map), Value::Object(more)) = (value, more) {
        map.extend(more);
    }
}

fn write_report(file: &Path, report: &Value) -> std::io::Result<()> {
    std::fs::write(file, format!("{report:#}\n"))
}
