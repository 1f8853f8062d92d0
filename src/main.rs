//! The `cognito-creds` program: parse, run, exit code.

use clap::Parser;
use cognito_creds::{cli::Cli, commands};
use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::of_an_sdk(env::args_os().skip(1)).unwrap_or_else(Cli::parse);
    commands::run(&cli)
}
