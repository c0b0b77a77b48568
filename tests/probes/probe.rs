//! A probe of the sandbox: does one thing that a command might try, prints `ok` or the errno's name.
//! Compiled by the tests with plain `rustc`; run bare (must succeed) and confined (must not).
//!
//! In: the name of a probe and its arguments. Out: one line, exit 0.
#![allow(non_upper_case_globals)]

use std::ffi::{CString, c_char, c_int, c_long, c_void};

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn __errno_location() -> *mut c_int;
    fn signal(signum: c_int, handler: usize) -> usize;
}

fn errno() -> i32 {
    unsafe { *__errno_location() }
}

#[cfg(target_arch = "x86_64")]
mod nr {
    pub const all: &[(&str, i64)] = &[
        ("socket", 41), ("connect", 42), ("sendto", 44), ("sendmsg", 46), ("listen", 50),
        ("socketpair", 53), ("bind", 49), ("clone", 56), ("openat", 257), ("open", 2), ("chmod", 90),
        ("fchmodat", 268), ("fchmodat2", 452), ("ptrace", 101), ("personality", 135),
        ("prctl", 157), ("ioctl", 16), ("unshare", 272), ("setns", 308), ("clone3", 435),
        ("openat2", 437), ("memfd_create", 319), ("execveat", 322), ("kill", 62), ("getppid", 110),
        ("mount", 165), ("setsockopt", 54), ("exit_group", 231), ("wait4", 61), ("mkdir", 83),
        ("truncate", 76), ("link", 86), ("unlink", 87), ("sendmmsg", 307), ("pidfd_open", 434),
        ("mknodat", 259), ("creat", 85),
    ];
}
#[cfg(target_arch = "aarch64")]
mod nr {
    pub const all: &[(&str, i64)] = &[
        ("socket", 198), ("connect", 203), ("sendto", 206), ("sendmsg", 211), ("listen", 201),
        ("socketpair", 199), ("bind", 200), ("clone", 220), ("openat", 56), ("fchmodat", 53),
        ("fchmodat2", 452), ("ptrace", 117), ("personality", 92), ("prctl", 167), ("ioctl", 29),
        ("unshare", 97), ("setns", 268), ("clone3", 435), ("openat2", 437), ("memfd_create", 279),
        ("execveat", 281), ("kill", 129), ("getppid", 173), ("mount", 40), ("setsockopt", 208),
        ("exit_group", 94), ("wait4", 260), ("truncate", 45), ("sendmmsg", 269),
        ("pidfd_open", 434), ("mknodat", 33),
    ];
}

fn nr(name: &str) -> c_long {
    match nr::all.iter().find(|(n, _)| *n == name) {
        Some((_, n)) => *n as c_long,
        None => panic!("no number for {name}"),
    }
}

/// The raw call; the answer or minus the errno.
fn call(name: &str, a: [c_long; 6]) -> c_long {
    raw(nr(name), a)
}

fn raw(number: c_long, a: [c_long; 6]) -> c_long {
    let r = unsafe { syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) };
    if r == -1 { -(errno() as c_long) } else { r }
}

fn sockaddr_in(port: u16) -> [u8; 16] {
    let mut a = [0u8; 16];
    a[0] = 2;
    a[2..4].copy_from_slice(&port.to_be_bytes());
    a[4..8].copy_from_slice(&[127, 0, 0, 1]);
    a
}

fn sockaddr_un(path: &[u8]) -> (Vec<u8>, c_long) {
    let mut a = vec![0u8; 110];
    a[0] = 1;
    a[2..2 + path.len()].copy_from_slice(path);
    (a, 2 + path.len() as c_long + i64::from(path.first() != Some(&0)) as c_long)
}

fn p<T>(x: &T) -> c_long {
    x as *const T as c_long
}

fn name(e: c_long) -> String {
    let known = [
        (1, "EPERM"), (2, "ENOENT"), (3, "ESRCH"), (9, "EBADF"), (13, "EACCES"), (14, "EFAULT"),
        (18, "EXDEV"), (22, "EINVAL"), (38, "ENOSYS"), (93, "EPROTONOSUPPORT"),
        (95, "EOPNOTSUPP"), (97, "EAFNOSUPPORT"), (111, "ECONNREFUSED"), (10, "ECHILD"),
    ];
    let found = known.iter().find(|(n, _)| *n as c_long == -e);
    found.map_or_else(|| format!("errno {}", -e), |(_, n)| (*n).to_owned())
}

fn say(answer: c_long) {
    println!("{}", if answer >= 0 { "ok".to_owned() } else { name(answer) });
}

fn io(answer: std::io::Result<()>) {
    say(match answer {
        Ok(()) => 0,
        Err(e) => -c_long::from(e.raw_os_error().unwrap_or(255)),
    });
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let arg = |i: usize| args.get(i).cloned().unwrap_or_default();
    let port = || arg(2).parse::<u16>().unwrap();
    let c = |s: &str| CString::new(s).unwrap();
    let z = [0 as c_long; 6];
    match arg(1).as_str() {
        // Files.
        "read" => io(std::fs::File::open(arg(2)).map(drop)),
        "read-byte" => io(std::fs::read(arg(2)).map(drop)),
        "list" => io(std::fs::read_dir(arg(2)).map(drop)),
        "write" => io(std::fs::write(arg(2), "x")),
        "append" => io(std::fs::OpenOptions::new().append(true).open(arg(2)).map(drop)),
        "truncate" => {
            let s = c(&arg(2));
            say(call("truncate", [s.as_ptr() as c_long, 0, 0, 0, 0, 0]));
        }
        "mkdir" => io(std::fs::create_dir(arg(2))),
        "remove" => io(std::fs::remove_file(arg(2))),
        "link" => io(std::fs::hard_link(arg(2), arg(3))),
        "rename" => io(std::fs::rename(arg(2), arg(3))),
        "symlink" => io(std::os::unix::fs::symlink("x", arg(2))),
        "exec" => io(std::process::Command::new(arg(2)).status().map(drop)),
        "memfd-exec" => {
            let s = c("m");
            let fd = call("memfd_create", [s.as_ptr() as c_long, 0, 0, 0, 0, 0]);
            let path = format!("/proc/self/fd/{fd}");
            io(std::fs::copy("/bin/true", &path).map(drop));
            io(std::process::Command::new(path).status().map(drop));
        }
        // Network.
        "tcp" => io(std::net::TcpStream::connect(("127.0.0.1", port())).map(drop)),
        "listen-on" => io(std::net::TcpListener::bind(("127.0.0.1", port())).map(drop)),
        "autobind" => {
            let fd = call("socket", [2, 1, 0, 0, 0, 0]);
            say(call("listen", [fd, 1, 0, 0, 0, 0]));
        }
        "socket" => {
            let n = |i: usize| arg(i).parse::<c_long>().unwrap();
            say(call("socket", [n(2), n(3), n(4), 0, 0, 0]));
        }
        "socketpair" => {
            let fds = [0i32; 2];
            say(call("socketpair", [arg(2).parse().unwrap(), 1, 0, p(&fds), 0, 0]));
        }
        "mptcp" => {
            let fd = call("socket", [2, 1, 262, 0, 0, 0]);
            let a = sockaddr_in(port());
            say(if fd < 0 { fd } else { call("connect", [fd, p(&a), 16, 0, 0, 0]) });
        }
        "fastopen" => {
            let fd = call("socket", [2, 1, 0, 0, 0, 0]);
            let a = sockaddr_in(port());
            let data = *b"hi";
            say(call("sendto", [fd, p(&data), 2, 0x2000_0000, p(&a), 16]));
        }
        "fastopen-sendmsg" => {
            let fd = call("socket", [2, 1, 0, 0, 0, 0]);
            let a = sockaddr_in(port());
            let data = *b"hi";
            let iov = [p(&data), 2];
            let msg = [p(&a), 16, p(&iov), 1, 0, 0, 0];
            say(call("sendmsg", [fd, p(&msg), 0x2000_0000, 0, 0, 0]));
        }
        "fastopen-connect" => {
            let fd = call("socket", [2, 1, 0, 0, 0, 0]);
            let (a, one) = (sockaddr_in(port()), 1i32);
            call("setsockopt", [fd, 6, 30, p(&one), 4, 0]);
            say(call("connect", [fd, p(&a), 16, 0, 0, 0]));
        }
        "udp" => io(std::net::UdpSocket::bind("127.0.0.1:0").map(drop)),
        "unix" => io(std::os::unix::net::UnixStream::connect(arg(2)).map(drop)),
        "abstract" => {
            let fd = call("socket", [1, 1, 0, 0, 0, 0]);
            let (a, len) = sockaddr_un(format!("\0{}", arg(2)).as_bytes());
            say(if fd < 0 { fd } else { call("connect", [fd, a.as_ptr() as c_long, len, 0, 0, 0]) });
        }
        // Other processes.
        "kill" => say(call("kill", [arg(2).parse().unwrap(), 0, 0, 0, 0, 0])),
        "ptrace-attach" => say(call("ptrace", [0x4206, arg(2).parse().unwrap(), 0, 0, 0, 0])),
        // The deny set.
        "number" => {
            let n = |i: usize| arg(i).parse::<i64>().unwrap_or(0) as c_long;
            say(raw(n(2), [n(3), n(4), n(5), n(6), n(7), n(8)]));
        }
        "clone-newuser" => {
            let pid = call("clone", [0x1000_0000 | 17, 0, 0, 0, 0, 0]);
            if pid == 0 {
                call("exit_group", z);
            }
            say(pid);
        }
        "clone3-newuser" => {
            let mut attr = [0u64; 11];
            attr[0] = 0x1000_0000;
            attr[4] = 17;
            let pid = call("clone3", [p(&attr), 88, 0, 0, 0, 0]);
            if pid == 0 {
                call("exit_group", z);
            }
            say(pid);
        }
        "thread" => say(std::thread::spawn(|| 0).join().unwrap_or(-1)),
        "chmod" => {
            let s = c(&arg(2));
            let mode = c_long::from_str_radix(&arg(3), 8).unwrap();
            say(call("fchmodat", [-100, s.as_ptr() as c_long, mode, 0, 0, 0]));
        }
        "create-mode" => {
            let s = c(&arg(2));
            let mode = c_long::from_str_radix(&arg(3), 8).unwrap();
            say(call("openat", [-100, s.as_ptr() as c_long, 0o101, mode, 0, 0]));
        }
        "openat2" => {
            let s = c(&arg(2));
            let how = [0u64; 3];
            say(call("openat2", [-100, s.as_ptr() as c_long, p(&how), 24, 0, 0]));
        }
        "sti" => {
            // On a terminal of its own, so that a success does no harm.
            let fd = call("openat", [-100, c("/dev/ptmx").as_ptr() as c_long, 0o402, 0, 0, 0]);
            let high = if arg(2) == "high" { 1i64 << 32 } else { 0 };
            let letter = *b"x";
            say(call("ioctl", [fd, (0x5412 | high) as c_long, p(&letter), 0, 0, 0]));
        }
        "personality" => say(call("personality", [arg(2).parse().unwrap(), 0, 0, 0, 0, 0])),
        #[cfg(target_arch = "x86_64")]
        "i386" => {
            // getpid of the 32-bit table: the filter must not read it as x86-64's call 20.
            let mut r: i64 = 20;
            unsafe { std::arch::asm!("int 0x80", inout("rax") r) };
            say((r as i32) as c_long);
        }
        // What the child finds.
        "state" => state(),
        "fds" => {
            let list = std::fs::read_dir("/proc/self/fd").unwrap();
            let mut fds: Vec<i32> =
                list.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
            fds.sort_unstable();
            println!("{fds:?}");
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        "ignore-term" => {
            unsafe { signal(15, 1) };
            println!("ready");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        // Blocks all signals, then becomes what follows: for a test program with threads.
        "blocked" => {
            let all = u64::MAX;
            let n = if cfg!(target_arch = "x86_64") { 14 } else { 135 };
            raw(n, [0, p(&all), 0, 8, 0, 0]);
            use std::os::unix::process::CommandExt;
            io(Err(std::process::Command::new(arg(2)).args(&args[3..]).exec()));
        }
        other => panic!("no probe `{other}`"),
    }
    let _: Option<(*const c_char, *const c_void)> = None;
}

/// Capabilities, secure bits, no_new_privs, mask of signals, umask, core limit.
fn state() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines() {
        let kept = ["Cap", "NoNewPrivs", "Seccomp:", "Umask", "SigBlk", "SigIgn", "Uid"];
        if kept.iter().any(|k| line.starts_with(k)) {
            println!("{}", line.replace('\t', " "));
        }
    }
    println!("securebits {}", call("prctl", [27, 0, 0, 0, 0, 0]));
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    for line in limits.lines() {
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
