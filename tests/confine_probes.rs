//! The sandbox, tried out: each probe does one thing bare, where it must succeed, and under exo, where it
//! must get the stated error; as the user who runs the tests and as an ordinary one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, both};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// What a probe must answer under exo; bare it must answer `ok`.
const CLOSED: &[(&[&str], &str)] = &[
    (&["read", "{out}/file"], "EACCES"),
    (&["list", "{out}"], "EACCES"),
    (&["write", "{out}/new"], "EACCES"),
    (&["append", "{out}/file"], "EACCES"),
    (&["truncate", "{out}/file"], "EACCES"),
    (&["mkdir", "{out}/dir"], "EACCES"),
    (&["exec", "{out}/program"], "EACCES"),
    (&["tcp", "{port}"], "EACCES"),
    (&["listen-on", "47123"], "EACCES"),
    (&["mptcp", "{port}"], "EPROTONOSUPPORT"),
    (&["fastopen", "{port}"], "EOPNOTSUPP"),
    (&["fastopen-sendmsg", "{port}"], "EOPNOTSUPP"),
    (&["udp"], "EACCES"),
    (&["unix", "{out}/socket"], "EAFNOSUPPORT"),
    (&["clone-newuser"], "EPERM"),
    (&["clone3-newuser"], "ENOSYS"),
    (&["i386"], "ENOSYS"),
    (&["personality", "4194304"], "EPERM"),
];

/// What must go on working under exo.
const OPEN: &[&[&str]] = &[
    &["write", "new"],
    &["mkdir", "dir"],
    &["rename", "new", "dir/new"],
    &["read", "/usr/bin/env"],
    &["exec", "/usr/bin/true"],
    &["socketpair", "1"],
    &["thread"],
];

fn probe(home: &Home) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes/probe.rs");
    let binary = home.repo().join("probe");
    let built = Command::new("rustc")
        .args(["--edition", "2024", "-A", "warnings", "-o"])
        .arg(&binary)
        .arg(source)
        .status()
        .unwrap();
    assert!(built.success());
    binary.to_str().unwrap().to_owned()
}

#[test]
fn what_landlock_and_the_filter_close_is_closed_and_nothing_else() {
    if !common::toolchain() {
        common::skip("the Rust toolchain, which makes the probe, is out of reach for this user");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut wrong = Vec::new();
    for (who, home) in both() {
        let binary = probe(&home);
        let out = home.home().join("outside");
        let made = home.bare_sh(&format!(
            "mkdir -p {0} && echo x > {0}/file && cp /bin/true {0}/program",
            out.display()
        ));
        assert_eq!(made.code, 0, "{made:?}");
        let socket = std::os::unix::net::UnixListener::bind(out.join("socket")).unwrap();
        std::fs::set_permissions(
            out.join("socket"),
            std::os::unix::fs::PermissionsExt::from_mode(0o777),
        )
        .unwrap();
        let fill = |a: &str| a.replace("{out}", out.to_str().unwrap()).replace("{port}", &port);
        for (args, want) in CLOSED {
            let args: Vec<String> = args.iter().map(|a| fill(a)).collect();
            let mut all = vec![binary.as_str()];
            all.extend(args.iter().map(String::as_str));
            let confined = home.run(&all);
            let bare = home.bare_sh(&all.join(" "));
            if confined.out.trim() != *want || bare.out.trim() != "ok" {
                wrong.push(format!(
                    "{who}: {args:?}: want {want}, confined {:?} {:?}, bare {:?}",
                    confined.out.trim(),
                    confined.err,
                    bare.out.trim()
                ));
            }
            // What the bare run made is in the way of the next user's.
            home.bare_sh(&format!("cd {} && rm -rf new dir", out.display()));
        }
        for args in OPEN {
            let mut all = vec![binary.as_str()];
            all.extend(*args);
            let confined = home.run(&all);
            if confined.out.trim() != "ok" {
                wrong.push(format!("{who}: {args:?} should work: {confined:?}"));
            }
        }
        // Listening on a port of the kernel's choice is open where the profile may listen at all.
        let ci = home.exo(&["run", "--as", "ci", "--", &binary, "autobind"]);
        assert!(ci.out.trim() != "ok", "{who}: {ci:?}");
        drop(socket);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_command_has_no_privilege_no_foreign_descriptor_and_a_known_environment() {
    for (who, home) in both() {
        let status = home.run(&["cat", "/proc/self/status"]);
        let field = |name: &str| {
            let line = status.out.lines().find(|l| l.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).unwrap_or_default().to_owned()
        };
        for cap in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
            assert_eq!(field(cap), "0000000000000000", "{who}: {cap}");
        }
        assert_eq!(
            (field("NoNewPrivs:").as_str(), field("Seccomp:").as_str()),
            ("1", "2"),
            "{who}"
        );
        let fds = home.run(&["ls", "/proc/self/fd"]);
        let fds: Vec<&str> = fds.out.split_whitespace().collect();
        assert!(fds.len() <= 4, "{who}: {fds:?}");
        let bare = home.bare_sh(&format!(
            "exec 7</etc/hostname; exec {} run --as coding-agent -- sh -c 'cat <&7'",
            home.binary().display()
        ));
        assert_ne!(bare.code, 0, "{who}: an inherited descriptor is open: {bare:?}");
    }
}

#[test]
fn limits_of_the_profile_are_held() {
    let home = Home::new();
    home.child("small", "[sandbox]\nlimits = { wall = \"1s\", files = 32, file_size = \"64KiB\" }");
    let run = |args: &[&str]| {
        let mut all = vec!["run", "--as", "small", "--"];
        all.extend(args);
        home.exo(&all)
    };
    let r = run(&["sh", "-c", "ulimit -n; ulimit -f"]);
    assert!(r.code == 0 && r.out.starts_with("32\n"), "{r:?}");
    let r = run(&["python3", "-c", "import time; time.sleep(20)"]);
    assert_eq!(r.code, 143, "{r:?}");
    assert!(r.err.contains("wall limit"), "{r:?}");
    let r = run(&["python3", "-c", "open('big','wb').write(b'x' * 200000)"]);
    assert_ne!(r.code, 0, "{r:?}");
    assert_eq!(home.bare_sh("python3 -c \"open('big','wb').write(b'x' * 200000)\"").code, 0);
    home.verifies();
}
