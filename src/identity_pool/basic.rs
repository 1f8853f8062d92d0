//! The basic (classic) flow: GetOpenIdToken gives a token that speaks for the identity, and STS gives
//! credentials for it, as long as the role allows and under a name of our own.

use super::pool::{CallError, IdentityPool, Logins};
use super::sts;
use crate::credentials::Credentials;
use crate::profile::flow::Basic;
use crate::secret::{IdToken, OpenIdToken};
use crate::user_pool::claims::Claims;
use serde::{Deserialize, Serialize};

/// Most characters of RoleSessionName (STS API Reference, AssumeRoleWithWebIdentity).
const LONGEST_NAME: usize = 64;
/// Least characters of it.
const SHORTEST_NAME: usize = 2;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetOpenIdToken<'a> {
    identity_id: &'a str,
    logins: Logins<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vouched {
    identity_id: Option<String>,
    token: OpenIdToken,
}

impl IdentityPool<'_> {
    /// GetOpenIdToken, then AssumeRoleWithWebIdentity. `role` is there: nothing else could choose one.
    pub(super) fn assume_role(
        &self,
        basic: &Basic,
        identity: &str,
        token: &IdToken,
        claims: &Claims,
        role: Option<&str>,
    ) -> Result<(String, Credentials), CallError> {
        let role = role.unwrap_or_default();
        let (identity, token) = self.open_id_token(identity, token, claims)?;
        let session_name = session_name(basic.session_name.as_deref(), claims);
        let asked = sts::Asked { basic, role, session_name: &session_name, token: &token };
        Ok((identity, self.credentials_of_role(&asked)?))
    }

    /// GetOpenIdToken: the identity, which may have changed where identities were merged, and its token.
    fn open_id_token(
        &self,
        identity: &str,
        token: &IdToken,
        claims: &Claims,
    ) -> Result<(String, OpenIdToken), CallError> {
        let input = GetOpenIdToken { identity_id: identity, logins: self.logins(token, claims) };
        let answer: Vouched =
            self.call("GetOpenIdToken", &input, token).map_err(|e| self.read(e, claims, None))?;
        if answer.token.expose().is_empty() {
            return Err(self.not_from_aws());
        }
        Ok((answer.identity_id.unwrap_or_else(|| identity.to_owned()), answer.token))
    }
}

/// The RoleSessionName: what was wished for, else the person's e-mail, else their sub. What STS refuses,
/// anything but `[A-Za-z0-9_+=,.@-]`, becomes `-`; 2 to 64 characters.
pub fn session_name(wished: Option<&str>, claims: &Claims) -> String {
    let names = [wished, claims.email.as_deref(), Some(claims.sub.as_str())];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let clean = name.chars().take(LONGEST_NAME).map(|c| if allowed(c) { c } else { '-' });
    format!("{:-<SHORTEST_NAME$}", clean.collect::<String>())
}
