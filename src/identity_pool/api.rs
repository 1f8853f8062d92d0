//! The identity pool's API: JSON 1.1 over our own client, unsigned (Amazon Cognito Federated Identities
//! API Reference; none of the calls here takes AWS credentials).
//!
//! Where it is spoken to, the AWS SDK's own endpoint rules say. The rest of the SDK's client, made for
//! signed calls with retries of their own, stays out: see
//! docs/decisions/0011.

use crate::http::{self, Client, SendError};
use crate::profile::Profile;
use crate::secret::{self, IdToken};
use ::http::header::{CONTENT_TYPE, HeaderName};
use ::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use aws_sdk_cognitoidentity::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// Where the calls of a profile's identity pool go, by the SDK's own rules: they know the partitions,
/// the FIPS endpoints, and what can't be combined. `None` where there is no such endpoint, and without
/// an identity pool.
pub fn endpoint(profile: &Profile) -> Option<Uri> {
    let instead = profile.identity_endpoint.as_ref().map(ToString::to_string);
    resolve(profile.identity_pool.as_ref()?.region(), profile.fips, instead)
}

/// The SDK's rules for this service.
pub(super) fn resolve(region: &str, fips: bool, instead: Option<String>) -> Option<Uri> {
    let params = Params::builder().region(region).use_fips(fips).set_endpoint(instead);
    let (params, resolver) = (params.build().ok()?, DefaultResolver::new());
    // The future is for resolvers that ask somebody; the default one has its answer at once.
    let mut answer = std::pin::pin!(resolver.resolve_endpoint(&params));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(endpoint)) => endpoint.url().parse().ok(),
        _ => None,
    }
}

/// Why a call gave nothing.
pub enum Failure {
    /// No answer; the client knows why.
    NoAnswer(SendError),
    /// An answer that is none of the API's.
    NotFromAws,
    /// A refusal, or trouble at the other end.
    Refused(Box<Answer>),
}

/// An answer that is no success.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The error's name, where it has one: `NotAuthorizedException`.
    pub kind: Option<String>,
    /// The error's text; AWS says that it is not fixed.
    pub text: String,
    /// `Date` and `Retry-After` are among them.
    pub headers: HeaderMap,
}

/// Calls one operation, once, within `limit`. A refusal repeats nothing of `token`, which is in `input`.
pub fn call<T: DeserializeOwned>(
    client: &Client,
    endpoint: &Uri,
    operation: &str,
    (input, token): (&impl Serialize, &IdToken),
    limit: Duration,
) -> Result<T, Failure> {
    let body = serde_json::to_vec(input).map_err(|_| Failure::NotFromAws)?;
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.clone();
    request.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Ok(target) = format!("AWSCognitoIdentityService.{operation}").parse() {
        request.headers_mut().insert(TARGET, target);
    }
    let answer = client.send(request, limit).map_err(Failure::NoAnswer)?;
    if answer.status() == 200 {
        return serde_json::from_slice(answer.body()).map_err(|_| Failure::NotFromAws);
    }
    let mut refused = read_error(answer.status().as_u16(), answer.headers(), answer.body());
    refused.text = secret::hide(&refused.text, &[token.expose()]);
    refused.kind = refused.kind.map(|kind| secret::hide(&kind, &[token.expose()]));
    Err(Failure::Refused(Box::new(refused)))
}

/// Reads an error of the AWS JSON protocol (Smithy 2.0, "AWS JSON 1.1", "Operation error serialization"):
/// its name is in a header or in `__type`, before a colon and after a number sign.
pub fn read_error(status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        #[serde(rename = "__type")]
        kind: Option<String>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let header = headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kind = header.or(body.kind).map(|kind| {
        let kind = kind.split(':').next().unwrap_or_default();
        kind.rsplit('#').next().unwrap_or_default().to_owned()
    });
    let date = |name| headers.get(&name).map(|value| (name, value.clone()));
    Answer {
        status,
        kind: kind.filter(|kind| !kind.is_empty()),
        text: body.message.unwrap_or_default(),
        headers: [http::DATE, http::RETRY_AFTER].into_iter().filter_map(date).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_name_is_found_wherever_the_protocol_allows_it() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(ERROR_TYPE, HeaderValue::from_static(value))]);
        let none = HeaderMap::new;
        for (headers, body, kind, text) in [
            (
                none(),
                r#"{"__type":"NotAuthorizedException","message":"no"}"#,
                Some("NotAuthorizedException"),
                "no",
            ),
            (
                none(),
                r#"{"__type":"com.amazonaws.x#NotAuthorizedException","Message":"no"}"#,
                Some("NotAuthorizedException"),
                "no",
            ),
            (headers("NotAuthorizedException:http://x"), "", Some("NotAuthorizedException"), ""),
            (headers("A"), r#"{"__type":"B"}"#, Some("A"), ""),
            (none(), "<html>", None, ""),
            (none(), r#"{"__type":7}"#, None, ""),
            (headers(""), "{}", None, ""),
        ] {
            let answer = read_error(400, &headers, body.as_bytes());
            assert_eq!((answer.kind.as_deref(), answer.text.as_str()), (kind, text), "{body}");
        }
    }
}
