//! What an answer of the token endpoint means, decided by [`read_answer`], a pure function over status and body;
//! the rows are those of Cognito's documentation and of field reports. The rule above all: nothing but
//! `invalid_grant` ends a login.

use crate::clock::spoken;
use crate::error::{Error, Next, foreign};
use crate::platform::Os;
use crate::profile::auth::{AppClient, Server};
use crate::profile::{Profile, keys};
use crate::remedy;
use crate::secret::{self, AccessToken, IdToken, RefreshToken};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::time::Duration;
use zeroize::Zeroizing;

/// What the token endpoint hands out.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    /// Signs the person in at the identity pool.
    pub id_token: IdToken,
    /// For the user pool's own endpoints.
    pub access_token: AccessToken,
    /// Always in a code grant; in a refresh only where rotation is on.
    #[serde(default, deserialize_with = "none_if_empty")]
    pub refresh_token: Option<RefreshToken>,
    /// Life of the access token in seconds (RFC 6749 §5.1), where the server tells.
    #[serde(default, deserialize_with = "seconds")]
    pub expires_in: Option<u64>,
}

/// Some servers write numbers as text; what is no number counts as not told.
fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(d)?;
    Ok(value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

/// An empty refresh token is none: taken over, it would end the login.
fn none_if_empty<'de, D: Deserializer<'de>>(d: D) -> Result<Option<RefreshToken>, D::Error> {
    Ok(Option::<RefreshToken>::deserialize(d)?.filter(|token| !token.expose().is_empty()))
}

impl Tokens {
    /// Tokens that may stand on a terminal and in a header, as all do (RFC 6749 appendix A.12 and A.17); else
    /// what there is of a refresh token that may.
    fn printable(self) -> Result<Self, Option<RefreshToken>> {
        let refresh_token = self.refresh_token.as_ref();
        let all = is_vschar(self.id_token.expose())
            && is_vschar(self.access_token.expose())
            && refresh_token.is_none_or(is_printable);
        if all { Ok(self) } else { Err(self.refresh_token.filter(is_printable)) }
    }
}

fn is_printable(token: &RefreshToken) -> bool {
    is_vschar(token.expose())
}

/// `VSCHAR` of RFC 6749 appendix A.
fn is_vschar(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x20..=0x7E))
}

/// Why there are no tokens, by what is to be done.
#[derive(Debug)]
pub enum TokenError {
    /// `invalid_grant`: the refresh token or code is of no more use.
    Ended,
    /// A setting must change. Keep all tokens, don't repeat.
    Refused(Error),
    /// Tokens, but no ID token among them that can be used: what came is to be kept all the same.
    NoIdToken {
        /// For the person.
        error: Error,
        /// Where rotation is on, the old one has died of this answer.
        refresh_token: Option<RefreshToken>,
    },
    /// Keep all tokens and repeat later.
    Unavailable {
        /// For the person, if repeating doesn't help; with the server's wish to wait.
        error: Error,
        /// Whether the request may have been carried out.
        done: Done,
    },
}

/// Whether a request without a usable answer may have been carried out: a code may be spent by it, a
/// refresh token rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Certainly not: it was turned away at the door.
    No,
    /// Certainly not: no byte of it left.
    NotReached,
    /// It was sent, and what became of it is unknown.
    Perhaps,
    /// Certainly not: there is no token endpoint (any more) at this address of an OpenID provider.
    NotThere,
}

/// What tokens were asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// An authorization code (RFC 6749 §4.1.3).
    Code,
    /// A refresh token (§6).
    RefreshToken,
}

impl Done {
    /// Whether the same request to the same address may bring more, and can't have spent anything.
    pub fn may_be_repeated(self) -> bool {
        matches!(self, Self::No | Self::NotReached)
    }
}

/// An error body of RFC 6749 §5.2.
#[derive(Debug, Deserialize)]
pub(super) struct OAuthError {
    /// The code of §5.2.
    pub(super) error: String,
    error_description: Option<String>,
}

impl OAuthError {
    /// An error as it came, but for what it repeats of `sent`.
    pub(super) fn read(body: &[u8], sent: &[Zeroizing<String>]) -> Option<Self> {
        let Self { error, error_description } = serde_json::from_slice(body).ok()?;
        let hidden = |text: String| secret::hide(&text, sent);
        Some(Self { error: hidden(error), error_description: error_description.map(hidden) })
    }

    /// To stand within a sentence.
    pub(super) fn words(&self) -> String {
        match &self.error_description {
            Some(text) => foreign(&format!("{}: {}", self.error, text.trim_end().trim_end_matches('.'))),
            None => foreign(&self.error),
        }
    }
}

/// What an answer of the token endpoint means.
pub fn read_answer(
    (profile, app, grant, sent): (&Profile, &AppClient, Grant, &[Zeroizing<String>]),
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
) -> Result<Tokens, TokenError> {
    let host = app.server.host();
    if status == 200 {
        if let Ok(tokens) = serde_json::from_slice::<Tokens>(body) {
            return tokens.printable().map_err(|refresh_token| TokenError::NoIdToken {
                error: not_printable(profile, app),
                refresh_token,
            });
        }
        if let Ok(Rest { access_token, refresh_token }) = serde_json::from_slice(body)
            && (access_token.is_some() || refresh_token.is_some())
        {
            let error = match (grant, &app.server) {
                (Grant::RefreshToken, Server::Oidc(_)) => renews_no_id_token(profile, app),
                _ => no_id_token(profile, app),
            };
            return Err(TokenError::NoIdToken { error, refresh_token: refresh_token.filter(is_printable) });
        }
    }
    if let (400 | 401, Some(answer)) = (status, OAuthError::read(body, sent)) {
        return Err(match answer.error.as_str() {
            "invalid_grant" => {
                log::debug!("token endpoint: {}", answer.words());
                TokenError::Ended
            }
            _ => TokenError::Refused(refusal(profile, app, &answer)),
        });
    }
    let what = match status {
        200 => format!(
            "{host} answered with something that is not from {}, perhaps the sign-in page of a network or proxy.",
            app.server.kind()
        ),
        300..=399 => format!(
            "{host} answered with a redirect ({status}), perhaps to the sign-in page of a network or proxy."
        ),
        403 => format!("{host} refused the request (403); a web application firewall or a proxy blocks it."),
        429 => format!("{host} is receiving too many requests (429){}.", asks_to_wait(retry_after)),
        500.. => format!("{host} has a problem of its own ({status}); try again in a few minutes."),
        _ => format!(
            "{host} answered {status}, which {} does not; check {}.",
            app.server.kind(),
            app.server.key()
        ),
    };
    let error = Error::new(Next::TryAgain, what, profile.command("doctor"));
    // Throttling and firewalls stand before the work; anything else may come after it.
    let done = match (status, &app.server) {
        (403 | 429, _) => Done::No,
        (300..=399 | 404 | 405 | 410, Server::Oidc(_)) => Done::NotThere,
        _ => Done::Perhaps,
    };
    Err(TokenError::Unavailable { error: error.asking_to_wait(retry_after), done })
}

/// The server's wish in words; how long is worth knowing where it is longer than we repeat.
pub(in crate::user_pool) fn asks_to_wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(" and asks to wait {}", spoken(wait)))
}

/// What is left of a token answer without an ID token, as to a request whose scopes had no openid, or
/// with tokens that are none.
#[derive(Deserialize)]
struct Rest {
    access_token: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "none_if_empty")]
    refresh_token: Option<RefreshToken>,
}

fn no_id_token(profile: &Profile, app: &AppClient) -> Error {
    let scopes = &app.scopes;
    let what = format!(
        "The app client gave no ID token for the scopes '{scopes}'; allow the scope openid at app client {}.",
        app.client_id
    );
    Error::new(Next::Configure, what, profile.command("doctor"))
}

/// OpenID Connect Core §12.2: the answer to a refresh may have no ID token. A new sign-in gives one.
fn renews_no_id_token(profile: &Profile, app: &AppClient) -> Error {
    let what = format!(
        "{} renews no ID token (it answers a refresh with an access token alone), so a person signs in whenever one has ended.",
        app.server.host()
    );
    Error::new(Next::SignIn, what, profile.command("login"))
}

fn not_printable(profile: &Profile, app: &AppClient) -> Error {
    let what = format!(
        "{} answered with a token that has characters which no token may have; it is neither shown nor kept.",
        app.server.host()
    );
    Error::new(Next::TryAgain, what, profile.command("doctor"))
}

fn refusal(profile: &Profile, app: &AppClient, answer: &OAuthError) -> Error {
    let (host, client) = (app.server.host(), &app.client_id);
    match answer.error.as_str() {
        "invalid_client" => Error::new(
            Next::Configure,
            format!("{host} does not accept app client {client}: the id or its client secret is wrong, or the secret is missing."),
            {
                let typed = remedy::type_variable(Os::HERE, "COGNITO_CREDS_CLIENT_SECRET");
                let and = if Os::HERE == Os::Windows { ";" } else { " &&" };
                format!("{typed}{and} {}", profile.command("login"))
            },
        ),
        "unauthorized_client" => Error::new(
            Next::Configure,
            format!(
                "App client {client} may not use this grant at {host}; it needs the authorization code grant and the callback URL {}.",
                app.redirects()
            ),
            profile.command("doctor"),
        ),
        // OpenID Connect Core §3.1.2.6; Entra ID gives them to a refresh where a policy wants the person.
        "interaction_required" | "login_required" | "consent_required" => Error::new(
            Next::SignIn,
            format!("{host} wants the person to sign in again ({}).", answer.words()),
            profile.command("login"),
        ),
        _ => Error::new(
            Next::Configure,
            format!("{host} refused the request for app client {client} ({}).", answer.words()),
            profile.command("doctor"),
        ),
    }
    .because(format_args!("{} (key {})", answer.words(), keys::CLIENT_ID.name))
}
