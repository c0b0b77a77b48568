//! Brace expansion: one word to several, before anything else is expanded.
//!
//! In: the parts of a word and where braces, commas and dots stand unquoted in them. Out: the words
//! that bash makes of it.
//! Never: takes for an expansion what bash leaves alone, or the other way round: what is not sure is
//! refused.
//!
//! The order of search is that of bash 5 (`braces.c` describes it; the manual is silent on most of it):
//! the first `{` that has a `}` with a comma or a range between them, then what is inside, then what
//! follows.

use super::ast::Part;
use super::word::append;

/// Most words that one word may become.
const WORDS: usize = 512;
/// Most braces, commas and dots in a word: the search takes the square of it.
const MARKS: usize = 256;

/// What an unquoted character may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Open,
    Close,
    Comma,
    /// `..`
    Dots,
    /// A quote: what holds one is a word, even where it is empty.
    Quote,
}

impl Sign {
    const fn text(self) -> &'static str {
        match self {
            Self::Open => "{",
            Self::Close => "}",
            Self::Comma => ",",
            Self::Dots => "..",
            Self::Quote => "",
        }
    }
}

/// An unquoted sign: the part that holds it, and at which byte of its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) part: usize,
    pub(super) at: usize,
    pub(super) sign: Sign,
}

/// What was seen of braces while a word was read.
#[derive(Debug, Default)]
pub(super) struct Braces {
    pub(super) marks: Vec<Mark>,
    /// Something whose meaning changes when its neighbours do: `$x`, `~`, `[`.
    pub(super) fragile: bool,
    /// Whether there are quotes.
    pub(super) quotes: bool,
}

#[derive(Clone, Debug)]
enum Token {
    Sign(Sign),
    Part(Part),
}

type Expanded = Result<Vec<Vec<Part>>, &'static str>;

impl Braces {
    /// Whether there may be an expansion at all.
    pub(super) fn possible(&self) -> bool {
        let first = |signs: &[Sign]| self.marks.iter().position(|m| signs.contains(&m.sign));
        let open = first(&[Sign::Open]);
        let close = self.marks.iter().rposition(|m| m.sign == Sign::Close);
        first(&[Sign::Comma, Sign::Dots]).is_some() && open.is_some() && open < close
    }

    /// The words, as parts; one word where nothing expands.
    pub(super) fn expand(&self, parts: &[Part]) -> Expanded {
        if self.marks.len() > MARKS {
            return Err("a word with very many braces");
        }
        let mut search = Search { quotes: self.quotes, made: 0 };
        let tokens = self.tokens(parts);
        let words = search.words(&tokens)?;
        if words.len() != 1 || words.first().is_none_or(|w| w.as_slice() != parts) {
            if self.fragile {
                return Err("a brace expansion beside `$name`, `~` or `[`");
            }
            return Ok(words);
        }
        Ok(words)
    }

    fn tokens(&self, parts: &[Part]) -> Vec<Token> {
        let mut out = Vec::new();
        let mut marks = self.marks.iter().peekable();
        for (i, part) in parts.iter().enumerate() {
            let Part::Literal(text) = part else {
                out.push(Token::Part(part.clone()));
                continue;
            };
            let mut from = 0;
            while let Some(mark) = marks.next_if(|m| m.part == i) {
                if let Some(before) = text.get(from..mark.at).filter(|t| !t.is_empty()) {
                    out.push(Token::Part(Part::Literal(before.to_owned())));
                }
                out.push(match mark.sign {
                    Sign::Quote => Token::Part(Part::Literal(String::new())),
                    sign => Token::Sign(sign),
                });
                from = mark.at + mark.sign.text().len();
            }
            if let Some(rest) = text.get(from..).filter(|t| !t.is_empty()) {
                out.push(Token::Part(Part::Literal(rest.to_owned())));
            }
        }
        out
    }
}

struct Search {
    quotes: bool,
    made: usize,
}

impl Search {
    fn words(&mut self, tokens: &[Token]) -> Expanded {
        let Some((open, close)) = pair(tokens)? else { return Ok(vec![plain(tokens)]) };
        let before = plain(tokens.get(..open).unwrap_or_default());
        let inside = tokens.get(open + 1..close).unwrap_or_default();
        let commas = inside.iter().any(|t| matches!(t, Token::Sign(Sign::Comma)));
        let middle = if commas {
            self.alternatives(inside)?
        } else {
            match self.range(inside)? {
                Some(words) => words,
                None => vec![plain(tokens.get(open..=close).unwrap_or_default())],
            }
        };
        let after = self.words(tokens.get(close + 1..).unwrap_or_default())?;
        let count = middle.len().saturating_mul(after.len());
        self.made = self.made.saturating_add(count);
        if self.made > WORDS {
            return Err("a brace expansion to very many words");
        }
        let mut out = Vec::with_capacity(count);
        for m in &middle {
            for a in &after {
                let mut word = Vec::new();
                for part in before.iter().chain(m).chain(a) {
                    append(&mut word, part.clone());
                }
                out.push(word);
            }
        }
        Ok(out)
    }

    /// What stands between commas, each expanded by itself.
    fn alternatives(&mut self, inside: &[Token]) -> Expanded {
        let mut out = Vec::new();
        let (mut level, mut from) = (0usize, 0usize);
        for (i, token) in inside.iter().enumerate() {
            match token {
                Token::Sign(Sign::Open) => level += 1,
                Token::Sign(Sign::Close) => level = level.saturating_sub(1),
                Token::Sign(Sign::Comma) if level == 0 => {
                    out.extend(self.words(inside.get(from..i).unwrap_or_default())?);
                    from = i + 1;
                }
                _ => {}
            }
        }
        out.extend(self.words(inside.get(from..).unwrap_or_default())?);
        Ok(out)
    }

    /// `a..b` or `a..b..step`; `None` where it is none for sure.
    fn range(&self, inside: &[Token]) -> Result<Option<Vec<Vec<Part>>>, &'static str> {
        let refused = Err("a range in braces that is not plain");
        if self.quotes {
            return refused;
        }
        let mut ends = vec![String::new()];
        for token in inside {
            match (token, ends.last_mut()) {
                (Token::Sign(Sign::Dots), _) => ends.push(String::new()),
                (Token::Part(Part::Literal(t)), Some(end)) => end.push_str(t),
                _ => return refused,
            }
        }
        let (from, to, step) = match ends.as_slice() {
            [a, b] => (a, b, 1),
            [a, b, s] => match s.parse::<i64>() {
                Ok(step) if (-9999..=9999).contains(&step) && !s.starts_with('+') => (a, b, step),
                _ => return refused,
            },
            _ => return refused,
        };
        let plain = |t: &str| {
            let digits = t.strip_prefix('-').unwrap_or(t);
            (1..=6).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
        };
        let step = step.unsigned_abs().max(1);
        if plain(from) && plain(to) {
            let (Ok(a), Ok(b)) = (from.parse::<i64>(), to.parse::<i64>()) else { return refused };
            let padded = |t: &str| t.len() > 1 && t.starts_with('0');
            if from.starts_with("-0") || to.starts_with("-0") {
                return refused;
            }
            let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
            let number = |n: i64| vec![Part::Literal(format!("{n:0width$}"))];
            return self.steps(a, b, step).map(|all| Some(all.map(number).collect()));
        }
        match (single(from), single(to)) {
            (Some(a), Some(b)) if a.is_ascii_lowercase() == b.is_ascii_lowercase() => {
                let letter = |n: i64| {
                    let c = u8::try_from(n).map_or('?', char::from);
                    vec![Part::Literal(c.to_string())]
                };
                let all = self.steps(i64::from(u32::from(a)), i64::from(u32::from(b)), step)?;
                Ok(Some(all.map(letter).collect()))
            }
            _ if word(from) || word(to) => Ok(None),
            _ => refused,
        }
    }

    #[allow(clippy::unused_self, reason = "it reads as a step of the search")]
    fn steps(&self, a: i64, b: i64, step: u64) -> Result<impl Iterator<Item = i64>, &'static str> {
        if a.abs_diff(b) / step >= WORDS as u64 {
            return Err("a brace expansion to very many words");
        }
        let step = i64::try_from(step).unwrap_or(1);
        let count = i64::try_from(a.abs_diff(b)).unwrap_or_default() / step;
        let sign = if a <= b { 1 } else { -1 };
        Ok((0..=count).map(move |i| a + sign * step * i))
    }
}

/// One letter.
fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
}

/// Several letters: no end of a range.
fn word(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '/')
}

/// The first `{` with its `}`.
fn pair(tokens: &[Token]) -> Result<Option<(usize, usize)>, &'static str> {
    for (i, token) in tokens.iter().enumerate() {
        if !matches!(token, Token::Sign(Sign::Open)) {
            continue;
        }
        let empty = matches!(tokens.get(i + 1), Some(Token::Sign(Sign::Close)));
        if empty && i == 0 {
            continue;
        }
        let blank = |t: &Token| matches!(t, Token::Part(Part::Literal(t)) if t.ends_with([' ', '\t', '\n']));
        if empty && i.checked_sub(1).and_then(|i| tokens.get(i)).is_some_and(blank) {
            return Err("braces behind a quoted blank");
        }
        if let Some(close) = closing(tokens, i + 1) {
            return Ok(Some((i, close)));
        }
    }
    Ok(None)
}

/// The `}` that ends what begins here, where there is a comma or a range at this level.
fn closing(tokens: &[Token], from: usize) -> Option<usize> {
    let (mut level, mut separated) = (0usize, false);
    for (i, token) in tokens.iter().enumerate().skip(from) {
        let Token::Sign(sign) = token else { continue };
        match sign {
            Sign::Close if level == 0 && separated => return Some(i),
            Sign::Close => level = level.saturating_sub(1),
            Sign::Open => level += 1,
            Sign::Comma => separated |= level == 0,
            Sign::Quote => {}
            Sign::Dots => {
                let ends = matches!(tokens.get(i + 1), Some(Token::Sign(Sign::Close)));
                separated |= level == 0 && !ends;
            }
        }
    }
    None
}

fn plain(tokens: &[Token]) -> Vec<Part> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            Token::Sign(sign) => append(&mut out, Part::Literal(sign.text().to_owned())),
            Token::Part(part) => append(&mut out, part.clone()),
        }
    }
    out
}
