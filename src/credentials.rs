//! AWS credentials, as they lie in the cache and as the caller gets them.

use crate::clock::Timestamp;
use crate::secret::{SecretAccessKey, SessionToken};
use crate::store::Bytes;
use serde::{Deserialize, Serialize};

/// Temporary credentials of one identity in one role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// `ASIA…`: not a secret by itself, but kept off every log all the same.
    pub access_key_id: String,
    /// The signing key.
    pub secret_access_key: SecretAccessKey,
    /// Sent with every request.
    pub session_token: SessionToken,
    /// When they were obtained, by the local clock.
    pub obtained: Timestamp,
    /// When AWS stops accepting them.
    pub expiration: Timestamp,
    /// The role, where one was asked for by ARN.
    #[serde(default)]
    pub role: Option<String>,
    /// How much before the profile's margin they are renewed ahead, in seconds: drawn once for these
    /// credentials ([`lead`](crate::session::lead)), so that all processes agree.
    #[serde(default)]
    pub lead: u32,
}

impl Credentials {
    /// The account, known where the role is: `arn:PARTITION:iam::ACCOUNT:role/…`.
    pub fn account_id(&self) -> Option<&str> {
        let account = self.role.as_deref()?.split(':').nth(4)?;
        (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
    }

    /// For the cache.
    pub fn to_bytes(&self) -> Option<Bytes> {
        serde_json::to_vec(self).ok().map(Bytes::new)
    }

    /// Reads [`Self::to_bytes`]; anything else is `None`.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The credential process document: one compact JSON object and a newline.
    ///
    /// `Version` is an integer, `SessionToken` always there (Kotlin requires it), `Expiration` has
    /// no fraction (Swift misreads one), nothing is null (.NET refuses it). `None` if the expiration
    /// has no such form.
    pub fn document(&self) -> Option<Bytes> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Document<'a> {
            version: u8,
            access_key_id: &'a str,
            secret_access_key: &'a str,
            session_token: &'a str,
            expiration: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            account_id: Option<&'a str>,
        }
        let document = Document {
            version: 1,
            access_key_id: &self.access_key_id,
            secret_access_key: self.secret_access_key.expose(),
            session_token: self.session_token.expose(),
            expiration: self.expiration.rfc3339()?,
            account_id: self.account_id(),
        };
        let mut bytes = Bytes::new(serde_json::to_vec(&document).ok()?);
        bytes.push(b'\n');
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(role: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: SecretAccessKey::new("a/b+c"),
            session_token: SessionToken::new("t=="),
            obtained: Timestamp::from_unix(1_795_178_144),
            expiration: Timestamp::from_unix(1_795_181_744),
            role: role.map(str::to_owned),
            lead: 0,
        }
    }

    #[test]
    fn the_document_is_what_every_sdk_parses() {
        let text = credentials(None).document().unwrap();
        assert_eq!(
            std::str::from_utf8(&text).unwrap(),
            "{\"Version\":1,\"AccessKeyId\":\"ASIAEXAMPLE\",\"SecretAccessKey\":\"a/b+c\",\"SessionToken\":\"t==\",\"Expiration\":\"2026-11-20T13:35:44Z\"}\n"
        );
    }

    #[test]
    fn the_account_is_told_only_where_it_is_known() {
        let role = "arn:aws:iam::123456789012:role/Dev";
        assert_eq!(credentials(Some(role)).account_id(), Some("123456789012"));
        assert_eq!(credentials(Some("Dev")).account_id(), None);
        assert_eq!(credentials(None).account_id(), None);
    }

    #[test]
    fn no_secret_is_in_debug() {
        let shown = format!("{:?}", credentials(None));
        assert!(!shown.contains("a/b+c") && !shown.contains("t=="));
    }
}
