//! The pipeline of `exo run`: judge, record, confine, run, record how it ended.
//!
//! In: an installation, an agent, a payload, exo's environment. Out: a [`Report`].
//! Never: runs what was not decided and durably recorded, and never goes on after a step failed.

use super::drafts::{self, Arrangement};
use super::judged::{Bench, Judged};
use super::scratch::Scratch;
use super::witness::Recorded;
use super::{Error, Installation, Process};
use crate::enforce::confine::{Cage, Kernel, plan};
use crate::enforce::exec::{Outcome, Program, ProgramError, open_program, spawn};
use crate::evidence::ledger::{Draft, Ledger, OpenIntent, fail_point};
use crate::evidence::record::Kind;
use crate::judge::lint;
use crate::model::{Answer, ENGINE, Mode, Payload, Sandbox, What, World, canonical, sha256};
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What became of a payload.
#[derive(Debug)]
pub enum Report {
    /// It ran.
    Ran {
        /// Its decision.
        judged: Box<Judged>,
        /// Number of the intent's entry.
        entry: u64,
        /// How it ended.
        outcome: Outcome,
        /// Why the outcome could not be recorded; the intent then stays open.
        unrecorded: Option<Error>,
    },
    /// It was denied, needs a person's word, or could not be judged; nothing ran.
    Refused {
        /// Its decision.
        judged: Box<Judged>,
        /// Number of its entry.
        entry: u64,
    },
}

/// Runs a payload for an agent, if its profile allows.
///
/// # Errors
/// Whatever keeps exo from judging, recording, confining or starting. Nothing ran then.
pub fn run(
    installation: &Installation,
    agent: &str,
    payload: Payload,
    env: &BTreeMap<OsString, OsString>,
) -> Result<Report, Error> {
    if payload.is_empty() {
        return Err(Error::Nothing);
    }
    installation.check()?;
    let bench = Bench::new(installation, agent, env)?;
    // Before the ledger: a program that is not there is the caller's error, not the profile's.
    let file = locate(&payload, &bench.world)?;
    let judged = bench.judge(payload)?;
    fail_point("judged");

    let me = Process::current()?;
    let mut ledger = Ledger::open(&installation.state)?;
    let mut before = recoveries(&ledger)?;
    before.extend(first_use(&ledger, &bench, &judged)?);

    if !judged.decision.admits() {
        return refuse(ledger, judged, &me, before, Arrangement::default());
    }
    let arranged = match arrange(installation, &ledger, &judged, &file) {
        Ok(arranged) => arranged,
        Err(error) => {
            let failed = Some(error.to_string());
            refuse(ledger, judged, &me, before, Arrangement { failed, ..Arrangement::default() })?;
            return Err(error);
        }
    };
    let (arranged, arrangement) = arranged;
    before.push(drafts::decided(Kind::Intent, &judged, &me, arrangement)?);
    fail_point("before-intent");
    let Some(recorded) = Recorded::append(&mut ledger, &judged, before)? else {
        return Err(Error::Nothing);
    };
    fail_point("recorded");
    let entry = recorded.seq();
    let mut environment = bench.environment;
    if let Some(scratch) = &arranged.scratch {
        environment.retain(|(name, _)| name != "TMPDIR");
        environment.push(("TMPDIR".into(), scratch.path().into()));
    }
    let admission = recorded.admit(arranged.program, arranged.argv, environment, arranged.cage);
    let outcome = spawn(admission)?;
    drop(arranged.scratch);
    fail_point("ended");
    let closed = drafts::outcome(entry, &outcome)
        .and_then(|draft| ledger.append(vec![draft]).map_err(Error::from));
    let unrecorded = closed.err();
    fail_point("closed");
    ledger.leave();
    Ok(Report::Ran { judged: Box::new(judged), entry, outcome, unrecorded })
}

/// Judges and, where asked, records the judgement; runs nothing.
///
/// # Errors
/// Whatever keeps exo from judging or recording.
pub fn check(
    bench: &Bench,
    payload: Payload,
    record: Option<&Installation>,
) -> Result<(Judged, Option<u64>), Error> {
    let judged = bench.judge(payload)?;
    let Some(installation) = record else { return Ok((judged, None)) };
    installation.check()?;
    let mut ledger = Ledger::open(&installation.state)?;
    let mut drafts: Vec<Draft> = first_use(&ledger, bench, &judged)?.into_iter().collect();
    drafts.push(drafts::decided(
        Kind::Check,
        &judged,
        &Process::current()?,
        Arrangement::default(),
    )?);
    let entry = ledger.append(drafts)?.last().map(|r| r.seq);
    ledger.leave();
    Ok((judged, entry))
}

/// Writes the entry of a payload that will not run.
fn refuse(
    mut ledger: Ledger,
    judged: Judged,
    me: &Process,
    mut before: Vec<Draft>,
    arrangement: Arrangement,
) -> Result<Report, Error> {
    before.push(drafts::decided(Kind::Deny, &judged, me, arrangement)?);
    let receipts = ledger.append(before)?;
    ledger.leave();
    let entry = receipts.last().map_or(0, |r| r.seq);
    Ok(Report::Refused { judged: Box::new(judged), entry })
}

/// Closes the intents whose exo is gone.
fn recoveries(ledger: &Ledger) -> Result<Vec<Draft>, Error> {
    let recovery = |open: &OpenIntent| {
        Process::gone(open, ledger.boot_id()).map(|reason| drafts::recovery(open, reason))
    };
    Ok(ledger.open_intents()?.iter().filter_map(recovery).collect())
}

/// The `profile` entry, where this profile was never used with this catalogue and engine; its examples
/// are run before it may decide anything.
fn first_use(ledger: &Ledger, bench: &Bench, judged: &Judged) -> Result<Option<Draft>, Error> {
    let profile = &judged.profile.sha256;
    if ledger.profile_seen(profile, &judged.catalogue_sha256, ENGINE)? {
        return Ok(None);
    }
    if let Some(finding) = lint::examples(&bench.policy, &bench.catalogue).first() {
        let what = format!("{}: rule `{}`: {}", finding.place, finding.rule, finding.message);
        return Err(Error::Examples(bench.policy.name.clone(), what));
    }
    Ok(Some(drafts::profile(bench, judged)))
}

/// The file that argv or the line's shell means.
fn locate(payload: &Payload, world: &dyn World) -> Result<PathBuf, Error> {
    let name = match &payload.what {
        What::Line(_) => OsStr::new("bash"),
        What::Argv(words) => OsStr::from_bytes(words.first().ok_or(Error::Nothing)?),
    };
    let path = if name.as_bytes().contains(&b'/') {
        match world.ask("cwd") {
            Answer::Failed(why) => return Err(Error::Cwd(why)),
            cwd => Path::new(cwd.text().unwrap_or("/")).join(name),
        }
    } else {
        let asked = world.ask(&format!("program:{}", name.to_str().unwrap_or_default()));
        let missing = || ProgramError::NotFound(name.to_string_lossy().into_owned());
        PathBuf::from(asked.text().ok_or_else(missing)?)
    };
    match fs::metadata(&path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(ProgramError::NotFound(path.display().to_string()).into())
        }
        // Whatever else may be wrong with it is found when it is opened, after the decision.
        _ => Ok(path),
    }
}

/// What will run, and under which confinement.
struct Arranged {
    program: Program,
    argv: Vec<OsString>,
    cage: Option<Cage>,
    scratch: Option<Scratch>,
}

/// Opens, hashes and plans: everything that the run needs and that can still fail.
fn arrange(
    installation: &Installation,
    ledger: &Ledger,
    judged: &Judged,
    file: &Path,
) -> Result<(Arranged, Arrangement), Error> {
    let program = open_program(file, &|key| ledger.cached_digest(&key.to_string()))?;
    same_file(&program, judged)?;
    for hashed in program.files().into_iter().filter(|f| f.cacheable) {
        ledger.remember_digest(&hashed.key.to_string(), &hashed.digest);
    }
    let kernel = Kernel::probe();
    let mut scratch = None;
    let home = judged.request.snapshot.ask("home");
    let home = home.text().map(Path::new);
    let cage = match judged.decision.mode {
        Mode::Shadow => None,
        Mode::Enforce => {
            let open = |sandbox: &Sandbox| {
                plan(sandbox, &kernel)?.open(
                    &installation.protected(),
                    &installation.canary(),
                    home,
                )
            };
            let cage = open(&judged.decision.sandbox)?;
            if cage.withholds() {
                let own = Scratch::make()?;
                let mut sandbox = Sandbox::clone(&judged.decision.sandbox);
                let path = own.path().display().to_string();
                for list in [&mut sandbox.read, &mut sandbox.write, &mut sandbox.execute] {
                    list.push(path.clone());
                }
                scratch = Some(own);
                Some(open(&sandbox)?)
            } else {
                Some(cage)
            }
        }
    };
    let enforced = serde_json::to_value(cage.as_ref().map(Cage::effective))?;
    let plan_sha256 = canonical(&enforced).map(|bytes| sha256(&[&bytes]).to_string()).ok();
    let files = program.files();
    let exe: Vec<_> =
        files.iter().map(|f| json!({"sha256": f.digest, "size": f.key.size})).collect();
    let paths: Vec<_> = files.iter().map(|f| f.path.display().to_string()).collect();
    let arrangement = Arrangement {
        exe: json!(exe),
        program: json!(paths),
        plan_sha256: json!(plan_sha256),
        enforced,
        landlock_abi: json!(kernel.landlock.abi()),
        failed: None,
    };
    let argv = match &judged.request.payload.what {
        What::Argv(words) => words.iter().cloned().map(OsString::from_vec).collect(),
        What::Line(line) => vec!["bash".into(), "-c".into(), OsString::from_vec(line.clone())],
    };
    Ok((Arranged { program, argv, cage, scratch }, arrangement))
}

/// What was opened must be what was judged: a file put in its place in between is refused.
fn same_file(program: &Program, judged: &Judged) -> Result<(), Error> {
    let path = program.path.display();
    let asked = judged.request.snapshot.ask(&format!("path:{path}"));
    let Some((_, real)) = asked.text().and_then(|t| t.split_once(' ')) else {
        // Judging never looked at it: a shell line, whose shell is exo's own choice.
        return Ok(());
    };
    let opened = program.real_path().map_err(|e| Error::io("cannot name", &program.path, &e))?;
    if opened == Path::new(real) { Ok(()) } else { Err(Error::Changed(program.path.clone())) }
}
