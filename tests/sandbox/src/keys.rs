//! RS256 signatures and the key set of the user pool.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

/// What a key signs. Cognito's two keys differ in `kid`; the identity pool has one of its own, for
/// which the access-token key serves here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Id,
    Access,
}

/// The signing keys of a user pool.
pub(crate) struct Keys {
    id: KeyPair,
    access: KeyPair,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    pub fn load() -> Self {
        let pair = |der: &[u8]| KeyPair::from_pkcs8(der).expect("the keys in the repository are sound");
        Self {
            id: pair(include_bytes!("../keys/id-token.pk8")),
            access: pair(include_bytes!("../keys/access-token.pk8")),
        }
    }

    fn pair(&self, usage: Use) -> &KeyPair {
        match usage {
            Use::Id => &self.id,
            Use::Access => &self.access,
        }
    }

    /// A signed JWT (RFC 7519) with Cognito's two header members.
    pub fn sign(&self, usage: Use, claims: &Value) -> String {
        let header = json!({ "kid": kid(usage), "alg": "RS256" });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let pair = self.pair(usage);
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("an RSA signature of the right length");
        format!("{signed}.{}", BASE64.encode(signature))
    }

    /// Whether one of our keys made the signature.
    pub fn verify(&self, jwt: &Jwt<'_>) -> bool {
        [Use::Id, Use::Access].into_iter().filter(|usage| jwt.kid == kid(*usage)).any(|usage| {
            let public: PublicKeyComponents<Vec<u8>> = self.pair(usage).public().into();
            public.verify(&RSA_PKCS1_2048_8192_SHA256, jwt.signed.as_bytes(), &jwt.signature).is_ok()
        })
    }

    /// `jwks.json` (RFC 7517).
    pub fn jwks(&self) -> Value {
        let keys = [Use::Id, Use::Access].map(|usage| {
            let public: PublicKeyComponents<Vec<u8>> = self.pair(usage).public().into();
            json!({
                "alg": "RS256", "e": BASE64.encode(public.e), "kid": kid(usage), "kty": "RSA",
                "n": BASE64.encode(public.n), "use": "sig",
            })
        });
        json!({ "keys": keys })
    }
}

fn kid(usage: Use) -> &'static str {
    match usage {
        Use::Id => "5Fs2G3q8z1YtNdxmb0kPpUu4oJcVwX7hLe9RiA6sTQ8=",
        Use::Access => "Qy7Zr0aXkJ2mW9vLb4TnE8cHfU1sGdP6oI3tRxKqM5A=",
    }
}

/// A JWT taken apart, signature unchecked.
pub(crate) struct Jwt<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    kid: String,
    /// The claims.
    pub claims: Value,
}

impl<'a> Jwt<'a> {
    pub fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        let claims: Value = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        claims.is_object().then_some(())?;
        Some(Self {
            signed,
            signature: BASE64.decode(signature).unwrap_or_default(),
            kid: header["kid"].as_str().unwrap_or_default().to_owned(),
            claims,
        })
    }

    pub fn text(&self, claim: &str) -> &str {
        self.claims[claim].as_str().unwrap_or_default()
    }

    pub fn seconds(&self, claim: &str) -> i64 {
        self.claims[claim].as_i64().unwrap_or_default()
    }
}
