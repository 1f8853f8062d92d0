//! The identity pool: AWS JSON 1.1, `X-Amz-Target: AWSCognitoIdentityService.<operation>`.

use crate::exchange::{Reply, Request};
use crate::keys::{Jwt, Use};
use crate::log::Endpoint;
use crate::random;
use crate::roles;
use crate::state::State;
use crate::sts::Holder;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// `Logins` key and issuer host of the identity pool's own OpenID tokens.
pub(crate) const OWN_PROVIDER: &str = "cognito-identity.amazonaws.com";
/// Life of a token of `GetOpenIdToken`.
const OPEN_ID_SECONDS: i64 = 600;
/// Enhanced-flow sessions have one name for everybody.
const SESSION_NAME: &str = "CognitoIdentityCredentials";

/// Who has which identity.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    /// (provider, subject) → identity.
    by_login: HashMap<(String, String), String>,
    /// Identities that were merged into another.
    merged: HashMap<String, String>,
}

/// A login that was checked: provider and subject, and the claims for the choice of a role.
struct Login {
    provider: String,
    subject: String,
    claims: Value,
}

/// `__type` and `message`; always sent with 400.
pub(crate) type Refusal = (&'static str, String);

fn not_authorized(message: &str) -> Refusal {
    ("NotAuthorizedException", message.to_owned())
}

fn invalid(message: &str) -> Refusal {
    ("InvalidParameterException", message.to_owned())
}

impl Identities {
    fn of(&mut self, login: &Login, region: &str) -> String {
        let key = (login.provider.clone(), login.subject.clone());
        self.by_login.entry(key).or_insert_with(|| format!("{region}:{}", random::uuid())).clone()
    }

    fn current(&self, id: &str) -> String {
        self.merged.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    fn exists(&self, id: &str) -> bool {
        self.by_login.values().any(|known| known == id)
    }

    fn belongs(&self, id: &str, login: &Login) -> bool {
        let own = login.provider == OWN_PROVIDER && login.subject == id;
        own || self
            .by_login
            .get(&(login.provider.clone(), login.subject.clone()))
            .is_some_and(|known| known == id)
    }

    /// Deletes all identities: cached ids are not found any more.
    pub fn forget(&mut self) {
        self.by_login.clear();
    }

    /// Gives every identity a new id; the old ones still work and are answered with the new one.
    pub fn merge(&mut self, region: &str) {
        for id in self.by_login.values_mut() {
            let next = format!("{region}:{}", random::uuid());
            self.merged.insert(std::mem::replace(id, next.clone()), next);
        }
    }
}

/// The endpoint an `X-Amz-Target` names.
pub(crate) fn endpoint(target: &str) -> Endpoint {
    match target.strip_prefix("AWSCognitoIdentityService.") {
        Some("GetId") => Endpoint::GetId,
        Some("GetCredentialsForIdentity") => Endpoint::GetCredentials,
        Some("GetOpenIdToken") => Endpoint::GetOpenIdToken,
        Some("GetOpenIdTokenForDeveloperIdentity") => Endpoint::DeveloperToken,
        _ => Endpoint::Unknown,
    }
}

pub(crate) fn answer(state: &mut State, endpoint: Endpoint, request: &Request) -> Reply {
    let Some(input) = request.json().and_then(|value| value.as_object().cloned()) else {
        return Reply::aws_error(
            400,
            "SerializationException",
            "Start of structure or map found where not expected.",
        );
    };
    let answer = match endpoint {
        Endpoint::GetId => get_id(state, &input),
        Endpoint::GetCredentials => get_credentials(state, &input),
        Endpoint::GetOpenIdToken => get_open_id_token(state, &input),
        Endpoint::DeveloperToken => match crate::sts::signed_by_admin(state, request, "cognito-identity") {
            Ok(()) => developer_token(state, &input),
            Err((kind, message)) => return Reply::aws_error(400, &kind, &message),
        },
        _ => return Reply::aws_error(400, "UnknownOperationException", ""),
    };
    answer.map_or_else(|(kind, message)| Reply::aws_error(400, kind, &message), Reply::aws)
}

fn get_id(state: &mut State, input: &Map<String, Value>) -> Result<String, Refusal> {
    let pool = text(input, "IdentityPoolId")?;
    check_pool(state, pool)?;
    let logins = checked_logins(state, input)?;
    let Some(login) = logins.first() else {
        return Err(not_authorized("Unauthenticated access is not supported for this identity pool."));
    };
    let region = state.world.region.clone();
    let id = state.identities.of(login, &region);
    Ok(json!({ "IdentityId": id }).to_string())
}

fn get_credentials(state: &mut State, input: &Map<String, Value>) -> Result<String, Refusal> {
    let (id, login) = identify(state, input)?;
    let wish = input.get("CustomRoleArn").and_then(Value::as_str);
    let role = roles::choose(&state.world, &login.provider, &login.claims, wish)?;
    let now = state.now();
    let seconds = state.world.identity_pool.credential_seconds;
    let holder = Holder { role_arn: role, session_name: SESSION_NAME.to_owned(), identity_id: id.clone() };
    let (key, issued) = state.vault.issue(holder, now + seconds);
    Ok(format!(
        r#"{{"Credentials":{{"AccessKeyId":"{key}","Expiration":{},"SecretKey":"{}","SessionToken":"{}"}},"IdentityId":"{id}"}}"#,
        scientific(issued.ends),
        issued.secret,
        issued.session_token,
    ))
}

fn get_open_id_token(state: &mut State, input: &Map<String, Value>) -> Result<String, Refusal> {
    let (id, login) = identify(state, input)?;
    if !state.world.identity_pool.classic_flow {
        return Err(invalid("Basic (classic) flow is not enabled, please use enhanced flow."));
    }
    let token = open_id_token(state, &id, &login.provider, OPEN_ID_SECONDS);
    Ok(json!({ "IdentityId": id, "Token": token }).to_string())
}

/// The backend's call: it vouches for a person by a name of its own.
fn developer_token(state: &mut State, input: &Map<String, Value>) -> Result<String, Refusal> {
    check_pool(state, text(input, "IdentityPoolId")?)?;
    let provider = &state.world.identity_pool.developer_provider;
    let subject = input.get("Logins").and_then(|logins| logins[provider].as_str());
    let subject =
        subject.ok_or_else(|| invalid("Please provide a valid developer provider name"))?.to_owned();
    let seconds = input.get("TokenDuration").and_then(Value::as_i64).unwrap_or(900);
    if !(1..=86_400).contains(&seconds) {
        return Err(invalid("Please provide a valid token duration"));
    }
    let (id, token) = vouched(state, subject, seconds);
    Ok(json!({ "IdentityId": id, "Token": token }).to_string())
}

/// Identity and token of a person under the developer provider.
pub(crate) fn vouched(state: &mut State, subject: String, seconds: i64) -> (String, String) {
    let region = state.world.region.clone();
    let provider = state.world.identity_pool.developer_provider.clone();
    let login = Login { provider: provider.clone(), subject, claims: Value::Null };
    let id = state.identities.of(&login, &region);
    let token = open_id_token(state, &id, &provider, seconds);
    (id, token)
}

fn open_id_token(state: &State, id: &str, provider: &str, seconds: i64) -> String {
    let now = state.now();
    let claims = json!({
        "sub": id, "aud": state.world.identity_pool.id, "amr": ["authenticated", provider],
        "iss": format!("https://{OWN_PROVIDER}"), "iat": now, "exp": now + seconds,
    });
    state.keys.sign(Use::Access, &claims)
}

/// The identity a call is about and the login that entitles to it.
fn identify(state: &State, input: &Map<String, Value>) -> Result<(String, Login), Refusal> {
    let asked = text(input, "IdentityId")?;
    check_id(asked, "identityId")?;
    let id = state.identities.current(asked);
    if !state.identities.exists(&id) {
        return Err(("ResourceNotFoundException", format!("Identity '{asked}' not found.")));
    }
    let logins = checked_logins(state, input)?;
    if logins.is_empty() {
        return Err(not_authorized(&format!("Access to Identity '{asked}' is forbidden.")));
    }
    let owner = logins.into_iter().find(|login| state.identities.belongs(&id, login));
    let login = owner.ok_or_else(|| {
        not_authorized(
            "Logins don't match. Please include at least one valid login for this identity or identity pool.",
        )
    })?;
    Ok((id, login))
}

fn checked_logins(state: &State, input: &Map<String, Value>) -> Result<Vec<Login>, Refusal> {
    let logins = match input.get("Logins") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(logins)) if logins.len() <= 10 => logins,
        Some(_) => return Err(invalid("Please provide valid logins")),
    };
    logins.iter().map(|(key, token)| check_login(state, key, token.as_str().unwrap_or_default())).collect()
}

/// The checks and texts of AWS, in its order: form, audience, issuer, provider, signature, time.
fn check_login(state: &State, key: &str, token: &str) -> Result<Login, Refusal> {
    let refuse = |reason: &str| Err(not_authorized(&format!("Invalid login token. {reason}")));
    let Some(jwt) = Jwt::parse(token) else { return refuse("Not a valid OpenId Connect identity token.") };
    let audience = jwt.text("aud");
    if audience.is_empty() && !jwt.claims["aud"].is_array() {
        return refuse("Missing a required claim: aud");
    }
    // AWS knows https alone; the sandbox's own OpenID providers have its own address.
    if jwt.text("iss").split_once("://").map(|(_, rest)| rest) != Some(key) {
        return refuse("Issuer doesn't match providerName");
    }
    let pool = &state.world.identity_pool;
    let supported = match key {
        OWN_PROVIDER => audience == pool.id,
        key if key == state.world.logins_key() => pool.clients.iter().any(|client| client == audience),
        key => crate::oidc::is_attached(state, key, &jwt.claims),
    };
    if !supported {
        return Err(not_authorized("Token is not from a supported provider of this identity pool."));
    }
    if !state.keys.verify(&jwt) {
        return refuse("Couldn't verify signed token.");
    }
    let (now, ends) = (state.now(), jwt.seconds("exp"));
    if now >= ends {
        return refuse(&format!("Token expired: {now} >= {ends}"));
    }
    if pool.server_side_token_check && key == state.world.logins_key() && !still_good(state, &jwt) {
        // AWS documents the refusal, not its text.
        return Err(not_authorized("Token is not valid: the user has signed out or is disabled."));
    }
    Ok(Login { provider: key.to_owned(), subject: jwt.text("sub").to_owned(), claims: jwt.claims })
}

/// `ServerSideTokenCheck`: global sign-out, disabling, deletion. Revoking a refresh token is not among them.
fn still_good(state: &State, jwt: &Jwt<'_>) -> bool {
    let user = state.world.users.iter().find(|user| user.sub == jwt.text("sub"));
    user.is_some_and(|user| !user.disabled) && !state.sessions.is_signed_out(jwt.text("origin_jti"))
}

fn text<'a>(input: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
    input.get(name).and_then(Value::as_str).ok_or_else(|| {
        invalid(&format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn check_pool(state: &State, id: &str) -> Result<(), Refusal> {
    check_id(id, "identityPoolId")?;
    if id != state.world.identity_pool.id {
        return Err(("ResourceNotFoundException", format!("IdentityPool '{id}' not found.")));
    }
    Ok(())
}

/// `[\w-]+:[0-9a-f-]+`, at most 55 characters.
fn check_id(id: &str, member: &str) -> Result<(), Refusal> {
    let well_formed = id.split_once(':').is_some_and(|(region, uuid)| {
        !region.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !uuid.is_empty()
            && uuid.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-')
    });
    if well_formed && id.len() <= 55 {
        return Ok(());
    }
    Err(invalid(&format!(
        "1 validation error detected: Value '{id}' at '{member}' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+"
    )))
}

/// Seconds as the service writes them: `1.795181744E9`.
fn scientific(seconds: i64) -> String {
    let digits = seconds.to_string();
    let (first, rest) = digits.split_at(1);
    let fraction = rest.trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{first}.{fraction}E{}", rest.len())
}
