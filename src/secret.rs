//! Newtypes for everything that must not be printed, logged or left in memory.
//!
//! Each wraps [`secrecy::SecretString`]: zeroized on drop, `Debug` shows the type alone. The only
//! way to the text is [`expose`](RefreshToken::expose), so that a search for that word finds every
//! place where a secret leaves its type.

mod repeated;

pub use repeated::hide;

use crate::error::{Error, Next};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use zeroize::Zeroizing;

/// Variables of ours that may hold a secret; no other program inherits them.
pub const VARIABLES: [&str; 2] = ["COGNITO_CREDS_CLIENT_SECRET", "COGNITO_CREDS_REFRESH_TOKEN"];

/// That many random bytes as base64url without padding: what nobody can guess.
///
/// # Errors
/// The operating system has no random numbers.
pub fn random_text<const BYTES: usize>() -> Result<String, Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|cause| {
        let what = "The operating system gave no random numbers.";
        Error::new(Next::TryAgain, what, "cognito-creds doctor").because(cause)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether two texts are equal, in a time that tells nothing about where they differ.
pub fn same(ours: &str, theirs: &str) -> bool {
    let differs = ours.bytes().zip(theirs.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    ours.len() == theirs.len() && std::hint::black_box(differs) == 0
}

macro_rules! secret {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the text over; the caller keeps no copy.
            pub fn new(text: impl Into<String>) -> Self {
                Self(SecretString::from(text.into()))
            }

            /// The text, for the one place that sends or stores it.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl Serialize for $name {
            /// Serializing is how a login reaches its store; nothing else serializes a secret.
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.expose())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                SecretString::deserialize(d).map(Self)
            }
        }
    };
}

secret! {
    /// The refresh token of a login: opaque, about 1,850 bytes (RFC 6749 §1.5).
    RefreshToken
}
secret! {
    /// The ID token of a login, a JWT of up to 20,000 bytes (OpenID Connect Core §2).
    IdToken
}
secret! {
    /// The access token of a login (RFC 6749 §1.4).
    AccessToken
}
secret! {
    /// An authorization code: one use, five minutes (RFC 6749 §1.3.1).
    AuthorizationCode
}
secret! {
    /// The PKCE code verifier that belongs to one authorization request (RFC 7636 §4.1).
    CodeVerifier
}
secret! {
    /// The secret of a confidential app client (RFC 6749 §2.3.1).
    ClientSecret
}
secret! {
    /// A token of GetOpenIdToken: speaks for an identity at STS for ten minutes.
    OpenIdToken
}
secret! {
    /// What signs a browser in to the AWS console, for 15 minutes.
    SigninToken
}
secret! {
    /// What entitles to the credentials that `serve` hands out.
    ContainerToken
}
secret! {
    /// The secret access key of AWS credentials.
    SecretAccessKey
}
secret! {
    /// The session token of temporary AWS credentials.
    SessionToken
}

/// A person's password, on its way from the terminal into one request. It can't be cloned, stored or
/// serialized, and is zeroized when that request has been made.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one request that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_type_and_nothing_of_the_text() {
        assert_eq!(format!("{:?}", RefreshToken::new("canary")), "RefreshToken([redacted])");
        assert_eq!(format!("{:?}", Password::new("canary".to_owned())), "Password([redacted])");
    }
}
