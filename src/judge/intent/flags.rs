//! Reads a tool's flags as the tool does.
//!
//! In: a form of the catalogue and the arguments. Out: flags with values, operands, or what was not
//! understood.
//! Never: skips a word it does not know.
//!
//! Styles: getopt(3) and getopt_long(3) (abbreviations, clusters, permutation), one-dash words, `k=v`.

use super::args::Arg;
use crate::judge::catalogue::{Flag, Style, Takes};
use crate::model::Glob;
use std::iter::Peekable;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Parsed<'t> {
    pub(super) flags: Vec<(&'t Flag, Option<Arg>)>,
    /// How each was spelled; a long spelling that stands behind its letter in the row, as the letter.
    pub(super) spelled: Vec<String>,
    pub(super) operands: Vec<Arg>,
    /// The first thing that was not understood.
    pub(super) problem: Option<String>,
    /// The command of a flag that has one.
    pub(super) inner: Option<Vec<Arg>>,
    /// What may stand behind a flag that a word turns out to be: `*` may match a file named like one,
    /// and its name has no slash.
    pub(super) surprise: Option<Arg>,
}

/// A word that may be any flag.
const NOT_KNOWN: &str = "a flag that is not known before it runs";

impl Parsed<'_> {
    /// Notes what was not understood, if it is the first.
    fn problem(&mut self, what: impl Into<String>) {
        self.problem.get_or_insert_with(|| what.into());
    }

    /// With what was read behind it; the operands are those of the later part.
    pub(super) fn followed_by(mut self, mut later: Self) -> Self {
        self.flags.append(&mut later.flags);
        self.spelled.append(&mut later.spelled);
        let problem = self.problem.or(later.problem.take());
        let inner = later.inner.take().or(self.inner);
        Self { flags: self.flags, spelled: self.spelled, problem, inner, ..later }
    }
}

/// Reads the words. `stop_at_operand`: what follows the first operand is left in `operands` unread.
pub(super) fn parse<'t>(
    flags: &[&'t Flag],
    style: Style,
    args: Vec<Arg>,
    stop_at_operand: bool,
) -> Parsed<'t> {
    let mut out = Parsed::default();
    let mut words = args.into_iter().peekable();
    let mut ended = style == Style::None;
    let stops = stop_at_operand || style == Style::Posix;
    let mut first = true;
    while let Some(word) = words.next() {
        let is_first = std::mem::replace(&mut first, false);
        if ended {
            // Also a tool whose words are all operands has a `--help` in front.
            let asked = word.known().and_then(|t| find(flags, t));
            match asked.filter(|f| is_first && style == Style::None && f.ends) {
                Some(flag) => push(flag, "", None, &mut out),
                None => out.operands.push(word),
            }
            continue;
        }
        let prefix = word.prefix();
        if word.known() == Some("--") && style != Style::Word && style != Style::Assign {
            ended = true;
            continue;
        }
        if style == Style::Tar && is_first && !prefix.starts_with('-') {
            cluster(flags, &word, &mut words, &mut out, true);
            continue;
        }
        if style == Style::Assign {
            assign(flags, word, &mut out);
            continue;
        }
        if prefix.is_empty() && word.known().is_none() {
            if word.many && word.any {
                out.problem("arguments that are not known before it runs");
            }
            if word.any || out.surprise.is_none() {
                let value = if word.any { Arg::unknown(false) } else { Arg::pattern("*") };
                out.surprise = Some(value);
            }
            out.operands.push(word);
        } else if word.known() == Some("-")
            && let Some(flag) = find(flags, "-")
        {
            // `env -`, `su -`.
            push(flag, "-", None, &mut out);
            continue;
        } else if !prefix.starts_with('-') || word.known() == Some("-") {
            out.operands.push(word);
        } else {
            let before = out.flags.len();
            if style == Style::Switch {
                switch(flags, &word, &mut out);
            } else if style == Style::Word {
                one_dash(flags, &word, &mut words, &mut out);
            } else if prefix.starts_with("--") {
                long(flags, style, &word, &mut words, &mut out);
            } else {
                short(flags, &word, &mut words, &mut out);
            }
            if out.flags.iter().skip(before).any(|(f, _)| f.inner) {
                let command = words.by_ref().take_while(|w| w.known() != Some(";"));
                out.inner = Some(command.collect());
            }
            ended |= out.flags.iter().skip(before).any(|(f, _)| f.last);
            continue;
        }
        ended |= stops;
    }
    out
}

fn find<'t>(flags: &[&'t Flag], name: &str) -> Option<&'t Flag> {
    // The last letter tells short flags apart, and thousands may be looked up.
    let last = name.as_bytes().last();
    flags.iter().copied().find(|f| f.names.iter().any(|n| n.as_bytes().last() == last && n == name))
}

/// The flag by a name with a wildcard.
fn find_wild<'t>(flags: &[&'t Flag], name: &str) -> Option<&'t Flag> {
    let fits = |n: &String| n.contains('*') && Glob::parse(n).is_ok_and(|g| g.matches(name));
    flags.iter().copied().find(|f| f.names.iter().any(fits))
}

/// The flag that a word names in full, and whether its value is attached.
pub(super) fn named<'t>(flags: &[&'t Flag], word: &Arg) -> Option<(&'t Flag, bool)> {
    let (name, value) = at_equals(word)?;
    find(flags, &name).map(|flag| (flag, value.is_some()))
}

/// The value of a flag: attached, or the next word.
fn value<'t, I: Iterator<Item = Arg>>(
    flag: &'t Flag,
    name: &str,
    attached: Option<Arg>,
    words: &mut Peekable<I>,
    out: &mut Parsed<'t>,
) {
    let missing = |out: &mut Parsed<'t>| {
        out.problem(format!("flag `{name}` without its value"));
    };
    let value = match (flag.value, attached) {
        (Takes::None, None) => None,
        // A switch may be spelled out (pflag, Go's flag): on, or as if it were not there.
        (Takes::None, Some(v)) if matches!(v.known(), Some("true")) => None,
        (Takes::None, Some(v)) if matches!(v.known(), Some("false")) => return,
        (Takes::None, Some(_)) => {
            out.problem(format!("flag `{name}` with a value"));
            None
        }
        (Takes::Optional, attached) => attached,
        (Takes::Required, Some(value)) => Some(value),
        (Takes::Required, None) => match words.next() {
            Some(v) if v.many => {
                out.problem("a value that may be several words");
                Some(v)
            }
            Some(v) => Some(v),
            None => {
                missing(out);
                None
            }
        },
        (Takes::Many, Some(value)) => Some(value),
        (Takes::Many, None) => {
            let mut last = None;
            while let Some(word) = words.next_if(|w| !is_flag(w)) {
                if word.many {
                    out.problem("values that are not known before it runs");
                }
                if let Some(value) = last.replace(word) {
                    push(flag, name, Some(value), out);
                }
            }
            last
        }
        (Takes::Two, _) => {
            let _ = words.next();
            let second = words.next();
            if second.is_none() {
                missing(out);
            }
            second
        }
    };
    push(flag, name, value, out);
}

/// Whether a word begins the next flag (argparse: a negative number does not).
pub(super) fn is_flag(word: &Arg) -> bool {
    word.prefix()
        .strip_prefix('-')
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn push<'t>(flag: &'t Flag, name: &str, value: Option<Arg>, out: &mut Parsed<'t>) {
    let at = flag.names.iter().position(|n| n == name).unwrap_or_default();
    let letter = at.checked_sub(1).and_then(|i| flag.names.get(i)).filter(|n| n.len() == 2);
    let canonical = if name.starts_with("--") { letter.map_or(name, String::as_str) } else { name };
    out.spelled.push(canonical.to_owned());
    out.flags.push((flag, value));
}

/// The name of a flag and the value behind its `=`; `None` where the name is not known for certain.
fn at_equals(word: &Arg) -> Option<(String, Option<Arg>)> {
    let prefix = word.prefix();
    match prefix.split_once('=') {
        Some((name, _)) => Some((name.to_owned(), word.without(&format!("{name}=")))),
        None => word.known().map(|name| (name.to_owned(), None)),
    }
}

fn long<'t, I: Iterator<Item = Arg>>(
    flags: &[&'t Flag],
    style: Style,
    word: &Arg,
    words: &mut Peekable<I>,
    out: &mut Parsed<'t>,
) {
    let Some((name, attached)) = at_equals(word) else {
        out.problem(NOT_KNOWN);
        return;
    };
    let exact = find(flags, &name);
    let found = exact.or_else(|| {
        if style == Style::Long {
            return None;
        }
        // getopt_long(3): an abbreviation counts where it fits one flag only.
        let mut fitting =
            flags.iter().copied().filter(|f| f.names.iter().any(|n| n.starts_with(&name)));
        fitting.next().filter(|_| fitting.next().is_none())
    });
    let abbreviated =
        style != Style::Long && flags.iter().any(|f| f.names.iter().any(|n| n.starts_with(&name)));
    let found = found.or_else(|| find_wild(flags, &name).filter(|_| !abbreviated));
    match found {
        Some(flag) => value(flag, &name, attached, words, out),
        None => {
            out.problem(format!("unknown flag `{name}`"));
        }
    }
}

fn short<'t, I: Iterator<Item = Arg>>(
    flags: &[&'t Flag],
    word: &Arg,
    words: &mut Peekable<I>,
    out: &mut Parsed<'t>,
) {
    let prefix = word.prefix();
    // Whole words first: `-5`, and tools whose one-dash words are longer than a letter.
    if let Some(text) = word.known() {
        if let Some(flag) = find(flags, text) {
            value(flag, text, None, words, out);
            return;
        }
        let digits = text.strip_prefix('-').unwrap_or_default();
        if !digits.is_empty()
            && digits.chars().all(|c| c.is_ascii_digit())
            && let Some(flag) = find(flags, "-NUM")
        {
            push(flag, "-NUM", Some(Arg::literal(digits)), out);
            return;
        }
        if let Some((name, _)) = text.split_once('=')
            && name.len() > 2
            && let Some(flag) = find(flags, name)
        {
            value(flag, name, word.without(&format!("{name}=")), words, out);
            return;
        }
    }
    if prefix == "-" {
        out.problem(NOT_KNOWN);
        return;
    }
    if let Some(rest) = word.without("-") {
        cluster(flags, &rest, words, out, false);
    }
}

/// Letters one after the other; the first that takes a value takes the rest, or the next word. The old
/// style of tar gives each its value from the words that follow.
fn cluster<'t, I: Iterator<Item = Arg>>(
    flags: &[&'t Flag],
    letters: &Arg,
    words: &mut Peekable<I>,
    out: &mut Parsed<'t>,
    old: bool,
) {
    let prefix = letters.prefix();
    for (i, letter) in prefix.char_indices() {
        let name = format!("-{letter}");
        let digit = if letter.is_ascii_digit() { find(flags, "-NUM") } else { None };
        let Some(flag) = find(flags, &name).or(digit).or_else(|| find_wild(flags, &name)) else {
            out.problem(format!("unknown flag `{name}`"));
            return;
        };
        if old || flag.value == Takes::None {
            value(flag, &name, None, words, out);
            continue;
        }
        // It takes the rest of the word.
        let read = prefix.get(..i + letter.len_utf8()).unwrap_or_default();
        let Some(tail) = letters.without(read) else { return };
        let empty = tail.known() == Some("");
        match flag.value {
            Takes::Required | Takes::Many if !empty => value(flag, &name, Some(tail), words, out),
            Takes::Optional => value(flag, &name, (!empty).then_some(tail), words, out),
            _ => {
                value(flag, &name, None, words, out);
                if !empty {
                    out.problem(format!("flag `{name}` inside a cluster"));
                }
            }
        }
        return;
    }
    if letters.known().is_none() {
        out.problem(NOT_KNOWN);
    }
}

fn one_dash<'t, I: Iterator<Item = Arg>>(
    flags: &[&'t Flag],
    word: &Arg,
    words: &mut Peekable<I>,
    out: &mut Parsed<'t>,
) {
    let Some((name, attached)) = at_equals(word) else {
        out.problem(NOT_KNOWN);
        return;
    };
    // Two dashes mean the same as one (Go's flag).
    let one = name.strip_prefix('-').filter(|n| n.starts_with('-'));
    match find(flags, &name).or_else(|| one.and_then(|n| find(flags, n))) {
        Some(flag) => value(flag, &name, attached, words, out),
        None => {
            out.problem(format!("unknown flag `{name}`"));
        }
    }
}

fn switch<'t>(flags: &[&'t Flag], word: &Arg, out: &mut Parsed<'t>) {
    let prefix = word.prefix();
    let fits = flags.iter().flat_map(|f| f.names.iter().map(move |n| (*f, n)));
    let fits = fits.filter(|(f, n)| {
        word.known() == Some(n) || (f.value == Takes::Optional && prefix.starts_with(n.as_str()))
    });
    match fits.max_by_key(|(_, n)| n.len()) {
        Some((flag, name)) => {
            let value = word.without(name).filter(|v| v.known() != Some(""));
            push(flag, name, value, out);
        }
        None => out.problem(format!("unknown flag `{}`", word.shown())),
    }
}

fn assign<'t>(flags: &[&'t Flag], word: Arg, out: &mut Parsed<'t>) {
    let prefix = word.prefix();
    match prefix.split_once('=') {
        Some((name, _)) => match find(flags, &format!("{name}=")) {
            Some(flag) => push(flag, &format!("{name}="), word.without(&format!("{name}=")), out),
            None => {
                out.problem(format!("unknown operand `{name}=`"));
            }
        },
        None => match word.known().and_then(|text| find(flags, text)) {
            Some(flag) => push(flag, "", None, out),
            None => {
                out.problem("an operand that is not `name=value`");
            }
        },
    }
}
