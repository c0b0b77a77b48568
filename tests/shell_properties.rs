//! Properties of the reader and of what is made of a line: printing and reading again changes nothing, a
//! wrapper takes no effect away, the same input gives the same bytes, and time grows with length.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod lines;

use exo::judge::catalogue::Catalogue;
use exo::judge::intent;
use exo::judge::lint::Fixture;
use exo::judge::shell::{Dialect, read};
use exo::model::{Action, Effect, Glob, Intent, MAX_PAYLOAD, Payload, StdinKind, What};
use lines::print::{print, without_places};
use lines::{Dice, LINES, hostile::hostile};
use proptest::prelude::*;
use std::time::Duration;

fn judged(catalogue: &Catalogue, line: &str) -> Intent {
    let what = What::Line(line.as_bytes().to_vec());
    let reach = [Glob::parse("/repo/**").unwrap(), Glob::parse("/tmp/**").unwrap()];
    intent::read(&Payload { what, stdin: StdinKind::Closed }, catalogue, &Fixture, &reach)
}

#[test]
fn what_is_printed_is_read_to_the_same_again() {
    let mut dice = Dice(0x5eed_0003);
    let made = (0..3000).map(|_| dice.list(2));
    let (mut wrong, mut compared, mut refused) = (Vec::new(), 0, 0);
    for line in LINES.iter().map(|l| (*l).to_owned()).chain(made) {
        let mut first = read(line.as_bytes(), Dialect::Bash);
        if !first.opaque.is_empty() {
            continue;
        }
        compared += 1;
        let text = print(&first.list);
        let mut second = read(text.as_bytes(), Dialect::Bash);
        if !second.opaque.is_empty() {
            // Written on one line, a few things come to stand beside a here-document or in a
            // substitution, where they are refused.
            refused += 1;
            continue;
        }
        without_places(&mut first);
        without_places(&mut second);
        if first != second {
            wrong.push(format!("{line:?}\n  printed {text:?}"));
        }
    }
    assert!(compared > 1500 && refused * 20 < compared, "{refused} of {compared}");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A command of tools that the catalogue has, so that there are effects to lose.
fn command() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "rm f",
        "rm -rf src",
        "cp a b",
        "cat .env",
        "curl https://h.example",
        "tee out",
        "touch a b",
        "mv a src",
        "git push origin x",
        "chmod 777 a",
        "kill 1",
        "sed -i s/a/b/ f",
        "nosuchtool x",
    ])
    .prop_map(str::to_owned)
}

/// What stands around a command and runs it.
const WRAPPERS: &[&str] = &[
    "env @",
    "env A=1 @",
    "nice -n 5 @",
    "timeout 5 @",
    "nohup @",
    "sudo @",
    "setsid @",
    "stdbuf -oL @",
    "xargs @",
    "command @",
    "exec @",
    "time @",
    "! @",
    "( @ )",
    "{ @; }",
    "if true; then @; fi",
    "while true; do @; done",
    "for i in 1 2; do @; done",
    "f() { @; }; f",
    "echo \"$( @ )\"",
    "echo `@`",
    "cat <( @ )",
    "eval '@'",
    "sh -c '@'",
    "bash -c \"@\"",
    "case a in a) @;; esac",
    "true && @",
    "false || @",
    "@ | cat",
    "true | @",
    "@ &",
    "X=1 @",
    "@ > out",
    "cat <<E\n$( @ )\nE\n",
    "x=$( @ )",
    "[[ -n $( @ ) ]]",
    "for ((i=0;i<2;i++)); do @; done",
    "a=($( @ ) b)",
    "trap '@' EXIT",
    "echo ${x:-$( @ )}",
    "select i in a; do @; done",
    "find . -exec @ \\;",
    "bash <<< '@'",
    "sh <<'E'\n@\nE\n",
    "busybox sh -c '@'",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_wrapper_never_takes_an_effect_away(
        command in command(),
        around in prop::collection::vec(0..WRAPPERS.len(), 1..4),
    ) {
        let catalogue = Catalogue::new(Vec::new()).unwrap();
        let mut line = command;
        let mut before = judged(&catalogue, &line);
        for i in around {
            // A quote inside of quotes would be another line.
            if WRAPPERS[i].contains('\'') && line.contains('\'')
                || WRAPPERS[i].contains('"') && line.contains(['"', '$', '`'])
                || WRAPPERS[i].contains('`') && line.contains('`')
            {
                continue;
            }
            // A program cannot be told to run a builtin or a list.
            let program = ["env", "nice", "timeout", "nohup", "sudo", "setsid", "stdbuf", "xargs", "command", "exec", "find", "X=1", "busybox"];
            let simple = !line.contains(['\n', ';', '(', '|', '&', '{', '`', '<', '>', '[']) && !line.starts_with(['!', 'X'])
                && !["time", "eval", "exec", "command", "trap"].iter().any(|w| line.starts_with(w));
            let wrapper = WRAPPERS[i].split(' ').next().unwrap();
            if program.contains(&wrapper) && !simple || line.ends_with(['&', '\n']) && !WRAPPERS[i].ends_with("@") {
                continue;
            }
            line = WRAPPERS[i].replace('@', &line);
            let intent = judged(&catalogue, &line);
            let opaque = intent.effects.iter().any(|e| e.action == Action::Opaque);
            // It may have become wider: what `xargs` adds is not known.
            let kept = |e: &Effect| {
                intent.effects.iter().any(|a| {
                    a.action == e.action
                        && a.resource.kind == e.resource.kind
                        && a.resource.name.covers(&e.resource.name)
                })
            };
            let lost: Vec<_> = before.effects.iter().filter(|e| !kept(e)).collect();
            prop_assert!(lost.is_empty() || opaque, "{lost:?} of {line}: {:?}", intent.effects);
            before = intent;
        }
    }

    #[test]
    fn the_same_line_gives_the_same_intent(seed in 1..u64::MAX) {
        let catalogue = Catalogue::new(Vec::new()).unwrap();
        let line = Dice(seed).list(2);
        let first = format!("{:?}", judged(&catalogue, &line));
        let second = format!("{:?}", judged(&catalogue, &line));
        prop_assert_eq!(first, second);
    }
}

/// What this thread has used of the processor: others may be busy.
fn processor_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The less of two times.
fn least<T>(mut f: impl FnMut() -> T) -> Duration {
    let time = |()| {
        let start = processor_time();
        std::hint::black_box(f());
        processor_time() - start
    };
    [(); 2].map(time).into_iter().min().unwrap()
}

#[test]
fn time_is_linear_in_length_for_lines_that_are_made_to_cost_it() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let (long, short) = (hostile(MAX_PAYLOAD / 2), hostile(MAX_PAYLOAD / 16));
    let wanted = std::env::var("EXO_HOSTILE").unwrap_or_default();
    let mut slow = Vec::new();
    for ((name, long), (_, short)) in long.iter().zip(&short) {
        if !name.contains(&wanted) {
            continue;
        }
        // An eighth of the length takes an eighth of the time; twice as much is let pass.
        let (eighth, whole) =
            (least(|| judged(&catalogue, short)), least(|| judged(&catalogue, long)));
        if whole > Duration::from_millis(100) && whole > eighth * 20 {
            slow.push(format!("{name}: {whole:?}, an eighth of it {eighth:?}"));
        }
        println!("{name}: {whole:?} {eighth:?}");
    }
    assert!(slow.is_empty(), "not linear:\n{}", slow.join("\n"));
}
