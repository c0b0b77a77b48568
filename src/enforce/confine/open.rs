//! Opens what a plan names and makes the Landlock ruleset from it.
//!
//! In: a `Plan`, the paths that no command may reach, a canary. Out: a `Cage`.
//! Never: follows a path twice: rights are bound to what was opened, and that is what is recorded.

use super::child;
use super::filter::Program;
use super::plan::{ConfineError, Missing, ON_FILE, Plan, READ, Wanted};
use crate::model::{Digest, Limits};
use landlock::{
    AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::sys::statfs::fstatfs;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Filesystems without the hooks that Landlock needs, by `f_type` (linux/magic.h).
const UNHOOKED: &[(i64, &str)] = &[(0x0102_1997, "9p")];
/// Most names of a folder that are granted one by one.
const AROUND: usize = 256;
/// `f_type` of devpts, where each node is a terminal.
const DEVPTS: i64 = 0x1cd1;

/// What holds a command: all of it made before the child exists, so that the child only applies it.
#[derive(Debug)]
pub struct Cage {
    pub(in crate::enforce) ruleset: OwnedFd,
    pub(in crate::enforce) landlock_flags: u32,
    pub(in crate::enforce) filter: Program,
    pub(in crate::enforce) canary: CString,
    pub(in crate::enforce) limits: Limits,
    pub(in crate::enforce) detach: bool,
    effective: Effective,
}

/// What is really enforced, for the ledger: not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// Landlock ABI of the kernel.
    pub abi: u32,
    /// Mask of fixed errata.
    pub errata: u32,
    /// Kinds of file access that are denied unless a rule grants them.
    pub handled: Vec<String>,
    /// The rules, by what was opened.
    pub rules: Vec<EffectiveRule>,
    /// Optional paths that were not there.
    pub absent: Vec<String>,
    /// Optional folders that hold exo's own files: granted around those, not as a whole.
    pub withheld: Vec<String>,
    /// TCP ports that may be connected to; `None`: this kernel cannot limit them.
    pub connect: Option<Vec<u16>>,
    /// TCP ports that may be bound; `None`: this kernel cannot limit them.
    pub listen: Option<Vec<u16>>,
    /// Scopes that are closed.
    pub scopes: Vec<String>,
    /// SHA-256 of the system call filter, as the kernel gets it.
    pub filter: Digest,
    /// What this kernel cannot enforce.
    pub missing: Vec<Missing>,
}

/// One Landlock rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveRule {
    /// The path, links resolved. Bytes that are not UTF-8 are replaced.
    pub path: String,
    /// Device and inode number that the rule is bound to.
    pub node: (u64, u64),
    /// The rights.
    pub rights: Vec<String>,
}

/// A path of the plan, opened.
struct Opened {
    named: String,
    real: PathBuf,
    node: (u64, u64),
    rights: BitFlags<AccessFs>,
    fd: OwnedFd,
}

impl Cage {
    /// Whether a folder for temporary files could not be granted as a whole.
    #[must_use]
    pub fn withholds(&self) -> bool {
        !self.effective.withheld.is_empty()
    }

    /// What is enforced, for the ledger.
    #[must_use]
    pub const fn effective(&self) -> &Effective {
        &self.effective
    }
}

impl Plan {
    /// Opens the paths and makes the ruleset.
    ///
    /// `protect` are exo's own folders and files (configuration, state, keys), which may be missing:
    /// no rule may contain one or lie in one. `canary` is a file or folder that exo can open and the
    /// command must not; it is protected too. No optional folder is granted as a whole if it holds
    /// `home`: a home below `/tmp` is no temporary file.
    ///
    /// # Errors
    /// A path that is missing and not optional, cannot be opened, exposes a protected one, or lies
    /// where Landlock has no effect; a canary that proves nothing; a ruleset the kernel refuses.
    pub fn open(
        &self,
        protect: &[PathBuf],
        canary: &Path,
        home: Option<&Path>,
    ) -> Result<Cage, ConfineError> {
        let useless =
            |why: String| ConfineError::Canary { path: canary.display().to_string(), why };
        let canary_c =
            CString::new(canary.as_os_str().as_bytes()).map_err(|e| useless(e.to_string()))?;
        std::fs::File::open(canary).map_err(|e| useless(e.to_string()))?;

        let guarded: Vec<Guarded> =
            protect.iter().map(PathBuf::as_path).chain([canary]).map(Guarded::new).collect();
        let home = home.map(Guarded::new);
        let shunned: Vec<&Guarded> = guarded.iter().chain(&home).collect();
        let (mut opened, mut absent, mut withheld) = (Vec::new(), Vec::new(), Vec::new());
        for wanted in &self.wanted {
            match self.open_one(wanted)? {
                Some(one) if wanted.optional && shunned.iter().any(|g| g.inside(&one)) => {
                    // A folder for all (`/tmp`) that happens to hold exo's own: what else is in it
                    // now is granted part by part, itself it is not.
                    withheld.push(one.named.clone());
                    self.around(wanted, &shunned, &mut opened);
                }
                Some(one) => opened.push(one),
                None => absent.push(wanted.path.display().to_string()),
            }
        }
        for one in &opened {
            if let Some(g) = guarded.iter().find(|g| g.touches(one)) {
                return Err(ConfineError::Exposes {
                    path: one.named.clone(),
                    protected: g.named.display().to_string(),
                });
            }
        }
        let rules = merged(opened);
        let ruleset = self.ruleset(&rules).map_err(|e| ConfineError::Ruleset(e.to_string()))?;
        let ruleset = Option::<OwnedFd>::from(ruleset)
            .ok_or_else(|| ConfineError::Ruleset("the kernel gave no ruleset".to_owned()))?;
        Ok(Cage {
            ruleset,
            landlock_flags: if self.abi >= 7 { child::LOG_NEW_EXEC_ON } else { 0 },
            filter: self.filter.clone(),
            canary: canary_c,
            limits: self.limits,
            detach: self.detach,
            effective: self.effective(&rules, absent, withheld),
        })
    }

    /// What lies beside the guarded paths in a folder, and in the folders on the way to them. Links are
    /// left out, since they lead elsewhere; so is what comes after the first 256 names.
    fn around(&self, wanted: &Wanted, shunned: &[&Guarded], opened: &mut Vec<Opened>) {
        let Ok(entries) = std::fs::read_dir(&wanted.path) else { return };
        for entry in entries.flatten().take(AROUND) {
            if entry.file_type().is_ok_and(|t| t.is_symlink()) {
                continue;
            }
            let part = Wanted { path: entry.path(), optional: true, ..wanted.clone() };
            let Ok(Some(one)) = self.open_one(&part) else { continue };
            if one.real != entry.path() {
                continue;
            }
            let touching: Vec<&&Guarded> = shunned.iter().filter(|g| g.touches(&one)).collect();
            if touching.is_empty() {
                opened.push(one);
            } else if touching.iter().all(|g| g.inside(&one) && g.real != one.real) {
                self.around(&part, shunned, opened);
            }
        }
    }

    fn open_one(&self, wanted: &Wanted) -> Result<Option<Opened>, ConfineError> {
        let named = wanted.path.display().to_string();
        let unreachable = |e: Errno| ConfineError::Unreachable {
            path: wanted.path.display().to_string(),
            why: e.desc().to_owned(),
        };
        let fd = match open(&wanted.path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            // What this user may not open itself, the command could not use either.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::EPERM)
                if wanted.optional =>
            {
                return Ok(None);
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Err(ConfineError::Missing(named)),
            Err(e) => return Err(unreachable(e)),
        };
        let real = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))
            .map_err(|e| ConfineError::Unreachable { path: named.clone(), why: e.to_string() })?;
        // `/dev/stdout` may be a pipe, which is in no folder: it is inherited as it is.
        if !real.is_absolute() || real.starts_with(format!("/proc/{}", std::process::id())) {
            return if wanted.optional { Ok(None) } else { Err(ConfineError::OwnProcess(named)) };
        }
        let stat = fstat(&fd).map_err(unreachable)?;
        let magic = fstatfs(&fd).map_err(unreachable)?.filesystem_type().0;
        if let Some((_, filesystem)) = UNHOOKED.iter().find(|(m, _)| *m == magic) {
            return Err(ConfineError::Unhooked { path: named, filesystem });
        }
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        let mut rights = wanted.rights();
        if kind != SFlag::S_IFDIR {
            rights &= ON_FILE;
        }
        if magic == DEVPTS || terminal(kind, &stat) {
            rights |= AccessFs::IoctlDev;
        }
        rights &= self.handled.fs;
        Ok(Some(Opened { named, real, node: (stat.st_dev, stat.st_ino), rights, fd }))
    }

    fn ruleset(&self, rules: &[Opened]) -> Result<RulesetCreated, RulesetError> {
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(self.handled.fs)?;
        if !self.handled.net.is_empty() {
            ruleset = ruleset.handle_access(self.handled.net)?;
        }
        if !self.handled.scope.is_empty() {
            ruleset = ruleset.scope(self.handled.scope)?;
        }
        let mut created = ruleset.create()?.set_compatibility(CompatLevel::HardRequirement);
        for rule in rules {
            created = created.add_rule(
                PathBeneath::new(&rule.fd, rule.rights)
                    .set_compatibility(CompatLevel::HardRequirement),
            )?;
        }
        if self.handled.net.is_empty() {
            return Ok(created);
        }
        let ports = self.connect.iter().map(|p| (*p, AccessNet::ConnectTcp));
        for (port, right) in ports.chain(self.listen.iter().map(|p| (*p, AccessNet::BindTcp))) {
            created = created.add_rule(
                NetPort::new(port, right).set_compatibility(CompatLevel::HardRequirement),
            )?;
        }
        Ok(created)
    }

    fn effective(&self, rules: &[Opened], absent: Vec<String>, withheld: Vec<String>) -> Effective {
        let net = !self.handled.net.is_empty();
        Effective {
            abi: self.abi,
            errata: self.errata,
            handled: names(self.handled.fs),
            rules: rules
                .iter()
                .map(|r| EffectiveRule {
                    path: r.real.display().to_string(),
                    node: r.node,
                    rights: names(r.rights),
                })
                .collect(),
            absent,
            withheld,
            connect: net.then(|| self.connect.clone()),
            listen: net.then(|| self.listen.clone()),
            scopes: self.handled.scope.iter().map(|s| snake(&format!("{s:?}"))).collect(),
            filter: self.filter.digest(),
            missing: self.missing.clone(),
        }
    }
}

/// Majors of terminals (Documentation/admin-guide/devices.txt): virtual and serial consoles 4, the
/// controlling terminal and ptmx 5, pseudo-terminals 136 to 143.
fn terminal(kind: SFlag, stat: &FileStat) -> bool {
    kind == SFlag::S_IFCHR && matches!(libc::major(stat.st_rdev), 4 | 5 | 136..=143)
}

/// Leaves out each rule that one above it already covers. Real paths are compared, since a link
/// below a granted folder may lead out of it.
fn merged(mut opened: Vec<Opened>) -> Vec<Opened> {
    let mut out: Vec<Opened> = Vec::new();
    opened.sort_by(|a, b| a.real.cmp(&b.real));
    for one in opened {
        let covered =
            |above: &Opened| one.real.starts_with(&above.real) && above.rights.contains(one.rights);
        if !one.rights.is_empty() && !out.iter().any(covered) {
            out.push(one);
        }
    }
    out
}

fn names(rights: BitFlags<AccessFs>) -> Vec<String> {
    rights.iter().map(|r| snake(&format!("{r:?}"))).collect()
}

fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A path that no rule may contain or lie in: by its real path, and by the nodes on the way to it,
/// which another mount of the same tree shares.
struct Guarded {
    named: PathBuf,
    real: PathBuf,
    nodes: BTreeSet<(u64, u64)>,
}

impl Guarded {
    /// A path that does not exist is guarded through the folders that do.
    fn new(path: &Path) -> Self {
        let stats = |real: &Path| {
            real.ancestors()
                .filter_map(|a| nix::sys::stat::stat(a).ok())
                .map(|s| (s.st_dev, s.st_ino))
                .collect()
        };
        let existing = path.ancestors().find_map(|a| a.canonicalize().ok().map(|real| (a, real)));
        let Some((a, base)) = existing else {
            return Self { named: path.into(), real: path.into(), nodes: BTreeSet::new() };
        };
        let real = match path.strip_prefix(a) {
            Ok(rest) if !rest.as_os_str().is_empty() => base.join(rest),
            _ => base.clone(),
        };
        Self { named: path.into(), real, nodes: stats(&base) }
    }

    /// Whether this lies in the tree of the rule.
    fn inside(&self, rule: &Opened) -> bool {
        self.real.starts_with(&rule.real) || self.nodes.contains(&rule.node)
    }

    fn touches(&self, rule: &Opened) -> bool {
        self.real.starts_with(&rule.real)
            || rule.real.starts_with(&self.real)
            || (self.nodes.contains(&rule.node) && rule.rights.contains(READ))
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
