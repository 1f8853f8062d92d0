//! `logout`: the login goes, here and at the server, with its credentials in every profile.

use super::{Desk, all_profiles, env, profile_name};
use crate::cli::Logout;
use crate::error::{Error, Next};
use crate::http::REQUEST_LIMIT;
use crate::lock::Lock;
use crate::profile::Profile;
use crate::sign_in::login_lock;
use crate::user_pool::token::TokenEndpoint;
use crate::{browser, output};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use url::Url;

/// How long a renewal under way is waited for, so that it doesn't store a login behind our back.
const LOCK_LIMIT: Duration = Duration::from_secs(20);

/// Logs one profile's login out, or all. Everything local goes even if the server can't be told.
pub fn run(args: &Logout) -> Result<(), Error> {
    let others = all_profiles();
    let desks =
        if args.all { all_profiles() } else { vec![Desk::new(&profile_name(args.profile.as_deref()))?] };
    let mut first_error = None;
    let mut done = Vec::new();
    for desk in desks {
        let entry = desk.profile.login_entry();
        if done.contains(&entry) {
            continue;
        }
        let sharing: Vec<_> =
            others.iter().map(|d| &d.profile).filter(|p| p.login_entry() == entry).collect();
        match log_out(&desk, &sharing) {
            Ok(line) => output::stdout(&line),
            Err(error) => first_error = first_error.or(Some(error)),
        }
        if args.browser {
            end_browser_session(&desk.profile);
        }
        done.push(entry);
    }
    first_error.map_or(Ok(()), Err)
}

fn log_out(desk: &Desk, sharing: &[&Profile]) -> Result<String, Error> {
    let profile = &desk.profile;
    let vault = desk.vault();
    let path = login_lock(desk.journal.folder()?, profile);
    let _lock = Lock::acquire_until(&path, Instant::now() + LOCK_LIMIT, || ControlFlow::<()>::Continue(()))?;
    let login = vault.load_stored();
    for other in sharing.iter().copied().chain([profile]) {
        vault.forget_credentials(&other.credentials_entry());
    }
    let Ok(Some(login)) = login else {
        vault.delete_login()?;
        login?;
        return Ok(format!("Profile {} was not signed in.", profile.name));
    };
    for entry in login.caches() {
        vault.forget_credentials(&entry);
    }
    let deleted = vault.delete_login();
    if login.has_ended() {
        deleted?;
        return Ok(format!("Profile {} was not signed in.", profile.name));
    }
    let session = desk.session(&vault);
    let secret = session.secret();
    let revoked = session.client().and_then(|client| {
        TokenEndpoint { client, profile, secret: secret.as_ref() }.revoke(&login.refresh_token, REQUEST_LIMIT)
    });
    deleted?;
    match revoked {
        Ok(()) => Ok(format!("Signed out {} of profile {}.", login.user, profile.name)),
        Err(error) => Err(Error::new(
            Next::TryAgain,
            format!(
                "{} is signed out on this machine, but the refresh token could not be revoked and stays valid at the server: {}",
                login.user,
                error.what()
            ),
            profile.command("doctor"),
        )),
    }
}

/// The hosted UI's cookie lives for an hour of its own; `/logout` clears it and returns to a
/// registered sign-out URL.
fn end_browser_session(profile: &Profile) {
    let pool = &profile.user_pool;
    let mut url: Url = pool.domain.at("/logout");
    let back = pool.redirect_uris.first().map_or("", |uri| uri.as_str());
    url.query_pairs_mut().append_pair("client_id", &pool.client_id).append_pair("logout_uri", back);
    if !browser::can_be_seen(&env) || browser::open(&url, &env).is_err() {
        output::stdout(&format!("Open this address to end the browser's session too:\n  {url}"));
    }
}
