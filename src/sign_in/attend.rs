//! The sign-in itself: bind the port, send the person to the provider, take the one true callback,
//! exchange the code, store the login, fetch credentials, and only then show the page.

use super::{login_lock, sign_in_lock};
use crate::browser;
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next, foreign};
use crate::http::REQUEST_LIMIT;
use crate::identity_pool::role;
use crate::journal::{Journal, Outcome, SignIn};
use crate::lock::{Lock, Waited};
use crate::login::Login;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Profile};
use crate::session::{self, RENEWAL_LIMIT, Session, Silent};
use crate::user_pool::authorize::{self, Request};
use crate::user_pool::callback::{Callback, Listener, Reading, Served, read_query};
use crate::user_pool::page::Page;
use crate::user_pool::token::{Done, TokenEndpoint, TokenError, Tokens};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use url::Url;

/// How long a sign-in waits for its lock: whoever held it before gives it up within this time.
const TAKE_OVER: Duration = Duration::from_secs(5);

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
    record: SignIn,
    again: bool,
    // Released last, when the page has been delivered.
    _running: Lock,
}

impl<'a> Attendance<'a> {
    /// Takes the sign-in lock. `replace` ends a sign-in that runs; without it `None` says that one
    /// does. `again` makes the person authenticate although the browser may have a session.
    pub fn begin(
        session: &'a Session<'a>,
        journal: &'a Journal,
        replace: bool,
        again: bool,
    ) -> Result<Option<Self>, Error> {
        let profile = session.profile;
        let record = SignIn {
            attempt: authorize::random()?,
            profile: profile.name.clone(),
            started: Timestamp::now(),
            outcome: None,
            ended: None,
        };
        if replace {
            // The running one looks at its record, finds another's, and leaves.
            journal.record(&profile.login_entry(), &record);
        }
        let path = sign_in_lock(journal.folder()?, profile);
        let until = Instant::now() + if replace { TAKE_OVER } else { Duration::from_secs(1) };
        match Lock::acquire_until(&path, until, || ControlFlow::<()>::Continue(()))? {
            Waited::Acquired(lock) => {
                journal.record(&profile.login_entry(), &record);
                Ok(Some(Self { session, journal, record, again, _running: lock }))
            }
            _ if replace => Err(Error::new(
                Next::TryAgain,
                format!("Another sign-in for profile {} is running and does not end.", profile.name),
                format!("fuser -v {}", crate::profile::config_file::shell_word(&path.display().to_string())),
            )),
            _ => Ok(None),
        }
    }

    /// Runs the sign-in to its end. `announce` is told the address before the browser opens, and
    /// whether one will.
    pub fn run(
        mut self,
        way: Way,
        env: &dyn Environment,
        announce: impl FnOnce(&Url, &RedirectUri),
    ) -> Result<SignedIn, Error> {
        let profile = self.session.profile;
        let listener = Listener::bind(&profile.user_pool.redirect_uris).map_err(|e| self.failed(e))?;
        let redirect = listener.redirect_uri().clone();
        let request = Request::new(&profile.user_pool, &redirect, self.again)?;
        announce(&request.url, &redirect);
        if way == Way::Browser
            && let Err(e) = browser::open(&request.url, env)
        {
            // The address has been told; somebody may still open it.
            log::info!("no browser could be opened: {e}");
        }
        let until = Instant::now() + profile.login_timeout;
        let (entry, attempt) = (profile.login_entry(), self.record.attempt.clone());
        let replaced = || self.journal.last_sign_in(&entry).is_some_and(|r| r.attempt != attempt);
        let served = listener.serve(&request.state, until, replaced, |callback| {
            let result = self.complete(callback, &request, &redirect);
            let page = page(profile, &result);
            (result, page)
        });
        match served {
            Served::Finished(result) => result,
            Served::Cancelled => Err(Error::new(
                Next::Stop,
                format!("Another sign-in for profile {} has taken over.", profile.name),
                profile.command("login"),
            )),
            Served::TimedOut { last_stray_error } => {
                self.record.ended = Some(Timestamp::now());
                self.journal.record(&entry, &self.record);
                Err(unanswered(profile, &redirect, last_stray_error))
            }
        }
    }

    /// Runs the sign-in without a port: `ask` is told where the person has to go and gives back the
    /// address that the browser ended on. State and PKCE hold as they do for the listener.
    pub fn run_pasted(self, ask: impl FnOnce(&Url) -> std::io::Result<String>) -> Result<SignedIn, Error> {
        let profile = self.session.profile;
        let Some(redirect) = profile.user_pool.redirect_uris.first() else {
            return Err(not_that_address(profile));
        };
        let request = Request::new(&profile.user_pool, redirect, self.again)?;
        let pasted = ask(&request.url).map_err(|e| {
            Error::new(Next::Stop, "No address was pasted.", profile.command("login --paste")).because(e)
        })?;
        let query = redirect.query_of(pasted.trim()).ok_or_else(|| not_that_address(profile))?;
        match read_query(query, &request.state) {
            Reading::TheOne(callback) => self.complete(callback, &request, redirect),
            Reading::NotOurs(_) => Err(not_that_address(profile)),
        }
    }

    /// From the callback to the stored login and cached credentials, told to the journal.
    fn complete(
        &self,
        callback: Callback,
        request: &Request,
        redirect: &RedirectUri,
    ) -> Result<SignedIn, Error> {
        let result =
            self.redeem(callback, request, redirect).and_then(|tokens| self.settle(tokens, &request.nonce));
        let outcome = match &result {
            Ok(_) => Outcome::Completed,
            Err(error) => Outcome::Failed(error.into()),
        };
        self.tell(outcome);
        result
    }

    fn failed(&self, error: Error) -> Error {
        self.tell(Outcome::Failed((&error).into()));
        error
    }

    fn tell(&self, outcome: Outcome) {
        let record = SignIn { outcome: Some(outcome), ended: Some(Timestamp::now()), ..self.record.clone() };
        self.journal.record(&self.session.profile.login_entry(), &record);
    }

    /// The authorization code for tokens. A code that was sent is spent, so a lost answer is final;
    /// one that certainly never left is sent again.
    fn redeem(&self, callback: Callback, request: &Request, redirect: &RedirectUri) -> Result<Tokens, Error> {
        let profile = self.session.profile;
        let code = match callback {
            Callback::Code { code, .. } => code,
            Callback::Refused { error, description } => {
                return Err(refused(profile, redirect, &error, description.as_deref()));
            }
        };
        let secret = self.session.secret();
        let endpoint = TokenEndpoint { client: self.session.client()?, profile, secret: secret.as_ref() };
        let until = Instant::now() + RENEWAL_LIMIT;
        let mut repeat = 0;
        loop {
            let limit = session::left(until).min(REQUEST_LIMIT);
            match endpoint.exchange(&code, redirect, &request.verifier, limit) {
                Ok(tokens) => return Ok(tokens),
                Err(TokenError::Ended) => return Err(code_refused(profile)),
                Err(TokenError::Refused(error)) => return Err(error),
                Err(TokenError::Unavailable { error, retry_after, done }) => {
                    let pause = crate::retry::pause(
                        repeat,
                        retry_after,
                        session::left(until),
                        crate::retry::random(),
                    );
                    let (Some(pause), true) = (pause, done == Done::No) else { return Err(error) };
                    std::thread::sleep(pause);
                    repeat += 1;
                }
            }
        }
    }

    /// Stores the login of these tokens and fetches the profile's credentials.
    fn settle(&self, tokens: Tokens, nonce: &str) -> Result<SignedIn, Error> {
        let (session, profile) = (self.session, self.session.profile);
        let claims = session.check(&tokens, Some(nonce))?;
        let refresh = tokens.refresh_token.clone().ok_or_else(|| no_refresh_token(profile))?;
        let mut login = Login::new(profile, tokens, refresh, &claims, Timestamp::now());
        let path = login_lock(self.journal.folder()?, profile);
        // A holder that hangs must not cost the person this sign-in: after the bound it is saved
        // all the same, and the newest login wins.
        let _lock =
            Lock::acquire_until(&path, Instant::now() + RENEWAL_LIMIT, || ControlFlow::<()>::Continue(()))?;
        if let Ok(Some(old)) = session.vault.load_stored() {
            login.inherit(old);
        }
        session.vault.save(&login)?;
        // Whoever was signed in before: their credentials are not this person's.
        for entry in login.caches() {
            session.vault.forget_credentials(&entry);
        }
        let (user, provider) = (login.user.clone(), login.provider.clone());
        if profile.identity_pool.is_none() {
            return Ok(SignedIn { user, provider, credentials: None });
        }
        match session.exchange(login, Instant::now() + RENEWAL_LIMIT)? {
            Silent::Credentials(credentials) => {
                Ok(SignedIn { user, provider, credentials: Some(credentials) })
            }
            Silent::SignIn => Err(Error::new(
                Next::Configure,
                format!(
                    "{} does not accept the sign-in that it has just given.",
                    profile.user_pool.domain.host()
                ),
                profile.command("doctor"),
            )),
        }
    }
}

/// The page that tells how it ended.
fn page(profile: &Profile, result: &Result<SignedIn, Error>) -> Page {
    match result {
        Ok(signed_in) => {
            let credentials = signed_in.credentials.as_ref();
            Page::SignedIn {
                who: signed_in.user.clone(),
                provider: signed_in.provider.clone(),
                profile: profile.name.clone(),
                role: credentials.and_then(|c| c.role.as_deref()).map(|arn| role::name(arn).to_owned()),
                account: credentials.and_then(Credentials::account_id).map(str::to_owned),
            }
        }
        Err(error) => Page::NotSignedIn {
            what: error.what().to_owned(),
            paste: error.paste().to_owned(),
            profile: profile.name.clone(),
        },
    }
}

/// An error that came back on the redirect (RFC 6749 §4.1.2.1 and Cognito's own).
fn refused(profile: &Profile, redirect: &RedirectUri, error: &str, description: Option<&str>) -> Error {
    let text = foreign(description.unwrap_or_default());
    let said = if text.is_empty() { foreign(error) } else { format!("{}: {text}", foreign(error)) };
    let pool = &profile.user_pool;
    let (next, what) = match error {
        "access_denied" => (Next::Stop, format!("The sign-in was cancelled or denied ({said}).")),
        "invalid_scope" => (
            Next::Configure,
            format!("App client {} does not allow the scopes '{}' ({said}).", pool.client_id, pool.scopes),
        ),
        "unauthorized_client" => (
            Next::Configure,
            format!(
                "App client {} may not use the authorization code grant with {} ({said}).",
                pool.client_id,
                redirect.as_str()
            ),
        ),
        "login_required" => {
            (Next::SignIn, "cognito_prompt is none and the browser has no session.".to_owned())
        }
        "server_error" => {
            (Next::TryAgain, format!("Cognito had a problem, and a second try may work ({said})."))
        }
        "invalid_request" if is_passing(&text) => {
            (Next::TryAgain, format!("The identity provider did not answer in time; try again ({said})."))
        }
        _ => (
            Next::Configure,
            format!("The sign-in was refused by {} or its identity provider ({said}).", pool.domain.host()),
        ),
    };
    let command = if next == Next::Configure { "doctor" } else { "login" };
    Error::new(next, what, profile.command(command))
}

/// Texts inside `invalid_request` that stand for a provider's time-out, not for a setting.
fn is_passing(text: &str) -> bool {
    ["Timeout occurred", "Connection reset", "Read timed out", "] Error - ["]
        .iter()
        .any(|part| text.contains(part))
}

fn code_refused(profile: &Profile) -> Error {
    let what = format!(
        "{} did not accept the authorization code: it was used or older than 5 minutes, or app client {} may not read the attributes of the scopes '{}'.",
        profile.user_pool.domain.host(),
        profile.user_pool.client_id,
        profile.user_pool.scopes
    );
    Error::new(Next::Configure, what, profile.command("login"))
}

fn not_that_address(profile: &Profile) -> Error {
    let what = "That is not the address this sign-in ends on; it starts with the callback URL and holds a code and this sign-in's state.";
    Error::new(Next::Stop, what, profile.command("login --paste"))
}

fn no_refresh_token(profile: &Profile) -> Error {
    let what = format!("App client {} gave no refresh token.", profile.user_pool.client_id);
    Error::new(Next::Configure, what, profile.command("doctor"))
}

/// Nobody came back: perhaps nobody tried, perhaps Cognito showed its own error page, which never
/// leads to the listener. The exact redirect URI is what has to be registered.
fn unanswered(profile: &Profile, redirect: &RedirectUri, stray: Option<String>) -> Error {
    let hint = stray
        .map_or_else(String::new, |text| format!(" The browser brought an error without our state: {text}."));
    let what = format!(
        "Nobody completed the sign-in within {}. If the browser shows an error, app client {} of {} needs the callback URL {} exactly.{hint}",
        crate::profile::values::span(profile.login_timeout.as_secs()),
        profile.user_pool.client_id,
        profile.user_pool.domain.host(),
        redirect.as_str()
    );
    Error::new(Next::SignIn, what, profile.command("login"))
}
