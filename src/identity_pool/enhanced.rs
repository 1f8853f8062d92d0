//! The enhanced flow: GetCredentialsForIdentity gives credentials of a role that the pool allows, for
//! one hour.

use super::pool::{CallError, IdentityPool, Logins};
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::secret::{IdToken, SecretAccessKey, SessionToken};
use crate::user_pool::claims::Claims;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetCredentials<'a> {
    identity_id: &'a str,
    logins: Logins<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
}

/// The answer of GetCredentialsForIdentity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Given {
    identity_id: Option<String>,
    credentials: GivenCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GivenCredentials {
    access_key_id: String,
    secret_key: SecretAccessKey,
    session_token: SessionToken,
    /// Epoch seconds as a JSON number: whole, fractional or in scientific notation.
    expiration: f64,
}

impl Given {
    /// The identity, where AWS says another one than was asked for (merged ones), and its credentials.
    pub fn credentials(self, identity: &str, role: Option<&str>) -> (String, Credentials) {
        let GivenCredentials { access_key_id, secret_key, session_token, expiration } = self.credentials;
        let credentials = Credentials {
            access_key_id,
            secret_access_key: secret_key,
            session_token,
            obtained: Timestamp::now(),
            expiration: Timestamp::from_unix_f64(expiration),
            role: role.map(str::to_owned),
            lead: 0,
        };
        (self.identity_id.unwrap_or_else(|| identity.to_owned()), credentials)
    }
}

impl IdentityPool<'_> {
    /// GetCredentialsForIdentity.
    pub(super) fn get_credentials(
        &self,
        identity: &str,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        let input = GetCredentials {
            identity_id: identity,
            logins: self.logins(token, claims),
            custom_role_arn: role,
        };
        let answer: Given =
            self.call("GetCredentialsForIdentity", &input, token).map_err(|e| self.read(e, claims, role))?;
        Ok(answer.credentials(identity, role))
    }
}
