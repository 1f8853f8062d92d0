//! `logout`: the login goes, here and at the server, with its credentials in every profile.

use super::{Desk, all_profiles, browser_session, env, profile_name, report};
use crate::cli::Logout;
use crate::error::{Error, Next};
use crate::http::REQUEST_LIMIT;
use crate::lock::{Lock, Waited};
use crate::login::Login;
use crate::output;
use crate::profile::auth::Auth;
use crate::profile::{Profile, StoreChoice, config_path};
use crate::sign_in::{login_lock, login_patience};
use crate::store::StoreError;
use crate::terminal::{Waiting, Words};
use crate::user_pool::token::Revoked;
use crate::vault::{Kind, Unreached, Vault};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Logs one profile's login out, or all. Everything local goes even if the server can't be told, and
/// a profile that can't be logged out keeps no other from it.
pub fn run(args: &Logout) -> Result<(), Error> {
    let named = if args.all { None } else { Some(Desk::new(&profile_name(args.profile.as_deref()))?) };
    let (readable, unreadable): (Vec<_>, Vec<_>) =
        all_profiles()?.into_iter().map(|(_, desk)| desk).partition(Result::is_ok);
    let everybody: Vec<Desk> = readable.into_iter().flatten().collect();
    let (desks, mut errors): (Vec<&Desk>, Vec<Error>) = match &named {
        Some(desk) => (vec![desk], Vec::new()),
        None => (everybody.iter().collect(), unreadable.into_iter().filter_map(Result::err).collect()),
    };
    if desks.is_empty() && errors.is_empty() {
        let path = config_path(&env);
        output::stdout(&format!("No profile in {} signs in through Cognito.", path.display()));
    }
    let (mut done, mut browser_sessions) = (Vec::new(), BTreeSet::new());
    for desk in desks {
        let entry = desk.profile.login_entry();
        if done.contains(&entry) {
            continue;
        }
        let others = everybody.iter().map(|other| &other.profile);
        let sharing: Vec<_> = others.filter(|p| p.login_entry() == entry).chain([&desk.profile]).collect();
        match log_out(desk, &sharing) {
            Ok(line) => output::stdout(&line),
            Err(error) => errors.push(error),
        }
        let session = (desk.profile.auth.authority().to_owned(), desk.profile.auth.client_id().to_owned());
        if args.browser && browser_sessions.insert(session) {
            match browser_session::end(desk) {
                Ok(line) => output::stdout(&line),
                Err(error) => errors.push(error),
            }
        }
        done.push(entry);
    }
    let last = errors.pop();
    for error in &errors {
        report(error, 0);
    }
    last.map_or(Ok(()), Err)
}

/// What is told of a logout that succeeded. `sharing` is every profile with this login.
fn log_out(desk: &Desk, sharing: &[&Profile]) -> Result<String, Error> {
    // A server that hangs takes its time.
    let _waiting = Waiting::telling(&Words::of("Signing out of profile ", &desk.profile.name, "."));
    let vault = desk.vault();
    let _lock = lock(desk);
    // Whoever changed `cognito_store` or was signed in elsewhere first may have several copies.
    let (copies, mut unreached) = vault.every_copy();
    // The credentials go first, so that a kill in between leaves a login that a logout still finds.
    let cached = sharing.iter().map(|profile| profile.credentials_entry());
    for entry in cached.chain(copies.iter().flat_map(Login::caches)) {
        vault.forget_credentials(&entry);
    }
    for refused in vault.delete_login() {
        if unreached.iter().all(|known| known.place.kind != refused.place.kind) {
            unreached.push(refused);
        }
    }
    let live: Vec<_> = copies.iter().filter(|login| !login.has_ended()).collect();
    let revoked = revoke(desk, &vault, &live);
    still_kept(&desk.profile, sharing, live.first().copied(), &unreached)?;
    for profile in sharing {
        desk.journal.forget_event(&profile.name);
    }
    let mut lines = vec![told(&desk.profile, sharing, live.first().copied(), &unreached)];
    if revoked? == Revoked::NoEndpoint {
        lines.push(format!(
            "{} was not told, because it has no endpoint that ends a login: the refresh token stays valid there until it runs out.",
            desk.profile.auth.host()
        ));
    }
    Ok(lines.join("\n"))
}

/// A renewal under way is waited for, but not for ever; what it brings after that is dropped. Without a
/// lock the logout goes on all the same: two writers are safe (docs/decisions/0008), and a folder that
/// can't be used is no reason to leave a login behind.
fn lock(desk: &Desk) -> Option<Waited<()>> {
    let waited = desk.journal.folder().and_then(|folder| {
        let path = login_lock(folder, &desk.profile);
        Lock::acquire_until(&path, login_patience(), |_| ControlFlow::Continue(()))
    });
    waited.inspect_err(|error| log::info!("going on without the login's lock: {}", error.what())).ok()
}

/// Tells the server, once for each refresh token.
fn revoke(desk: &Desk, vault: &Vault<'_>, live: &[&Login]) -> Result<Revoked, Error> {
    let profile = &desk.profile;
    let tokens: BTreeMap<_, _> = live.iter().map(|login| (login.refresh_token.expose(), *login)).collect();
    let session = desk.session(vault);
    let (mut first_error, mut outcome) = (None, Revoked::Yes);
    for login in tokens.into_values() {
        let (revoked, told) = match &profile.auth {
            Auth::Browser(app) => {
                let secret = session.secret();
                session.recall(login);
                let endpoint = session.token_endpoint(app, secret.as_ref());
                let revoked =
                    endpoint.and_then(|endpoint| endpoint.revoke(&login.refresh_token, REQUEST_LIMIT));
                (revoked, "the refresh token could not be revoked and stays valid at the server")
            }
            Auth::Developer(backend) => {
                let desk = session.developer_desk(backend);
                let ended = desk.and_then(|desk| desk.end(&login.refresh_token, REQUEST_LIMIT));
                let told = "the login could not be ended at the backend and stays valid there";
                (ended.map(|()| Revoked::Yes), told)
            }
        };
        let error = match revoked {
            Ok(Revoked::Yes) => continue,
            Ok(Revoked::NoEndpoint) => {
                outcome = Revoked::NoEndpoint;
                continue;
            }
            Err(error) => error,
        };
        let what = format!("{} is signed out on this machine, but {told}: {}", login.user, error.what());
        first_error = first_error.or(Some(Error::new(Next::TryAgain, what, profile.command("doctor"))));
    }
    first_error.map_or(Ok(outcome), Err)
}

/// What a place that could not be looked into, or not be cleared, means for a logout.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// It keeps nothing: most machines without a screen have no keychain, and never had one.
    None,
    /// A login may lie there only if `cognito_store` was another once.
    Slight,
    /// The login may well be there.
    Serious,
}

fn doubt(unreached: &Unreached<'_>, sharing: &[&Profile]) -> Doubt {
    let mut keepers = sharing.iter().filter(|p| unreached.place.kind.may_keep_the_login_of(p));
    match &unreached.why {
        StoreError::Absent(_) if keepers.any(|p| p.store != StoreChoice::Default) => Doubt::Serious,
        StoreError::Absent(_) => Doubt::None,
        _ if keepers.next().is_some() => Doubt::Serious,
        _ => Doubt::Slight,
    }
}

/// The error of a login that may still be there.
fn still_kept(
    profile: &Profile,
    sharing: &[&Profile],
    login: Option<&Login>,
    unreached: &[Unreached<'_>],
) -> Result<(), Error> {
    let Some(Unreached { place, why }) = unreached.iter().find(|u| doubt(u, sharing) == Doubt::Serious)
    else {
        return Ok(());
    };
    // Where there is none in this session, another try finds none either.
    let (reason, paste) = match why {
        StoreError::Absent(_) => (
            "this session does not reach it. Log out on this machine's desktop, or where the keychain is unlocked"
                .to_owned(),
            profile.command("doctor"),
        ),
        StoreError::Locked(why) => (format!("{why}. Unlock it and log out again"), profile.command("logout")),
        why => (why.to_string(), profile.command("logout")),
    };
    let signed_out = login.map_or_else(|| "The".to_owned(), |l| format!("{} is signed out, but the", l.user));
    let what = format!(
        "{signed_out} {} may still keep a login of profile {}: {reason}.",
        place.describe(),
        profile.name
    );
    Err(Error::new(Next::TryAgain, what, paste).because(why))
}

fn told(
    profile: &Profile,
    sharing: &[&Profile],
    login: Option<&Login>,
    unreached: &[Unreached<'_>],
) -> String {
    let no_keychain = |u: &Unreached<'_>| {
        u.place.kind == Kind::Keychain && sharing.iter().any(|p| Kind::Keychain.may_keep_the_login_of(p))
    };
    let first = match login {
        Some(login) => format!("Signed out {} of profile {}.", login.user, profile.shown()),
        // Over SSH, the keychain of the person's desktop is out of reach.
        None if unreached.iter().any(no_keychain) => {
            format!(
                "Profile {} was not signed in. (This session has no keychain to look into.)",
                profile.shown()
            )
        }
        None => format!("Profile {} was not signed in.", profile.shown()),
    };
    let slight = unreached.iter().filter(|u| doubt(u, sharing) == Doubt::Slight);
    let rest = slight.map(|Unreached { place, why }| {
        format!("What the {} may keep from earlier could not be removed: {why}.", place.describe())
    });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}
