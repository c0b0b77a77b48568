//! What known tools do, as data. Never what is permitted.
//!
//! In: TOML texts, the compiled-in ones and those of the installation. Out: a [`Catalogue`].
//! Never: reads a file, decides.

mod check;
mod rows;
mod sensitive;
mod template;

pub use rows::{
    ByValue, Confine, Example, Family, Flag, Inner, Operands, Range, Style, Takes, Tool, Verb,
    Wrapper,
};
pub use sensitive::{Builtin, Builtins, Environment, Sensitive};
pub use template::{Do, Kind, Piece, Target, Template, Var};

use crate::model::{Digest, Glob, canonical, parse_canonical, sha256};
use check::parse;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The compiled-in families. Adding one is adding its line.
const FAMILIES: &[(&str, &str)] = &[
    ("agents", include_str!("tools/agents.toml")),
    ("aws", include_str!("tools/aws.toml")),
    ("cargo", include_str!("tools/cargo.toml")),
    ("files", include_str!("tools/files.toml")),
    ("files2", include_str!("tools/files2.toml")),
    ("git", include_str!("tools/git.toml")),
    ("make", include_str!("tools/make.toml")),
    ("net", include_str!("tools/net.toml")),
    ("node", include_str!("tools/node.toml")),
    ("python", include_str!("tools/python.toml")),
    ("search", include_str!("tools/search.toml")),
    ("shells", include_str!("tools/shells.toml")),
    ("sql", include_str!("tools/sql.toml")),
    ("system", include_str!("tools/system.toml")),
    ("text", include_str!("tools/text.toml")),
    ("wrappers", include_str!("tools/wrappers.toml")),
];

/// The rows of all tools, with the hash that stands in every entry.
///
/// Only the rows that are asked for are parsed: a text is cut at its `[[tool]]` lines, each piece is
/// a TOML document of one row.
#[derive(Debug)]
pub struct Catalogue {
    files: Vec<(String, Cow<'static, str>)>,
    index: OnceLock<Index>,
    sensitive: OnceLock<Sensitive>,
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

#[derive(Debug, Default)]
struct Index {
    /// Per row the family and its place in the text, parsed on first use.
    rows: Vec<Row>,
    exact: BTreeMap<String, usize>,
    globs: Vec<(Glob, usize)>,
}

#[derive(Debug)]
struct Row {
    file: usize,
    start: usize,
    end: usize,
    tool: OnceLock<Option<Tool>>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let builtin =
            |(name, text): &(&str, &'static str)| ((*name).to_owned(), Cow::Borrowed(*text));
        Self {
            files: FAMILIES.iter().map(builtin).collect(),
            index: OnceLock::new(),
            sensitive: OnceLock::new(),
        }
    }
}

impl Catalogue {
    /// The compiled-in rows, extended by the files of an installation (name, text), which may add tools
    /// but not replace any.
    ///
    /// # Errors
    /// A text that is not valid; a tool given twice.
    pub fn new(extra: Vec<(String, String)>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        if extra.is_empty() {
            return Ok(catalogue);
        }
        let own = catalogue.files.len();
        catalogue.files.extend(extra.into_iter().map(|(n, t)| (n, Cow::Owned(t))));
        catalogue.check_from(own)?;
        Ok(catalogue)
    }

    /// The row of a program: by the base name under which it was found, then by that of its file with
    /// all links resolved (`awk` → `mawk`).
    #[must_use]
    pub fn tool(&self, found: &str, real: &str) -> Option<&Tool> {
        self.row(found).or_else(|| self.row(real))
    }

    fn row(&self, name: &str) -> Option<&Tool> {
        let index = self.index();
        let place = index.exact.get(name).copied().or_else(|| {
            index.globs.iter().find(|(g, _)| g.matches(name)).map(|(_, place)| *place)
        })?;
        let row = index.rows.get(place)?;
        row.tool
            .get_or_init(|| {
                let text = self.files.get(row.file)?.1.get(row.start..row.end)?;
                toml::from_str::<Family>(text).ok()?.tool.pop()
            })
            .as_ref()
    }

    /// The names of all tools, without aliases, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let index = self.index();
        let mut names: Vec<&str> = index.exact.keys().map(String::as_str).collect();
        names.extend(index.globs.iter().map(|(g, _)| g.as_str()));
        names.sort_unstable();
        names
    }

    /// Parses every row and looks for what no run would show: rows cut wrongly, tools or flags given
    /// twice, names that no flag reader can meet.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), CatalogueError> {
        self.check_from(0)
    }

    /// Every row with its family's name, parsed.
    ///
    /// # Errors
    /// The first text that is not valid.
    pub fn families(&self) -> Result<Vec<(&str, Family)>, CatalogueError> {
        self.files.iter().map(|(name, text)| Ok((name.as_str(), parse(name, text)?))).collect()
    }

    /// What stands in data beside the tools: secret places, names that execute, builtins of bash.
    #[must_use]
    pub fn sensitive(&self) -> &Sensitive {
        self.sensitive.get_or_init(Sensitive::compiled_in)
    }

    /// SHA-256 of [`Self::bundle`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        sha256(&[&self.bundle()])
    }

    /// All texts as one canonical JSON blob, which the ledger keeps.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let file = |(name, text): &(String, Cow<'static, str>)| json!({"name": name, "text": text});
        let json = json!({"files": self.files.iter().map(file).collect::<Vec<_>>(),
            "sensitive": sensitive::TEXT});
        // Strings in two levels: there is always a canonical form.
        canonical(&json).unwrap_or_default()
    }

    /// Reads a bundle back, for replay.
    ///
    /// # Errors
    /// Not a bundle, or a text in it that is not valid.
    pub fn from_bundle(bundle: &[u8]) -> Result<Self, CatalogueError> {
        let wrong = |message: String| CatalogueError { file: "bundle".to_owned(), message };
        let json = parse_canonical(bundle).map_err(|e| wrong(e.to_string()))?;
        let text = |v: &Value, key: &str| {
            v.get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| wrong(format!("no text `{key}`")))
        };
        let files = json
            .get("files")
            .and_then(Value::as_array)
            .ok_or_else(|| wrong("no list `files`".to_owned()))?
            .iter()
            .map(|f| Ok((text(f, "name")?, Cow::Owned(text(f, "text")?))))
            .collect::<Result<_, CatalogueError>>()?;
        let sensitive = Sensitive::parse(&text(&json, "sensitive")?).map_err(wrong)?;
        let catalogue =
            Self { files, index: OnceLock::new(), sensitive: OnceLock::from(sensitive) };
        catalogue.check()?;
        Ok(catalogue)
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (file, (_, text)) in self.files.iter().enumerate() {
                index.scan(file, text);
            }
            index
        })
    }
}

impl Index {
    /// Cuts a text into rows and notes their names, line by line; `check` compares with a full parse.
    fn scan(&mut self, file: usize, text: &str) {
        let (mut at, mut head, mut list) = (0, false, false);
        for line in text.split_inclusive('\n') {
            if line.starts_with("[[tool]]") {
                if let Some(last) = self.rows.last_mut().filter(|r| r.file == file) {
                    last.end = at;
                }
                self.rows.push(Row { file, start: at, end: text.len(), tool: OnceLock::new() });
                head = true;
            } else if line.starts_with('[') {
                // From here on `aliases` are those of verbs.
                head = false;
            } else if head
                && (list || line.starts_with("name = ") || line.starts_with("aliases = "))
            {
                list = !line.starts_with("name = ") && !line.contains(']');
                let place = self.rows.len().saturating_sub(1);
                for name in line.split('"').skip(1).step_by(2) {
                    self.name(name, place);
                }
            }
            at += line.len();
        }
    }

    fn name(&mut self, name: &str, place: usize) {
        match Glob::parse(name) {
            Ok(g) if g.as_literal().is_none() => self.globs.push((g, place)),
            _ => {
                self.exact.entry(name.to_owned()).or_insert(place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
