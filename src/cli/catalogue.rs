//! `exo catalogue …`: what exo knows of tools, and whether a file of rows is right.
//!
//! In: the catalogue of this installation, or a file. Out: rows in words, findings.
//! Never: writes a file.

use super::args::surroundings;
use super::text::{complain, out, printable, say};
use super::{NO, UNKNOWN, YES};
use crate::gate::Error;
use crate::judge::catalogue::{Catalogue, Tool};
use crate::judge::lint::{Severity, exact, page, row_json, row_text, tools};
use clap::Subcommand;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What can be asked of the catalogue.
#[derive(Debug, Subcommand)]
pub(super) enum CatalogueCommand {
    /// List the tools that exo knows
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell what a tool does: its flags, verbs and their effects
    Show {
        /// Name of the tool
        tool: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Look into a file of rows before it goes into tools.d
    Check {
        /// The file
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the page of all compiled-in tools, docs/catalogue.md
    Page,
}

/// `exo catalogue …`.
pub(super) fn run(command: &CatalogueCommand) -> u8 {
    let result = match command {
        CatalogueCommand::List { json } => list(*json),
        CatalogueCommand::Show { tool, json } => show(tool, *json),
        CatalogueCommand::Check { file, json } => check(file, *json),
        CatalogueCommand::Page => all(&Catalogue::default()).map(|tools| {
            out(&page(&tools.iter().collect::<Vec<_>>()));
            YES
        }),
    };
    result.unwrap_or_else(|e| {
        complain(&e);
        UNKNOWN
    })
}

/// Every tool, by name.
fn all(catalogue: &Catalogue) -> Result<Vec<Tool>, Error> {
    let mut tools = catalogue.all()?;
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tools)
}

fn list(json: bool) -> Result<u8, Error> {
    let (_, installation) = surroundings()?;
    let tools = all(&installation.catalogue()?)?;
    if json {
        let row = |t: &Tool| json!({"name": t.name, "aliases": t.aliases, "about": t.about, "exact": exact(t), "verbs": t.verb.len()});
        out(&format!("{:#}\n", json!(tools.iter().map(row).collect::<Vec<Value>>())));
        return Ok(YES);
    }
    let width = tools.iter().map(|t| t.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for t in &tools {
        let exact = if exact(t) { "exact" } else { "" };
        let _ = writeln!(text, "{:<width$}  {exact:<5}  {}", t.name, printable(&t.about));
    }
    out(&text);
    Ok(YES)
}

fn show(name: &str, json: bool) -> Result<u8, Error> {
    let (_, installation) = surroundings()?;
    let Some(tool) = installation.catalogue()?.tool(name, name) else {
        say(&format!(
            "exo: no row for `{}`; `exo catalogue list` shows what there is",
            printable(name)
        ));
        return Ok(NO);
    };
    if json {
        out(&format!("{:#}\n", row_json(&tool)));
    } else {
        let text = row_text(&tool);
        out(&text.lines().map(|l| format!("{}\n", printable(l))).collect::<String>());
    }
    Ok(YES)
}

fn check(file: &Path, json: bool) -> Result<u8, Error> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Error::Io("cannot read", file.to_owned(), e.to_string()))?;
    let name = file.display().to_string();
    let found = tools(&name, &text);
    let code = if found.iter().any(|f| f.severity == Severity::Error) { NO } else { YES };
    if json {
        let row = |f: &crate::judge::lint::RowFinding| json!({"severity": f.severity.name(), "line": f.line, "tool": f.tool, "message": f.message});
        out(&format!(
            "{:#}\n",
            json!({"file": name, "findings": found.iter().map(row).collect::<Vec<_>>()})
        ));
        return Ok(code);
    }
    let mut t = String::new();
    for f in &found {
        let line = f.line.map(|l| format!(":{l}")).unwrap_or_default();
        let tool = if f.tool.is_empty() { String::new() } else { format!("tool `{}`: ", f.tool) };
        let _ = writeln!(
            t,
            "{name}{line}: {}: {}",
            f.severity.name(),
            printable(&format!("{tool}{}", f.message))
        );
    }
    if found.is_empty() {
        let _ =
            writeln!(t, "{name}: {} tools, all examples hold", text.matches("[[tool]]").count());
    }
    out(&t);
    Ok(code)
}
