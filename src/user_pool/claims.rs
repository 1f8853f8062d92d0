//! The claims of an ID token, decoded and checked, but not verified by signature.
//!
//! The token comes straight from the token endpoint over TLS, which OpenID Connect Core §3.1.3.7
//! (rule 6) accepts in place of the signature; the identity pool verifies the signature again. Tokens
//! from anywhere else must never be decoded here.

use super::issuer;
use crate::clock::Timestamp;
use crate::error::foreign;
use crate::profile::auth::Server;
use crate::secret::{AccessToken, IdToken};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// The largest ID token that is looked at: the limit of STS for a web identity token.
const TOKEN_MAX: usize = 20_000;

/// Header, claims and signature of a JWT, still encoded. The error holds nothing of the token.
fn parts(text: &str) -> Result<[&str; 3], String> {
    if text.len() > TOKEN_MAX {
        return Err(format!("it is {} bytes long, more than {TOKEN_MAX}", text.len()));
    }
    let mut parts = text.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(claims), Some(signature), None) => Ok([header, claims, signature]),
        _ => Err("it is not a JWT".to_owned()),
    }
}

/// What a part says. The error holds nothing of the token.
fn decoded(part: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let json = URL_SAFE_NO_PAD.decode(part.trim_end_matches('='));
    Ok(Zeroizing::new(json.map_err(|_| "it is not base64url")?))
}

/// That a token claims to be signed at all (RFC 8725 §3.1 and §3.2: never `none`). What nobody signed would be
/// refused by the identity pool later, with words that name no reason.
fn is_signed(header: &str, signature: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let header = serde_json::from_slice::<Header>(&decoded(header)?);
    let Header { alg } = header.map_err(|_| "its header names no algorithm")?;
    if alg.eq_ignore_ascii_case("none") || signature.is_empty() {
        return Err("it is not signed".to_owned());
    }
    Ok(())
}

/// When an access token ends by its own word, where it is a JWT (RFC 9068 §2.2); to others it is opaque
/// (RFC 6749 §1.4).
pub fn end_of(token: &AccessToken) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct End {
        exp: Timestamp,
    }
    let [_, claims, _] = parts(token.expose()).ok()?;
    serde_json::from_slice(&decoded(claims).ok()?).ok().map(|End { exp }| exp)
}

/// The claims that matter here, of a Cognito ID token (Cognito Developer Guide, "Understanding the
/// identity (ID) token") or another OpenID provider's (OpenID Connect Core §2 and §5.1).
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// Who issued it; the Logins key is this without its scheme.
    pub iss: String,
    /// The app clients it is for: one text or an array of them.
    #[serde(deserialize_with = "one_or_several")]
    pub aud: Vec<String>,
    /// The app client it was issued to, where there is more than one.
    pub azp: Option<String>,
    /// The person, unique at the issuer.
    pub sub: String,
    /// When it ends.
    pub exp: Timestamp,
    /// `id` in an ID token of a user pool; others have no such claim.
    pub token_use: Option<String>,
    /// The nonce of the authorization request, on the code grant only.
    pub nonce: Option<String>,
    /// The person's e-mail, where the scope gives it.
    pub email: Option<String>,
    /// The user name in the pool.
    #[serde(rename = "cognito:username")]
    pub username: Option<String>,
    /// What a person signs in with at many providers, e.g. Entra ID and Keycloak.
    pub preferred_username: Option<String>,
    /// The person's full name.
    pub name: Option<String>,
    /// Role ARNs of the person's groups, the order of the token. Absent without such groups.
    #[serde(rename = "cognito:roles", default, deserialize_with = "array_or_commas")]
    pub roles: Option<Vec<String>>,
    /// The role of the group with the lowest precedence.
    #[serde(rename = "cognito:preferred_role")]
    pub preferred_role: Option<String>,
    #[serde(default)]
    identities: Option<serde_json::Value>,
}

impl Claims {
    /// Decodes the claims of a JWT (RFC 7519 §7.2) that is signed by somebody. The error holds nothing of the
    /// token.
    pub fn decode(token: &IdToken) -> Result<Self, String> {
        let [header, claims, signature] = parts(token.expose())?;
        is_signed(header, signature)?;
        serde_json::from_slice(&decoded(claims)?).map_err(|e| match e.classify() {
            serde_json::error::Category::Data => "a claim is missing or of the wrong type".to_owned(),
            _ => "its claims are not JSON".to_owned(),
        })
    }

    /// Checks that this token was issued by `server` for us, and, given a nonce, for this very sign-in.
    ///
    /// OpenID Connect Core §3.1.3.7: issuer (of a user pool where its id is configured), audience,
    /// authorized party, nonce; and Cognito's `token_use`. `exp` is left to the server that judges it: a
    /// wrong local clock must not end a sign-in that everybody else accepts.
    pub fn check(&self, server: &Server, client_id: &str, nonce: Option<&str>) -> Result<(), String> {
        match server {
            Server::UserPool { id, .. } => self.check_user_pool(id.as_deref())?,
            Server::Oidc(issuer) if self.iss != issuer.as_str() => {
                return Err(format!("its issuer is '{}', not '{}'", foreign(&self.iss), issuer.as_str()));
            }
            Server::Oidc(_) => {}
        }
        if !self.aud.iter().any(|aud| aud == client_id) {
            return Err(format!("it was issued for app client '{}', not '{client_id}'", self.audience()));
        }
        match &self.azp {
            Some(azp) if self.aud.len() > 1 && azp != client_id => {
                return Err(format!("it was issued to app client '{}', not '{client_id}'", foreign(azp)));
            }
            _ => {}
        }
        match nonce {
            Some(expected) if self.nonce.as_deref() != Some(expected) => {
                Err("its nonce is not that of this sign-in".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_user_pool(&self, id: Option<&str>) -> Result<(), String> {
        let token_use = self.token_use.as_deref().unwrap_or_default();
        if token_use != "id" {
            return Err(format!("its token_use is '{}', not 'id'", foreign(token_use)));
        }
        if !self.iss.starts_with("https://") {
            return Err(format!("its issuer '{}' is not an https URL", foreign(&self.iss)));
        }
        match id {
            Some(pool) if issuer::user_pool_of(&self.iss) != Some(pool) => {
                Err(format!("its issuer is {}, not user pool {pool}", foreign(&self.iss)))
            }
            _ => Ok(()),
        }
    }

    /// Checks an identity pool's own token (GetOpenIdTokenForDeveloperIdentity): its audience is the
    /// pool, its subject the identity. Its issuer differs between partitions and is left to the pool.
    pub fn check_of_identity_pool(&self, pool: &str) -> Result<(), String> {
        if self.aud != [pool] {
            return Err(format!("it was issued for identity pool '{}', not '{pool}'", self.audience()));
        }
        if self.sub.is_empty() {
            return Err("it names no identity".to_owned());
        }
        Ok(())
    }

    /// The app clients it is for, for messages.
    pub fn audience(&self) -> String {
        foreign(&self.aud.join(", "))
    }

    /// The key of the identity pool's Logins map: the issuer without its scheme, which is `http` at
    /// issuers on this machine alone.
    pub fn logins_key(&self) -> Option<&str> {
        self.iss.split_once("://").map(|(_, key)| key).filter(|key| !key.is_empty())
    }

    /// Who signed in, as a person knows it: the e-mail, else the user name, else the full name, else
    /// the sub.
    pub fn who(&self) -> &str {
        [&self.email, &self.username, &self.preferred_username, &self.name]
            .into_iter()
            .find_map(|claim| claim.as_deref().filter(|text| !text.is_empty()))
            .unwrap_or(&self.sub)
    }

    /// The federated provider's name, where the person came through one.
    pub fn provider(&self) -> Option<String> {
        // An array in current tokens, a JSON text in some older ones.
        let text;
        let identities = match self.identities.as_ref()? {
            serde_json::Value::String(json) => {
                text = serde_json::from_str(json).ok()?;
                &text
            }
            value => value,
        };
        let name = identities.get(0)?.get("providerName")?.as_str()?;
        Some(foreign(name))
    }
}

/// `aud` is one text or an array of them (RFC 7519 §4.1.3).
fn one_or_several<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Either::deserialize(d)? {
        Either::One(aud) => vec![aud],
        Either::Several(all) => all,
    })
}

/// `cognito:roles` is described as an array in one place and as comma-separated text in another.
fn array_or_commas<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Array(Vec<String>),
        Text(String),
    }
    let roles = Option::<Either>::deserialize(d)?.map(|either| match either {
        Either::Array(roles) => roles,
        Either::Text(text) => {
            text.split(',').map(str::trim).filter(|r| !r.is_empty()).map(str::to_owned).collect()
        }
    });
    Ok(roles.filter(|roles: &Vec<String>| !roles.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::values::{Domain, Issuer};

    fn pool(id: Option<&str>) -> Server {
        let domain = Domain::parse("https://auth.example.com", None, false).unwrap();
        Server::UserPool { domain, id: id.map(str::to_owned) }
    }

    fn token(claims: &serde_json::Value) -> IdToken {
        with_header(r#"{"alg":"RS256"}"#, claims, "c2ln")
    }

    fn with_header(header: &str, claims: &serde_json::Value, signature: &str) -> IdToken {
        let [header, claims] = [header, &claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
        IdToken::new(format!("{header}.{claims}.{signature}"))
    }

    fn claims() -> serde_json::Value {
        serde_json::json!({
            "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf", "aud": "client", "sub": "s",
            "exp": 1, "token_use": "id", "nonce": "n", "email": "a@example.com",
        })
    }

    #[test]
    fn a_token_for_someone_else_is_refused() {
        for (field, value) in [
            ("aud", "other"),
            ("token_use", "access"),
            ("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"),
            ("iss", "https://evil.example/eu-west-1_AbCdEf"),
            ("nonce", "m"),
        ] {
            let mut wrong = claims();
            wrong[field] = value.into();
            let claims = Claims::decode(&token(&wrong)).unwrap();
            assert!(claims.check(&pool(Some("eu-west-1_AbCdEf")), "client", Some("n")).is_err(), "{field}");
        }
        let right = Claims::decode(&token(&claims())).unwrap();
        right.check(&pool(Some("eu-west-1_AbCdEf")), "client", Some("n")).unwrap();
    }

    #[test]
    fn a_sign_in_without_its_nonce_is_refused_but_a_refresh_needs_none() {
        let mut without = claims();
        without.as_object_mut().unwrap().remove("nonce");
        let claims = Claims::decode(&token(&without)).unwrap();
        assert!(claims.check(&pool(None), "client", Some("n")).is_err());
        claims.check(&pool(None), "client", None).unwrap();
    }

    #[test]
    fn an_openid_provider_says_who_it_is_and_whom_it_means() {
        let issuer = "https://login.microsoftonline.com/tenant/v2.0";
        let server = Server::Oidc(Issuer::parse(issuer).unwrap());
        let good = |extra: serde_json::Value| {
            let mut claims = serde_json::json!({"iss": issuer, "aud": "client", "sub": "s", "exp": 1});
            claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            Claims::decode(&token(&claims)).unwrap().check(&server, "client", None).is_ok()
        };
        for (extra, accepted) in [
            (serde_json::json!({}), true),
            (serde_json::json!({"iss": format!("{issuer}/")}), false),
            (serde_json::json!({"iss": "https://login.microsoftonline.com/other/v2.0"}), false),
            (serde_json::json!({"aud": ["client"]}), true),
            (serde_json::json!({"aud": ["api", "client"]}), true),
            (serde_json::json!({"aud": ["api", "client"], "azp": "client"}), true),
            (serde_json::json!({"aud": ["api", "client"], "azp": "other"}), false),
            (serde_json::json!({"aud": ["api"], "azp": "client"}), false),
            (serde_json::json!({"aud": []}), false),
        ] {
            assert_eq!(good(extra.clone()), accepted, "{extra}");
        }
    }

    #[test]
    fn a_person_is_named_as_well_as_the_token_can() {
        let mut claims = serde_json::json!({"iss": "https://a", "aud": "c", "sub": "0815", "exp": 1});
        for (claim, who) in
            [("x", "0815"), ("name", "Ada L"), ("preferred_username", "ada"), ("email", "a@b.c")]
        {
            claims[claim] = who.into();
            assert_eq!(Claims::decode(&token(&claims)).unwrap().who(), who);
        }
    }

    #[test]
    fn roles_come_as_array_or_as_text() {
        for roles in [serde_json::json!(["a", "b"]), serde_json::json!("a, b")] {
            let mut with = claims();
            with["cognito:roles"] = roles;
            assert_eq!(Claims::decode(&token(&with)).unwrap().roles.unwrap(), ["a", "b"]);
        }
        assert_eq!(Claims::decode(&token(&claims())).unwrap().roles, None);
    }

    #[test]
    fn a_token_that_nobody_signed_is_refused() {
        let signed = "c2ln";
        for (header, signature) in [
            (r#"{"alg":"none"}"#, ""),
            (r#"{"alg":"none"}"#, signed),
            (r#"{"alg":"NoNe"}"#, signed),
            (r#"{"alg":"RS256"}"#, ""),
            (r#"{"alg":null}"#, signed),
            (r#"{"typ":"JWT"}"#, signed),
            ("no JSON", signed),
        ] {
            assert!(Claims::decode(&with_header(header, &claims(), signature)).is_err(), "{header}");
        }
        Claims::decode(&with_header(r#"{"alg":"ES256","typ":"JWT"}"#, &claims(), signed)).unwrap();
    }

    #[test]
    fn what_is_no_token_is_refused_without_repeating_it() {
        for text in [
            "canary",
            "canary.canary",
            "canary.!!.canary",
            "a.Y2FuYXJ5.c",
            "e30.Y2FuYXJ5.c",
            "eyJhbGciOiJ4In0.Y2FuYXJ5.c",
            "a.b.c.d",
        ] {
            assert!(!Claims::decode(&IdToken::new(text)).unwrap_err().contains("canary"), "{text}");
        }
        assert!(Claims::decode(&IdToken::new("x".repeat(TOKEN_MAX + 1))).is_err());
    }
}
