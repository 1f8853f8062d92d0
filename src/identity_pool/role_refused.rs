//! What a refusal of AWS STS means and what is to be done about it: as [`super::refusal`], by the error's
//! name (STS API Reference, AssumeRoleWithWebIdentity, "Errors").

use super::refusal::{Refusal, Remedy, busy, said};
use super::role;
use crate::error::{Error, Next, foreign};
use crate::profile::Profile;
use crate::profile::flow::Basic;
use crate::shell;
use std::time::Duration;

/// Reads an error of AssumeRoleWithWebIdentity for `role`. The code of an error is written with and
/// without `Exception` at its end. `wait` is how long STS asks to wait.
pub fn read(
    profile: &Profile,
    basic: &Basic,
    role: &str,
    (kind, text): (&str, &str),
    wait: Option<Duration>,
) -> Refusal {
    let (name, pool) = (foreign(role), profile.identity_pool.as_ref().map_or("", |id| id.as_str()));
    let mut paste = profile.command("doctor");
    let (remedy, next, what) = match kind.trim_end_matches("Exception") {
        "ExpiredToken" | "InvalidIdentityToken" => (
            Remedy::NewOpenIdToken,
            Next::TryAgain,
            format!("AWS STS does not accept a new token of identity pool {pool} ({}).", said(kind, text)),
        ),
        "IDPRejectedClaim" => {
            paste = profile.command("login");
            let what = "AWS STS says that the login was refused by its provider; the person was perhaps signed out or disabled.";
            (Remedy::Refresh, Next::SignIn, what.to_owned())
        }
        "IDPCommunicationError" => (
            Remedy::Retry,
            Next::TryAgain,
            "AWS STS can't reach the identity pool; try again in a minute.".to_owned(),
        ),
        "Throttling" | "ThrottledRequest" | "RequestLimitExceeded" | "TooManyRequests" => {
            (Remedy::Retry, Next::TryAgain, busy("AWS STS", wait))
        }
        "AccessDenied" => (
            Remedy::None,
            Next::Configure,
            format!(
                "AWS STS does not give role {name} to this login: there is no such role, or its trust policy does not allow sts:AssumeRoleWithWebIdentity (and sts:TagSession) to {} with aud {pool}.",
                principal(profile.identity_pool.as_ref().map_or("", |id| id.region()))
            ),
        ),
        "ValidationError" if text.contains("DurationSeconds") || text.contains("durationSeconds") => {
            paste = shell::set_key("cognito_duration_seconds", "3600", &profile.name);
            let what = format!(
                "cognito_duration_seconds = {} is more than the maximum session duration of role {name}, which is 3600 unless its administrator has raised it.",
                basic.duration.as_secs()
            );
            (Remedy::None, Next::Configure, what)
        }
        "ValidationError" if text.contains("roleArn") => {
            paste = role::set_role(profile, "arn:aws:iam::ACCOUNT:role/NAME");
            (Remedy::None, Next::Configure, format!("AWS STS says that '{name}' is not the ARN of a role."))
        }
        "PackedPolicyTooLarge" | "MalformedPolicyDocument" => (
            Remedy::None,
            Next::Configure,
            format!(
                "The session tags that identity pool {pool} makes of the login's attributes are too large for AWS STS; map fewer of them."
            ),
        ),
        "RegionDisabled" => (
            Remedy::None,
            Next::Configure,
            format!(
                "AWS STS is switched off in this region for the account of role {name}; its administrator can switch it on in IAM's account settings."
            ),
        ),
        _ => (Remedy::None, Next::Configure, format!("AWS STS refused role {name} ({}).", said(kind, text))),
    };
    let about_role = remedy == Remedy::None;
    Refusal {
        remedy,
        about_role,
        error: Error::new(next, what, paste).because(format_args!("{kind}: {text}")),
    }
}

/// What a role's trust policy calls identity pools of this region (Cognito Developer Guide, "Role trust and
/// permissions"; AWS GovCloud User Guide, "Amazon Cognito"). China's is the issuer of the pool's tokens by
/// the AWS mobile SDKs.
pub fn principal(region: &str) -> String {
    match region {
        "us-gov-west-1" => "cognito-identity-us-gov.amazonaws.com".to_owned(),
        _ if region.starts_with("us-gov-") => format!("cognito-identity.{region}.amazonaws.com"),
        _ if region.starts_with("cn-") => format!("cognito-identity.{region}.amazonaws.com.cn"),
        _ => "cognito-identity.amazonaws.com".to_owned(),
    }
}
