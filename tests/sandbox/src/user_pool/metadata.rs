//! Discovery, keys, and `/oauth2/userInfo`.

use crate::exchange::{Reply, Request};
use crate::state::State;
use crate::user_pool::claims;
use serde_json::json;

/// `openid-configuration`. The issuer has its real name, the addresses are the sandbox's.
pub(crate) fn discovery(state: &State) -> Reply {
    let url = &state.url;
    let pool = &state.world.user_pool_id;
    Reply::json(
        200,
        &json!({
            "authorization_endpoint": format!("{url}/oauth2/authorize"),
            "end_session_endpoint": format!("{url}/logout"),
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": state.world.issuer,
            "jwks_uri": format!("{url}/{pool}/.well-known/jwks.json"),
            "response_types_supported": ["code", "token"],
            "revocation_endpoint": format!("{url}/oauth2/revoke"),
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint": format!("{url}/oauth2/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "userinfo_endpoint": format!("{url}/oauth2/userInfo"),
        }),
    )
}

/// `jwks.json`.
pub(crate) fn jwks(state: &State) -> Reply {
    Reply::json(200, &state.keys.jwks()).with("cache-control", "public, max-age=86400")
}

/// `GET /oauth2/userInfo`.
pub(crate) fn user_info(state: &State, request: &Request) -> Reply {
    let Some(user) = request.bearer().and_then(|token| claims::bearer_of_access_token(state, token)) else {
        let text = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
        return Reply::json(401, &json!({ "error": "invalid_token", "error_description": text })).with(
            "www-authenticate",
            format!(r#"Bearer error="invalid_token", error_description="{text}""#),
        );
    };
    let username = claims::username(&state.world, user);
    Reply::json(
        200,
        &json!({ "sub": user.sub, "username": username, "email": user.email, "email_verified": "true" }),
    )
}
