//! The `cognito-creds` program: parse, run, exit code.

use cognito_creds::{bug, cli::Cli, commands, platform};
use std::process::ExitCode;

fn main() -> ExitCode {
    bug::tell_without_contents();
    platform::keep_out_of_dumps();
    commands::run(&Cli::of_this_process())
}
