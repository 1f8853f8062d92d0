//! `POST /oauth2/token`.

use crate::exchange::{Fields, Reply, Request};
use crate::state::State;
use crate::user_pool::claims;
use crate::user_pool::sessions::Family;
use crate::world::{Client, User, World};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde_json::json;

pub(crate) fn token(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Reply::oauth_error(400, "invalid_request");
    }
    let client = match client(&state.world, request, &form) {
        Ok(client) => client.clone(),
        Err(error) => return Reply::oauth_error(400, error),
    };
    let granted = match form.get("grant_type") {
        Some("authorization_code") if client.code_grant => by_code(state, &client, &form),
        Some("refresh_token") if client.refresh_grant => by_refresh_token(state, &client, &form),
        Some("authorization_code" | "refresh_token" | "client_credentials") => Err("unauthorized_client"),
        Some(_) => Err("unsupported_grant_type"),
        None => Err("invalid_request"),
    };
    granted.unwrap_or_else(|error| Reply::oauth_error(400, error))
}

/// Who calls: by Basic or by form (`client_secret_basic`, `client_secret_post`), or a public client by
/// its id alone.
pub(crate) fn client<'a>(
    world: &'a World,
    request: &Request,
    form: &Fields,
) -> Result<&'a Client, &'static str> {
    let basic = request.basic();
    if request.headers.contains_key("authorization") && basic.is_none() {
        return Err("invalid_client");
    }
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (form.get("client_id"), form.get("client_secret")),
    };
    let client = world.client(id.ok_or("invalid_request")?).ok_or("invalid_client")?;
    // RFC 6749 §2.3: one method at a time, and a client_id in the form must be the same.
    let contradicts = basic.is_some() && form.get("client_id").is_some_and(|other| other != client.id);
    if contradicts || client.secret.as_deref() != secret {
        return Err("invalid_client");
    }
    Ok(client)
}

fn by_code(state: &mut State, client: &Client, form: &Fields) -> Result<Reply, &'static str> {
    let code = form.get("code").ok_or("invalid_request")?;
    let redirect_uri = form.get("redirect_uri").ok_or("invalid_request")?;
    let now = state.now();
    let code = state.sign_ins.spend(code, now).ok_or("invalid_grant")?;
    let proven = match (&code.challenge, form.get("code_verifier")) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => proves(verifier, challenge),
        _ => false,
    };
    if code.client_id != client.id || code.redirect_uri != redirect_uri || !proven {
        return Err("invalid_grant");
    }
    let user = living_user(state, &code.user)?;
    let family =
        Family::new(&client.id, &user.name, code.scopes, code.auth_time, now + client.refresh_token_seconds);
    let (refresh_token, family) = state.sessions.begin(family);
    Ok(tokens(state, client, &family, &user, code.nonce.as_deref(), Some(refresh_token)))
}

fn by_refresh_token(state: &mut State, client: &Client, form: &Fields) -> Result<Reply, &'static str> {
    let token = form.get("refresh_token").ok_or("invalid_request")?;
    let now = state.now();
    let owner = state.sessions.owner(token).ok_or("invalid_grant")?;
    let user = living_user(state, &owner)?;
    let (family, next) =
        state.sessions.refresh(token, &client.id, client.rotation, now).map_err(|_| "invalid_grant")?;
    Ok(tokens(state, client, &family, &user, None, next))
}

fn living_user(state: &State, name: &str) -> Result<User, &'static str> {
    state.world.user(name).filter(|user| !user.disabled).cloned().ok_or("invalid_grant")
}

fn tokens(
    state: &State,
    client: &Client,
    family: &Family,
    user: &User,
    nonce: Option<&str>,
    refresh_token: Option<String>,
) -> Reply {
    let access_token = claims::access_token(state, family, user);
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": client.access_token_seconds,
    });
    if family.scopes.iter().any(|scope| scope == "openid") {
        body["id_token"] = json!(claims::id_token(state, family, user, nonce, &access_token));
    }
    if let Some(token) = refresh_token {
        body["refresh_token"] = json!(token);
    }
    Reply::oauth(200, &body)
}

/// RFC 7636 §4.6, and §4.1 for the verifier's form.
pub(crate) fn proves(verifier: &str, challenge: &str) -> bool {
    let well_formed = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    well_formed && URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())) == challenge
}
