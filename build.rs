//! Bundles the catalogue, so that no run has to read or hash what it does not need: one text of all tool
//! families with its hash, and beside it the same rows as JSON, each verb by itself, with an index.
//!
//! In: `src/judge/catalogue/tools/*.toml`, `sensitive.toml`. Out: `catalogue.bundle`, `catalogue.json`,
//! `catalogue.rs` and `sensitive.rs` in OUT_DIR.
//! Never: checks the rows; a test does.

/// The same reading of headers as the program's own.
#[path = "src/judge/catalogue/header.rs"]
mod header;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    tools(Path::new(&out))?;
    sensitive(Path::new(&out))
}

fn tools(out: &Path) -> io::Result<()> {
    let dir = Path::new("src/judge/catalogue/tools");
    println!("cargo:rerun-if-changed={}", dir.display());
    let mut files: Vec<_> = fs::read_dir(dir)?.filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let (mut bundle, mut json) = (String::new(), String::new());
    let (mut chunks, mut rows) = (String::new(), String::new());
    let (mut names, mut patterns) = (BTreeMap::new(), String::new());
    let mut count = 0usize;
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
        let text = fs::read_to_string(file)?;
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        // The framing that `catalogue::bundle` reads back: a header with the length, then the text.
        let _ = writeln!(bundle, "=== {name} {}", text.len());
        let start = bundle.len();
        bundle.push_str(&text);
        bundle.push('\n');
        for tool in header::headers(&text) {
            let _ = write!(chunks, "({}, {}),", start + tool.start, start + tool.end);
            let chunk = text.get(tool.start..tool.end).unwrap_or_default();
            let (from, to) =
                row(chunk, &mut json).map_err(|e| io::Error::other(format!("{name}: {e}")))?;
            let _ = write!(rows, "({from}, {to}),");
            for alias in tool.names {
                if alias.contains('*') {
                    let _ = write!(patterns, "({alias:?}, {count}),");
                } else if names.insert(alias.clone(), count).is_some() {
                    return Err(io::Error::other(format!("{name}: tool `{alias}` is there twice")));
                }
            }
            count += 1;
        }
    }
    let hash: String = Sha256::digest(bundle.as_bytes()).iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    });
    fs::write(out.join("catalogue.bundle"), bundle)?;
    fs::write(out.join("catalogue.json"), json)?;
    let mut index = String::new();
    for (name, chunk) in names {
        let _ = write!(index, "({name:?}, {chunk}),");
    }
    let code = format!(
        "const BUILTIN_SHA256: &str = \"{hash}\";\n\
         /// Where each tool stands in the bundle.\n\
         static CHUNKS: [(usize, usize); {count}] = [{chunks}];\n\
         /// Where each tool stands in the JSON.\n\
         static ROWS: [(usize, usize); {count}] = [{rows}];\n\
         /// Names, ascending, with the number of their chunk.\n\
         static NAMES: &[(&str, usize)] = &[{index}];\n\
         static PATTERNS: &[(&str, usize)] = &[{patterns}];\n"
    );
    fs::write(out.join("catalogue.rs"), code)
}

/// Adds a tool to the JSON, first the forms of its verbs, then the tool, which says where those are.
/// Examples are for tests alone.
fn row(chunk: &str, json: &mut String) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let mut place = |value: &Value| {
        let start = json.len();
        json.push_str(&value.to_string());
        (start, json.len())
    };
    let table: toml::Table = toml::from_str(chunk)?;
    let mut table = serde_json::to_value(table)?;
    let tool = table.get_mut("tool").and_then(|t| t.get_mut(0)).and_then(Value::as_object_mut);
    let tool = tool.ok_or("not one tool")?;
    tool.remove("example");
    if let Some(Value::Array(verbs)) = tool.get_mut("verb") {
        for verb in verbs {
            let Some(form) = verb.as_object_mut() else { continue };
            let mut index = Map::new();
            for key in ["path", "aliases", "about", "mark"] {
                index.extend(form.remove(key).map(|value| (key.to_owned(), value)));
            }
            index.insert("at".to_owned(), json!(place(verb)));
            *verb = Value::Object(index);
        }
    }
    let tool = Value::Object(std::mem::take(tool));
    Ok(place(&tool))
}

/// The lists of `sensitive.toml`.
fn sensitive(out: &Path) -> io::Result<()> {
    let file = "src/judge/catalogue/sensitive.toml";
    println!("cargo:rerun-if-changed={file}");
    let table: BTreeMap<String, Vec<String>> =
        toml::from_str(&fs::read_to_string(file)?).map_err(io::Error::other)?;
    let mut code = String::new();
    for (name, list) in table {
        let _ = writeln!(code, "static {}: &[&str] = &{list:?};", name.to_uppercase());
    }
    fs::write(out.join("sensitive.rs"), code)
}
