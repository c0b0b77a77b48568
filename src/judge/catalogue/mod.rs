//! What known tools do, as data. Never what is permitted.
//!
//! In: TOML texts, the compiled-in ones and those of the installation. Out: a [`Catalogue`].
//! Never: reads a file, decides.

mod rows;
mod sensitive;

pub use rows::{
    Confine, Doing, EffectText, Example, Flag, Form, Inner, OperandRule, Style, Takes, Tool,
    Valued, Verb, Wrapper,
};
pub use sensitive::{Place, is_persistent, is_secret, secret_roots};

use crate::model::{Digest, sha256};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// All compiled-in families, each behind a header with its name and length.
static BUILTIN: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.bundle"));
include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The rows of all tools, with the hash that stands in every entry. A row is parsed when its tool is
/// first asked for.
#[derive(Debug, Default)]
pub struct Catalogue {
    texts: Vec<Text>,
    /// By exact name or alias: which chunk of which text.
    names: BTreeMap<String, usize>,
    /// Names with a wildcard.
    patterns: Vec<(String, usize)>,
    chunks: Vec<Chunk>,
    extra: Vec<(String, String)>,
}

#[derive(Debug)]
enum Text {
    Builtin(usize, usize),
    Extra(String),
}

/// One `[[tool]]` of a text, not parsed before it is asked for.
#[derive(Debug)]
struct Chunk {
    text: usize,
    start: usize,
    end: usize,
    row: OnceLock<Option<Arc<Tool>>>,
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
        for (file, start, end) in FAMILIES {
            let text = BUILTIN.get(*start..*end).unwrap_or_default();
            catalogue.texts.push(Text::Builtin(*start, *end));
            catalogue.index(file, text)?;
        }
        for (file, text) in &extra {
            // The compiled-in rows are held by tests; these are checked whenever they are loaded.
            let parsed: File = toml::from_str(text)
                .map_err(|e| CatalogueError { file: file.clone(), message: one_line(&e) })?;
            let fail = |message: String| CatalogueError { file: file.clone(), message };
            check_keys(text).map_err(fail)?;
            for tool in &parsed.tool {
                check(tool).map_err(fail)?;
            }
            catalogue.texts.push(Text::Extra(text.clone()));
            catalogue.index(file, text)?;
        }
        catalogue.extra = extra;
        Ok(catalogue)
    }

    /// Finds the tools of a text by their headers, without parsing the rest.
    fn index(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        let number = self.texts.len().saturating_sub(1);
        let fail = |message: String| CatalogueError { file: file.to_owned(), message };
        let mut starts: Vec<usize> = text.match_indices("[[tool]]").map(|(i, _)| i).collect();
        starts.retain(|i| *i == 0 || text.get(..*i).is_some_and(|t| t.ends_with('\n')));
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        for (start, end) in starts.iter().copied().zip(ends) {
            let chunk = text.get(start..end).unwrap_or_default();
            let names = header_names(chunk);
            if names.is_empty() {
                return Err(fail("a tool without a name".to_owned()));
            }
            let id = self.chunks.len();
            for name in names {
                if name.contains('*') {
                    self.patterns.push((name, id));
                } else if self.names.insert(name.clone(), id).is_some() {
                    return Err(fail(format!(
                        "tool `{name}` is there already; a file may only add tools"
                    )));
                }
            }
            self.chunks.push(Chunk { text: number, start, end, row: OnceLock::new() });
        }
        Ok(())
    }

    /// The row of a program: by the base name it was found under, else by that of the file it really is.
    #[must_use]
    pub fn tool(&self, found: &str, real: &str) -> Option<Arc<Tool>> {
        [found, real].into_iter().find_map(|name| {
            let id = self.names.get(name).copied().or_else(|| {
                let matching = |(pattern, _): &&(String, usize)| {
                    crate::model::Glob::parse(pattern).is_ok_and(|g| g.matches(name))
                };
                self.patterns.iter().find(matching).map(|(_, id)| *id)
            })?;
            self.row(id)
        })
    }

    fn row(&self, id: usize) -> Option<Arc<Tool>> {
        let chunk = self.chunks.get(id)?;
        let text = self.chunk_text(id);
        let parse = || toml::from_str::<File>(text).ok()?.tool.pop().map(Arc::new);
        chunk.row.get_or_init(parse).clone()
    }

    /// Every tool, parsed and checked.
    ///
    /// # Errors
    /// A row that is not valid, by file.
    pub fn all(&self) -> Result<Vec<Arc<Tool>>, CatalogueError> {
        let mut out = Vec::new();
        for (id, chunk) in self.chunks.iter().enumerate() {
            let file = match self.texts.get(chunk.text) {
                Some(Text::Builtin(start, _)) => {
                    FAMILIES.iter().find(|(_, s, _)| s == start).map_or("?", |(f, ..)| f)
                }
                _ => "tools.d",
            };
            let fail = |message: String| CatalogueError { file: file.to_owned(), message };
            let tool = self.row(id).ok_or_else(|| fail(self.problem(id)))?;
            check_keys(self.chunk_text(id)).map_err(fail)?;
            check(&tool).map_err(fail)?;
            out.push(tool);
        }
        Ok(out)
    }

    fn chunk_text(&self, id: usize) -> &str {
        let text = self.chunks.get(id).and_then(|c| match self.texts.get(c.text)? {
            Text::Builtin(start, end) => BUILTIN.get(*start..*end)?.get(c.start..c.end),
            Text::Extra(text) => text.get(c.start..c.end),
        });
        text.unwrap_or_default()
    }

    fn problem(&self, id: usize) -> String {
        let text = self.chunk_text(id);
        toml::from_str::<File>(text).err().map_or_else(
            || "not one tool".to_owned(),
            |e| format!("{}: {}", header_names(text).join(", "), one_line(&e)),
        )
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        match Digest::parse(BUILTIN_SHA256) {
            Some(digest) if self.extra.is_empty() => digest,
            _ => sha256(&[&self.bundle()]),
        }
    }

    /// All texts as one blob, which the ledger keeps: behind a header with name and length each.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let mut out = BUILTIN.to_owned();
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
        let mut catalogue = Self::default();
        for (file, text) in unframe(text).ok_or_else(|| fail("not a bundle"))? {
            catalogue.texts.push(Text::Extra(text.clone()));
            catalogue.index(&file, &text)?;
            catalogue.extra.push((file, text));
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

/// Name and aliases of a `[[tool]]`, from the lines before its first table.
fn header_names(chunk: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = chunk.lines().skip(1).take_while(|l| !l.starts_with("[["));
    while let Some(line) = lines.next() {
        let (key, value) = line.split_once('=').unwrap_or_default();
        if !matches!(key.trim(), "name" | "aliases") {
            continue;
        }
        let mut value = value.to_owned();
        while value.contains('[') && !value.contains(']') {
            let Some(next) = lines.next() else { break };
            value.push_str(next);
        }
        names.extend(value.split('"').skip(1).step_by(2).map(str::to_owned));
        if key.trim() == "aliases" {
            break;
        }
    }
    names
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
    let forms = std::iter::once(&tool.form).chain(tool.verb.iter().map(|v| &v.form));
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
