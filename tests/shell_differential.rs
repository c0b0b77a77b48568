//! The reader against bash itself: whatever bash runs must be among the commands that the reader found,
//! or the reader must have refused the line. And what bash calls a syntax error must be refused.
//!
//! bash runs in an empty folder with an empty environment and a PATH that holds stubs only, each of which
//! writes down its arguments. Lines are made from fixed seeds; `EXO_SHELL_LINES` asks for more of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use exo::judge::shell::{Dialect, Node, Part, Script, Step, Word, read};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

const STUBS: [&str; 6] = ["aa", "bb", "cc", "dd", "ee", "ff"];

/// Lines chosen for what they have been misread by.
const LINES: &[&str] = &[
    "aa 'b c' \"d e\" f\\ g",
    "aa --fo\\\nrce",
    "aa b#c #d",
    "aa\\\nbb",
    "aa $'x\\ty\\x41\\101'",
    "aa \"$(bb c)\" `cc d`",
    "aa <<E\nbb\nE\ncc",
    "aa <<'E' && bb\n$(cc)\nE\ndd",
    "aa <<A <<B\n1\nA\n2\nB\nbb",
    "aa <<-E\n\tx\n\tE\nbb",
    "if aa; then bb; else cc; fi",
    "for i in 1 2; do aa $i; done",
    "while bb; do cc; break; done",
    "case x in x) aa;; *) bb;; esac",
    "(aa; bb) > o && { cc; }",
    "aa | bb |& cc",
    "! aa || bb",
    "X=1 aa; X=2; bb $X",
    "aa {b,c}",
    "aa {b}",
    "aa HEAD@{1}",
    "aa ~",
    "aa x=~",
    "aa *",
    "aa '*'",
    "aa [ab]",
    "aa \"a\"'b'c",
    "aa 2>&1 >o",
    "aa &>o",
    "aa >o bb",
    ">o aa",
    "aa;bb&cc",
    "aa &\nbb",
    "function f { aa; }; f",
    "f() { aa; }; f",
    "aa $((1+2))",
    "aa $((bb))",
    "[[ a = a ]] && aa",
    "[[ a =~ ^(a|b)$ ]] && aa",
    "((1)) && aa",
    "aa <(bb)",
    "eval 'aa b'",
    "aa \"\\$x\" '\\'",
    "aa $",
    "aa $'\\''",
    "aa a'b'\"c\"",
    "aa ''",
    "aa \"\"",
    "a\"a\" b",
    "'aa' b",
    "\\aa b",
    "aa\tb\tc",
    "time aa",
    "aa && { bb || cc; }; dd",
    "{ aa; }",
    "{aa,bb}",
    "aa } {",
    "coproc aa",
    "aa $(bb $(cc $(dd)))",
    "aa \"`bb \\`cc\\``\"",
    "x=$(aa) bb",
    "x=`aa`; bb $x",
    "aa ${x:-b}",
    "aa ${x:-$(bb)}",
    "if aa\nthen bb\nfi",
    "until aa; do bb; done",
    "select x in a; do aa; break; done < /dev/null",
    "case a in (a|b) aa ;& c) bb ;; esac",
    "aa > 'o p'",
    "aa <<< 'b c'",
    "aa # c\nbb",
    "# aa\nbb",
    "aa \\# b",
    "echo a; aa",
    "aa ;; bb",
    "aa &&",
    "| aa",
    "aa )",
    "( aa",
    "aa 'b",
    "aa \"b",
    "aa `b",
    "aa $(b",
    "aa <<E\nb",
    "if aa; then",
    "aa (b)",
    "aa b\\\n  c",
    "aa $@",
    "aa \"$@\"",
    "aa $*",
    "aa '$(bb)'",
    "aa \"'$(bb)'\"",
    "aa \\$(bb",
    "aa a=b c=d",
    "a=b c=d aa e=f",
    "aa -- -b",
    "aa $'a\\nb'",
    "aa \"a\nb\"",
];

/// A small generator (xorshift), so that a seed means the same lines for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }

    fn word(&mut self) -> String {
        let plain = [
            "x", "y-z", "--flag", "a=b", "1", "\\ ", "'q r'", "\"s t\"", "$X", "\"$X\"", "*", "?",
            "~", "{}", "a\\\nb", "$'\\t'", "#n", "n#", "\"\\\"\"", "''", "[a]", "${X}", "${X:-d}",
            "@", "%", "+", "a:b", "-", "$((1+1))",
        ];
        let mut word = self.of(&plain).to_owned();
        if self.roll(4) == 0 {
            word.push_str(self.of(&plain));
        }
        if self.roll(12) == 0 {
            word = format!("\"$({} {})\"", self.of(&STUBS), self.of(&plain));
        }
        word
    }

    fn command(&mut self, depth: usize) -> String {
        if depth > 0 && self.roll(4) == 0 {
            let inner = self.list(depth - 1);
            let other = self.list(depth - 1);
            return match self.roll(6) {
                0 => format!("( {inner} )"),
                1 => format!("{{ {inner}; }}"),
                2 => format!("if {inner}; then {other}; fi"),
                3 => format!("for v in 1 2; do {inner}; done"),
                4 => format!("case q in q) {inner};; *) {other};; esac"),
                _ => format!("! {inner}"),
            };
        }
        let mut text = String::new();
        if self.roll(6) == 0 {
            text.push_str(self.of(&["X=1 ", "X='a b' ", "Y=$X "]));
        }
        text.push_str(self.of(&STUBS));
        for _ in 0..self.roll(4) {
            text.push(' ');
            text.push_str(&self.word());
        }
        if self.roll(8) == 0 {
            text.push_str(self.of(&[
                " >out",
                " 2>&1",
                " <<<w",
                " 2>/dev/null",
                " >>out",
                " &>out",
            ]));
        }
        text
    }

    fn list(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        for _ in 0..self.roll(3) {
            text.push_str(self.of(&[" && ", " || ", "; ", " | ", "\n", " & ", ";"]));
            text.push_str(&self.command(depth));
        }
        if self.roll(15) == 0 {
            text.push_str(self.of(&[")", "'", "\"", " &&", " (", "`", " ;;"]));
        }
        text
    }
}

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
            Node::Bodies { bodies, names, redirections, .. } => {
                bodies.iter().for_each(|b| commands(b, out));
                names.iter().flat_map(|(_, w)| w).for_each(|w| word(w, out));
                redirections.iter().for_each(|r| word(&r.target, out));
            }
        }
    }
    fn word(w: &Word, out: &mut Vec<Vec<Word>>) {
        for p in &w.parts {
            if let Part::Dynamic { commands: c, .. } = p {
                commands(c, out);
            }
        }
    }
    list.iter().for_each(|s| node(&s.node, out));
}

/// Whether words may have become exactly these arguments.
fn fits(words: &[Word], argv: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return argv.is_empty() };
    let many = first.parts.iter().any(|p| {
        matches!(
            p,
            Part::Star
                | Part::Question
                | Part::Bracket(_)
                | Part::Param { quoted: false, .. }
                | Part::Dynamic { quoted: false, .. }
        ) || matches!(p, Part::Param { name, .. } if name == "@")
    });
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

/// What bash ran: the arguments of each stub.
fn ran_by_bash(dir: &Path, line: &str) -> Vec<Vec<String>> {
    // A log for each line: what a line leaves in the background may write later.
    static LINE: AtomicUsize = AtomicUsize::new(0);
    let log = dir.join(format!("log{}", LINE.fetch_add(1, Ordering::Relaxed)));
    let work = dir.join("work");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir(&work).unwrap();
    let _ = Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-c", line])
        .env_clear()
        .env("PATH", dir.join("stubs"))
        .env("LOG", &log)
        .current_dir(&work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let text = fs::read(&log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let records = text.split("\u{1}\0").filter(|r| !r.is_empty());
    records.map(|r| r.split_terminator('\0').map(str::to_owned).collect()).collect()
}

fn syntax_error(line: &str) -> bool {
    !Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-n", "-c", line])
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn check(dir: &Path, line: &str, wrong: &mut Vec<String>) -> bool {
    let Script { list, opaque } = read(line.as_bytes(), Dialect::Bash);
    if syntax_error(line) && opaque.is_empty() {
        wrong.push(format!("bash refuses, the reader does not: {line:?}"));
    }
    if !opaque.is_empty() {
        return false;
    }
    let mut found = Vec::new();
    commands(&list, &mut found);
    for argv in ran_by_bash(dir, line) {
        let evals = line.contains("eval");
        if !evals && !found.iter().any(|words| fits(words, &argv)) {
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

#[test]
fn whatever_bash_runs_the_reader_has_found_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("stubs")).unwrap();
    for stub in STUBS {
        let path = dir.path().join("stubs").join(stub);
        // A builtin, so that the stub needs no other program; one write, so that records stay whole.
        let stub = "#!/bin/bash\nprintf '%s\\0' \"${0##*/}\" \"$@\" $'\\1' >> \"$LOG\"\n";
        fs::write(&path, stub).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut wrong = Vec::new();
    let mut understood = 0;
    for line in LINES {
        understood += usize::from(check(dir.path(), line, &mut wrong));
    }
    let more: usize =
        std::env::var("EXO_SHELL_LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(1500);
    let mut dice = Dice(0x5eed_0001);
    let mut generated = 0;
    for _ in 0..more {
        let line = dice.list(2);
        generated += usize::from(check(dir.path(), &line, &mut wrong));
    }
    println!(
        "{understood} of {} chosen lines and {generated} of {more} made ones were understood",
        LINES.len()
    );
    assert!(
        generated * 2 > more,
        "only {generated} of {more} were understood, so little was compared"
    );
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
