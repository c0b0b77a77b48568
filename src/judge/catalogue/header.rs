//! Finds the tools of a catalogue text by their headers, without parsing the rest.
//!
//! In: a text. Out: for each `[[tool]]` its names and where it stands.
//! Never: judges whether the row is valid. Also compiled into the build script, which makes the index
//! of the compiled-in rows with it.

/// One tool: its name and aliases, and its bytes from start to end.
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tools of a text, in order.
pub(super) fn headers(text: &str) -> Vec<Header> {
    let mut starts: Vec<usize> = text.match_indices("[[tool]]").map(|(i, _)| i).collect();
    starts.retain(|i| *i == 0 || text.get(..*i).is_some_and(|t| t.ends_with('\n')));
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| Header {
            names: names(text.get(start..end).unwrap_or_default()),
            start,
            end,
        })
        .collect()
}

/// Name and aliases of a `[[tool]]`, from the lines before its first table.
pub(super) fn names(chunk: &str) -> Vec<String> {
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
