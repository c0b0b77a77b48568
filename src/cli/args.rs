//! What several subcommands take: an agent and a payload.
//!
//! In: parsed arguments. Out: the payload, the installation, the environment.
//! Never: interprets a word of the payload.

use crate::gate::{Bench, Error, Installation};
use crate::model::{Payload, StdinKind, What};
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// An agent and what it wants to run.
#[derive(Debug, Args)]
pub(super) struct PayloadArgs {
    /// The agent: the name of its profile. EXO_AGENT is used where this is missing
    #[arg(long = "as", value_name = "AGENT")]
    pub(super) agent: Option<String>,
    /// A line for bash instead of a command
    #[arg(short = 'c', value_name = "LINE", conflicts_with = "command")]
    pub(super) line: Option<OsString>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) command: Vec<OsString>,
}

impl PayloadArgs {
    /// The payload, or what is missing for one.
    pub(super) fn payload(self) -> Result<Payload, Error> {
        let what = match self.line {
            Some(line) => What::Line(line.into_vec()),
            None if self.command.is_empty() => return Err(Error::Nothing),
            None => What::Argv(self.command.into_iter().map(OsStringExt::into_vec).collect()),
        };
        Ok(Payload { what, stdin: stdin() })
    }

    /// The agent that is named here or by EXO_AGENT.
    pub(super) fn agent(&self, env: &Environment) -> Result<String, Error> {
        let from_env =
            || env.get(&OsString::from("EXO_AGENT")).map(|v| v.to_string_lossy().into_owned());
        self.agent.clone().or_else(from_env).ok_or(Error::NoAgent)
    }

    /// What judging for that agent needs, and the installation it is from.
    pub(super) fn bench(&self) -> Result<(Bench, Installation), Error> {
        let (env, installation) = surroundings()?;
        Ok((Bench::new(&installation, &self.agent(&env)?, &env)?, installation))
    }
}

/// exo's own environment.
pub(super) type Environment = BTreeMap<OsString, OsString>;

/// The environment exo was started with; of a name given twice the first counts, as for getenv(3).
pub(super) fn environment() -> Environment {
    let mut env = Environment::new();
    for (name, value) in std::env::vars_os() {
        env.entry(name).or_insert(value);
    }
    env
}

/// Environment and installation, or what is wrong with them.
pub(super) fn surroundings() -> Result<(Environment, Installation), Error> {
    let env = environment();
    let installation = Installation::from_env(&env)?;
    Ok((env, installation))
}

fn stdin() -> StdinKind {
    use std::io::IsTerminal;
    if std::io::stdin().is_terminal() {
        return StdinKind::Terminal;
    }
    let same = |m: &std::fs::Metadata| {
        std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == m.rdev())
    };
    match std::fs::metadata("/proc/self/fd/0").map(|m| (m.file_type(), same(&m))) {
        Ok((t, true)) if t.is_char_device() => StdinKind::Closed,
        Ok((t, _)) if t.is_fifo() || t.is_socket() => StdinKind::Pipe,
        Ok(_) => StdinKind::File,
        Err(_) => StdinKind::Closed,
    }
}
