//! `exo doctor`: what this kernel can enforce, what each profile needs, and what that is worth.
//!
//! In: the kernel, the profiles of this installation. Out: a table and plain words.
//! Never: tries anything out on the system; it asks the kernel.

use super::args::surroundings;
use super::text::{complain, out, printable};
use super::{NO, UNKNOWN, YES};
use crate::enforce::confine::{Kernel, Missing, plan};
use crate::gate::{Bench, Error};
use crate::model::{Payload, StdinKind, What};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Arguments of `exo doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is enforced, from which Landlock ABI on, and how; 0: by the system call filter, everywhere.
const ABILITIES: [(u32, &str); 12] = [
    (1, "reading, writing and executing files by folder"),
    (2, "renaming and linking between folders"),
    (3, "truncating files"),
    (4, "TCP connect and bind by port"),
    (5, "control of devices"),
    (6, "signals and abstract Unix sockets stay inside"),
    (0, "UDP, raw and unusual sockets, MPTCP, TCP Fast Open"),
    (0, "io_uring, namespaces, mounts, ptrace, keys, kernel modules, typing into the terminal"),
    (0, "capabilities, environment, descriptors, limits of a process"),
    (9, "which Unix socket, not only whether any"),
    (99, "which host, not only which port"),
    (99, "limits of the whole process tree"),
];

/// What the embedded deployment is worth, in plain words.
const GUARANTEE: [&str; 4] = [
    "exo runs as the same user as the agent (embedded deployment).",
    "It holds a cooperative agent to its profile, and code that its commands run to the sandbox.",
    "It does not hold an agent that goes around it: a process outside of exo can do what this user can, and that includes reading the ledger's key and rewriting the ledger.",
    "A rewritten ledger is noticed only against a checkpoint that was kept elsewhere: keep the one that `exo audit verify --json` prints.",
];

/// `exo doctor`.
pub(super) fn run(args: &DoctorArgs) -> u8 {
    let report = match report() {
        Ok(report) => report,
        Err(e) => {
            complain(&e);
            return UNKNOWN;
        }
    };
    out(&if args.json { format!("{report:#}\n") } else { text(&report) });
    let profiles = report.get("profiles").and_then(Value::as_array);
    let held =
        profiles.is_some_and(|p| p.iter().all(|p| p.get("problem").is_some_and(Value::is_null)));
    if held { YES } else { NO }
}

fn report() -> Result<Value, Error> {
    let (env, installation) = surroundings()?;
    let kernel = Kernel::probe();
    let abi = kernel.landlock.abi();
    let errata = kernel.landlock.errata();
    let abilities: Vec<Value> = ABILITIES
        .iter()
        .map(|(floor, what)| {
            let here = if *floor == 0 { kernel.seccomp } else { abi >= *floor };
            json!({"what": what, "abi": if *floor == 99 { Value::Null } else { json!(floor) }, "here": here})
        })
        .collect();
    let mut profiles = Vec::new();
    for name in installation.profiles()?.into_keys() {
        profiles.push(profile(Bench::new(&installation, &name, &env), &name, &kernel));
    }
    Ok(json!({
        "kernel": kernel.release, "arch": kernel.arch, "landlock_abi": abi, "landlock_errata": errata,
        "landlock_problem": kernel.landlock.problem(), "seccomp": kernel.seccomp,
        "enforceable": abilities, "profiles": profiles, "guarantee": GUARANTEE,
    }))
}

/// What a profile asks of this kernel, by planning the sandbox of a command that does nothing.
fn profile(bench: Result<Bench, Error>, name: &str, kernel: &Kernel) -> Value {
    let missing = || -> Result<Vec<Missing>, Error> {
        let payload = Payload { what: What::Line(b"true".to_vec()), stdin: StdinKind::Closed };
        let judged = bench?.judge(payload)?;
        Ok(plan(&judged.decision.sandbox, kernel)?.missing().to_vec())
    };
    match missing() {
        Err(e) => json!({"name": name, "problem": e.to_string(), "missing": []}),
        Ok(missing) => json!({"name": name, "problem": null, "missing": missing}),
    }
}

fn text(report: &Value) -> String {
    let mut t = String::new();
    let field = |name: &str| report.get(name).cloned().unwrap_or_default();
    let shown = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let _ = writeln!(t, "kernel    {} ({})", shown(&field("kernel")), shown(&field("arch")));
    let _ = writeln!(
        t,
        "landlock  ABI {}, errata fixed {:#b}",
        field("landlock_abi"),
        field("landlock_errata").as_u64().unwrap_or_default()
    );
    if let Some(problem) = field("landlock_problem").as_str() {
        let _ = writeln!(t, "          {problem}");
    }
    let _ = writeln!(t, "seccomp   {}", if field("seccomp") == json!(true) { "yes" } else { "NO" });
    t.push_str("\nenforced here\n");
    for a in field("enforceable").as_array().into_iter().flatten() {
        let here = a.get("here") == Some(&json!(true));
        let note = match (here, a.get("abi").and_then(Value::as_u64)) {
            (true, _) => String::new(),
            (false, Some(abi)) => format!(" (Landlock ABI {abi})"),
            (false, None) => " (not in this version of exo)".to_owned(),
        };
        let what = a.get("what").map(shown).unwrap_or_default();
        let _ = writeln!(t, "  {}  {what}{note}", if here { "yes" } else { "no " });
    }
    t.push_str("\nprofiles\n");
    for p in field("profiles").as_array().into_iter().flatten() {
        let name = p.get("name").map(shown).unwrap_or_default();
        let missing = p.get("missing").and_then(Value::as_array).map_or(0, Vec::len);
        let state = match p.get("problem").and_then(Value::as_str) {
            Some(problem) => format!("cannot run: {}", printable(problem)),
            None if missing > 0 => {
                format!("runs, without {missing} protections that this kernel lacks")
            }
            None => "runs, everything it asks for is enforced".to_owned(),
        };
        let _ = writeln!(t, "  {name}: {state}");
    }
    t.push_str("\nwhat this is worth\n");
    for line in GUARANTEE {
        let _ = writeln!(t, "  {line}");
    }
    t
}
