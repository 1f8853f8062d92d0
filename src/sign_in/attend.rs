//! The sign-in itself: bind the port, send the person to the provider, take the one true callback,
//! exchange the code, store the login, fetch credentials (`completion`), and only then show the page.

mod backend;
mod completion;
mod pasted;
mod settled;

pub use pasted::read_pasted;

use super::{longest_sign_in, sign_in_lock, words};
use crate::browser;
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::journal::{Awaits, Journal, Outcome, SignIn, Wanted};
use crate::lock::{Lock, Patience, Waited};
use crate::platform::parting::{self, By, Deed};
use crate::profile::auth::AppClient;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Profile};
use crate::secret::random_text;
use crate::session::{self, Session};
use crate::terminal::Waiting;
use crate::user_pool::authorize::Request;
use crate::user_pool::callback::{Listener, Served};
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
                let in_wsl = browser::wsl_here(self.env).is_some();
                Err(words::unanswered(profile, redirect.as_str(), last_stray_error, in_wsl))
            }
        }
    }

    /// Tells the journal how it ended.
    fn told(&self, result: Result<Settled, Error>) -> Result<Settled, Error> {
        let outcome = match result.as_ref().map(|settled| &settled.credentials) {
            Ok(Ok(_)) => {
                self.journal.put_right(self.session.profile, Wanted::Credentials);
                Outcome::Completed
            }
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
}

/// Tells the journal that its person stopped the sign-in, unless it has ended or another has taken its place.
/// A terminal that closes says nothing of what they want: the sign-in is then one that nobody completed.
fn stopped(profile: &Profile, journal: &Journal, record: &SignIn) -> impl FnOnce(By) + Send + use<> {
    let (entry, journal, record) = (profile.login_entry(), journal.clone(), record.clone());
    move |by| {
        if by == By::Key && journal.last_sign_in(&entry).is_some_and(|last| last == record) {
            let (outcome, ended) = (Some(Outcome::Stopped), Some(Timestamp::now()));
            journal.record(&entry, &SignIn { outcome, ended, ..record });
        }
    }
}
