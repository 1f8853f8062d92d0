//! One file per command: arguments in, a call into the library, words out.
//!
//! This is the edge: the environment is read here and nowhere else, and only here is anything
//! written to stdout or stderr.

mod accounts;
mod browser_session;
mod columns;
mod configure;
mod console;
mod credential_process;
mod detached;
mod doctor;
mod env;
mod exec;
mod login;
mod logout;
mod man;
mod pick_role;
mod same_line;
mod serve;
mod status;
mod token;

use crate::cli::{Cli, Command};
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::Proxies;
use crate::journal::Journal;
use crate::profile::auth::Auth;
use crate::profile::{Profile, no_identity_pool};
use crate::secret::{ClientSecret, RefreshToken};
use crate::session::Session;
use crate::sign_in::flight::Flight;
use crate::sign_in::way_in;
use crate::store::EntryName;
use crate::vault::{Places, Vault};
use crate::{completions, log, output, platform};
use std::io::{self, ErrorKind};
use std::process::ExitCode;

/// Carries this process' command line out. Exit 0 on success and 1 on failure; 2 is the parser's own.
pub fn run() -> ExitCode {
    let (ended, verbosity) = match Cli::of_this_process() {
        Ok(cli) => (carry_out(&cli), cli.verbose),
        // `--help`, `--version` and their kin.
        Err(asked_for) => {
            output::stdout_as_it_is(&asked_for);
            (ExitCode::SUCCESS, 0)
        }
    };
    let Some(why) = output::lost() else { return ended };
    report(&unwritten(why), verbosity);
    ExitCode::FAILURE
}

/// What a person asked for and did not get.
fn unwritten(why: &io::Error) -> Error {
    let what = format!("Not everything could be written to stdout: {}.", platform::reason(why));
    Error::new(Next::Stop, what, "df -h")
}

fn carry_out(cli: &Cli) -> ExitCode {
    log::init(cli.verbose);
    let result = match &cli.command {
        Command::CredentialProcess(args) => credential_process::run(&args.profile),
        Command::Login(args) => login::run(args),
        Command::Logout(args) => logout::run(args),
        Command::Status(args) => status::run(args),
        Command::Token(args) => token::run(args),
        Command::Doctor(args) => return doctor::run(args),
        Command::Exec(args) => return exec::run(args, |error| report(error, cli.verbose)),
        Command::Env(args) => env::run(args),
        Command::Console(args) => console::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Configure(args) => configure::run(args),
        Command::Completions { shell } => {
            completions::register(*shell);
            Ok(())
        }
        Command::Man => man::run(),
        Command::SignIn(args) => detached::sign_in(&args.profile),
        Command::Renew(args) => detached::renew(&args.profile),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, cli.verbose);
            ExitCode::FAILURE
        }
    }
}

/// The two lines of a failure, and its cause where somebody asked for it.
fn report(error: &Error, verbosity: u8) {
    output::stderr(&format!("cognito-creds: {}\n{}", error.what(), error.paste()));
    if let (Some(detail), 1..) = (error.detail(), verbosity) {
        output::stderr(&format!("cause: {detail}"));
    }
}

/// The error of a call that would have needed a person, with the `login` that fits where they are.
fn pointing(error: Error, profile: &Profile) -> Error {
    way_in::fitting(error, profile, &env)
}

/// Writes what a program is waiting for to stdout, in one piece.
fn hand_out(profile: &Profile, command: &str, bytes: &[u8]) -> Result<(), Error> {
    let Err(e) = output::document(bytes) else { return Ok(()) };
    if e.kind() == ErrorKind::BrokenPipe {
        // Whoever asked has gone, and nobody is left to be told.
        return Ok(());
    }
    let thing = if command == "token" { "token" } else { "credentials" };
    let what = format!("The {thing} could not be written to stdout: {}.", platform::reason(&e));
    Err(Error::new(Next::Stop, what, profile.command(command)))
}

/// Credentials whose end no caller could be told.
fn endless(profile: &Profile) -> Error {
    let what = "The identity pool gave credentials without a usable end.";
    Error::new(Next::TryAgain, what, profile.command("doctor"))
}

/// A variable of the process environment. Without `HOME`, as under some service managers, the user
/// database knows the home; the config file is never looked for in the current folder.
fn env(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    match name {
        "HOME" => value.or_else(|| Some(std::env::home_dir()?.to_string_lossy().into_owned())),
        _ => value,
    }
}

/// A secret from the environment. Neither kind has blanks at its ends, and what CI systems keep often does:
/// `echo` or an editor has added an end of line.
fn secret_of(name: &str) -> Option<String> {
    env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The profile a person means: the flag, `AWS_PROFILE`, `default`.
fn profile_name(flag: Option<&str>) -> String {
    flag.map(str::to_owned)
        .or_else(|| env("AWS_PROFILE").filter(|n| !n.is_empty()))
        .unwrap_or_else(|| "default".to_owned())
}

/// Everything that a command works with, for one profile.
struct Desk {
    profile: Profile,
    places: Places,
    journal: Journal,
    seed: Option<RefreshToken>,
    client_secret: Option<ClientSecret>,
}

impl Desk {
    /// Reads the profile; opens nothing.
    fn new(name: &str) -> Result<Self, Error> {
        let profile = Profile::load(name, &env, &platform::home_name());
        profile.map(Self::at).map_err(|error| same_line::offered(error, name))
    }

    /// For a profile that was read.
    fn at(mut profile: Profile) -> Self {
        // A refresh token of an authorization server is nothing that a backend may see.
        let is_server = matches!(profile.auth, Auth::Browser(_));
        let seed = secret_of("COGNITO_CREDS_REFRESH_TOKEN").filter(|_| is_server);
        if let Some(token) = &seed {
            // A login of its own, so that it never meets the one of a person at this machine.
            EntryName::new("seed", [token.as_str()]).as_str().clone_into(&mut profile.login);
        }
        Self {
            profile,
            places: Places::of_this_system(),
            journal: Journal::new(),
            seed: seed.map(RefreshToken::new),
            client_secret: secret_of("COGNITO_CREDS_CLIENT_SECRET").map(ClientSecret::new),
        }
    }

    fn vault(&self) -> Vault<'_> {
        Vault::new(&self.profile, &self.places, &self.journal, self.seed.clone())
    }

    /// Credentials: from the cache, else by renewal, else by a sign-in where one is allowed.
    fn credentials(&self) -> Result<Credentials, Error> {
        if self.profile.identity_pool.is_none() {
            return Err(no_identity_pool(&self.profile));
        }
        let vault = self.vault();
        let session = self.session(&vault);
        Flight { session: &session, journal: &self.journal, env: &env }
            .credentials()
            .map_err(|error| pointing(error, &self.profile))
    }

    fn session<'a>(&'a self, vault: &'a Vault<'a>) -> Session<'a> {
        Session::new(&self.profile, vault, self.client_secret.clone(), || Proxies::from_env(env))
    }
}

/// A profile's name, and it ready to work with or the reason why not.
type NamedDesk = (String, Result<Desk, Error>);

/// Every profile with keys of ours.
fn all_profiles() -> Result<Vec<NamedDesk>, Error> {
    let ours = Profile::load_ours(&env, &platform::home_name())?;
    Ok(ours.into_iter().map(|(name, profile)| (name, profile.map(Desk::at))).collect())
}
