//! The enhanced flow: GetId and GetCredentialsForIdentity.

use super::api::{self, Answer, Failure};
use super::refusal::{self, Asked, Refusal, Remedy};
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::{self, Client, REQUEST_LIMIT};
use crate::profile::auth::Auth;
use crate::profile::{Profile, no_identity_pool, values::IdentityPoolId};
use crate::secret::{IdToken, SecretAccessKey, SessionToken};
use crate::shell;
use crate::user_pool::claims::Claims;
use ::http::Uri;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Instant;

/// Why a call gave nothing.
#[derive(Debug)]
pub struct CallError {
    /// What it means.
    pub refusal: Refusal,
    /// The service's own clock, to tell a wrong local one from an old token.
    pub server_time: Option<Timestamp>,
}

/// The identity pool of one profile, called with one ID token.
pub struct IdentityPool<'a> {
    client: &'a Client,
    endpoint: Uri,
    profile: &'a Profile,
    id: &'a IdentityPoolId,
    until: Instant,
}

/// `{"cognito-idp.REGION.amazonaws.com/POOL": ID token}`.
type Logins<'a> = BTreeMap<&'a str, &'a str>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetId<'a> {
    identity_pool_id: &'a str,
    logins: Logins<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    identity_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetCredentials<'a> {
    identity_id: &'a str,
    logins: Logins<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    identity_id: Option<String>,
    credentials: GivenCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GivenCredentials {
    access_key_id: String,
    secret_key: SecretAccessKey,
    session_token: SessionToken,
    /// Epoch seconds as a JSON number: whole, fractional or in scientific notation.
    expiration: f64,
}

impl<'a> IdentityPool<'a> {
    /// Prepares the calls; nothing is sent yet. No call goes on after `until`.
    pub fn new(profile: &'a Profile, client: &'a Client, until: Instant) -> Result<Self, Error> {
        let id = profile.identity_pool.as_ref().ok_or_else(|| no_identity_pool(profile))?;
        let endpoint = api::endpoint(profile).ok_or_else(|| no_endpoint(profile, id))?;
        Ok(Self { client, endpoint, profile, id, until })
    }

    /// Credentials, and the IdentityId they belong to. GetId is called only where no IdentityId is
    /// known; a known one may come back changed, where identities were merged.
    pub fn credentials(
        &self,
        identity: Option<&str>,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        match identity {
            Some(identity) => self.get_credentials(identity, token, claims, role),
            None => self.get_credentials(&self.get_id(token, claims)?, token, claims, role),
        }
    }

    /// GetId: the person's IdentityId in this pool.
    fn get_id(&self, token: &IdToken, claims: &Claims) -> Result<String, CallError> {
        let input = GetId { identity_pool_id: self.id.as_str(), logins: self.logins(token, claims) };
        let answer: Identity = self.call("GetId", &input).map_err(|e| self.read(e, claims, None))?;
        Some(answer.identity_id).filter(|id| !id.is_empty()).ok_or_else(|| self.not_from_aws())
    }

    /// `{"cognito-idp.REGION.amazonaws.com/POOL": ID token}`, or the backend's own key.
    fn logins<'t>(&self, token: &'t IdToken, claims: &'t Claims) -> Logins<'t>
    where
        'a: 't,
    {
        let key = match &self.profile.auth {
            Auth::Browser(_) => claims.logins_key().unwrap_or_default(),
            Auth::Developer(backend) => &backend.logins_key,
        };
        Logins::from([(key, token.expose())])
    }

    /// GetCredentialsForIdentity.
    fn get_credentials(
        &self,
        identity: &str,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        let input = GetCredentials {
            identity_id: identity,
            logins: self.logins(token, claims),
            custom_role_arn: role,
        };
        let answer: Given =
            self.call("GetCredentialsForIdentity", &input).map_err(|e| self.read(e, claims, role))?;
        let GivenCredentials { access_key_id, secret_key, session_token, expiration } = answer.credentials;
        let credentials = Credentials {
            access_key_id,
            secret_access_key: secret_key,
            session_token,
            obtained: Timestamp::now(),
            expiration: Timestamp::from_unix_f64(expiration),
            role: role.map(str::to_owned),
            lead: 0,
        };
        Ok((answer.identity_id.unwrap_or_else(|| identity.to_owned()), credentials))
    }

    fn call<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        input: &impl Serialize,
    ) -> Result<T, Failure> {
        let left = self.until.saturating_duration_since(Instant::now()).min(REQUEST_LIMIT);
        api::call(self.client, &self.endpoint, operation, input, left)
    }

    fn read(&self, failure: Failure, claims: &Claims, role: Option<&str>) -> CallError {
        let answer = match failure {
            Failure::NoAnswer(e) => return self.unanswered(e.what().to_owned()),
            Failure::NotFromAws => return self.not_from_aws(),
            Failure::Refused(answer) => answer,
        };
        let server_time = http::date_header(&answer.headers).map(Timestamp::from_unix);
        let Some(refusal) = self.refusal(&answer, claims, role) else { return self.not_from_aws() };
        let error = refusal.error.asking_to_wait(http::retry_after(&answer.headers));
        CallError { refusal: Refusal { error, ..refusal }, server_time }
    }

    /// `None` for what no AWS service answers.
    fn refusal(&self, answer: &Answer, claims: &Claims, role: Option<&str>) -> Option<Refusal> {
        let asked = Asked { profile: self.profile, claims, role };
        Some(match (answer.kind.as_deref(), answer.status) {
            (Some(kind), 400..=428 | 430..=499) => refusal::read(&asked, kind, &answer.text),
            (_, 429) => refusal::read(&asked, "TooManyRequestsException", ""),
            (_, 403) => self.later(
                "The identity pool's address answered 403; a web application firewall or a proxy blocks it."
                    .to_owned(),
            ),
            (_, status @ 500..) => self.later(format!(
                "The identity pool has a problem of its own ({status}); try again in a few minutes."
            )),
            _ => return None,
        })
    }

    fn not_from_aws(&self) -> CallError {
        let what = "The identity pool's address answered with something that is not from AWS, perhaps the sign-in page of a network or proxy.";
        self.unanswered(what.to_owned())
    }

    fn unanswered(&self, what: String) -> CallError {
        CallError { refusal: self.later(what), server_time: None }
    }

    fn later(&self, what: String) -> Refusal {
        Refusal {
            remedy: Remedy::Retry,
            error: Error::new(Next::TryAgain, what, self.profile.command("doctor")),
        }
    }
}

/// Without FIPS, there is an endpoint for every region, or the profile names one.
fn no_endpoint(profile: &Profile, id: &IdentityPoolId) -> Error {
    let with = match &profile.identity_endpoint {
        Some(own) => format!("the custom endpoint {own}"),
        None => format!("identity pools in {}", id.region()),
    };
    let what = format!(
        "Profile {} asks for FIPS (AWS_USE_FIPS_ENDPOINT or use_fips_endpoint), which can't be combined with {with}.",
        profile.name
    );
    Error::new(Next::Configure, what, shell::set_key("use_fips_endpoint", "false", &profile.name))
}
