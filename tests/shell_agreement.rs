//! What the reader takes for well-formed against `bash -n`, brush-parser and tree-sitter-bash.
//!
//! Hard: what the reader understands, bash takes. Everything else that differs stands here with its
//! reason: line by line for the chosen lines, by what the line holds for the made ones. The two parsers
//! are only looked at, never used: `docs/judging.md` says what they read otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod lines;

use exo::judge::shell::{Dialect, read};
use lines::{Dice, LINES};
use std::process::{Command, Stdio};

/// Who says what of a line: does it hold together?
struct Says {
    bash: bool,
    brush: bool,
    tree: bool,
    /// What the reader refused it for.
    exo: Option<String>,
}

fn ask(line: &str) -> Says {
    let bash = Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-n", "-c", line])
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // Some of what does not hold together is told, and is no failure to `bash -n`.
    let told = String::from_utf8_lossy(&bash.stderr);
    let told = told.contains("syntax error") || told.contains("conditional");
    let mut tree = tree_sitter::Parser::new();
    tree.set_language(&tree_sitter_bash::LANGUAGE.into()).unwrap();
    let options = brush_parser::ParserOptions::default();
    Says {
        bash: bash.status.success() && !told,
        brush: brush_parser::Parser::new(line.as_bytes(), &options).parse_program().is_ok(),
        tree: !tree.parse(line, None).unwrap().root_node().has_error(),
        exo: read(line.as_bytes(), Dialect::Bash).opaque.first().map(|o| o.reason.clone()),
    }
}

/// Chosen lines that one of the three reads otherwise than bash: `e`, `b`, `t` for exo, brush-parser,
/// tree-sitter-bash.
const CHOSEN: &[(&str, &str, &str)] = &[
    ("aa <<A <<B\n1\nA\n2\nB\nbb", "t", "two here-documents"),
    ("{aa,bb}", "t", "a brace expansion as the command"),
    ("coproc aa", "e", "a coprocess"),
    ("select x in a; do aa; break; done < /dev/null", "b", "`select`"),
    ("select x in a b; do aa $x; done < /dev/null", "b", "`select`"),
    ("for ((;;)); do aa; break; done", "b", "an empty condition"),
    ("aa ;; bb", "t", "`;;` outside of `case`"),
    ("aa (b)", "t", "a parenthesis out of place"),
    ("aa <<E\nb", "ebt", "a here-document without its end; bash only warns"),
    (
        "aa {1..} {..3} {1..3..} {1...3} {a..zz} {01..03} {-1..1}",
        "et",
        "ranges of which bash keeps some as they are",
    ),
    ("aa {b,$X} {b,\"$X\"}c {b,$(cc)} {b,${X}}", "e", "braces beside a variable's name"),
    ("{aa,b,c}; {X=1,aa}; for i in {1..3} {b,c}; do aa $i; done", "t", "braces as the command"),
    ("aa {b,c}>o; aa {b,c}$X; aa $X{b,c}; aa ~{b,c}; aa {~,b}", "e", "braces beside `$X` and `~`"),
    ("aa [{b,c}] [b,c] {[b],c} a{b,c}[d]", "e", "braces beside brackets"),
    ("aa <<E; bb\n\"$X\" ${X:-b} `cc` $((1+1))\nE\ncc", "t", "a command behind `<<E`"),
    ("aa <<''\nb\n\ncc", "et", "an empty delimiter"),
    ("aa <<E\\\nF\nb\nEF\ncc", "et", "a delimiter over two lines"),
    ("aa <<E && bb <<F\n1\nE\n2\nF\ncc", "t", "two here-documents"),
    ("exec {fd}>o; aa >&$fd", "e", "a descriptor that only the shell knows"),
    ("aa <>o 3<o 3>&1 3>&- <&3 >|o &>>o", "t", "`<>`"),
    ("((aa); bb)", "et", "`((` that begins two subshells"),
    (
        "aa \"$\\\n(bb)\" $\\\n(cc) $\\\n'a' \"$X\\\nY\" $\\\n{X}",
        "ebt",
        "a line continued behind `$`",
    ),
    ("aa <<E\n$\\\n(bb)\nE", "e", "a line continued behind `$`"),
    ("x=a xy=b; aa $x\\\ny", "e", "a name over two lines"),
    ("aa ~\\\n/x; x=\\\n~/a; aa $x", "e", "a line continued beside `~`"),
    ("aa {1.\\\n.3} {b\\\n,c}", "e", "a line continued inside of braces"),
    ("[[ x ]\\\n] && aa ]]", "et", "`]]` over two lines"),
    ("i\\\nf aa; then bb; fi", "e", "a reserved word over two lines"),
    ("{\\\n aa; }", "e", "a reserved word before a continued line"),
    ("aa &\\\n& bb", "ebt", "`&&` over two lines"),
    ("(\\\n(aa) )", "e", "`((` over two lines"),
    ("aa <<\\\n-E\n\tb\n\tE\nbb", "ebt", "`<<-` over two lines"),
    ("aa 2\\\n>o", "e", "a descriptor over two lines"),
    ("aa <((bb))", "e", "`((`, which bash reads by rules of its own first"),
    ("[[ -n ]] ]] && aa", "b", "`]]` in the place of a test's word"),
    ("[[ -f ]] && aa", "t", "a test without its word"),
    ("A=()aa b", "e", "a word right behind an array"),
    ("aa <() b", "ebt", "a process substitution without a command"),
    ("aa >2>&1", "bt", "a number that is the next redirection's, not a target"),
    ("aa >#b\nbb", "t", "a comment in the place of a target"),
    ("aa $((bb); cc)", "et", "`$((` that begins a subshell"),
];

/// Why the reader refuses made lines that bash takes; each is in `docs/judging.md`.
const REFUSED: &[&str] = &[
    "`~+`, `~-` or a numbered folder",
    "a backslash at the very end",
    "a brace expansion beside `$name`, `~` or `[`",
    "a command behind a here-document in a substitution",
    "a command is missing",
    "a construct inside that does not end",
    "a descriptor that is not a plain number",
    "a quote without an end",
    "a range in braces that is not plain",
    "a substitution that begins with `(`",
    "an array in a substitution",
    "a word right behind an array",
    "an array beside a here-document",
    "an element with a subscript in an array",
    "an expansion inside arithmetic",
    "arithmetic that is more than numbers and variables",
    "quotes or operators inside an expansion",
    "the here-document `E` has no end",
    "`!` cannot begin a command",
    "`~` before `=`",
    "a line that is continued inside of something",
    "arithmetic, or a subshell in a substitution",
];
/// What a made line holds where brush-parser does not read it as bash does.
const BRUSH: &[&str] = &["A=(", "<<", "for ((", "$(", "<(", "\\"];
/// The same for tree-sitter-bash.
const TREE: &[&str] =
    &["<<", "<>", "{V}>", "for v in;", "\\\n", "\\", "A=(", "|!", "| !", "|& !", ";;", "!"];

#[test]
fn what_the_reader_understands_bash_takes_and_every_other_difference_is_explained() {
    let mut dice = Dice(0x5eed_0002);
    let made: Vec<String> = (0..1000).map(|_| dice.list(2)).collect();
    let mut unexplained = Vec::new();
    let mut counts = [0; 5];
    for line in LINES {
        let says = ask(line);
        let mut differ = String::new();
        for (who, other) in [('e', says.exo.is_none()), ('b', says.brush), ('t', says.tree)] {
            if other != says.bash {
                differ.push(who);
            }
        }
        let explained = CHOSEN.iter().find(|(l, ..)| l == line).map_or("", |(_, who, _)| who);
        if differ != explained || (says.exo.is_none() && !says.bash) {
            unexplained.push(format!("{differ:?}, explained {explained:?}: {line:?}"));
        }
    }
    let holds = |line: &str, list: &[&str]| list.iter().any(|part| line.contains(part));
    for line in &made {
        let says = ask(line);
        let refused = says.exo.as_deref();
        let wrong = match refused {
            None => !says.bash,
            Some(why) => says.bash && !REFUSED.contains(&why),
        };
        if wrong {
            unexplained.push(format!("exo {refused:?}, bash {}: {line:?}", says.bash));
        }
        if says.brush != says.bash && !holds(line, BRUSH) {
            unexplained.push(format!("brush {}: {line:?}", says.brush));
        }
        if says.tree != says.bash && !holds(line, TREE) {
            unexplained.push(format!("tree {}: {line:?}", says.tree));
        }
        counts[0] += usize::from(says.bash);
        counts[1] += usize::from(says.bash && refused.is_some());
        counts[2] += usize::from(says.bash && !says.brush);
        counts[3] += usize::from(says.bash && !says.tree);
        counts[4] += usize::from(!says.bash && (says.brush || says.tree));
    }
    let [bash, exo, brush, tree, lax] = counts;
    println!(
        "of {} made lines bash takes {bash}; of these exo refuses {exo}, brush-parser {brush}, \
         tree-sitter-bash {tree}; these two take {lax} that bash refuses",
        made.len()
    );
    assert!(unexplained.is_empty(), "{}:\n{}", unexplained.len(), unexplained.join("\n"));
}
