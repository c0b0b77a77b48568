//! The operations of a tool that has thousands of them: a table in its row, looked up and never parsed
//! as a whole.
//!
//! In: the words of a call in front of its flags. Out: which of them is the operation, and its marks.
//! Never: takes a word for an operation that the table does not have.
//!
//! A line of the table is `GROUP = MARKS: WORD WORD … MARKS: WORD …`; marks are joined by `+`, a word may
//! end in `*`. Lines stand in the order of their bytes, so that one is found by halving. Groups are
//! the words in front of the operation; `.` is for operations without a group, `** A B` for groups that
//! end so, `?` for what every group that has a line of its own has besides, `*` for what all groups
//! have. The mark `-` says that the word is not an operation here, whatever the lines further down say.

use serde::Deserialize;

/// The operations of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// Words in front of the groups that change nothing (`beta`).
    #[serde(default)]
    pub skip: Vec<String>,
    /// The table.
    pub table: String,
}

/// An operation that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<'t> {
    /// How many words stand in front of it.
    pub group: usize,
    /// What the table says of it.
    pub marks: Vec<&'t str>,
}

/// Words that are looked at: no tool has groups as deep, and each is a search.
const DEEPEST: usize = 12;

impl Operations {
    /// Whether a word in front of the groups changes nothing.
    #[must_use]
    pub fn skips(&self, word: &str) -> bool {
        self.skip.iter().any(|w| w == word)
    }

    /// The first of the words that is an operation of the words in front of it. One that only reads may
    /// be the name of a group as well (`load test create`): then a later one that does more counts.
    #[must_use]
    pub fn find(&self, words: &[&str]) -> Option<Operation<'_>> {
        let mut found = (0..words.len().min(DEEPEST)).filter_map(|group| {
            let (before, after) = words.split_at_checked(group)?;
            let marks = self.marks(before, after.first()?)?;
            (marks != "-").then(|| Operation { group, marks: marks.split('+').collect() })
        });
        let first = found.next()?;
        let reads = |o: &Operation<'_>| o.marks == ["read"];
        let later = if reads(&first) { found.find(|o| !reads(o)) } else { None };
        later.or(Some(first))
    }

    /// Every mark that an operation of the table may have.
    pub fn all_marks(&self) -> impl Iterator<Item = &str> {
        let tokens = self.table.lines().filter_map(|l| l.split_once(" = "));
        let marks = tokens.flat_map(|(_, rest)| rest.split_ascii_whitespace());
        marks.filter_map(|t| t.strip_suffix(':')).flat_map(|m| m.split('+'))
    }

    fn marks(&self, group: &[&str], word: &str) -> Option<&str> {
        let own = self.line(&if group.is_empty() { ".".to_owned() } else { group.join(" ") });
        let end = |n: usize| {
            let tail = group.get(group.len().checked_sub(n)?..)?;
            self.line(&format!("** {}", tail.join(" ")))
        };
        let general = |key| if group.is_empty() { None } else { self.line(key) };
        own.and_then(|line| in_line(line, word))
            .or_else(|| in_line(end(2)?, word))
            .or_else(|| in_line(end(1)?, word))
            .or_else(|| own.and_then(|_| in_line(general("?")?, word)))
            .or_else(|| in_line(general("*")?, word))
    }

    /// What stands behind the `=` of a group's line.
    fn line(&self, group: &str) -> Option<&str> {
        let text = self.table.as_str();
        let (mut from, mut to) = (0, text.len());
        // INVARIANT: both are beginnings of lines, or the end.
        while from < to {
            let middle = from + (to - from) / 2;
            let start = text.get(from..middle)?.rfind('\n').map_or(from, |i| from + i + 1);
            let end = text.get(middle..to)?.find('\n').map_or(to, |i| middle + i + 1);
            let (key, rest) = text.get(start..end)?.split_once(" = ")?;
            match key.cmp(group) {
                std::cmp::Ordering::Equal => return Some(rest),
                std::cmp::Ordering::Less => from = end,
                std::cmp::Ordering::Greater => to = start,
            }
        }
        None
    }

    /// What is wrong with the table, for the one who wrote it.
    pub(super) fn problem(&self) -> Option<String> {
        let mut last = "";
        for line in self.table.lines() {
            let Some((key, rest)) = line.split_once(" = ").filter(|_| line.is_ascii()) else {
                return Some(format!("`{line}` is no line of a table of operations"));
            };
            if key <= last {
                return Some(format!("group `{key}` is not in order, or twice"));
            }
            if !rest.split(' ').next().is_some_and(|w| w.len() > 1 && w.ends_with(':')) {
                return Some(format!("group `{key}` begins without a mark"));
            }
            last = key;
        }
        None
    }
}

/// The marks of a word: by its own name, else by the longest beginning that fits.
fn in_line<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    let (mut marks, mut best) = ("", None);
    for token in line.split_ascii_whitespace() {
        if let Some(name) = token.strip_suffix(':') {
            marks = name;
        } else if token == word {
            return Some(marks);
        } else if let Some(beginning) = token.strip_suffix('*')
            && word.starts_with(beginning)
            && best.is_none_or(|(length, _)| beginning.len() > length)
        {
            best = Some((beginning.len(), marks));
        }
    }
    best.map(|(_, marks)| marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &str, words: &str) -> Option<(usize, String)> {
        let operations = Operations { skip: Vec::new(), table: table.to_owned() };
        assert_eq!(operations.problem(), None);
        let words: Vec<&str> = words.split(' ').collect();
        operations.find(&words).map(|o| (o.group, o.marks.join("+")))
    }

    const TABLE: &str = "\
* = read: list show
** keys = reveal: list
. = read: version update: login
? = delete: drop-*
ec2 = create+reveal: make-key read: drop-nothing
vm run = -: show execute: go
";

    #[test]
    fn the_first_word_that_is_an_operation_counts() {
        assert_eq!(found(TABLE, "vm delete list"), Some((2, "read".to_owned())));
        assert_eq!(found(TABLE, "vm list show"), Some((1, "read".to_owned())));
        assert_eq!(found(TABLE, "ec2 drop-x list"), Some((1, "delete".to_owned())));
        assert_eq!(found(TABLE, "vm run show x go"), None);
        assert_eq!(found(TABLE, "a list keys list"), Some((3, "reveal".to_owned())));
        assert_eq!(found(TABLE, "version"), Some((0, "read".to_owned())));
        assert_eq!(found(TABLE, "list"), None);
        assert_eq!(found(TABLE, "nothing here"), None);
    }

    #[test]
    fn the_line_that_says_most_of_the_group_decides() {
        assert_eq!(found(TABLE, "a b keys list"), Some((3, "reveal".to_owned())));
        assert_eq!(found(TABLE, "ec2 make-key"), Some((1, "create+reveal".to_owned())));
        assert_eq!(found(TABLE, "ec2 drop-it"), Some((1, "delete".to_owned())));
        assert_eq!(found(TABLE, "ec2 drop-nothing"), Some((1, "read".to_owned())));
        assert_eq!(found(TABLE, "ec9 drop-it"), None);
        assert_eq!(found(TABLE, "vm run show"), None);
        assert_eq!(found(TABLE, "vm run go"), Some((2, "execute".to_owned())));
    }

    #[test]
    fn a_table_that_cannot_be_searched_is_refused() {
        for table in
            ["b = read: x\na = read: x\n", "a = x\n", "a read: x\n", "a = read: x\na = read: y\n"]
        {
            let operations = Operations { skip: Vec::new(), table: table.to_owned() };
            assert!(operations.problem().is_some(), "{table}");
        }
    }
}
