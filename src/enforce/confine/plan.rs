//! From the sandbox that was asked for to the rights that this kernel can hold: pure, no I/O.
//!
//! In: a `Sandbox` with concrete paths, a `Kernel`. Out: a `Plan`, opened later by `Plan::open`.
//! Never: drops a right silently: it is an error, or (`require = "available"`) stands in `missing`.

use super::filter::{self, Program};
use super::kernel::Kernel;
use crate::model::{Limits, Require, Sandbox};
use landlock::{AccessFs, AccessNet, BitFlags, Scope, make_bitflags};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// Why a command cannot be confined as asked. Nothing runs then (exit 125).
#[derive(Debug, Error)]
pub enum ConfineError {
    /// No Landlock here.
    #[error("cannot confine: {0}")]
    NoLandlock(String),
    /// No seccomp here.
    #[error("cannot confine: the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)")]
    NoSeccomp,
    /// The kernel is too old for a right that is required.
    #[error(
        "cannot confine: kernel {release} (Landlock ABI {abi}) cannot {what}, which needs ABI \
         {floor}; use a newer kernel, or set `require = \"available\"` in the profile's [sandbox]"
    )]
    TooOld {
        /// Release of the kernel.
        release: String,
        /// Its ABI.
        abi: u32,
        /// The right, as a verb.
        what: &'static str,
        /// The ABI it came with.
        floor: u32,
    },
    /// A path of the ceiling is not absolute, or not plain.
    #[error("sandbox path `{0}` is not an absolute path without `.` and `..`")]
    NotAbsolute(String),
    /// A path of the ceiling does not exist.
    #[error("sandbox path `{0}` does not exist; create it, or write `{0}?` if it may be missing")]
    Missing(String),
    /// A path of the ceiling cannot be opened.
    #[error("sandbox path `{path}` cannot be opened: {why}")]
    Unreachable {
        /// The path.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The ceiling would let the command at exo itself.
    #[error(
        "sandbox path `{path}` would open exo's own `{protected}` to the command; \
         name narrower folders"
    )]
    Exposes {
        /// The path of the ceiling.
        path: String,
        /// What must stay out of reach.
        protected: String,
    },
    /// A filesystem on which Landlock rules have no effect.
    #[error("sandbox path `{path}` is on {filesystem}, where Landlock does not hold; use another")]
    Unhooked {
        /// The path.
        path: String,
        /// Name of the filesystem.
        filesystem: &'static str,
    },
    /// `/proc/self` and what leads there mean another process inside than here.
    #[error("sandbox path `{0}` leads into exo's own /proc entry; write `/proc` or leave it out")]
    OwnProcess(String),
    /// The canary cannot be opened before confinement, so it would prove nothing.
    #[error("cannot prove the confinement: canary `{path}` cannot be opened: {why}")]
    Canary {
        /// The path.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The kernel refused the ruleset.
    #[error("cannot confine: {0}")]
    Ruleset(String),
}

/// A protection that was asked for and that this kernel does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What cannot be enforced, as a verb.
    pub what: &'static str,
    /// The Landlock ABI that brings it.
    pub abi: u32,
}

/// One path of the ceiling. It may always be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) path: PathBuf,
    pub(super) optional: bool,
    pub(super) write: bool,
    pub(super) execute: bool,
}

/// A sandbox, compiled for a kernel; nothing is opened yet.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) abi: u32,
    pub(super) errata: u32,
    pub(super) wanted: Vec<Wanted>,
    pub(super) connect: Vec<u16>,
    pub(super) listen: Vec<u16>,
    pub(super) handled: Handled,
    pub(super) missing: Vec<Missing>,
    pub(super) filter: Program,
    pub(super) limits: Limits,
    pub(super) detach: bool,
}

/// The kinds of access that Landlock denies unless a rule grants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handled {
    pub(super) fs: BitFlags<AccessFs>,
    pub(super) net: BitFlags<AccessNet>,
    pub(super) scope: BitFlags<Scope>,
}

/// ABI floor of each protection, oldest first (man 7 landlock).
/// Sockets by path (ABI 9) are no row: below it the filter refuses all Unix sockets instead.
const FLOORS: &[(u32, &str)] = &[
    (2, "tell moves between folders apart"),
    (3, "protect files from truncation"),
    (4, "limit TCP ports"),
    (5, "limit device ioctls"),
    (6, "keep abstract Unix sockets and signals inside"),
];

/// Rights on the files of a tree that may be read.
pub(super) const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// What `write` adds. Device nodes are never made: no command may, and none has CAP_MKNOD.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    WriteFile | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSock | MakeFifo | MakeSym
        | Refer | Truncate
});
/// TCP by port.
const TCP: BitFlags<AccessNet> = make_bitflags!(AccessNet::{BindTcp | ConnectTcp});
/// Abstract sockets and signals.
const SCOPES: BitFlags<Scope> = make_bitflags!(Scope::{AbstractUnixSocket | Signal});
/// Rights that exist on something that is not a folder.
pub(super) const ON_FILE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    Execute | WriteFile | ReadFile | Truncate | IoctlDev
});

impl Wanted {
    /// The rights of this path as a folder; `Plan::open` trims them for a file.
    pub(super) fn rights(&self) -> BitFlags<AccessFs> {
        let mut rights = READ;
        if self.write {
            rights |= WRITE;
        }
        if self.execute {
            rights |= AccessFs::Execute;
        }
        rights
    }
}

impl Handled {
    fn at(abi: u32, unix: bool) -> Self {
        let mut fs = READ | WRITE | AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock;
        if abi < 2 {
            fs.remove(AccessFs::Refer);
        }
        if abi < 3 {
            fs.remove(AccessFs::Truncate);
        }
        if abi >= 5 {
            fs |= AccessFs::IoctlDev;
        }
        if abi >= 9 && !unix {
            fs |= AccessFs::ResolveUnix;
        }
        Self {
            fs,
            // UDP comes with ABI 10; below and above, the filter holds it.
            net: if abi >= 4 { TCP } else { BitFlags::empty() },
            scope: if abi >= 6 { SCOPES } else { BitFlags::empty() },
        }
    }
}

/// Compiles a sandbox for a kernel.
///
/// # Errors
/// No Landlock or seccomp; with [`Require::Full`] a right that the kernel lacks; a path that is not
/// absolute.
pub fn plan(sandbox: &Sandbox, kernel: &Kernel) -> Result<Plan, ConfineError> {
    if let Some(problem) = kernel.landlock.problem() {
        return Err(ConfineError::NoLandlock(problem));
    }
    if !kernel.seccomp {
        return Err(ConfineError::NoSeccomp);
    }
    let abi = kernel.landlock.abi();
    let missing = missing(abi);
    if let (Require::Full, Some(first)) = (sandbox.require, missing.first()) {
        return Err(ConfineError::TooOld {
            release: kernel.release.clone(),
            abi,
            what: first.what,
            floor: first.abi,
        });
    }
    Ok(Plan {
        abi,
        errata: kernel.landlock.errata(),
        wanted: wanted(sandbox)?,
        connect: sandbox.connect.clone(),
        listen: sandbox.listen.clone(),
        handled: Handled::at(abi, sandbox.unix),
        missing,
        filter: filter::program(&filter::Grants::of(sandbox)),
        limits: sandbox.limits,
        detach: sandbox.detach,
    })
}

/// What a kernel of this ABI cannot enforce.
#[must_use]
pub fn missing(abi: u32) -> Vec<Missing> {
    FLOORS
        .iter()
        .filter(|(floor, _)| abi < *floor)
        .map(|&(abi, what)| Missing { what, abi })
        .collect()
}

/// The paths of the three lists, each once, with the union of its rights.
fn wanted(sandbox: &Sandbox) -> Result<Vec<Wanted>, ConfineError> {
    let lists = [
        (&sandbox.read, false, false),
        (&sandbox.write, true, false),
        (&sandbox.execute, false, true),
    ];
    let mut out: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
    for (list, write, execute) in lists {
        for text in list {
            let (bare, optional) = match text.strip_suffix('?') {
                Some(bare) => (bare, true),
                None => (text.as_str(), false),
            };
            let path = plain(bare).ok_or_else(|| ConfineError::NotAbsolute(text.clone()))?;
            let entry = out.entry(path.clone()).or_insert(Wanted {
                path,
                optional: true,
                write: false,
                execute: false,
            });
            entry.optional &= optional;
            entry.write |= write;
            entry.execute |= execute;
        }
    }
    Ok(out.into_values().collect())
}

fn plain(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let fine = path.is_absolute()
        && !text.contains('\0')
        && path.components().all(|c| matches!(c, Component::RootDir | Component::Normal(_)));
    fine.then(|| path.components().collect())
}

impl Plan {
    /// What this kernel cannot enforce of what was asked for.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enforce::confine::Landlock;

    fn kernel(abi: u32) -> Kernel {
        Kernel {
            release: "6.1.0".into(),
            arch: std::env::consts::ARCH,
            landlock: match abi {
                0 => Landlock::NotBuilt,
                abi => Landlock::Ready { abi, errata: 0 },
            },
            seccomp: true,
        }
    }

    #[test]
    fn a_full_sandbox_is_refused_below_abi_6_and_accepted_from_there() {
        for abi in 0..6 {
            assert!(plan(&Sandbox::default(), &kernel(abi)).is_err(), "{abi}");
        }
        for abi in 6..12 {
            let plan = plan(&Sandbox::default(), &kernel(abi)).unwrap();
            assert_eq!(plan.missing(), &[]);
        }
        let text = plan(&Sandbox::default(), &kernel(3)).unwrap_err().to_string();
        assert!(text.contains("6.1.0") && text.contains("require = \"available\""), "{text}");
        assert!(text.contains("TCP ports") && text.contains("ABI 4"), "{text}");
    }

    #[test]
    fn what_is_available_is_asked_for_and_the_rest_is_named() {
        let mut sandbox = Sandbox { require: Require::Available, ..Sandbox::default() };
        assert!(plan(&sandbox, &kernel(0)).is_err());
        let old = plan(&sandbox, &kernel(1)).unwrap();
        assert_eq!(old.missing().len(), FLOORS.len());
        assert!(
            !old.handled.fs.intersects(make_bitflags!(AccessFs::{Refer | Truncate | IoctlDev}))
        );
        assert!(old.handled.net.is_empty() && old.handled.scope.is_empty());
        assert!(plan(&sandbox, &kernel(8)).unwrap().missing().is_empty());
        let rights = |s: &Sandbox| plan(s, &kernel(9)).unwrap().handled.fs;
        assert!(rights(&sandbox).contains(AccessFs::ResolveUnix));
        sandbox.unix = true;
        assert!(!rights(&sandbox).contains(AccessFs::ResolveUnix));
    }

    #[test]
    fn a_path_of_two_lists_has_the_rights_of_both_and_must_exist_if_one_says_so() {
        let sandbox = Sandbox {
            read: vec!["/usr?".into(), "/opt?".into()],
            write: vec!["/tmp/".into()],
            execute: vec!["/usr".into()],
            ..Sandbox::default()
        };
        let got = wanted(&sandbox).unwrap();
        let show = |w: &Wanted| (w.path.clone(), w.optional, w.write, w.execute);
        assert_eq!(
            got.iter().map(show).collect::<Vec<_>>(),
            [
                ("/opt".into(), true, false, false),
                ("/tmp".into(), false, true, false),
                ("/usr".into(), false, false, true)
            ]
        );
    }

    #[test]
    fn paths_that_are_not_absolute_and_plain_are_refused() {
        for bad in ["", "?", "usr", "./usr", "/usr/../etc", "/a\0b", "~/x"] {
            let sandbox = Sandbox { read: vec![bad.into()], ..Sandbox::default() };
            assert!(wanted(&sandbox).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_device_node_is_never_among_the_granted_rights() {
        let all = Wanted { path: "/".into(), optional: false, write: true, execute: true }.rights();
        assert!(!all.intersects(make_bitflags!(AccessFs::{MakeChar | MakeBlock | IoctlDev})));
        assert!(Handled::at(7, false).fs.contains(all));
    }
}
