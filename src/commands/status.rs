//! `status`: who is signed in, until when, where it is kept, and what went wrong last. It reads what
//! is kept and asks nobody: no network, no renewal, no sign-in.

mod table;

use super::columns::{about, beside};
use super::{Desk, all_profiles, env};
use crate::cli::Status;
use crate::clock::Timestamp;
use crate::error::{Error, foreign};
use crate::identity_pool::role;
use crate::journal::Awaits;
use crate::output;
use crate::profile::config_path;
use crate::session;
use crate::sign_in::is_running;
use crate::user_pool::claims::Claims;
use crate::vault::{Kind, Place};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Where the words begin beside `  last problem`.
const INDENT: usize = 16;

/// For how long a notice is shown: it tells how something went well, so nothing puts it right.
const NOTICE_STAYS: Duration = Duration::from_hours(1);

/// One profile's state, in the documented shape of `--json`.
#[derive(Debug, Serialize)]
struct State {
    profile: String,
    login: Option<Login>,
    credentials: Option<Credentials>,
    sign_in: SignIn,
    /// What a sign-in that runs waits for.
    #[serde(skip)]
    awaits: Awaits,
    last_error: Option<LastError>,
    /// Why there is no login, where more is known than that there is none.
    #[serde(skip)]
    instead: Option<String>,
}

#[derive(Debug, Serialize)]
struct Login {
    user: String,
    provider: Option<String>,
    since: Moment,
    store: &'static str,
    #[serde(skip)]
    kept: String,
}

#[derive(Debug, Serialize)]
struct Credentials {
    role: Option<String>,
    /// Where the identity pool chooses: what it takes unless a rule of its own says otherwise.
    #[serde(skip)]
    preferred: Option<String>,
    expiration: Moment,
    cache: &'static str,
    #[serde(skip)]
    kept: String,
    /// From when on a call renews them.
    #[serde(skip)]
    renewal: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum SignIn {
    None,
    Running,
}

#[derive(Debug, Serialize)]
struct LastError {
    at: Moment,
    message: String,
    #[serde(skip)]
    is_notice: bool,
}

impl LastError {
    fn now(now: Timestamp, error: &Error) -> Self {
        Self { at: Moment(now), message: error.what().to_owned(), is_notice: false }
    }
}

/// A point in time that is written as RFC 3339.
#[derive(Debug, Clone, Copy)]
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.rfc3339().serialize(serializer)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.rfc3339().unwrap_or_default())
    }
}

/// Prints the state of the profile that is named, by flag or by `AWS_PROFILE`, else of all.
pub fn run(args: &Status) -> Result<(), Error> {
    let now = Timestamp::now();
    let named = args.profile.clone().or_else(|| env("AWS_PROFILE").filter(|name| !name.is_empty()));
    let states = match named {
        Some(name) => vec![state(&Desk::new(&name)?, now)],
        None => all_profiles()?
            .into_iter()
            .map(|(name, desk)| match desk {
                Ok(desk) => state(&desk, now),
                Err(error) => unreadable(name, &error, now),
            })
            .collect(),
    };
    if args.json {
        output::stdout(&serde_json::to_string(&states).unwrap_or_default());
    } else if states.is_empty() {
        output::stdout(&no_profile());
    } else if let [state] = &states[..] {
        output::stdout(&told(state, now));
    } else {
        output::stdout(&table::told(&states, now, output::shows_colours(&env)));
    }
    Ok(())
}

fn no_profile() -> String {
    let path = config_path(&env);
    let what = if path.exists() {
        format!("No profile in {} signs in through Cognito.", path.display())
    } else {
        format!("There is no AWS config file {}.", path.display())
    };
    format!("{what} To write a profile:\n  cognito-creds configure --profile NAME")
}

fn unreadable(profile: String, error: &Error, now: Timestamp) -> State {
    let last_error = Some(LastError::now(now, error));
    let instead = Some("its settings can't be used".to_owned());
    State {
        profile,
        login: None,
        credentials: None,
        sign_in: SignIn::None,
        awaits: Awaits::default(),
        last_error,
        instead,
    }
}

fn state(desk: &Desk, now: Timestamp) -> State {
    let (profile, journal, vault) = (&desk.profile, &desk.journal, desk.vault());
    let running = journal.folder().and_then(|folder| is_running(folder, profile)).unwrap_or(false);
    let cached = vault.cached_in();
    let event = journal.last_event(&profile.name);
    let event = event.filter(|event| !event.is_notice || event.at.distance(now) < NOTICE_STAYS);
    let mut state = State {
        profile: profile.name.clone(),
        login: None,
        credentials: cached.filter(|(found, _)| found.expiration > now).map(|(found, place)| Credentials {
            role: found.role.as_deref().map(foreign),
            preferred: None,
            expiration: Moment(found.expiration),
            cache: place.kind.name(),
            kept: kept(place),
            renewal: Moment(session::renewal(&(&found).into(), profile.refresh_margin)),
        }),
        awaits: journal.last_sign_in(&profile.login_entry()).map(|last| last.awaits).unwrap_or_default(),
        sign_in: if running { SignIn::Running } else { SignIn::None },
        last_error: event.map(|event| LastError {
            at: Moment(event.at),
            message: event.message,
            is_notice: event.is_notice,
        }),
        instead: None,
    };
    match vault.stored_in() {
        Ok(Some((login, _))) if login.has_ended() && vault.is_seeded() => {
            state.instead = Some(
                "not signed in; the server does not accept the refresh token in COGNITO_CREDS_REFRESH_TOKEN"
                    .to_owned(),
            );
        }
        Ok(Some((login, _))) if login.has_ended() => {
            state.instead = Some(format!("not signed in; the server has ended the login of {}", login.user));
        }
        Ok(Some((login, place))) if !vault.is_unused_seed(&login) => {
            let (store, kept) = (place.kind.name(), kept(place));
            if let Some(found) = state.credentials.as_mut().filter(|found| found.role.is_none()) {
                let claims = Claims::decode(&login.id_token).ok();
                found.preferred = claims.and_then(|claims| claims.preferred_role).as_deref().map(foreign);
            }
            state.login = Some(Login {
                user: login.user,
                provider: login.provider,
                since: Moment(login.since),
                store,
                kept,
            });
        }
        Ok(_) if vault.is_seeded() => {
            state.instead = Some("the refresh token in COGNITO_CREDS_REFRESH_TOKEN, not used yet".to_owned());
        }
        Ok(_) => {}
        Err(error) => {
            state.instead = Some("its login can't be read".to_owned());
            state.last_error = Some(LastError::now(now, &error));
        }
    }
    state
}

/// Where something is kept and how safe that is.
fn kept(place: Place<'_>) -> String {
    let place_name = place.describe();
    match place.kind {
        Kind::File => format!("{place_name}; readable by you"),
        Kind::Kernel => format!("{place_name}; in memory only"),
        Kind::Keychain => format!("{place_name}; guarded by the operating system"),
    }
}

fn told(state: &State, now: Timestamp) -> String {
    let mut lines = vec![format!("{}: {}", foreign(&state.profile), who(state))];
    let mut row = |label: &str, text: &str| lines.push(beside(&format!("  {label}"), INDENT, text));
    if let Some(login) = &state.login {
        row("login since", &format!("{} ({} ago)", login.since, about(login.since.0.age(now))));
        row("login in", &login.kept);
    }
    match &state.credentials {
        Some(found) => {
            row("role", &role_words(found));
            let left = about(found.expiration.0.left(now));
            row("credentials", &format!("live until {} ({left})", found.expiration));
            row("renewed", &format!("by the first call after {}", found.renewal));
            row("cached in", &found.kept);
        }
        None if state.login.is_some() => row("credentials", "none cached"),
        None => {}
    }
    let sign_in = match (state.sign_in, state.awaits) {
        (SignIn::None, _) => "none running",
        (SignIn::Running, Awaits::Browser) => "running in a browser",
        (SignIn::Running, Awaits::Address) => "waits for an address to be pasted on a terminal",
        (SignIn::Running, Awaits::Password) => "waits for a password on a terminal",
    };
    row("sign-in", sign_in);
    if let Some(last) = &state.last_error {
        let label = if last.is_notice { "last notice" } else { "last problem" };
        row(label, &format!("{} ({} ago)", last.at, about(last.at.0.age(now))));
        row("", &foreign(&last.message));
    }
    lines.join("\n")
}

fn who(state: &State) -> String {
    let Some(login) = &state.login else {
        return state.instead.clone().unwrap_or_else(|| "not signed in".to_owned());
    };
    let through = login.provider.as_ref().map_or_else(String::new, |p| format!(" through {p}"));
    format!("{}{through}", login.user)
}

fn role_words(found: &Credentials) -> String {
    let in_account = |arn: &str| {
        let account = arn.split(':').nth(4).unwrap_or_default();
        format!("{} in account {account}", role::name(arn))
    };
    match (&found.role, &found.preferred) {
        (Some(arn), _) => in_account(arn),
        (None, Some(arn)) => format!("{}, unless the identity pool has a rule", in_account(arn)),
        (None, None) => "chosen by the identity pool".to_owned(),
    }
}
