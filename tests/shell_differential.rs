//! The reader against bash itself: whatever bash runs must be among the commands that the reader found,
//! or the reader must have refused the line. And what bash calls a syntax error must be refused.
//!
//! bash runs in an empty folder with an empty environment and a PATH that holds nothing, so that it runs
//! builtins, and for any other command a function that writes its arguments down. Lines are made from a
//! fixed seed; `EXO_SHELL_LINES` asks for more of them, `EXO_SHELL_SEED` for others, `EXO_CORPORA` names a
//! folder of `*.tsv` whose first column is tried as well, with a bash that can change nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod lines;

use exo::judge::shell::{Dialect, Node, Part, Script, Step, Word, read};
use lines::{Dice, LINES};
use nix::sys::resource::{Resource, setrlimit};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every command, as words that stand for what they may become.
fn commands(list: &[Step], out: &mut Vec<Vec<Word>>) {
    fn node(n: &Node, out: &mut Vec<Vec<Word>>) {
        match n {
            Node::Simple(s) => {
                out.push(s.words.clone());
                s.assignments.iter().for_each(|(_, w)| word(w, out));
                s.words.iter().for_each(|w| word(w, out));
                s.redirections.iter().for_each(|r| word(&r.target, out));
            }
            Node::Pipeline(nodes) => nodes.iter().for_each(|n| node(n, out)),
            Node::Subshell(l, r) | Node::Group(l, r) => {
                commands(l, out);
                r.iter().for_each(|r| word(&r.target, out));
            }
            Node::Function(_, body) => node(body, out),
            Node::Bodies { bodies, names, redirections, .. } => {
                bodies.iter().for_each(|b| commands(b, out));
                names.iter().flat_map(|(_, w)| w).for_each(|w| word(w, out));
                redirections.iter().for_each(|r| word(&r.target, out));
            }
        }
    }
    fn word(w: &Word, out: &mut Vec<Vec<Word>>) {
        for p in &w.parts {
            match p {
                Part::Dynamic { commands: c, .. } => commands(c, out),
                Part::Array(words) => words.iter().for_each(|w| word(w, out)),
                _ => {}
            }
        }
    }
    list.iter().for_each(|s| node(&s.node, out));
}

/// Whether words may have become exactly these arguments.
fn fits(words: &[Word], argv: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return argv.is_empty() };
    let many = first.parts.iter().any(Part::splits);
    if many {
        return (0..=argv.len()).any(|n| fits(rest, &argv[n..]));
    }
    let Some((one, others)) = argv.split_first() else { return false };
    matches(&first.parts, one) && fits(rest, others)
}

fn matches(parts: &[Part], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Literal(l), rest)) => {
            text.strip_prefix(l.as_str()).is_some_and(|t| matches(rest, t))
        }
        Some((_, rest)) => text
            .char_indices()
            .map(|(i, _)| i)
            .chain([text.len()])
            .any(|i| matches(rest, &text[i..])),
    }
}

/// Seconds of processor time that a line may take; what it ran until then is compared.
const SECONDS: u64 = 1;

/// What bash calls for a command that it does not find, so for every command here: it writes down the
/// arguments, in one piece. `kill` is a builtin that reaches what is none of the test's.
const HANDLER: &str = "exec 9>> \"$LOG\"; enable -n kill
command_not_found_handle() { printf '%s\\0' \"$@\" $'\\1' >&9; }
";

/// The commands that bash ran, and whether it found an error of syntax.
fn ran_by_bash(dir: &Path, line: &str, strangers: bool) -> (Vec<Vec<String>>, bool) {
    // A log for each line: what a line leaves in the background may write later.
    static LINE: AtomicUsize = AtomicUsize::new(0);
    let number = LINE.fetch_add(1, Ordering::Relaxed);
    let (log, work) = (dir.join(format!("log{number}")), dir.join(format!("work{number}")));
    fs::create_dir(&work).unwrap();
    let errors = dir.join(format!("err{number}"));
    let mut bash = Command::new("/bin/bash");
    if strangers {
        // Nobody's bash, which writes no file, runs nothing by its path and starts few processes.
        bash.arg("--restricted");
        fs::set_permissions(&work, fs::Permissions::from_mode(0o777)).unwrap();
        if nix::unistd::getuid().is_root() {
            bash.uid(65534).gid(65534);
        }
    }
    bash.args(["--norc", "--noprofile", "-c", line])
        .env_clear()
        .env("PATH", dir.join("nothing"))
        .env("BASH_ENV", dir.join("handler"))
        .env("LC_ALL", "C.UTF-8")
        .env("LOG", &log)
        // A function that calls itself from a pipeline would fork for ever.
        .env("FUNCNEST", "4")
        .current_dir(&work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&errors).unwrap());
    #[allow(unsafe_code, reason = "setrlimit in the child, between fork and exec")]
    // SAFETY: setrlimit(2) is async-signal-safe and touches nothing of the parent.
    unsafe {
        bash.pre_exec(move || {
            setrlimit(Resource::RLIMIT_CPU, SECONDS, SECONDS)?;
            if strangers {
                setrlimit(Resource::RLIMIT_NPROC, 64, 64)?;
            }
            Ok(())
        });
    }
    let _ = bash.status().unwrap();
    let text = fs::read(&log).unwrap_or_default();
    let errors = fs::read_to_string(&errors).unwrap_or_default();
    let _ = fs::remove_dir_all(&work);
    let text = String::from_utf8_lossy(&text);
    let records = text.split("\u{1}\0").filter(|r| !r.is_empty());
    let ran = records.map(|r| r.split_terminator('\0').map(str::to_owned).collect()).collect();
    (ran, ["syntax error near", "conditional", "unexpected EOF"].iter().any(|e| errors.contains(e)))
}

/// Whether the reader understood the line; what it got wrong is added.
fn check(dir: &Path, line: &str, strangers: bool, wrong: &mut Vec<String>) -> bool {
    let Script { list, opaque } = read(line.as_bytes(), Dialect::Bash);
    if !opaque.is_empty() {
        return false;
    }
    let (ran, refused) = ran_by_bash(dir, line, strangers);
    if refused {
        wrong.push(format!("bash refuses, the reader does not: {line:?}"));
    }
    let mut found = Vec::new();
    commands(&list, &mut found);
    for argv in ran {
        let evals = line.contains("eval") || line.contains("trap");
        // These run the rest of their words.
        let rest = |words: &[Word]| {
            let runs = |w: &&Word| w.literal().is_some_and(|w| w == "command" || w == "builtin");
            words.iter().take_while(runs).count()
        };
        if !evals && !found.iter().any(|words| fits(&words[rest(words)..], &argv)) {
            wrong.push(format!(
                "bash ran {argv:?}, the reader found {:?}: {line:?}",
                found
                    .iter()
                    .map(|w| w.iter().map(ToString::to_string).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            ));
        }
    }
    true
}

/// The first column of the tables in a folder; U+240A stands for a newline.
fn corpora() -> Vec<String> {
    let Some(folder) = std::env::var_os("EXO_CORPORA") else { return Vec::new() };
    let files = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let tables = files.filter(|f| f.extension().is_some_and(|e| e == "tsv"));
    let texts: Vec<String> = tables.map(|f| fs::read_to_string(f).unwrap()).collect();
    let rows = texts.iter().flat_map(|t| t.lines()).filter(|l| !l.starts_with('#'));
    rows.filter_map(|l| l.split('\t').next()).map(|l| l.replace('\u{240a}', "\n")).collect()
}

/// Checks lines on as many threads as there are processors; how many were understood, and what was wrong.
fn check_all(lines: &[String], strangers: bool) -> (usize, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    if strangers {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::write(dir.path().join("handler"), HANDLER).unwrap();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut understood, mut wrong) = (0, Vec::new());
        while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
            understood += usize::from(check(dir.path(), line, strangers, &mut wrong));
        }
        (understood, wrong)
    };
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    std::thread::scope(|s| {
        let all: Vec<_> = (0..threads).map(|_| s.spawn(work)).collect();
        all.into_iter().fold((0, Vec::new()), |(n, mut wrong), t| {
            let (more, others) = t.join().unwrap();
            wrong.extend(others);
            (n + more, wrong)
        })
    })
}

#[test]
fn whatever_bash_runs_the_reader_has_found_or_refused() {
    let chosen: Vec<String> = LINES.iter().map(|l| (*l).to_owned()).collect();
    let more: usize =
        std::env::var("EXO_SHELL_LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(5000);
    let seed = std::env::var("EXO_SHELL_SEED").ok().and_then(|n| n.parse().ok());
    let mut dice = Dice(seed.unwrap_or(0x5eed_0001));
    let made: Vec<String> = (0..more).map(|_| dice.list(2)).collect();
    let soups: usize =
        std::env::var("EXO_SHELL_SOUPS").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
    // What is refused is not run, so these are cheap.
    let soup: Vec<String> = (0..soups).map(|_| dice.soup()).collect();
    let (understood, mut wrong) = check_all(&chosen, false);
    let (odd, others) = check_all(&soup, false);
    wrong.extend(others);
    println!("{odd} of {soups} lines of pieces in any order were understood");
    let (generated, others) = check_all(&made, false);
    wrong.extend(others);
    println!(
        "{understood} of {} chosen lines and {generated} of {more} made ones were understood",
        chosen.len()
    );
    let others = corpora();
    if !others.is_empty() {
        let (read, more) = check_all(&others, true);
        println!("{read} of {} lines of other people were understood", others.len());
        wrong.extend(more);
    }
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        generated * 2 > more,
        "only {generated} of {more} were understood, so little was compared"
    );
}
