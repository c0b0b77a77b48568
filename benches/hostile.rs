//! What hostile lines cost: those of `tests/lines/hostile.rs` at 16, 32 and 64 KiB.
//!
//! Run with `cargo bench --bench hostile [-- NAME]`. Prints; asserts nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark fails by panicking and talks"
)]

#[path = "../tests/lines/mod.rs"]
mod lines;

use exo::gate::{Bench, Installation};
use exo::judge::catalogue::Catalogue;
use exo::judge::intent;
use exo::judge::lint::Fixture;
use exo::judge::shell::{Dialect, read};
use exo::model::{Glob, MAX_PAYLOAD, Payload, StdinKind, What};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

/// What this thread has used of the processor: others may be busy.
fn processor_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The least of three times, in milliseconds.
fn least<T>(mut f: impl FnMut() -> T) -> f64 {
    let time = |()| {
        let start = processor_time();
        black_box(f());
        (processor_time() - start).as_secs_f64() * 1e3
    };
    [(); 3].map(time).into_iter().fold(f64::MAX, f64::min)
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let installation =
        Installation { config: dir.path().join("config"), state: dir.path().join("state") };
    installation.make().unwrap();
    installation.write_profiles().unwrap();
    let env: BTreeMap<_, _> = std::env::vars_os().collect();
    let bench = Bench::new(&installation, "coding-agent", &env).unwrap();
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let reach = [Glob::parse("/repo/**").unwrap(), Glob::parse("/tmp/**").unwrap()];
    let payload = |line: &str| Payload {
        what: What::Line(line.as_bytes().to_vec()),
        stdin: StdinKind::Closed,
    };
    let mut rows = Vec::new();
    let sizes = [MAX_PAYLOAD / 4, MAX_PAYLOAD / 2, MAX_PAYLOAD];
    let sets = sizes.map(lines::hostile::hostile);
    let wanted = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    for (i, (name, line)) in sets[2].iter().enumerate() {
        if wanted.as_ref().is_some_and(|w| !name.contains(w)) {
            continue;
        }
        let intents = [0, 1, 2].map(|size| {
            let payload = payload(&sets[size][i].1);
            least(|| intent::read(&payload, &catalogue, &Fixture, &reach))
        });
        let shell = least(|| read(line.as_bytes(), Dialect::Bash));
        let whole = least(|| bench.judge(payload(line)));
        eprintln!("{name}: {shell:.2} {intents:.2?} {whole:.2}");
        rows.push((intents, shell, whole, *name));
    }
    rows.sort_by(|a, b| b.0[2].total_cmp(&a.0[2]));
    println!(
        "milliseconds; shell and intent of 64 KiB, intent of a half and a quarter, and with facts and decision"
    );
    println!("| line | shell | intent | ½ | ¼ | decided |");
    println!("|---|---|---|---|---|---|");
    for ([quarter, half, intent], shell, whole, name) in rows {
        println!("| {name} | {shell:.2} | {intent:.2} | {half:.2} | {quarter:.2} | {whole:.2} |");
    }
}
