//! Developer-authenticated identities: a backend of the team's own authenticates the person and vouches
//! for them at the identity pool (Cognito Developer Guide, "Developer-authenticated identities").
//!
//! Three calls: e-mail and password for the backend's token, that token for an IdentityId and an OpenID
//! token, and the end of the login. What an answer means is decided by pure functions over status and
//! body. The rule above all: nothing but a 401 for its token ends a login, and only where the body is what
//! a backend's is, empty or a JSON object. Anything else is a proxy's or a gateway's.

use crate::clock::spoken;
use crate::error::{Error, Next, foreign};
use crate::http::{Body, Client, REQUEST_LIMIT, retry_after};
use crate::profile::auth::Backend;
use crate::profile::{Profile, keys};
use crate::secret::{AccessToken, IdToken, Password, RefreshToken};
use crate::user_pool::claims::Claims;
use crate::user_pool::token::{Done, TokenError, Tokens};
use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, Method, Request, Response};
use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// The longest token of a backend that is sent on: what most servers take as a header.
const TOKEN_MAX: usize = 8_000;

/// A backend, ready to be asked for one profile.
pub struct Desk<'a> {
    /// The outbound client.
    pub client: &'a Client,
    /// Whose.
    pub profile: &'a Profile,
    /// Which.
    pub backend: &'a Backend,
}

/// Somebody whom the backend knows.
#[derive(Debug)]
pub struct Admitted {
    /// The backend's own token: the login.
    pub token: RefreshToken,
    /// Who, in the backend's words; empty where it doesn't say.
    pub username: String,
}

/// Why nobody was admitted.
#[derive(Debug)]
pub enum NotAdmitted {
    /// Not this e-mail address with this password.
    WrongPassword,
    /// The backend could not tell, or lets nobody in by this request: another password is no help.
    Failed(Error),
}

/// An answer as far as its meaning goes.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, where there is one.
    pub retry_after: Option<Duration>,
    /// At most 1 MiB, whatever the other end sent.
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    fn of(response: &'a Response<Body>) -> Self {
        let retry_after = retry_after(response.headers());
        Self { status: response.status().as_u16(), retry_after, body: response.body() }
    }

    /// A web page: not from an API but from whatever stands before it.
    fn is_page(self) -> bool {
        let body = self.body.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(self.body);
        body.trim_ascii_start().starts_with(b"<")
    }

    /// Whether a refusal is the backend's own, and so may be believed. A gateway's is a page or a sentence.
    fn is_the_backends(self) -> bool {
        self.body.trim_ascii().is_empty() || self.is_object()
    }

    /// A JSON object, and all of it.
    fn is_object(self) -> bool {
        serde_json::from_slice::<Map<String, Value>>(self.body).is_ok()
    }

    /// Two texts of a JSON object.
    fn texts(self, [first, second]: &[String; 2]) -> (Option<String>, Option<String>) {
        let Ok(Value::Object(mut object)) = serde_json::from_slice(self.body) else { return (None, None) };
        let mut text = |name: &str| match object.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        (text(first), text(second))
    }
}

impl Desk<'_> {
    /// Signs a person in. Sent once: a backend may count wrong passwords.
    pub fn admit(&self, email: &str, password: &Password) -> Result<Admitted, NotAdmitted> {
        let failed = |error| NotAdmitted::Failed(error);
        let body = self.credentials(email, password).map_err(|e| failed(self.unusable(&e)))?;
        let mut request = request(Method::POST, &self.backend.login, body);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = self.client.send(request, REQUEST_LIMIT).map_err(|e| failed(self.later(e.what())))?;
        self.read_admission(Answer::of(&response))
    }

    /// The OpenID token for the backend's token, checked to be for the identity it came with.
    pub fn openid_token(&self, token: &RefreshToken, limit: Duration) -> Result<Tokens, TokenError> {
        let unavailable = |error| TokenError::Unavailable { error, done: Done::No };
        let mut request = request(Method::GET, &self.backend.aws, Vec::new());
        self.authorize(request.headers_mut(), token).map_err(TokenError::Refused)?;
        let response = self.client.send(request, limit).map_err(|e| unavailable(self.later(e.what())))?;
        self.read_tokens(Answer::of(&response))
    }

    /// Ends the login at the backend. A token that is unknown there has ended already.
    pub fn end(&self, token: &RefreshToken, limit: Duration) -> Result<(), Error> {
        let mut request = request(Method::POST, &self.backend.logout, Vec::new());
        self.authorize(request.headers_mut(), token)?;
        let response = self.client.send(request, limit).map_err(|e| self.later(e.what()))?;
        let answer = Answer::of(&response);
        match answer.status {
            200..=299 if !answer.is_page() => Ok(()),
            401 if answer.is_the_backends() => Ok(()),
            _ => Err(self.unexpected(answer, keys::DEVELOPER_LOGOUT_PATH.name)),
        }
    }

    /// The one place where a password is written, into memory that is zeroized and large enough not to
    /// be moved while it grows.
    fn credentials(&self, email: &str, password: &Password) -> Result<Vec<u8>, serde_json::Error> {
        let [email_field, password_field] = &self.backend.request_fields;
        // JSON writes a byte as six at most.
        let text = email_field.len() + password_field.len() + email.len() + password.expose().len();
        let mut body = Zeroizing::new(Vec::with_capacity(6 * text + 32));
        let mut json = serde_json::Serializer::new(&mut *body);
        let mut map = json.serialize_map(Some(2))?;
        map.serialize_entry(email_field, email)?;
        map.serialize_entry(password_field, password.expose())?;
        map.end()?;
        Ok(std::mem::take(&mut *body))
    }

    fn authorize(&self, headers: &mut HeaderMap, token: &RefreshToken) -> Result<(), Error> {
        let text = Zeroizing::new(format!("{} {}", self.backend.scheme, token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|e| self.unusable(&e))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// What an answer to a sign-in means.
    pub fn read_admission(&self, answer: Answer<'_>) -> Result<Admitted, NotAdmitted> {
        let unexpected = |key| NotAdmitted::Failed(self.unexpected(answer, key));
        match answer.status {
            401 if answer.is_the_backends() => Err(NotAdmitted::WrongPassword),
            403 if answer.is_the_backends() => {
                let what = format!(
                    "{} does not let this person in (403); ask whoever runs it.",
                    self.backend.host()
                );
                Err(NotAdmitted::Failed(Error::new(Next::Stop, what, self.profile.command("login"))))
            }
            // Some frameworks say so of a wrong password, too; then there is one attempt for each `login`.
            400 | 422 if answer.is_the_backends() => {
                let what = format!(
                    "{} does not take this sign-in ({}): it expects other fields than {}, or the password is wrong.",
                    self.backend.host(),
                    answer.status,
                    keys::DEVELOPER_REQUEST_FIELDS.name
                );
                Err(NotAdmitted::Failed(Error::new(Next::Configure, what, self.profile.command("login"))))
            }
            200..=299 => {
                let (token, username) = answer.texts(&self.backend.login_fields);
                let sendable = |t: &String| t.len() <= TOKEN_MAX && t.bytes().all(|b| b.is_ascii_graphic());
                let token = token.filter(sendable);
                let token = token.ok_or_else(|| unexpected(keys::DEVELOPER_LOGIN_FIELDS.name))?;
                let username = foreign(&username.unwrap_or_default());
                Ok(Admitted { token: RefreshToken::new(token), username })
            }
            _ => Err(unexpected(keys::DEVELOPER_LOGIN_PATH.name)),
        }
    }

    /// What an answer to the request for an identity and its token means.
    pub fn read_tokens(&self, answer: Answer<'_>) -> Result<Tokens, TokenError> {
        let host = self.backend.host();
        match answer.status {
            401 if answer.is_the_backends() => Err(TokenError::Ended),
            403 if answer.is_the_backends() => {
                let what = format!(
                    "{host} gives this login no AWS identity (403); ask whoever runs it, or sign in as somebody else."
                );
                let error = Error::new(Next::Configure, what, self.profile.command("login"));
                Err(TokenError::Refused(error))
            }
            200..=299 => {
                let unexpected = || TokenError::Unavailable {
                    error: self.unexpected(answer, keys::DEVELOPER_AWS_FIELDS.name),
                    done: Done::No,
                };
                let (Some(identity), Some(token)) = answer.texts(&self.backend.aws_fields) else {
                    return Err(unexpected());
                };
                let id_token = IdToken::new(token);
                let claims = Claims::decode(&id_token).map_err(|_| unexpected())?;
                if claims.sub != identity {
                    let what = format!("The token from {host} is for another identity than it says.");
                    return Err(TokenError::Refused(self.configure(what)));
                }
                Ok(Tokens {
                    id_token,
                    access_token: AccessToken::new(""),
                    refresh_token: None,
                    expires_in: None,
                })
            }
            404 | 405 => Err(TokenError::Refused(self.unexpected(answer, keys::DEVELOPER_AWS_PATH.name))),
            _ => Err(TokenError::Unavailable {
                error: self.unexpected(answer, keys::DEVELOPER_AWS_PATH.name),
                done: Done::No,
            }),
        }
    }

    /// Any answer that a backend does not give; `key` is the setting that explains it, if one does.
    fn unexpected(&self, answer: Answer<'_>, key: &str) -> Error {
        let host = self.backend.host();
        let status = answer.status;
        let what = match status {
            429 => {
                let wait = answer
                    .retry_after
                    .map_or_else(String::new, |w| format!(" and asks to wait {}", spoken(w)));
                format!("{host} is receiving too many requests (429){wait}.")
            }
            500.. => format!("{host} has a problem of its own ({status}); try again in a few minutes."),
            300..=399 => format!(
                "{host} answered with a redirect ({status}), perhaps to the sign-in page of a network or proxy."
            ),
            404 | 405 => return self.configure(format!("{host} has nothing there ({status}); check {key}.")),
            _ if answer.is_page() || (matches!(status, 401 | 403) && !answer.is_the_backends()) => {
                let thing = if answer.is_page() { "a web page" } else { "a text that is no JSON object" };
                let what = format!(
                    "{host} answered {status} with {thing}, perhaps of a network or proxy. If that goes on, sign in again."
                );
                return Error::new(Next::TryAgain, what, self.profile.command("login"));
            }
            200..=299 if !answer.is_object() => format!(
                "The answer of {host} is no JSON object, or only a part of one; try again, and if that goes on, check {key}."
            ),
            200..=299 => format!("The answer of {host} lacks what it should hold; check {key}."),
            _ => format!("{host} answered {status}, which is not expected of it; check {key}."),
        };
        self.later(what).asking_to_wait(answer.retry_after)
    }

    fn later(&self, what: impl Into<String>) -> Error {
        Error::new(Next::TryAgain, what, self.profile.command("doctor"))
    }

    fn configure(&self, what: String) -> Error {
        Error::new(Next::Configure, what, self.profile.command("doctor"))
    }

    fn unusable(&self, why: &dyn std::fmt::Display) -> Error {
        self.configure(format!("What {} asks for can't be written into a request.", self.backend.host()))
            .because(why)
    }
}

fn request(method: Method, url: &Url, body: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = url.as_str().parse().unwrap_or_default();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}
