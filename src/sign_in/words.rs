//! What is said when a sign-in fails.

use crate::error::{Error, Next, foreign};
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Profile, values};

/// An error that came back on the redirect (RFC 6749 §4.1.2.1 and Cognito's own).
pub(super) fn refused(
    profile: &Profile,
    redirect: &RedirectUri,
    error: &str,
    description: Option<&str>,
) -> Error {
    let text = foreign(description.unwrap_or_default());
    let said = if text.is_empty() { foreign(error) } else { format!("{}: {text}", foreign(error)) };
    let pool = &profile.user_pool;
    let (next, what) = match error {
        "access_denied" => (Next::Stop, format!("The sign-in was cancelled or denied ({said}).")),
        "invalid_scope" => (
            Next::Configure,
            format!("App client {} does not allow the scopes '{}' ({said}).", pool.client_id, pool.scopes),
        ),
        "unauthorized_client" => (
            Next::Configure,
            format!(
                "App client {} may not use the authorization code grant with {} ({said}).",
                pool.client_id,
                redirect.as_str()
            ),
        ),
        "login_required" => {
            (Next::SignIn, "cognito_prompt is none and the browser has no session.".to_owned())
        }
        "server_error" => {
            (Next::TryAgain, format!("Cognito had a problem, and a second try may work ({said})."))
        }
        "invalid_request" if is_passing(&text) => {
            (Next::TryAgain, format!("The identity provider did not answer in time; try again ({said})."))
        }
        _ => (
            Next::Configure,
            format!("The sign-in was refused by {} or its identity provider ({said}).", pool.domain.host()),
        ),
    };
    let command = if next == Next::Configure { "doctor" } else { "login" };
    Error::new(next, what, profile.command(command))
}

/// Texts inside `invalid_request` that stand for a provider's time-out, not for a setting.
fn is_passing(text: &str) -> bool {
    ["Timeout occurred", "Connection reset", "Read timed out", "] Error - ["]
        .iter()
        .any(|part| text.contains(part))
}

pub(super) fn code_refused(profile: &Profile) -> Error {
    let what = format!(
        "{} did not accept the authorization code: it was used or older than 5 minutes, or app client {} may not read the attributes of the scopes '{}'.",
        profile.user_pool.domain.host(),
        profile.user_pool.client_id,
        profile.user_pool.scopes
    );
    Error::new(Next::Configure, what, profile.command("login"))
}

pub(super) fn not_that_address(profile: &Profile) -> Error {
    let what = "That is not the address this sign-in ends on; it starts with the callback URL and holds a code and this sign-in's state.";
    Error::new(Next::Stop, what, profile.command("login --paste"))
}

pub(super) fn no_refresh_token(profile: &Profile) -> Error {
    let what = format!("App client {} gave no refresh token.", profile.user_pool.client_id);
    Error::new(Next::Configure, what, profile.command("doctor"))
}

/// Nobody came back: perhaps nobody tried, perhaps Cognito showed its own error page, which never
/// leads to the listener. The exact redirect URI is what has to be registered.
pub(super) fn unanswered(profile: &Profile, redirect: &RedirectUri, stray: Option<String>) -> Error {
    let hint = stray
        .map_or_else(String::new, |text| format!(" The browser brought an error without our state: {text}."));
    let what = format!(
        "Nobody completed the sign-in within {}. If the browser shows an error, app client {} of {} needs the callback URL {} exactly.{hint}",
        values::span(profile.login_timeout.as_secs()),
        profile.user_pool.client_id,
        profile.user_pool.domain.host(),
        redirect.as_str()
    );
    Error::new(Next::SignIn, what, profile.command("login"))
}

/// The identity pool refused the very sign-in that the user pool gave.
pub(super) fn not_accepted(profile: &Profile) -> Error {
    Error::new(
        Next::Configure,
        format!("{} does not accept the sign-in that it has just given.", profile.user_pool.domain.host()),
        profile.command("doctor"),
    )
}
