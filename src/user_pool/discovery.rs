//! What an OpenID provider says about itself (OpenID Connect Discovery 1.0 §4, RFC 8414): one document,
//! asked for at a sign-in and kept with the login, so that a refresh needs no request more.
//!
//! A kept document is judged by the same rules as a fresh one, whenever it is used.

use super::endpoints::{Endpoints, SecretBy, SignOut};
use super::token::asks_to_wait;
use crate::error::{Error, Next, foreign};
use crate::http::{self, Client};
use crate::profile::values::{self, Issuer};
use crate::profile::{Profile, keys};
use crate::shell;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;

/// The members that matter here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocation_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    authorization_response_iss_parameter_supported: bool,
}

/// The request for an issuer's document.
pub fn request(issuer: &Issuer) -> ::http::Request<Vec<u8>> {
    let mut request = ::http::Request::new(Vec::new());
    *request.uri_mut() = issuer.discovery().parse().unwrap_or_default();
    request.headers_mut().insert("accept", ::http::HeaderValue::from_static("application/json"));
    request
}

/// Asks a provider for its document, once, within `limit`.
///
/// # Errors
/// As [`read`]; [`Next::TryAgain`] where the provider can't be reached.
pub fn discover(
    client: &Client,
    profile: &Profile,
    issuer: &Issuer,
    limit: Duration,
) -> Result<Metadata, Error> {
    log::info!("asking {} for its endpoints", issuer.host());
    let answer = client
        .send(request(issuer), limit)
        .map_err(|e| Error::new(Next::TryAgain, e.what(), profile.command("doctor")))?;
    let wait = http::retry_after(answer.headers());
    read(profile, issuer, (answer.status().as_u16(), wait), answer.body())
        .map_err(|error| error.asking_to_wait(wait))
}

/// Reads an answer to [`request`]: its status, how long the provider asks to wait, and its body.
///
/// # Errors
/// [`Next::Configure`] where `cognito_issuer` names no provider, or one that calls itself otherwise:
/// the two must be the same to the byte (Discovery §4.3), or one provider could speak for another.
/// [`Next::TryAgain`] where something else stands in its place.
pub fn read(
    profile: &Profile,
    issuer: &Issuer,
    (status, wait): (u16, Option<Duration>),
    body: &[u8],
) -> Result<Metadata, Error> {
    let host = issuer.host();
    let configure = |what| Err(Error::new(Next::Configure, what, profile.command("doctor")));
    let later = |what| Err(Error::new(Next::TryAgain, what, profile.command("doctor")));
    match status {
        200 => {}
        403 => return later(format!("{host} refused the request (403); a firewall or a proxy blocks it.")),
        429 => {
            let wish = asks_to_wait(wait);
            return later(format!("{host} is receiving too many requests (429){wish}."));
        }
        500.. => {
            return later(format!("{host} has a problem of its own ({status}); try again in a few minutes."));
        }
        300..=399 => {
            return later(format!(
                "{host} answered with a redirect ({status}), perhaps to the sign-in page of a network or proxy."
            ));
        }
        _ => {
            return configure(format!(
                "There is no OpenID provider at {}: its configuration was answered with {status}; check {}.",
                issuer.as_str(),
                keys::ISSUER.name
            ));
        }
    }
    let metadata = match serde_json::from_slice::<Metadata>(body) {
        Ok(metadata) => metadata,
        Err(e) if e.is_data() => {
            let why = e.to_string();
            return configure(format!(
                "The configuration of {} is not that of an OpenID provider: {}.",
                issuer.as_str(),
                foreign(why.split(" at line").next().unwrap_or_default())
            ));
        }
        Err(_) => {
            return later(format!(
                "{host} answered with something that is not an OpenID provider's configuration, perhaps the sign-in page of a network or proxy."
            ));
        }
    };
    if metadata.issuer != issuer.as_str() {
        return Err(another_issuer(profile, issuer, &metadata.issuer));
    }
    match metadata.endpoints(issuer) {
        Ok(_) => Ok(metadata),
        Err(why) => configure(format!("The configuration of {} can't be used: {why}.", issuer.as_str())),
    }
}

fn another_issuer(profile: &Profile, issuer: &Issuer, named: &str) -> Error {
    let what = format!(
        "The OpenID provider at {} calls itself '{}'; {} must be the same, to the byte.",
        issuer.as_str(),
        foreign(named),
        keys::ISSUER.name
    );
    let slash_alone = named.trim_end_matches('/') == issuer.as_str().trim_end_matches('/');
    let paste = if slash_alone {
        shell::set_key(keys::ISSUER.name, named, &profile.name)
    } else {
        profile.command("doctor")
    };
    Error::new(Next::Configure, what, paste)
}

impl Metadata {
    /// Its endpoints, for the issuer that the profile names. The error says what is wrong, without a
    /// full stop.
    pub fn endpoints(&self, issuer: &Issuer) -> Result<Endpoints, String> {
        if self.issuer != issuer.as_str() {
            return Err(format!("it is of issuer '{}'", foreign(&self.issuer)));
        }
        let url = |name: &str, text: &str| {
            let url = values::endpoint(text).map_err(|why| format!("{name}: {}", foreign(&why)))?;
            // Plain http stays on this machine, and whoever is not on it has no business there.
            if url.scheme() == "https" || issuer.as_str().starts_with("http://") {
                Ok::<Url, String>(url)
            } else {
                Err(format!("{name}: '{}' is not https", foreign(text)))
            }
        };
        Ok(Endpoints {
            authorize: url("authorization_endpoint", &self.authorization_endpoint)?,
            token: url("token_endpoint", &self.token_endpoint)?,
            revoke: match &self.revocation_endpoint {
                Some(text) => Some(url("revocation_endpoint", text)?),
                None => None,
            },
            sign_out: match &self.end_session_endpoint {
                Some(text) => Some(SignOut::Oidc(url("end_session_endpoint", text)?)),
                None => None,
            },
            secret_by: self.secret_by(),
        })
    }

    /// Whether each of its authorization responses says who it is from (RFC 9207 §2.4).
    pub fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }

    /// Basic where the list is absent (Discovery §3) or has it; by form where it has only that.
    fn secret_by(&self) -> SecretBy {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let has = |method: &str| methods.iter().any(|known| known == method);
        if has("client_secret_post") && !has("client_secret_basic") {
            SecretBy::Post
        } else {
            SecretBy::Basic
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use serde_json::{Value, json};

    fn endpoints(issuer: &str, change: &Value) -> Result<Endpoints, String> {
        let mut document = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/a"),
            "token_endpoint": format!("{issuer}/t"),
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let metadata: Metadata = serde_json::from_value(document).map_err(|e| e.to_string())?;
        metadata.endpoints(&Issuer::parse(issuer).unwrap())
    }

    /// Of metadata that was kept: what a provider says is compared with the profile when it is read.
    #[test]
    fn endpoints_that_cannot_be_used_in_words() {
        let mut told = Snapshot::of("reasons", "openid-endpoints");
        let issuer = "https://id.example.com";
        for (case, change) in [
            ("the profile's issuer is another by now", json!({"issuer": "https://other.example.com"})),
            (
                "a token endpoint on the provider's own machine",
                json!({"token_endpoint": "http://127.0.0.1/t"}),
            ),
        ] {
            told.tell(case, &endpoints(issuer, &change).unwrap_err());
        }
        told.compare();
    }

    #[test]
    fn endpoints_are_https_unless_the_issuer_is_on_this_machine() {
        assert!(endpoints("https://id.example.com", &json!({})).is_ok());
        assert!(endpoints("http://127.0.0.1:8080/oidc", &json!({})).is_ok());
        for member in ["authorization_endpoint", "token_endpoint", "revocation_endpoint"] {
            for url in ["http://id.example.com/x", "http://127.0.0.1/x", "ftp://x/", "/x", "https://me@x/"] {
                assert!(
                    endpoints("https://id.example.com", &json!({member: url})).is_err(),
                    "{member} {url}"
                );
            }
        }
        assert!(endpoints("https://id.example.com", &json!({"issuer": "https://id.example.com/"})).is_err());
    }

    #[test]
    fn a_secret_goes_by_basic_unless_only_the_form_is_taken() {
        let by = |methods: Value| {
            let change = json!({"token_endpoint_auth_methods_supported": methods});
            endpoints("https://id.example.com", &change).unwrap().secret_by
        };
        assert_eq!(by(json!(["client_secret_post"])), SecretBy::Post);
        assert_eq!(by(json!(["client_secret_post", "client_secret_basic"])), SecretBy::Basic);
        assert_eq!(by(json!(["private_key_jwt"])), SecretBy::Basic);
        assert_eq!(by(json!(null)), SecretBy::Basic);
    }
}
