//! The use-case: from what is known to credentials, by the shortest way.
//!
//! [`decide`] says which step comes next; [`Session`] carries the steps out. Each is tried only when
//! the one before it has nothing, each costs one network call at most, and what it learns is kept
//! for the next call.

mod decision;
mod server;
mod token;
mod writers;

pub use decision::{Known, Life, Step, decide, lead, renewal};
pub use token::TokenKind;

use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::{Client, Network, Proxies};
use crate::identity_pool::api;
use crate::identity_pool::pool::IdentityPool;
use crate::identity_pool::remedies::{Act, Tried};
use crate::identity_pool::role;
use crate::identity_pool::skew::{already_ended, with_clock_hint};
use crate::login::Login;
use crate::profile::auth::Auth;
use crate::profile::{Profile, no_identity_pool};
use crate::retry;
use crate::secret::{ClientSecret, IdToken};
use crate::user_pool::claims::Claims;
use crate::user_pool::discovery::Metadata;
use crate::user_pool::token::{TokenError, Tokens};
use crate::vault::Vault;
use decision::is_alive;
use std::cell::{OnceCell, RefCell};
use std::time::{Duration, Instant};
use writers::Stored;

/// A whole renewal with its repetitions.
pub const RENEWAL_LIMIT: Duration = Duration::from_secs(15);

/// What came of a silent attempt.
#[derive(Debug)]
pub enum Silent<T = Credentials> {
    /// What was wanted, new or still good enough.
    Fresh(T),
    /// Renewing failed; this still lives.
    Kept(T, Error),
    /// There is no usable refresh token: a person has to sign in.
    SignIn,
}

/// One invocation's work for one profile.
pub struct Session<'a> {
    /// The settings.
    pub profile: &'a Profile,
    /// Where things are kept.
    pub vault: &'a Vault<'a>,
    /// From the environment, for CI.
    pub client_secret: Option<ClientSecret>,
    proxies: fn() -> Proxies,
    client: OnceCell<Client>,
    /// What an OpenID provider has said about itself.
    metadata: RefCell<Option<Metadata>>,
}

impl<'a> Session<'a> {
    /// Nothing is read or connected yet.
    pub fn new(
        profile: &'a Profile,
        vault: &'a Vault<'a>,
        client_secret: Option<ClientSecret>,
        proxies: fn() -> Proxies,
    ) -> Self {
        Self { profile, vault, client_secret, proxies, client: OnceCell::new(), metadata: RefCell::new(None) }
    }

    /// Cached credentials that need no renewal now, and whether to renew them ahead. The whole warm path.
    pub fn warm(&self) -> Option<(Credentials, Step)> {
        let cached = self.vault.cached()?;
        let step = self.step(&cached);
        step.prints().then_some((cached, step))
    }

    /// Cached credentials that would do now, or that another process has obtained since `began`: what
    /// was just minted is as good as it gets, however short it lives.
    pub fn ready(&self, began: Timestamp) -> Option<Credentials> {
        let cached = self.vault.cached()?;
        let new = cached.obtained >= began && is_alive(&cached, Timestamp::now());
        (new || self.step(&cached).prints()).then_some(cached)
    }

    /// Cached credentials that are better than an error.
    pub fn alive(&self) -> Option<Credentials> {
        self.vault.cached().filter(|cached| is_alive(cached, Timestamp::now()))
    }

    /// What these cached credentials, and nothing else, lead to.
    fn step(&self, cached: &Credentials) -> Step {
        let known = Known { credentials: Some(cached.into()), id_token: None };
        decide(Timestamp::now(), self.profile.refresh_margin, &known)
    }

    /// Credentials without a person. To be called under the login's lock.
    ///
    /// `ahead` renews although what is cached would do.
    pub fn silent(&self, ahead: bool) -> Result<Silent, Error> {
        let cached = self.vault.cached_anywhere();
        if !ahead && let Some(cached) = cached.as_ref().filter(|cached| self.step(cached).prints()) {
            return Ok(Silent::Fresh(cached.clone()));
        }
        match (self.renew(), cached.filter(|c| is_alive(c, Timestamp::now()))) {
            (Ok(Some(new)), _) => Ok(Silent::Fresh(new)),
            (Ok(None), None) => Ok(Silent::SignIn),
            (Ok(None), Some(cached)) => Ok(Silent::Kept(cached, self.needs_sign_in())),
            (Err(error), Some(cached)) => Ok(Silent::Kept(cached, error)),
            (Err(error), None) => Err(error),
        }
    }

    /// New credentials from the stored login; `None` if a person has to sign in.
    fn renew(&self) -> Result<Option<Credentials>, Error> {
        let Some(mut login) = self.vault.load()? else {
            log::info!("nobody is signed in for profile {}", self.profile.name);
            return Ok(None);
        };
        let id_token = self.stored_claims(&login).map(|c| c.exp);
        // An unreadable ID token is an old one: the refresh token may still be good.
        let known = Known { credentials: None, id_token: id_token.or(Some(Timestamp::from_unix(0))) };
        let until = Instant::now() + RENEWAL_LIMIT;
        if decide(Timestamp::now(), self.profile.refresh_margin, &known) == Step::Refresh {
            self.open_identity_pool();
            match self.refresh(login, until)? {
                Some(renewed) => login = renewed,
                None => return Ok(None),
            }
        }
        self.exchange(login, until)
    }

    /// New tokens for a login; `None` if it has ended. The renewed login is stored before anything
    /// else is done with it, because with rotation the old refresh token dies with this answer. That
    /// goes for an answer that is refused, too: all of it but the refresh token is forgotten. And a
    /// store that takes nothing (locked, full, read-only) is found out before the old token is spent.
    ///
    /// If somebody else has renewed it meanwhile, their login is the answer (`session/writers.rs`).
    pub fn refresh(&self, mut login: Login, until: Instant) -> Result<Option<Login>, Error> {
        let mut once_more = true;
        loop {
            if login.may_rotate() {
                match self.stored(&login)? {
                    Stored::Renewed(other) => return Ok(Some(other)),
                    Stored::Ended => return Ok(None),
                    Stored::Replaced => return Err(self.replaced()),
                    // What it has learnt since it was read is in the stored one.
                    Stored::Unchanged(stored) => self.vault.save(&stored)?,
                    Stored::Nothing => self.vault.save(&login)?,
                }
            }
            match self.refreshed_tokens(&login, until) {
                Ok(tokens) => {
                    let claims = match self.check_owner(&tokens, &login) {
                        Ok(claims) => claims,
                        Err(error) => return Err(self.rotated(&login, tokens.refresh_token, error)),
                    };
                    let mut renewed = login.clone();
                    self.describe(&mut renewed, &claims);
                    renewed.renew(tokens, Timestamp::now());
                    renewed.metadata = self.metadata();
                    self.save_renewed(&mut renewed, &login)?;
                    return Ok(Some(renewed));
                }
                Err(TokenError::Ended) => {
                    // Another process, or another machine with the same keychain, may have rotated it.
                    match self.vault.load()? {
                        Some(stored)
                            if once_more && stored.refresh_token.expose() != login.refresh_token.expose() =>
                        {
                            once_more = false;
                            login = stored;
                        }
                        _ => {
                            log::info!("the login has ended: invalid_grant");
                            self.end(login)?;
                            return Ok(None);
                        }
                    }
                }
                Err(TokenError::NoIdToken { error, refresh_token }) => {
                    return Err(self.rotated(&login, refresh_token, error));
                }
                Err(TokenError::Refused(error) | TokenError::Unavailable { error, .. }) => return Err(error),
            }
        }
    }

    /// The claims of new tokens, if they are ours and of the person whose login this is.
    ///
    /// A backend that vouches for another identity than before (identities merged or deleted, its list of
    /// people made anew) may be right, which a person confirms by signing in.
    pub fn check_owner(&self, tokens: &Tokens, login: &Login) -> Result<Claims, Error> {
        let claims = self.check(tokens, None)?;
        match (&self.profile.auth, self.owner(login)) {
            (_, Some(owner)) if owner == claims.sub => Ok(claims),
            (_, None) => Ok(claims),
            (Auth::Browser(_), _) => Err(self.not_ours("it belongs to another person")),
            (Auth::Developer(backend), _) => {
                let what = format!(
                    "{} vouches for another identity than when {} signed in; sign in again.",
                    backend.host(),
                    login.user
                );
                Err(Error::new(Next::SignIn, what, self.profile.command("login")))
            }
        }
    }

    /// The tokens' claims, if they are ours.
    pub fn check(&self, tokens: &Tokens, nonce: Option<&str>) -> Result<Claims, Error> {
        self.claims_of(&tokens.id_token, nonce)
    }

    /// The claims of an ID token, if it is ours. A stored one is checked again: the profile may have
    /// been edited since.
    pub fn claims_of(&self, token: &IdToken, nonce: Option<&str>) -> Result<Claims, Error> {
        let claims = Claims::decode(token).map_err(|why| self.not_ours(&why))?;
        let checked = match &self.profile.auth {
            Auth::Browser(app) => claims.check(&app.server, &app.client_id, nonce),
            Auth::Developer(_) => self.check_pool(&claims),
        };
        checked.map_err(|why| self.not_ours(&why)).map(|()| claims)
    }

    fn not_ours(&self, why: &str) -> Error {
        let host = self.profile.auth.host();
        let what = format!("The ID token from {host} is not accepted: {why}.");
        Error::new(Next::Configure, what, self.profile.command("doctor"))
    }

    /// The ID token for AWS credentials, with each remedy tried once; `None` if the login has ended.
    pub fn exchange(&self, mut login: Login, until: Instant) -> Result<Option<Credentials>, Error> {
        let id = self.profile.identity_pool.as_ref().ok_or_else(|| no_identity_pool(self.profile))?;
        log::info!("asking identity pool {} for credentials", id.as_str());
        let pool = IdentityPool::new(self.profile, self.client()?, until)?;
        let mut tried = Tried::default();
        loop {
            let claims = self.claims_of(&login.id_token, None)?;
            let role = role::choose(self.profile, &claims)?;
            let error = match pool.credentials(
                self.identity(&login, &claims),
                &login.id_token,
                &claims,
                role.as_deref(),
            ) {
                Ok((identity, credentials)) => {
                    if let Some(error) = already_ended(&credentials) {
                        return Err(error);
                    }
                    return self.keep(login, &identity, credentials).map(Some);
                }
                Err(error) => error,
            };
            match tried.next(self.remedy(&error)) {
                Act::Refresh => match self.refresh(login, until)? {
                    Some(renewed) => login = renewed,
                    None => return Ok(None),
                },
                Act::ResetIdentity => {
                    login.forget_identity(id);
                    pool.forget_identity();
                }
                Act::Again => {}
                Act::Repeat(repeat) => {
                    let Some(pause) =
                        retry::pause(repeat, error.refusal.error.wait(), left(until), retry::random())
                    else {
                        self.learn(&login, pool.found());
                        return Err(error.refusal.error);
                    };
                    std::thread::sleep(pause);
                }
                Act::GiveUp => return Err(with_clock_hint(error)),
            }
        }
    }

    /// The outbound client, built when first needed.
    pub fn client(&self) -> Result<&Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let network = Network { ca_bundle: self.profile.ca_bundle.clone(), proxies: (self.proxies)() };
        let client = Client::new(&network)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Opens the connection that [`Self::exchange`] will need, to be called before the token endpoint
    /// is: the one is then open when the other has answered.
    pub fn open_identity_pool(&self) {
        if let (Some(endpoint), Ok(client)) = (api::endpoint(self.profile), self.client()) {
            client.open_ahead(&endpoint);
        }
    }

    /// [`needs_sign_in`]; where the login came from the environment, what is wrong with that instead: a
    /// sign-in would leave it in use.
    pub fn needs_sign_in(&self) -> Error {
        match &self.profile.auth {
            Auth::Browser(app) if self.vault.is_seeded() => {
                let what = format!(
                    "{} does not accept the refresh token in COGNITO_CREDS_REFRESH_TOKEN: it has ended, or is not of app client {}.",
                    app.server.host(),
                    app.client_id
                );
                Error::new(Next::SignIn, what, "unset COGNITO_CREDS_REFRESH_TOKEN")
            }
            _ => needs_sign_in(self.profile),
        }
    }

    /// The app client's secret: from the environment, else from the keychain.
    pub fn secret(&self) -> Option<ClientSecret> {
        self.client_secret.clone().or_else(|| self.vault.client_secret())
    }
}

/// The answer where a person has to sign in: the command to run.
pub fn needs_sign_in(profile: &Profile) -> Error {
    Error::new(Next::SignIn, format!("Profile {} needs a sign-in.", profile.name), profile.command("login"))
}

/// What is left of a time budget.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
