//! `exo profile learn`: the least permits for what was seen in shadow mode.
//!
//! In: a profile and the ledger. Out: a profile that extends it, as TOML, on stdout; what was left out, on
//! stderr.
//! Never: proposes what the profile forbids, or writes a file.

use super::load;
use crate::cli::args::surroundings;
use crate::cli::audit::entries;
use crate::cli::text::{out, printable, say};
use crate::cli::{NO, YES};
use crate::context::Live;
use crate::evidence::audit::Replayer;
use crate::evidence::ledger::Reader;
use crate::gate::{Error, Installation};
use crate::judge::lint::{GRAVE, Seen, generalise, propose};
use crate::judge::policy::{Policy, Source};
use crate::model::{Action, Verdict};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::collections::BTreeMap;

/// Arguments of `exo profile learn`.
#[derive(Debug, Args)]
pub(in crate::cli) struct LearnArgs {
    /// Its name, or the path of a file
    profile: String,
    /// Propose this too: what is grave is left out otherwise
    #[arg(long, value_name = "ACTION", value_parser = PossibleValuesParser::new(GRAVE.map(Action::name)))]
    also: Vec<String>,
}

pub(super) fn learn(installation: &Installation, args: &LearnArgs) -> Result<u8, Error> {
    let policy = load(installation, &args.profile)?;
    let (env, _) = surroundings()?;
    let here = Live::new(env, Vec::new());
    let reader = Reader::open(&installation.state)?;
    let mut replayer = Replayer::default();
    let blob = |digest: &_| reader.blob(digest).ok().flatten();
    let (mut seen, mut left): (Vec<Seen>, BTreeMap<String, Vec<u64>>) =
        (Vec::new(), BTreeMap::new());
    let mut watched = 0u64;
    entries(&reader, 0, |(entry, openings)| {
        let mine = entry.text("agent") == Some(policy.name.as_str());
        if !mine || entry.text("mode") != Some("shadow") {
            return true;
        }
        let seq = entry.head.seq;
        let mut leave = |why: String| {
            let entries = left.entry(why).or_default();
            if entries.last() != Some(&seq) {
                entries.push(seq);
            }
        };
        let Ok((request, decision)) = replayer.under(&policy, &entry, &openings, &blob) else {
            leave("its inputs were erased or cannot be read".to_owned());
            return true;
        };
        watched += 1;
        for (effect, decided) in request.intent.effects.iter().zip(&decision.effects) {
            let what = format!("{} {}", decided.action, decided.resource);
            let also = args.also.iter().any(|a| a == decided.action);
            match decided.verdict {
                Verdict::Allow => {}
                // A permit would not change it.
                _ if decided.rule != "default" => {
                    leave(format!("{what}: rule {} decides it", decided.rule));
                }
                _ if GRAVE.contains(&effect.action) && !also => {
                    leave(format!("{what}: `--also {}` would propose it", decided.action));
                }
                _ => match generalise(&effect.resource, &request.snapshot, &here) {
                    None => leave(format!("{what}: could be anything")),
                    Some(resource) => seen.push(Seen {
                        entry: seq,
                        line: request.payload.display(),
                        action: effect.action,
                        resource,
                    }),
                },
            }
        }
        true
    })?;
    for (why, entries) in &left {
        let entries: Vec<String> = entries.iter().map(u64::to_string).collect();
        say(&format!("exo: left out: {} (entries {})", printable(why), entries.join(", ")));
    }
    let text = propose(&policy.name, &seen);
    if text.is_empty() {
        say(&format!(
            "exo: nothing to propose: {watched} entries of `{}` were seen in shadow mode",
            policy.name
        ));
        return Ok(NO);
    }
    // What is proposed must load.
    let name = format!("{}-learned", policy.name);
    let own = Source { name: name.clone(), path: "stdout".to_owned(), text: text.clone() };
    let files: BTreeMap<&str, &str> =
        policy.files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    Policy::load(&name, &|wanted| match files.get(wanted) {
        Some(text) => Ok(Source {
            name: wanted.to_owned(),
            path: format!("{wanted}.toml"),
            text: (*text).to_owned(),
        }),
        None if wanted == name => Ok(own.clone()),
        None => installation.source(wanted),
    })?;
    out(&text);
    Ok(YES)
}
