//! Who signs a person in: `cognito_auth` and the keys that belong to each of its values.

use super::keys;
use super::redirect_uri::RedirectUri;
use super::values::{Domain, Issuer};
use url::Url;

/// How a person signs in.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one per profile, and it is passed by reference")]
pub enum Auth {
    /// At an authorization server, in the browser.
    Browser(AppClient),
    /// At a backend of the team's own, which vouches for the person (developer-authenticated
    /// identities).
    Developer(Backend),
}

/// An app client of an authorization server (RFC 6749 §2), and how it is asked to sign a person in.
#[derive(Debug, Clone)]
pub struct AppClient {
    /// The server.
    pub server: Server,
    /// The app client's id there.
    pub client_id: String,
    /// Registered loopback redirects in the order they are tried; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// Space separated, `openid` among them.
    pub scopes: String,
    /// Straight to this provider.
    pub provider: Option<ProviderHint>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `prompt`.
    pub prompt: Option<String>,
    /// `lang`.
    pub lang: Option<String>,
}

impl AppClient {
    /// All redirects, where it isn't known which one was used.
    pub fn redirects(&self) -> String {
        let all: Vec<_> = self.redirect_uris.iter().map(RedirectUri::as_str).collect();
        all.join(" or ")
    }
}

/// An authorization server.
#[derive(Debug, Clone)]
pub enum Server {
    /// A Cognito user pool.
    UserPool {
        /// Its domain.
        domain: Domain,
        /// `REGION_ID`, where configured.
        id: Option<String>,
    },
    /// Another OpenID provider that is attached to the identity pool; discovery knows its endpoints.
    Oidc(Issuer),
}

impl Server {
    /// What tells it from every other server: its domain or its issuer, as a URL.
    pub fn as_str(&self) -> &str {
        match self {
            Self::UserPool { domain, .. } => domain.as_str(),
            Self::Oidc(issuer) => issuer.as_str(),
        }
    }

    /// The host name, for messages.
    pub fn host(&self) -> &str {
        match self {
            Self::UserPool { domain, .. } => domain.host(),
            Self::Oidc(issuer) => issuer.host(),
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UserPool { .. } => "Cognito",
            Self::Oidc(_) => "an OpenID provider",
        }
    }

    /// The key that says where it is.
    pub fn key(&self) -> &'static str {
        match self {
            Self::UserPool { .. } => keys::DOMAIN.name,
            Self::Oidc(_) => keys::ISSUER.name,
        }
    }

    /// The user pool's id, where it is one and the profile tells.
    pub fn user_pool_id(&self) -> Option<&str> {
        match self {
            Self::UserPool { id, .. } => id.as_deref(),
            Self::Oidc(_) => None,
        }
    }
}

/// Which provider a sign-in goes to, skipping the chooser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderHint {
    /// `identity_provider`: the provider's exact name in the user pool.
    Name(String),
    /// `idp_identifier`: an alternative name, e.g. an e-mail domain.
    Identifier(String),
}

/// A backend that authenticates people itself, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Backend {
    /// What the paths are relative to; ends in `/`.
    pub url: Url,
    /// Takes e-mail and password; of the same origin, like the two that follow.
    pub login: Url,
    /// Gives the identity and its OpenID token.
    pub aws: Url,
    /// Ends a login.
    pub logout: Url,
    /// The JSON fields of e-mail and password.
    pub request_fields: [String; 2],
    /// The JSON fields of the backend's token and the person's name.
    pub login_fields: [String; 2],
    /// The JSON fields of the IdentityId and the OpenID token.
    pub aws_fields: [String; 2],
    /// The word before the token in `Authorization`.
    pub scheme: String,
    /// The OpenID token's key in the identity pool's Logins map.
    pub logins_key: String,
    /// Offered when the person is asked for an e-mail address.
    pub login_hint: Option<String>,
}

impl Backend {
    /// The host name, for messages.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether people are known here by their e-mail address: the field's name says so, and the address that
    /// is offered does not say otherwise.
    pub fn knows_by_email(&self) -> bool {
        let of_field = self.request_fields[0].to_ascii_lowercase().contains("mail");
        of_field && self.login_hint.as_ref().is_none_or(|hint| hint.contains('@'))
    }
}

impl Auth {
    /// What tells whoever vouches for people from every other: a URL.
    pub fn authority(&self) -> &str {
        match self {
            Self::Browser(app) => app.server.as_str(),
            Self::Developer(backend) => backend.url.as_str(),
        }
    }

    /// The user pool's id, where it is one that signs people in and the profile tells.
    pub fn user_pool_id(&self) -> Option<&str> {
        match self {
            Self::Browser(app) => app.server.user_pool_id(),
            Self::Developer(_) => None,
        }
    }

    /// The app client's id; empty where there is none.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Browser(app) => &app.client_id,
            Self::Developer(_) => "",
        }
    }

    /// Whom we ask, for messages.
    pub fn host(&self) -> &str {
        match self {
            Self::Browser(app) => app.server.host(),
            Self::Developer(backend) => backend.host(),
        }
    }
}
