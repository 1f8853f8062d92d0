//! The identity pool of one profile: what both flows share, GetId among it.

use super::api::{self, Answer, Failure};
use super::refusal::{self, Asked, Refusal, Remedy};
use super::sts;
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::{self, Client, REQUEST_LIMIT};
use crate::profile::auth::Auth;
use crate::profile::flow::Flow;
use crate::profile::{Profile, no_identity_pool, values::IdentityPoolId};
use crate::secret::IdToken;
use crate::shell;
use crate::user_pool::claims::Claims;
use ::http::Uri;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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
    pub(super) client: &'a Client,
    endpoint: Uri,
    pub(super) profile: &'a Profile,
    id: &'a IdentityPoolId,
    until: Instant,
    /// What GetId has found: the call has a low quota, and what comes after it may be repeated.
    found: RefCell<Option<String>>,
}

/// A service, in the words of a message.
#[derive(Clone, Copy)]
pub(super) struct Service {
    name: &'static str,
    address: &'static str,
}

const POOL: Service = Service { name: "The identity pool", address: "The identity pool's address" };
pub(super) const STS: Service = Service { name: "AWS STS", address: "The address of AWS STS" };

/// `{"cognito-idp.REGION.amazonaws.com/POOL": ID token}`.
pub(super) type Logins<'a> = BTreeMap<&'a str, &'a str>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetId<'a> {
    identity_pool_id: &'a str,
    logins: Logins<'a>,
}

/// The answer of GetId.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    identity_id: String,
}

impl Identity {
    /// The IdentityId; an empty one is none.
    pub fn id(self) -> Option<String> {
        Some(self.identity_id).filter(|id| !id.is_empty())
    }
}

impl<'a> IdentityPool<'a> {
    /// Prepares the calls; nothing is sent yet. No call goes on after `until`.
    pub fn new(profile: &'a Profile, client: &'a Client, until: Instant) -> Result<Self, Error> {
        let id = profile.identity_pool.as_ref().ok_or_else(|| no_identity_pool(profile))?;
        let instead = profile.identity_endpoint.is_some();
        let endpoint =
            api::endpoint(profile).ok_or_else(|| no_endpoint(profile, id, "identity pools", instead))?;
        if let Flow::Basic(basic) = &profile.flow
            && sts::endpoint(profile).is_none()
        {
            return Err(no_endpoint(profile, id, "AWS STS", basic.sts_endpoint.is_some()));
        }
        Ok(Self { client, endpoint, profile, id, until, found: RefCell::default() })
    }

    /// Credentials, and the IdentityId they belong to. GetId is called only where no IdentityId is
    /// known, and once however often this is; a known one may come back changed, where identities were
    /// merged.
    pub fn credentials(
        &self,
        identity: Option<&str>,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        let known = identity.map(str::to_owned).or_else(|| self.found.borrow().clone());
        let identity = match known {
            Some(identity) => identity,
            None => self.found.borrow_mut().insert(self.get_id(token, claims)?).clone(),
        };
        match &self.profile.flow {
            Flow::Enhanced => self.get_credentials(&identity, token, claims, role),
            Flow::Basic(basic) => self.assume_role(basic, &identity, token, claims, role),
        }
    }

    /// The IdentityId that GetId has found.
    pub fn found(&self) -> Option<String> {
        self.found.borrow().clone()
    }

    /// The IdentityId that was found is refused.
    pub fn forget_identity(&self) {
        self.found.take();
    }

    /// GetId: the person's IdentityId in this pool.
    fn get_id(&self, token: &IdToken, claims: &Claims) -> Result<String, CallError> {
        let input = GetId { identity_pool_id: self.id.as_str(), logins: self.logins(token, claims) };
        let answer: Identity = self.call("GetId", &input, token).map_err(|e| self.read(e, claims, None))?;
        answer.id().ok_or_else(|| self.not_from_aws())
    }

    /// `{"cognito-idp.REGION.amazonaws.com/POOL": ID token}`, or the backend's own key.
    pub(super) fn logins<'t>(&self, token: &'t IdToken, claims: &'t Claims) -> Logins<'t>
    where
        'a: 't,
    {
        let key = match &self.profile.auth {
            Auth::Browser(_) => claims.logins_key().unwrap_or_default(),
            Auth::Developer(backend) => &backend.logins_key,
        };
        Logins::from([(key, token.expose())])
    }

    pub(super) fn call<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        input: &impl Serialize,
        token: &IdToken,
    ) -> Result<T, Failure> {
        api::call(self.client, &self.endpoint, operation, (input, token), self.left())
    }

    /// What one request may take.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(REQUEST_LIMIT)
    }

    pub(super) fn read(&self, failure: Failure, claims: &Claims, role: Option<&str>) -> CallError {
        let answer = match failure {
            Failure::NoAnswer(e) => return self.unanswered(e.what().to_owned()),
            Failure::NotFromAws => return self.not_from_aws(),
            Failure::Refused(answer) => answer,
        };
        let server_time = http::date_header(&answer.headers).map(Timestamp::from_unix);
        let wait = http::retry_after(&answer.headers);
        let refusal = self.refusal(&answer, claims, role, wait);
        CallError { refusal: refusal.asking_to_wait(wait), server_time }
    }

    fn refusal(
        &self,
        answer: &Answer,
        claims: &Claims,
        role: Option<&str>,
        wait: Option<Duration>,
    ) -> Refusal {
        let asked = Asked { profile: self.profile, claims, role, wait };
        match (answer.kind.as_deref(), answer.status) {
            (Some(kind), 400..=428 | 430..=499) => refusal::read(&asked, kind, &answer.text),
            (_, 429) => refusal::read(&asked, "TooManyRequestsException", ""),
            (_, status) => self.troubled(POOL, status),
        }
    }

    /// An answer that says nothing about the request: by its status alone.
    pub(super) fn troubled(&self, service: Service, status: u16) -> Refusal {
        let Service { name, address } = service;
        self.later(match status {
            403 => format!("{address} answered 403; a web application firewall or a proxy blocks it."),
            500.. => format!("{name} has a problem of its own ({status}); try again in a few minutes."),
            _ => format!(
                "{address} answered with something that is not from AWS, perhaps the sign-in page of a network or proxy."
            ),
        })
    }

    pub(super) fn not_from_aws(&self) -> CallError {
        CallError { refusal: self.troubled(POOL, 200), server_time: None }
    }

    /// A request that got no answer; `what` is why.
    pub(super) fn unanswered(&self, what: String) -> CallError {
        CallError { refusal: self.later(what), server_time: None }
    }

    fn later(&self, what: String) -> Refusal {
        Refusal {
            remedy: Remedy::Retry,
            about_role: false,
            error: Error::new(Next::TryAgain, what, self.profile.command("doctor")),
        }
    }
}

/// `instead`: an address of one's own was given, which AWS's rules take for every region but not with FIPS.
fn no_endpoint(profile: &Profile, id: &IdentityPoolId, service: &str, instead: bool) -> Error {
    if profile.fips && instead {
        let what = format!(
            "Profile {} wants FIPS and has an endpoint of its own for {service}, which AWS tools refuse together; write a FIPS endpoint and set use_fips_endpoint (or AWS_USE_FIPS_ENDPOINT) to false.",
            profile.name
        );
        return Error::new(
            Next::Configure,
            what,
            shell::set_key("use_fips_endpoint", "false", &profile.name),
        );
    }
    let fips = if profile.fips { " with FIPS" } else { "" };
    let what = format!(
        "There is no endpoint{fips} for {service} in {} that profile {} could use.",
        id.region(),
        profile.name
    );
    Error::new(Next::Configure, what, profile.command("doctor"))
}
