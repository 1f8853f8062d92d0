//! The ends of a session: `/oauth2/revoke` and `/logout`.

use crate::exchange::{Reply, Request};
use crate::state::State;
use crate::user_pool::sessions::Refused;
use crate::user_pool::{pages, token};

/// `POST /oauth2/revoke` (RFC 7009): 200 and nothing, also for a token that is not known.
pub(crate) fn revoke(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let client = match token::client(&state.world, request, &form) {
        Ok(client) => client.clone(),
        Err("invalid_client") => return Reply::oauth_error(401, "invalid_client"),
        Err(error) => return Reply::oauth_error(400, error),
    };
    let Some(token) = form.get("token").filter(|_| client.revocation) else {
        return Reply::oauth_error(400, "invalid_request");
    };
    if crate::keys::Jwt::parse(token).is_some() {
        return Reply::oauth_error(400, "unsupported_token_type");
    }
    match state.sessions.revoke(token, &client.id) {
        Some(Err(Refused::OtherClient)) => Reply::oauth_error(400, "invalid_request"),
        _ => Reply::new(200, "application/json;charset=UTF-8", "")
            .with("x-amz-cognito-request-id", crate::random::uuid()),
    }
}

/// `GET /logout`: clears the cookie and goes to a registered sign-out URL or back to sign-in.
pub(crate) fn logout(state: &mut State, request: &Request) -> Reply {
    let Some(client) = request.query.get("client_id").and_then(|id| state.world.client(id)) else {
        return pages::unknown_client();
    };
    let target = match (request.query.get("logout_uri"), request.query.get("redirect_uri")) {
        (Some(uri), _) if client.sign_out_uris.iter().any(|known| known == uri) => uri.to_owned(),
        (None, Some(uri)) if client.redirect_uris.iter().any(|known| known == uri) => {
            format!("{}/login?{}", state.url, request.raw_query)
        }
        _ => return pages::redirect_mismatch(),
    };
    if let Some(cookie) = request.cookie("cognito") {
        state.sign_ins.forget_browser(&cookie);
    }
    Reply::redirect(target).with("set-cookie", "cognito=; Path=/; Max-Age=0")
}
