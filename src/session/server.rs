//! Who vouches for the person: an authorization server, whose endpoints are known for a user pool, asked
//! of an OpenID provider and kept with the login; or a developer's backend.

use super::{Session, left};
use crate::developer::Desk;
use crate::error::{Error, Next};
use crate::http::REQUEST_LIMIT;
use crate::identity_pool::pool::CallError;
use crate::identity_pool::refusal::Remedy;
use crate::login::Login;
use crate::profile::auth::{AppClient, Auth, Backend, Server};
use crate::retry;
use crate::secret::{ClientSecret, RefreshToken};
use crate::user_pool::claims::Claims;
use crate::user_pool::discovery::{self, Metadata};
use crate::user_pool::endpoints::Endpoints;
use crate::user_pool::issuer;
use crate::user_pool::token::{Done, TokenEndpoint, TokenError, Tokens};
use std::time::{Duration, Instant};

impl Session<'_> {
    /// The server's endpoints. An OpenID provider is asked for them, once, unless a login has brought
    /// them ([`Self::recall`]).
    pub fn endpoints(&self, app: &AppClient) -> Result<Endpoints, Error> {
        self.endpoints_within(app, REQUEST_LIMIT)
    }

    fn endpoints_within(&self, app: &AppClient, limit: Duration) -> Result<Endpoints, Error> {
        let issuer = match &app.server {
            Server::UserPool { domain, .. } => return Ok(Endpoints::of_user_pool(domain)),
            Server::Oidc(issuer) => issuer,
        };
        if let Some(Ok(known)) = self.metadata.borrow().as_ref().map(|known| known.endpoints(issuer)) {
            return Ok(known);
        }
        let metadata = discovery::discover(self.client()?, self.profile, issuer, limit)?;
        let endpoints = metadata.endpoints(issuer).map_err(|why| self.not_ours(&why))?;
        self.metadata.replace(Some(metadata));
        Ok(endpoints)
    }

    /// Whether an authorization response may be from the server that was asked; why not, without a full
    /// stop. To be asked once [`Self::endpoints`] were.
    pub fn check_response(&self, app: &AppClient, iss: Option<&str>) -> Result<(), String> {
        let promised = self.metadata.borrow().as_ref().is_some_and(Metadata::names_itself);
        issuer::check_response(&app.server, iss, promised)
    }

    /// The token endpoint for an app client.
    pub fn token_endpoint<'s>(
        &'s self,
        app: &'s AppClient,
        secret: Option<&'s ClientSecret>,
    ) -> Result<TokenEndpoint<'s>, Error> {
        let (client, endpoints) = (self.client()?, self.endpoints(app)?);
        Ok(TokenEndpoint { client, profile: self.profile, app, endpoints, secret })
    }

    /// Takes what a stored login knows about its provider for granted.
    pub fn recall(&self, login: &Login) {
        if login.metadata.is_some() {
            self.metadata.replace(login.metadata.clone());
        }
    }

    /// What is known about the provider, to be kept with a login.
    pub fn metadata(&self) -> Option<Metadata> {
        self.metadata.borrow().clone()
    }

    /// The provider is asked anew when its endpoints are next needed.
    fn forget_metadata(&self) {
        self.metadata.replace(None);
    }

    /// The refresh call with its repetitions.
    pub(super) fn refreshed_tokens(&self, login: &Login, until: Instant) -> Result<Tokens, TokenError> {
        log::info!("asking {} for new tokens", self.profile.auth.host());
        match &self.profile.auth {
            Auth::Browser(app) => self.refreshed_by(app, login, until),
            Auth::Developer(backend) => self.vouched_tokens(backend, &login.refresh_token, until),
        }
    }

    /// A provider whose token endpoint is not where the login remembers it is asked once where it is now.
    fn refreshed_by(&self, app: &AppClient, login: &Login, until: Instant) -> Result<Tokens, TokenError> {
        let secret = self.secret();
        self.recall(login);
        let mut remembered = login.metadata.is_some();
        repeated(until, |_| match self.refresh_once(app, secret.as_ref(), login, until) {
            Err(TokenError::Unavailable { error, done: Done::NotThere | Done::NotReached }) if remembered => {
                log::info!("{}; asking where its token endpoint is now", error.what());
                remembered = false;
                self.forget_metadata();
                self.refresh_once(app, secret.as_ref(), login, until)
            }
            result => result,
        })
    }

    /// The provider is asked for its endpoints first, where nobody knows them: without an answer to that,
    /// nothing was sent.
    fn refresh_once(
        &self,
        app: &AppClient,
        secret: Option<&ClientSecret>,
        login: &Login,
        until: Instant,
    ) -> Result<Tokens, TokenError> {
        let limit = || left(until).min(REQUEST_LIMIT);
        let endpoints = self.endpoints_within(app, limit()).map_err(|error| match error.next() {
            Next::TryAgain => TokenError::Unavailable { error, done: Done::No },
            _ => TokenError::Refused(error),
        })?;
        let client = self.client().map_err(TokenError::Refused)?;
        let endpoint = TokenEndpoint { client, profile: self.profile, app, endpoints, secret };
        endpoint.refresh(&login.refresh_token, limit())
    }

    /// What a developer's backend gives for its own token, with repetitions.
    pub fn vouched_tokens(
        &self,
        backend: &Backend,
        token: &RefreshToken,
        until: Instant,
    ) -> Result<Tokens, TokenError> {
        let desk = self.developer_desk(backend).map_err(TokenError::Refused)?;
        repeated(until, |limit| desk.openid_token(token, limit))
    }

    /// A developer's backend, ready to be asked.
    pub fn developer_desk<'s>(&'s self, backend: &'s Backend) -> Result<Desk<'s>, Error> {
        Ok(Desk { client: self.client()?, profile: self.profile, backend })
    }

    /// Takes over into `login` who the claims say this is.
    pub fn describe(&self, login: &mut Login, claims: &Claims) {
        match &self.profile.auth {
            Auth::Browser(_) => login.describe(claims),
            Auth::Developer(backend) => login.vouch(claims, backend.host()),
        }
    }

    /// The claims of the stored ID token, as far as it serves this profile. A backend's token is for one
    /// identity pool: where the profile was edited, or another profile with this login has another pool,
    /// it counts as none, and the backend is asked for ours.
    pub fn stored_claims(&self, login: &Login) -> Option<Claims> {
        let claims = Claims::decode(&login.id_token).ok()?;
        let serves = match &self.profile.auth {
            Auth::Browser(_) => true,
            Auth::Developer(_) => self.check_pool(&claims).is_ok(),
        };
        serves.then_some(claims)
    }

    /// Whether an identity pool's own token is for the profile's pool.
    pub(super) fn check_pool(&self, claims: &Claims) -> Result<(), String> {
        claims.check_of_identity_pool(self.profile.identity_pool.as_ref().map_or("", |id| id.as_str()))
    }

    /// Whose login it is: the `sub` that its tokens have to have, once that is known. A backend's is the
    /// identity, which is another one in each identity pool.
    pub(super) fn owner(&self, login: &Login) -> Option<String> {
        let known = match &self.profile.auth {
            Auth::Browser(_) => Some(login.sub.clone()),
            Auth::Developer(_) => {
                let remembered = login.identity(self.profile.identity_pool.as_ref()?).map(str::to_owned);
                remembered.or_else(|| Some(self.stored_claims(login)?.sub))
            }
        };
        known.filter(|sub| !sub.is_empty())
    }

    /// The IdentityId to ask for, where one is known: a backend's token names it.
    pub fn identity<'l>(&self, login: &'l Login, claims: &'l Claims) -> Option<&'l str> {
        match &self.profile.auth {
            Auth::Browser(_) => login.identity(self.profile.identity_pool.as_ref()?),
            Auth::Developer(_) => Some(&claims.sub),
        }
    }

    /// What to try about the identity pool's refusal. Of a backend's identity the backend decides: it is
    /// asked once more, and then a person signs in.
    pub(super) fn remedy(&self, error: &CallError) -> Remedy {
        match (&self.profile.auth, error.refusal.remedy) {
            (Auth::Developer(_), Remedy::ResetIdentity | Remedy::Unclear) => Remedy::Refresh,
            (_, remedy) => remedy,
        }
    }
}

/// A call for tokens with its repetitions. A request whose answer was lost may have rotated the token:
/// it is repeated once, inside the grace period, and not more.
fn repeated(
    until: Instant,
    mut call: impl FnMut(Duration) -> Result<Tokens, TokenError>,
) -> Result<Tokens, TokenError> {
    let (mut repeat, mut lost) = (0, 0);
    loop {
        let result = call(left(until).min(REQUEST_LIMIT));
        let Err(TokenError::Unavailable { error, done }) = result else { return result };
        lost += u32::from(done == Done::Perhaps);
        let pause = retry::pause(repeat, error.wait(), left(until), retry::random());
        let (Some(pause), true) = (pause, lost < 2 && done != Done::NotThere) else {
            return Err(TokenError::Unavailable { error, done });
        };
        log::info!("{}; again in {} ms", error.what(), pause.as_millis());
        std::thread::sleep(pause);
        repeat += 1;
    }
}
