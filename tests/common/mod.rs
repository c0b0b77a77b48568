//! A private installation in a temporary home, a git repository beside it, and exo run in them, as root
//! or as an ordinary user.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and each test file uses its own part of this"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The user number of nobody, on Debian and most others.
pub const NOBODY: u32 = 65534;

/// A temporary home with an installation, and a repository.
pub struct Home {
    dir: tempfile::TempDir,
    uid: Option<u32>,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    /// For the user who runs the tests, with `exo init` done.
    pub fn new() -> Self {
        let home = Self::bare(None);
        let ran = home.exo(&["init"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        home
    }

    /// For an ordinary user: nobody where the tests run as root, else the one who runs them.
    pub fn ordinary() -> Self {
        let home = Self::bare(nix::unistd::geteuid().is_root().then_some(NOBODY));
        let ran = home.exo(&["init"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        home
    }

    /// Without an installation.
    pub fn bare(uid: Option<u32>) -> Self {
        // Not in a folder for temporary files, which profiles open to commands.
        let home = std::env::var_os("HOME").unwrap();
        let root = nix::unistd::geteuid().is_root();
        let base = if root { Path::new("/srv") } else { Path::new(&home) };
        let dir = tempfile::tempdir_in(base).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for sub in ["home", "repo", "bin"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        // A copy: the build folder may be closed to other users.
        fs::copy(env!("CARGO_BIN_EXE_exo"), dir.path().join("bin/exo")).unwrap();
        fs::set_permissions(dir.path().join("bin/exo"), fs::Permissions::from_mode(0o755)).unwrap();
        let home = Self { dir, uid };
        let repo = home.repo();
        let script = "git init -q -b agent/work . && git config user.name Agent && \
            git config user.email agent@example.org && echo '# hello' > README.md && mkdir src && \
            git add . && git commit -qm first";
        if let Some(uid) = uid {
            for sub in ["home", "repo"] {
                std::os::unix::fs::chown(home.dir.path().join(sub), Some(uid), Some(uid)).unwrap();
            }
        }
        let ran = home.bare_sh(script);
        assert_eq!(ran.code, 0, "{ran:?} in {}", repo.display());
        home
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn config(&self) -> PathBuf {
        self.home().join(".config/exo")
    }

    pub fn state(&self) -> PathBuf {
        self.home().join(".local/state/exo")
    }

    pub fn binary(&self) -> PathBuf {
        self.dir.path().join("bin/exo")
    }

    /// A command of this home's user, in the repository, with a small environment.
    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = match self.uid {
            None => Command::new(program),
            Some(uid) => {
                let mut c = Command::new("setpriv");
                c.args([
                    &format!("--reuid={uid}"),
                    &format!("--regid={uid}"),
                    "--clear-groups",
                    "--",
                ]);
                c.arg(program);
                c
            }
        };
        command.args(args).current_dir(self.repo()).env_clear();
        command.env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap());
        for keep in ["CARGO_HOME", "RUSTUP_HOME", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(keep) {
                command.env(keep, value);
            }
        }
        command
    }

    /// exo with these arguments.
    pub fn exo_command(&self, args: &[&str]) -> Command {
        self.command(&self.binary(), args)
    }

    pub fn exo(&self, args: &[&str]) -> Ran {
        ran(self.exo_command(args).output().unwrap())
    }

    /// `exo run --as coding-agent -- …`.
    pub fn run(&self, args: &[&str]) -> Ran {
        let mut all = vec!["run", "--as", "coding-agent", "--"];
        all.extend(args);
        self.exo(&all)
    }

    /// `exo run --as coding-agent -c LINE`.
    pub fn line(&self, line: &str) -> Ran {
        self.exo(&["run", "--as", "coding-agent", "-c", line])
    }

    /// The same line without exo: what a refusal is compared with.
    pub fn bare_sh(&self, line: &str) -> Ran {
        ran(self.command(Path::new("/bin/bash"), &["-c", line]).output().unwrap())
    }

    pub fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        if let Some(uid) = self.uid {
            std::os::unix::fs::chown(path, Some(uid), Some(uid)).unwrap();
        }
    }

    /// A profile of this home, which must load.
    pub fn profile(&self, name: &str, text: &str) {
        self.write(&self.config().join(format!("profiles/{name}.toml")), text);
    }

    /// A profile of this home that is `coding-agent` and this.
    pub fn child(&self, name: &str, more: &str) {
        let head = format!("exo = 1\nname = \"{name}\"\nextends = [\"coding-agent\"]\n");
        self.profile(name, &format!("{head}{more}\n"));
    }

    /// `exo audit list --json`, oldest first.
    pub fn entries(&self) -> Vec<serde_json::Value> {
        let ran = self.exo(&["audit", "list", "--json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    pub fn verifies(&self) {
        let ran = self.exo(&["audit", "verify"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

pub fn ran(output: Output) -> Ran {
    use std::os::unix::process::ExitStatusExt;
    let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap());
    Ran {
        code,
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Both users, so that what holds for one is shown for the other.
pub fn both() -> Vec<(&'static str, Home)> {
    let mut homes = vec![("this user", Home::new())];
    if nix::unistd::geteuid().is_root() {
        homes.push(("nobody", Home::ordinary()));
    }
    homes
}

/// Says that a test cannot run here, where the list at the end of `tests/run.sh` shows it; in CI, and
/// for the user that it is strict with, that is a failure.
pub fn skip(why: &str) {
    use std::io::Write;
    assert!(std::env::var_os("EXO_TEST_STRICT").is_none(), "cannot be skipped here: {why}");
    eprintln!("NOT RUN: {why}");
    if let Some(file) = std::env::var_os("EXO_TEST_SKIPS") {
        let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
        writeln!(file, "{why}").unwrap();
    }
}

/// Whether the Rust toolchain can be used by the user who runs the tests.
pub fn toolchain() -> bool {
    Command::new("rustc").arg("--version").output().is_ok_and(|o| o.status.success())
}
