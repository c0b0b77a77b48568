//! `exo audit …`: what the ledger says, and whether it holds.
//!
//! In: the ledger of this installation. Out: lists, stories, proofs; an exit code for each damage.
//! Never: writes.

use super::args::surroundings;
use super::text::{out, printable, say};
use super::{NO, UNKNOWN, YES};
use crate::evidence::audit::{Replayed, Replayer, Report, Story, Verifier, effects_of, story};
use crate::evidence::ledger::{LedgerError, Reader};
use crate::evidence::record::{Entry, Kind, Opening, parse};
use crate::gate::Error;
use crate::model::Glob;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

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
    List(Filter),
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

/// Which entries.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Of this agent
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
    /// From this time on (2026-11-25, or 2026-11-25T09:00:00Z)
    #[arg(long)]
    since: Option<String>,
    /// Before this time
    #[arg(long)]
    until: Option<String>,
    /// With this verdict: allow, ask, deny
    #[arg(long)]
    verdict: Option<String>,
    /// Decided by this rule
    #[arg(long)]
    rule: Option<String>,
    /// With an effect of this action
    #[arg(long)]
    action: Option<String>,
    /// With an effect on a resource that this glob matches
    #[arg(long, value_name = "GLOB")]
    resource: Option<String>,
    /// Of this kind: genesis, profile, intent, outcome, deny, check, recovery, clock
    #[arg(long)]
    kind: Option<String>,
    /// Print JSON Lines
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// An entry with what opens it.
type Opened = (Entry, Vec<Opening>);

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
        say(&format!("exo: error: {}", printable(&e.to_string())));
        match e {
            Error::Ledger(LedgerError::Corrupt { .. } | LedgerError::Full(_)) => UNREADABLE,
            _ => UNKNOWN,
        }
    })
}

fn utc(ns: u64) -> String {
    let seconds = i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Every entry that can be read, in order. One that cannot is told on stderr.
fn entries(reader: &Reader, from: u64, mut f: impl FnMut(Opened) -> bool) -> Result<(), Error> {
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

impl Filter {
    /// The time bounds as text that sorts as time does: RFC 3339 in UTC.
    fn matches(&self, entry: &Entry, openings: &[Opening], resource: Option<&Glob>) -> bool {
        let field = |name: &str| entry.public.get(name).and_then(Value::as_str);
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|w| found == Some(w))
        };
        let time = utc(entry.head.t_wall_ns);
        let effects = effects_of(openings);
        let effect = |e: &Value| {
            let text = |name: &str| e.get(name).and_then(Value::as_str);
            is(&self.action, text("action"))
                && is(&self.rule, text("rule"))
                && resource.is_none_or(|g| text("resource").is_some_and(|r| g.matches(r)))
        };
        let asked = self.action.is_some() || self.rule.is_some() || resource.is_some();
        is(&self.agent, field("agent"))
            && is(&self.verdict, field("verdict"))
            && is(&self.kind, Some(entry.kind.name()))
            && self.since.as_ref().is_none_or(|s| time.as_str() >= s.as_str())
            && self.until.as_ref().is_none_or(|u| time.as_str() < u.as_str())
            && (!asked || effects.iter().any(effect))
    }
}

fn list(reader: &Reader, filter: &Filter) -> Result<u8, Error> {
    let resource =
        match &filter.resource {
            None => None,
            Some(text) => Some(Glob::parse(text).map_err(|e| {
                Error::Io("cannot use the glob", PathBuf::from(text), e.to_string())
            })?),
        };
    if filter.csv && !out("entry,time,kind,agent,verdict,rules,what\n") {
        return Ok(YES);
    }
    let mut text = String::new();
    entries(reader, 0, |(entry, openings)| {
        if filter.matches(&entry, &openings, resource.as_ref()) {
            let line = if filter.json {
                json_line(&entry, &openings)
            } else if filter.csv {
                csv_line(&entry, &openings)
            } else {
                line(&entry, &openings)
            };
            text.push_str(&line);
            if text.len() > 64 * 1024 {
                let more = out(&text);
                text.clear();
                return more;
            }
        }
        true
    })?;
    out(&text);
    Ok(YES)
}

/// The payload, or what an entry without one is about.
fn what(entry: &Entry, openings: &[Opening]) -> String {
    let payload = openings.iter().find(|o| o.field == "payload");
    let payload = payload.and_then(|o| serde_json::from_slice::<Value>(&o.value).ok());
    if let Some(p) = payload.as_ref().and_then(crate::model::Payload::from_json) {
        return p.display();
    }
    let number = |name: &str| entry.public.get(name).and_then(Value::as_u64);
    match (entry.kind, number("intent_seq")) {
        (Kind::Outcome | Kind::Recovery, Some(n)) => format!("of entry {n}"),
        (Kind::Profile, _) => {
            let name =
                entry.public.get("profile").and_then(|p| p.get("name")).and_then(Value::as_str);
            format!("profile {}", name.unwrap_or_default())
        }
        _ => String::new(),
    }
}

fn line(entry: &Entry, openings: &[Opening]) -> String {
    let field = |name: &str| entry.public.get(name).and_then(Value::as_str).unwrap_or("");
    let shown = printable(&what(entry, openings));
    let cut: String = shown.chars().take(100).collect();
    format!(
        "{:>6}  {}  {:<8}  {:<5}  {:<16}  {cut}\n",
        entry.head.seq,
        utc(entry.head.t_wall_ns),
        entry.kind.name(),
        field("verdict"),
        field("agent"),
    )
}

fn csv_line(entry: &Entry, openings: &[Opening]) -> String {
    let field = |name: &str| entry.public.get(name).and_then(Value::as_str).unwrap_or("");
    let rules: Vec<&str> = entry
        .public
        .get("rules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // RFC 4180: fields in quotes, quotes doubled. A leading sign or `=` would be a formula elsewhere.
    let quoted = |t: &str| {
        let safe =
            if t.starts_with(['=', '+', '-', '@', '\t']) { format!("'{t}") } else { t.to_owned() };
        format!("\"{}\"", safe.replace('"', "\"\""))
    };
    format!(
        "{},{},{},{},{},{},{}\n",
        entry.head.seq,
        utc(entry.head.t_wall_ns),
        entry.kind.name(),
        quoted(field("agent")),
        field("verdict"),
        quoted(&rules.join(" ")),
        quoted(&printable(&what(entry, openings))),
    )
}

fn json_line(entry: &Entry, openings: &[Opening]) -> String {
    let mut map = entry.public.clone();
    map.insert("seq".to_owned(), json!(entry.head.seq));
    map.insert("kind".to_owned(), json!(entry.kind.name()));
    map.insert("time".to_owned(), json!(utc(entry.head.t_wall_ns)));
    map.insert("log".to_owned(), json!(entry.head.log));
    let opened: BTreeMap<&str, Value> = openings
        .iter()
        .filter_map(|o| Some((o.field.as_str(), serde_json::from_slice(&o.value).ok()?)))
        .collect();
    map.insert("opened".to_owned(), json!(opened));
    format!("{}\n", Value::Object(map))
}

fn tail(reader: &Reader, lines: usize, follow: bool, json: bool) -> Result<u8, Error> {
    let mut next = 0;
    let mut recent = std::collections::VecDeque::new();
    let shown = |(entry, openings): &Opened| {
        if json { json_line(entry, openings) } else { line(entry, openings) }
    };
    entries(reader, 0, |one| {
        next = one.0.head.seq + 1;
        recent.push_back(shown(&one));
        if recent.len() > lines {
            recent.pop_front();
        }
        true
    })?;
    if !out(&recent.into_iter().collect::<String>()) {
        return Ok(YES);
    }
    if !follow {
        return Ok(YES);
    }
    loop {
        let mut more = true;
        entries(reader, next, |one| {
            next = one.0.head.seq + 1;
            more = out(&shown(&one));
            more
        })?;
        if !more {
            return Ok(YES);
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

fn show(reader: &Reader, seq: u64, json: bool) -> Result<u8, Error> {
    let (mut found, mut end) = (None, None);
    entries(reader, seq, |(entry, openings)| {
        if entry.head.seq == seq {
            let intent = entry.kind == Kind::Intent;
            found = Some((entry, openings));
            return intent;
        }
        let closes = matches!(entry.kind, Kind::Outcome | Kind::Recovery)
            && entry.public.get("intent_seq").and_then(Value::as_u64) == Some(seq);
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

fn open(reader: &Reader, json: bool) -> Result<u8, Error> {
    let mut intents: BTreeMap<u64, Opened> = BTreeMap::new();
    entries(reader, 0, |one| {
        match one.0.kind {
            Kind::Intent => {
                intents.insert(one.0.head.seq, one);
            }
            Kind::Outcome | Kind::Recovery => {
                if let Some(n) = one.0.public.get("intent_seq").and_then(Value::as_u64) {
                    intents.remove(&n);
                }
            }
            _ => {}
        }
        true
    })?;
    let shown = |(e, o): &Opened| if json { json_line(e, o) } else { line(e, o) };
    out(&intents.values().map(shown).collect::<String>());
    Ok(YES)
}

fn verify(reader: &Reader, deep: bool, anchor: Option<&str>, json: bool) -> Result<u8, Error> {
    let mut genesis = None;
    reader.each(0, |row| {
        let entry = parse(&row.body).ok();
        genesis =
            entry.and_then(|e| e.public.get("vkey").and_then(Value::as_str).map(str::to_owned));
        false
    })?;
    let checkpoints = reader.checkpoints()?;
    let (head, vkey) = (reader.head(), reader.vkey());
    let mut verifier = Verifier::new(
        &checkpoints,
        head.as_deref(),
        vkey.as_deref(),
        anchor,
        deep,
        genesis.as_deref(),
    );
    let mut replayer = Replayer::default();
    let blob = |digest: &_| reader.blob(digest).ok().flatten();
    let (mut decided, mut failure) = (0u64, None);
    reader.each(0, |row| {
        let openings = match reader.openings(row.seq) {
            Ok(openings) => openings,
            Err(e) => {
                failure = Some(e);
                return false;
            }
        };
        let entry = verifier.row(row.seq, &row.leaf, &row.body, &openings);
        if let (true, Some(entry)) = (deep, entry) {
            match replayer.replay(&entry, &openings, &blob) {
                Replayed::Differs(what) => verifier.does_not_follow(row.seq, what),
                Replayed::Same => decided += 1,
                Replayed::Erased(_) | Replayed::NotADecision => {}
            }
        }
        true
    })?;
    if let Some(e) = failure {
        return Err(e.into());
    }
    verifier.blobs(&reader.blobs()?);
    let report = verifier.finish();
    if json {
        let mut value = report.to_json();
        if let Value::Object(map) = &mut value {
            map.insert("decided_again".to_owned(), if deep { json!(decided) } else { Value::Null });
        }
        out(&format!("{value:#}\n"));
    } else {
        out(&verified(&report, deep.then_some(decided)));
    }
    Ok(report.code())
}

/// Which of intact, signed, complete, anchored, re-decidable was proved.
fn verified(report: &Report, decided: Option<u64>) -> String {
    let mut t = String::new();
    for f in &report.findings {
        let place = f.seq.map(|n| format!("entry {n}: ")).unwrap_or_default();
        let _ = writeln!(t, "{}: {place}{}", f.damage.name(), printable(&f.what));
    }
    let n = report.entries;
    let intact = if report.findings.is_empty() { "yes" } else { "NO" };
    let _ = writeln!(t, "intact        {intact}, {n} entries, root {}", report.root);
    let which = if report.all_signatures { "every checkpoint" } else { "the newest checkpoint" };
    let _ =
        writeln!(t, "signed        up to entry {} ({which})", report.signed_to.saturating_sub(1));
    let _ = writeln!(
        t,
        "complete      up to the head beside the database; an anchor kept elsewhere proves more"
    );
    match report.anchored_to {
        Some(size) => {
            let _ = writeln!(t, "anchored      up to entry {}", size.saturating_sub(1));
        }
        None => t.push_str(
            "anchored      not looked at: give `--anchor` a checkpoint that was kept elsewhere\n",
        ),
    }
    match decided {
        Some(count) => {
            let _ = writeln!(t, "re-decidable  {count} decisions came out the same");
        }
        None => t.push_str("re-decidable  not looked at: `exo audit replay`, or `--deep`\n"),
    }
    if report.erased > 0 {
        let _ = writeln!(t, "erased        {} openings", report.erased);
    }
    t
}

fn replay(reader: &Reader, json: bool) -> Result<u8, Error> {
    let mut replayer = Replayer::default();
    let blob = |digest: &_| reader.blob(digest).ok().flatten();
    let (mut same, mut differing, mut erased) = (0u64, Vec::new(), Vec::new());
    entries(reader, 0, |(entry, openings)| {
        match replayer.replay(&entry, &openings, &blob) {
            Replayed::Same => same += 1,
            Replayed::Differs(what) => differing.push((entry.head.seq, what)),
            Replayed::Erased(field) => erased.push((entry.head.seq, field)),
            Replayed::NotADecision => {}
        }
        true
    })?;
    let code = if differing.is_empty() { YES } else { 16 };
    if json {
        let rows = |list: &[(u64, String)]| -> Vec<Value> {
            list.iter().map(|(seq, what)| json!({"entry": seq, "what": what})).collect()
        };
        out(&format!(
            "{:#}\n",
            json!({"same": same, "differ": rows(&differing), "erased": rows(&erased)})
        ));
        return Ok(code);
    }
    let mut t = String::new();
    for (seq, what) in &differing {
        let _ = writeln!(t, "entry {seq} does not re-decide: {}", printable(what));
    }
    for (seq, field) in &erased {
        let _ = writeln!(t, "entry {seq} is not re-decidable: `{field}` was erased");
    }
    let total = same + u64::try_from(differing.len() + erased.len()).unwrap_or_default();
    let _ = writeln!(t, "{same} of {total} decisions came out the same, byte for byte");
    out(&t);
    Ok(code)
}
