//! The `cognito-creds` program: parse, run, exit code.

use cognito_creds::{cli::Cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run(&Cli::of_this_process())
}
