//! Credentials as environment variables: which ones AWS SDKs and CLIs read, and which would win over
//! them (AWS SDKs and Tools Reference Guide, "Environment variables support").

mod written;

pub use written::{Format, Unwritable, written};

use crate::credentials::Credentials;
use crate::profile::{Environment, Profile};
use zeroize::Zeroizing;

/// What stands in the way of credentials in the environment. Some SDKs ask `AWS_PROFILE` first, some
/// roles of web identities, and botocore takes a token in `AWS_SECURITY_TOKEN` before any other.
const IN_THE_WAY: [&str; 14] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_CREDENTIAL_SCOPE",
    "AWS_ACCOUNT_ID",
];

/// The region's two names: the one that SDKs agree on, and botocore's.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Variables to set and to remove. The values are secrets: no `Debug`, zeroized on drop.
pub struct Variables {
    set: Vec<(&'static str, Zeroizing<String>)>,
}

impl Variables {
    /// The variables of these credentials; `None` if they have no usable end.
    ///
    /// The region is that of `env`, by either of its two names, else the profile's; the name that is
    /// missing is set.
    pub fn new(credentials: &Credentials, profile: &Profile, env: &dyn Environment) -> Option<Self> {
        let mut set = vec![
            ("AWS_ACCESS_KEY_ID", Zeroizing::new(credentials.access_key_id.clone())),
            ("AWS_SECRET_ACCESS_KEY", Zeroizing::new(credentials.secret_access_key.expose().to_owned())),
            ("AWS_SESSION_TOKEN", Zeroizing::new(credentials.session_token.expose().to_owned())),
            ("AWS_CREDENTIAL_EXPIRATION", Zeroizing::new(credentials.expiration.rfc3339()?)),
        ];
        if let Some(account) = credentials.account_id() {
            set.push(("AWS_ACCOUNT_ID", Zeroizing::new(account.to_owned())));
        }
        let region = REGIONS.iter().find_map(|name| env.var(name)).or_else(|| profile.region.clone());
        if let Some(region) = region {
            let missing = REGIONS.iter().filter(|name| env.var(name).is_none());
            set.extend(missing.map(|name| (*name, Zeroizing::new(region.clone()))));
        }
        Some(Self { set })
    }

    /// Names and values to set.
    pub fn set(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Names that must not be set beside them.
    pub fn removed(&self) -> impl Iterator<Item = &'static str> {
        IN_THE_WAY.into_iter().filter(|name| !self.set.iter().any(|(set, _)| set == name))
    }
}
