//! Faults of rows that no run would show.
//!
//! In: a catalogue. Out: the first fault, with file, row and key.
//! Never: changes a row.

use super::rows::{Family, Flag, Takes};
use super::{Catalogue, CatalogueError};
use crate::model::Action;
use std::collections::BTreeSet;

/// A family's rows.
pub(super) fn parse(file: &str, text: &str) -> Result<Family, CatalogueError> {
    toml::from_str(text)
        .map_err(|e| CatalogueError { file: file.to_owned(), message: e.to_string() })
}

impl Catalogue {
    /// Checks the families from that place on; names count against all.
    pub(super) fn check_from(&self, from: usize) -> Result<(), CatalogueError> {
        let mut parsed = 0;
        for (file, text) in self.files.iter().skip(from) {
            let wrong = |message: String| CatalogueError { file: file.clone(), message };
            let family = parse(file, text)?;
            parsed += family.tool.len();
            for tool in &family.tool {
                let at = |message: String| wrong(format!("tool `{}`: {message}", tool.name));
                for name in std::iter::once(&tool.name).chain(&tool.aliases) {
                    let found = self.row(name).ok_or_else(|| {
                        at(format!("is not found by `{name}`; write `name = …` and `aliases = …` at the start of a line"))
                    })?;
                    if found.name != tool.name || found.about != tool.about {
                        return Err(at(format!("`{name}` is given twice")));
                    }
                }
                flags(&tool.flag).map_err(at)?;
                for verb in &tool.verb {
                    if verb.path.is_empty() {
                        return Err(at("a verb has no `path`".to_owned()));
                    }
                    flags(&verb.flag)
                        .map_err(|m| at(format!("verb `{}`: {m}", verb.path.join(" "))))?;
                }
            }
        }
        let cut = self.index().rows.iter().filter(|r| r.file >= from).count();
        if cut == parsed {
            Ok(())
        } else {
            let message = format!("{parsed} rows are cut into {cut}: `[[tool]]` stands in a text");
            Err(CatalogueError { file: "catalogue".to_owned(), message })
        }
    }
}

fn flags(flags: &[Flag]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for flag in flags {
        if flag.names.is_empty() {
            return Err("a flag has no `names`".to_owned());
        }
        for name in &flag.names {
            if !seen.insert(name) {
                return Err(format!("flag `{name}` is given twice"));
            }
            if !(name.starts_with(['-', '+']) || (name.len() > 1 && name.ends_with('='))) {
                return Err(format!("`{name}` is no name of a flag"));
            }
            if name == "-NUM" && flag.value != Takes::None {
                return Err("`-NUM` takes no value".to_owned());
            }
        }
        for kill in &flag.kills {
            if kill != "write" && Action::parse(kill).is_none_or(|a| a == Action::Opaque) {
                return Err(format!(
                    "`kills` of `{kill}`: no action, or one that cannot be killed"
                ));
            }
        }
    }
    Ok(())
}
