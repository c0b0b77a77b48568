//! Permits against the sandbox: what is permitted and cannot happen, what can happen and is not permitted.
//!
//! In: a policy. Out: findings on its own rules and its own `[sandbox]`.
//! Never: compares what the kernel does not hold, such as host names.
//!
//! Where a profile lets code run, the ceiling is what that code may do, so a tree or a port for listening
//! that no rule names is no finding.

use super::prove::{code_rules, patterns};
use super::search::{Budget, Question, TooBig, find};
use super::worlds::World;
use super::{Check, Finding};
use crate::judge::policy::{Ceiling, Pattern, Policy, Rule};
use crate::model::{Action, ResourceKind, Verdict};
use std::collections::BTreeSet;

/// Steps of all questions.
const BUDGET: usize = 10_000_000;

/// The findings; none where the question is too big, which `rules` says.
pub(super) fn ceiling(policy: &Policy) -> Vec<Finding> {
    let mut look = Look { policy, budget: Budget(BUDGET), found: Vec::new() };
    let _ = look.permits().and_then(|()| look.unused());
    look.found
}

struct Look<'a> {
    policy: &'a Policy,
    budget: Budget,
    found: Vec<Finding>,
}

/// Which list of the ceiling an action on files needs.
const fn list_of(action: Action) -> Option<&'static str> {
    match action {
        Action::Read => Some("read"),
        Action::Create | Action::Update | Action::Delete => Some("write"),
        _ => None,
    }
}

impl Look<'_> {
    /// Whether all of these match some name together, and none of those.
    fn some(
        &mut self,
        kind: ResourceKind,
        within: &[&Pattern],
        without: &[&Pattern],
    ) -> Result<bool, TooBig> {
        let world = World::default();
        let q = Question { kind, within, without, world: &world };
        Ok(find(&q, &mut self.budget)?.is_some())
    }

    fn permits(&mut self) -> Result<(), TooBig> {
        let policy = self.policy;
        let own = |r: &&Rule| r.profile == policy.name && r.effect != Verdict::Deny;
        for rule in policy.rules().iter().filter(own) {
            self.files(rule)?;
            self.ports(rule, Action::Connect)?;
            self.ports(rule, Action::Listen)?;
        }
        Ok(())
    }

    fn files(&mut self, rule: &Rule) -> Result<(), TooBig> {
        let [read, write, execute] = self.policy.ceiling.tree_patterns();
        for key in ["read", "write"] {
            if !rule.actions.iter().any(|a| list_of(a) == Some(key)) {
                continue;
            }
            // What may be written or executed may be read.
            let trees: Vec<&Pattern> = match key {
                "write" => write.iter().collect(),
                _ => read.iter().chain(&write).chain(&execute).collect(),
            };
            let (mut outside, mut beyond) = (Vec::new(), Vec::new());
            for (pattern, text) in rule.patterns().iter().zip(&rule.resources) {
                if pattern.kind() != Some(ResourceKind::File) {
                    continue;
                }
                let mut meets = false;
                for tree in &trees {
                    meets = meets || self.reaches(pattern, tree)?;
                }
                if !meets && self.some(ResourceKind::File, &[pattern], &[])? {
                    outside.push(text.as_str());
                } else if meets && self.some(ResourceKind::File, &[pattern], &trees)? {
                    beyond.push(text.as_str());
                }
            }
            let verb = if key == "read" { "reading" } else { "writing" };
            if !outside.is_empty() {
                let message = format!(
                    "the sandbox opens nothing of {} for {verb}; add its folders to `{key}` in [sandbox], or remove it",
                    outside.join(", ")
                );
                self.found.push(Finding::of(rule, Check::OutsideCeiling, message));
            }
            if !beyond.is_empty() {
                let message = format!(
                    "the sandbox opens only a part of {} for {verb}; the rest is allowed, and then fails",
                    beyond.join(", ")
                );
                self.found.push(Finding::of(rule, Check::BeyondCeiling, message));
            }
        }
        Ok(())
    }

    /// Whether a tree holds something of a pattern. Of folders that the pattern does not name, the
    /// temporary one is taken to be in its usual place, and others elsewhere.
    fn reaches(&mut self, pattern: &Pattern, tree: &Pattern) -> Result<bool, TooBig> {
        let names = |p: &Pattern| p.variables().map(|(n, _)| n.to_owned()).collect::<BTreeSet<_>>();
        let theirs = names(tree);
        let world = if theirs.is_subset(&names(pattern)) {
            World::default()
        } else if theirs.iter().all(|n| n == "tmp") {
            World::with("tmp", "/tmp")
        } else {
            return Ok(false);
        };
        let within = [pattern, tree];
        let q = Question { kind: ResourceKind::File, within: &within, without: &[], world: &world };
        Ok(find(&q, &mut self.budget)?.is_some())
    }

    fn ports(&mut self, rule: &Rule, action: Action) -> Result<(), TooBig> {
        if !rule.actions.contains(action) {
            return Ok(());
        }
        let (key, ports) = self.port_list(action);
        for (pattern, text) in rule.patterns().iter().zip(&rule.resources) {
            let mut open = !ports.is_empty();
            if pattern.kind() == Some(ResourceKind::Host) {
                open = false;
                for port in &ports {
                    open = open || self.some(ResourceKind::Host, &[pattern, port], &[])?;
                }
            }
            if !open {
                let message = format!(
                    "the sandbox opens no port that {text} could {} on; add one to `{key}` in [sandbox], or remove it",
                    action.name()
                );
                self.found.push(Finding::of(rule, Check::OutsideCeiling, message));
            }
        }
        Ok(())
    }

    /// The key of an action's ports, and each of them as a pattern over hosts.
    fn port_list(&self, action: Action) -> (&'static str, Vec<Pattern>) {
        let (connect, listen) = self.policy.ceiling.ports();
        let (key, ports) =
            if action == Action::Connect { ("connect", connect) } else { ("listen", listen) };
        (key, ports.iter().filter_map(|p| Pattern::parse(&format!("host:**:{p}")).ok()).collect())
    }

    fn unused(&mut self) -> Result<(), TooBig> {
        let policy = self.policy;
        let code = !code_rules(policy, true).is_empty();
        for (key, words) in own_lists(policy) {
            for (word, line) in words {
                let used = match key {
                    // Programs and what they load; what a stream is good for no rule says.
                    _ if word == "@dev" || word == "@system" => true,
                    "read" | "write" => code || self.tree_used(&word, key)?,
                    "connect" => self.port_used(&word, Action::Connect)?,
                    "listen" => code || self.port_used(&word, Action::Listen)?,
                    _ => true,
                };
                if !used {
                    let own = policy.rules().iter().find(|r| r.profile == policy.name);
                    let path =
                        own.map_or_else(|| format!("{}.toml", policy.name), |r| r.path.clone());
                    let message = format!(
                        "`{key}` opens {word}, and no rule permits or asks for that; remove it, or permit what it is for"
                    );
                    self.found.push(Finding {
                        check: Check::UnusedCeiling,
                        rule: "sandbox".to_owned(),
                        place: format!("{path}:{line}"),
                        message,
                    });
                }
            }
        }
        Ok(())
    }

    fn tree_used(&mut self, word: &str, key: &'static str) -> Result<bool, TooBig> {
        let trees = Ceiling::trees_of(word, key);
        for rule in self.policy.rules().iter().filter(|r| r.effect != Verdict::Deny) {
            if !rule.actions.iter().any(|a| list_of(a) == Some(key)) {
                continue;
            }
            for pattern in patterns(rule, ResourceKind::File) {
                for tree in &trees {
                    if self.some(ResourceKind::File, &[pattern, tree], &[])? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn port_used(&mut self, word: &str, action: Action) -> Result<bool, TooBig> {
        let port = word.rsplit(':').next().unwrap_or_default();
        let Ok(port) = Pattern::parse(&format!("host:**:{port}")) else { return Ok(true) };
        let speaks = |r: &&Rule| r.effect != Verdict::Deny && r.actions.contains(action);
        for rule in self.policy.rules().iter().filter(speaks) {
            for pattern in rule.patterns() {
                // A remote, a registry: its port is not in the rule.
                if pattern.kind() != Some(ResourceKind::Host)
                    || self.some(ResourceKind::Host, &[pattern, &port], &[])?
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The words of the lists in the `[sandbox]` of the policy's own file, with their lines.
fn own_lists(policy: &Policy) -> Vec<(&'static str, Vec<(String, usize)>)> {
    let text = policy.files.last().map_or("", |(_, text)| text.as_str());
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let sandbox = table.get("sandbox").and_then(toml::Value::as_table);
    let words = |key: &str| -> Vec<(String, usize)> {
        let list = sandbox.and_then(|s| s.get(key)).and_then(toml::Value::as_array);
        let text_of = |v: &toml::Value| v.as_str().map(str::to_owned);
        let word = |w: String| {
            let line = line_of(text, key, &w);
            (w, line)
        };
        list.into_iter().flatten().filter_map(text_of).map(word).collect()
    };
    ["read", "write", "connect", "listen"].map(|key| (key, words(key))).into()
}

/// The line of a word in a list of `[sandbox]`; 1 where it is written in a way that cannot be found.
fn line_of(text: &str, key: &str, word: &str) -> usize {
    let quoted = [format!("\"{word}\""), format!("'{word}'")];
    let (mut inside, mut listed) = (false, false);
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with('[') && !line.contains(['"', '\'']) {
            inside = line.starts_with("[sandbox]");
        }
        if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
            listed = name.trim() == key;
        }
        if listed && quoted.iter().any(|q| line.contains(q)) {
            return i + 1;
        }
    }
    1
}
