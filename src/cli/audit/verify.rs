//! Whether the ledger holds, and whether each decision in it follows from its inputs.
//!
//! In: a reader, perhaps an anchor. Out: what was proved and what was not looked at; an exit code.
//! Never: says more than was proved.

use super::entries;
use crate::cli::YES;
use crate::cli::text::{out, printable};
use crate::evidence::audit::{Damage, Replayed, Replayer, Report, Verifier};
use crate::evidence::ledger::Reader;
use crate::evidence::record::parse;
use crate::gate::Error;
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(super) fn verify(
    reader: &Reader,
    deep: bool,
    anchor: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    let mut genesis = None;
    reader.each(0, |row| {
        genesis = parse(&row.body).ok().and_then(|e| e.text("vkey").map(str::to_owned));
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

pub(super) fn replay(reader: &Reader, json: bool) -> Result<u8, Error> {
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
    let code = if differing.is_empty() { YES } else { Damage::Replay.code() };
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
