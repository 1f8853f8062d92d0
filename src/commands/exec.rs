//! `exec`: becomes a command that has the credentials in its environment.

use super::{Desk, endless, env, profile_name};
use crate::cli::Exec;
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::platform::{self, Os};
use crate::variables::Variables;
use crate::{remedy, secret};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Ends as the command does. Where it can't be run: 127 if there is none, 126 if it may not run, as
/// shells have it (POSIX.1-2024, XCU 2.8.2); 1 without credentials.
pub fn run(args: &Exec, report: impl Fn(&Error)) -> ExitCode {
    let name = profile_name(args.profile.as_deref());
    let variables = match variables(&name) {
        Ok(variables) => variables,
        Err(error) => {
            Journal::new().note(&name, error.what());
            report(&error);
            return ExitCode::FAILURE;
        }
    };
    let Some((program, arguments)) = args.command.split_first() else { return ExitCode::FAILURE };
    let mut command = Command::new(program);
    command.args(arguments);
    for name in variables.removed().chain(secret::VARIABLES) {
        command.env_remove(name);
    }
    command.envs(variables.set());
    match platform::become_command(command) {
        Ok(code) => code,
        Err(cause) => {
            report(&not_run(program, &cause));
            ExitCode::from(if cause.kind() == ErrorKind::NotFound { 127 } else { 126 })
        }
    }
}

fn variables(name: &str) -> Result<Variables, Error> {
    let desk = Desk::new(name)?;
    let credentials = desk.credentials()?;
    Variables::new(&credentials, &desk.profile, &env).ok_or_else(|| endless(&desk.profile))
}

fn not_run(program: &OsStr, cause: &io::Error) -> Error {
    let shown = program.to_string_lossy();
    let what = if cause.kind() == ErrorKind::NotFound {
        format!("There is no command {shown}.")
    } else {
        format!("The command {shown} can't be run: {}.", platform::reason(cause))
    };
    let paste = if shown.contains(std::path::is_separator) {
        remedy::look_into(Os::HERE, Path::new(&*shown))
    } else {
        remedy::which(Os::HERE, &shown)
    };
    Error::new(Next::Stop, what, paste)
}
