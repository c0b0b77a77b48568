//! Bad input: each gets a clear error that names the thing and the fix, nothing runs, nothing is lost.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, Ran, ran};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

/// What a failed run must be: 125, one `exo: error:` line with these words, and no marker file.
fn fails(home: &Home, ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, 125, "{ran:?}");
    assert!(ran.err.starts_with("exo: error: "), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "`{word}` is not in: {}", ran.err);
    }
    assert!(!home.repo().join("marker").exists(), "something ran: {ran:?}");
}

fn touch(home: &Home) -> Ran {
    home.run(&["touch", "marker"])
}

#[test]
fn an_unknown_agent_is_named_with_the_places_that_were_looked_in() {
    let home = Home::new();
    let r = home.exo(&["run", "--as", "nobody-knows", "--", "touch", "marker"]);
    fails(&home, &r, &["nobody-knows", "profiles", "exo profile list"]);
    let r = home.exo(&["run", "--as", "../../etc/passwd", "--", "touch", "marker"]);
    fails(&home, &r, &["../../etc/passwd", "lower-case"]);
    let r = home.exo(&["run", "--", "touch", "marker"]);
    fails(&home, &r, &["--as"]);
}

#[test]
fn broken_profiles_name_file_line_key_and_fix() {
    let home = Home::new();
    let head = "exo = 1\nname = \"p\"\n";
    let rule = |id: &str| {
        format!("[[permit]]\nid = \"{id}\"\nactions = [\"read\"]\nresources = [\"file:/**\"]\n")
    };
    let rows = [
        ("exo = 1\nname = \n".to_owned(), vec!["p.toml", ":2"]),
        (format!("{head}colour = 1\n"), vec!["p.toml", "colour"]),
        (format!("{head}{}{}", rule("one"), rule("one")), vec!["p.toml", "one"]),
        (
            format!(
                "{head}[[permit]]\nid = \"x\"\nactions = [\"destroy\"]\nresources = [\"file:/**\"]\n"
            ),
            vec!["p.toml", "destroy"],
        ),
        (
            format!("{head}[[permit]]\nid = \"x\"\nactions = [\"read\"]\nresources = [\"/etc\"]\n"),
            vec!["p.toml", "/etc"],
        ),
        (format!("{head}extends = [\"none-such\"]\n"), vec!["none-such"]),
        (format!("{head}extends = [\"p\"]\n"), vec!["p"]),
        ("exo = 2\nname = \"p\"\n".to_owned(), vec!["p.toml", "exo"]),
        ("exo = 1\nname = \"q\"\n".to_owned(), vec!["p.toml", "q"]),
    ];
    for (text, words) in rows {
        home.profile("p", &text);
        let r = home.exo(&["run", "--as", "p", "--", "touch", "marker"]);
        fails(&home, &r, &words);
    }
    home.profile("p", &format!("{head}extends = [\"coding-agent\"]\n"));
    assert_eq!(
        home.exo(&["run", "--as", "p", "--", "touch", "marker"]).code,
        0,
        "the same with good text"
    );
}

#[test]
fn a_profile_whose_examples_do_not_hold_decides_nothing() {
    let home = Home::new();
    home.child(
        "p",
        "[[forbid]]\nid = \"mine\"\nactions = [\"delete\"]\nresources = [\"file:/nowhere\"]\nwhy = \"x\"\nexamples = [\"ls\"]",
    );
    let r = home.exo(&["run", "--as", "p", "--", "touch", "marker"]);
    fails(&home, &r, &["mine", "exo profile check p"]);
    assert_eq!(home.exo(&["profile", "check", "p"]).code, 1);
}

#[test]
fn a_ledger_that_cannot_take_the_entry_stops_the_run() {
    // Root writes where the mode says no, so this is shown as an ordinary user.
    let home = Home::ordinary();
    assert_eq!(touch(&home).code, 0);
    fs::remove_file(home.repo().join("marker")).unwrap();
    let db = home.state().join("ledger.db");
    let mode = |m| fs::set_permissions(&db, fs::Permissions::from_mode(m)).unwrap();
    mode(0o400);
    fails(&home, &touch(&home), &["ledger"]);
    mode(0o600);
    assert_eq!(touch(&home).code, 0, "writable again");
    home.verifies();
}

#[test]
fn a_corrupt_or_missing_ledger_stops_the_run() {
    let home = Home::new();
    assert_eq!(touch(&home).code, 0);
    fs::remove_file(home.repo().join("marker")).unwrap();
    let db = home.state().join("ledger.db");
    // All of it into the database file, so that the damage is not hidden by the write-ahead log.
    for ending in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(home.state().join(ending));
    }
    let whole = fs::read(&db).unwrap();
    fs::write(&db, vec![0x55; whole.len()]).unwrap();
    fails(&home, &touch(&home), &["ledger.db"]);
    fs::remove_file(&db).unwrap();
    fails(&home, &touch(&home), &["ledger.db"]);
    let r = home.exo(&["init"]);
    assert_ne!(r.code, 0, "init makes no new ledger beside an old head and key: {r:?}");
}

#[test]
fn folders_that_others_can_write_are_refused() {
    let home = Home::new();
    for dir in [home.config(), home.state()] {
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        fails(&home, &touch(&home), &["chmod go-w"]);
        assert_eq!(home.exo(&["init"]).code, 2);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let profile = home.config().join("profiles/coding-agent.toml");
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o666)).unwrap();
    fails(&home, &touch(&home), &["coding-agent.toml", "chmod go-w"]);
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o600)).unwrap();
    let key = home.state().join("key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fails(&home, &touch(&home), &["key"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(touch(&home).code, 0);
}

#[test]
fn init_is_idempotent_and_never_overwrites() {
    let home = Home::new();
    let key = fs::read(home.state().join("key")).unwrap();
    home.write(&home.config().join("profiles/ci.toml"), "# mine\n");
    let again = home.exo(&["init"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("kept"), "{again:?}");
    assert_eq!(fs::read(home.state().join("key")).unwrap(), key);
    assert_eq!(fs::read_to_string(home.config().join("profiles/ci.toml")).unwrap(), "# mine\n");
    assert_eq!(home.entries().len(), 1);
    for (path, mode) in
        [(home.config(), 0o700), (home.state(), 0o700), (home.state().join("key"), 0o600)]
    {
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode,
            "{}",
            path.display()
        );
    }
}

#[test]
fn programs_that_cannot_be_run_say_why() {
    let home = Home::new();
    let repo = home.repo();
    home.write(&repo.join("plain"), "echo hello\n");
    fs::set_permissions(repo.join("plain"), fs::Permissions::from_mode(0o755)).unwrap();
    home.write(&repo.join("orphan"), "#!/no/such/interpreter\n");
    fs::set_permissions(repo.join("orphan"), fs::Permissions::from_mode(0o755)).unwrap();
    home.write(&repo.join("script"), "#!/bin/sh\necho script \"$0\" \"$1\"\n");
    fs::set_permissions(repo.join("script"), fs::Permissions::from_mode(0o755)).unwrap();
    for (args, code, word) in [
        (vec!["./plain"], 126, "sh "),
        (vec!["./orphan"], 126, "/no/such/interpreter"),
        (vec!["./src"], 126, "src"),
        (vec!["./README.md"], 126, "README.md"),
        (vec!["missing-program"], 127, "missing-program"),
        (vec!["./missing"], 127, "missing"),
    ] {
        let r = home.run(&args);
        assert_eq!(r.code, code, "{args:?}: {r:?}");
        assert!(r.err.starts_with("exo: ") && r.err.contains(word), "{args:?}: {r:?}");
    }
    let r = home.run(&["./script", "one"]);
    assert_eq!((r.code, r.out.as_str()), (0, "script ./script one\n"), "{r:?}");
}

#[test]
fn argv_that_is_not_text_is_named_by_number_and_byte() {
    let home = Home::new();
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
    c.arg(OsString::from_vec(vec![b'a', 0xff, b'b']));
    let r = ran(c.output().unwrap());
    assert!(r.code == 125 || r.code == 126, "{r:?}");
    assert!(!home.repo().join("marker").exists());
    assert_eq!(home.entries().last().unwrap()["kind"], "deny");
}

#[test]
fn an_argv_near_two_megabytes_is_answered() {
    let home = Home::new();
    let words: Vec<String> = (0..19).map(|i| format!("{i}{}", "x".repeat(100_000))).collect();
    let mut args = vec!["run", "--as", "coding-agent", "--", "touch", "marker"];
    args.extend(words.iter().map(String::as_str));
    let r = home.exo(&args);
    assert_eq!(r.code, 126, "{:.300}…", r.err);
    assert!(r.err.contains("opaque"), "{:.300}…", r.err);
    assert!(!home.repo().join("marker").exists());
    home.verifies();
    assert_eq!(home.exo(&["audit", "replay"]).code, 0);
}

#[test]
fn ten_thousand_variables_are_cut_to_those_the_profile_passes() {
    let home = Home::new();
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "env"]);
    c.envs((0..10_000).map(|i| (format!("VARIABLE_{i}"), "x")));
    c.env("LD_PRELOAD", "").env("GIT_SSH_COMMAND", "touch marker").env("LANG", "C.UTF-8");
    let r = ran(c.output().unwrap());
    assert_eq!(r.code, 0, "{r:?}");
    assert!(r.out.contains("LANG=C.UTF-8"), "{}", r.out);
    assert!(
        !r.out.contains("VARIABLE_") && !r.out.contains("LD_PRELOAD") && !r.out.contains("GIT_SSH"),
        "{}",
        r.out
    );
}

#[test]
fn a_deleted_current_folder_is_named() {
    let home = Home::new();
    let gone = home.repo().join("gone");
    let script = format!(
        "mkdir {0} && cd {0} && rmdir {0} && exec {1} run --as coding-agent -- touch marker",
        gone.display(),
        home.binary().display()
    );
    fails(&home, &home.bare_sh(&script), &["current folder"]);
}

#[test]
fn without_home_the_folders_are_asked_for() {
    let home = Home::new();
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
    c.env_remove("HOME");
    fails(&home, &ran(c.output().unwrap()), &["HOME", "XDG_CONFIG_HOME"]);
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
    c.env_remove("HOME");
    c.env("XDG_CONFIG_HOME", home.home().join(".config"))
        .env("XDG_STATE_HOME", home.home().join(".local/state"));
    let r = ran(c.output().unwrap());
    assert_eq!(r.code, 0, "{r:?}");
}

#[test]
fn closed_standard_descriptors_become_dev_null() {
    let home = Home::new();
    let exo = home.binary();
    let line = |redirect: &str| {
        home.bare_sh(&format!("{} run --as coding-agent -- sh -c 'echo out; echo err >&2; cat; touch marker' {redirect}", exo.display()))
    };
    for closed in ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"] {
        let r = line(closed);
        assert_eq!(r.code, 0, "{closed}: {r:?}");
        assert!(home.repo().join("marker").exists(), "{closed}");
        fs::remove_file(home.repo().join("marker")).unwrap();
        let text = fs::read(home.state().join("key")).unwrap();
        assert!(text.starts_with(b"#") || !text.is_empty(), "{closed}: the key was written over");
    }
    home.verifies();
}

#[test]
fn a_clock_before_the_last_entry_stops_the_run_until_it_is_accepted() {
    let home = Home::new();
    let past = |args: &[&str]| {
        let mut all = vec!["run", "--as", "coding-agent", "--"];
        all.extend(args);
        let mut c = home.exo_command(&all);
        c.env("EXO_TEST_CLOCK_OFFSET", "-86400");
        ran(c.output().unwrap())
    };
    if !cfg!(feature = "fail-points") {
        eprintln!(
            "NOTE: moving exo's clock needs the feature fail-points; not tested in this build"
        );
        return;
    }
    let r = past(&["touch", "marker"]);
    fails(&home, &r, &["clock", "exo init --accept-clock"]);
    let mut c = home.exo_command(&["init", "--accept-clock"]);
    c.env("EXO_TEST_CLOCK_OFFSET", "-86400");
    assert_eq!(ran(c.output().unwrap()).code, 0);
    assert_eq!(past(&["touch", "marker"]).code, 0);
    home.verifies();
}

#[test]
fn a_kernel_without_landlock_runs_nothing() {
    if !cfg!(feature = "fail-points") {
        eprintln!(
            "NOTE: capping the Landlock ABI needs the feature fail-points; not tested in this build"
        );
        return;
    }
    let home = Home::new();
    for abi in ["0", "3"] {
        let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
        c.env("EXO_LANDLOCK_ABI", abi);
        fails(&home, &ran(c.output().unwrap()), &["Landlock"]);
    }
    assert_eq!(touch(&home).code, 0);
}

#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let home = Home::new();
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
    // A limit on file size is to SQLite what a full disk is: the write fails.
    let limit = fs::metadata(home.state().join("ledger.db")).unwrap().len().min(8 * 1024);
    #[allow(unsafe_code, reason = "setrlimit in the child, between fork and exec")]
    // SAFETY: setrlimit(2) is async-signal-safe and touches nothing of the parent.
    unsafe {
        c.pre_exec(move || {
            nix::sys::resource::setrlimit(
                nix::sys::resource::Resource::RLIMIT_FSIZE,
                limit,
                limit,
            )?;
            nix::sys::signal::signal(
                nix::sys::signal::Signal::SIGXFSZ,
                nix::sys::signal::SigHandler::SigIgn,
            )?;
            Ok(())
        });
    }
    let r = ran(c.stdin(Stdio::null()).output().unwrap());
    fails(&home, &r, &["ledger"]);
    assert_eq!(touch(&home).code, 0, "with room again");
    home.verifies();
}

#[test]
fn hostile_lines_are_denied_as_not_understood_in_bounded_time() {
    let home = Home::new();
    let lines = [
        ("64 KiB of words", format!("rm {}", "a ".repeat(32_700))),
        ("more than 64 KiB", "rm f;".repeat(14_000)),
        ("200 substitutions", format!("{}rm f{}", "$(".repeat(200), ")".repeat(200))),
        ("3 000 groups", "{ ".repeat(3000)),
        ("6 kB of pipes", "a|".repeat(3000)),
        ("a control byte", "echo a\u{7}b".to_owned()),
        ("an escape", "echo a\u{1b}[31mb".to_owned()),
        ("text that turns", "echo a\u{202e}b".to_owned()),
        ("text without width", "echo a\u{200b}b".to_owned()),
        ("CRLF", "echo a\r\necho b\r\n".to_owned()),
        ("a quote", "echo 'a".to_owned()),
        ("a double quote", "echo \"a".to_owned()),
        ("a here-document", "cat <<E\na".to_owned()),
        ("a glob made to blow up", format!("rm {}b", "*a".repeat(20_000))),
        ("braces made to blow up", format!("rm {}", "{a,b}".repeat(2000))),
        ("values made to blow up", format!("x=abcdefgh;{}rm /$x", "x=$x$x;".repeat(200))),
        ("functions that call each other", "f(){ g;g; };g(){ f;f; };f".to_owned()),
        ("a fork bomb", ":(){ :|:& };:".to_owned()),
    ];
    for (name, line) in lines {
        let start = std::time::Instant::now();
        let r = home.exo(&["check", "--as", "coding-agent", "--", "bash", "-c", &line]);
        assert_eq!(r.code, 1, "{name}: {r:?}");
        assert!(start.elapsed().as_secs() < 20, "{name}: {:?}", start.elapsed());
        let told = format!("{}{}", r.out, r.err);
        let plain = |c: char| !c.is_control() || c == '\n';
        assert!(told.chars().all(plain) && !told.contains(['\u{202e}', '\u{200b}']), "{name}");
    }
    // The same in a batch, where lines may hold any byte but a newline.
    fs::write(home.repo().join("batch"), b"rm a\0b\nrm \xff\nrm \xe2\x80\xaeb\nls\n").unwrap();
    let r = home.exo(&["check", "--as", "coding-agent", "--batch", "batch"]);
    assert_eq!(r.out.lines().count(), 4, "{r:?}");
    assert!(r.out.lines().take(3).all(|l| l.contains("\"opaque\"")), "{r:?}");
    assert!(!r.out.contains('\u{202e}') && !r.out.contains('\0'), "{r:?}");
}

#[test]
fn a_huge_profile_and_rows_that_contradict_are_errors_with_their_place() {
    let home = Home::new();
    let huge = format!("exo = 1\nname = \"p\"\n# {}\n", "x".repeat(10 << 20));
    home.profile("p", &huge);
    let r = home.exo(&["run", "--as", "p", "--", "touch", "marker"]);
    fails(&home, &r, &["p.toml"]);
    fs::create_dir_all(home.config().join("tools.d")).unwrap();
    let mine = |text: &str| home.write(&home.config().join("tools.d/mine.toml"), text);
    for (text, words) in [
        ("[[tool]]\nname = \"rm\"\nabout = \"deletes nothing\"\n", ["mine.toml", "rm"]),
        (
            "[[tool]]\nname = \"two\"\nabout = \"x\"\n[[tool]]\nname = \"two\"\nabout = \"y\"\n",
            ["mine.toml", "two"],
        ),
        ("[[tool]]\nname = \"three\"\ncolour = 1\n", ["mine.toml", "colour"]),
    ] {
        mine(text);
        let r = home.exo(&["run", "--as", "coding-agent", "--", "touch", "marker"]);
        fails(&home, &r, &words);
    }
    fs::remove_file(home.config().join("tools.d/mine.toml")).unwrap();
    assert_eq!(touch(&home).code, 0, "without them");
}
