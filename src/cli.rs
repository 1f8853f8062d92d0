//! The command line, and nothing but its definition.

use crate::completions::{self, profiles};
use crate::console;
use crate::profile::command_line;
use crate::profile::keys::{self, Key};
use crate::variables::Format;
use clap::builder::{PossibleValuesParser, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use std::ffi::OsString;
use std::path::PathBuf;

/// Amazon Cognito logins as AWS credentials, for every AWS tool.
#[derive(Debug, Parser)]
#[command(name = "cognito-creds", version, about)]
#[command(
    after_help = "With this in ~/.aws/config (configure writes it), every AWS tool signs in through Cognito:\n  [profile dev]\n  credential_process = /home/ME/.local/bin/cognito-creds credential-process --profile dev\n  cognito_domain = https://PREFIX.auth.REGION.amazoncognito.com\n  cognito_client_id = ...\n  cognito_identity_pool_id = REGION:..."
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
    /// This process' command line, or the text that it asks for: help, the version. Ends the process where
    /// it is wrong.
    ///
    /// # Errors
    /// That text.
    pub fn of_this_process() -> Result<Self, String> {
        let words: Vec<OsString> = std::env::args_os().collect();
        if let Some(cli) = Self::as_sdks_write_it(&words) {
            return Ok(cli);
        }
        completions::answer();
        Self::try_parse_from(words).map_err(|refused| match refused.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => refused.render().to_string(),
            _ => stray_word(refused).exit(),
        })
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

/// A word where a command takes none is most often a profile's name.
fn stray_word(mut refused: clap::Error) -> clap::Error {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if refused.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(word)) = refused.get(ContextKind::InvalidArg)
        && let Some(tip) = with_flag(&words, word)
    {
        let tips = vec![StyledStr::from(tip)];
        refused.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    refused
}

/// `login dev` with the flag that was left out.
fn with_flag(words: &[String], word: &str) -> Option<String> {
    let command = words.iter().find(|word| !word.starts_with('-')).filter(|command| *command != word)?;
    let takes_profile = Cli::command()
        .find_subcommand(command)?
        .get_arguments()
        .any(|argument| argument.get_id() == "profile");
    let is_name = !word.starts_with('-') && takes_profile;
    is_name.then(|| format!("to name a profile, use '{}'", command_line(command, word)))
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
    /// Print the ID token alone, e.g. for an API behind API Gateway
    Token(Token),
    /// Check everything that a sign-in needs, and say what to do
    Doctor(Doctor),
    /// Run a command with the credentials in its environment
    #[command(override_usage = "cognito-creds exec [OPTIONS] -- COMMAND...")]
    Exec(Exec),
    /// Print the credentials as environment variables for a shell or a program
    Env(Env),
    /// Open the AWS console in the browser, signed in
    Console(Console),
    /// Serve credentials on this machine for tools that can't run a process
    #[command(
        after_help = "A container gets them with:\n  cognito-creds serve --profile dev > serve.env &\n  while [ ! -s serve.env ]; do sleep 1; done\n  docker run --network host --env-file serve.env IMAGE"
    )]
    Serve(Serve),
    /// Write a profile into ~/.aws/config; without flags it asks
    Configure(Configure),
    /// Print what makes a shell complete commands, options and profiles
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
    /// The detached part of a sign-in; started by credential-process.
    #[command(hide = true)]
    SignIn(Apart),
    /// The detached renewal of credentials; started by credential-process.
    #[command(hide = true)]
    Renew(Apart),
}

/// What a detached process is told.
#[derive(Debug, Args)]
pub struct Apart {
    /// The profile's name.
    #[arg(long)]
    pub profile: String,
    /// The pipe on which it says its line, on Windows; read by `platform`, which puts it there.
    #[arg(long, hide = true)]
    pub starter: Option<String>,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Elvish.
    Elvish,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Zsh.
    Zsh,
}

impl Shell {
    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }
}

/// A profile that must be named: SDKs do not say which profile they serve.
#[derive(Debug, Args)]
pub struct Required {
    /// The profile in ~/.aws/config
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: String,
}

/// `login`.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Login {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Finish by pasting the address that the browser ended on; needs no port
    #[arg(long, conflicts_with = "no_browser")]
    pub paste: bool,
    /// Copy the address too, in a terminal that lets programs do that (OSC 52)
    #[arg(long)]
    pub copy: bool,
    /// Ask for the person's password again although the browser is still signed in
    #[arg(long)]
    pub force: bool,
    /// Choose among the roles of the person and write the choice into the profile; who is signed in stays so
    #[arg(long)]
    pub pick_role: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then all]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// The access token instead
    #[arg(long)]
    pub access: bool,
}

/// `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// `env`.
#[derive(Debug, Args)]
pub struct Env {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Who reads them
    #[arg(long, value_name = "FORMAT", default_value = "sh", value_parser = format())]
    pub format: Format,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(|(name, _)| name));
    names.try_map(|text| {
        let found = Format::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, format)| format).ok_or("no such format")
    })
}

/// `console`.
#[derive(Debug, Args)]
pub struct Console {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// The page to open, by its name in the console's addresses: s3, ec2, lambda, cloudformation
    #[arg(long, value_name = "SERVICE", value_parser = name)]
    pub service: Option<String>,
    /// The console's region [default: $AWS_REGION, then the profile's]
    #[arg(long, value_name = "REGION", value_parser = name)]
    pub region: Option<String>,
    /// Print the address instead of opening a browser; it signs in whoever opens it
    #[arg(long)]
    pub print: bool,
}

fn name(text: &str) -> Result<String, &'static str> {
    console::is_name(text).then(|| text.to_owned()).ok_or("lower-case letters, digits and hyphens only")
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// The port at 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Every profile of the config file that signs in through Cognito
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
    /// End the session in the browser too
    #[arg(long)]
    pub browser: bool,
}

/// `configure`.
#[derive(Debug, Args)]
pub struct Configure {
    /// The profile in ~/.aws/config [default: $AWS_PROFILE, then default]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(profiles))]
    pub profile: Option<String>,
    /// Take the profile's lines out again, and its client secret
    #[arg(long)]
    pub unset: bool,
    /// Read keys from what `aws cloudformation describe-stacks` printed (- is stdin)
    #[arg(long, value_name = "FILE", conflicts_with = "unset")]
    pub from_outputs: Option<PathBuf>,
    /// Read the app client's secret from stdin, for the keychain
    #[arg(long, conflicts_with = "unset")]
    pub client_secret_stdin: bool,
    /// The region of the AWS tools; the identity pool's where the profile has none
    #[arg(long, value_name = "REGION", conflicts_with = "unset")]
    pub region: Option<String>,
    /// The keys, one flag for each.
    #[command(flatten)]
    pub keys: Keys,
}

/// Keys of a profile as flags: one for each in the table, with its help.
#[derive(Debug, Default)]
pub struct Keys(pub Vec<(&'static Key, String)>);

impl Args for Keys {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flag = |key: &'static Key| {
            Arg::new(key.name).long(key.flag).value_name(key.shape).help(key.help).conflicts_with("unset")
        };
        command.args(keys::ALL.iter().map(flag))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Keys {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &'static Key| Some((key, matches.get_one::<String>(key.name)?.clone()));
        Ok(Self(keys::ALL.iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
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
