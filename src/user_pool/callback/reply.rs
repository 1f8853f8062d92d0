//! The answers: bodies and the headers that keep them inert.

use super::judge::Stray;
use crate::loopback::reply::{Reply, TEXT, inert};
use crate::user_pool::page;
use http::StatusCode;
use http::header::{ALLOW, CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::body::Bytes;

const HTML: &str = "text/html; charset=utf-8";

/// The page with the outcome.
pub(super) fn result(page: Bytes) -> Reply {
    html(StatusCode::OK, page)
}

/// The answer to what is not ours. Nothing of the request is repeated in it.
pub(super) fn stray(stray: &Stray) -> Reply {
    let (status, words) = match stray {
        Stray::Query(_) => return html(StatusCode::BAD_REQUEST, page::waiting().into()),
        Stray::NoHost => (StatusCode::BAD_REQUEST, "One Host header, please.\n"),
        Stray::ForeignHost => (StatusCode::MISDIRECTED_REQUEST, "Not a name of this listener.\n"),
        Stray::Method => (StatusCode::METHOD_NOT_ALLOWED, "GET only.\n"),
        Stray::Path => (StatusCode::NOT_FOUND, "Nothing here.\n"),
        Stray::Body => (StatusCode::BAD_REQUEST, "No body, please.\n"),
        Stray::NotNavigation => (StatusCode::FORBIDDEN, "For a browser tab only.\n"),
    };
    let mut reply = inert(status, TEXT, Bytes::from_static(words.as_bytes()));
    if *stray == Stray::Method {
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    reply
}

/// A page with its own style sheet.
fn html(status: StatusCode, page: Bytes) -> Reply {
    let mut reply = inert(status, HTML, page);
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::security_policy()));
    reply
}
