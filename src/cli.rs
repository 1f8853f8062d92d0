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
    /// `credential-process --profile NAME`, the one line that SDKs run all day, without clap: building
    /// and walking its tables cost a sixth of what a warm call costs beyond an empty program. Anything
    /// else is `None` and clap's to judge, a name that might be an option among it.
    pub fn of_an_sdk(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let [command, flag, profile] = [args.next()?, args.next()?, args.next()?];
        if command != "credential-process" || flag != "--profile" || args.next().is_some() {
            return None;
        }
        let profile = profile.into_string().ok().filter(|name| !name.starts_with('-'))?;
        Some(Self { verbose: 0, command: Command::CredentialProcess(Required { profile }) })
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

    fn short_cut(line: &[&str]) -> Option<String> {
        Cli::of_an_sdk(line.iter().map(OsString::from)).map(|cli| format!("{cli:?}"))
    }

    fn by_clap(line: &[&str]) -> Result<String, clap::Error> {
        let cli = Cli::try_parse_from([&["cognito-creds"], line].concat())?;
        Ok(format!("{cli:?}"))
    }

    #[test]
    fn the_line_of_the_config_file_means_what_clap_takes_it_for() {
        for name in ["dev", "two words", "", "a=b", "ünï", "x-", "--help", "-", "-v", "--", "-1"] {
            let line = ["credential-process", "--profile", name];
            match short_cut(&line) {
                Some(cli) => assert_eq!(cli, by_clap(&line).unwrap(), "{line:?}"),
                None => assert!(name.starts_with('-'), "{line:?} should take the short cut"),
            }
        }
    }

    #[test]
    fn every_other_line_is_left_to_clap() {
        for line in [
            &["credential-process"] as &[&str],
            &["credential-process", "--profile"],
            &["credential-process", "--profile=dev"],
            &["credential-process", "--profile", "dev", "-v"],
            &["-v", "credential-process", "--profile", "dev"],
            &["credential-process", "-v", "--profile", "dev"],
            &["login", "--profile", "dev"],
            &["status"],
            &[],
        ] {
            assert_eq!(short_cut(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
