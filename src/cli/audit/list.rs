//! Entries as lines: for people, as JSON Lines, as CSV.
//!
//! In: a reader and which entries. Out: a line for each on stdout.
//! Never: shows what was erased.

use super::{Opened, entries};
use crate::cli::YES;
use crate::cli::text::{out, printable};
use crate::evidence::audit::{effects_of, opened};
use crate::evidence::ledger::Reader;
use crate::evidence::record::{Entry, Kind, Opening, utc};
use crate::gate::Error;
use crate::model::{Action, Glob, Payload};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Which entries.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filter {
    /// Of this agent
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
    /// From this time on (2026-11-25, or 2026-11-25T09:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<String>,
    /// With this verdict
    #[arg(long, value_parser = ["allow", "ask", "deny"])]
    verdict: Option<String>,
    /// Decided by this rule
    #[arg(long)]
    rule: Option<String>,
    /// With an effect of this action
    #[arg(long, value_parser = PossibleValuesParser::new(Action::ALL.map(Action::name)))]
    action: Option<String>,
    /// With an effect on a resource that this glob matches
    #[arg(long, value_name = "GLOB", value_parser = Glob::parse)]
    resource: Option<Glob>,
    /// Of this kind
    #[arg(long, value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    kind: Option<String>,
    /// Print JSON Lines
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// A day (its beginning) or a moment, as entries show it.
fn instant(text: &str) -> Result<String, String> {
    let moment = text.parse::<jiff::Timestamp>();
    if let Ok(ns) = moment.map(|t| u64::try_from(t.as_nanosecond()).unwrap_or_default()) {
        return Ok(utc(ns));
    }
    // A time without its zone would be read as a day too.
    let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text);
    day.map(|day| format!("{day}T00:00:00Z"))
        .ok_or_else(|| "write a day (2026-11-25) or a time (2026-11-25T09:00:00Z)".to_owned())
}

impl Filter {
    /// Times are compared as texts, which sort as the times do: RFC 3339 in UTC.
    fn matches(&self, entry: &Entry, openings: &[Opening]) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|w| found == Some(w))
        };
        let time = utc(entry.head.t_wall_ns);
        let effects = effects_of(openings);
        let effect = |e: &Value| {
            let text = |name: &str| e.get(name).and_then(Value::as_str);
            is(&self.action, text("action"))
                && is(&self.rule, text("rule"))
                && self
                    .resource
                    .as_ref()
                    .is_none_or(|g| text("resource").is_some_and(|r| g.matches(r)))
        };
        let asked = self.action.is_some() || self.rule.is_some() || self.resource.is_some();
        is(&self.agent, entry.text("agent"))
            && is(&self.verdict, entry.text("verdict"))
            && is(&self.kind, Some(entry.kind.name()))
            && self.since.as_ref().is_none_or(|s| time.as_str() >= s.as_str())
            && self.until.as_ref().is_none_or(|u| time.as_str() < u.as_str())
            && (!asked || effects.iter().any(effect))
    }
}

pub(super) fn list(reader: &Reader, filter: &Filter) -> Result<u8, Error> {
    if filter.csv && !out("entry,time,kind,agent,verdict,rules,what\n") {
        return Ok(YES);
    }
    let mut text = String::new();
    entries(reader, 0, |(entry, openings)| {
        if filter.matches(&entry, &openings) {
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

pub(super) fn tail(reader: &Reader, lines: usize, follow: bool, json: bool) -> Result<u8, Error> {
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

pub(super) fn open(reader: &Reader, json: bool) -> Result<u8, Error> {
    let mut intents: BTreeMap<u64, Opened> = BTreeMap::new();
    entries(reader, 0, |one| {
        if let Some(intent) = one.0.closes() {
            intents.remove(&intent);
        } else if one.0.kind == Kind::Intent {
            intents.insert(one.0.head.seq, one);
        }
        true
    })?;
    let shown = |(e, o): &Opened| if json { json_line(e, o) } else { line(e, o) };
    out(&intents.values().map(shown).collect::<String>());
    Ok(YES)
}

/// The payload, or what an entry without one is about.
fn what(entry: &Entry, openings: &[Opening]) -> String {
    if let Some(p) = opened(openings, "payload").as_ref().and_then(Payload::from_json) {
        return p.display();
    }
    match (entry.closes(), entry.kind) {
        (Some(n), _) => format!("of entry {n}"),
        (None, Kind::Profile) => {
            let name =
                entry.public.get("profile").and_then(|p| p.get("name")).and_then(Value::as_str);
            format!("profile {}", name.unwrap_or_default())
        }
        _ => String::new(),
    }
}

fn line(entry: &Entry, openings: &[Opening]) -> String {
    let field = |name: &str| entry.text(name).unwrap_or_default();
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
    let field = |name: &str| entry.text(name).unwrap_or_default();
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

pub(super) fn json_line(entry: &Entry, openings: &[Opening]) -> String {
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
