//! The `exo` program.
//!
//! In: the command line. Out: an exit code.
//! Never: does anything itself; see `exo::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    exo::cli::main()
}
