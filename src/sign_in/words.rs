//! What is said when a sign-in fails.

use crate::clock::{counted, spoken};
use crate::error::{Error, Next, foreign};
use crate::journal::{Awaits, Outcome, SignIn};
use crate::platform::Os;
use crate::profile::Profile;
use crate::profile::auth::{AppClient, Auth, Server};
use crate::profile::keys;
use crate::profile::redirect_uri::RedirectUri;
use crate::terminal::Words;
use crate::{remedy, shell};
use std::path::Path;
use std::time::Duration;

/// Asks for a refresh token (OpenID Connect Core §11).
const OFFLINE: &str = "offline_access";

/// The line of whoever waits for a sign-in, for this much longer.
pub(super) fn waiting(profile: &Profile, awaits: Awaits, left: Duration) -> Words {
    let whom = match awaits {
        Awaits::Browser => "the browser",
        Awaits::Address => "an address pasted elsewhere",
        Awaits::Password => "a password typed elsewhere",
    };
    Words::of("Profile ", &profile.name, format!(" waits for {whom}, {} left, Ctrl-C stops.", counted(left)))
}

/// The line while the server is asked for what the sign-in brings.
pub(super) fn completing(profile: &Profile) -> Words {
    Words::of("The sign-in for profile ", &profile.name, " is being completed.")
}

/// What is refused right after a sign-in will be refused after the next one, too.
pub(super) fn survived_sign_in(profile: &Profile, error: Error) -> Error {
    match error.next() {
        Next::SignIn => error.instead(Next::Configure, profile.command("doctor")),
        _ => error,
    }
}

/// An error that came back on the redirect (RFC 6749 §4.1.2.1 and Cognito's own).
pub(super) fn refused(
    profile: &Profile,
    app: &AppClient,
    redirect: &RedirectUri,
    error: &str,
    description: Option<&str>,
) -> Error {
    let text = foreign(description.unwrap_or_default());
    let text = text.trim_end_matches('.');
    let said = if text.is_empty() { foreign(error) } else { format!("{}: {text}", foreign(error)) };
    let (next, what) = match error {
        "access_denied" => (Next::Stop, format!("The sign-in was cancelled or denied ({said}).")),
        "invalid_scope" => (
            Next::Configure,
            format!("App client {} does not allow the scopes '{}' ({said}).", app.client_id, app.scopes),
        ),
        "unauthorized_client" => (
            Next::Configure,
            format!(
                "App client {} may not use the authorization code grant with {} ({said}).",
                app.client_id,
                redirect.as_str()
            ),
        ),
        "login_required" => (
            Next::SignIn,
            format!(
                "cognito_prompt of profile {} is none, but the browser has no session to use ({said}).",
                profile.name
            ),
        ),
        "server_error" | "temporarily_unavailable" => {
            let who = match &app.server {
                Server::UserPool { .. } => "Cognito",
                Server::Oidc(issuer) => issuer.host(),
            };
            (Next::TryAgain, format!("{who} had a problem, and a second try may work ({said})."))
        }
        "invalid_request" if is_passing(text) => (
            Next::TryAgain,
            format!("The identity provider had a problem, and a second try may work ({said})."),
        ),
        _ => (
            Next::Configure,
            format!("The sign-in was refused by {} or its identity provider ({said}).", app.server.host()),
        ),
    };
    let command = match (next, error) {
        (Next::Configure, _) => "doctor",
        // A plain `login` would ask for no prompt again.
        (_, "login_required") => "login --force",
        _ => "login",
    };
    Error::new(next, what, profile.command(command))
}

/// Texts inside `invalid_request` that stand for a provider's time-out, not for a setting.
fn is_passing(text: &str) -> bool {
    ["Timeout occurred", "Connection reset", "Read timed out", "] Error - ["]
        .iter()
        .any(|part| text.contains(part))
}

/// The browser brought the answer of another server than the one that was asked: a mix-up (RFC 9207 §2.4).
pub(super) fn from_another_server(profile: &Profile, app: &AppClient, why: &str) -> Error {
    let what = format!(
        "The browser came back with an answer that can't be taken for one of {}: {why}; nobody was signed in.",
        app.server.as_str()
    );
    Error::new(Next::Stop, what, profile.command("login"))
}

pub(super) fn code_refused(profile: &Profile, app: &AppClient) -> Error {
    let host = app.server.host();
    let what = match &app.server {
        Server::UserPool { .. } => format!(
            "{host} did not accept the authorization code: it was used already or older than 5 minutes, it is not of this sign-in, or app client {} may not read every attribute of the scopes '{}'.",
            app.client_id, app.scopes
        ),
        Server::Oidc(_) => format!(
            "{host} did not accept the authorization code: it was used already or is too old, or it is not of this sign-in."
        ),
    };
    Error::new(Next::Configure, what, profile.command("login"))
}

/// A port that is taken may stay so; pasting needs none.
pub(super) fn no_port(profile: &Profile, error: Error) -> Error {
    match error.next() {
        Next::TryAgain => error.instead(Next::TryAgain, profile.command("login --paste")),
        _ => reserved_port(profile, error),
    }
}

/// A port of the system's never becomes ours. Another one has to be registered at the app client as well.
pub fn reserved_port(profile: &Profile, error: Error) -> Error {
    const FREE: u16 = 8080;
    match (&profile.auth, error.next()) {
        (Auth::Browser(app), Next::Configure) => {
            let Some(uri) = app.redirect_uris.first() else { return error };
            let paste = shell::set_key(keys::REDIRECT_URI.name, &uri.at_port(FREE), &profile.name);
            error.instead(Next::Configure, paste)
        }
        _ => error,
    }
}

/// A newer sign-in has replaced this one.
pub(super) fn taken_over(profile: &Profile) -> Error {
    let what = format!("Another sign-in for profile {} has taken over.", profile.name);
    Error::new(Next::Stop, what, profile.command("login"))
}

/// No terminal to paste on, or the input was ended.
pub(super) fn nothing_pasted(profile: &Profile) -> Error {
    let what = format!("No address was pasted, so nobody was signed in for profile {}.", profile.name);
    Error::new(Next::Stop, what, profile.command("login --paste"))
}

/// `last` is the sentence about the last text.
pub(super) fn not_that_address(profile: &Profile, last: &str) -> Error {
    let what =
        format!("No address of this sign-in was pasted in three attempts; nobody was signed in. {last}");
    Error::new(Next::Stop, what, profile.command("login --paste"))
}

/// Without a refresh token every credential would cost a sign-in.
pub(super) fn no_refresh_token(profile: &Profile) -> Error {
    if let Auth::Browser(AppClient { server: Server::Oidc(issuer), client_id, scopes, .. }) = &profile.auth {
        let (host, key) = (issuer.host(), keys::SCOPES.name);
        if !scopes.split(' ').any(|scope| scope == OFFLINE) {
            let what = format!("{host} gave no refresh token; the scope {OFFLINE} is missing in {key}.");
            let paste = shell::set_key(key, &format!("{scopes} {OFFLINE}"), &profile.name);
            return Error::new(Next::Configure, what, paste);
        }
        let what = format!(
            "{host} gave no refresh token although the scope {OFFLINE} was asked for; allow it, and the refresh token grant, at app client {client_id}."
        );
        return Error::new(Next::Configure, what, profile.command("doctor"));
    }
    let what = format!("App client {} gave no refresh token.", profile.auth.client_id());
    Error::new(Next::Configure, what, profile.command("doctor"))
}

/// A question on a terminal that nobody answered in time.
pub(super) fn left_open(profile: &Profile, awaits: Awaits) -> Error {
    let (missing, command) = match awaits {
        Awaits::Address => ("pasted the address", "login --paste"),
        Awaits::Password => ("typed a password", "login"),
        Awaits::Browser => ("completed the sign-in", "login"),
    };
    let limit = spoken(profile.login_timeout);
    let what =
        format!("Nobody {missing} for profile {} within {limit}; nobody was signed in.", profile.shown());
    Error::new(Next::SignIn, what, profile.command(command))
}

/// Nobody typed a password: no terminal, or the input was ended.
pub(super) fn no_password(profile: &Profile) -> Error {
    let what = format!(
        "Signing in at {} needs an e-mail address and a password typed on a terminal, and none were.",
        profile.auth.host()
    );
    Error::new(Next::Stop, what, profile.command("login"))
}

/// Before the question for the password is put once more.
pub(super) const NOTHING_TYPED: &str = "Nothing was typed.";

/// Before the next attempt. The address is not asked for again: its question shows what is typed, and people
/// would type the next password there.
pub(super) fn not_the_password(email: &str) -> String {
    format!(
        "That is not the password of {}. For another address, end this with Ctrl-C and begin again.",
        foreign(email)
    )
}

/// The backend has admitted a person and could not vouch for them then.
pub(super) fn not_vouched_for_yet(profile: &Profile, user: &str, why: &Error) -> Error {
    let what = format!(
        "{user} is signed in for profile {}, but has no credentials yet: {}",
        profile.name,
        why.what()
    );
    let error = Error::new(why.next(), what, why.paste());
    why.detail().map_or(error.clone(), |detail| error.because(detail))
}

pub(super) fn wrong_password(profile: &Profile) -> Error {
    let what = format!(
        "{} accepted no e-mail address and password in three attempts; nobody was signed in.",
        profile.auth.host()
    );
    Error::new(Next::Stop, what, profile.command("login"))
}

/// A backend that refuses its own token at once.
pub(super) fn not_accepted_by_backend(profile: &Profile) -> Error {
    let what = format!(
        "{} does not accept the token that it has just given; check {}.",
        profile.auth.host(),
        keys::DEVELOPER_SCHEME.name
    );
    Error::new(Next::Configure, what, profile.command("doctor"))
}

/// Nobody came back: perhaps nobody tried, perhaps Cognito showed its own error page, which never
/// leads to the listener. The exact redirect URI is what has to be registered. `stray` is an error
/// that came without our `state`: perhaps the reason, perhaps forged.
pub(super) fn unanswered(profile: &Profile, redirect: &str, stray: Option<String>, in_wsl: bool) -> Error {
    let hint = stray.map_or_else(String::new, |text| {
        format!(" The browser also brought an error that may not belong to this sign-in: {text}.")
    });
    let what = format!(
        "Nobody completed the sign-in for profile {} within {}. {}{hint}",
        profile.name,
        spoken(profile.login_timeout),
        if_it_was_an_error_page(profile, redirect)
    );
    if in_wsl {
        let what =
            format!("{what} If it ended on a page that doesn't load, Windows did not pass it on to WSL.");
        return Error::new(Next::SignIn, what, profile.command("login --paste"));
    }
    Error::new(Next::SignIn, what, profile.command("doctor"))
}

/// What a browser that shows Cognito's error page means: one and the same for an app client that isn't
/// there and for a redirect that isn't registered. A blank follows the URL, which is compared byte for
/// byte, so that nobody copies a full stop with it.
fn if_it_was_an_error_page(profile: &Profile, redirect: &str) -> String {
    format!(
        "If the browser shows an error page, check that {} has an app client {} and that the callback URL {redirect} is registered there, exactly so.",
        profile.auth.host(),
        profile.auth.client_id()
    )
}

/// No new tab opens so soon after a sign-in that nobody completed, or that its person stopped: an error page
/// is a frequent reason to.
pub(super) fn not_again_so_soon(profile: &Profile, last: &SignIn, pause: Duration) -> Error {
    // Whoever stopped it may go on; where nobody came back, the next tab may show the same error page.
    let (how, command) = match last.outcome {
        Some(Outcome::Stopped) => ("stopped", "login"),
        _ => ("not completed", "doctor"),
    };
    let what = format!(
        "The last sign-in for profile {} was {how}, so no new tab opens for another {} unless you run `login`. {}",
        last.profile,
        spoken(pause),
        if_it_was_an_error_page(profile, &redirects(profile))
    );
    Error::new(Next::SignIn, what, profile.command(command))
}

/// All redirects, where it isn't known which one was used.
pub(super) fn redirects(profile: &Profile) -> String {
    match &profile.auth {
        Auth::Browser(app) => app.redirects(),
        Auth::Developer(_) => String::new(),
    }
}

/// The identity pool refused the very sign-in that the user pool gave.
pub(super) fn not_accepted(profile: &Profile) -> Error {
    Error::new(
        Next::Configure,
        format!("{} does not accept the sign-in that it has just given.", profile.auth.host()),
        profile.command("doctor"),
    )
}

/// Others hold the login's lock one after the other, and none of them brings anything.
pub(super) fn stuck(name: &str, path: &Path) -> Error {
    let what = format!(
        "Other cognito-creds have been renewing the login of profile {name} for {} and brought nothing.",
        spoken(super::LOCK_LIMIT)
    );
    Error::new(Next::TryAgain, what, remedy::who_uses(Os::HERE, path))
}

/// A sign-in that is to be replaced, and those that came after it, stay.
pub(super) fn does_not_end(name: &str, path: &Path) -> Error {
    let what = format!("Another sign-in for profile {name} is running and does not end.");
    Error::new(Next::TryAgain, what, remedy::who_uses(Os::HERE, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn a_reserved_port_in_words() {
        let mut told = Snapshot::of("cases", "reserved-port");
        let keys = "cognito_domain = my-team\ncognito_client_id = abc\nregion = eu-west-1\n";
        for uri in ["http://localhost", "http://127.0.0.1:443/callback"] {
            let text = format!("[profile dev]\n{keys}cognito_redirect_uri = {uri}\n");
            let profile = Profile::of_text(&text, "dev", &|_: &str| None, "/home/you").unwrap();
            let bound = Error::new(
                Next::Configure,
                "The browser can't come back from the sign-in: port 80 is reserved by the system.",
                "",
            );
            told.tell(uri, &format!("cognito-creds: {}", no_port(&profile, bound)));
        }
        told.compare();
    }

    /// Whoever waits overtakes a process that does not end, so nobody sees these unless several take turns.
    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn processes_that_do_not_end_in_words() {
        let mut told = Snapshot::of("cases", "processes-that-do-not-end");
        let folder = Path::new("/home/you/.local/state/cognito-creds");
        for (case, error) in [
            ("renewals, one after the other", stuck("dev", &folder.join("login.0f3a.lock"))),
            ("sign-ins, one after the other", does_not_end("dev", &folder.join("login.0f3a.sign-in.lock"))),
        ] {
            told.tell(case, &format!("cognito-creds: {error}"));
        }
        told.compare();
    }
}
