//! Opening a plan: what is granted, what is refused, and what is recorded.

use super::*;
use crate::enforce::confine::{Kernel, plan};
use crate::model::Sandbox;
use std::os::unix::fs::symlink;

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["work/sub", "state", "other"] {
            std::fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        std::fs::write(dir.path().join("state/canary"), "x").unwrap();
        std::fs::write(dir.path().join("work/file"), "x").unwrap();
        Self { dir }
    }

    fn path(&self, rest: &str) -> String {
        self.dir.path().canonicalize().unwrap().join(rest).display().to_string()
    }

    fn open(&self, sandbox: &Sandbox) -> Result<Cage, ConfineError> {
        let canary = self.dir.path().join("state/canary");
        let protect = [self.dir.path().join("state"), self.dir.path().join("config/not/there")];
        plan(sandbox, &Kernel::probe()).unwrap().open(&protect, &canary, None)
    }

    fn read(&self, paths: &[&str]) -> Result<Cage, ConfineError> {
        let read = paths.iter().map(|p| self.path(p)).collect();
        self.open(&Sandbox { read, ..Sandbox::default() })
    }
}

fn rules(cage: &Cage) -> Vec<(String, Vec<String>)> {
    cage.effective().rules.iter().map(|r| (r.path.clone(), r.rights.clone())).collect()
}

#[test]
fn a_missing_path_is_an_error_unless_it_may_be_missing() {
    let place = Place::new();
    let error = place.read(&["gone"]).unwrap_err();
    assert!(matches!(&error, ConfineError::Missing(p) if *p == place.path("gone")), "{error}");
    let cage = place.read(&["gone?", "work"]).unwrap();
    assert_eq!(cage.effective().absent, [place.path("gone")]);
    assert_eq!(cage.effective().rules.len(), 1);
}

#[test]
fn a_rule_below_another_is_merged_unless_it_grants_more_or_leads_elsewhere() {
    let place = Place::new();
    symlink(place.path("other"), place.path("work/link")).unwrap();
    let read = |p: &str| place.path(p);
    let sandbox = Sandbox {
        read: vec![read("work"), read("work/sub"), read("work/file"), read("work/link")],
        ..Sandbox::default()
    };
    let cage = place.open(&sandbox).unwrap();
    let paths: Vec<String> = rules(&cage).into_iter().map(|(p, _)| p).collect();
    assert_eq!(paths, [place.path("other"), place.path("work")]);
    let cage = place.open(&Sandbox { write: vec![read("work/sub")], ..sandbox }).unwrap();
    assert_eq!(rules(&cage).len(), 3);
}

#[test]
fn a_file_gets_the_rights_of_files_only() {
    let place = Place::new();
    let sandbox = Sandbox { write: vec![place.path("work/file")], ..Sandbox::default() };
    let cage = place.open(&sandbox).unwrap();
    assert_eq!(rules(&cage)[0].1, ["write_file", "read_file", "truncate"]);
}

#[test]
fn device_ioctls_are_granted_on_terminals_only() {
    let place = Place::new();
    let read = ["/dev/null", "/dev/tty", "/dev/pts?"].map(str::to_owned).to_vec();
    let cage = place.open(&Sandbox { read, ..Sandbox::default() }).unwrap();
    for (path, rights) in rules(&cage) {
        let ioctl = rights.contains(&"ioctl_dev".to_owned());
        assert_eq!(ioctl, path != "/dev/null", "{path} {rights:?}");
    }
}

#[test]
fn a_ceiling_that_reaches_exos_own_folders_is_refused() {
    let place = Place::new();
    for path in ["", "state", "state/canary"] {
        let error = place.read(&[path]).unwrap_err();
        assert!(matches!(error, ConfineError::Exposes { .. }), "{path}: {error}");
    }
    // Through a link too.
    symlink(place.path("state"), place.path("work/link")).unwrap();
    assert!(matches!(place.read(&["work/link"]), Err(ConfineError::Exposes { .. })));
    assert!(place.read(&["work", "other"]).is_ok());
    let root = Sandbox { execute: vec!["/".into()], ..Sandbox::default() };
    assert!(matches!(place.open(&root), Err(ConfineError::Exposes { .. })));
}

#[test]
fn exos_own_proc_entry_is_never_granted() {
    let place = Place::new();
    let read = |p: &str| place.open(&Sandbox { read: vec![p.into()], ..Sandbox::default() });
    assert!(matches!(read("/proc/self"), Err(ConfineError::OwnProcess(_))));
    assert!(read("/proc/self?").unwrap().effective().rules.is_empty());
    assert!(read("/proc").is_ok());
}

#[test]
fn a_canary_that_exo_cannot_open_is_an_error() {
    let place = Place::new();
    let plan = plan(&Sandbox::default(), &Kernel::probe()).unwrap();
    let gone = place.dir.path().join("gone");
    assert!(matches!(plan.open(&[], &gone, None), Err(ConfineError::Canary { .. })));
}

#[test]
fn what_is_recorded_is_what_the_kernel_was_given() {
    let place = Place::new();
    let sandbox = Sandbox { connect: vec![443], listen: vec![8080], ..Sandbox::default() };
    let cage = place.open(&sandbox).unwrap();
    let e = cage.effective();
    assert_eq!((e.connect.as_deref(), e.listen.as_deref()), (Some(&[443][..]), Some(&[8080][..])));
    assert_eq!(e.scopes, ["abstract_unix_socket", "signal"]);
    assert!(e.handled.contains(&"make_block".to_owned()) && e.missing.is_empty());
    assert_eq!(serde_json::to_value(e).unwrap()["filter"].as_str().unwrap().len(), 64);
}
