//! The issuer of the ID tokens: its configuration and its signing keys, as AWS reads them.
//!
//! A user pool's issuer is told by `cognito_user_pool_id`, else by the `iss` of the login; where neither
//! is there, nothing is asked. The keys are not read at a sign-in (docs/decisions/0002-id-token-signature.md),
//! but the identity pool checks every ID token with them.

use super::web::{Answer, Web};
use super::{Checkup, Finding, look_up};
use crate::error::foreign;
use crate::profile::values::{self, Domain};
use crate::profile::{Environment, Profile};
use crate::shell;
use crate::user_pool::claims::Claims;
use serde_json::Value;
use url::Url;

const POOL: &str = "user pool";
const KEYS: &str = "signing keys";

/// Whether the user pool exists and is the one behind the domain, and whether it shows its keys.
pub(super) fn of_user_pool(checkup: &Checkup<'_>, web: Web<'_>, domain: &Domain) -> Vec<Finding> {
    let profile = checkup.session.profile;
    let Some(id) = id(checkup) else { return Vec::new() };
    let Some(url) = discovery(profile, &id, checkup.env) else { return Vec::new() };
    let answer = match web.get(&url) {
        Ok(answer) => answer,
        // Sign-ins need the domain alone.
        Err(error) => return vec![Finding::warn(POOL, error.what(), look(&url))],
    };
    // Where AWS says that it is (Cognito Developer Guide, "Verifying JSON web tokens"), and so below an
    // endpoint override too, whatever the document says.
    let keys = url.join("jwks.json").ok();
    let about = about(&id, domain, &url, &answer);
    let keys = keys.filter(|_| answer.status == 200).map(|url| signing_keys(web, &url));
    std::iter::once(about).chain(keys).collect()
}

/// The user pool's id: the profile's, else the one in the login's `iss`.
fn id(checkup: &Checkup<'_>) -> Option<String> {
    let session = checkup.session;
    if let Some(id) = session.profile.auth.user_pool_id() {
        return Some(id.to_owned());
    }
    let login = checkup.stored_login()?;
    let claims: Claims = session.stored_claims(&login)?;
    let (_, id) = claims.logins_key()?.rsplit_once('/')?;
    Some(id.to_owned())
}

fn look(url: &Url) -> String {
    format!("curl -sSI {}", shell::word(url.as_str()))
}

fn about(id: &str, domain: &Domain, url: &Url, answer: &Answer) -> Finding {
    let compare = look_up::domain(domain, Some(id));
    let said = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let at = text("authorization_endpoint").and_then(|url| Url::parse(url).ok());
    match (answer.status, text("issuer")) {
        (200, Some(issuer)) if issuer.ends_with(&format!("/{id}")) => match at {
            Some(at) if at.origin() != domain.at("/").origin() => {
                let own = foreign(at.host_str().unwrap_or_default());
                let saw = format!("{id} exists and names {own} as its domain, not {}", domain.host());
                Finding::warn(POOL, saw, compare)
            }
            _ => Finding::ok(POOL, format!("{id} exists")),
        },
        (400 | 404, _) => Finding::fail(POOL, format!("there is no user pool {id}"), compare),
        (status, _) => {
            let saw = format!("the issuer of {id} answered {status} without its configuration");
            Finding::warn(POOL, saw, look(url))
        }
    }
}

/// The keys that ID tokens are signed with (RFC 7517), which AWS reads at the same address. Only AWS needs
/// them, and it may well reach what this machine doesn't.
pub(super) fn signing_keys(web: Web<'_>, url: &Url) -> Finding {
    let host = foreign(url.host_str().unwrap_or_default());
    let answer = match web.get(url) {
        Ok(answer) => answer,
        Err(error) => return Finding::warn(KEYS, error.what(), look(url)),
    };
    let set = serde_json::from_str::<Value>(&answer.body).ok();
    let keys = set.as_ref().and_then(|set| set.get("keys")?.as_array()).map(Vec::len);
    match (answer.status, keys) {
        (200, Some(1)) => Finding::ok(KEYS, format!("{host} shows one")),
        (200, Some(n)) if n > 0 => Finding::ok(KEYS, format!("{host} shows {n}")),
        (status, _) => {
            let saw = format!("{host} answered {status} without any, so that AWS can't check an ID token");
            Finding::warn(KEYS, saw, look(url))
        }
    }
}

/// Where the issuer's configuration lies; an endpoint override for the service, or for all, counts
/// here as it does in every SDK.
fn discovery(profile: &Profile, id: &str, env: &dyn Environment) -> Option<Url> {
    let (region, _) = id.split_once('_')?;
    let suffix = match region {
        r if r.starts_with("cn-") => "amazonaws.com.cn",
        r if r.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    let override_ = env
        .var("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER")
        .and_then(|url| values::endpoint(&url).ok())
        // One endpoint for everything, as stand-ins have it.
        .or_else(|| profile.identity_endpoint.clone().filter(values::is_loopback));
    let mut url = match override_ {
        Some(url) => url,
        None => Url::parse(&format!("https://cognito-idp.{region}.{suffix}")).ok()?,
    };
    url.set_path(&format!("/{id}/.well-known/openid-configuration"));
    Some(url)
}
