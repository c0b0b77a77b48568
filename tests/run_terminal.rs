//! Signals and terminal as a person expects them: Ctrl-C, Ctrl-Z and back, window size, pipes, signals
//! sent to exo. A real terminal (pty) with an interactive bash in it, driven by a small script.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Home, ran};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Starts bash on a pty, types lines, waits for what must appear; prints all of it where it does not.
const DRIVER: &str = r#"
import os, pty, sys, time, select, struct, fcntl, termios, json
steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.environ["PS1"] = "ready> "
    os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "-i"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
seen = ""
def until(text, seconds=20):
    global seen
    end = time.time() + seconds
    while text not in seen:
        left = end - time.time()
        if left <= 0:
            print("MISSING", repr(text), "in", repr(seen)); os.kill(pid, 9); sys.exit(1)
        if select.select([fd], [], [], left)[0]:
            seen += os.read(fd, 4096).decode(errors="replace")
    seen = seen[seen.index(text) + len(text):]
until("ready> ")
for step in steps:
    if "type" in step: os.write(fd, step["type"].encode())
    if "size" in step: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", step["size"][0], step["size"][1], 0, 0))
    if "see" in step: until(step["see"])
    if "sleep" in step: time.sleep(step["sleep"])
os.write(fd, b"\nexit\n")
time.sleep(0.1)
os.kill(pid, 9)
os.waitpid(pid, 0)
"#;

fn terminal(home: &Home, steps: &serde_json::Value) {
    let mut c = home.command(Path::new("python3"), &["-c", DRIVER, &steps.to_string()]);
    c.env("TERM", "dumb").env("EXO", home.binary());
    let r = ran(c.stdin(Stdio::null()).output().unwrap());
    assert_eq!(r.code, 0, "{}{}", r.out, r.err);
}

#[test]
fn ctrl_c_ends_the_command_and_is_recorded() {
    let home = Home::new();
    terminal(
        &home,
        &serde_json::json!([
            {"type": "$EXO run --as coding-agent -- python3 -c 'import time; print(\"st\"+\"arted\", flush=True); time.sleep(30)'\n", "see": "started"},
            {"type": "\u{3}", "see": "ready> "},
            {"type": "echo code=$?\n", "see": "code=130"},
        ]),
    );
    let last = home.entries().pop().unwrap();
    assert_eq!(last["kind"], "outcome", "{last}");
    assert_eq!(last["end"]["signal"], 2, "{last}");
    home.verifies();
}

#[test]
fn ctrl_z_stops_the_job_and_fg_goes_on() {
    let home = Home::new();
    terminal(
        &home,
        &serde_json::json!([
            {"type": "$EXO run --as coding-agent -- sh -c 'echo st\"\"arted; sleep 2; echo fin\"\"ished'\n", "see": "started"},
            // dash starts `sleep` by vfork, and a stop in the middle of that would stop the child alone.
            {"sleep": 0.5},
            {"type": "\u{1a}", "see": "Stopped"},
            {"type": "jobs\n", "see": "Stopped"},
            {"type": "fg\n", "see": "finished"},
            {"see": "ready> "},
            {"type": "echo code=$?\n", "see": "code=0"},
        ]),
    );
    home.verifies();
}

#[test]
fn the_command_sees_the_window_and_its_changes() {
    let home = Home::new();
    terminal(
        &home,
        &serde_json::json!([
            {"type": "$EXO run --as coding-agent -- python3 -c 'import os,signal,time\nsignal.signal(signal.SIGWINCH, lambda *a: os.write(1, b\"now %d\\n\" % os.get_terminal_size().columns))\nos.write(1, b\"was %d\\n\" % os.get_terminal_size().columns)\ntime.sleep(3)'\n", "see": "was 80"},
            {"size": [40, 132], "see": "now 132"},
            {"see": "ready> "},
        ]),
    );
}

#[test]
fn signals_sent_to_exo_reach_the_command() {
    let home = Home::new();
    for (signal, code) in [("TERM", 40), ("HUP", 41), ("USR1", 42)] {
        let program = "import signal,sys,time\nfor s,c in ((15,40),(1,41),(10,42)): signal.signal(s, lambda n,f,c=c: sys.exit(c))\nopen('up','w')\ntime.sleep(30)";
        let mut c =
            home.exo_command(&["run", "--as", "coding-agent", "--", "python3", "-c", program]);
        let child = c.stdin(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while !home.repo().join("up").exists() {
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(5));
        }
        std::fs::remove_file(home.repo().join("up")).unwrap();
        let pid = child.id().to_string();
        assert_eq!(home.bare_sh(&format!("kill -{signal} {pid}")).code, 0);
        let r = ran(child.wait_with_output().unwrap());
        assert_eq!(r.code, code, "{signal}: {r:?}");
    }
}

#[test]
fn pipes_pass_through_and_a_closed_reader_ends_it() {
    let home = Home::new();
    let mut c = home.exo_command(&["run", "--as", "coding-agent", "--", "cat"]);
    let mut child = c.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&vec![b'x'; 50_000]).unwrap();
    let r = ran(child.wait_with_output().unwrap());
    assert_eq!((r.code, r.out.len()), (0, 50_000));
    let exo = home.binary();
    let r = home.bare_sh(&format!(
        "{} run --as coding-agent -- yes | head -n 1; echo ${{PIPESTATUS[0]}}",
        exo.display()
    ));
    assert_eq!(r.out, "y\n141\n", "128 + SIGPIPE: {r:?}");
}
