//! Proposes the least permits that would let through what was seen.
//!
//! In: effects that no rule spoke of, each with the entry it stands in. Out: rules as TOML.
//! Never: proposes what was not seen, but for a folder in which several names were.

use crate::model::{Action, Glob, Resource, ResourceKind, Snapshot, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many names in a folder make the folder.
const SIBLINGS: usize = 3;
/// Entries that a rule names; the others are counted.
const MAX_NAMED: usize = 8;
/// Folders that stand for themselves in a proposal; the longest value counts.
const VARIABLES: [&str; 3] = ["git.root", "tmp", "home"];

/// Actions that are proposed only on request.
pub const GRAVE: [Action; 5] =
    [Action::Reveal, Action::Persist, Action::Administer, Action::Spawn, Action::Opaque];

/// One effect that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The entry.
    pub entry: u64,
    /// The payload, for people.
    pub line: String,
    /// What was done.
    pub action: Action,
    /// To what, as a rule would write it.
    pub resource: String,
}

/// The resource as a rule would write it: below the repository, the home or the temporary folder by
/// variable, else by name. `facts` are those of that moment, `here` those of now, for what was not asked then.
/// `None` where it could be anything.
#[must_use]
pub fn generalise(resource: &Resource, facts: &Snapshot, here: &dyn World) -> Option<String> {
    let (kind, name) = (resource.kind, resource.name.as_str());
    let loose = resource.name.as_literal().is_none();
    if loose && matches!(resource.name.prefix(), "" | "/") {
        return None;
    }
    // A brace is a variable to rules.
    let braced = |t: &str| t.replace('{', "{{");
    if !matches!(kind, ResourceKind::File | ResourceKind::Code) {
        return Some(format!("{}:{}", kind.name(), braced(name)));
    }
    let mut best: Option<(usize, String)> = None;
    for variable in VARIABLES {
        let answer = facts.facts.get(variable).map(|f| f.answer.clone());
        let answer = answer.unwrap_or_else(|| here.ask(variable));
        let Some(value) = answer.text() else { continue };
        let value = Glob::escape(value);
        let Some(rest) = name.strip_prefix(&value).filter(|_| value.len() > 1) else { continue };
        let inside = rest.is_empty() || rest.starts_with('/');
        if inside && best.as_ref().is_none_or(|(n, _)| value.len() > *n) {
            best = Some((value.len(), format!("{{{variable}}}{}", braced(rest))));
        }
    }
    let name = best.map_or_else(|| braced(name), |(_, text)| text);
    Some(format!("{}:{name}", kind.name()))
}

/// A profile that extends `parent` by the least permits for what was seen; empty where nothing was.
#[must_use]
pub fn propose(parent: &str, seen: &[Seen]) -> String {
    let mut out = String::new();
    let groups = groups(seen);
    if groups.is_empty() {
        return out;
    }
    let _ = writeln!(
        out,
        "# Proposed from what was seen in shadow mode. Read it before you use it: what was seen is not\n\
         # always what should be.\n\
         exo = 1\nname = \"{parent}-learned\"\ndescription = \"{parent}, and what was seen of it in shadow mode\"\n\
         extends = [\"{parent}\"]"
    );
    let mut ids = BTreeSet::new();
    for ((kind, actions), resources) in groups {
        let names: Vec<&str> =
            Action::ALL.iter().filter(|a| actions.contains(a.name())).map(|a| a.name()).collect();
        let base = format!("learned-{}-{}", names.join("-"), kind);
        // An id has at most 64 letters, its number included.
        let base = if base.len() > 56 { format!("learned-{kind}") } else { base };
        let id = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
        let id = id.take(4096).find(|id| !ids.contains(id)).unwrap_or(base);
        let entries: BTreeSet<u64> = resources.values().flatten().map(|s| s.entry).collect();
        let _ = writeln!(out, "\n[[permit]]\nid = {}", quoted(&id));
        let _ = writeln!(
            out,
            "actions = [{}]",
            names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ")
        );
        out.push_str("resources = [\n");
        for (resource, asking) in &resources {
            for (entry, line) in asking
                .iter()
                .map(|s| (s.entry, s.line.as_str()))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .take(MAX_NAMED)
            {
                let shown: String = line.chars().filter(|c| !c.is_control()).take(80).collect();
                let _ = writeln!(out, "  # entry {entry}: {shown}");
            }
            let _ = writeln!(out, "  {},", quoted(resource));
        }
        out.push_str("]\n");
        let named: Vec<String> = entries.iter().take(MAX_NAMED).map(u64::to_string).collect();
        let more = entries.len().saturating_sub(MAX_NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(out, "why = \"Seen in shadow mode, entries {}{more}\"", named.join(", "));
        ids.insert(id);
    }
    out
}

/// By kind and actions: the resources, each with what asks for it.
type Groups<'a> = BTreeMap<(String, BTreeSet<&'static str>), BTreeMap<String, Vec<&'a Seen>>>;

fn groups(seen: &[Seen]) -> Groups<'_> {
    let mut by_resource: BTreeMap<&str, (BTreeSet<&'static str>, Vec<&Seen>)> = BTreeMap::new();
    for s in seen {
        let (actions, all) = by_resource.entry(&s.resource).or_default();
        actions.insert(s.action.name());
        all.push(s);
    }
    // What has the same actions in the same folder belongs together.
    let mut out: Groups<'_> = BTreeMap::new();
    let mut folders: BTreeMap<(BTreeSet<&'static str>, &str), BTreeSet<&str>> = BTreeMap::new();
    for (resource, (actions, _)) in &by_resource {
        if let Some(folder) = folder(resource) {
            folders.entry((actions.clone(), folder)).or_default().insert(resource);
        }
    }
    for (resource, (actions, all)) in by_resource {
        let kind = resource.split(':').next().unwrap_or_default().to_owned();
        let siblings =
            folder(resource).and_then(|f| Some((f, folders.get(&(actions.clone(), f))?)));
        let name = match siblings {
            Some((folder, names)) if names.len() >= SIBLINGS => format!("{folder}/**"),
            _ => resource.to_owned(),
        };
        out.entry((kind, actions)).or_default().entry(name).or_default().extend(all);
    }
    out
}

/// The folder of a file, where it may stand for what is in it: neither the root nor a folder right below
/// it, nor a home.
fn folder(resource: &str) -> Option<&str> {
    let path = resource.strip_prefix("file:")?;
    let (folder, name) = path.rsplit_once('/')?;
    let deep = folder.matches('/').count() >= 2
        || folder.starts_with("{git.root}")
        || folder.starts_with("{tmp}");
    let deep = deep || (folder.starts_with("{home}/"));
    (deep && name != "**").then(|| resource.get(..resource.len() - name.len() - 1)).flatten()
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    // JSON's strings are TOML's, but for one character that JSON leaves as it is.
    serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007F")
}
