//! Texts with variables: `{cwd}/**`.
//!
//! In: text; later the values of facts. Out: the text with the values in it, taken literally.
//! Never: lets the value of a fact act as a wildcard.

use super::words::{is_env_name, nearest};
use crate::model::{Answer, FactValue, Glob, World};
use std::collections::{BTreeMap, BTreeSet};

/// The facts that rules and variables may name, beside `env.NAME`; whether they are whole numbers.
const FACTS: &[(&str, bool)] = &[
    ("cwd", false),
    ("home", false),
    ("tmp", false),
    ("user.home", false),
    ("user.name", false),
    ("user.uid", true),
    ("host.name", false),
    ("git.root", false),
    ("git.branch", false),
    ("time.now", false),
    ("time.date", false),
    ("time.hour", true),
    ("time.minute", true),
    ("time.weekday", false),
];

/// Whether this fact is a whole number.
///
/// # Errors
/// No such fact, with the nearest or all known names.
pub(super) fn is_number(fact: &str) -> Result<bool, String> {
    if let Some((_, number)) = FACTS.iter().find(|(name, _)| *name == fact) {
        return Ok(*number);
    }
    if fact.strip_prefix("env.").is_some_and(is_env_name) {
        return Ok(false);
    }
    let names = || FACTS.iter().map(|(n, _)| *n);
    Err(match nearest(fact, names()) {
        Some(near) => format!("unknown fact `{fact}`; did you mean `{near}`?"),
        None => {
            let known = names().collect::<Vec<_>>().join(", ");
            format!("unknown fact `{fact}`; known are: {known}, env.NAME")
        }
    })
}

/// The answer that a fact of that name would be with this text as its value; an empty text: absent.
///
/// # Errors
/// No such fact, or one that is a number and the text is none.
pub fn supposed(fact: &str, text: &str) -> Result<Answer, String> {
    let number = is_number(fact)?;
    if text.is_empty() {
        return Ok(Answer::Absent);
    }
    if !number {
        return Ok(Answer::Known(FactValue::Text(text.to_owned())));
    }
    let value = text.parse().map_err(|_| format!("`{fact}` is a whole number, not `{text}`"))?;
    Ok(Answer::Known(FactValue::Integer(value)))
}

/// What facts were answered, by name: asked once for a decision.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, Answer>);

impl Values {
    /// Asks the world each of the names.
    #[must_use]
    pub fn ask(names: &BTreeSet<String>, world: &dyn World) -> Self {
        Self(names.iter().map(|n| (n.clone(), world.ask(n))).collect())
    }

    /// Whether the world answers all of them so.
    pub(super) fn hold_in(&self, world: &dyn World) -> bool {
        self.0.iter().all(|(name, answer)| world.answers(name, answer))
    }

    /// The value; `None` where it is known to be absent.
    ///
    /// # Errors
    /// The fact could not be found out.
    pub fn get(&self, name: &str) -> Result<Option<&FactValue>, String> {
        match self.0.get(name) {
            Some(Answer::Known(value)) => Ok(Some(value)),
            Some(Answer::Absent) => Ok(None),
            Some(Answer::Failed(why)) => {
                Err(format!("fact `{name}` could not be found out: {why}"))
            }
            None => Err(format!("fact `{name}` was not asked for")),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// The text, and the part of it before the first wildcard or escape.
    Text(String, String),
    Variable(String),
}

/// A text with variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                plain.push('{');
                rest = after;
                continue;
            }
            let (name, after) =
                from.strip_prefix('{').and_then(|s| s.split_once('}')).ok_or_else(|| {
                    format!("`{text}` has a `{{` without `}}`; write `{{{{` for a brace")
                })?;
            is_number(name).map_err(|e| format!("`{text}`: {e}"))?;
            push_text(&mut pieces, &mut plain);
            pieces.push(Piece::Variable(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        push_text(&mut pieces, &mut plain);
        Ok(Self { pieces })
    }

    /// The names of its variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(..) => None,
        })
    }

    /// The text with each variable as this word: for checks, or where there are none.
    pub(super) fn with(&self, word: &str) -> String {
        self.replace(&|_| word.to_owned())
    }

    /// The text with each variable replaced, by its number.
    pub(super) fn replace(&self, put: &dyn Fn(usize) -> String) -> String {
        let mut number = 0;
        let text = |p: &Piece| match p {
            Piece::Text(t, _) => t.clone(),
            Piece::Variable(_) => {
                number += 1;
                put(number - 1)
            }
        };
        self.pieces.iter().map(text).collect()
    }

    /// Its variables in order: name, and whether `/` follows.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, bool)> {
        self.pieces.iter().enumerate().filter_map(|(i, p)| match p {
            Piece::Variable(name) => Some((name.as_str(), self.slash_follows(i))),
            Piece::Text(..) => None,
        })
    }

    /// The plain text before its first variable; `None` where there is a wildcard in it, or no variable.
    pub(super) fn lead(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Variable(_), ..] => Some(""),
            [Piece::Text(text, literal), Piece::Variable(_), ..] if text == literal => Some(text),
            _ => None,
        }
    }

    /// The text as it is written.
    pub(super) fn source(&self) -> String {
        let text = |p: &Piece| match p {
            Piece::Text(t, _) => t.replace('{', "{{"),
            Piece::Variable(name) => format!("{{{name}}}"),
        };
        self.pieces.iter().map(text).collect()
    }

    fn slash_follows(&self, at: usize) -> bool {
        matches!(self.pieces.get(at + 1), Some(Piece::Text(t, _)) if t.starts_with('/'))
    }

    /// The text with the values in it, each passed through `quote`; `None` where a variable has none.
    ///
    /// A value that is a path ends without `/` where `/` follows, so that `{cwd}/x` is `/x` in the root.
    /// An empty value counts as none: `file:{env.X}/**` must not become `file:/**`.
    pub(super) fn fill(
        &self,
        values: &Values,
        quote: &dyn Fn(&str) -> String,
    ) -> Result<Option<String>, String> {
        let mut out = String::new();
        for (i, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text, _) => out.push_str(text),
                Piece::Variable(name) => match self.value(values, name, i)? {
                    Some(value) => out.push_str(&quote(&value)),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(out))
    }

    /// Whether a name that begins so can be meant: a cheap no before the glob is made.
    pub(super) fn may_begin(&self, values: &Values, mut begin: &str) -> Result<bool, String> {
        for (i, piece) in self.pieces.iter().enumerate() {
            let filled;
            let (literal, ends) = match piece {
                Piece::Text(text, literal) => (literal.as_str(), text.len() != literal.len()),
                Piece::Variable(name) => match self.value(values, name, i)? {
                    Some(value) => {
                        filled = value;
                        (filled.as_str(), false)
                    }
                    None => return Ok(false),
                },
            };
            match begin.strip_prefix(literal) {
                Some(_) if ends => return Ok(true),
                Some(rest) => begin = rest,
                None => return Ok(literal.starts_with(begin)),
            }
        }
        Ok(true)
    }

    fn value(&self, values: &Values, name: &str, at: usize) -> Result<Option<String>, String> {
        let Some(value) = values.get(name)? else { return Ok(None) };
        let text = value.to_string();
        if text.is_empty() {
            return Ok(None);
        }
        let trimmed = if self.slash_follows(at) { text.trim_end_matches('/') } else { &text };
        Ok(Some(trimmed.to_owned()))
    }

    /// The glob, where there is no variable in it or all have a value.
    pub(super) fn glob(&self, values: &Values) -> Result<Option<Glob>, String> {
        let Some(text) = self.fill(values, &Glob::escape)? else { return Ok(None) };
        Glob::parse(&text).map(Some).map_err(|e| e.to_string())
    }
}

fn push_text(pieces: &mut Vec<Piece>, plain: &mut String) {
    if !plain.is_empty() {
        let text = std::mem::take(plain);
        let literal = text.split(['*', '?', '\\']).next().unwrap_or_default().to_owned();
        pieces.push(Piece::Text(text, literal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(rows: &[(&str, &str)]) -> Values {
        let known = |v: &str| Answer::Known(FactValue::Text(v.to_owned()));
        Values(rows.iter().map(|(n, v)| ((*n).to_owned(), known(v))).collect())
    }

    fn glob(template: &str, rows: &[(&str, &str)]) -> Option<String> {
        let t = Template::parse(template).unwrap();
        t.glob(&values(rows)).unwrap().map(|g| g.as_str().to_owned())
    }

    #[test]
    fn values_are_taken_literally_and_braces_can_be_written() {
        assert_eq!(glob("{cwd}/**", &[("cwd", "/r")]).unwrap(), "/r/**");
        assert_eq!(glob("{cwd}/**", &[("cwd", "/a*b")]).unwrap(), "/a\\*b/**");
        assert_eq!(glob("{cwd}/**", &[("cwd", "/")]).unwrap(), "/**");
        assert_eq!(glob("{cwd}", &[("cwd", "/")]).unwrap(), "/");
        assert_eq!(glob("/x/{{y}", &[]).unwrap(), "/x/{y}");
        assert_eq!(glob("{env.X}/**", &[("env.X", "")]), None);
        assert!(Template::parse("{cwd").is_err());
        assert!(Template::parse("{cwdd}").unwrap_err().contains("did you mean `cwd`"));
    }

    #[test]
    fn the_cheap_no_never_says_no_to_a_match() {
        let v = values(&[("cwd", "/r"), ("home", "/")]);
        let rows = [
            ("{cwd}/**", "/r/x", true),
            ("{cwd}/**", "/r", true),
            ("{cwd}/**", "/q", false),
            ("{home}/**", "/q", true),
            ("**/x", "/q", true),
            ("{cwd}/a/*", "/r/b", false),
            ("{cwd}/a/*", "/r/a/b", true),
            ("{cwd}/a/*", "/", true),
        ];
        for (template, begin, want) in rows {
            let t = Template::parse(template).unwrap();
            assert_eq!(t.may_begin(&v, begin), Ok(want), "{template} {begin}");
        }
    }
}
