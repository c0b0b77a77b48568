//! `exo check`: what would be decided.
//!
//! In: an agent and a payload, or a file of shell lines. Out: the verdict, as text or JSON.
//! Never: runs anything; writes an entry only with `--record`.

use super::args::PayloadArgs;
use super::text::{complain, effects, out, verdict};
use super::{NO, UNKNOWN, YES};
use crate::gate::{self, Bench, Error, Judged};
use crate::judge::policy::supposed;
use crate::model::{
    Action, Answer, Decision, Effect, Payload, Resource, ResourceKind, StdinKind, Verdict, What,
};
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What `--help` adds.
pub(super) const HELP: &str = "Exit codes: 0 it would be allowed; 1 denied, or a person would be asked; 2 it could not be told.";

/// Arguments of `exo check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Record the judgement in the ledger
    #[arg(long)]
    record: bool,
    /// Judge each line of a file (`-`: standard input) as a shell line; prints one JSON object a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["line", "command", "record"])]
    batch: Option<PathBuf>,
    /// Decide a bare effect instead of a command: `delete s3:bucket/key`
    #[arg(long, value_name = "EFFECT", value_parser = effect, conflicts_with_all = ["line", "command", "record", "batch"])]
    effect: Vec<Effect>,
    #[command(flatten)]
    suppose: Suppose,
    #[command(flatten)]
    payload: PayloadArgs,
}

/// Facts to take as given.
#[derive(Debug, Args)]
pub(super) struct Suppose {
    /// Take this fact as given, whatever the machine says: `git.branch=main`; nothing behind `=`: absent
    #[arg(long, value_name = "NAME=VALUE", value_parser = fact, conflicts_with = "record")]
    fact: Vec<(String, Answer)>,
}

impl Suppose {
    /// Lets the bench see them.
    pub(super) fn tell(&self, bench: &Bench) {
        for (name, answer) in &self.fact {
            bench.world.suppose(name, answer.clone());
        }
    }
}

fn fact(text: &str) -> Result<(String, Answer), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), supposed(name, value)?))
}

fn effect(text: &str) -> Result<Effect, String> {
    let (action, resource) =
        text.trim().split_once(' ').ok_or("write an action and a resource: `delete s3:b/k`")?;
    let known = || Action::ALL.map(Action::name).join(", ");
    let action = Action::parse(action)
        .ok_or_else(|| format!("unknown action `{action}`; known are: {}", known()))?;
    let resource = Resource::parse(resource.trim()).map_err(|e| e.to_string())?;
    let plain = |path: &str| path.split('/').skip(1).all(|s| !matches!(s, "" | "." | ".."));
    let path = resource.name.as_str();
    if resource.kind == ResourceKind::File
        && path != "/"
        && !(path.starts_with(['/', '*']) && plain(path))
    {
        return Err(format!("`{path}` is no plain absolute path, as effects on files are"));
    }
    Ok(Effect { action, resource, command: 0, source: "--effect".to_owned() })
}

/// The code of a verdict.
pub(super) fn code(decision: &Decision) -> u8 {
    match decision.verdict {
        _ if !decision.errors.is_empty() => UNKNOWN,
        Verdict::Allow => YES,
        Verdict::Ask | Verdict::Deny => NO,
    }
}

/// `exo check`.
pub(super) fn run(args: CheckArgs) -> u8 {
    let json = args.json;
    let result = match &args.batch {
        Some(file) => batch(&args, file),
        None => one(args).map(|(judged, entry)| {
            if json {
                out(&format!("{:#}\n", judged.to_json()));
            } else {
                out(&text(&judged, entry));
            }
            code(&judged.decision)
        }),
    };
    result.unwrap_or_else(|e| failed(&e, json))
}

/// Says that it could not be told.
pub(super) fn failed(error: &Error, json: bool) -> u8 {
    let message = complain(error);
    if json {
        out(&format!("{}\n", json!({"errors": [message]})));
    }
    UNKNOWN
}

fn one(args: CheckArgs) -> Result<(Judged, Option<u64>), Error> {
    let (bench, installation) = args.payload.bench()?;
    args.suppose.tell(&bench);
    if !args.effect.is_empty() {
        return Ok((bench.judge_effects(args.effect)?, None));
    }
    let record = args.record.then_some(&installation);
    gate::check(&bench, args.payload.payload()?, record)
}

/// Verdict first, then each effect.
fn text(judged: &Judged, entry: Option<u64>) -> String {
    format!("{}\n{}", verdict(&judged.decision, entry), effects(&judged.decision))
}

fn batch(args: &CheckArgs, file: &Path) -> Result<u8, Error> {
    let (bench, _) = args.payload.bench()?;
    args.suppose.tell(&bench);
    let cannot = |e: std::io::Error| Error::Io("cannot read", file.to_owned(), e.to_string());
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(file).map_err(cannot)?)
    };
    let mut worst = YES;
    let mut text = String::new();
    for line in BufReader::new(reader).split(b'\n') {
        let what = What::Line(line.map_err(cannot)?);
        let judged = bench.judge(Payload { what, stdin: StdinKind::Closed })?;
        worst = worst.max(code(&judged.decision));
        text.push_str(&serde_json::to_string(&judged).unwrap_or_default());
        text.push('\n');
        if text.len() > 64 * 1024 {
            if !out(&text) {
                return Ok(worst);
            }
            text.clear();
        }
    }
    out(&text);
    Ok(worst)
}
