//! What known tools do, as data. Never what is permitted.
//!
//! In: TOML texts, the compiled-in ones and those of the installation. Out: a [`Catalogue`].
//! Never: reads a file, decides.

mod header;
mod operations;
mod rows;
mod sensitive;

pub use operations::{Operation, Operations};
pub use rows::{
    Confine, Doing, EffectText, Example, Flag, Form, Inner, LazyForm, OperandRule, Style, Takes,
    Tool, Valued, Verb, Wrapper,
};
pub use sensitive::{Place, is_persistent, is_rebuildable, is_secret, is_state, secret_roots};

use crate::model::{Digest, sha256};
use header::headers;
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

/// All compiled-in families, each behind a header with its name and length.
static BUILTIN: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.bundle"));
/// The rows of them as JSON without their examples, each verb by itself.
static BUILTIN_ROWS: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.json"));
include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The rows of all tools, with the hash that stands in every entry. A row is parsed when its tool is
/// first asked for; where the compiled-in ones stand was found when exo was built.
#[derive(Debug)]
pub struct Catalogue {
    /// Whether the compiled-in rows count; a bundle of another engine brings all its own.
    builtin: bool,
    rows: Vec<OnceLock<Option<Arc<Tool>>>>,
    extra: Vec<(String, String)>,
    /// Tools of `extra`: names, number of the text, start and end.
    more: Vec<(Vec<String>, usize, usize, usize)>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { builtin: true, rows: lazy(CHUNKS.len()), extra: Vec::new(), more: Vec::new() }
    }
}

fn lazy(count: usize) -> Vec<OnceLock<Option<Arc<Tool>>>> {
    (0..count).map(|_| OnceLock::new()).collect()
}

/// Why catalogue text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("catalogue file `{file}`: {message}")]
pub struct CatalogueError {
    /// Which file.
    pub file: String,
    /// What is wrong, with line and key where they are known.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    tool: Vec<Tool>,
}

impl Catalogue {
    /// The compiled-in rows, extended by the files of an installation (name, text), which may add tools
    /// but not replace any.
    ///
    /// # Errors
    /// A text that is not valid; a tool given twice.
    pub fn new(extra: Vec<(String, String)>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        for (file, text) in extra {
            // The compiled-in rows are held by tests; these are checked whenever they are loaded.
            let fail = |message: String| CatalogueError { file: file.clone(), message };
            let parsed: File = toml::from_str(&text).map_err(|e| fail(one_line(&e)))?;
            check_keys(&text).map_err(fail)?;
            parsed.tool.iter().try_for_each(check).map_err(fail)?;
            catalogue.extend(file, text)?;
        }
        Ok(catalogue)
    }

    /// Adds the tools of one more text.
    fn extend(&mut self, file: String, text: String) -> Result<(), CatalogueError> {
        let fail = |message: String| CatalogueError { file: file.clone(), message };
        for tool in headers(&text) {
            if tool.names.is_empty() {
                return Err(fail("a tool without a name".to_owned()));
            }
            if let Some(name) = tool.names.iter().find(|n| self.number(n).is_some()) {
                return Err(fail(format!(
                    "tool `{name}` is there already; a file may only add tools"
                )));
            }
            self.more.push((tool.names, self.extra.len(), tool.start, tool.end));
            self.rows.push(OnceLock::new());
        }
        self.extra.push((file, text));
        Ok(())
    }

    /// The row of a program: by the base name it was found under, else by that of the file it really is.
    #[must_use]
    pub fn tool(&self, found: &str, real: &str) -> Option<Arc<Tool>> {
        let number = self.number(found).or_else(|| self.number(real))?;
        self.row(number)
    }

    /// The number of the row of that name: exact names first, then those with a wildcard.
    fn number(&self, name: &str) -> Option<usize> {
        let fits = |pattern: &str| {
            pattern.contains('*')
                && crate::model::Glob::parse(pattern).is_ok_and(|g| g.matches(name))
        };
        let builtin = || {
            let at = NAMES.binary_search_by(|(n, _)| (*n).cmp(name)).ok();
            at.and_then(|i| NAMES.get(i)).map(|(_, chunk)| *chunk)
        };
        let pattern = || PATTERNS.iter().find(|(p, _)| fits(p)).map(|(_, chunk)| *chunk);
        let first = if self.builtin { CHUNKS.len() } else { 0 };
        let more = |exact: bool| {
            let is = |n: &String| if exact { n == name } else { fits(n) };
            self.more.iter().position(|(names, ..)| names.iter().any(is)).map(|i| first + i)
        };
        let exact = if self.builtin { builtin() } else { None }.or_else(|| more(true));
        exact.or_else(|| if self.builtin { pattern() } else { None }).or_else(|| more(false))
    }

    fn row(&self, number: usize) -> Option<Arc<Tool>> {
        let compiled = || {
            let (start, end) = ROWS.get(number).filter(|_| self.builtin)?;
            serde_json::from_str(BUILTIN_ROWS.get(*start..*end)?).ok()
        };
        let written = || {
            let tool = toml::from_str::<File>(self.chunk_text(number)).ok()?.tool.pop()?;
            tool.verb.iter().all(|v| v.form.is_written()).then_some(tool)
        };
        self.rows.get(number)?.get_or_init(|| compiled().or_else(written).map(Arc::new)).clone()
    }

    fn chunk_text(&self, number: usize) -> &str {
        let first = if self.builtin { CHUNKS.len() } else { 0 };
        let text = match number.checked_sub(first) {
            None => CHUNKS.get(number).and_then(|(start, end)| BUILTIN.get(*start..*end)),
            Some(i) => self.more.get(i).and_then(|(_, text, start, end)| {
                self.extra.get(*text).and_then(|(_, t)| t.get(*start..*end))
            }),
        };
        text.unwrap_or_default()
    }

    /// Every tool with its examples, parsed from its text and checked.
    ///
    /// # Errors
    /// A row that is not valid, by name.
    pub fn all(&self) -> Result<Vec<Tool>, CatalogueError> {
        let mut out = Vec::new();
        for number in 0..self.rows.len() {
            let text = self.chunk_text(number);
            let file = header::names(text).join(", ");
            let fail = |message: String| CatalogueError { file: file.clone(), message };
            let mut parsed: File = toml::from_str(text).map_err(|e| fail(one_line(&e)))?;
            let tool = parsed.tool.pop().ok_or_else(|| fail("not one tool".to_owned()))?;
            check_keys(text).map_err(fail)?;
            check(&tool).map_err(fail)?;
            out.push(tool);
        }
        Ok(out)
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        match Digest::parse(BUILTIN_SHA256) {
            Some(digest) if self.builtin && self.extra.is_empty() => digest,
            _ => sha256(&[&self.bundle()]),
        }
    }

    /// All texts as one blob, which the ledger keeps: behind a header with name and length each.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let mut out = if self.builtin { BUILTIN.to_owned() } else { String::new() };
        for (file, text) in &self.extra {
            // A name with a newline could forge a header.
            let file: String = file.chars().filter(|c| !c.is_control()).collect();
            out.push_str(&format!("=== {file} {}\n{text}\n", text.len()));
        }
        out.into_bytes()
    }

    /// Reads a bundle back, for replay. Where its compiled-in part differs from this engine's, all its
    /// texts are taken from the bundle.
    ///
    /// # Errors
    /// Not a bundle, or a text in it that is not valid.
    pub fn from_bundle(bundle: &[u8]) -> Result<Self, CatalogueError> {
        let fail = |message: &str| CatalogueError {
            file: "bundle".to_owned(),
            message: message.to_owned(),
        };
        let text = std::str::from_utf8(bundle).map_err(|_| fail("not UTF-8"))?;
        if let Some(rest) = text.strip_prefix(BUILTIN) {
            return Self::new(unframe(rest).ok_or_else(|| fail("not a bundle"))?);
        }
        let mut catalogue = Self { builtin: false, rows: Vec::new(), ..Self::default() };
        for (file, text) in unframe(text).ok_or_else(|| fail("not a bundle"))? {
            catalogue.extend(file, text)?;
        }
        Ok(catalogue)
    }
}

/// The texts of a bundle.
fn unframe(mut rest: &str) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (header, tail) = rest.split_once('\n')?;
        let (name, length) = header.strip_prefix("=== ")?.rsplit_once(' ')?;
        let length: usize = length.parse().ok()?;
        out.push((name.to_owned(), tail.get(..length)?.to_owned()));
        rest = tail.get(length..)?.strip_prefix('\n')?;
    }
    Some(out)
}

/// Refuses keys of tools and verbs that no type has.
fn check_keys(text: &str) -> Result<(), String> {
    let table: toml::Table = toml::from_str(text).map_err(|e| one_line(&e))?;
    let [tool_keys, verb_keys, both] = rows::KEYS;
    let list = |v: Option<&toml::Value>| v.and_then(|v| v.as_array()).cloned().unwrap_or_default();
    for tool in list(table.get("tool")) {
        let name = tool.get("name").and_then(|n| n.as_str()).unwrap_or("?").to_owned();
        let verbs = list(tool.get("verb"));
        for (value, keys) in verbs.iter().map(|v| (v, verb_keys)).chain([(&tool, tool_keys)]) {
            let unknown = value.as_table().and_then(|t| {
                t.keys().find(|k| !keys.contains(&k.as_str()) && !both.contains(&k.as_str()))
            });
            if let Some(key) = unknown {
                return Err(format!("tool `{name}`: unknown key `{key}`"));
            }
        }
    }
    Ok(())
}

/// What the types cannot say: every effect text can be read.
fn check(tool: &Tool) -> Result<(), String> {
    if let Some(problem) = tool.operations.as_ref().and_then(Operations::problem) {
        return Err(format!("tool `{}`: {problem}", tool.name));
    }
    let forms = std::iter::once(&tool.form).chain(tool.verb.iter().map(|v| &*v.form));
    for form in forms {
        let flags = form.flag.iter();
        let rules = form.operands.iter().chain(flags.clone().flat_map(|f| &f.operands));
        let valued =
            rules.clone().flat_map(|r| &r.values).chain(flags.clone().flat_map(|f| &f.values));
        let texts = form
            .effects
            .iter()
            .chain(form.no_operands.iter().flatten())
            .chain(form.if_one_operand.iter().flatten())
            .chain(rules.flat_map(|r| &r.effects))
            .chain(flags.flat_map(|f| &f.effects))
            .chain(valued.flat_map(|v| &v.effects));
        for text in texts {
            if EffectText::parse(text).is_none() {
                return Err(format!("tool `{}`: `{text}` is not an effect", tool.name));
            }
        }
    }
    Ok(())
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().trim().lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_rows_are_those_of_the_texts() {
        let catalogue = Catalogue::default();
        for (number, mut tool) in catalogue.all().unwrap().into_iter().enumerate() {
            tool.example.clear();
            assert_eq!(catalogue.row(number).as_deref(), Some(&tool));
        }
    }
}
