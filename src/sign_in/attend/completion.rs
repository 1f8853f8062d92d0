//! From the callback to the stored login: exchange the code, look at whose tokens came, store the login, fetch
//! credentials.

use super::{Attendance, Settled};
use crate::clock::Timestamp;
use crate::error::{Error, foreign};
use crate::http::REQUEST_LIMIT;
use crate::lock::{Lock, Waited};
use crate::login::Login;
use crate::profile::auth::AppClient;
use crate::profile::redirect_uri::RedirectUri;
use crate::session::{self, RENEWAL_LIMIT};
use crate::sign_in::{login_lock, login_patience, overtaken, words};
use crate::terminal::Waiting;
use crate::user_pool::authorize::Request;
use crate::user_pool::callback::Callback;
use crate::user_pool::issuer;
use crate::user_pool::token::{TokenError, Tokens};
use std::ops::ControlFlow;
use std::time::Instant;

impl Attendance<'_> {
    /// From the callback to the stored login and cached credentials, told to the journal.
    pub(super) fn complete(
        &self,
        app: &AppClient,
        callback: Callback,
        request: &Request,
        redirect: &RedirectUri,
    ) -> Result<Settled, Error> {
        let _waiting = Waiting::telling(&words::completing(self.session.profile));
        let iss = callback.iss().map(str::to_owned);
        let result = self
            .session
            .check_response(app, iss.as_deref())
            .map_err(|why| words::from_another_server(self.session.profile, app, &why))
            .and_then(|()| self.redeem(app, callback, request, redirect))
            .and_then(|tokens| self.login_of(app, tokens, request, iss.as_deref()))
            .and_then(|login| self.settle(login));
        self.told(result)
    }

    /// The authorization code for tokens. A code that was sent is spent, so a lost answer is final;
    /// one that certainly never left is sent again.
    fn redeem(
        &self,
        app: &AppClient,
        callback: Callback,
        request: &Request,
        redirect: &RedirectUri,
    ) -> Result<Tokens, Error> {
        let profile = self.session.profile;
        let code = match callback {
            Callback::Code { code, .. } => code,
            Callback::Refused { error, description, .. } => {
                return Err(words::refused(profile, app, redirect, &error, description.as_deref()));
            }
        };
        let secret = self.session.secret();
        let endpoint = self.session.token_endpoint(app, secret.as_ref())?;
        self.session.open_identity_pool();
        let until = Instant::now() + RENEWAL_LIMIT;
        let mut repeat = 0;
        loop {
            let limit = session::left(until).min(REQUEST_LIMIT);
            match endpoint.exchange(&code, redirect, &request.verifier, limit) {
                Ok(tokens) => return Ok(tokens),
                Err(TokenError::Ended) => return Err(words::code_refused(profile, app)),
                Err(TokenError::Refused(error) | TokenError::NoIdToken { error, .. }) => return Err(error),
                Err(TokenError::Unavailable { error, done }) => {
                    let pause = crate::retry::pause(
                        repeat,
                        error.wait(),
                        session::left(until),
                        crate::retry::random(),
                    );
                    let (Some(pause), true) = (pause, done.may_be_repeated()) else { return Err(error) };
                    std::thread::sleep(pause);
                    repeat += 1;
                }
            }
        }
    }

    /// The login of these tokens, if they are this sign-in's and of the issuer that sent the code.
    fn login_of(
        &self,
        app: &AppClient,
        tokens: Tokens,
        request: &Request,
        iss: Option<&str>,
    ) -> Result<Login, Error> {
        log::info!("the browser came back, and the authorization code was exchanged");
        let profile = self.session.profile;
        let claims = self.session.check(&tokens, Some(&request.nonce))?;
        if let Some(iss) = iss.filter(|iss| !issuer::is_same(iss, &claims.iss)) {
            let why = format!("it is from '{}', its ID token from '{}'", foreign(iss), foreign(&claims.iss));
            return Err(words::from_another_server(profile, app, &why));
        }
        let refresh = tokens.refresh_token.clone().ok_or_else(|| words::no_refresh_token(profile))?;
        Ok(Login::new(profile, tokens, refresh, &claims, Timestamp::now()))
    }

    /// Stores the login and fetches the profile's credentials. An error means that it was not stored.
    pub(super) fn settle(&self, login: Login) -> Result<Settled, Error> {
        let (session, profile) = (self.session, self.session.profile);
        let (login, _lock) = self.store(login)?;
        let (user, provider) = (login.user.clone(), login.provider.clone());
        if profile.identity_pool.is_none() {
            return Ok(Settled { user, provider, credentials: Ok(None) });
        }
        let credentials = match session.exchange(login, Instant::now() + RENEWAL_LIMIT) {
            Ok(Some(credentials)) => Ok(Some(credentials)),
            Ok(None) => Err(words::not_accepted(profile)),
            Err(error) => Err(words::survived_sign_in(profile, error)),
        };
        Ok(Settled { user, provider, credentials })
    }

    /// Stores the login in place of the one before; with it, the login's lock.
    pub(super) fn store(&self, mut login: Login) -> Result<(Login, Waited<()>), Error> {
        let (session, profile) = (self.session, self.session.profile);
        let path = login_lock(self.journal.folder()?, profile);
        login.sign_in.clone_from(&self.record.attempt);
        // Looked up before the lock is taken: it reads the whole config file.
        let sharing = profile.credentials_sharing_its_login(self.env);
        login.metadata = session.metadata();
        // A holder that hangs must not cost the person this sign-in: after the bound it is saved
        // all the same, and what the holder brings in the end is dropped.
        let lock = Lock::acquire_until(&path, login_patience(), |_| ControlFlow::<()>::Continue(()))?;
        if let Waited::Overtook(_, holder) = &lock {
            session.vault.notice(&overtaken(profile, holder.as_ref()));
        }
        // Stopped on the way and woken when somebody else had signed in.
        if self.is_replaced() {
            return Err(words::taken_over(profile));
        }
        if let Ok(Some(old)) = session.vault.load_stored() {
            login.inherit(old);
        }
        // Whoever was signed in before: their credentials are not this person's. They go first, so
        // that a kill between the two leaves the old login and not the old credentials.
        for entry in login.caches().chain(sharing) {
            session.vault.forget_credentials(&entry);
        }
        session.vault.save(&login)?;
        Ok((login, lock))
    }
}
