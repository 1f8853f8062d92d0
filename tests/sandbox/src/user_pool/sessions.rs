//! Sessions at app clients: what a code grant begins, refresh tokens continue and revocation ends.

use crate::random;

/// All sessions of the user pool.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    families: Vec<Family>,
}

/// One session: the tokens that stem from one code. Its life is fixed at the start; rotation
/// replaces tokens but never extends it.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub client_id: String,
    pub user: String,
    pub scopes: Vec<String>,
    /// `origin_jti` of every token of the session.
    pub origin: String,
    pub auth_time: i64,
    pub ends: i64,
    dead: bool,
    /// Died of a global sign-out, which also ends ID tokens where they are checked with the user pool.
    signed_out: bool,
    tokens: Vec<RefreshToken>,
}

#[derive(Clone, Debug)]
struct RefreshToken {
    value: String,
    /// When its successor was given out.
    retired: Option<i64>,
}

/// Why a refresh token is not good. Cognito tells clients `invalid_grant` in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Unknown,
    OtherClient,
    Ended,
    /// Used after its grace period; the family died of it. AWS does not document whether it does;
    /// clients must survive that it does.
    Reused,
}

impl Sessions {
    pub fn begin(&mut self, family: Family) -> (String, Family) {
        let mut family = family;
        let value = family.add_token();
        self.families.push(family.clone());
        (value, family)
    }

    /// The person a refresh token belongs to.
    pub fn owner(&self, token: &str) -> Option<String> {
        let family =
            self.families.iter().find(|family| family.tokens.iter().any(|known| known.value == token))?;
        Some(family.user.clone())
    }

    /// Carries a session on: the family and, with rotation on, the next refresh token.
    pub fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        rotation: Option<i64>,
        now: i64,
    ) -> Result<(Family, Option<String>), Refused> {
        let family = self
            .families
            .iter_mut()
            .find(|family| family.tokens.iter().any(|known| known.value == token))
            .ok_or(Refused::Unknown)?;
        if family.client_id != client_id {
            return Err(Refused::OtherClient);
        }
        if family.dead || now >= family.ends {
            return Err(Refused::Ended);
        }
        let Some(grace) = rotation else { return Ok((family.clone(), None)) };
        let known = family.tokens.iter_mut().find(|known| known.value == token).ok_or(Refused::Unknown)?;
        if known.retired.is_some_and(|retired| now - retired >= grace) {
            family.dead = true;
            return Err(Refused::Reused);
        }
        known.retired = known.retired.or(Some(now));
        let next = family.add_token();
        Ok((family.clone(), Some(next)))
    }

    /// Whether [`Self::refresh`] would be granted.
    pub fn honours(&self, token: &str, rotation: Option<i64>, now: i64) -> bool {
        self.families.iter().filter(|family| !family.dead && now < family.ends).any(|family| {
            let known = family.tokens.iter().find(|known| known.value == token);
            let good = |since: i64| rotation.is_none_or(|grace| now - since < grace);
            known.is_some_and(|known| known.retired.is_none_or(good))
        })
    }

    /// Ends the session of a refresh token. `None`: no such token.
    pub fn revoke(&mut self, token: &str, client_id: &str) -> Option<Result<(), Refused>> {
        let family =
            self.families.iter_mut().find(|family| family.tokens.iter().any(|known| known.value == token))?;
        if family.client_id != client_id {
            return Some(Err(Refused::OtherClient));
        }
        family.dead = true;
        Some(Ok(()))
    }

    /// Ends every session of a person, as so many calls of `RevokeToken` would.
    pub fn revoke_all(&mut self, user: &str) {
        self.families.iter_mut().filter(|family| family.user == user).for_each(|family| family.dead = true);
    }

    /// `AdminUserGlobalSignOut`.
    pub fn sign_out(&mut self, user: &str) {
        for family in self.families.iter_mut().filter(|family| family.user == user) {
            family.dead = true;
            family.signed_out = true;
        }
    }

    /// Whether the session that a token stems from ended by a global sign-out.
    pub fn is_signed_out(&self, origin: &str) -> bool {
        self.families.iter().any(|family| family.origin == origin && family.signed_out)
    }

    /// Whether the session that a token stems from still lives.
    pub fn lives(&self, origin: &str) -> bool {
        self.families.iter().any(|family| family.origin == origin && !family.dead)
    }

    /// Lets every session run out.
    pub fn expire_all(&mut self) {
        self.families.iter_mut().for_each(|family| family.ends = i64::MIN);
    }
}

impl Family {
    pub fn new(client_id: &str, user: &str, scopes: Vec<String>, auth_time: i64, ends: i64) -> Self {
        Self {
            client_id: client_id.to_owned(),
            user: user.to_owned(),
            scopes,
            origin: random::uuid(),
            auth_time,
            ends,
            dead: false,
            signed_out: false,
            tokens: Vec::new(),
        }
    }

    fn add_token(&mut self) -> String {
        let value = refresh_token();
        self.tokens.push(RefreshToken { value: value.clone(), retired: None });
        value
    }
}

/// An opaque string that looks like Cognito's: a JWE of five parts, 1,852 characters.
fn refresh_token() -> String {
    // {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}
    const HEADER: &str = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ";
    [
        HEADER.to_owned(),
        random::base64url(342),
        random::base64url(16),
        random::base64url(1405),
        random::base64url(22),
    ]
    .join(".")
}
