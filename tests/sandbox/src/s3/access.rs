//! Who may do what: credentials that were given out, alive, with their session token, and a role
//! whose policy allows the operation.

use crate::clock::parse_amz_date;
use crate::server::Shared;
use crate::sigv4::SKEW_SECONDS;
use crate::state::State;
use crate::sts::Issued;
use crate::world::S3Policy;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use std::sync::Arc;

pub(crate) struct Gate(pub Arc<Shared>);

/// Operations that a read-only role may use.
const READING: [&str; 7] = [
    "GetBucketLocation",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListBuckets",
    "ListObjects",
    "ListObjectsV2",
];

#[async_trait::async_trait]
impl S3Auth for Gate {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let state = self.0.state();
        let (admin_key, admin_secret) = &state.world.admin_keys;
        match state.vault.get(access_key) {
            Some(issued) => Ok(SecretKey::from(issued.secret.as_str())),
            None if access_key == admin_key => Ok(SecretKey::from(admin_secret.as_str())),
            None => Err(s3_error!(
                InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records."
            )),
        }
    }
}

/// Runs after the signature was found good.
#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let state = self.0.state();
        let Some(access_key) = cx.credentials().map(|credentials| credentials.access_key.clone()) else {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        };
        check_clock(&state, cx)?;
        let token = sent(cx, "x-amz-security-token", "X-Amz-Security-Token");
        match state.vault.get(&access_key) {
            None if token.is_none() => Ok(()),
            None => Err(invalid_token()),
            Some(issued) if token.as_deref() != Some(&issued.session_token) => Err(invalid_token()),
            Some(issued) if state.now() >= issued.ends => {
                Err(s3_error!(ExpiredToken, "The provided token has expired."))
            }
            Some(issued) => check_policy(&state, issued, cx),
        }
    }
}

fn invalid_token() -> s3s::S3Error {
    s3_error!(InvalidToken, "The provided token is malformed or otherwise invalid.")
}

/// The value of a header, or of its twin in a presigned address.
fn sent(cx: &S3AccessContext<'_>, header: &str, parameter: &str) -> Option<String> {
    let from_header = cx.headers().get(header).and_then(|value| value.to_str().ok()).map(str::to_owned);
    from_header.or_else(|| {
        let query = cx.uri().query()?.as_bytes();
        url::form_urlencoded::parse(query)
            .find(|(name, _)| name == parameter)
            .map(|(_, value)| value.into_owned())
    })
}

fn check_clock(state: &State, cx: &S3AccessContext<'_>) -> S3Result<()> {
    let signed_at = sent(cx, "x-amz-date", "X-Amz-Date").and_then(|text| parse_amz_date(&text));
    let life = sent(cx, "", "X-Amz-Expires").and_then(|text| text.parse().ok()).unwrap_or(SKEW_SECONDS);
    match signed_at {
        Some(signed_at) if (-SKEW_SECONDS..=life).contains(&(state.now() - signed_at)) => Ok(()),
        _ => Err(s3_error!(
            RequestTimeTooSkewed,
            "The difference between the request time and the current time is too large."
        )),
    }
}

fn check_policy(state: &State, issued: &Issued, cx: &S3AccessContext<'_>) -> S3Result<()> {
    let operation = cx.s3_op().name();
    let policy = state.world.role(&issued.holder.role_arn).map_or(S3Policy::None, |role| role.s3);
    let allowed = match policy {
        S3Policy::ReadWrite => true,
        S3Policy::ReadOnly => READING.contains(&operation),
        S3Policy::None => false,
    };
    if allowed {
        return Ok(());
    }
    let role = issued.holder.role_arn.rsplit('/').next().unwrap_or_default();
    Err(s3_error!(
        AccessDenied,
        "User: arn:aws:sts::{}:assumed-role/{role}/{} is not authorized to perform: s3:{operation} \
         because no identity-based policy allows the s3:{operation} action",
        state.world.account_id,
        issued.holder.session_name
    ))
}
