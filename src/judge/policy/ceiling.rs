//! The ceiling: the most that a run under a profile may touch.
//!
//! In: the `[sandbox]` of a profile and its parents. Out: a [`Sandbox`] with all variables filled in.
//! Never: knows what a command does; `decide` cuts the ceiling to that.

use super::file::{Place, SandboxKeys};
use super::presets::{PRESETS, R, W, X};
use super::template::{Template, Values};
use super::words::{duration, is_env_name, nearest, size};
use super::{Pattern, PolicyError};
use crate::model::{Environment, Glob, Limits, Require, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::{Spanned, Value};

/// The most that a run may touch, with its variables.
#[derive(Clone, Debug, Default)]
pub struct Ceiling {
    trees: [Vec<Template>; 3],
    written: BTreeMap<&'static str, Vec<String>>,
    fixed: Sandbox,
    require: Option<Require>,
    /// What only `require = "available"` may ask for, with the error if it is not so.
    unheld: Vec<PolicyError>,
}

impl Ceiling {
    /// The lists as they are written in the profile and its parents, by key.
    #[must_use]
    pub const fn as_written(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.written
    }

    /// What commands find in their environment.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.fixed.environment
    }

    /// The ceiling with the values of facts in it. A path whose variable has no value is left out, as
    /// is one that would not be absolute: both leave less.
    ///
    /// # Errors
    /// What facts could not be found out.
    pub fn fill(&self, values: &Values) -> Result<Sandbox, String> {
        let mut out = self.fixed.clone();
        let [read, write, execute] = &self.trees;
        for (templates, list) in
            [(read, &mut out.read), (write, &mut out.write), (execute, &mut out.execute)]
        {
            for template in templates {
                let Some(path) = template.fill(values, &str::to_owned)? else { continue };
                if path.starts_with('/') && !climbs(&path) && !list.contains(&path) {
                    list.push(path);
                }
            }
        }
        Ok(out)
    }

    /// The write trees alone, without the mark of those that may be missing.
    pub(super) fn written_trees(&self, values: &Values) -> Vec<String> {
        let [_, write, _] = &self.trees;
        let fill = |t: &Template| t.fill(values, &str::to_owned).ok().flatten();
        write.iter().filter_map(fill).map(|p| p.trim_end_matches('?').to_owned()).collect()
    }

    /// The trees that may be read, written, executed, as a rule would write them.
    #[must_use]
    pub fn tree_patterns(&self) -> [Vec<Pattern>; 3] {
        let tree = |t: &Template| {
            let source = t.source();
            let path = source.strip_suffix('?').unwrap_or(&source).trim_end_matches('/');
            Pattern::parse(&format!("file:{}/**", Glob::escape(path))).ok()
        };
        self.trees.each_ref().map(|list| list.iter().filter_map(tree).collect())
    }

    /// The TCP ports that may be connected to, and those that may be listened on.
    #[must_use]
    pub fn ports(&self) -> (&[u16], &[u16]) {
        (&self.fixed.connect, &self.fixed.listen)
    }

    /// The trees that one word of a list stands for.
    #[must_use]
    pub fn trees_of(word: &str, key: &str) -> Vec<Pattern> {
        let right = match key {
            "read" => R,
            "write" => W,
            _ => X,
        };
        let mut one = Self::default();
        if let ([trees, ..], Ok(list)) = (&mut one.trees, expand(word, key, right)) {
            *trees = list;
        }
        let [trees, ..] = one.tree_patterns();
        trees
    }

    /// Names of the facts that it depends on.
    pub(super) fn facts(&self) -> BTreeSet<&str> {
        self.trees.iter().flatten().flat_map(Template::variables).collect()
    }

    /// Adds the keys of one more file; the leaf comes last.
    pub(super) fn add(&mut self, place: Place<'_>, keys: SandboxKeys) -> Result<(), PolicyError> {
        let lists =
            [("read", R, keys.read), ("write", W, keys.write), ("execute", X, keys.execute)];
        for ((key, right, list), trees) in lists.into_iter().zip(&mut self.trees) {
            for entry in list {
                for path in expand(entry.get_ref(), key, right)
                    .map_err(|m| place.error(&entry.span(), format!("key `{key}`: {m}")))?
                {
                    if !trees.contains(&path) {
                        trees.push(path);
                    }
                }
                self.written.entry(key).or_default().push(entry.into_inner());
            }
        }
        for (key, list) in [("connect", keys.connect), ("listen", keys.listen)] {
            for entry in list {
                self.port(place, key, entry)?;
            }
        }
        for entry in keys.unix {
            self.fixed.unix = true;
            if entry.get_ref() != "*" {
                let message = format!(
                    "key `unix`: no kernel here can hold a run to the socket `{}` alone; write \
                     `*` for any socket, or `require = \"available\"`",
                    entry.get_ref()
                );
                self.unheld.push(place.error(&entry.span(), message));
            }
            self.written.entry("unix").or_default().push(entry.into_inner());
        }
        for name in keys.environment.pass {
            let word = name.get_ref();
            if !is_env_name(word.strip_suffix('*').unwrap_or(word)) {
                let message =
                    format!("key `pass`: `{word}` names no variable; write `NAME` or `PRE_*`");
                return Err(place.error(&name.span(), message));
            }
            if !self.fixed.environment.pass.contains(word) {
                self.fixed.environment.pass.push(name.into_inner());
            }
        }
        for (name, value) in keys.environment.set {
            if !is_env_name(&name) || value.get_ref().contains('\0') {
                let message = format!("key `set`: `{name}` cannot be a variable of that value");
                return Err(place.error(&value.span(), message));
            }
            self.fixed.environment.set.insert(name, value.into_inner());
        }
        self.fixed.udp = keys.udp.unwrap_or(self.fixed.udp);
        self.fixed.detach = keys.detach.unwrap_or(self.fixed.detach);
        self.require = match (self.require, keys.require) {
            (Some(Require::Full), _) | (_, Some(Require::Full)) => Some(Require::Full),
            (older, newer) => newer.or(older),
        };
        let l = keys.limits;
        let own = Limits {
            wall: limit(place, "wall", l.wall.as_ref(), "`10m`", duration)?,
            cpu: limit(place, "cpu", l.cpu.as_ref(), "`5m`", duration)?,
            memory: limit(place, "memory", l.memory.as_ref(), "`2GiB`", size)?,
            processes: limit(place, "processes", l.processes.as_ref(), "128", |_| None)?,
            files: limit(place, "files", l.files.as_ref(), "1024", |_| None)?,
            file_size: limit(place, "file_size", l.file_size.as_ref(), "`1GiB`", size)?,
        };
        self.fixed.limits = smaller(self.fixed.limits, own);
        Ok(())
    }

    /// What can only be said once all files are in.
    pub(super) fn close(&mut self) -> Result<(), PolicyError> {
        self.fixed.require = self.require.unwrap_or_default();
        match self.unheld.first() {
            Some(error) if self.fixed.require == Require::Full => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn port(
        &mut self,
        place: Place<'_>,
        key: &'static str,
        entry: Spanned<String>,
    ) -> Result<(), PolicyError> {
        let text = entry.get_ref();
        let fail = |m: String| place.error(&entry.span(), format!("key `{key}`: {m}"));
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let Some(port) = digits.then(|| port.parse::<u16>().ok()).flatten() else {
            return Err(fail(format!("`{text}` names no port; write `*:443`")));
        };
        if host.is_empty() {
            return Err(fail(format!("`{text}` names no host; write `*:{port}`")));
        }
        if host != "*" {
            self.unheld.push(fail(format!(
                "this version holds runs to ports, not to the host `{host}`; write `*:{port}`, or \
                 `require = \"available\"`"
            )));
        }
        let ports = if key == "connect" { &mut self.fixed.connect } else { &mut self.fixed.listen };
        if let Err(at) = ports.binary_search(&port) {
            ports.insert(at, port);
        }
        self.written.entry(key).or_default().push(entry.into_inner());
        Ok(())
    }
}

/// Whether a path goes up by `..`, or holds a NUL.
fn climbs(path: &str) -> bool {
    path.contains('\0') || path.split('/').any(|part| part == "..")
}

/// The paths of one word of a list.
fn expand(word: &str, key: &str, right: u8) -> Result<Vec<Template>, String> {
    if word.starts_with('@') {
        let Some((_, paths)) = PRESETS.iter().find(|(name, _)| *name == word) else {
            let names = || PRESETS.iter().map(|(name, _)| *name);
            return Err(match nearest(word, names()) {
                Some(near) => format!("unknown preset `{word}`; did you mean `{near}`?"),
                None => {
                    let known = names().collect::<Vec<_>>().join(", ");
                    format!("unknown preset `{word}`; known are: {known}")
                }
            });
        };
        let fitting: Vec<&str> =
            paths.iter().filter(|(rights, _)| rights & right != 0).map(|(_, p)| *p).collect();
        if fitting.is_empty() {
            return Err(format!("preset `{word}` has nothing to {key}; remove it"));
        }
        // HOME may be another than the one in which the machine's owner keeps his tools.
        let both = fitting.into_iter().flat_map(|path| {
            let other = path.contains("{home}").then(|| path.replace("{home}", "{user.home}"));
            [Some(path.to_owned()), other]
        });
        return both.flatten().map(|path| Template::parse(&path)).collect();
    }
    let template = Template::parse(word)?;
    let path = word.strip_suffix('?').unwrap_or(word);
    if word.starts_with('~') {
        return Err(format!("`{word}`: write `{{home}}` for the home folder"));
    }
    if !word.starts_with(['/', '{']) {
        return Err(format!("`{word}` is no absolute path; write `{{cwd}}/{word}` or a preset"));
    }
    if path.contains(['*', '?']) {
        return Err(format!("`{word}`: the kernel knows trees, not patterns; name the folder"));
    }
    if climbs(&template.with("x")) {
        return Err(format!("`{word}` goes up by `..`; name the folder itself"));
    }
    Ok(vec![template])
}

fn limit(
    place: Place<'_>,
    key: &str,
    value: Option<&Spanned<Value>>,
    sample: &str,
    read: fn(&str) -> Option<u64>,
) -> Result<Option<u64>, PolicyError> {
    let Some(value) = value else { return Ok(None) };
    let number = match value.get_ref() {
        Value::Integer(i) => u64::try_from(*i).ok(),
        Value::String(text) => read(text),
        _ => None,
    };
    let span: Range<usize> = value.span();
    match number {
        Some(n) if n > 0 => Ok(Some(n)),
        _ => {
            Err(place
                .error(&span, format!("key `{key}`: no such limit; write for example {sample}")))
        }
    }
}

fn smaller(a: Limits, b: Limits) -> Limits {
    let min = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    };
    Limits {
        wall: min(a.wall, b.wall),
        cpu: min(a.cpu, b.cpu),
        memory: min(a.memory, b.memory),
        processes: min(a.processes, b.processes),
        files: min(a.files, b.files),
        file_size: min(a.file_size, b.file_size),
    }
}
