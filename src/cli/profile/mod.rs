//! `exo profile …`: list, show, check, prove, diff, learn.
//!
//! In: names or files of profiles. Out: what they say, and whether they hold.
//! Never: changes a profile.

mod check;
mod diff;
mod learn;
mod prove;

use super::args::surroundings;
use super::text::{complain, out, printable};
use super::{UNKNOWN, YES};
use crate::gate::{Error, Installation};
use crate::judge::policy::{Policy, PolicyError, Source};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// What can be done with profiles.
#[derive(Debug, Subcommand)]
pub(super) enum ProfileCommand {
    /// List the profiles that agents can be run as
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a profile as it is written
    Show {
        /// Its name
        name: String,
        /// With its parents: every rule, the ceiling, the hash
        #[arg(long)]
        resolved: bool,
        /// Print JSON (implies --resolved)
        #[arg(long)]
        json: bool,
    },
    /// Load profiles, run their examples, and look for rules that do not do what they say
    #[command(after_help = check::HELP)]
    Check(check::CheckArgs),
    /// Prove what a profile never allows, or that another allows as much
    Prove(Box<prove::ProveArgs>),
    /// Say in what two profiles differ, and which past decisions would change
    #[command(after_help = diff::HELP)]
    Diff(diff::DiffArgs),
    /// Propose the least permits for what was seen in shadow mode
    Learn(learn::LearnArgs),
}

/// `exo profile …`.
pub(super) fn run(command: &ProfileCommand) -> u8 {
    let result = surroundings().and_then(|(_, installation)| match command {
        ProfileCommand::List { json } => list(&installation, *json),
        ProfileCommand::Show { name, resolved, json } => {
            show(&installation, name, *resolved, *json)
        }
        ProfileCommand::Check(args) => check::check(&installation, args),
        ProfileCommand::Prove(args) => prove::prove(&installation, args),
        ProfileCommand::Diff(args) => diff::diff(&installation, args),
        ProfileCommand::Learn(args) => learn::learn(&installation, args),
    });
    result.unwrap_or_else(|e| {
        complain(&e);
        UNKNOWN
    })
}

fn list(installation: &Installation, json: bool) -> Result<u8, Error> {
    let mut rows = Vec::new();
    for (name, path) in installation.profiles()? {
        let (about, error) = match installation.policy(&name) {
            Ok(policy) => (policy.description.clone(), None),
            Err(e) => (String::new(), Some(e.to_string())),
        };
        rows.push((name, path, about, error));
    }
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, path, about, error)| {
                json!({"name": name, "path": path.display().to_string(), "description": about, "error": error})
            })
            .collect();
        out(&format!("{:#}\n", json!(rows)));
        return Ok(YES);
    }
    let width = rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, _, about, error) in &rows {
        let about = error.as_ref().map_or_else(|| about.clone(), |e| format!("broken: {e}"));
        let _ = writeln!(text, "{name:<width$}  {}", printable(&about));
    }
    out(&text);
    Ok(YES)
}

fn show(installation: &Installation, name: &str, resolved: bool, json: bool) -> Result<u8, Error> {
    let policy = installation.policy(name)?;
    if json {
        out(&format!("{:#}\n", policy.to_json()));
    } else if resolved {
        out(&resolved_text(&policy));
    } else {
        out(policy.files.last().map_or("", |(_, text)| text.as_str()));
    }
    Ok(YES)
}

fn resolved_text(policy: &Policy) -> String {
    let mut t = String::new();
    let _ = writeln!(t, "profile {}: {}", policy.name, policy.description);
    let _ = writeln!(t, "sha256  {}", policy.sha256());
    let files: Vec<&str> = policy.files.iter().map(|(name, _)| name.as_str()).collect();
    let _ = writeln!(t, "made of {}", files.join(" "));
    for rule in policy.rules() {
        let _ = writeln!(t, "\n{} {} ({}.toml:{})", rule.kind(), rule.id, rule.profile, rule.line);
        let _ = writeln!(t, "  {}", rule.summary());
        if !rule.why.is_empty() {
            let _ = writeln!(t, "  why: {}", rule.why);
        }
        if !rule.hint.is_empty() {
            let _ = writeln!(t, "  hint: {}", rule.hint);
        }
    }
    t
}

/// A profile by name, or by the path of a file whose parents are looked for as usual.
fn load(installation: &Installation, name: &str) -> Result<Policy, Error> {
    if !name.contains(['/', '.']) {
        return installation.policy(name);
    }
    let path = Path::new(name);
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::Io("cannot read", path.to_owned(), e.to_string()))?;
    let own = Source { name: stem.clone(), path: name.to_owned(), text };
    let fetch = |wanted: &str| -> Result<Source, PolicyError> {
        if wanted == stem { Ok(own.clone()) } else { installation.source(wanted) }
    };
    Ok(Policy::load(&stem, &fetch)?)
}
