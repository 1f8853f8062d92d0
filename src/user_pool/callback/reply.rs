//! The answers: bodies and the headers that keep them inert.

use super::judge::Stray;
use crate::user_pool::page;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

pub(super) type Reply = Response<Full<Bytes>>;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The page with the outcome.
pub(super) fn result(page: Bytes) -> Reply {
    reply(StatusCode::OK, HTML, page)
}

/// Sends the browser on, so that the code leaves the address bar and the history without a script.
/// 303 makes the next request a GET (RFC 9110 §15.4.4); RFC 9700 §4.12 wants nothing else after a
/// sign-in.
pub(super) fn see(location: HeaderValue) -> Reply {
    let mut reply = reply(StatusCode::SEE_OTHER, TEXT, Bytes::new());
    reply.headers_mut().insert(LOCATION, location);
    reply
}

/// The answer to what is not ours. Nothing of the request is repeated in it.
pub(super) fn stray(stray: &Stray) -> Reply {
    let (status, words) = match stray {
        Stray::Query(_) => return reply(StatusCode::BAD_REQUEST, HTML, page::waiting().into()),
        Stray::NoHost => (StatusCode::BAD_REQUEST, "One Host header, please.\n"),
        Stray::ForeignHost => (StatusCode::MISDIRECTED_REQUEST, "Not a name of this listener.\n"),
        Stray::Method => (StatusCode::METHOD_NOT_ALLOWED, "GET only.\n"),
        Stray::Path => (StatusCode::NOT_FOUND, "Nothing here.\n"),
        Stray::Body => (StatusCode::BAD_REQUEST, "No body, please.\n"),
        Stray::NotNavigation => (StatusCode::FORBIDDEN, "For a browser tab only.\n"),
    };
    let mut reply = reply(status, TEXT, Bytes::from_static(words.as_bytes()));
    if *stray == Stray::Method {
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    reply
}

/// No cache keeps it, no frame shows it, no other origin reads it or keeps a handle on its window, and
/// its address goes nowhere as a referrer.
fn reply(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, page::security_policy()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}
