//! SQL inside arguments: which tables a text reads and changes.
//!
//! In: a text of statements, and which tool reads it. Out: `sql:host/table` effects.
//! Never: takes a statement for a read that is not plainly one; whatever else is opaque.
//!
//! The statements are read by sqlparser, in the tool's own dialect. What it cannot read, a function that
//! is not on the list of those that compute, a statement of a kind that is not told below: opaque.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use super::meta::{Meta, meta};
use super::state::Input;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};
use sqlparser::ast::{
    CopySource, CopyTarget, Delete, FromTable, Insert, ObjectName, ObjectType, Query, SetExpr,
    Statement, TableFactor, TableObject, TableWithJoins, UtilityOption, Visit, Visitor, With,
    visit_relations,
};
use sqlparser::ast::{Expr, Select};
use sqlparser::dialect::{
    BigQueryDialect, Dialect, DuckDbDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect,
    SQLiteDialect,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// Most words and signs of one text. A chain of operators nests one level for each, and what walks it
/// must not run out of stack.
const MAX_TOKENS: usize = 1_000;
/// Most bytes of one text.
const MAX_TEXT: usize = 32 * 1024;

/// What a text does to tables.
type Found = Vec<(Action, String)>;

/// The functions that only compute.
fn computing() -> &'static BTreeSet<&'static str> {
    static NAMES: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let lines = include_str!("sql_functions.txt").lines().filter(|l| !l.starts_with('#'));
        lines.flat_map(str::split_whitespace).collect()
    })
}

impl Reader<'_> {
    /// The statements that an argument holds. `tool`: whose dialect it is, and where its tables are.
    pub(super) fn sql(&mut self, call: &Call, value: &Arg, tool: &str) {
        let source = call.source.clone();
        let (tool, place) = match tool {
            "postgres" | "mysql" | "sqlite" | "duckdb" | "mssql" | "none" => (tool, "localhost"),
            "" => ("postgres", "localhost"),
            "bigquery" | "spanner" => ("bigquery", tool),
            place => ("postgres", place),
        };
        let host = ["-h", "--host"].iter().find_map(|f| call.flag(f));
        let host = Glob::escape(host.map_or(place, Arg::shown));
        let Some(text) = value.known() else {
            self.not_understood(call, "statements that are not known before they run");
            return;
        };
        let found = match meta(tool, text) {
            Meta::Looks => Some(vec![(Action::Read, "**".to_owned())]),
            Meta::Nothing => Some(Vec::new()),
            Meta::Odd => None,
            Meta::Statements(text) => statements(tool, text),
        };
        let Some(found) = found else {
            self.not_understood(call, "SQL that is not plain");
            // It may also have written to the file.
            self.database_file(call, tool);
            return;
        };
        if found.iter().any(|(action, _)| *action != Action::Read) {
            self.database_file(call, tool);
        }
        for (action, table) in found {
            let action = Some(Doing::Act(action));
            self.on(action, ResourceKind::Sql, &format!("{host}/{table}"), &source);
        }
    }

    /// The statements that come in.
    pub(super) fn sql_from_input(&mut self, call: &Call, tool: &str) {
        let own = match call.tool.name.as_str() {
            "mysql" => "mysql",
            "sqlite3" => "sqlite",
            "duckdb" => "duckdb",
            "sqlcmd" => "mssql",
            "redis-cli" => "none",
            _ => "postgres",
        };
        let tool = if tool.is_empty() { own } else { tool };
        match &call.input {
            Input::Text(text) => self.sql(call, &Arg::literal(text), tool),
            _ => self.not_understood(call, "statements that come from standard input"),
        }
    }

    /// The file that a database without a server lies in.
    fn database_file(&mut self, call: &Call, tool: &str) {
        let file = call.operands.first().filter(|_| matches!(tool, "sqlite" | "duckdb"));
        if let Some(file) = file.filter(|f| f.known() != Some(":memory:")) {
            self.write_file(file, &call.state, &call.source);
        }
    }
}

/// The effects of all statements; `None` where one is not understood.
fn statements(tool: &str, text: &str) -> Option<Found> {
    let dialect: &dyn Dialect = match tool {
        "mysql" => &MySqlDialect {},
        "sqlite" => &SQLiteDialect {},
        "duckdb" => &DuckDbDialect {},
        "mssql" => &MsSqlDialect {},
        "bigquery" => &BigQueryDialect {},
        _ => &PostgreSqlDialect {},
    };
    // A comment of MySQL may be run, and what one server skips another reads.
    if text.len() > MAX_TEXT || text.contains("/*") || text.contains('\0') {
        return None;
    }
    let tokens = Tokenizer::new(dialect, text).tokenize().ok()?;
    let nests = |t: &&Token| !matches!(t, Token::Whitespace(_) | Token::Comma | Token::Period);
    if tokens.iter().filter(nests).count() > MAX_TOKENS {
        return None;
    }
    let parsed = Parser::new(dialect).with_tokens(tokens).parse_statements().ok()?;
    let mut found = Vec::new();
    for statement in &parsed {
        found.extend(effects(statement)?);
    }
    Some(found)
}

/// Walks one statement with all that is in it.
#[derive(Default)]
struct Walk {
    found: Found,
    relations: Vec<String>,
    /// A function in the place of a table, which is named like one.
    function: Option<String>,
    odd: bool,
}

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match targets(statement) {
            Some(found) => self.found.extend(found),
            None => self.odd = true,
        }
        if self.odd { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = name(relation);
        if self.function.take().is_none_or(|f| f != name) {
            self.relations.push(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // ClickHouse's settings and formats, BigQuery's pipes: not of the dialects here.
        self.odd |= query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        whole_tables(&query.body, &mut self.relations);
        if !query.locks.is_empty() {
            // Rows are locked for whoever else wants to write them.
            self.found.push((Action::Update, "**".to_owned()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if let Some(into) = &select.into {
            self.found.push((
                Action::Create,
                into.targets.first().map_or("**".to_owned(), |t| match t {
                    Expr::Identifier(ident) => Glob::escape(&ident.value),
                    _ => "**".to_owned(),
                }),
            ));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let function = match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                Some(name)
            }
            TableFactor::Table { name, .. } => {
                // DuckDB reads a file where a table's name is in quotes or looks like one.
                let text = name.to_string();
                self.odd |= text.contains(['\'', '/']) || looks_like_file(&text);
                None
            }
            TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::TableFunction { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. } => None,
            _ => {
                self.odd = true;
                None
            }
        };
        self.odd |= function.is_some_and(|f| !computes(f));
        self.function = function.map(name);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.odd |= !computes(&function.name);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a function is one of those that only compute; `pg_catalog` holds PostgreSQL's own.
fn computes(function: &ObjectName) -> bool {
    let name = function.to_string().to_ascii_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    computing().contains(name)
}

fn looks_like_file(name: &str) -> bool {
    let lower = name.trim_matches('"').to_ascii_lowercase();
    let ends =
        [".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson", ".gz", ".zst", ".xlsx", ".db"];
    ends.iter().any(|e| lower.ends_with(e))
}

/// `TABLE t`, also as an arm of a set operation.
fn whole_tables(body: &SetExpr, out: &mut Vec<String>) {
    match body {
        SetExpr::Table(table) => {
            let parts = [&table.schema_name, &table.table_name];
            let parts: Vec<String> =
                parts.into_iter().flatten().map(|p| Glob::escape(&p.value)).collect();
            out.push(parts.join("."));
        }
        SetExpr::SetOperation { left, right, .. } => {
            whole_tables(left, out);
            whole_tables(right, out);
        }
        _ => {}
    }
}

/// All that a statement does.
fn effects(statement: &Statement) -> Option<Found> {
    let mut walk = Walk::default();
    let _ = statement.visit(&mut walk);
    if walk.odd {
        return None;
    }
    let mut found = walk.found;
    // What is written is named among the relations too: once for each, it is not read.
    for (_, target) in found.clone() {
        if let Some(at) = walk.relations.iter().position(|r| *r == target) {
            walk.relations.remove(at);
        }
    }
    let own = own_names(statement);
    let read = walk.relations.into_iter().filter(|r| !own.contains(r));
    found.extend(read.map(|table| (Action::Read, table)));
    if found.is_empty() && matches!(statement, Statement::Query(_)) {
        found.push((Action::Read, "*".to_owned()));
    }
    Some(found)
}

/// Names that the whole of a query means by its own `WITH`: such a name is no table, unless what stands
/// in front of it means one by it.
fn own_names(statement: &Statement) -> BTreeSet<String> {
    let Statement::Query(query) = statement else { return BTreeSet::new() };
    let Some(With { recursive, cte_tables, .. }) = &query.with else { return BTreeSet::new() };
    let mut own = BTreeSet::new();
    for (i, cte) in cte_tables.iter().enumerate() {
        let alias = Glob::escape(&cte.alias.name.value);
        let before = cte_tables.iter().take(i + usize::from(!recursive));
        let means_table = before.into_iter().any(|earlier| {
            let says = |relation: &ObjectName| {
                if name(relation) == alias {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            visit_relations(&earlier.query, says).is_break()
        });
        if !means_table {
            own.insert(alias);
        }
    }
    own
}

/// What a statement itself writes, apart from what the parts of it read; `None` where its kind is not known.
fn targets(statement: &Statement) -> Option<Found> {
    let one = |action, name: &ObjectName| Some(vec![(action, self::name(name))]);
    let all = |action| Some(vec![(action, "**".to_owned())]);
    match statement {
        Statement::Query(_)
        | Statement::Commit { .. }
        | Statement::Rollback { .. }
        | Statement::Savepoint { .. }
        | Statement::ReleaseSavepoint { .. } => Some(Vec::new()),
        Statement::StartTransaction { statements, .. } => statements.is_empty().then(Vec::new),
        Statement::Insert(insert) => inserted(insert),
        Statement::Update(update) => {
            Some(vec![(Action::Update, first(std::slice::from_ref(&update.table)))])
        }
        Statement::Delete(delete) => Some(deleted(delete)),
        Statement::Truncate(truncate) => {
            Some(truncate.table_names.iter().map(|t| (Action::Delete, name(&t.name))).collect())
        }
        Statement::Drop { object_type, names, .. } => match object_type {
            ObjectType::Table
            | ObjectType::View
            | ObjectType::MaterializedView
            | ObjectType::Index
            | ObjectType::Schema
            | ObjectType::Database
            | ObjectType::Sequence => {
                Some(names.iter().map(|n| (Action::Delete, name(n))).collect())
            }
            _ => all(Action::Administer),
        },
        Statement::CreateTable(table) if !table.external && table.location.is_none() => {
            one(Action::Create, &table.name)
        }
        Statement::CreateView(view) => Some(
            [(Action::Create, name(&view.name))]
                .into_iter()
                .chain(view.or_replace.then(|| (Action::Update, name(&view.name))))
                .collect(),
        ),
        Statement::CreateIndex(index) => {
            Some(vec![(Action::Create, index.name.as_ref().map_or("**".to_owned(), name))])
        }
        Statement::CreateSequence { name, .. } => one(Action::Create, name),
        Statement::CreateDatabase { db_name, .. } => one(Action::Create, db_name),
        Statement::CreateSchema { .. } => all(Action::Create),
        Statement::AlterTable(table) => one(Action::Update, &table.name),
        Statement::AlterIndex { name, .. } => one(Action::Update, name),
        Statement::AlterView(view) => one(Action::Update, &view.name),
        Statement::Comment { object_name, .. } => one(Action::Update, object_name),
        Statement::RenameTable(_) | Statement::AlterSchema(_) => all(Action::Update),
        // Of users, functions, extensions and triggers more depends than their name.
        Statement::Grant(_)
        | Statement::Revoke(_)
        | Statement::CreateRole(_)
        | Statement::AlterRole { .. }
        | Statement::CreateUser(_)
        | Statement::AlterUser(_)
        | Statement::CreateFunction(_)
        | Statement::CreateTrigger(_)
        | Statement::CreateExtension(_)
        | Statement::CreatePolicy(_)
        | Statement::AlterPolicy(_)
        | Statement::DropFunction(_)
        | Statement::DropTrigger(_)
        | Statement::DropExtension(_)
        | Statement::DropPolicy(_)
        | Statement::AlterDefaultPrivileges(_)
        | Statement::Kill { .. } => all(Action::Administer),
        // The statement inside is visited for what it does; without `ANALYZE` it only is looked at, and
        // what it would write is named as if it did, but for a query.
        Statement::Explain { statement, analyze, options, .. } => {
            let plain = |o: &UtilityOption| !o.name.value.eq_ignore_ascii_case("analyze");
            let runs = *analyze || options.as_ref().is_some_and(|o| !o.iter().all(plain));
            let query = matches!(**statement, Statement::Query(_));
            (runs || query).then(Vec::new)
        }
        Statement::ExplainTable { table_name, .. } => one(Action::Read, table_name),
        Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowDatabases { .. }
        | Statement::ShowSchemas { .. }
        | Statement::ShowCatalogs { .. }
        | Statement::ShowViews { .. }
        | Statement::ShowCreate { .. }
        | Statement::ShowFunctions { .. }
        | Statement::ShowVariable { .. }
        | Statement::ShowVariables { .. }
        | Statement::ShowStatus { .. }
        | Statement::ShowCollation { .. }
        | Statement::ShowCharset(_)
        | Statement::ShowProcessList { .. }
        | Statement::Use(_) => Some(vec![(Action::Read, "*".to_owned())]),
        Statement::Copy { source, to: true, target: CopyTarget::Stdout, .. } => match source {
            CopySource::Table { table_name, .. } => one(Action::Read, table_name),
            CopySource::Query(_) => Some(Vec::new()),
        },
        Statement::Pragma { name, value, .. } => {
            let pragma = name.to_string().to_ascii_lowercase();
            let pragma = pragma.rsplit('.').next().unwrap_or_default().to_owned();
            let looks = value.is_none() && SETTINGS.contains(&pragma.as_str());
            looks.then(|| vec![(Action::Read, "*".to_owned())])
        }
        _ => None,
    }
}

/// Pragmas that show a setting where they are given no value.
const SETTINGS: &[&str] = &[
    "application_id",
    "auto_vacuum",
    "busy_timeout",
    "cache_size",
    "data_version",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "page_count",
    "page_size",
    "query_only",
    "schema_version",
    "secure_delete",
    "synchronous",
    "temp_store",
    "user_version",
    "wal_autocheckpoint",
];

fn inserted(insert: &Insert) -> Option<Found> {
    let TableObject::TableName(table) = &insert.table else { return None };
    let table = name(table);
    let mut found = vec![(Action::Create, table.clone())];
    // A conflict may turn it into an update.
    if insert.replace_into || insert.or.is_some() || insert.on.is_some() || insert.overwrite {
        found.push((Action::Update, table));
    }
    Some(found)
}

fn deleted(delete: &Delete) -> Found {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    if delete.tables.is_empty() {
        return vec![(Action::Delete, first(from))];
    }
    delete.tables.iter().map(|t| (Action::Delete, name(t))).collect()
}

/// The first table of a list.
fn first(tables: &[TableWithJoins]) -> String {
    match tables.first().map(|t| &t.relation) {
        Some(TableFactor::Table { name, .. }) => self::name(name),
        _ => "**".to_owned(),
    }
}

/// `schema.table` as a glob.
fn name(name: &ObjectName) -> String {
    let parts = name.0.iter().map(|part| match part.as_ident() {
        Some(ident) => Glob::escape(&ident.value),
        None => "**".to_owned(),
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs in a thread of a test, whose stack is a quarter of the program's.
    #[test]
    fn long_chains_are_read_or_refused_and_never_run_out_of_stack() {
        for sign in ["+", "||", " and ", " union select ", "::int"] {
            for n in [10, 400, 498, 2_000, 20_000] {
                let mut text = "select 1".to_owned();
                (0..n).for_each(|_| text.push_str(&format!("{sign}1")));
                for tool in ["postgres", "mysql", "sqlite", "duckdb", "mssql", "bigquery"] {
                    let found = statements(tool, &text);
                    assert!(n < 2_000 || found.is_none(), "{tool} {sign} {n}");
                }
            }
        }
        assert!(
            statements("postgres", &format!("select {}1{}", "(".repeat(400), ")".repeat(400)))
                .is_none()
        );
        assert!(statements("postgres", &format!("select {}1", "not ".repeat(900))).is_none());
        let _ = statements("postgres", &format!("select 1{}", " is null".repeat(400)));
    }
}
