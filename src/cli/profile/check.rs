//! `exo profile check`: whether profiles do what they say.
//!
//! In: names or files of profiles. Out: findings; an exit code.
//! Never: changes a profile.

use super::load;
use crate::cli::text::{out, printable};
use crate::cli::{NO, UNKNOWN, YES};
use crate::gate::{Error, Installation};
use crate::judge::lint::{self, Finding, Severity};
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;

/// What `--help` adds.
pub(in crate::cli) const HELP: &str = "Exit codes: 0 no errors (with --strict: no warnings either); 1 there are some; 2 a profile does not load.\n\n\
docs/profile.md has the list of what is looked for.";

/// Arguments of `exo profile check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// Names, or paths of files; without any, all profiles
    names: Vec<String>,
    /// Let warnings fail too
    #[arg(long)]
    strict: bool,
    /// Show notes too
    #[arg(long)]
    notes: bool,
    /// Print JSON, notes included
    #[arg(long)]
    json: bool,
}

pub(super) fn check(installation: &Installation, args: &CheckArgs) -> Result<u8, Error> {
    let all: Vec<String> = if args.names.is_empty() {
        installation.profiles()?.into_keys().collect()
    } else {
        args.names.clone()
    };
    let catalogue = installation.catalogue()?;
    let fails = if args.strict { Severity::Warning } else { Severity::Error };
    let shown = if args.notes { Severity::Note } else { Severity::Warning };
    let (mut worst, mut rows, mut text) = (YES, Vec::new(), String::new());
    for name in &all {
        let policy = match load(installation, name) {
            Ok(policy) => policy,
            Err(e) => {
                worst = worst.max(UNKNOWN);
                let _ = writeln!(text, "{name}: {}", printable(&e.to_string()));
                rows.push(json!({"name": name, "error": e.to_string(), "findings": []}));
                continue;
            }
        };
        let findings = lint::check(&policy, &catalogue);
        let count = |s: Severity| findings.iter().filter(|f| f.check.severity() == s).count();
        if findings.iter().any(|f| f.check.severity() >= fails) {
            worst = worst.max(NO);
        }
        let rules = policy.rules().len();
        let examples = policy.example_count();
        let _ = match (count(Severity::Error), count(Severity::Warning)) {
            (0, 0) => writeln!(text, "{name}: {rules} rules, {examples} examples hold"),
            (0, w) => {
                writeln!(text, "{name}: {rules} rules, {examples} examples hold, {w} warnings")
            }
            (e, w) => writeln!(text, "{name}: {rules} rules, {e} errors, {w} warnings"),
        };
        for f in findings.iter().filter(|f| f.check.severity() >= shown) {
            let _ = writeln!(text, "  {}", line(f));
        }
        let found: Vec<_> = findings
            .iter()
            .map(|f| {
                json!({"check": f.check.name(), "severity": f.check.severity().name(), "rule": f.rule,
                    "place": f.place, "message": f.message})
            })
            .collect();
        rows.push(json!({"name": name, "error": null, "findings": found}));
    }
    out(&if args.json { format!("{:#}\n", json!(rows)) } else { text });
    Ok(worst)
}

fn line(f: &Finding) -> String {
    let (severity, check) = (f.check.severity().name(), f.check.name());
    let rule = if f.rule == "sandbox" { String::new() } else { format!("rule `{}`: ", f.rule) };
    format!("{}: {severity}: {rule}{} [{check}]", f.place, printable(&f.message))
}
