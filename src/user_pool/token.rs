//! The token endpoint: code exchange, refresh and revocation (RFC 6749 §4.1.3 and §6, RFC 7009). What its answers
//! mean is decided in `answer`.

mod answer;
mod form;

pub(super) use answer::asks_to_wait;
pub use answer::{Done, Grant, TokenError, Tokens, read_answer};

use super::endpoints::Endpoints;
use crate::error::{Error, Next, foreign};
use crate::http::{self, Client, SendError, Sent};
use crate::profile::Profile;
use crate::profile::auth::AppClient;
use crate::profile::redirect_uri::RedirectUri;
use crate::secret::{self, AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken};
use answer::OAuthError;
use std::time::Duration;

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The refresh token is of no more use.
    Yes,
    /// The server has no endpoint that ends one.
    NoEndpoint,
}

/// The token endpoint of one profile's server.
pub struct TokenEndpoint<'a> {
    /// The outbound client.
    pub client: &'a Client,
    /// Whose.
    pub profile: &'a Profile,
    /// At which server, as which app client.
    pub app: &'a AppClient,
    /// Where that server is spoken to.
    pub endpoints: Endpoints,
    /// For a confidential app client.
    pub secret: Option<&'a ClientSecret>,
}

impl TokenEndpoint<'_> {
    /// Redeems an authorization code. To be called once per code: codes are single-use, and one that
    /// was sent is spent.
    pub fn exchange(
        &self,
        code: &AuthorizationCode,
        redirect: &RedirectUri,
        verifier: &CodeVerifier,
        limit: Duration,
    ) -> Result<Tokens, TokenError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", verifier.expose()),
        ];
        self.post(Grant::Code, &form, limit)
    }

    /// Asks for new tokens with the refresh token.
    pub fn refresh(&self, token: &RefreshToken, limit: Duration) -> Result<Tokens, TokenError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
        self.post(Grant::RefreshToken, &form, limit)
    }

    /// Revokes the refresh token and every access token that came from it. A token that was invalid
    /// already counts as revoked (RFC 7009 §2.2).
    pub fn revoke(&self, token: &RefreshToken, limit: Duration) -> Result<Revoked, Error> {
        let doctor = || self.profile.command("doctor");
        let Some(url) = &self.endpoints.revoke else { return Ok(Revoked::NoEndpoint) };
        let form = [("token", token.expose())];
        let answer = self.client.send(self.request(url, &form), limit);
        let answer = answer.map_err(|e| Error::new(Next::TryAgain, e.what(), doctor()))?;
        let host = self.app.server.host();
        let said = match (answer.status().as_u16(), OAuthError::read(answer.body(), &self.secrets(&form))) {
            // Success has no body (Cognito Developer Guide, "The token revocation endpoint").
            (200, _) if !answer.body().trim_ascii_start().starts_with(b"<") => {
                return Ok(Revoked::Yes);
            }
            (200, _) => format!("with a page that is not from {}", self.app.server.kind()),
            (400, Some(e)) if e.error == "invalid_request" => {
                format!("400 ({}); token revocation is perhaps switched off at the app client", e.words())
            }
            (status, Some(e)) => format!("{status} ({})", e.words()),
            (status, None) => status.to_string(),
        };
        Err(Error::new(Next::Configure, format!("{host} answered {said}."), doctor()))
    }

    fn post(&self, grant: Grant, form: &[(&str, &str)], limit: Duration) -> Result<Tokens, TokenError> {
        match self.client.send(self.request(&self.endpoints.token, form), limit) {
            Ok(answer) => {
                let sent = self.secrets(form);
                if let Some(id) = answer.headers().get("x-amz-cognito-request-id") {
                    let id = secret::hide(&String::from_utf8_lossy(id.as_bytes()), &sent);
                    log::debug!("token endpoint: {} request {}", answer.status(), foreign(&id));
                }
                read_answer(
                    (self.profile, self.app, grant, &sent),
                    answer.status().as_u16(),
                    http::retry_after(answer.headers()),
                    answer.body(),
                )
            }
            Err(e) => Err(not_sent(self.profile, &e)),
        }
    }
}

fn not_sent(profile: &Profile, e: &SendError) -> TokenError {
    let error = Error::new(Next::TryAgain, e.what(), profile.command("doctor"));
    let done = if e.sent() == Sent::Never { Done::NotReached } else { Done::Perhaps };
    TokenError::Unavailable { error, done }
}
