//! The headers that keep every answer of ours inert.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

pub(crate) type Reply = Response<Full<Bytes>>;

/// The type of answers that no browser has to render.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Sends the browser on without a script; the address that it came by leaves the address bar and the
/// history.
///
/// 303 makes the next request a GET (RFC 9110 §15.4.4); RFC 9700 §4.12 wants nothing else after a
/// sign-in.
pub(crate) fn see(location: HeaderValue) -> Reply {
    let mut reply = inert(StatusCode::SEE_OTHER, TEXT, Bytes::new());
    reply.headers_mut().insert(LOCATION, location);
    reply
}

/// An answer that does nothing by itself. No cache keeps it, no frame shows it, no other origin reads it
/// or keeps a handle on its window, and its address goes nowhere as a referrer.
pub(crate) fn inert(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
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
