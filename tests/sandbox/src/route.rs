//! One port for everything: which endpoint a request is meant for, and its handler.

use crate::exchange::{Reply, Request};
use crate::log::Endpoint;
use crate::sigv4::Authorization;
use crate::state::State;
use crate::user_pool::{authorize, company, login, metadata, sign_out, token};
use crate::{federation, identity_pool, oidc, sts};
use hyper::header::{self, HeaderMap};
use hyper::{Method, Uri};

/// Whether a request is for S3. The service name inside the signature tells best; an unsigned request
/// is recognised by the name of a bucket.
pub(crate) fn is_s3(state: &State, uri: &Uri, headers: &HeaderMap) -> bool {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(authorization) = signed.and_then(Authorization::parse) {
        return authorization.service == "s3";
    }
    let presigned = uri.query().is_some_and(|query| query.contains("X-Amz-Credential="));
    let first = uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    presigned || state.objects.bucket(first).is_some()
}

/// The endpoint of any other request.
pub(crate) fn endpoint(state: &State, request: &Request) -> Endpoint {
    if let Some(target) = request.header("x-amz-target") {
        return identity_pool::endpoint(target);
    }
    let path = request.path.as_str();
    if let Some((_, rest)) = oidc::split(path) {
        return oidc::endpoint(request, rest);
    }
    let pool = format!("/{}", state.world.user_pool_id);
    match (&request.method, path.strip_prefix(&pool).unwrap_or(path)) {
        (&Method::GET, "/oauth2/authorize") => Endpoint::Authorize,
        (&Method::POST, "/oauth2/token") => match request.form().get("grant_type") {
            Some("authorization_code") => Endpoint::TokenCode,
            Some("refresh_token") => Endpoint::TokenRefresh,
            _ => Endpoint::Token,
        },
        (&Method::POST, "/oauth2/revoke") => Endpoint::Revoke,
        (&Method::GET | &Method::POST, "/oauth2/userInfo") => Endpoint::UserInfo,
        (&Method::GET, "/logout") => Endpoint::Logout,
        (&Method::GET | &Method::POST, "/federation") => Endpoint::Federation,
        (&Method::GET, "/.well-known/openid-configuration") => Endpoint::Discovery,
        (&Method::GET, "/.well-known/jwks.json") => Endpoint::Jwks,
        (&Method::GET | &Method::POST, "/login" | "/company/login")
        | (&Method::GET, "/login/cancel" | "/company/cancel")
        | (&Method::POST, "/saml2/idpresponse") => Endpoint::Login,
        (&Method::POST, "/") => request.form().get("Action").map_or(Endpoint::Unknown, sts::endpoint),
        _ => Endpoint::Unknown,
    }
}

/// The proper answer.
pub(crate) fn answer(state: &mut State, endpoint: Endpoint, request: &Request) -> Reply {
    if let Some((tenant, _)) = oidc::split(&request.path) {
        return oidc::answer(state, endpoint, request, tenant);
    }
    match endpoint {
        Endpoint::Authorize => authorize::authorize(state, request),
        Endpoint::Login => login_pages(state, request),
        Endpoint::Token | Endpoint::TokenCode | Endpoint::TokenRefresh => token::token(state, request),
        Endpoint::Revoke => sign_out::revoke(state, request),
        Endpoint::Logout => sign_out::logout(state, request),
        Endpoint::UserInfo => metadata::user_info(state, request),
        Endpoint::Jwks => metadata::jwks(state),
        Endpoint::Discovery => metadata::discovery(state),
        Endpoint::GetId | Endpoint::GetCredentials | Endpoint::GetOpenIdToken | Endpoint::DeveloperToken => {
            identity_pool::answer(state, endpoint, request)
        }
        Endpoint::Sts | Endpoint::CallerIdentity | Endpoint::AssumeRole => {
            sts::answer(state, endpoint, request)
        }
        Endpoint::Federation => federation::answer(state, request),
        Endpoint::IdentityPool | Endpoint::S3 | Endpoint::Unknown => unknown(state, request),
    }
}

fn login_pages(state: &mut State, request: &Request) -> Reply {
    match (&request.method, request.path.as_str()) {
        (&Method::GET, "/login") => login::show(state, request),
        (_, "/login") => login::submit(state, request),
        (_, "/login/cancel") => login::cancel(state, request),
        (&Method::GET, "/company/login") => company::show(state, request),
        (_, "/company/login") => company::submit(state, request),
        (_, "/company/cancel") => company::cancel(state, request),
        _ => company::come_back(state, request),
    }
}

/// Unknown operations of the services that share `POST /`, and everything else.
fn unknown(state: &mut State, request: &Request) -> Reply {
    if request.headers.contains_key("x-amz-target") {
        return identity_pool::answer(state, Endpoint::Unknown, request);
    }
    if request.form().get("Action").is_some() {
        return sts::answer(state, Endpoint::Unknown, request);
    }
    Reply::html(404, "<!DOCTYPE html><title>Not found</title><h1>Not found</h1>\n".to_owned())
}
