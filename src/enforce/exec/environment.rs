//! The environment of a command: what the profile passes and sets, nothing else.
//!
//! In: the profile's lists, the variables exo was started with. Out: the command's variables, sorted.
//! Never: passes a variable by default, or a `PATH` entry that depends on the working folder.

use crate::model::Environment;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Builds the environment. Of a variable that stands twice the first counts, as getenv(3) reads it;
/// what is set wins over what is passed. Only absolute entries of `PATH` stay.
#[must_use]
pub fn environment(
    wanted: &Environment,
    current: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    let mut out = BTreeMap::new();
    for (name, value) in current {
        if passed(&wanted.pass, &name) && sound(name.as_bytes()) {
            out.entry(name).or_insert(value);
        }
    }
    for (name, value) in &wanted.set {
        if sound(name.as_bytes()) {
            out.insert(OsString::from(name), OsString::from(value));
        }
    }
    if let Some(path) = out.get_mut(OsStr::new("PATH")) {
        *path = absolute_entries(path);
    }
    out.into_iter().collect()
}

fn passed(pass: &[String], name: &OsStr) -> bool {
    pass.iter().any(|p| match p.strip_suffix('*') {
        Some(prefix) => name.as_bytes().starts_with(prefix.as_bytes()),
        None => name.as_bytes() == p.as_bytes(),
    })
}

/// A name that getenv(3) can find.
fn sound(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'=') && !name.contains(&0)
}

/// An empty or relative entry means the working folder, where the agent can put a program.
fn absolute_entries(path: &OsStr) -> OsString {
    let kept: Vec<&[u8]> =
        path.as_bytes().split(|b| *b == b':').filter(|e| e.starts_with(b"/")).collect();
    OsString::from_vec(kept.join(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(pass: &[&str], set: &[(&str, &str)], now: &[(&str, &str)]) -> Vec<(String, String)> {
        let wanted = Environment {
            pass: pass.iter().map(|s| (*s).to_owned()).collect(),
            set: set.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        };
        environment(&wanted, now.iter().map(|(a, b)| (a.into(), b.into())))
            .into_iter()
            .map(|(a, b)| (a.into_string().unwrap(), b.into_string().unwrap()))
            .collect()
    }

    #[test]
    fn only_what_is_named_passes_and_what_is_set_wins() {
        let now = [("HOME", "/h"), ("LC_ALL", "C"), ("LD_PRELOAD", "x"), ("A", "1"), ("A", "2")];
        let got = build(&["HOME", "LC_*", "A"], &[("HOME", "/x"), ("", "no"), ("B=", "no")], &now);
        let want = [("A", "1"), ("HOME", "/x"), ("LC_ALL", "C")];
        assert_eq!(got, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(build(&[], &[], &now).is_empty());
    }

    #[test]
    fn path_keeps_only_absolute_entries() {
        let got = build(&["PATH"], &[], &[("PATH", ":/usr/bin:.:bin::/bin:")]);
        assert_eq!(got[0].1, "/usr/bin:/bin");
    }

    #[test]
    fn ten_thousand_variables_are_no_trouble() {
        let many = (0..10_000).map(|i| (format!("V{i}").into(), OsString::from("x")));
        let wanted = Environment { pass: vec!["V*".into()], ..Environment::default() };
        assert_eq!(environment(&wanted, many).len(), 10_000);
    }
}
