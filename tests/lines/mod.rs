//! Lines of shell for the tests of the reader: chosen ones, and a generator with fixed seeds.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "shared by several tests, none of which uses all of it"
)]

pub mod hostile;
pub mod print;

pub const STUBS: [&str; 6] = ["aa", "bb", "cc", "dd", "ee", "ff"];

/// Lines chosen for what they have been misread by.
pub const LINES: &[&str] = &[
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
    "f() { aa $1 \"$@\"; }; f b 'c d'",
    "aa() { bb; }; aa; command aa; \\aa",
    "f () { aa; } >o; f; unset -f f; f",
    "f() (aa); f | bb",
    "f() { f2() { aa; }; }; f; f2",
    "f() if aa; then bb; fi; f",
    "function aa { command aa b; }; aa",
    "f() { return; aa; }; f; bb",
    "f() { local x=1; aa $x; }; f",
    "f()\n{\naa\n}\nf",
    "f() { aa <<E\n$1\nE\n}; f b",
    "aa {b,c}{d,e} {1..3} {3..1} {a..e..2} x{,y}z",
    "aa {b,c d} {b,\"c d\"} {b,'{c,d}'} {b\\,c,d}",
    "aa {{b,c},d} {b,{c,{d,e}}}f {b}{c,d} {}{b,c} a{}{b,c}",
    "aa {b,c {b} {b, ,b} {,} {,,} {} a{}b }{ {{ }} {b..c",
    "aa {1..} {..3} {1..3..} {1...3} {a..zz} {01..03} {-1..1}",
    "aa {b,$X} {b,\"$X\"}c {b,$(cc)} {b,${X}}",
    "aa \"{b,c}\" '{b,c}' \\{b,c} {b,c\\} {b\",\"c}",
    "aa x={b,c} --y={b,c}; x={b,c} aa $x; x={b,c}; aa $x",
    "{aa,b,c}; {X=1,aa}; for i in {1..3} {b,c}; do aa $i; done",
    "aa {b,c}>o; aa {b,c}$X; aa $X{b,c}; aa ~{b,c}; aa {~,b}",
    "aa [{b,c}] [b,c] {[b],c} a{b,c}[d]",
    "a=(b 'c d'); aa \"${a[@]}\" ${a[@]} \"${a[*]}\" ${a[1]} $a ${#a[@]}",
    "a=(b); a+=(c {d,e}); aa \"${a[@]}\"",
    "a=(\nb # c\nc\n); aa ${a[1]}",
    "a[1]=b; aa ${a[1]} \"${!a[@]}\"",
    "i=1; a=(b c d); aa ${a[i]} ${a[$i]} ${a[i+1]}",
    "for ((i=0; i<3; i++)); do aa $i; done",
    "for ((i=0;i<2;i++)) { aa $i; }",
    "for ((;;)); do aa; break; done",
    "x=5; ((x++)); aa $x $((x*2)) $((${x}+1))",
    "aa ${X:-\"b c\"} \"${X:-b c}\" ${X:+$(bb)} ${X-'b c'}",
    "X=a.b; aa ${X%.*} ${X##*.} ${X/a/\"c d\"} ${X//./\\/} ${X^^} ${X:0:1} ${X@Q}",
    "aa <<E; bb\n\"$X\" ${X:-b} `cc` $((1+1))\nE\ncc",
    "aa <<''\nb\n\ncc",
    "aa <<\"E F\"\nb\nE F\ncc",
    "aa <<E\\\nF\nb\nEF\ncc",
    "aa $(bb <<E\nc\nE\n) d",
    "aa `bb <<E\nc\nE\n` d",
    "aa <<E && bb <<F\n1\nE\n2\nF\ncc",
    "aa <<E\n$(bb <<F\nc\nF\n)\nE\ncc",
    "exec {fd}>o; aa >&$fd",
    "aa <>o 3<o 3>&1 3>&- <&3 >|o &>>o",
    "aa $'\\u41\\x42\\103\\cA\\e' $'a\\'b'",
    "aa\u{a0}b\u{3000}c",
    "[[ -n $X || ( a < b && ! -e c ) ]] || aa",
    "[[ x == x* ]] && aa; [[ 1 -lt 2 ]] && bb",
    "if [ a = a ]; then aa; elif bb; then cc; else dd; fi",
    "while aa; do bb; break; done < o",
    "case $X in '') aa;; a*|[bc]) bb;; esac",
    "case b in b) aa;;& *) bb;& c) cc; esac",
    "aa & bb & wait",
    "{ aa; bb; } | { cc; dd; } && (ee) || ff",
    "! { aa; } && bb",
    "time aa b | bb",
    "aa;\n\n# c\nbb # d",
    "aa \\\n  b \\\n  c",
    "aa 'b\nc' \"d\ne\"",
    "trap 'aa' EXIT; bb",
    "set -- b c; aa \"$@\" $# $1",
    "aa $((1<2)) $((2#11)) $(( (1) ))",
    "((1)) || aa; ! ((0)) && bb",
    "aa $(<o) \"$(< o)\"",
    "aa 2>&1 | bb 2>&1 >o",
    "select x in a b; do aa $x; done < /dev/null",
    "until ! aa; do bb; break; done",
    "aa a{b}c \"a{b,c}\"d x{y}",
    "aa -{b,c} {b,c}, ,{b,c} {b,c}. {b,,c}",
    "x=$(aa; bb) y=`cc` dd",
    "aa=1 bb",
    "aa +x=1 x+=1 x=",
    "x+=1 aa",
    "{ aa; } 2>o",
    "( (aa); (bb) )",
    "((aa); bb)",
    "aa $( (bb); cc )",
    "aa $((bb); cc)",
    "aa !b \"!b\" b!",
    "aa ^b b^",
    "aa %b =b b=",
    "aa {,'b c'} {\"\",b} {,\"b\"}c {'',} ''{b,}",
    "aa \"$\\\n(bb)\" $\\\n(cc) $\\\n'a' \"$X\\\nY\" $\\\n{X}",
    "aa <<E\n$\\\n(bb)\nE",
    "x=a xy=b; aa $x\\\ny",
    "aa ~\\\n/x; x=\\\n~/a; aa $x",
    "aa {1.\\\n.3} {b\\\n,c}",
    "[[ x ]\\\n] && aa ]]",
    "i\\\nf aa; then bb; fi",
    "{\\\n aa; }",
    "aa &\\\n& bb",
    "(\\\n(aa) )",
    "aa <<\\\n-E\n\tb\n\tE\nbb",
    "aa 2\\\n>o",
    "aa b\\\nc\\\n\\\nd \\\n\\\n e",
    "aa >2>&1",
    "aa <((bb))",
    "aa <() b",
    "A=() time aa b",
    "A=()aa b",
    "[[ a ) ]] && aa",
    "[[ a < b c ]] && aa",
    "[[ ! ( -n a || b == c ) && ! -z d ]] && aa",
    "[[ -n ]] ]] && aa",
    "[[ a -nt b || a =~ (b|c)$ && -v X ]] || aa",
    "[[ -f ]] && aa",
    "aa >#b\nbb",
    "aa \"\"$X'' $X\"\" ''\"\"",
];

/// A small generator (xorshift), so that a seed means the same lines for ever.
pub struct Dice(pub u64);

/// Words that stand for one thing each.
const WORDS: &[&str] = &[
    "x",
    "y-z",
    "--flag",
    "a=b",
    "1",
    "\\ ",
    "'q r'",
    "\"s t\"",
    "$X",
    "\"$X\"",
    "*",
    "?",
    "~",
    "{}",
    "a\\\nb",
    "$'\\t'",
    "#n",
    "n#",
    "\"\\\"\"",
    "''",
    "[a]",
    "${X}",
    "${X:-d}",
    "@",
    "%",
    "+",
    "a:b",
    "-",
    "$((1+1))",
    "{u,v}",
    "{1..3}",
    "{",
    "}",
    ",",
    "..",
    "{u,\"v w\"}",
    "{a,{b,c}}",
    "\"$@\"",
    "$1",
    "$#",
    "\"${A[@]}\"",
    "${A[0]}",
    "${#X}",
    "${X:+y}",
    "${X%a}",
    "\"${X:-e f}\"",
    "$((N+1))",
    "\\{",
    "\\,",
    "$'\\x41'",
    "\"a\"'b'c",
    "!",
    "=",
    "^",
    "\"$((2*3))\"",
    "${X:-'g h'}",
    "{c..a}",
    "a..b",
    "\u{e9}",
];

impl Dice {
    pub fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }

    fn word(&mut self, depth: usize) -> String {
        let mut word = self.of(WORDS).to_owned();
        while self.roll(4) == 0 {
            word.push_str(self.of(WORDS));
        }
        if depth > 0 && self.roll(10) == 0 {
            let inner = self.list(depth - 1);
            word = match self.roll(5) {
                0 | 1 => format!("\"$({inner})\""),
                2 => format!("$({inner})"),
                3 => format!("<({inner})"),
                _ if inner.contains(['`', '\\']) => format!("$( {inner} )"),
                _ => format!("`{inner}`"),
            };
        }
        word
    }

    fn words(&mut self, depth: usize, most: usize) -> String {
        (0..self.roll(most + 1)).map(|_| format!(" {}", self.word(depth))).collect()
    }

    /// A command; one with a here-document ends in a newline.
    fn command(&mut self, depth: usize) -> String {
        if depth > 0 && self.roll(3) == 0 {
            return self.compound(depth - 1);
        }
        let mut text = String::new();
        while self.roll(6) == 0 {
            text.push_str(self.of(&[
                "X=1 ",
                "X='a b' ",
                "Y=$X ",
                "X={a,b} ",
                "X+=c ",
                "N=$((N+1)) ",
                "X=~ ",
                "A[1]=x ",
            ]));
        }
        if self.roll(20) == 0 {
            return format!("A=({} )", self.words(depth, 3));
        }
        text.push_str(self.of(&STUBS));
        text.push_str(&self.words(depth, 3));
        match self.roll(30) {
            0 => text.push_str(" <<E\nb $X $(bb)\nE\n"),
            1 => text.push_str(" <<'E' c\n$(bb) '\nE\n"),
            2 => text.push_str(" <<-E <<F\n\tb\n\tE\n\"c\nF\n"),
            3..6 => text.push_str(self.of(&[
                " >out",
                " 2>&1",
                " <<<w",
                " 2>/dev/null",
                " >>out",
                " &>out",
                " >|out",
                " <>out",
                " {V}>out",
                " >&out",
                " <<<\"$X\"",
                " >out 2>&1",
            ])),
            _ => {}
        }
        text
    }

    fn compound(&mut self, depth: usize) -> String {
        let inner = self.list(depth);
        let other = self.list(depth);
        let end = |list: &str| {
            if list.ends_with('\n') || list.ends_with('&') { " " } else { "; " }.to_owned()
        };
        let (i, o) = (end(&inner), end(&other));
        let words = self.words(0, 3);
        match self.roll(14) {
            0 => format!("( {inner} )"),
            1 => format!("{{ {inner}{i}}}"),
            2 => format!("if {inner}{i}then {other}{o}fi"),
            3 => format!("for v in{words}; do {inner}{i}done"),
            4 => {
                let arm =
                    |list: &str| if list.ends_with('\n') { "" } else { " " }.to_owned() + ";;";
                format!("case q in q) {inner}{} *) {other}{} esac", arm(&inner), arm(&other))
            }
            5 => format!("! {inner}"),
            6 => format!("f() {{ {inner}{i}}}; f{words}"),
            7 => format!("while {inner}{i}do {other}{o}break; done"),
            8 => format!("for ((N{depth}=0; N{depth}<2; N{depth}++)); do {inner}{i}done"),
            9 => format!("function g {{ {inner}{i}}}\ng{words}"),
            10 => format!("if {inner}{i}then {other}{o}else {inner}{i}fi"),
            11 => format!("[[ x == x && -n \"$X\" ]] || {inner}"),
            12 => format!("{{ {inner}{i}}} | {{ {other}{o}}} >out"),
            _ => format!("until ! {inner}{i}do {other}{o}break; done"),
        }
    }

    pub fn list(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        for _ in 0..self.roll(3) {
            if !text.ends_with('\n') {
                text.push_str(self.of(&[
                    " && ", " || ", "; ", " | ", "\n", " & ", ";", "|", "&&", " |& ", " # c\n",
                ]));
            }
            text.push_str(&self.command(depth));
        }
        if self.roll(25) == 0 {
            text.push_str(self.of(&[
                ")", "'", "\"", " &&", " (", "`", " ;;", " }", " fi", " <<E", " $(", "{", "\\",
                " <", " done", " ((",
            ]));
        }
        text
    }

    /// Pieces in any order: few lines hold together, and those that do are odd.
    pub fn soup(&mut self) -> String {
        const PIECES: &[&str] = &[
            "aa",
            "bb",
            " ",
            " ",
            " ",
            " ",
            ";",
            "\n",
            "&&",
            "||",
            "|",
            "&",
            "(",
            ")",
            "{ ",
            " }",
            "{",
            "}",
            ",",
            "..",
            "'",
            "\"",
            "\\",
            "\\\n",
            "$",
            "$X",
            "${X",
            "${X}",
            "$(",
            "`",
            "$((",
            "))",
            "((",
            "<",
            ">",
            ">>",
            "<<E",
            "\nE\n",
            "<<<",
            "2>&1",
            "&>",
            "<(",
            "if ",
            "then ",
            "fi",
            "for v in ",
            "do ",
            "done",
            "while ",
            "case x in ",
            "x) ",
            ";;",
            "esac",
            "f()",
            "f",
            "[[ ",
            " ]]",
            "==",
            "=~",
            "!",
            "#",
            "~",
            "*",
            "?",
            "[a]",
            "=",
            "X=",
            "X+=",
            "A=(",
            "1",
            "-",
            "+",
            ":-",
            "%",
            "/",
            "@",
            "$'",
            "time ",
            "function f ",
            "else ",
            "in",
            "0",
            "x",
            "\t",
            "'b c'",
            "\"$X\"",
            "$1",
            "{a,b}",
            "{1..2}",
            "E",
            "\"\"",
            "''",
        ];
        (0..2 + self.roll(12)).map(|_| self.of(PIECES)).collect()
    }
}
