//! SQL inside arguments: which tables a text reads and changes.
//!
//! In: a text of statements. Out: `sql:host/table` effects.
//! Never: takes a statement for a read that is not plainly one; whatever else is opaque.
//!
//! Bounded and own, since only the plain forms are needed: statements of words, names, numbers and
//! strings. A comment, a dollar quote, a backslash command or an unknown keyword makes it opaque.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

/// Functions that read files, run programs or write (PostgreSQL, SQLite, MySQL manuals).
const DANGEROUS: [&str; 18] = [
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_dir",
    "pg_stat_file",
    "lo_import",
    "lo_export",
    "dblink",
    "dblink_exec",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "set_config",
    "load_extension",
    "readfile",
    "writefile",
    "load_file",
    "edit",
    "setval",
];
/// Words that change something wherever they stand outside of strings.
const CHANGING: [&str; 24] = [
    "insert", "update", "delete", "truncate", "drop", "create", "alter", "grant", "revoke",
    "merge", "replace", "copy", "into", "call", "do", "vacuum", "attach", "detach", "pragma",
    "lock", "reindex", "nextval", "outfile", "dumpfile",
];

impl Reader<'_> {
    pub(super) fn sql(&mut self, call: &Call, value: &Arg) {
        let source = call.source.clone();
        let host =
            ["-h", "--host"].iter().find_map(|f| call.flag(f)).map_or("localhost", Arg::shown);
        let host = Glob::escape(host);
        let Some(text) = value.known() else {
            self.not_understood(call, "statements that are not known before they run");
            return;
        };
        let Some(statements) = tokens(text) else {
            self.not_understood(call, "SQL that is not plain");
            return;
        };
        for statement in statements.iter().filter(|s| !s.is_empty()) {
            match effects(statement) {
                Some(found) => {
                    for (action, table) in found {
                        self.on(
                            Some(Doing::Act(action)),
                            ResourceKind::Sql,
                            &format!("{host}/{table}"),
                            &source,
                        );
                    }
                }
                None => self.not_understood(call, "a statement that is not plain"),
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text,
    Mark(char),
}

/// The statements as tokens; `None` for comments, dollar quotes, backslashes and open quotes.
fn tokens(text: &str) -> Option<Vec<Vec<Token>>> {
    let mut statements = vec![Vec::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '\'' => {
                quoted(&mut chars, '\'')?;
                Token::Text
            }
            '"' | '`' => Token::Word(quoted(&mut chars, c)?),
            '-' if chars.peek() == Some(&'-') => return None,
            '/' if chars.peek() == Some(&'*') => return None,
            '#' | '$' | '\\' | '@' | '{' | '}' | '[' | ']' => return None,
            ';' => {
                statements.push(Vec::new());
                continue;
            }
            c if c == '_' || c.is_alphanumeric() => {
                let mut word = c.to_string();
                while let Some(c) = chars.next_if(|c| *c == '_' || c.is_alphanumeric()) {
                    word.push(c);
                }
                Token::Word(word)
            }
            c => Token::Mark(c),
        };
        statements.last_mut()?.push(token);
    }
    Some(statements)
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) -> Option<String> {
    let mut out = String::new();
    loop {
        match chars.next()? {
            '\\' => return None,
            c if c == quote => {
                if chars.next_if_eq(&quote).is_none() {
                    return Some(out);
                }
                out.push(quote);
            }
            c => out.push(c),
        }
    }
}

/// The effects of one statement, by its first words; `None` where it is not a plain one.
fn effects(tokens: &[Token]) -> Option<Vec<(Action, String)>> {
    let word = |i: usize| match tokens.get(i) {
        Some(Token::Word(w)) => w.to_ascii_lowercase(),
        _ => String::new(),
    };
    let words: Vec<String> = (0..tokens.len()).map(word).collect();
    if words.iter().any(|w| DANGEROUS.contains(&w.as_str())) {
        return None;
    }
    let changes = |skip: usize| words.iter().skip(skip).any(|w| CHANGING.contains(&w.as_str()));
    let after = |keyword: &str| tables_after(tokens, &words, keyword);
    let first = words.first()?.as_str();
    let second = words.get(1).map_or("", String::as_str);
    match first {
        "select" | "values" | "table" | "show" | "describe" | "desc" => {
            if changes(1) || (first == "select" && words.iter().any(|w| w == "for")) {
                return None;
            }
            let mut tables = after("from");
            tables.extend(after("join"));
            if first == "table" || first.starts_with("desc") {
                tables.extend(name_at(tokens, 1));
            }
            if tables.is_empty() {
                tables.push("*".to_owned());
            }
            Some(tables.into_iter().map(|t| (Action::Read, t)).collect())
        }
        "explain" if !words.iter().any(|w| w == "analyze" || w == "analyse") && !changes(1) => {
            Some(vec![(Action::Read, "**".to_owned())])
        }
        "insert" | "replace" | "merge" => Some(named(Action::Create, after("into"))),
        "update" => Some(named(Action::Update, name_at(tokens, 1).into_iter().collect())),
        "delete" => Some(named(Action::Delete, after("from"))),
        "truncate" => {
            let at = if second == "table" { 2 } else { 1 };
            Some(named(Action::Delete, name_at(tokens, at).into_iter().collect()))
        }
        "drop" => Some(named(Action::Delete, last_name(tokens))),
        "create" => Some(named(Action::Create, last_name(tokens))),
        "alter" if matches!(second, "table" | "view" | "index" | "sequence") => {
            Some(named(Action::Update, name_at(tokens, 2).into_iter().collect()))
        }
        "grant" | "revoke" => Some(vec![(Action::Administer, "**".to_owned())]),
        "begin" | "commit" | "rollback" | "start" => Some(Vec::new()),
        _ => None,
    }
}

fn named(action: Action, mut tables: Vec<String>) -> Vec<(Action, String)> {
    if tables.is_empty() {
        tables.push("**".to_owned());
    }
    tables.into_iter().map(|t| (action, t)).collect()
}

/// `schema.table` at a place, as a glob.
fn name_at(tokens: &[Token], at: usize) -> Option<String> {
    let Some(Token::Word(first)) = tokens.get(at) else { return None };
    let mut name = Glob::escape(first);
    let mut i = at;
    while let (Some(Token::Mark('.')), Some(Token::Word(next))) =
        (tokens.get(i + 1), tokens.get(i + 2))
    {
        name.push('.');
        name.push_str(&Glob::escape(next));
        i += 2;
    }
    Some(name)
}

/// The tables after a keyword, those after commas too.
fn tables_after(tokens: &[Token], words: &[String], keyword: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, word) in words.iter().enumerate() {
        if word != keyword {
            continue;
        }
        match name_at(tokens, i + 1) {
            Some(name) => out.push(name),
            // A subquery names its own tables; anything else may be any.
            None if tokens.get(i + 1) == Some(&Token::Mark('(')) => {}
            None => out.push("**".to_owned()),
        }
        let mut at = i + 1;
        while let Some(token) = tokens.get(at) {
            match token {
                Token::Mark(',') => {
                    out.push(name_at(tokens, at + 1).unwrap_or_else(|| "**".to_owned()));
                    at += 1;
                }
                Token::Word(w)
                    if matches!(
                        w.to_ascii_lowercase().as_str(),
                        "where" | "group" | "order" | "limit" | "join" | "union" | "having"
                    ) =>
                {
                    break;
                }
                Token::Mark('(' | ')') => break,
                _ => at += 1,
            }
        }
    }
    out
}

/// The name that `drop` and `create` end their head with: behind `table`, `if exists`.
fn last_name(tokens: &[Token]) -> Vec<String> {
    let kinds = [
        "table",
        "view",
        "index",
        "schema",
        "database",
        "role",
        "user",
        "sequence",
        "function",
        "type",
        "extension",
    ];
    let skipped = ["if", "not", "exists", "concurrently", "materialized"];
    let lower =
        |t: &Token| if let Token::Word(w) = t { w.to_ascii_lowercase() } else { String::new() };
    let Some(kind) = tokens.iter().position(|t| kinds.contains(&lower(t).as_str())) else {
        return Vec::new();
    };
    let name = tokens.iter().enumerate().skip(kind + 1).find(|(_, t)| {
        let w = lower(t);
        !skipped.contains(&w.as_str()) && w != "view"
    });
    name.and_then(|(i, _)| name_at(tokens, i)).into_iter().collect()
}
