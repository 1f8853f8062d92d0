//! The sign-in itself: bind the port, send the person to the provider, take the one true callback,
//! exchange the code, store the login, fetch credentials, and only then show the page.

mod backend;
mod pasted;
mod settled;

pub use pasted::read_pasted;

use super::{login_lock, login_patience, longest_sign_in, overtaken, sign_in_lock, words};
use crate::browser;
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, foreign};
use crate::http::REQUEST_LIMIT;
use crate::journal::{Awaits, Journal, Outcome, SignIn};
use crate::lock::{Lock, Patience, Waited};
use crate::login::Login;
use crate::platform::parting::{self, Deed};
use crate::profile::auth::AppClient;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Profile};
use crate::secret::random_text;
use crate::session::{self, RENEWAL_LIMIT, Session};
use crate::terminal::Waiting;
use crate::user_pool::authorize::Request;
use crate::user_pool::callback::{Callback, Listener, Served};
use crate::user_pool::issuer;
use crate::user_pool::token::{TokenError, Tokens};
use settled::{Settled, page};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};
use url::Url;

/// How long `login` waits for the sign-in that it replaces. One that waits for its browser leaves at
/// once, one that is just being completed within seconds; one that hangs is overtaken.
const TAKE_OVER: Duration = Duration::from_secs(10);
/// How long a sign-in waits that replaces nobody: one that has ended leaves within two seconds, when its
/// browser has its page.
const NO_OTHER: Duration = Duration::from_secs(3);

/// How the person gets to the provider's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A browser is opened.
    Browser,
    /// The address is told; a browser somewhere reaches the port.
    Address,
}

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct SignedIn {
    /// Who, as a person knows it.
    pub user: String,
    /// The federated provider, where there was one.
    pub provider: Option<String>,
    /// Credentials, in profiles with an identity pool.
    pub credentials: Option<Credentials>,
}

/// One sign-in under way.
pub struct Attendance<'a> {
    session: &'a Session<'a>,
    journal: &'a Journal,
    env: &'a dyn Environment,
    record: SignIn,
    recorded: bool,
    again: bool,
    asks_for_role: bool,
    _stopped: Option<Deed>,
    // Released last, when the page has been delivered.
    _running: Lock,
}

impl<'a> Attendance<'a> {
    /// Takes the sign-in lock. `replace` ends a sign-in that runs, and wakes one that is stopped (Ctrl-Z)
    /// so that it can end and give its port back; without it `None` says that one runs. `again` makes
    /// the person authenticate although the browser may have a session.
    pub fn begin(
        session: &'a Session<'a>,
        journal: &'a Journal,
        awaits: Awaits,
        replace: bool,
        again: bool,
        env: &'a dyn Environment,
    ) -> Result<Option<Self>, Error> {
        let profile = session.profile;
        let record = SignIn {
            attempt: random_text::<16>()?,
            profile: profile.name.clone(),
            started: Timestamp::now(),
            awaits,
            outcome: None,
            ended: None,
        };
        if replace {
            // The running one looks at its record, finds another's, and leaves.
            journal.record(&profile.login_entry(), &record);
        }
        let path = sign_in_lock(journal.folder()?, profile);
        match Self::wait(&path, longest_sign_in(profile), replace)? {
            Waited::Acquired(lock) | Waited::Overtook(lock, _) => {
                let recorded = journal.record(&profile.login_entry(), &record);
                // Without it a signal leaves a sign-in that nobody completed, and that is nearly the same.
                let stopped = stopped(profile, journal, &record);
                let deed = parting::if_ended(stopped).ok();
                Ok(Some(Self {
                    session,
                    journal,
                    env,
                    record,
                    recorded,
                    again,
                    asks_for_role: false,
                    _stopped: deed,
                    _running: lock,
                }))
            }
            _ if replace => Err(words::does_not_end(&profile.name, &path)),
            _ => Ok(None),
        }
    }

    /// The person is asked for a role afterwards, where they have to choose one: the page says so.
    #[must_use]
    pub fn asking_for_role(mut self, asks: bool) -> Self {
        self.asks_for_role = asks;
        self
    }

    fn wait(path: &Path, longest: Duration, replace: bool) -> Result<Waited<()>, Error> {
        let now = Instant::now();
        let patience = if replace {
            Patience { until: now + 2 * TAKE_OVER, overtake: Some(TAKE_OVER), longest }
        } else {
            Patience { until: now + NO_OTHER, overtake: None, longest }
        };
        let mut woken = false;
        Lock::acquire_until(path, patience, |holder| {
            if let Some(holder) = holder.filter(|_| replace && !woken) {
                holder.process.wake();
                woken = true;
            }
            ControlFlow::Continue(())
        })
    }

    /// Whether another sign-in has taken this one's place. Where records can't be written, on a full
    /// disk, an old one says nothing about us.
    fn is_replaced(&self) -> bool {
        let last = self.journal.last_sign_in(&self.session.profile.login_entry());
        self.recorded && last.is_some_and(|last| last.attempt != self.record.attempt)
    }

    /// Runs the sign-in to its end. Before the browser opens, `announce` is told the address that it
    /// opens and the one that it comes back to.
    pub fn run(
        mut self,
        app: &AppClient,
        way: Way,
        announce: impl FnOnce(&Url, &RedirectUri),
    ) -> Result<SignedIn, Error> {
        let profile = self.session.profile;
        // Whatever would fail after the person has signed in fails better before.
        self.session.client().and_then(|_| self.session.vault.is_ready()).map_err(|e| self.not_begun(e))?;
        let endpoints = self.session.endpoints(app).map_err(|e| self.not_begun(e))?;
        let listener =
            Listener::bind(&app.redirect_uris).map_err(|e| self.not_begun(words::no_port(profile, e)))?;
        let redirect = listener.redirect_uri().clone();
        log::info!("listening for the browser at {}", redirect.as_str());
        let request = Request::new(app, &endpoints.authorize, &redirect, self.again)?;
        announce(&request.url, &redirect);
        if way == Way::Browser
            && let Err(e) = browser::open(&request.url, self.env)
        {
            // The address has been told; somebody may still open it.
            log::info!("no browser could be opened: {e}");
        }
        let until = Instant::now() + profile.login_timeout;
        // Unseen in a detached process, which has no terminal.
        let waiting = RefCell::new(Waiting::begin(Some(request.url.clone())));
        let served = listener.serve(
            &request.state,
            until,
            || {
                let words = words::waiting(profile, self.record.awaits, session::left(until));
                waiting.borrow().tell(&words);
                self.is_replaced()
            },
            |callback| {
                waiting.replace(Waiting::unseen());
                let result = self.complete(app, callback, &request, &redirect);
                let page = page(profile, &result, self.asks_for_role);
                (result.and_then(Settled::whole), page)
            },
        );
        drop(waiting);
        match served {
            Served::Finished(result) => result,
            Served::Cancelled => Err(words::taken_over(profile)),
            Served::TimedOut { last_stray_error } => {
                self.record.ended = Some(Timestamp::now());
                self.journal.record(&profile.login_entry(), &self.record);
                Err(words::unanswered(profile, redirect.as_str(), last_stray_error))
            }
        }
    }

    /// From the callback to the stored login and cached credentials, told to the journal.
    fn complete(
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

    /// Tells the journal how it ended.
    fn told(&self, result: Result<Settled, Error>) -> Result<Settled, Error> {
        let outcome = match result.as_ref().map(|settled| &settled.credentials) {
            Ok(Ok(_)) => Outcome::Completed,
            Ok(Err(error)) | Err(error) => Outcome::Failed(error.into()),
        };
        self.tell(outcome);
        result
    }

    /// No answer was typed, and why. A question that was left open is told to whoever waits for it.
    fn no_answer(&self, why: &std::io::Error, ended: Error) -> Error {
        if why.kind() == std::io::ErrorKind::TimedOut {
            return self.not_begun(words::left_open(self.session.profile, self.record.awaits));
        }
        self.tell(Outcome::Stopped);
        ended.because(why)
    }

    fn not_begun(&self, error: Error) -> Error {
        self.tell(Outcome::NotBegun((&error).into()));
        error
    }

    /// Who has been replaced says nothing: the record is the other one's by now.
    fn tell(&self, outcome: Outcome) {
        if self.is_replaced() {
            return;
        }
        let record = SignIn { outcome: Some(outcome), ended: Some(Timestamp::now()), ..self.record.clone() };
        self.journal.record(&self.session.profile.login_entry(), &record);
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
    fn settle(&self, login: Login) -> Result<Settled, Error> {
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
    fn store(&self, mut login: Login) -> Result<(Login, Waited<()>), Error> {
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

/// Tells the journal that the sign-in was stopped, unless it has ended or another has taken its place.
fn stopped(profile: &Profile, journal: &Journal, record: &SignIn) -> impl FnOnce() + Send + use<> {
    let (entry, journal, record) = (profile.login_entry(), journal.clone(), record.clone());
    move || {
        if journal.last_sign_in(&entry).is_some_and(|last| last == record) {
            let (outcome, ended) = (Some(Outcome::Stopped), Some(Timestamp::now()));
            journal.record(&entry, &SignIn { outcome, ended, ..record });
        }
    }
}
