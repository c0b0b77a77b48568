//! Ten seconds of the fuzz targets with the stable compiler: chosen lines and their mutations. libFuzzer
//! runs the same functions for longer (`docs/judging.md`); here there is no nightly compiler and no wait.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod lines;
#[path = "../fuzz/targets.rs"]
mod targets;

use exo::gate::SHIPPED;
use lines::{Dice, LINES};
use std::time::{Duration, Instant};
use targets::TARGETS;

/// Seconds for each target; `EXO_FUZZ_SECONDS` asks for more.
const SECONDS: u64 = 2;
/// Bytes that mean something to one of the readers.
const BYTES: &[u8] =
    b" \t\n;&|<>(){}[]$`'\"\\*?~!#=+-,.:@%^/0aZ_\0\x01\x7f\r\xc3\xa9\xff\xe2\x80\xae";

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let tool = "[[tool]]\nname = \"mine\"\nabout = \"x\"\nparse = \"gnu\"\noperands = [{ at = \"all\", effects = [\"read path\"] }]\nflag = [{ names = [\"-x\", \"--yy\"], value = \"required\" }]\nverb = [{ path = [\"verb\"] }]\nexample = [{ line = \"mine\", effects = [] }]\n";
    match target {
        "profile" => {
            let mut all: Vec<_> = SHIPPED.iter().map(|(_, t)| t.as_bytes().to_vec()).collect();
            all.push(b"exo = 1\nname = \"mine\"\n[[permit]]\nid = \"a\"\nactions = [\"read\"]\nresources = [\"file:/**\"]\n".to_vec());
            all
        }
        "catalogue" => vec![tool.as_bytes().to_vec()],
        "argv" => LINES.iter().map(|l| l.replace(' ', "\0").into_bytes()).collect(),
        _ => LINES.iter().map(|l| l.as_bytes().to_vec()).collect(),
    }
}

fn mutate(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = seeds[dice.roll(seeds.len())].clone();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(data.len() + 1);
        match dice.roll(6) {
            0 => data.insert(at, BYTES[dice.roll(BYTES.len())]),
            1 if at < data.len() => drop(data.remove(at)),
            2 if at < data.len() => data[at] = BYTES[dice.roll(BYTES.len())],
            3 => data.truncate(at),
            4 => {
                // A piece of another one.
                let other = &seeds[dice.roll(seeds.len())];
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(24)).min(other.len());
                data.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let to = (at + dice.roll(24)).min(data.len());
                let piece = data[at..to].repeat(1 + dice.roll(40));
                data.splice(at..at, piece);
            }
        }
    }
    data
}

#[test]
fn ten_seconds_of_every_target_break_no_promise() {
    let seconds = std::env::var("EXO_FUZZ_SECONDS").ok().and_then(|n| n.parse().ok());
    let each = Duration::from_secs(seconds.unwrap_or(SECONDS));
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        seeds.iter().for_each(|s| target(s));
        let mut dice = Dice(0x5eed_0004);
        let (start, mut runs) = (Instant::now(), 0);
        while start.elapsed() < each {
            let data = mutate(&mut dice, &seeds);
            let shown = data.clone();
            let done = std::panic::catch_unwind(|| target(&data));
            assert!(done.is_ok(), "{name}: {:?}", String::from_utf8_lossy(&shown));
            runs += 1;
        }
        println!("{name}: {runs} inputs");
    }
}
