//! What a refusal of the identity pool means and what is to be done about it.
//!
//! AWS says that its texts are not fixed, so the decision rests on the error's name; the text only
//! chooses between one-time remedies and better words. Every path ends in a sensible place when the
//! text is missing or different.

use super::role;
use crate::clock::spoken;
use crate::error::{Error, Next, foreign};
use crate::profile::auth::Auth;
use crate::profile::flow::Flow;
use crate::profile::{Profile, keys};
use crate::shell;
use crate::user_pool::claims::Claims;
use std::time::Duration;

/// The one-time remedy for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// A new ID token, once.
    Refresh,
    /// A new IdentityId, once.
    ResetIdentity,
    /// A new token of GetOpenIdToken, once (basic flow).
    NewOpenIdToken,
    /// Not clear which: a new ID token, then a new IdentityId, then a person signs in.
    Unclear,
    /// None: a setting must change.
    None,
    /// The same call, later.
    Retry,
}

/// A refusal, with the words for the person if the remedy did not help.
#[derive(Debug)]
pub struct Refusal {
    /// What to try, at most once per invocation.
    pub remedy: Remedy,
    /// The identity pool is there and takes the login; it is the role that can't be had.
    pub about_role: bool,
    /// What to say after that.
    pub error: Error,
}

impl Refusal {
    /// The same with how long the server asks us to wait.
    #[must_use]
    pub fn asking_to_wait(self, wait: Option<Duration>) -> Self {
        Self { error: self.error.asking_to_wait(wait), ..self }
    }
}

/// What was asked for, as far as a message needs it.
pub struct Asked<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The claims of the ID token that was sent.
    pub claims: &'a Claims,
    /// CustomRoleArn, if one was sent.
    pub role: Option<&'a str>,
    /// How long the service asks to wait.
    pub wait: Option<Duration>,
}

/// Reads an error of the identity pool: `kind` is its `__type` without name space, `text` its message.
pub fn read(asked: &Asked<'_>, kind: &str, text: &str) -> Refusal {
    let (remedy, what, paste) = match kind {
        _ if text.contains("thumbprint") => (
            Remedy::None,
            format!(
                "AWS does not trust the certificate of provider {}: renew its thumbprint at the IAM OIDC provider.",
                foreign(asked.claims.logins_key().unwrap_or_default())
            ),
            None,
        ),
        "NotAuthorizedException" if text.contains("ambiguous role mapping") => {
            let error = role::not_chosen(asked.profile, asked.claims);
            return Refusal {
                remedy: Remedy::None,
                about_role: true,
                error: error.because(format_args!("{kind}: {text}")),
            };
        }
        "NotAuthorizedException" => not_authorized(asked, text),
        "ResourceNotFoundException" if text.contains("Identity '") => (
            Remedy::ResetIdentity,
            "The identity pool no longer knows the identity that this login had.".to_owned(),
            None,
        ),
        "ResourceNotFoundException" => (
            Remedy::None,
            format!("There is no identity pool {} (check the id and its region).", pool(asked)),
            None,
        ),
        "InvalidIdentityPoolConfigurationException" => (
            Remedy::None,
            format!(
                "Identity pool {} can't hand out its role: none is attached, or the role's trust policy lacks this pool or sts:TagSession.",
                pool(asked)
            ),
            None,
        ),
        "ResourceConflictException" => (
            Remedy::ResetIdentity,
            format!(
                "This login is linked to another identity of identity pool {}; an administrator has to unlink it.",
                pool(asked)
            ),
            Some(asked.profile.command("doctor")),
        ),
        "LimitExceededException" => (
            Remedy::ResetIdentity,
            format!(
                "Identity pool {} has reached a limit of its account and takes no new identity.",
                pool(asked)
            ),
            Some(asked.profile.command("doctor")),
        ),
        "InvalidParameterException" if is_about_the_flow(asked.profile, text) => flow_refused(asked),
        "TooManyRequestsException" => (Remedy::Retry, busy("The identity pool", asked.wait), None),
        "InternalErrorException" => (
            Remedy::Retry,
            "The identity pool has a problem of its own; try again in a few minutes.".to_owned(),
            None,
        ),
        "ExternalServiceException" => (
            Remedy::Retry,
            "The identity pool can't reach the user pool; try again in a few minutes.".to_owned(),
            None,
        ),
        "AccessDeniedException" => (
            Remedy::None,
            "A policy of the organisation or of the VPC endpoint forbids the call to the identity pool."
                .to_owned(),
            None,
        ),
        _ => (
            Remedy::None,
            format!("Identity pool {} refused the request ({}).", pool(asked), said(kind, text)),
            None,
        ),
    };
    let next = match remedy {
        _ if paste.is_some() => Next::Configure,
        Remedy::None => Next::Configure,
        Remedy::Retry => Next::TryAgain,
        _ => Next::SignIn,
    };
    let command = if next == Next::SignIn { "login" } else { "doctor" };
    let paste = paste.unwrap_or_else(|| asked.profile.command(command));
    // None is attached, or it can't be assumed (GetCredentialsForIdentity, "Errors").
    let about_role = kind == "InvalidIdentityPoolConfigurationException";
    Refusal {
        remedy,
        about_role,
        error: Error::new(next, what, paste).because(format_args!("{kind}: {text}")),
    }
}

/// The texts with which a pool refuses GetOpenIdToken whatever the login (reported by users of AWS
/// Amplify and of the AWS CLI).
fn is_about_the_flow(profile: &Profile, text: &str) -> bool {
    let known = ["classic", "enhanced flow", "RoleMappings", "not supported with"];
    matches!(profile.flow, Flow::Basic(_)) && known.iter().any(|part| text.contains(part))
}

fn flow_refused(asked: &Asked<'_>) -> (Remedy, String, Option<String>) {
    let what = format!(
        "Identity pool {} does not allow cognito_flow = basic: in the Cognito console switch on \"Basic (classic) authentication\" for it, which goes with neither role mappings (\"Role selection\") nor SAML, or use the enhanced flow.",
        pool(asked)
    );
    (Remedy::None, what, Some(shell::set_key("cognito_flow", "enhanced", &asked.profile.name)))
}

/// Too many requests. How long the service asks to wait is told: a minute may be too short.
pub(super) fn busy(service: &str, wait: Option<Duration>) -> String {
    match wait {
        Some(wait) => {
            format!("{service} is receiving too many requests and asks to wait {}.", spoken(wait))
        }
        None => format!("{service} is receiving too many requests; try again in a minute."),
    }
}

/// The name of an error and, where there are any, the service's own words.
pub(super) fn said(kind: &str, text: &str) -> String {
    match foreign(text) {
        text if text.is_empty() => foreign(kind),
        text => format!("{}: {}", foreign(kind), text.trim_end_matches('.')),
    }
}

fn not_authorized(asked: &Asked<'_>, text: &str) -> (Remedy, String, Option<String>) {
    let has = |part: &str| text.contains(part);
    let (key, claims) = (asked.claims.logins_key().unwrap_or_default(), asked.claims);
    if has("NoKeyFound") {
        let what = "The identity provider has changed its signing keys, which AWS takes up within about ten minutes; run your command again then.";
        return (Remedy::Retry, what.to_owned(), None);
    }
    if has("Token expired")
        || has("verify signed token")
        || has("Token signature")
        || has("Not a valid OpenId")
    {
        return (
            Remedy::Refresh,
            "The identity pool calls a new ID token expired or not genuine.".to_owned(),
            None,
        );
    }
    if has("doesn't match providerName") || has("not from a supported provider") {
        if let Auth::Developer(backend) = &asked.profile.auth {
            let what = format!(
                "Identity pool {} does not take the token that {} got for it as one of {} ({}).",
                pool(asked),
                backend.host(),
                backend.logins_key,
                said("NotAuthorizedException", text)
            );
            let (key, issuer) = (keys::DEVELOPER_LOGINS_KEY.name, foreign(key));
            return (Remedy::None, what, Some(shell::set_key(key, &issuer, &asked.profile.name)));
        }
        let what = format!(
            "Identity pool {} does not trust this login: add provider {} with app client {} to it.",
            pool(asked),
            foreign(key),
            claims.audience()
        );
        return (Remedy::None, what, None);
    }
    if has("Unauthenticated access") || has("Missing a required claim") {
        let what = format!(
            "Identity pool {} says that it got no ID token, which would be a fault of cognito-creds ({}).",
            pool(asked),
            said("NotAuthorizedException", text)
        );
        return (Remedy::None, what, None);
    }
    if has("Logins don't match") || has("Access to Identity") {
        return (
            Remedy::ResetIdentity,
            "The identity pool no longer accepts the identity that this login had.".to_owned(),
            None,
        );
    }
    match asked.role {
        Some(role) => (
            Remedy::Unclear,
            format!(
                "The identity pool refused role {}: it may not be among those allowed, or the person was signed out or disabled.",
                foreign(role)
            ),
            None,
        ),
        None => (
            Remedy::Unclear,
            "The identity pool refused the login: the person was perhaps signed out or disabled.".to_owned(),
            None,
        ),
    }
}

fn pool<'a>(asked: &'a Asked<'_>) -> &'a str {
    asked.profile.identity_pool.as_ref().map_or("", |id| id.as_str())
}
