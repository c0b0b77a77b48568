//! What this kernel can enforce, asked of the kernel itself and not guessed from its version.
//!
//! In: system calls that change nothing. Out: a `Kernel`.
//! Never: fails; what is missing is a value with a name and a fix.

use super::child;
use nix::errno::Errno;
use serde::Serialize;

/// Landlock as this kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Landlock {
    /// It works, with this ABI and this mask of fixed errata (`LANDLOCK_CREATE_RULESET_ERRATA`).
    Ready {
        /// The ABI, 1 or more.
        abi: u32,
        /// Bit n-1 is set when erratum n is fixed here; 0 below ABI 7, which cannot tell.
        errata: u32,
    },
    /// ENOSYS: not built into this kernel, or it is older than 5.13.
    NotBuilt,
    /// EOPNOTSUPP: built, but not switched on at boot.
    NotBooted,
    /// EPERM or EACCES: a seccomp filter around exo (a container's) forbids it.
    Blocked,
    /// Another answer.
    Unknown {
        /// The errno.
        errno: i32,
    },
}

impl Landlock {
    /// The ABI; 0 when there is none.
    #[must_use]
    pub const fn abi(self) -> u32 {
        match self {
            Self::Ready { abi, .. } => abi,
            _ => 0,
        }
    }

    /// The mask of fixed errata; 0 where it is not known.
    #[must_use]
    pub const fn errata(self) -> u32 {
        match self {
            Self::Ready { errata, .. } => errata,
            _ => 0,
        }
    }

    /// What is wrong and how it is put right, when Landlock cannot be used.
    #[must_use]
    pub fn problem(self) -> Option<String> {
        Some(match self {
            Self::Ready { .. } => return None,
            Self::NotBuilt => "the kernel has no Landlock; use Linux 5.13 or newer, \
                               built with CONFIG_SECURITY_LANDLOCK=y"
                .to_owned(),
            Self::NotBooted => "Landlock is built into the kernel but not switched on; \
                                add `landlock` to the `lsm=` list of the kernel command line"
                .to_owned(),
            Self::Blocked => "a filter around exo forbids Landlock; allow the `landlock_*` system \
                              calls in the container's seccomp profile"
                .to_owned(),
            Self::Unknown { errno } => {
                format!("the kernel answers Landlock with {}", Errno::from_raw(errno).desc())
            }
        })
    }

    fn from_errno(errno: i32) -> Self {
        match errno {
            libc::ENOSYS => Self::NotBuilt,
            libc::EOPNOTSUPP => Self::NotBooted,
            libc::EPERM | libc::EACCES => Self::Blocked,
            errno => Self::Unknown { errno },
        }
    }
}

/// The abilities of this kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// Its release, as `uname -r` prints it.
    pub release: String,
    /// The architecture exo was built for.
    pub arch: &'static str,
    /// Landlock.
    pub landlock: Landlock,
    /// Whether seccomp filters with the errno action can be installed.
    pub seccomp: bool,
}

impl Kernel {
    /// Asks the kernel: three system calls and `uname`.
    #[must_use]
    pub fn probe() -> Self {
        let release = nix::sys::utsname::uname()
            .map(|u| u.release().to_string_lossy().into_owned())
            .unwrap_or_default();
        Self {
            release,
            arch: std::env::consts::ARCH,
            landlock: capped(landlock()),
            seccomp: child::seccomp_available(),
        }
    }
}

fn landlock() -> Landlock {
    match child::landlock_version() {
        Ok(abi) => Landlock::Ready { abi, errata: child::landlock_errata().unwrap_or(0) },
        Err(errno) => Landlock::from_errno(errno),
    }
}

/// In test builds `EXO_LANDLOCK_ABI` stands for an older kernel: 0 is one without Landlock.
#[cfg(any(test, feature = "fail-points"))]
fn capped(found: Landlock) -> Landlock {
    let cap = std::env::var("EXO_LANDLOCK_ABI").ok().and_then(|v| v.parse::<u32>().ok());
    match (cap, found) {
        (Some(0), _) => Landlock::NotBuilt,
        (Some(cap), Landlock::Ready { abi, errata }) => {
            Landlock::Ready { abi: abi.min(cap), errata }
        }
        (_, found) => found,
    }
}

#[cfg(not(any(test, feature = "fail-points")))]
const fn capped(found: Landlock) -> Landlock {
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_missing_names_its_own_fix() {
        let text = |errno| Landlock::from_errno(errno).problem().unwrap();
        assert!(text(libc::ENOSYS).contains("5.13"));
        assert!(text(libc::EOPNOTSUPP).contains("lsm="));
        assert!(text(libc::EPERM).contains("container"));
        assert!(text(libc::EIO).contains("I/O error"));
        assert_eq!(Landlock::Ready { abi: 7, errata: 0 }.problem(), None);
    }

    #[test]
    fn the_probe_finds_a_release_and_an_architecture() {
        let k = Kernel::probe();
        assert!(!k.release.is_empty());
        assert_eq!(k.arch, std::env::consts::ARCH);
        assert!(k.seccomp);
    }
}
