//! The caller's side of a sign-in or renewal that many processes share.
//!
//! Whoever gets the login lock works; the others look at the cache between two tries of the lock and
//! leave as soon as it has what they want. Nobody waits for a process, only for locks that the kernel
//! releases and for results that lie in a store, so a killed winner blocks nobody.

use super::detached::{self, Hello};
use super::strange_file::StrangeFile;
use super::want::{AwsCredentials, Token, Want};
use super::{is_running, login_lock, login_patience, may_open, overtaken, renewal, words};
use crate::browser;
use crate::clock::{Timestamp, spoken};
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::journal::{Attempt, Awaits, Journal, Outcome, SignIn};
use crate::lock::{Holder, Lock, Waited};
use crate::login::Login;
use crate::profile::auth::Auth;
use crate::profile::{Environment, Interactive, Profile};
use crate::session::{self, Session, Silent, Step, TokenKind};
use crate::terminal::{self, Waiting};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use url::Url;

/// How often a waiting process looks whether the sign-in has ended.
const LOOK: Duration = Duration::from_millis(50);
/// How long whoever has credentials that live waits for another's renewal before it hands them out.
const LIVE_PATIENCE: Duration = Duration::from_secs(3);
/// How long a person waits for a sign-in that was begun elsewhere before they are told.
const TELL_AFTER: Duration = Duration::from_secs(2);
/// How long no sign-in may be seen before it counts as dead: `login` replacing it leaves a short gap.
const TAKE_OVER: Duration = Duration::from_secs(1);

/// One caller in need of credentials or a token.
pub struct Flight<'a> {
    /// Its profile's session.
    pub session: &'a Session<'a>,
    /// Where sign-ins are recorded.
    pub journal: &'a Journal,
    /// To know whether a person can see a browser.
    pub env: &'a dyn Environment,
}

/// How things stood when this call began.
struct Began {
    at: Timestamp,
    instant: Instant,
    /// The record of the last sign-in. Only another one is news: to the second, the one before may
    /// have ended just now.
    last: Option<SignIn>,
    /// The last attempt to renew; another one that failed is the answer to whoever waited for it.
    attempt: Option<Attempt>,
}

/// What waiting for the login lock gave.
enum Entered<T> {
    /// The lock.
    Working(Lock),
    /// Another process was faster.
    Ready(T),
}

/// What waiting for a sign-in gave.
enum Joined<T> {
    Ready(T),
    /// It ended, for another profile of the same login or without a cache. The error is for the case
    /// that there is no login all the same.
    LookAgain(Error),
}

impl Flight<'_> {
    /// Credentials: from the cache, else by renewal, else by a sign-in where one is allowed.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        if let Some((credentials, step)) = self.session.warm() {
            log::info!("the cached credentials do");
            if step == Step::PrintAndRenew {
                renewal::start_ahead(self.session.profile, self.journal);
            }
            return Ok(credentials);
        }
        self.obtain_or_keep(&AwsCredentials)
    }

    /// A login whose token lives: from the store, else by a refresh, else by a sign-in where one is allowed.
    pub fn token(&self, kind: TokenKind) -> Result<Login, Error> {
        match self.session.warm_token(kind)? {
            Some(login) => Ok(login),
            None => self.obtain_or_keep(&Token(kind)),
        }
    }

    /// What lives is always better than an error, wherever the error comes from.
    fn obtain_or_keep<W: Want>(&self, want: &W) -> Result<W::Thing, Error> {
        let profile = self.session.profile;
        if renewal::rests(&want.attempts(profile), self.journal)
            && let Some(thing) = want.alive(self.session)
        {
            log::info!("renewing has just failed; {}", W::AT_HAND);
            return Ok(thing);
        }
        self.obtain(want).or_else(|error| match want.alive(self.session) {
            Some(thing) => {
                self.journal.note_for(W::WANTED, &profile.name, error.what());
                Ok(thing)
            }
            None => Err(error),
        })
    }

    fn obtain<W: Want>(&self, want: &W) -> Result<W::Thing, Error> {
        let profile = self.session.profile;
        let last = self.journal.last_sign_in(&profile.login_entry());
        let attempt = self.journal.last_attempt(&want.attempts(profile));
        let began = &Began { at: Timestamp::now(), instant: Instant::now(), last, attempt };
        let mut joined = None;
        loop {
            let lock = match self.enter(want, began)? {
                Entered::Ready(thing) => return Ok(self.fresh::<W>(thing)),
                Entered::Working(lock) => lock,
            };
            let failed = |why: &Error| renewal::failed(&want.attempts(profile), self.journal, why);
            let silent = match want.silent(self.session, began.at) {
                // A keychain that two hundred ask at once may be too slow; the sign-in brings what it has.
                // One that has ended brings nothing more.
                Err(_) if self.is_under_way()? => Silent::SignIn,
                silent => silent.inspect_err(failed)?,
            };
            let waiting = match (silent, joined) {
                (Silent::Fresh(thing), _) => return Ok(self.fresh::<W>(thing)),
                (Silent::Kept(thing, why), _) => {
                    failed(&why);
                    self.told_that_it_is_kept::<W>(&why);
                    return Ok(thing);
                }
                (Silent::SignIn, None) => self.start()?,
                (Silent::SignIn, Some(error)) => return Err(error),
            };
            drop(lock);
            match self.join(want, began, waiting)? {
                Joined::Ready(thing) => return Ok(self.fresh::<W>(thing)),
                Joined::LookAgain(error) => joined = Some(error),
            }
        }
    }

    /// What is new, whoever has brought it, puts right what went wrong before.
    fn fresh<W: Want>(&self, thing: W::Thing) -> W::Thing {
        self.journal.put_right(self.session.profile, W::WANTED);
        thing
    }

    /// What lives is handed out although renewing it failed.
    fn told_that_it_is_kept<W: Want>(&self, why: &Error) {
        let text = format!("Renewing failed, {}: {}", W::AT_HAND, why.what());
        self.journal.note_for(W::WANTED, &self.session.profile.name, &text);
        terminal::say(&format!("cognito-creds: {text}"));
    }

    fn enter<W: Want>(&self, want: &W, began: &Began) -> Result<Entered<W::Thing>, Error> {
        let profile = self.session.profile;
        let path = login_lock(self.journal.folder()?, profile);
        let entered = Instant::now();
        let mut waited_for_it = false;
        let waited = Lock::acquire_until(&path, login_patience(), |holder| {
            waited_for_it = true;
            let ready = want.ready(self.session, began.at);
            match ready.or_else(|| self.live_meanwhile(want, entered, holder)) {
                Some(thing) => ControlFlow::Break(thing),
                None => ControlFlow::Continue(()),
            }
        })?;
        match waited {
            Waited::Acquired(lock) if !waited_for_it => Ok(Entered::Working(lock)),
            // Whoever held it before may have brought what we want, however short it lives, or have
            // found out why it can't be had.
            Waited::Acquired(lock) => match want.ready(self.session, began.at) {
                Some(thing) => Ok(Entered::Ready(thing)),
                None => self.failed_meanwhile(want, began).map_or(Ok(Entered::Working(lock)), Err),
            },
            Waited::Overtook(lock, holder) => {
                self.session.vault.notice(&overtaken(profile, holder.as_ref()));
                Ok(Entered::Working(lock))
            }
            Waited::Stopped(thing) => Ok(Entered::Ready(thing)),
            Waited::TimedOut => Err(words::stuck(&profile.name, &path)),
        }
    }

    /// Why the renewal failed that this call has waited for.
    fn failed_meanwhile<W: Want>(&self, want: &W, began: &Began) -> Option<Error> {
        let attempt = self.journal.last_attempt(&want.attempts(self.session.profile));
        if attempt == began.attempt { None } else { Some(attempt?.why?.into()) }
    }

    /// What still lives, for a caller that has waited long enough for another's renewal.
    fn live_meanwhile<W: Want>(
        &self,
        want: &W,
        entered: Instant,
        holder: Option<&Holder>,
    ) -> Option<W::Thing> {
        if entered.elapsed() < LIVE_PATIENCE {
            return None;
        }
        let thing = want.alive_meanwhile(self.session)?;
        let what =
            format!("Another cognito-creds ({}) is still renewing; {}.", Holder::words(holder), W::AT_HAND);
        self.journal.note_notice(&self.session.profile.name, &what);
        Some(thing)
    }

    /// Starts a sign-in, unless one runs, one was just refused or left unanswered, or nobody could see
    /// it. Whoever has started it shows the person that it waits; whoever joins another's has nothing yet.
    fn start(&self) -> Result<Option<Waiting>, Error> {
        let profile = self.session.profile;
        if self.is_under_way()? {
            return Ok(None);
        }
        let last = self.journal.last_sign_in(&profile.login_entry());
        // A password is asked for where a person runs `login`, and nowhere else.
        let asks_here = matches!(profile.auth, Auth::Browser(_));
        if !asks_here || profile.interactive == Interactive::Never || !browser::can_be_seen(self.env) {
            return Err(self.session.needs_sign_in());
        }
        may_open(profile, last.as_ref(), Timestamp::now())?;
        if let Some(strange) = StrangeFile::of(profile, self.env) {
            strange.may_open(profile, last.as_ref())?;
        }
        match detached::start_sign_in(profile)? {
            Hello::Open(url) => {
                let waiting = Waiting::begin(Url::parse(&url).ok());
                if !waiting.shows_link() {
                    terminal::say(&format!(
                        "cognito-creds: profile {} needs a sign-in. Your browser opens; if it does not, open\n  {url}",
                        profile.shown()
                    ));
                }
                Ok(Some(waiting))
            }
            Hello::Joined => Ok(None),
            Hello::Failed(told) => Err(told.into()),
        }
    }

    /// For a person who waits for a sign-in that was begun elsewhere, perhaps in a tab that they have
    /// closed. Two hundred processes that say so would be a mess.
    fn beside_another(&self) -> Waiting {
        if !terminal::is_typed() {
            return Waiting::unseen();
        }
        let profile = self.session.profile;
        terminal::say(&format!(
            "cognito-creds: profile {} waits for a sign-in that was begun elsewhere. To start over, run\n  {}",
            profile.shown(),
            profile.command("login")
        ));
        Waiting::begin(None)
    }

    /// Whether a sign-in runs that has not ended. One that has only waits for the browser to fetch its
    /// page: there is nothing to join.
    fn is_under_way(&self) -> Result<bool, Error> {
        let last = self.journal.last_sign_in(&self.session.profile.login_entry());
        let has_ended = last.is_some_and(|last| last.ended.is_some());
        Ok(!has_ended && self.is_running()?)
    }

    fn is_running(&self) -> Result<bool, Error> {
        is_running(self.journal.folder()?, self.session.profile)
    }

    /// Waits for the running sign-in, as long as this profile allows.
    ///
    /// The record of the sign-in before stands until the new one has written its own.
    fn join<W: Want>(
        &self,
        want: &W,
        began: &Began,
        mut waiting: Option<Waiting>,
    ) -> Result<Joined<W::Thing>, Error> {
        let profile = self.session.profile;
        let until = began.instant + profile.wait;
        let joined = Instant::now();
        let mut last_seen = joined;
        loop {
            if let Some(thing) = want.ready(self.session, began.at) {
                return Ok(Joined::Ready(thing));
            }
            if self.is_running()? {
                last_seen = Instant::now();
            }
            let record = self.journal.last_sign_in(&profile.login_entry());
            let own = record.as_ref().is_some_and(|r| r.profile == profile.name);
            let awaits = record.as_ref().map(|r| r.awaits).unwrap_or_default();
            let is_new = record.as_ref().is_some_and(|r| r.ended.is_some()) && record != began.last;
            match record.filter(|_| is_new).map(|r| r.outcome) {
                // The role of another profile may be refused where this one's is not; the login is there.
                Some(Some(Outcome::Failed(told))) if !own || want.survives_a_failed_exchange() => {
                    return Ok(Joined::LookAgain(told.into()));
                }
                Some(Some(Outcome::Failed(told) | Outcome::NotBegun(told))) => return Err(told.into()),
                Some(Some(Outcome::Stopped)) => return Err(not_completed(profile)),
                Some(Some(Outcome::Completed)) => return Ok(Joined::LookAgain(did_not_last(profile))),
                Some(None) => {
                    let in_wsl = browser::wsl_here(self.env).is_some();
                    return Err(words::unanswered(profile, &words::redirects(profile), None, in_wsl));
                }
                None if last_seen.elapsed() > TAKE_OVER => return Err(not_completed(profile)),
                None if Instant::now() >= until => return Err(still_open(profile, awaits)),
                None => {
                    if waiting.is_none() && joined.elapsed() >= TELL_AFTER {
                        waiting = Some(self.beside_another());
                    }
                    if let Some(waiting) = &waiting {
                        waiting.tell(&words::waiting(profile, awaits, session::left(until)));
                    }
                    std::thread::sleep(LOOK);
                }
            }
        }
    }
}

fn still_open(profile: &Profile, awaits: Awaits) -> Error {
    let (stands, again) = match awaits {
        Awaits::Browser => ("is still open in the browser", "start over in a new tab"),
        Awaits::Address => ("still waits for an address to be pasted on another terminal", "start over here"),
        Awaits::Password => ("still waits for a password on another terminal", "start over here"),
    };
    let what = format!(
        "The sign-in for profile {} {stands} after {}. Finish it there and run your command again, or {again}.",
        profile.shown(),
        spoken(profile.wait)
    );
    Error::new(Next::SignIn, what, profile.command("login"))
}

/// Somebody stopped it, or it ended without a word: its process was killed.
fn not_completed(profile: &Profile) -> Error {
    let what = format!("The sign-in for profile {} was not completed.", profile.name);
    Error::new(Next::SignIn, what, profile.command("login"))
}

fn did_not_last(profile: &Profile) -> Error {
    let what =
        format!("The sign-in for profile {} succeeded, but its login can't be found again.", profile.name);
    Error::new(Next::Configure, what, profile.command("doctor"))
}
