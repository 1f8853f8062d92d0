//! How a shell completes a command line: it asks this program what may follow, so that the profiles of
//! the config file are among the answers.

use crate::cli::{Cli, Shell};
use crate::error::{Error, Next};
use crate::output;
use crate::profile::Profile;
use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

/// Set by the shell's registration, and by nobody else: the shell's name.
const VARIABLE: &str = "COGNITO_CREDS_COMPLETE";
const PROGRAM: &str = "cognito-creds";

/// `completions`: prints the registration for a shell, which finds the program by `PATH` when it is needed.
///
/// # Errors
/// The shell is unknown, which the command line's parser keeps from happening.
pub fn register(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    let written = Shells::builtins()
        .completer(shell.name())
        .is_some_and(|it| it.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script).is_ok());
    if !written {
        let what = format!("There are no completions for {}.", shell.name());
        return Err(Error::new(Next::Stop, what, "cognito-creds completions --help"));
    }
    output::stdout(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

/// Answers a shell and ends the process, if it was a shell that asked.
pub fn answer() {
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).complete();
}

/// The names of the profiles that sign in through Cognito. Whatever is wrong with the config file is
/// not for the middle of somebody's line.
pub fn profiles() -> Vec<CompletionCandidate> {
    let env = |name: &str| std::env::var(name).ok();
    let ours = Profile::load_ours(&env, "").unwrap_or_default();
    // A shell writes what it is given to the terminal as it is.
    let writable = ours.into_iter().map(|(name, _)| name).filter(|name| !name.contains(char::is_control));
    writable.map(CompletionCandidate::new).collect()
}
