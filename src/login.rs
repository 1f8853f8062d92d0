//! A login: one person's session at one app client, as it lies in a store.

use crate::clock::Timestamp;
use crate::error::foreign;
use crate::profile::{Profile, values::IdentityPoolId};
use crate::secret::{AccessToken, IdToken, RefreshToken};
use crate::store::{Bytes, EntryName};
use crate::user_pool::claims::{self, Claims};
use crate::user_pool::discovery::Metadata;
use crate::user_pool::token::Tokens;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The form of the stored value. A value of another form reads as absent: the person signs in again.
const FORM: u32 = 1;

/// How long an access token is used whose end nobody tells: `expires_in` is only recommended (RFC 6749
/// §5.1), and hardly a server's tokens live shorter.
const ASSUMED_LIFE: Duration = Duration::from_mins(10);

/// Everything kept of a sign-in. It owns the refresh token and is shared by all profiles with the
/// same domain or issuer, client, provider and `cognito_login`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    form: u32,
    /// The domain or issuer that the tokens are from; they are sent nowhere else.
    domain: String,
    client_id: String,
    /// Who, as a person knows it: e-mail, user name or sub.
    pub user: String,
    /// The person's id in the user pool.
    pub sub: String,
    /// The federated provider, where there was one.
    pub provider: Option<String>,
    /// When the person signed in.
    pub since: Timestamp,
    /// Tells one sign-in from the next, so that a slow renewal never overwrites a newer login.
    #[serde(default)]
    pub sign_in: String,
    /// When this value was last changed: the newer of two stored copies wins.
    pub changed: Timestamp,
    /// How often its refresh token may have been replaced since the sign-in: of two copies from one sign-in
    /// the one further on wins, whatever clock they were stamped by.
    #[serde(default)]
    renewals: u64,
    /// Ends the login when the server says `invalid_grant`, and not before.
    pub refresh_token: RefreshToken,
    /// The ID token last issued.
    pub id_token: IdToken,
    /// The access token last issued.
    pub access_token: AccessToken,
    /// When the access token ends, by the local clock, or is taken to end where nobody tells.
    #[serde(default)]
    pub access_token_ends: Option<Timestamp>,
    /// Where an OpenID provider is spoken to, as it said when it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Whether a refresh replaces the refresh token; unknown before the first one.
    #[serde(default)]
    rotates: Option<bool>,
    /// The IdentityId per identity pool: permanent for a person, so asked for once.
    #[serde(default)]
    identities: BTreeMap<String, String>,
    /// Names of the cache entries that hold credentials of this login, for logout.
    #[serde(default)]
    caches: BTreeSet<String>,
}

impl Login {
    /// The login of a sign-in that has just succeeded.
    pub fn new(
        profile: &Profile,
        tokens: Tokens,
        refresh: RefreshToken,
        claims: &Claims,
        now: Timestamp,
    ) -> Self {
        let mut login = Self::from_refresh_token(profile, refresh, now);
        login.describe(claims);
        login.renew(tokens, now);
        login
    }

    /// A login that is nothing but a refresh token from elsewhere (`COGNITO_CREDS_REFRESH_TOKEN`);
    /// the first refresh tells whose it is.
    pub fn from_refresh_token(profile: &Profile, token: RefreshToken, now: Timestamp) -> Self {
        Self {
            form: FORM,
            domain: profile.auth.authority().to_owned(),
            client_id: profile.auth.client_id().to_owned(),
            user: String::new(),
            sub: String::new(),
            provider: None,
            since: now,
            sign_in: String::new(),
            changed: now,
            renewals: 0,
            refresh_token: token,
            id_token: IdToken::new(""),
            access_token: AccessToken::new(""),
            access_token_ends: None,
            metadata: None,
            rotates: None,
            identities: BTreeMap::new(),
            caches: BTreeSet::new(),
        }
    }

    /// Takes over who the claims say this is.
    pub fn describe(&mut self, claims: &Claims) {
        self.user = foreign(claims.who());
        self.sub.clone_from(&claims.sub);
        self.provider = claims.provider();
    }

    /// Takes over what an identity pool's own token says, which knows an identity and no name.
    pub fn vouch(&mut self, claims: &Claims, host: &str) {
        self.sub.clone_from(&claims.sub);
        self.provider = Some(foreign(host));
        if self.user.is_empty() {
            self.user = foreign(claims.who());
        }
    }

    /// Takes over the tokens of a refresh. No new refresh token means that the old one stays
    /// (Cognito Developer Guide, "Refresh tokens"); a new one replaces it.
    pub fn renew(&mut self, tokens: Tokens, now: Timestamp) {
        self.id_token = tokens.id_token;
        let told = tokens.expires_in.map(|seconds| now.plus(Duration::from_secs(seconds)));
        let ends = told.or_else(|| claims::end_of(&tokens.access_token));
        self.access_token_ends = Some(ends.unwrap_or(now.plus(ASSUMED_LIFE)));
        self.access_token = tokens.access_token;
        self.rotates = Some(tokens.refresh_token.is_some());
        if let Some(new) = tokens.refresh_token {
            self.refresh_token = new;
            self.renewals = self.renewals.saturating_add(1);
        }
        self.changed = now.max(self.changed);
    }

    /// Whether a refresh may replace the refresh token, so that its answer must not be lost.
    pub fn may_rotate(&self) -> bool {
        self.rotates != Some(false)
    }

    /// Takes over a refresh token whose other tokens are of no use.
    pub fn rotate(&mut self, token: RefreshToken, now: Timestamp) {
        self.refresh_token = token;
        self.renewals = self.renewals.saturating_add(1);
        self.changed = now.max(self.changed);
    }

    /// What stays of a login that the server has ended: who it was and the person's identities, which
    /// are permanent and asked for at a low quota, but no token.
    pub fn end(&mut self, now: Timestamp) {
        self.refresh_token = RefreshToken::new("");
        self.id_token = IdToken::new("");
        self.access_token = AccessToken::new("");
        self.access_token_ends = None;
        self.changed = now.max(self.changed);
    }

    /// Whose refresh token is further on, this one's or another copy's, where both are from one sign-in.
    pub fn compare_renewals(&self, other: &Self) -> Option<Ordering> {
        let is_same = !self.sign_in.is_empty() && self.sign_in == other.sign_in;
        is_same.then(|| self.renewals.cmp(&other.renewals))
    }

    /// Whether it is nothing but a refresh token that no server has answered yet.
    pub fn is_unused(&self) -> bool {
        self.sub.is_empty() && self.id_token.expose().is_empty()
    }

    /// Whether the server has ended it.
    pub fn has_ended(&self) -> bool {
        self.refresh_token.expose().is_empty()
    }

    /// Keeps what outlives a sign-in from the login that this one replaces: the identities, if it
    /// is the same person, and the names of caches to clear, in any case.
    pub fn inherit(&mut self, old: Login) {
        if old.sub == self.sub {
            self.identities = old.identities;
        }
        self.caches = old.caches;
    }

    /// The remembered IdentityId.
    pub fn identity(&self, pool: &IdentityPoolId) -> Option<&str> {
        self.identities.get(pool.as_str()).map(String::as_str)
    }

    /// Remembers an IdentityId; `true` if that is news.
    pub fn remember_identity(&mut self, pool: &IdentityPoolId, identity: &str) -> bool {
        self.identities.insert(pool.as_str().to_owned(), identity.to_owned()).as_deref() != Some(identity)
    }

    /// Forgets an IdentityId that the pool refused.
    pub fn forget_identity(&mut self, pool: &IdentityPoolId) {
        self.identities.remove(pool.as_str());
    }

    /// Remembers that credentials of this login lie under `name`; `true` if that is news.
    pub fn remember_cache(&mut self, name: &EntryName) -> bool {
        self.caches.insert(name.as_str().to_owned())
    }

    /// The cache entries to clear at logout.
    pub fn caches(&self) -> impl Iterator<Item = EntryName> {
        self.caches.iter().filter_map(|name| EntryName::parse(name))
    }

    /// Whether these tokens were issued by the profile's domain to the profile's client. A stored
    /// value that was not is never sent.
    pub fn belongs_to(&self, profile: &Profile) -> bool {
        self.domain == profile.auth.authority() && self.client_id == profile.auth.client_id()
    }

    /// JSON text, because some keychains keep text only.
    pub fn to_bytes(&self) -> Option<Bytes> {
        serde_json::to_vec(self).ok().map(Bytes::new)
    }

    /// Reads [`Self::to_bytes`]; anything else is `None`.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|login: &Self| login.form == FORM)
    }
}
