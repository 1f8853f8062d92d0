//! The enhanced flow: GetId and GetCredentialsForIdentity through the AWS SDK, over our own client.
//!
//! The SDK gets no credentials, no profile and no retries: a profile whose credential process is this
//! very program must never be evaluated by it, and one place alone ([`crate::session`]) repeats calls.
//! Types of the SDK are never logged: its `Debug` shows session tokens.

use super::refusal::{self, Asked, Refusal, Remedy};
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::{self, Client, REQUEST_LIMIT, SendError};
use crate::profile::{Profile, no_identity_pool, values::IdentityPoolId};
use crate::secret::{IdToken, SecretAccessKey, SessionToken};
use crate::user_pool::claims::Claims;
use ::http::header::{DATE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue, Uri};
use aws_sdk_cognitoidentity::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_cognitoidentity::config::{
    BehaviorVersion, Builder, Region, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};
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
    sdk: aws_sdk_cognitoidentity::Client,
    runtime: tokio::runtime::Runtime,
    profile: &'a Profile,
    id: &'a IdentityPoolId,
    until: Instant,
}

/// Where the calls of a profile's identity pool go, by the SDK's own rules: they know the partitions,
/// the FIPS endpoints, and what can't be combined. `None` where the SDK will refuse to call, and
/// without an identity pool.
pub fn endpoint(profile: &Profile) -> Option<Uri> {
    let params = Params::builder()
        .region(profile.identity_pool.as_ref()?.region())
        .use_fips(profile.fips)
        .set_endpoint(profile.identity_endpoint.as_ref().map(ToString::to_string));
    let (params, resolver) = (params.build().ok()?, DefaultResolver::new());
    // The future is for resolvers that ask somebody; the default one has its answer at once.
    let mut answer = std::pin::pin!(resolver.resolve_endpoint(&params));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(endpoint)) => endpoint.url().parse().ok(),
        _ => None,
    }
}

impl<'a> IdentityPool<'a> {
    /// Prepares the client; nothing is sent yet. No call goes on after `until`.
    pub fn new(profile: &'a Profile, client: &Client, until: Instant) -> Result<Self, Error> {
        let id = profile.identity_pool.as_ref().ok_or_else(|| no_identity_pool(profile))?;
        let mut config = aws_sdk_cognitoidentity::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(id.region().to_owned()))
            .use_fips(profile.fips)
            .retry_config(RetryConfig::disabled())
            .http_client(client.clone());
        if let Some(endpoint) = &profile.identity_endpoint {
            config = config.endpoint_url(endpoint.as_str());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| {
            Error::new(
                Next::TryAgain,
                "The program could not start its network part.",
                profile.command("doctor"),
            )
            .because(e)
        })?;
        Ok(Self {
            sdk: aws_sdk_cognitoidentity::Client::from_conf(config.build()),
            runtime,
            profile,
            id,
            until,
        })
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
        let call =
            self.sdk.get_id().identity_pool_id(self.id.as_str()).set_logins(Some(logins(token, claims)));
        let call = call.customize().config_override(self.in_time());
        let answer = self.runtime.block_on(call.send()).map_err(|e| self.read(&e, claims, None))?;
        answer.identity_id.filter(|id| !id.is_empty()).ok_or_else(|| self.not_from_aws())
    }

    /// GetCredentialsForIdentity.
    fn get_credentials(
        &self,
        identity: &str,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        let call = self
            .sdk
            .get_credentials_for_identity()
            .identity_id(identity)
            .set_custom_role_arn(role.map(str::to_owned))
            .set_logins(Some(logins(token, claims)));
        let call = call.customize().config_override(self.in_time());
        let answer = self.runtime.block_on(call.send()).map_err(|e| self.read(&e, claims, role))?;
        let id = answer.identity_id.unwrap_or_else(|| identity.to_owned());
        let given = answer.credentials.ok_or_else(|| self.not_from_aws())?;
        match (given.access_key_id, given.secret_key, given.session_token, given.expiration) {
            (Some(key), Some(secret), Some(session), Some(expiration)) => Ok((
                id,
                Credentials {
                    access_key_id: key,
                    secret_access_key: SecretAccessKey::new(secret),
                    session_token: SessionToken::new(session),
                    obtained: Timestamp::now(),
                    expiration: Timestamp::from_unix(expiration.secs()),
                    role: role.map(str::to_owned),
                    lead: 0,
                },
            )),
            _ => Err(self.not_from_aws()),
        }
    }

    /// The call blocks, so the SDK can't end it; our client ends it at this limit.
    fn in_time(&self) -> Builder {
        let left = self.until.saturating_duration_since(Instant::now()).min(REQUEST_LIMIT);
        Builder::new().timeout_config(TimeoutConfig::builder().read_timeout(left).build())
    }

    fn read<E>(&self, error: &SdkError<E, HttpResponse>, claims: &Claims, role: Option<&str>) -> CallError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let Some(answer) = error.raw_response() else { return self.no_answer(error) };
        let headers = about_time(answer);
        let retry_after = http::retry_after(&headers);
        let server_time = http::date_header(&headers).map(Timestamp::from_unix);
        let asked = Asked { profile: self.profile, claims, role };
        let refusal = match (error.as_service_error().and_then(|e| e.code()), answer.status().as_u16()) {
            (Some(kind), status) if status < 500 && status != 429 => {
                let text = error.as_service_error().and_then(|e| e.message()).unwrap_or_default();
                refusal::read(&asked, kind, text)
            }
            (_, 429) => refusal::read(&asked, "TooManyRequestsException", ""),
            (_, 403) => self.later(
                "The identity pool's address answered 403; a web application firewall or a proxy blocks it."
                    .to_owned(),
            ),
            (_, status @ 500..) => self.later(format!(
                "The identity pool has a problem of its own ({status}); try again in a few minutes."
            )),
            _ => return self.not_from_aws(),
        };
        let refusal = Refusal { error: refusal.error.asking_to_wait(retry_after), ..refusal };
        CallError { refusal, server_time }
    }

    /// The request got no answer: the client knows why.
    fn no_answer(&self, error: &(dyn std::error::Error + 'static)) -> CallError {
        let Some(e) = SendError::within(error) else { return self.not_from_aws() };
        CallError { refusal: self.later(e.what().to_owned()), server_time: None }
    }

    fn not_from_aws(&self) -> CallError {
        let what = "The identity pool's address answered with something that is not from AWS, perhaps the sign-in page of a network or proxy.";
        CallError { refusal: self.later(what.to_owned()), server_time: None }
    }

    fn later(&self, what: String) -> Refusal {
        Refusal {
            remedy: Remedy::Retry,
            error: Error::new(Next::TryAgain, what, self.profile.command("doctor")),
        }
    }
}

/// The headers about time, in the type that the rest of the program reads.
fn about_time(answer: &HttpResponse) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [DATE, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(name.as_str()).and_then(|v| HeaderValue::from_str(v).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// `{"cognito-idp.REGION.amazonaws.com/POOL": ID token}`.
fn logins(token: &IdToken, claims: &Claims) -> HashMap<String, String> {
    let key = claims.logins_key().unwrap_or_default();
    HashMap::from([(key.to_owned(), token.expose().to_owned())])
}
