//! A policy with the values of facts in it: what deciding looks rules up in.
//!
//! In: a policy, the answers to the facts that it names. Out: the rules that speak of a resource, the
//! sandbox at its widest, the trees that the subject may have written.
//! Never: decides between rules, asks for a fact.
//!
//! A glob can only have to do with a name if its literal beginning is a beginning of the name's, or the
//! other way round. So the globs of one action, kind and verdict stand in the order of their beginnings,
//! and each knows the next shorter one: a thousand rules cost what ten do.

use super::rule::Pattern;
use super::{Policy, Values};
use crate::model::{Action, Glob, Resource, ResourceKind, Sandbox, Verdict, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

/// What one place of the index is about.
pub(super) type Key = (Action, ResourceKind, Verdict);

/// A policy's rules and ceiling under the values of facts.
#[derive(Debug)]
pub struct Bound {
    values: Values,
    lookups: BTreeMap<Key, OnceLock<Lookup>>,
    reach: Vec<Glob>,
    ceiling: Result<Arc<Sandbox>, String>,
    /// The sandboxes that were asked for, which are few.
    cuts: Mutex<Vec<Arc<Sandbox>>>,
}

/// The globs of one key.
#[derive(Debug, Default)]
struct Lookup {
    /// Ascending by literal beginning.
    rows: Vec<Row>,
    /// Patterns (rule, number) that need a fact which could not be found out.
    failed: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Row {
    rule: usize,
    glob: Arc<Glob>,
    /// The row with the next shorter beginning of this one.
    shorter: Option<usize>,
}

/// A rule, by number, that speaks of a resource; or why that could not be told.
pub type Speaks = (usize, Result<(), String>);

impl Bound {
    pub(super) fn new(policy: &Policy, values: Values) -> Self {
        let trees = policy.ceiling.written_trees(&values);
        let glob = |root: &String| {
            Glob::parse(&format!("{}/**", Glob::escape(root.trim_end_matches('/')))).ok()
        };
        Self {
            lookups: policy.index.keys().map(|key| (*key, OnceLock::new())).collect(),
            reach: trees.iter().filter_map(glob).collect(),
            ceiling: policy.ceiling.fill(&values).map(Arc::new),
            cuts: Mutex::default(),
            values,
        }
    }

    /// The answers that it was made with.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// The trees of files that the subject may have written: the write roots of the ceiling.
    #[must_use]
    pub fn reach(&self) -> &[Glob] {
        &self.reach
    }

    /// The rules of one verdict that speak of this resource, ascending by number, each once or more: a
    /// permit must cover all of it, an ask or a forbid need only meet it.
    pub fn speaking(
        &self,
        policy: &Policy,
        action: Action,
        resource: &Resource,
        verdict: Verdict,
    ) -> Vec<Speaks> {
        let key = (action, resource.kind, verdict);
        let Some(lookup) = self.lookups.get(&key) else { return Vec::new() };
        let lookup = lookup.get_or_init(|| Lookup::new(policy, &key, &self.values));
        let mut out: Vec<Speaks> = Vec::new();
        lookup.candidates(resource.name.prefix(), verdict != Verdict::Allow, |row| {
            if fits(&row.glob, &resource.name, verdict) {
                out.push((row.rule, Ok(())));
            }
        });
        for &(rule, at) in &lookup.failed {
            let pattern = policy.pattern(rule, at);
            let why = pattern.map(|p| p.speaks_of(resource, verdict, &self.values));
            if let Some(Err(why)) = why {
                out.push((rule, Err(why)));
            }
        }
        out.sort_by_key(|(rule, _)| *rule);
        out
    }

    /// The ceiling, `cut` to what was admitted.
    ///
    /// # Errors
    /// The facts of its paths that could not be found out.
    pub fn sandbox(&self, cut: impl FnOnce(&Sandbox) -> Cut) -> Result<Arc<Sandbox>, String> {
        let ceiling = self.ceiling.as_ref().map_err(Clone::clone)?;
        let cut = cut(ceiling);
        if cut.is(ceiling) {
            return Ok(Arc::clone(ceiling));
        }
        let make = || {
            let Cut { connect, listen, udp } = cut.clone();
            Arc::new(Sandbox { connect, listen, udp, ..(**ceiling).clone() })
        };
        let Ok(mut known) = self.cuts.lock() else { return Ok(make()) };
        if let Some(sandbox) = known.iter().find(|s| cut.is(s)) {
            return Ok(Arc::clone(sandbox));
        }
        let sandbox = make();
        if known.len() < MAX_CUTS {
            known.push(Arc::clone(&sandbox));
        }
        Ok(sandbox)
    }
}

/// Most sandboxes that are kept.
const MAX_CUTS: usize = 16;

/// What of a sandbox depends on the effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Ports to connect to.
    pub connect: Vec<u16>,
    /// Ports to listen on.
    pub listen: Vec<u16>,
    /// Whether UDP is open.
    pub udp: bool,
}

impl Cut {
    fn is(&self, sandbox: &Sandbox) -> bool {
        self.connect == sandbox.connect && self.listen == sandbox.listen && self.udp == sandbox.udp
    }
}

/// Whether a rule of that verdict speaks of these names.
pub(super) fn fits(glob: &Glob, names: &Glob, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Allow => glob.covers(names),
        Verdict::Ask | Verdict::Deny => glob.meets(names),
    }
}

impl Lookup {
    fn new(policy: &Policy, key: &Key, values: &Values) -> Self {
        let mut lookup = Self::default();
        for &(rule, at) in policy.index.get(key).into_iter().flatten() {
            match policy.pattern(rule, at).map(|p| Pattern::glob(p, values)) {
                Some(Ok(Some(glob))) => lookup.rows.push(Row { rule, glob, shorter: None }),
                Some(Err(_)) => lookup.failed.push((rule, at)),
                Some(Ok(None)) | None => {}
            }
        }
        lookup.rows.sort_by(|a, b| a.glob.prefix().cmp(b.glob.prefix()));
        // Beginnings of the row at hand, the longest last.
        let mut open: Vec<(usize, Arc<Glob>)> = Vec::new();
        for (i, row) in lookup.rows.iter_mut().enumerate() {
            while open.pop_if(|(_, o)| !row.glob.prefix().starts_with(o.prefix())).is_some() {}
            row.shorter = open.last().map(|(i, _)| *i);
            open.push((i, Arc::clone(&row.glob)));
        }
        lookup
    }

    /// The rows whose beginning is one of `begin`; where `longer`, also those that begin with it.
    fn candidates(&self, begin: &str, longer: bool, mut f: impl FnMut(&Row)) {
        let after = self.rows.partition_point(|row| row.glob.prefix() <= begin);
        let mut at = after.checked_sub(1);
        while let Some(row) = at.and_then(|i| self.rows.get(i)) {
            if begin.starts_with(row.glob.prefix()) {
                f(row);
            }
            at = row.shorter;
        }
        if longer {
            let rest = self.rows.get(after..).unwrap_or_default().iter();
            rest.take_while(|row| row.glob.prefix().starts_with(begin)).for_each(f);
        }
    }
}

/// The policy as it was bound last, since one process decides many times under the same facts.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Option<Arc<Bound>>>);

impl Memo {
    /// The policy under the facts of this world.
    pub(super) fn bound(&self, policy: &Policy, world: &dyn World) -> Arc<Bound> {
        let new = || Arc::new(Bound::new(policy, policy.values(world)));
        let Ok(mut last) = self.0.lock() else { return new() };
        match &*last {
            Some(bound) if bound.values.hold_in(world) => Arc::clone(bound),
            _ => Arc::clone(last.insert(new())),
        }
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}
