//! What the filter refuses, as data: call, condition on its arguments, errno, reason.
//!
//! In: what the sandbox grants. Out: rows, in the order of their groups.
//! Never: a call whose refusal breaks ordinary programs without need (`sendmsg`, `getsockopt`,
//! `socketpair` of Unix sockets …); those that need care are judged by their arguments.

use super::Grants;

/// One system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its number on this architecture.
    pub number: u32,
    /// When it is refused: the first rule that holds answers; none: it is allowed.
    pub rules: Vec<Rule>,
    /// Why.
    pub why: &'static str,
}

/// Refuses with `errno` if all conditions hold; without conditions, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The conditions.
    pub conds: Vec<Cond>,
    /// The answer.
    pub errno: i32,
}

/// `(low 32 bits of the argument & mask)` is among the values, or is not. The kernel reads each of
/// these arguments as 32 bits; comparing 64 would let a set high bit through (CVE-2019-10063).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cond {
    /// Index of the argument, 0 to 5.
    pub arg: u32,
    /// Which bits count.
    pub mask: u32,
    /// The values.
    pub values: Vec<u32>,
    /// Whether the condition holds for a value that is among them, or for one that is not.
    pub among: bool,
}

const ALL: u32 = u32::MAX;
/// `CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET` (linux/sched.h).
const CLONE_NEW: u32 = 0x7e02_0000;
/// Set-user-ID and set-group-ID.
const SET_ID: u32 = 0o6000;
const MSG_FASTOPEN: u32 = 0x2000_0000;
const PR_SET_PTRACER: u32 = 0x5961_6d61;
/// asm-generic/ioctls.h: push input into a terminal, console selection, line discipline.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const TIOCSETD: u32 = 0x5423;
/// PER_LINUX, PER_LINUX32, ADDR_NO_RANDOMIZE (debuggers and sanitizers), the query.
const PERSONALITIES: [u32; 4] = [0, 0x8, 0x4_0000, ALL];
/// AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; SOCK_STREAM, SOCK_DGRAM; IPPROTO_TCP, IPPROTO_UDP.
const UNIX: u32 = 1;
const INET: u32 = 2;
const INET6: u32 = 10;
const NETLINK: u32 = 16;
const STREAM: u32 = 1;
const DGRAM: u32 = 2;
const TCP: u32 = 6;
const UDP: u32 = 17;
/// The type without SOCK_NONBLOCK and SOCK_CLOEXEC.
const SOCK_TYPE: u32 = 0xf;
/// O_CREAT, and O_TMPFILE without O_DIRECTORY, the same on both architectures.
const CREATES: u32 = 0o100 | 0o20_000_000;

fn is(arg: u32, mask: u32, values: &[u32]) -> Cond {
    Cond { arg, mask, values: values.to_vec(), among: true }
}

fn not(arg: u32, mask: u32, values: &[u32]) -> Cond {
    Cond { arg, mask, values: values.to_vec(), among: false }
}

/// Any of the bits.
fn any(arg: u32, bits: u32) -> Cond {
    not(arg, bits, &[0])
}

fn when(conds: Vec<Cond>, errno: i32) -> Rule {
    Rule { conds, errno }
}

macro_rules! calls {
    ($out:ident, $why:literal, $errno:ident: $($name:ident)*) => {
        $($out.push(plain(stringify!($name), libc::$name, libc::$errno, $why));)*
    };
}

fn plain(name: &'static str, number: libc::c_long, errno: i32, why: &'static str) -> Row {
    row(name, number, vec![when(Vec::new(), errno)], why)
}

fn row(name: &'static str, number: libc::c_long, rules: Vec<Rule>, why: &'static str) -> Row {
    // A number that does not fit would be a fault of the table: it then matches no call, and the
    // test that counts the rows by number fails.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Row { name: name.trim_start_matches("SYS_"), number, rules, why }
}

/// The rows for what the sandbox grants.
#[must_use]
pub fn rows(grants: &Grants) -> Vec<Row> {
    let mut out = Vec::new();
    always(&mut out);
    by_number(&mut out);
    by_argument(&mut out);
    files(&mut out);
    sockets(&mut out, grants);
    out
}

/// Refused whatever the arguments.
fn always(out: &mut Vec<Row>) {
    calls!(out, "opens, connects and sends without the calls that are judged", EPERM:
        SYS_io_uring_setup SYS_io_uring_enter SYS_io_uring_register);
    calls!(out, "a new user namespace opens the kernel's surface of root", EPERM:
        SYS_unshare SYS_setns);
    calls!(out, "changes what paths mean", EPERM:
        SYS_mount SYS_umount2 SYS_pivot_root SYS_chroot SYS_fsopen SYS_fsconfig SYS_fsmount
        SYS_fspick SYS_move_mount SYS_open_tree SYS_mount_setattr);
    calls!(out, "reads or steers other processes", EPERM:
        SYS_ptrace SYS_process_vm_readv SYS_process_vm_writev SYS_process_madvise SYS_pidfd_getfd
        SYS_kcmp);
    calls!(out, "reaches files without their path", EPERM:
        SYS_open_by_handle_at SYS_name_to_handle_at);
    calls!(out, "kernel surface that commands do not need", EPERM:
        SYS_bpf SYS_perf_event_open SYS_userfaultfd SYS_kexec_load SYS_init_module
        SYS_finit_module SYS_delete_module SYS_syslog SYS_quotactl SYS_quotactl_fd SYS_acct
        SYS_swapon SYS_swapoff SYS_reboot SYS_lookup_dcookie SYS_nfsservctl SYS_fanotify_init
        SYS_vmsplice SYS_move_pages SYS_migrate_pages SYS_mbind SYS_set_mempolicy
        SYS_set_mempolicy_home_node SYS_memfd_secret SYS_vhangup SYS_kexec_file_load);
    calls!(out, "key rings are shared with the user's other processes", EPERM:
        SYS_keyctl SYS_add_key SYS_request_key);
    calls!(out, "the time and name of the host stand in the ledger", EPERM:
        SYS_settimeofday SYS_clock_settime SYS_adjtimex SYS_clock_adjtime SYS_sethostname
        SYS_setdomainname);
    // ENOSYS, so that the C library falls back to calls whose arguments can be judged.
    calls!(out, "its flags stand in memory, where a filter cannot judge them", ENOSYS:
        SYS_clone3 SYS_openat2);
}

/// Calls without a name on both architectures.
fn by_number(out: &mut Vec<Row>) {
    const MOUNTS: &str = "changes what paths mean";
    out.push(plain("open_tree_attr", 467, libc::EPERM, MOUNTS));
    #[cfg(target_arch = "x86_64")]
    {
        calls!(out, "raw access to the hardware or its tables", EPERM:
            SYS_ioperm SYS_iopl SYS_modify_ldt);
        calls!(out, "loads code or reads tables in ways long replaced", EPERM:
            SYS_uselib SYS__sysctl SYS_sysfs SYS_ustat);
    }
}

/// Refused for some arguments.
fn by_argument(out: &mut Vec<Row>) {
    let eperm = |conds| vec![when(conds, libc::EPERM)];
    out.push(row(
        "clone",
        libc::SYS_clone,
        eperm(vec![any(0, CLONE_NEW)]),
        "a new user namespace opens the kernel's surface of root",
    ));
    out.push(row(
        "prctl",
        libc::SYS_prctl,
        eperm(vec![is(0, ALL, &[PR_SET_PTRACER])]),
        "lets another process steer this one",
    ));
    out.push(row(
        "personality",
        libc::SYS_personality,
        eperm(vec![not(0, ALL, &PERSONALITIES)]),
        "brings back old and weak behaviour",
    ));
    out.push(row(
        "ioctl",
        libc::SYS_ioctl,
        eperm(vec![is(1, ALL, &[TIOCSTI, TIOCLINUX, TIOCSETD])]),
        "types into the user's terminal after exo has ended",
    ));
}

/// No file gets set-user-ID or set-group-ID bits: it would lend this identity to others.
fn files(out: &mut Vec<Row>) {
    const WHY: &str = "a set-user-ID file lends this user to others";
    let mut add = |name, number, conds| {
        out.push(row(name, number, vec![when(conds, libc::EPERM)], WHY));
    };
    add("fchmod", libc::SYS_fchmod, vec![any(1, SET_ID)]);
    add("fchmodat", libc::SYS_fchmodat, vec![any(2, SET_ID)]);
    add("fchmodat2", 452, vec![any(2, SET_ID)]);
    add("openat", libc::SYS_openat, vec![any(2, CREATES), any(3, SET_ID)]);
    add("mknodat", libc::SYS_mknodat, vec![any(2, SET_ID)]);
    #[cfg(target_arch = "x86_64")]
    {
        add("chmod", libc::SYS_chmod, vec![any(1, SET_ID)]);
        add("open", libc::SYS_open, vec![any(1, CREATES), any(2, SET_ID)]);
        add("creat", libc::SYS_creat, vec![any(1, SET_ID)]);
        add("mknod", libc::SYS_mknod, vec![any(1, SET_ID)]);
    }
}

/// Landlock limits TCP by port; this closes what goes past it.
fn sockets(out: &mut Vec<Row>, grants: &Grants) {
    let mut families = vec![INET, INET6, NETLINK];
    if grants.unix {
        families.push(UNIX);
    }
    let inet = || is(0, ALL, &[INET, INET6]);
    let (types, protocols): (&[u32], &[u32]) =
        if grants.udp { (&[STREAM, DGRAM], &[0, TCP, UDP]) } else { (&[STREAM], &[0, TCP]) };
    out.push(row(
        "socket",
        libc::SYS_socket,
        vec![
            when(vec![not(0, ALL, &families)], libc::EAFNOSUPPORT),
            when(vec![inet(), not(1, SOCK_TYPE, types)], libc::EACCES),
            // MPTCP (262) and SCTP (132) among them: no Landlock port rule holds them.
            when(vec![inet(), not(2, ALL, protocols)], libc::EPROTONOSUPPORT),
            // Route information only, which name resolution reads.
            when(vec![is(0, ALL, &[NETLINK]), not(2, ALL, &[0])], libc::EPROTONOSUPPORT),
        ],
        "only families and protocols that the port rules hold",
    ));
    out.push(row(
        "socketpair",
        libc::SYS_socketpair,
        vec![when(vec![not(0, ALL, &[UNIX])], libc::EAFNOSUPPORT)],
        "only pairs of Unix sockets",
    ));
    let mut fastopen = |name, number, arg| {
        let rules = vec![when(vec![any(arg, MSG_FASTOPEN)], libc::EOPNOTSUPP)];
        out.push(row(name, number, rules, "connects without the call that port rules hold"));
    };
    fastopen("sendto", libc::SYS_sendto, 3);
    fastopen("sendmsg", libc::SYS_sendmsg, 2);
    fastopen("sendmmsg", libc::SYS_sendmmsg, 3);
    if !grants.listen {
        out.push(row(
            "listen",
            libc::SYS_listen,
            vec![when(Vec::new(), libc::EACCES)],
            "listening without a bind takes a free port, past the port rules",
        ));
    }
}
