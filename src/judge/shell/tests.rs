//! Tables of what is read and of what is refused.

use super::*;

fn bash(text: &str) -> Script {
    read(text.as_bytes(), Dialect::Bash)
}

/// The words of all simple commands, those in substitutions and functions too.
fn commands(list: &[Step]) -> Vec<Vec<String>> {
    fn node(n: &Node, out: &mut Vec<Vec<String>>) {
        match n {
            Node::Simple(s) => {
                out.push(s.words.iter().map(ToString::to_string).collect());
                let values = s.assignments.iter().map(|(_, w)| w);
                let targets = s.redirections.iter().map(|r| &r.target);
                s.words.iter().chain(values).chain(targets).for_each(|w| word(w, out));
            }
            Node::Pipeline(nodes) => nodes.iter().for_each(|n| node(n, out)),
            Node::Subshell(l, _) | Node::Group(l, _) => l.iter().for_each(|s| node(&s.node, out)),
            Node::Function(_, body) => node(body, out),
            Node::Bodies { bodies, names, .. } => {
                bodies.iter().flatten().for_each(|s| node(&s.node, out));
                names.iter().flat_map(|(_, w)| w).for_each(|w| word(w, out));
            }
        }
    }
    fn word(w: &Word, out: &mut Vec<Vec<String>>) {
        for p in &w.parts {
            match p {
                Part::Dynamic { commands, .. } => {
                    commands.iter().for_each(|s| node(&s.node, out));
                }
                Part::Array(words) => words.iter().for_each(|w| word(w, out)),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    list.iter().for_each(|s| node(&s.node, &mut out));
    out
}

fn reads(text: &str, want: &[&[&str]]) {
    let script = bash(text);
    assert_eq!(script.opaque, [], "{text}");
    assert_eq!(commands(&script.list), want, "{text}");
}

#[test]
fn quoting_is_undone_as_bash_does() {
    reads(r#"a 'b c' "d $e" f\ g $'h\ti\x41'"#, &[&["a", "b c", "d $e", "f g", "h\tiA"]]);
    reads("--fo\\\nrce", &[&["--force"]]);
    reads("echo a#b # comment", &[&["echo", "a#b"]]);
    reads("echo '' \"\"", &[&["echo", "", ""]]);
    reads(r#"echo "a\"b\c\$d""#, &[&["echo", "a\"b\\c$d"]]);
    reads("git reset HEAD@{1} {} {x}", &[&["git", "reset", "HEAD@{1}", "{}", "{x}"]]);
    reads("[ -f x ]", &[&["[", "-f", "x", "]"]]);
}

#[test]
fn lists_and_pipelines_and_compounds_give_every_command() {
    reads("a && b || c; d & e | f |& g", &[&["a"], &["b"], &["c"], &["d"], &["e"], &["f"], &["g"]]);
    reads("if a; then b; elif c; then d; else e; fi", &[&["a"], &["b"], &["c"], &["d"], &["e"]]);
    reads("for i in 1 2; do echo $i; done > out", &[&["echo", "$i"]]);
    reads("while read x; do y; done < f", &[&["read", "x"], &["y"]]);
    reads("case $x in a|b) c;; *) d;; esac", &[&["c"], &["d"]]);
    reads("(a; b) && { c; }", &[&["a"], &["b"], &["c"]]);
    reads("! time a", &[&["a"]]);
    reads(
        "[[ -f x && $y =~ ^(a|b)$ ]] && z",
        &[&["[[", "-f", "x", "&&", "$y", "=~", "^(a|b)$"][..], &["z"][..]],
    );
}

#[test]
fn substitutions_are_read_inside() {
    reads(
        "a $(b \"$(c)\") `d \\`e\\``",
        &[&["a", "…", "…"], &["b", "…"], &["c"], &["d", "…"], &["e"]],
    );
    reads("diff <(sort a) <(sort b)", &[&["diff", "…", "…"], &["sort", "a"], &["sort", "b"]]);
    reads("x=$(a) y=1 b", &[&["b"], &["a"]]);
    reads("echo ${x:-$(a)}", &[&["echo", "…"], &["a"]]);
}

#[test]
fn here_documents_belong_to_their_redirections() {
    let script = bash("cat <<A <<'B' | wc\none $(x)\nA\n$(y)\nB\nls");
    assert_eq!(script.opaque, []);
    assert_eq!(commands(&script.list), [vec!["cat"], vec!["x"], vec!["wc"], vec!["ls"]]);
    let Some(Node::Pipeline(nodes)) = script.list.first().map(|s| &s.node) else { panic!() };
    let Node::Simple(cat) = &nodes[0] else { panic!() };
    assert_eq!(cat.redirections[1].target.literal().as_deref(), Some("$(y)\n"));
}

#[test]
fn functions_arrays_and_counting_loops_are_read() {
    reads("f() { a; }; f", &[&["a"], &["f"]]);
    reads("function f { a; }", &[&["a"]]);
    reads("function f () ( a ) > o", &[&["a"]]);
    reads("f()\nif a; then b; fi", &[&["a"], &["b"]]);
    reads("a=(1 $(b) {c,d}); a+=(e) a[1]=$(f)", &[&[], &["b"], &[], &["f"]]);
    reads("rm \"${a[@]}\" ${#a[@]} ${a[0]} \"${!a[@]}\"", &[&["rm", "$a[@]", "…", "…", "…"]]);
    reads(
        "for ((i=0; i<3; i++)); do a; done",
        &[&["((", "…"][..], &["((", "…"][..], &["a"][..], &["((", "…"][..]],
    );
    reads("exec {x}>f", &[&["exec"]]);
    reads(
        "a $((b + ${c} * 2)) ${x:1:2} ${x@Q} ${x:-\"d e\"} ${x//\\//-}",
        &[&["a", "…", "…", "…", "…", "…"]],
    );
}

#[test]
fn braces_expand_as_in_bash() {
    reads("{rm,-rf,/}", &[&["rm", "-rf", "/"]]);
    reads(
        "a x{1,2}y {3..5} {a..c} {5..1..2} {08..10}",
        &[&["a", "x1y", "x2y", "3", "4", "5", "a", "b", "c", "5", "3", "1", "08", "09", "10"]],
    );
    reads(
        "a {b,{c,d}e}f {}{g,h} {i}{j,k}",
        &[&["a", "bf", "cef", "def", "{}g", "{}h", "{i}j", "{i}k"]],
    );
    reads("a {,b} {'',c}", &[&["a", "b", "", "c"]]);
    reads(
        "a {b} {c,d \"{e,f}\" \\{g,h} x={1..2}",
        &[&["a", "{b}", "{c,d", "{e,f}", "{g,h}", "x=1", "x=2"]],
    );
    reads("x={a,b} y", &[&["y"]]);
    for text in [
        "a {1..100000}",
        "a $x{a,b}",
        "a {~,b}",
        "export x={a,b}",
        "a > {b,c}",
        "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
    ] {
        assert!(!bash(text).opaque.is_empty(), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_opaque() {
    for text in [
        "echo ${!x}",
        "echo ${x@P}",
        "echo $((a[$(id)]))",
        "echo $(( $(id) ))",
        "coproc a",
        "echo 'a",
        "echo \"a",
        "cat <<A\nx",
        "echo $(a",
        "(a",
        "if a; then b",
        "a ;; b",
        "a &&",
        "echo a\u{202e}b",
        "echo a\rb",
        "echo $\"x\"",
        "echo @(a|b)",
        "a )",
        "echo a >&$x",
        "| a",
        "& a",
        "echo \\",
    ] {
        assert!(!bash(text).opaque.is_empty(), "{text}");
    }
    assert!(!read(b"a\xff", Dialect::Bash).opaque.is_empty());
    assert!(!read(&vec![b'a'; 70_000], Dialect::Bash).opaque.is_empty());
}

#[test]
fn other_shells_are_held_to_what_all_read_alike() {
    for text in [
        "echo $'x'",
        "cat <<< x",
        "a &> f",
        "a |& b",
        "a <(b)",
        "[[ x ]]",
        "((1))",
        "x+=1",
        "select x in a; do b; done",
        "function f { a; }",
        "a=(b)",
        "a {b,c}",
        "for ((;;)); do a; done",
    ] {
        assert!(!read(text.as_bytes(), Dialect::Posix).opaque.is_empty(), "{text}");
        assert_eq!(bash(text).opaque, [], "{text}");
    }
    assert_eq!(read(b"a && b > c 2>&1; d=$(e)", Dialect::Posix).opaque, []);
}

#[test]
fn hostile_texts_are_answered() {
    let many = [
        "$(".repeat(200),
        "{ ".repeat(3000),
        "a|".repeat(3000),
        "((".repeat(9000),
        "[".repeat(60_000),
        "`".repeat(9001),
        "'\"".repeat(9000),
        "a;".repeat(20_000),
        "<<A ".repeat(9000),
        "\\\n".repeat(20_000),
        "${".repeat(9000),
        "if ".repeat(9000),
        "[[ (".repeat(3000),
        format!("echo {}", "x".repeat(60_000)),
        "~".repeat(60_000),
        "a=".repeat(30_000),
        "$((".repeat(9000),
    ];
    for text in many {
        let script = bash(&text);
        assert!(script.list.len() <= 256, "{text:.8}…");
    }
}
