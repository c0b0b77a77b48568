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

/// Words that may stand before a parenthesis: keywords, and functions that only compute. Any other
/// function may read files, run programs or write, and so may one that the database's owner defined.
const COMPUTING: &str = " in exists any all some values over filter as and or not on where from join \
    select distinct having when then else by between union except intersect using case with group limit \
    count sum avg min max coalesce nullif greatest least ifnull iif lower upper length char_length \
    octet_length trim ltrim rtrim btrim substr substring left right lpad rpad concat concat_ws position \
    split_part strpos instr reverse repeat initcap format md5 abs round floor ceil ceiling trunc sign mod \
    power sqrt ln log exp random cast convert extract date time datetime timestamp interval strftime \
    julianday unixepoch date_trunc date_part date_format datediff date_add date_sub timestampdiff to_char \
    to_date to_timestamp to_number now age year month day hour minute second week weekday row_number rank \
    dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value percentile_cont \
    percentile_disc string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg \
    json_build_object jsonb_build_object json_extract jsonb_array_elements json_array_elements row_to_json \
    to_json to_jsonb group_concat bool_and bool_or every stddev variance corr unnest array array_length \
    cardinality generate_series regexp_replace regexp_matches regexp_like typeof version current_database \
    current_schema pg_typeof pg_size_pretty pg_relation_size pg_total_relation_size pg_table_size \
    pg_indexes_size pg_database_size varchar char numeric decimal ";
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

/// What `create` and `drop` make and remove without changing who may do what.
const PLAIN: [&str; 6] = ["table", "view", "index", "schema", "sequence", "database"];

impl Reader<'_> {
    /// `place`: where the tables are, if no flag says it.
    pub(super) fn sql(&mut self, call: &Call, value: &Arg, place: &str) {
        let source = call.source.clone();
        let host = ["-h", "--host"].iter().find_map(|f| call.flag(f)).map_or(place, Arg::shown);
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
    let called = tokens.windows(2).filter_map(|pair| match pair {
        [Token::Word(name), Token::Mark('(')] => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    let defines = matches!(words.first().map(String::as_str), Some("create" | "insert"));
    for name in called {
        // The columns of `create table t (…)` and `insert into t (…)`.
        let table = defines && words.iter().position(|w| *w == name).is_some_and(|i| i <= 5);
        if !table && !COMPUTING.contains(&format!(" {name} ")) {
            return None;
        }
    }
    let changes = |skip: usize| words.iter().skip(skip).any(|w| CHANGING.contains(&w.as_str()));
    let after = |keyword: &str| tables_after(tokens, &words, keyword);
    let first = words.first()?.as_str();
    let second = words.get(1).map_or("", String::as_str);
    match first {
        "select" | "values" | "table" | "show" | "describe" | "desc" => {
            let hidden = |w: &String| w == "for" || w == "table" || w == "values";
            if changes(1) || (first == "select" && words.iter().any(hidden)) {
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
        "insert" | "replace" => {
            // What it takes from other tables is read; a conflict may turn it into an update.
            let mut found = named(Action::Create, after("into"));
            if first == "replace" || words.iter().any(|w| w == "conflict" || w == "duplicate") {
                found.extend(named(Action::Update, after("into")));
            }
            found.extend(read(&after));
            Some(found)
        }
        "update" => {
            let mut found = named(Action::Update, name_at(tokens, 1).into_iter().collect());
            found.extend(read(&after));
            Some(found)
        }
        "delete" => {
            let mut found = named(Action::Delete, after("from").into_iter().take(1).collect());
            found.extend(read(&after));
            found.extend(after("using").into_iter().map(|t| (Action::Read, t)));
            Some(found)
        }
        "truncate" => {
            let at = if second == "table" { 2 } else { 1 };
            Some(named(Action::Delete, name_at(tokens, at).into_iter().collect()))
        }
        // Of users, functions, extensions and triggers more depends than their name.
        "drop" | "create" if !words.iter().take(6).any(|w| PLAIN.contains(&w.as_str())) => {
            Some(vec![(Action::Administer, "**".to_owned())])
        }
        "drop" => Some(named(Action::Delete, last_name(tokens))),
        "create" => {
            let mut found = named(Action::Create, last_name(tokens));
            found.extend(read(&after));
            Some(found)
        }
        "alter" if matches!(second, "table" | "view" | "index" | "sequence") => {
            Some(named(Action::Update, name_at(tokens, 2).into_iter().collect()))
        }
        "grant" | "revoke" => Some(vec![(Action::Administer, "**".to_owned())]),
        "begin" | "commit" | "rollback" | "start" => Some(Vec::new()),
        _ => None,
    }
}

/// The tables that a statement reads on its way.
fn read(after: &dyn Fn(&str) -> Vec<String>) -> Vec<(Action, String)> {
    let tables = after("from").into_iter().chain(after("join"));
    tables.map(|t| (Action::Read, t)).collect()
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
        // `from only t`, `from lateral (…)`.
        let passed = words.get(i + 1).is_some_and(|w| w == "only" || w == "lateral");
        let mut at = i + 1 + usize::from(passed);
        let mut depth = 0_usize;
        let mut wanted = true;
        while let Some(token) = tokens.get(at) {
            let word = words.get(at).map_or("", String::as_str);
            match token {
                // A subquery names its own tables.
                Token::Mark('(') if depth == MAX_NESTING => {
                    out.push("**".to_owned());
                    break;
                }
                Token::Mark('(') => {
                    depth += 1;
                    wanted = false;
                }
                Token::Mark(')') if depth == 0 => break,
                Token::Mark(')') => depth -= 1,
                _ if depth > 0 => {}
                Token::Mark(',') => wanted = true,
                Token::Word(_) if word == "lateral" || word == "only" => {}
                // The next `from` has a list of its own, and what follows a comma stands in that of `from`.
                Token::Word(_) if ENDS.contains(&word) || word == "from" => break,
                _ if wanted => {
                    out.push(name_at(tokens, at).unwrap_or_else(|| "**".to_owned()));
                    if keyword != "from" {
                        break;
                    }
                    wanted = false;
                }
                _ => {}
            }
            at += 1;
        }
    }
    out
}

/// How deep parentheses in a list of tables may nest.
const MAX_NESTING: usize = 64;

/// Words that end a list of tables.
const ENDS: [&str; 14] = [
    "where",
    "group",
    "order",
    "limit",
    "union",
    "having",
    "except",
    "intersect",
    "window",
    "fetch",
    "offset",
    "set",
    "returning",
    "values",
];

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
