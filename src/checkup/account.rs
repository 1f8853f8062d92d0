//! The login: whose it is, which role it leads to, and whether the identity pool takes it.

use super::{Checkup, Finding, look_up};
use crate::clock::Timestamp;
use crate::error::foreign;
use crate::http::Client;
use crate::identity_pool::pool::{CallError, IdentityPool};
use crate::identity_pool::refusal::Remedy;
use crate::identity_pool::role;
use crate::login::Login;
use crate::profile::Profile;
use crate::profile::auth::{Auth, Server};
use crate::profile::values::IdentityPoolId;
use crate::secret::IdToken;
use crate::session::{RENEWAL_LIMIT, Session};
use crate::user_pool::claims::Claims;
use std::time::{Duration, Instant};

/// The check of who is signed in. A warning means that a person has to sign in.
pub const LOGIN: &str = "login";
const POOL: &str = "identity pool";
const ROLE: &str = "role";

/// Nobody asks the server, so nobody knows whether it takes it.
const SEED: &str = "the next call uses the refresh token in COGNITO_CREDS_REFRESH_TOKEN; nothing of an earlier one is kept here";

/// A token that ends this soon might end on the way.
const USABLE: Duration = Duration::from_secs(30);

/// Login, identity pool, role. `refused` says that a backend does not take the login any more.
pub fn findings(checkup: &Checkup<'_>, refused: bool) -> Vec<Finding> {
    let profile = checkup.session.profile;
    let stored = checkup.session.vault.load_stored();
    let login = stored.as_ref().ok().and_then(Option::as_ref).filter(|login| !login.has_ended());
    let claims = login.and_then(|login| checkup.session.stored_claims(login));
    let mut findings = vec![match &stored {
        Err(error) => Finding::of(LOGIN, error, &profile.command("login")),
        Ok(stored) => signed_in(checkup.session, stored.as_ref(), claims.as_ref(), refused),
    }];
    let mut assumed = None;
    if let (Ok(client), Some(id)) = (checkup.session.client(), &profile.identity_pool) {
        let (finding, answer) = identity_pool(checkup.session, client, id, login, claims.as_ref());
        findings.push(finding);
        assumed = answer;
    }
    findings.push(match &claims {
        Some(claims) => role(profile, claims, assumed),
        None if checkup.session.vault.is_seeded() => Finding::ok(ROLE, "not tried: there is no ID token yet"),
        None => Finding::ok(ROLE, "not tried: nobody is signed in"),
    });
    findings
}

fn signed_in(
    session: &Session<'_>,
    login: Option<&Login>,
    claims: Option<&Claims>,
    refused: bool,
) -> Finding {
    const CHECK: &str = LOGIN;
    let profile = session.profile;
    let no_login = session.needs_sign_in();
    let sign_in = no_login.paste();
    let is_seeded = session.vault.is_seeded();
    let login = login.filter(|login| login.has_ended() || !session.vault.is_unused_seed(login));
    let Some(login) = login else {
        return if is_seeded {
            Finding::ok(CHECK, SEED)
        } else {
            Finding::warn(CHECK, "nobody is signed in", sign_in)
        };
    };
    if login.has_ended() && is_seeded {
        return Finding::of(CHECK, &no_login, "");
    }
    if login.has_ended() {
        let saw = format!("the server has ended the login of {}", login.user);
        return Finding::warn(CHECK, saw, sign_in);
    }
    let check = |claims: &Claims| match &profile.auth {
        Auth::Browser(app) => claims.check(&app.server, &app.client_id, None),
        // One of another identity pool is no stored token of ours.
        Auth::Developer(_) => Ok(()),
    };
    if let Some(Err(why)) = claims.map(check) {
        return Finding::fail(
            CHECK,
            format!("the ID token of {} is not accepted: {why}", login.user),
            sign_in,
        );
    }
    let through = login.provider.as_ref().map_or_else(String::new, |p| format!(" through {p}"));
    let since = login.since.rfc3339().unwrap_or_default();
    let by = if is_seeded { " by the refresh token in COGNITO_CREDS_REFRESH_TOKEN" } else { "" };
    let saw = format!("{}{through}{by}, since {since}", login.user);
    if refused {
        return Finding::warn(CHECK, format!("{saw}; it is not taken there any more"), sign_in);
    }
    Finding::ok(CHECK, saw)
}

/// `cognito_role` against the roles in the ID token, and what came of asking for it.
fn role(profile: &Profile, claims: &Claims, assumed: Option<Assumed>) -> Finding {
    let chosen = match role::choose(profile, claims) {
        Ok(chosen) => chosen,
        Err(error) => return Finding::of(ROLE, &error, ""),
    };
    let roles = role::choices(claims);
    let whose = match (chosen, &claims.preferred_role) {
        (Some(arn), _) => format!("{} is asked for", foreign(&arn)),
        (None, Some(preferred)) => {
            format!("the identity pool chooses; the login prefers {}", foreign(preferred))
        }
        (None, None) => "the identity pool chooses".to_owned(),
    };
    match assumed {
        Some(Ok(until)) => Finding::ok(ROLE, format!("{whose}; it was assumed, until {until}")),
        Some(Err(refused)) => refused,
        None if roles.len() > 1 && profile.role.is_none() && claims.preferred_role.is_none() => {
            Finding::warn(
                ROLE,
                format!("the login has several roles and prefers none: {}", role::listed(&roles)),
                profile.command("login --pick-role"),
            )
        }
        None => Finding::ok(ROLE, format!("{whose}; it was not tried")),
    }
}

/// Until when the role's credentials would live, or why there are none.
type Assumed = Result<String, Finding>;

/// The identity pool, asked with the login's own ID token: the very calls of the next renewal.
///
/// Without a live token it is asked with one that is none. GetId without any login would make a new
/// guest's identity in a pool that allows guests; with a login that does not hold it is refused, and
/// the refusal itself (NotAuthorizedException, not ResourceNotFoundException) shows that the pool is
/// there. Nothing is refreshed for the sake of this check.
fn identity_pool(
    session: &Session<'_>,
    client: &Client,
    id: &IdentityPoolId,
    login: Option<&Login>,
    claims: Option<&Claims>,
) -> (Finding, Option<Assumed>) {
    let profile = session.profile;
    let pool = match IdentityPool::new(profile, client, Instant::now() + RENEWAL_LIMIT) {
        Ok(pool) => pool,
        Err(error) => return (Finding::of(POOL, &error, &look_up::identity_pool(id)), None),
    };
    let live = |claims: &&Claims| claims.exp.left(Timestamp::now()) > USABLE;
    // A wrong role has a finding of its own.
    let role = |claims: &Claims| role::choose(profile, claims).ok();
    let claims = claims.filter(live).and_then(|claims| Some((claims, role(claims)?)));
    let answers = || Finding::ok(POOL, format!("{} answers", id.as_str()));
    let takes = || Finding::ok(POOL, format!("{} takes the login", id.as_str()));
    let Some((login, (claims, role))) = login.zip(claims) else {
        let asked =
            nobody(profile).map(|nobody| pool.credentials(None, &IdToken::new("no-token"), &nobody, None));
        return match asked {
            Some(Err(error)) if !is_there(&error) => {
                (refused(POOL, &error, &look_up::identity_pool(id)), None)
            }
            _ => (answers(), None),
        };
    };
    match pool.credentials(session.identity(login, claims), &login.id_token, claims, role.as_deref()) {
        Ok((_, credentials)) => (takes(), Some(Ok(credentials.expiration.rfc3339().unwrap_or_default()))),
        Err(error) if error.refusal.about_role => {
            (takes(), Some(Err(refused(ROLE, &error, &look_up::role(id, role.as_deref())))))
        }
        Err(error) => (refused(POOL, &error, &look_up::identity_pool(id)), None),
    }
}

/// Claims that name a provider and nobody.
fn nobody(profile: &Profile) -> Option<Claims> {
    let region = profile.identity_pool.as_ref()?.region();
    let app = match &profile.auth {
        Auth::Browser(app) => app,
        Auth::Developer(backend) => {
            let iss = format!("https://{}", backend.logins_key);
            return serde_json::from_value(serde_json::json!({ "iss": iss, "aud": "", "sub": "", "exp": 0 }))
                .ok();
        }
    };
    if let Server::Oidc(issuer) = &app.server {
        let claims = serde_json::json!({"iss": issuer.as_str(), "aud": app.client_id, "sub": "", "exp": 0});
        return serde_json::from_value(claims).ok();
    }
    let pool = app.server.user_pool_id().map_or_else(|| format!("{region}_none"), str::to_owned);
    let region = pool.split('_').next().unwrap_or(region);
    serde_json::from_value(serde_json::json!({
        "iss": format!("https://cognito-idp.{region}.amazonaws.com/{pool}"),
        "aud": app.client_id, "sub": "", "exp": 0, "token_use": "id",
    }))
    .ok()
}

/// Whether a refusal of a login that is none shows that the pool exists.
fn is_there(error: &CallError) -> bool {
    error.refusal.error.detail().is_some_and(|detail| detail.starts_with("NotAuthorizedException:"))
}

fn refused(check: &'static str, error: &CallError, look: &str) -> Finding {
    let finding = Finding::of(check, &error.refusal.error, look);
    // Otherwise the next call refreshes, asks for a new identity, or comes later by itself.
    let for_a_person = matches!(error.refusal.remedy, Remedy::None | Remedy::Unclear);
    if for_a_person { finding } else { finding.softened() }
}
