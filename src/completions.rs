//! How a shell completes a command line: it asks this program what may follow, so that the profiles of
//! the config file are among the answers.

use crate::cli::{Cli, Shell};
use crate::output;
use crate::profile::Profile;
use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

/// Set by the shell's registration, and by nobody else: the shell's name.
const VARIABLE: &str = "COGNITO_CREDS_COMPLETE";
const PROGRAM: &str = "cognito-creds";

/// `completions`: prints the registration for a shell, which finds the program by `PATH` when it is needed.
pub fn register(shell: Shell) {
    output::stdout(String::from_utf8_lossy(&registration(shell)).trim_end());
}

fn registration(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(shell.name()) {
        // A Vec takes everything.
        let _ = completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
    }
    script
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_of_the_command_line_has_its_script() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(registration(*shell)).unwrap();
            assert!(script.contains(VARIABLE), "{}: {script}", shell.name());
        }
    }
}
