//! The command line: arguments in, text or JSON out, an exit code.
//!
//! In: argv, exo's environment. Out: data on stdout, talk on stderr.
//! Never: decides anything; each file here is one subcommand.

mod args;
mod audit;
mod catalogue;
mod check;
mod doctor;
mod explain;
mod init;
mod profile;
mod run;
mod text;

use crate::enforce::exec::{harden, stdio};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exit code: it is so (0).
const YES: u8 = 0;
/// Exit code: it is not so (1).
const NO: u8 = 1;
/// Exit code: it could not be told (2).
const UNKNOWN: u8 = 2;
/// Exit code of `run`: exo failed and nothing ran (125).
const FAILED: u8 = 125;
/// Exit code of `run`: denied, or found but not executable (126).
const DENIED: u8 = 126;

/// exo stands between an AI agent and the shell: it decides each command by the rules of the agent's
/// profile, records it, runs it in a sandbox, and proves afterwards why it was allowed.
#[derive(Debug, Parser)]
#[command(name = "exo", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the installation: folders, key, ledger, shipped profiles. Safe to repeat
    Init(init::InitArgs),
    /// Run a command for an agent: decide, record, confine, run, record how it ended
    #[command(after_help = run::HELP)]
    Run(run::RunArgs),
    /// Run a shell line for an agent; the same as `run -c`
    #[command(after_help = run::HELP)]
    Shell(run::ShellArgs),
    /// Say what would be decided, without running anything
    #[command(after_help = check::HELP)]
    Check(check::CheckArgs),
    /// Say what would be decided and how that came about
    #[command(after_help = check::HELP)]
    Explain(explain::ExplainArgs),
    /// List, show, check, prove, compare and learn profiles
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// List, show and check what exo knows of tools
    #[command(subcommand)]
    Catalogue(catalogue::CatalogueCommand),
    /// Answer the auditor: list, show, verify, decide again
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Say what this kernel can enforce, what each profile needs, and what that is worth
    Doctor(doctor::DoctorArgs),
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    if let Err(e) = stdio::ensure().and_then(|()| harden()) {
        text::say(&format!("exo: error: {e}"));
        return ExitCode::from(FAILED);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let code = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Run(args) => run::run(args),
        Command::Shell(args) => run::shell(args),
        Command::Check(args) => check::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Profile(command) => profile::run(&command),
        Command::Catalogue(command) => catalogue::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Doctor(args) => doctor::run(&args),
    };
    ExitCode::from(code)
}

/// Help and version go to stdout and are a success; a wrong command line is exo's failure, with the
/// code that the subcommand has for that.
fn usage(error: &clap::Error) -> ExitCode {
    let runs = std::env::args_os().nth(1).is_some_and(|a| a == "run" || a == "shell");
    // A closed stdout or stderr leaves nobody to tell.
    let _ = error.print();
    match (error.use_stderr(), runs) {
        (false, _) => ExitCode::from(YES),
        (true, true) => ExitCode::from(FAILED),
        (true, false) => ExitCode::from(UNKNOWN),
    }
}
