//! OpenID providers that are not Cognito: `/oidc/TENANT`, for any tenant, in the manner of Entra ID,
//! Okta and Keycloak. No `token_use`, no `cognito:` claims, a refresh token for `offline_access` alone,
//! and whether there is a revocation endpoint is up to [`World::oidc`](crate::World).

use crate::exchange::{Fields, Reply, Request};
use crate::keys::Use;
use crate::log::Endpoint;
use crate::state::State;
use crate::user_pool::sessions::Family;
use crate::user_pool::sign_in::Code;
use crate::user_pool::token::proves;
use crate::user_pool::{pages, sign_in};
use crate::world::{Client, User};
use hyper::Method;
use serde_json::{Value, json};

/// `/oidc/TENANT/REST` taken apart.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/oidc/")?.split_once('/')
}

/// Which endpoint of a provider this is.
pub(crate) fn endpoint(request: &Request, rest: &str) -> Endpoint {
    match (&request.method, rest) {
        (&Method::GET, ".well-known/openid-configuration") => Endpoint::Discovery,
        (&Method::GET, "v1/authorize") => Endpoint::Authorize,
        (&Method::GET, "v1/keys") => Endpoint::Jwks,
        (&Method::POST, "v1/login") => Endpoint::Login,
        (&Method::POST, "v1/revoke") => Endpoint::Revoke,
        (&Method::POST, "v1/token") => match request.form().get("grant_type") {
            Some("authorization_code") => Endpoint::TokenCode,
            Some("refresh_token") => Endpoint::TokenRefresh,
            _ => Endpoint::Token,
        },
        _ => Endpoint::Unknown,
    }
}

pub(crate) fn answer(state: &mut State, endpoint: Endpoint, request: &Request, tenant: &str) -> Reply {
    match endpoint {
        Endpoint::Discovery => discovery(state, tenant),
        Endpoint::Jwks => Reply::json(200, &state.keys.jwks()),
        Endpoint::Authorize => authorize(state, request, tenant),
        Endpoint::Login => login(state, request, tenant),
        Endpoint::Token | Endpoint::TokenCode | Endpoint::TokenRefresh => token(state, request, tenant),
        Endpoint::Revoke if state.world.oidc.revocation => revoke(state, request, tenant),
        _ => Reply::html(404, "<h1>Not found</h1>\n".to_owned()),
    }
}

/// The issuer of a tenant.
pub(crate) fn issuer(state: &State, tenant: &str) -> String {
    format!("{}/oidc/{tenant}", state.url)
}

fn discovery(state: &State, tenant: &str) -> Reply {
    let issuer = issuer(state, tenant);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/v1/authorize"),
        "token_endpoint": format!("{issuer}/v1/token"),
        "jwks_uri": format!("{issuer}/v1/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": state.world.oidc.auth_methods,
    });
    if state.world.oidc.revocation {
        document["revocation_endpoint"] = json!(format!("{issuer}/v1/revoke"));
    }
    for (member, value) in &state.world.oidc.discovery {
        document[member] = value.clone();
    }
    Reply::json(200, &document)
}

/// The client and the redirect URI; loopback ports match loosely here (RFC 8252 §7.3).
fn demand<'a>(state: &'a State, query: &'a Fields) -> Option<(&'a Client, &'a str)> {
    let client = client_with(state, query.get("client_id")?)?;
    let uri = query.get("redirect_uri")?;
    let without_port = |uri: &str| {
        let url = url::Url::parse(uri).ok()?;
        Some((url.host_str()?.to_owned(), url.path().to_owned()))
    };
    let wanted = without_port(uri)?;
    client
        .redirect_uris
        .iter()
        .any(|known| without_port(known).as_ref() == Some(&wanted))
        .then_some((client, uri))
}

fn authorize(state: &State, request: &Request, tenant: &str) -> Reply {
    let query = &request.query;
    let Some((client, uri)) = demand(state, query) else { return pages::redirect_mismatch() };
    let scopes: Vec<_> = query.get("scope").unwrap_or_default().split(' ').collect();
    let refused = match () {
        () if query.get("response_type") != Some("code") => Some("unsupported_response_type"),
        () if query.get("code_challenge_method") != Some("S256") => Some("invalid_request"),
        () if scopes.iter().any(|scope| !client.scopes.iter().any(|known| known == scope)) => {
            Some("invalid_scope")
        }
        () => None,
    };
    if let Some(error) = refused {
        return back(uri, &[("error", error)], query);
    }
    let action = format!("/oidc/{tenant}/v1/login?{}", pages::escape(&request.raw_query));
    Reply::html(
        200,
        format!(
            "<!DOCTYPE html><title>Sign in</title><form method=\"post\" action=\"{action}\">\
             <input id=\"username\" name=\"username\"><input id=\"password\" name=\"password\" type=\"password\">\
             <button>Next</button></form>\n"
        ),
    )
}

fn login(state: &mut State, request: &Request, tenant: &str) -> Reply {
    let (form, query, now) = (request.form(), &request.query, state.now());
    let name = form.get("username").unwrap_or_default();
    let known = state
        .world
        .user(name)
        .filter(|user| !user.disabled && form.get("password") == Some(user.password.as_str()));
    let (Some(user), Some((client, uri))) = (known, demand(state, query)) else {
        return Reply::html(401, "<h1>Wrong user name or password</h1>\n".to_owned());
    };
    let code = Code {
        client_id: at(tenant, client),
        redirect_uri: uri.to_owned(),
        challenge: query.get("code_challenge").map(str::to_owned),
        nonce: query.get("nonce").map(str::to_owned),
        scopes: query.get("scope").unwrap_or_default().split(' ').map(str::to_owned).collect(),
        user: user.name.clone(),
        auth_time: now,
        ends: now + sign_in::SIGN_IN_SECONDS,
    };
    let uri = code.redirect_uri.clone();
    let code = state.sign_ins.new_code(code);
    let mut pairs = vec![("code", code.as_str())];
    pairs.extend(state.world.response_iss.as_deref().map(|iss| ("iss", iss)));
    back(&uri, &pairs, query)
}

fn back(uri: &str, pairs: &[(&str, &str)], query: &Fields) -> Reply {
    let mut fields = Fields(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect());
    fields.0.extend(query.get("state").map(|state| ("state".to_owned(), state.to_owned())));
    Reply::redirect(format!("{uri}?{}", fields.encode()))
}

/// A client of a tenant; a code or token of one tenant is worth nothing at another.
fn at(tenant: &str, client: &Client) -> String {
    client_at(tenant, &client.id)
}

/// The name of a client in sessions.
pub(crate) fn client_at(tenant: &str, client_id: &str) -> String {
    format!("{tenant} {client_id}")
}

fn client_with<'a>(state: &'a State, id: &str) -> Option<&'a Client> {
    state.world.oidc.clients.iter().find(|client| client.id == id)
}

/// Who calls, by a method that the configuration lists; two identifications at once are refused, as
/// Okta does.
fn client<'a>(state: &'a State, request: &Request, form: &Fields) -> Result<&'a Client, &'static str> {
    let basic = request.basic();
    let used = match (&basic, form.get("client_secret")) {
        (Some(_), _) if form.get("client_id").is_some() => return Err("invalid_request"),
        (Some(_), None) => "client_secret_basic",
        (None, Some(_)) => "client_secret_post",
        (None, None) => "none",
        (Some(_), Some(_)) => return Err("invalid_request"),
    };
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (form.get("client_id"), form.get("client_secret")),
    };
    let client = client_with(state, id.ok_or("invalid_request")?).ok_or("invalid_client")?;
    let listed = used == "none" || state.world.oidc.auth_methods.iter().any(|method| method == used);
    if listed && client.secret.as_deref() == secret { Ok(client) } else { Err("invalid_client") }
}

fn token(state: &mut State, request: &Request, tenant: &str) -> Reply {
    let form = request.form();
    let client = match client(state, request, &form) {
        Ok(client) => client.clone(),
        Err(error) => return Reply::oauth_error(401, error),
    };
    let granted = match form.get("grant_type") {
        Some("authorization_code") => by_code(state, &client, &form, tenant),
        Some("refresh_token") => by_refresh_token(state, &client, &form, tenant),
        _ => Err("unsupported_grant_type"),
    };
    granted.unwrap_or_else(|error| Reply::oauth_error(400, error))
}

fn by_code(state: &mut State, client: &Client, form: &Fields, tenant: &str) -> Result<Reply, &'static str> {
    let now = state.now();
    let code =
        state.sign_ins.spend(form.get("code").ok_or("invalid_request")?, now).ok_or("invalid_grant")?;
    let (verifier, challenge) = (form.get("code_verifier"), code.challenge.as_deref());
    let proven = verifier.zip(challenge).is_some_and(|(verifier, challenge)| proves(verifier, challenge));
    if code.client_id != at(tenant, client) || form.get("redirect_uri") != Some(&code.redirect_uri) || !proven
    {
        return Err("invalid_grant");
    }
    let user = state.world.user(&code.user).cloned().ok_or("invalid_grant")?;
    let ends = now + client.refresh_token_seconds;
    let family = Family::new(&code.client_id, &user.name, code.scopes, code.auth_time, ends);
    let (refresh_token, family) = state.sessions.begin(family);
    let may_refresh = client.refresh_grant && family.scopes.iter().any(|scope| scope == "offline_access");
    let refresh_token = may_refresh.then_some(refresh_token);
    Ok(tokens(state, client, &user, tenant, code.nonce.as_deref(), refresh_token))
}

fn by_refresh_token(
    state: &mut State,
    client: &Client,
    form: &Fields,
    tenant: &str,
) -> Result<Reply, &'static str> {
    let token = form.get("refresh_token").ok_or("invalid_request")?;
    let (now, owner) = (state.now(), state.sessions.owner(token).ok_or("invalid_grant")?);
    let user = state.world.user(&owner).filter(|user| !user.disabled).cloned().ok_or("invalid_grant")?;
    let refreshed = state.sessions.refresh(token, &at(tenant, client), client.rotation, now);
    let (_, next) = refreshed.map_err(|_| "invalid_grant")?;
    Ok(tokens(state, client, &user, tenant, None, next))
}

/// The access token is opaque, as it is at many providers.
fn tokens(
    state: &State,
    client: &Client,
    user: &User,
    tenant: &str,
    nonce: Option<&str>,
    refresh_token: Option<String>,
) -> Reply {
    let mut body = json!({
        "access_token": format!("opaque-{}", crate::random::base64url(43)),
        "token_type": "Bearer",
        "expires_in": client.access_token_seconds,
        "id_token": id_token(state, client, user, tenant, nonce),
    });
    if let Some(token) = refresh_token {
        body["refresh_token"] = json!(token);
    }
    Reply::json(200, &body).with("cache-control", "no-store")
}

fn id_token(state: &State, client: &Client, user: &User, tenant: &str, nonce: Option<&str>) -> String {
    let now = state.now();
    let mut claims = json!({
        "iss": issuer(state, tenant), "aud": client.id, "sub": format!("pairwise-{}", user.sub),
        "iat": now, "exp": now + client.id_token_seconds, "preferred_username": user.email, "ver": "2.0",
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    for (claim, value) in &state.world.oidc.claims {
        claims[claim] = value.clone();
    }
    state.keys.sign(Use::Id, &claims)
}

fn revoke(state: &mut State, request: &Request, tenant: &str) -> Reply {
    let form = request.form();
    let client = match client(state, request, &form) {
        Ok(client) => at(tenant, client),
        Err(error) => return Reply::oauth_error(401, error),
    };
    let _ = state.sessions.revoke(form.get("token").unwrap_or_default(), &client);
    Reply::new(200, "text/plain", "")
}

/// Whether the identity pool takes a token of this issuer: the tenant is one of its providers, and
/// the token was issued to one of the provider's clients.
pub(crate) fn is_attached(state: &State, key: &str, claims: &Value) -> bool {
    let host = state.url.split_once("://").map_or("", |(_, host)| host);
    let tenant = key.strip_prefix(host).and_then(|path| path.strip_prefix("/oidc/"));
    let audiences = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    };
    let is_ours = |id: &str| client_with(state, id).is_some();
    let known = claims["azp"].as_str().map_or_else(|| audiences.into_iter().any(is_ours), is_ours);
    known && tenant.is_some_and(|tenant| state.world.oidc.attached.iter().any(|known| known == tenant))
}
