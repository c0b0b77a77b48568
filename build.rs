//! Bundles the catalogue: one text of all tool families, the place of each tool in it, and its hash,
//! so that no run has to read or hash what it does not need.
//!
//! In: `src/judge/catalogue/tools/*.toml`. Out: `catalogue.bundle`, `catalogue.rs` in OUT_DIR.
//! Never: checks the rows; a test does, and so does loading each.

/// The same reading of headers as the program's own.
#[path = "src/judge/catalogue/header.rs"]
mod header;

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dir = Path::new("src/judge/catalogue/tools");
    println!("cargo:rerun-if-changed={}", dir.display());
    let mut files: Vec<_> = fs::read_dir(dir)?.filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let (mut bundle, mut chunks) = (String::new(), String::new());
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
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("catalogue.bundle"), bundle)?;
    let mut index = String::new();
    for (name, chunk) in names {
        let _ = write!(index, "({name:?}, {chunk}),");
    }
    let code = format!(
        "const BUILTIN_SHA256: &str = \"{hash}\";\n\
         /// Where each tool stands in the bundle.\n\
         static CHUNKS: [(usize, usize); {count}] = [{chunks}];\n\
         /// Names, ascending, with the number of their chunk.\n\
         static NAMES: &[(&str, usize)] = &[{index}];\n\
         static PATTERNS: &[(&str, usize)] = &[{patterns}];\n"
    );
    fs::write(Path::new(&out).join("catalogue.rs"), code)
}
