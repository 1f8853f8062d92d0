//! Where an authorization server is spoken to, and how an app client identifies itself there.

use crate::profile::values::Domain;
use url::Url;

/// How a confidential app client shows its secret (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretBy {
    /// In the header `Authorization`.
    Basic,
    /// In the form.
    Post,
}

/// The endpoints that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where the browser goes (RFC 6749 §3.1).
    pub authorize: Url,
    /// Codes and refresh tokens for tokens (RFC 6749 §3.2).
    pub token: Url,
    /// Ends a refresh token (RFC 7009); not every provider has one.
    pub revoke: Option<Url>,
    /// Ends the browser's session; not every provider has one.
    pub sign_out: Option<SignOut>,
    /// How a client secret is sent.
    pub secret_by: SecretBy,
}

/// Where a browser goes to be signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOut {
    /// `/logout` of a user pool, which returns to a registered sign-out URL (Cognito Developer Guide,
    /// "Logout endpoint").
    UserPool(Url),
    /// `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0 §2).
    Oidc(Url),
}

impl SignOut {
    /// The whole address for an app client. A provider that is not Cognito asks for no way back: a URL
    /// that is not registered there would be refused.
    pub fn address(self, client_id: &str, back: &str) -> Url {
        let (mut url, back) = match self {
            Self::UserPool(url) => (url, Some(back)),
            Self::Oidc(url) => (url, None),
        };
        url.query_pairs_mut().append_pair("client_id", client_id);
        if let Some(back) = back {
            url.query_pairs_mut().append_pair("logout_uri", back);
        }
        url
    }
}

impl Endpoints {
    /// Those of a user pool (Cognito Developer Guide, "User pool endpoints and managed login reference").
    pub fn of_user_pool(domain: &Domain) -> Self {
        Self {
            authorize: domain.at("/oauth2/authorize"),
            token: domain.at("/oauth2/token"),
            revoke: Some(domain.at("/oauth2/revoke")),
            sign_out: Some(SignOut::UserPool(domain.at("/logout"))),
            secret_by: SecretBy::Basic,
        }
    }
}
