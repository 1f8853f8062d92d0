//! A server that complains with the very words that it was sent, secrets and all.

use crate::exchange::{Reply, Request};
use crate::log::Endpoint;
use serde_json::json;

/// An error named `kind` in the protocol of the endpoint, whose text is what was sent; without `kind` a web
/// page with it.
pub(crate) fn reply(status: u16, kind: Option<&str>, endpoint: Endpoint, request: &Request) -> Reply {
    let quoted = quoted(request);
    let Some(kind) = kind else {
        let page = format!("<!DOCTYPE html><pre>{quoted}\n{}</pre>", String::from_utf8_lossy(&request.body));
        return Reply::html(status, page).with("x-amz-cognito-request-id", quoted);
    };
    if Endpoint::Sts.covers(endpoint) {
        crate::sts::error(status, kind, &quoted)
    } else if Endpoint::IdentityPool.covers(endpoint) {
        Reply::aws_error(status, kind, &quoted)
    } else {
        let body = json!({ "error": kind, "error_description": quoted, "message": quoted });
        Reply::json(status, &body).with("x-amz-cognito-request-id", quoted)
    }
}

/// Who sent it and what: the shortest values first, because texts are cut.
fn quoted(request: &Request) -> String {
    let authorization = request.header("authorization").map(str::to_owned);
    let form = request.form().0.into_iter().map(|(_, value)| value);
    let logins = request.json().and_then(|body| body.get("Logins").cloned());
    let logins = logins.iter().flat_map(|logins| logins.as_object().into_iter().flatten());
    let logins = logins.map(|(_, token)| token.as_str().unwrap_or_default().to_owned());
    let mut values: Vec<_> = authorization.into_iter().chain(form).chain(logins).collect();
    values.sort_by_key(String::len);
    values.join(" ")
}
