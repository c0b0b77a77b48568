//! What the clients of databases understand besides SQL: `\d`, `.tables`, `\G`.
//!
//! In: the text that a client is given, and which client it is. Out: whether it only looks, is not
//! understood, or is statements.
//! Never: takes one of their commands for SQL.

/// What a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meta<'a> {
    /// A command of the client that looks at the database.
    Looks,
    /// A command that changes how the client prints, or nothing at all.
    Nothing,
    /// A command that may do anything.
    Odd,
    /// Statements.
    Statements(&'a str),
}

/// Commands of sqlite3 that look (sqlite.org/cli.html), and those that change how it prints.
const SQLITE_LOOKS: &[&str] = &[
    ".tables",
    ".schema",
    ".fullschema",
    ".databases",
    ".indexes",
    ".indices",
    ".dbinfo",
    ".dump",
    ".dbconfig",
    ".vfsinfo",
    ".vfslist",
    ".lint",
    ".sha3sum",
    ".stats",
    ".show",
];
const PRINTS: &[&str] = &[
    ".mode",
    ".headers",
    ".header",
    ".separator",
    ".nullvalue",
    ".width",
    ".timer",
    ".echo",
    ".eqp",
    ".explain",
    ".bail",
    ".changes",
    ".help",
    ".version",
    ".print",
    ".exit",
    ".quit",
    ".timeout",
];
/// Commands of psql that look (psql(1)); `\d` stands for all that begin with it.
const PSQL_LOOKS: &[&str] = &["\\l", "\\z", "\\sf", "\\sv", "\\conninfo", "\\encoding"];
const PSQL_PRINTS: &[&str] =
    &["\\x", "\\timing", "\\pset", "\\a", "\\t", "\\H", "\\?", "\\h", "\\q"];

/// Takes a text apart.
pub(super) fn meta<'a>(tool: &str, text: &'a str) -> Meta<'a> {
    let text = text.trim();
    let word = text.split_whitespace().next().unwrap_or_default();
    let rest_is_plain = !text.get(1..).unwrap_or_default().contains(['\\', '\n', '|', '`']);
    match tool {
        "sqlite" | "duckdb" if text.starts_with('.') => match word {
            _ if text.contains('\n') => Meta::Odd,
            _ if SQLITE_LOOKS.contains(&word) => Meta::Looks,
            _ if PRINTS.contains(&word) => Meta::Nothing,
            _ => Meta::Odd,
        },
        "sqlite" if looks_by_pragma(text) => Meta::Looks,
        // Later lines may hold commands as well.
        "sqlite" | "duckdb" if text.lines().any(|l| l.starts_with('.')) => Meta::Odd,
        "postgres" if text.starts_with('\\') => {
            let bare = word.trim_end_matches(['+', 'S']);
            match bare {
                _ if !rest_is_plain => Meta::Odd,
                _ if bare.starts_with("\\d") => Meta::Looks,
                _ if PSQL_LOOKS.contains(&bare) => Meta::Looks,
                _ if PSQL_PRINTS.contains(&bare) => Meta::Nothing,
                _ => Meta::Odd,
            }
        }
        "mysql" => {
            // `\G` and `\g` end a statement, the first one with its columns below each other.
            let end = text.strip_suffix("\\G").or_else(|| text.strip_suffix("\\g"));
            let text = end.unwrap_or(text);
            if text.contains('\\') { Meta::Odd } else { Meta::Statements(text) }
        }
        "none" => Meta::Odd,
        "postgres" if text.contains('\\') => Meta::Odd,
        _ if text.is_empty() => Meta::Nothing,
        _ => Meta::Statements(text),
    }
}

/// Pragmas that look, whatever they are given (sqlite.org/pragma.html).
const LOOKING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "database_list",
    "collation_list",
    "compile_options",
    "function_list",
    "module_list",
    "pragma_list",
    "integrity_check",
    "quick_check",
];

/// `pragma table_info(t)`: SQLite takes a bare name there, which the grammar of others has not.
fn looks_by_pragma(text: &str) -> bool {
    let text = text.trim_end_matches(';').to_ascii_lowercase();
    let Some((name, rest)) = text.strip_prefix("pragma ").and_then(|t| t.trim().split_once('('))
    else {
        return false;
    };
    let plain = |t: &str| t.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let value = rest.strip_suffix(')').map(|v| v.trim_matches(['"', '\'']));
    LOOKING.contains(&name.trim()) && value.is_some_and(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_clients_are_told_from_statements() {
        assert_eq!(meta("postgres", "\\dt+ public.*"), Meta::Looks);
        assert_eq!(meta("postgres", "\\! id"), Meta::Odd);
        assert_eq!(meta("postgres", "\\dt \\! id"), Meta::Odd);
        assert_eq!(meta("sqlite", ".tables"), Meta::Looks);
        assert_eq!(meta("sqlite", ".shell id"), Meta::Odd);
        assert_eq!(meta("sqlite", "select 1;\n.shell id"), Meta::Odd);
        assert_eq!(meta("mysql", "select 1\\G"), Meta::Statements("select 1"));
        assert_eq!(meta("mysql", "\\! id"), Meta::Odd);
    }
}
