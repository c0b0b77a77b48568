//! The filter against its table: a small interpreter of classic BPF runs the program for every call
//! number and many arguments, and the answer must be what the table says when it is read naively.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the kernel hands to a filter (`struct seccomp_data`).
#[derive(Clone, Copy)]
struct Data {
    number: u32,
    arch: u32,
    args: [u64; 6],
}

impl Data {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.arch,
            16.. => {
                let arg = self.args[((offset - 16) / 8) as usize];
                if offset.is_multiple_of(8) { arg as u32 } else { (arg >> 32) as u32 }
            }
            _ => panic!("no word at {offset}"),
        }
    }
}

/// Runs a program; also how many instructions it took.
fn interpret(code: &[Insn], data: &Data) -> (u32, usize) {
    let (mut a, mut at, mut steps) = (0u32, 0usize, 0);
    loop {
        let i = code[at];
        at += 1;
        steps += 1;
        let mut skip = |holds: bool| at += usize::from(if holds { i.jt } else { i.jf });
        match i.code {
            LOAD => a = data.word(i.k),
            AND => a &= i.k,
            EQUAL => skip(a == i.k),
            AT_LEAST => skip(a >= i.k),
            JUMP => at += i.k as usize,
            RETURN => return (i.k, steps),
            // BPF_JGT and BPF_JSET, which seccompiler uses.
            0x25 => skip(a > i.k),
            0x45 => skip(a & i.k != 0),
            other => panic!("instruction {other:#x}"),
        }
    }
}

/// The table, read naively: `None` allows.
fn naive(rows: &[Row], data: &Data) -> Option<i32> {
    if data.arch != ARCH || data.number > LAST {
        return Some(libc::ENOSYS);
    }
    let row = rows.iter().find(|r| r.number == data.number)?;
    let holds = |c: &Cond| {
        let value = data.args[c.arg as usize] as u32 & c.mask;
        c.values.contains(&value) == c.among
    };
    row.rules.iter().find(|r| r.conds.iter().all(holds)).map(|r| r.errno)
}

fn expected(answer: Option<i32>) -> u32 {
    answer.map_or(ALLOW, |e| ERRNO | e as u32)
}

fn all_grants() -> Vec<Grants> {
    (0..8).map(|b| Grants { udp: b & 1 != 0, unix: b & 2 != 0, listen: b & 4 != 0 }).collect()
}

/// Values that the rows compare with, their neighbours, single bits, and each with a high bit set.
fn samples(row: &Row, arg: u32) -> Vec<u64> {
    let mut out: BTreeSet<u64> = [0, 1, 2, u64::from(u32::MAX), u64::MAX].into();
    for cond in row.rules.iter().flat_map(|r| &r.conds).filter(|c| c.arg == arg) {
        for v in &cond.values {
            let v = u64::from(*v);
            out.extend([v, v + 1, v.saturating_sub(1), v | 0x80000, v | 1 << 32]);
        }
        out.extend((0..32).map(|b| 1u64 << b).filter(|b| b & u64::from(cond.mask) != 0));
    }
    out.into_iter().collect()
}

#[test]
fn the_program_says_what_the_table_says_for_every_number_and_many_arguments() {
    for grants in all_grants() {
        let (rows, program) = (rows(&grants), program(&grants));
        let check = |data: Data| {
            let (got, _) = interpret(program.code(), &data);
            let want = expected(naive(&rows, &data));
            assert_eq!(got, want, "{} {:x?}", data.number, data.args);
        };
        let numbers = (0..1024).chain([0x4000_0000, 0x4000_0029, 0x7fff_ffff, u32::MAX]);
        for number in numbers {
            for args in [[0; 6], [u64::MAX; 6]] {
                check(Data { number, arch: ARCH, args });
            }
        }
        for row in &rows {
            let [a, b, c, d] = [0, 1, 2, 3].map(|arg| samples(row, arg));
            // The calls that are judged look at no more than three arguments; all pairs of the
            // first two with each value of the others.
            for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y))) {
                for (z, w) in c.iter().zip(d.iter().cycle()).chain(c.iter().cycle().zip(&d)) {
                    check(Data { number: row.number, arch: ARCH, args: [x, y, *z, *w, 0, 0] });
                }
            }
        }
    }
}

#[test]
fn another_architecture_and_x32_are_answered_enosys() {
    let program = program(&Grants { udp: true, unix: true, listen: true });
    let nosys = ERRNO | libc::ENOSYS as u32;
    for (number, arch) in [(0, 0x4000_0003), (359, 0x4000_0003), (41 | 1 << 30, ARCH)] {
        assert_eq!(interpret(program.code(), &Data { number, arch, args: [0; 6] }).0, nosys);
    }
    let read = libc::SYS_read as u32;
    assert_eq!(
        interpret(program.code(), &Data { number: read, arch: ARCH, args: [0; 6] }).0,
        ALLOW
    );
}

#[test]
fn each_call_stands_once_in_the_table_and_within_it() {
    let rows = rows(&Grants::default());
    let numbers: BTreeSet<u32> = rows.iter().map(|r| r.number).collect();
    assert_eq!(numbers.len(), rows.len());
    assert!(numbers.iter().all(|n| *n <= LAST), "{numbers:?}");
    assert!(rows.iter().all(|r| !r.rules.is_empty() && !r.why.is_empty()));
    assert!(rows.len() > 75, "{}", rows.len());
}

/// Broken in the field when they were refused: see the issues of asyncio, tokio and others.
#[test]
fn what_ordinary_programs_live_on_is_not_refused() {
    let rows = rows(&Grants::default());
    for number in [
        libc::SYS_getsockname,
        libc::SYS_getpeername,
        libc::SYS_getsockopt,
        libc::SYS_setsockopt,
        libc::SYS_shutdown,
        libc::SYS_recvmsg,
        libc::SYS_recvfrom,
        libc::SYS_accept4,
        libc::SYS_memfd_create,
        libc::SYS_seccomp,
        libc::SYS_landlock_restrict_self,
        libc::SYS_setresuid,
    ] {
        assert!(!rows.iter().any(|r| i64::from(r.number) == number), "{number}");
    }
    let allowed = |name: &str, args: [u64; 6]| {
        let number = rows.iter().find(|r| r.name == name).unwrap().number;
        assert_eq!(naive(&rows, &Data { number, arch: ARCH, args }), None, "{name} {args:x?}");
    };
    let cloexec = 0o2_000_000;
    allowed("socketpair", [1, 1 | cloexec, 0, 0, 0, 0]);
    allowed("socket", [2, 1 | cloexec, 6, 0, 0, 0]);
    allowed("socket", [16, 3 | cloexec, 0, 0, 0, 0]); // glibc asks for its own addresses
    allowed("clone", [0x003d_0f00, 0, 0, 0, 0, 0]); // pthread_create
    allowed("clone", [0x0120_0011, 0, 0, 0, 0, 0]); // fork
    allowed("sendmsg", [3, 0, 0x4000, 0, 0, 0]); // MSG_NOSIGNAL
    allowed("ioctl", [0, 0x5401, 0, 0, 0, 0]); // TCGETS
    allowed("openat", [0, 0, 0, 0o6000, 0, 0]); // no O_CREAT: the mode is not read
    allowed("fchmodat", [0, 0, 0o755, 0, 0, 0]);
    allowed("personality", [u64::from(u32::MAX), 0, 0, 0, 0, 0]);
}

/// A second opinion on the calls that are refused whatever their arguments.
#[test]
fn seccompiler_agrees_on_the_plain_rows() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    let grants = Grants { listen: true, ..Grants::default() };
    let plain: BTreeMap<i64, _> = rows(&grants)
        .iter()
        .filter(|r| r.rules.len() == 1 && r.rules[0].conds.is_empty())
        .filter(|r| r.rules[0].errno == libc::EPERM)
        .map(|r| (i64::from(r.number), Vec::new()))
        .collect();
    assert!(plain.len() > 50);
    let judged: BTreeSet<u32> = rows(&grants)
        .iter()
        .map(|r| r.number)
        .filter(|n| !plain.contains_key(&i64::from(*n)))
        .collect();
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(plain, SeccompAction::Allow, refuse, arch).unwrap();
    let theirs: Vec<Insn> = BpfProgram::try_from(filter)
        .unwrap()
        .iter()
        .map(|i| Insn { code: i.code, jt: i.jt, jf: i.jf, k: i.k })
        .collect();
    let ours = program(&grants);
    for number in (0..=LAST).filter(|n| !judged.contains(n)) {
        let data = Data { number, arch: ARCH, args: [7; 6] };
        let (a, b) = (interpret(ours.code(), &data).0, interpret(&theirs, &data).0);
        assert_eq!(a, b, "{number}");
    }
}

#[test]
fn the_tree_is_shallow_and_the_program_fits() {
    for grants in all_grants() {
        let program = program(&grants);
        assert!(program.code().len() < 400, "{}", program.code().len());
        let worst = (0..=LAST)
            .map(|number| interpret(program.code(), &Data { number, arch: ARCH, args: [0; 6] }).1)
            .max();
        assert!(worst.unwrap() <= 32, "{worst:?}");
    }
}

#[test]
fn the_digest_tells_filters_apart_and_is_stable() {
    let all: BTreeSet<_> = all_grants().iter().map(|g| program(g).digest()).collect();
    assert_eq!(all.len(), 8);
    assert_eq!(program(&Grants::default()).digest(), program(&Grants::default()).digest());
}
