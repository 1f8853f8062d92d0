//! ID and access tokens with the claims Cognito puts into them.

use crate::keys::{Jwt, Use};
use crate::random;
use crate::state::State;
use crate::user_pool::sessions::Family;
use crate::world::{RolesClaim, User, World};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde_json::{Map, Value, json};

/// The ID token of a session, bound to an access token by `at_hash`. `nonce` is known to the code grant only.
pub(crate) fn id_token(
    state: &State,
    family: &Family,
    user: &User,
    nonce: Option<&str>,
    access_token: &str,
) -> String {
    let lifetime = state.world.client(&family.client_id).map_or(3600, |client| client.id_token_seconds);
    let mut claims = common(state, family, lifetime);
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("aud", json!(family.client_id));
    put("token_use", json!("id"));
    put("at_hash", json!(at_hash(access_token)));
    put("cognito:username", json!(username(&state.world, user)));
    if let Some(nonce) = nonce {
        put("nonce", json!(nonce));
    }
    groups(&state.world, user).into_iter().for_each(|(name, value)| drop(put(&name, value)));
    if asked(family, "email") {
        put("email", json!(user.email));
        put("email_verified", json!(!user.federated));
    }
    if asked(family, "profile") {
        user.attributes.iter().for_each(|(name, value)| drop(put(name, value.clone())));
    }
    if user.federated {
        put("identities", identities(&state.world, user));
    }
    state.keys.sign(Use::Id, &Value::Object(claims))
}

/// The access token of a session: no `aud`.
pub(crate) fn access_token(state: &State, family: &Family, user: &User) -> String {
    let lifetime = state.world.client(&family.client_id).map_or(3600, |client| client.access_token_seconds);
    let mut claims = common(state, family, lifetime);
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("client_id", json!(family.client_id));
    put("token_use", json!("access"));
    put("scope", json!(family.scopes.join(" ")));
    put("username", json!(username(&state.world, user)));
    put("version", json!(2));
    if !user.groups.is_empty() {
        put("cognito:groups", json!(user.groups));
    }
    state.keys.sign(Use::Access, &Value::Object(claims))
}

/// The person an intact access token belongs to, unless it or its session has ended.
pub(crate) fn bearer_of_access_token<'a>(state: &'a State, token: &str) -> Option<&'a User> {
    let jwt = Jwt::parse(token)?;
    let now = state.now();
    let good = state.keys.verify(&jwt) && jwt.text("token_use") == "access" && now < jwt.seconds("exp");
    let user = state.world.users.iter().find(|user| user.sub == jwt.text("sub"))?;
    let ended = user.disabled || !state.sessions.lives(jwt.text("origin_jti"));
    (good && !ended).then_some(user)
}

/// What Cognito calls the person; people of a company are `Provider_subject`.
pub(crate) fn username(world: &World, user: &User) -> String {
    if user.federated { format!("{}_{}", world.company.provider, user.email) } else { user.name.clone() }
}

fn common(state: &State, family: &Family, lifetime: i64) -> Map<String, Value> {
    let now = state.now();
    let sub = state.world.user(&family.user).map(|user| user.sub.as_str()).unwrap_or_default();
    let claims = json!({
        "sub": sub, "iss": state.world.issuer, "origin_jti": family.origin, "jti": random::uuid(),
        "event_id": random::uuid(), "auth_time": family.auth_time, "iat": now, "exp": now + lifetime,
    });
    claims.as_object().cloned().unwrap_or_default()
}

/// `cognito:groups`, `cognito:roles`, `cognito:preferred_role`: each absent when there is nothing to say.
fn groups(world: &World, user: &User) -> Vec<(String, Value)> {
    let (roles, preferred) = world.roles_of(user);
    let mut claims = Vec::new();
    if !user.groups.is_empty() {
        claims.push(("cognito:groups".to_owned(), json!(user.groups)));
    }
    if !roles.is_empty() {
        let value = match world.roles_claim {
            RolesClaim::Array => json!(roles),
            RolesClaim::CommaSeparated => json!(roles.join(",")),
        };
        claims.push(("cognito:roles".to_owned(), value));
    }
    claims.extend(preferred.map(|role| ("cognito:preferred_role".to_owned(), json!(role))));
    claims
}

/// Where a federated person comes from; Cognito writes booleans and times as strings here.
fn identities(world: &World, user: &User) -> Value {
    json!([{
        "dateCreated": "1795180000000", "userId": user.email, "providerName": world.company.provider,
        "providerType": "SAML", "issuer": format!("https://sso.{}/metadata", world.company.identifier), "primary": "true",
    }])
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash.
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

fn asked(family: &Family, scope: &str) -> bool {
    family.scopes.iter().any(|known| known == scope)
}
