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
    /// How a client secret is sent.
    pub secret_by: SecretBy,
}

impl Endpoints {
    /// Those of a user pool (Cognito Developer Guide, "User pool endpoints and managed login reference").
    pub fn of_user_pool(domain: &Domain) -> Self {
        Self {
            authorize: domain.at("/oauth2/authorize"),
            token: domain.at("/oauth2/token"),
            revoke: Some(domain.at("/oauth2/revoke")),
            secret_by: SecretBy::Basic,
        }
    }
}
