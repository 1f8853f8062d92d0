//! The command line, and nothing but its definition.

use clap::{ArgAction, Args, Parser, Subcommand};
use std::ffi::OsString;

/// Amazon Cognito logins as AWS credentials, for every AWS tool.
#[derive(Debug, Parser)]
#[command(name = "cognito-creds", version, about, disable_help_subcommand = true)]
#[command(
    after_help = "Put this into ~/.aws/config, and every AWS tool signs in through Cognito:\n  [profile dev]\n  credential_process = cognito-creds credential-process --profile dev\n  cognito_domain = https://PREFIX.auth.REGION.amazoncognito.com\n  cognito_client_id = ...\n  cognito_identity_pool_id = REGION:..."
)]
pub struct Cli {
    /// Say what is done (-vv: and how). Never shows a secret
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// This process' command line; ends the process where that is wrong or asks for help.
    pub fn of_this_process() -> Self {
        let words: Vec<OsString> = std::env::args_os().collect();
        Self::as_sdks_write_it(&words).unwrap_or_else(|| Self::parse_from(words))
    }

    /// The line that SDKs run, read without clap: preparing all that clap could be asked takes 0.1 ms,
    /// a fifth of what a warm call costs beside the start of a process. Whatever might mean something
    /// else is left to clap.
    fn as_sdks_write_it(words: &[OsString]) -> Option<Self> {
        let [_, command, flag, profile] = words else { return None };
        let profile = profile.to_str().filter(|name| !name.is_empty() && !name.starts_with('-'))?.to_owned();
        (command == "credential-process" && flag == "--profile")
            .then_some(Self { verbose: 0, command: Command::CredentialProcess(Required { profile }) })
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print credentials as AWS SDKs expect them: the line for ~/.aws/config
    CredentialProcess(Required),
    /// Sign in now, in the browser
    Login(Login),
    /// Forget the login and its credentials, and revoke them at the server
    Logout(Logout),
    /// Say who is signed in, until when, and where it is kept
    Status(Status),
    /// Check everything that a sign-in needs, and say what to do
    Doctor(Doctor),
    /// The detached part of a sign-in; started by credential-process.
    #[command(hide = true)]
    SignIn(Required),
    /// The detached renewal of credentials; started by credential-process.
    #[command(hide = true)]
    Renew(Required),
}

/// A profile that must be named: SDKs do not say which profile they serve.
#[derive(Debug, Args)]
pub struct Required {
    /// The profile in ~/.aws/config
    #[arg(long, value_name = "NAME")]
    pub profile: String,
}

/// `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Finish by pasting the address that the browser ended on; needs no port
    #[arg(long, conflicts_with = "no_browser")]
    pub paste: bool,
    /// Ask for the person's password again although the browser is still signed in
    #[arg(long)]
    pub force: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then all]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Every profile of the config file that signs in through Cognito
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
    /// End the session in the browser too
    #[arg(long)]
    pub browser: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortcut(line: &[&str]) -> Option<String> {
        let words: Vec<_> = ["cognito-creds"].iter().chain(line).map(OsString::from).collect();
        Cli::as_sdks_write_it(&words).map(|cli| format!("{cli:?}"))
    }

    #[test]
    fn the_line_of_sdks_means_the_same_with_and_without_clap() {
        for profile in ["dev", "two words", "a=b", "é", " "] {
            let line = ["credential-process", "--profile", profile];
            let parsed = Cli::try_parse_from(["cognito-creds"].iter().chain(&line)).unwrap();
            assert_eq!(shortcut(&line), Some(format!("{parsed:?}")));
        }
    }

    #[test]
    fn every_other_line_is_left_to_clap() {
        for line in [
            &["credential-process", "--profile", "-v"][..],
            &["credential-process", "--profile", ""],
            &["credential-process", "--profile"],
            &["credential-process", "--profile=dev"],
            &["credential-process", "--profile", "dev", "-v"],
            &["-v", "credential-process", "--profile", "dev"],
            &["login", "--profile", "dev"],
            &["credential-process", "--help", "dev"],
            &[],
        ] {
            assert_eq!(shortcut(line), None, "{line:?}");
        }
    }
}
