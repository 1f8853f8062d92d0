//! The sign-in at a developer's backend: e-mail and password from the terminal in place of the browser.

use super::{Attendance, Settled, SignedIn};
use crate::clock::Timestamp;
use crate::developer::{Admitted, Desk, NotAdmitted};
use crate::error::{Error, foreign};
use crate::login::Login;
use crate::profile::auth::Backend;
use crate::secret::{Password, RefreshToken};
use crate::session::RENEWAL_LIMIT;
use crate::sign_in::words;
use crate::user_pool::token::TokenError;
use std::time::{Duration, Instant};

/// How often a person may mistype a password: backends lock accounts after few attempts.
const PASSWORDS: usize = 3;
/// How long the end of a login that nobody keeps may hold up a person who has signed in.
const PARTING: Duration = Duration::from_secs(3);

impl Attendance<'_> {
    /// Runs the sign-in at a developer's backend: `ask` is told what was wrong with the answers before,
    /// and gives the person's e-mail address and password, or `TimedOut` at the instant.
    pub fn run_at_backend(
        self,
        backend: &Backend,
        mut ask: impl FnMut(Option<&str>, Instant) -> std::io::Result<(String, Password)>,
    ) -> Result<SignedIn, Error> {
        let (session, profile) = (self.session, self.session.profile);
        session.client().and_then(|_| session.vault.is_ready()).map_err(|e| self.not_begun(e))?;
        let desk = session.developer_desk(backend)?;
        let until = Instant::now() + profile.login_timeout;
        let (mut wrong, mut tried) = (None, 0);
        while tried < PASSWORDS {
            let (email, password) =
                ask(wrong.as_deref(), until).map_err(|e| self.no_answer(&e, words::no_password(profile)))?;
            if self.is_replaced() {
                return Err(words::taken_over(profile));
            }
            // Some directories take an empty password for a guest's.
            if email.is_empty() || password.expose().is_empty() {
                wrong = Some(words::NOTHING_TYPED.to_owned());
                continue;
            }
            match desk.admit(&email, &password) {
                Err(NotAdmitted::WrongPassword) => wrong = Some(words::not_the_password(&email)),
                Err(NotAdmitted::Failed(error)) => return Err(self.not_begun(error)),
                Ok(admitted) => return self.admitted(&desk, admitted, &email),
            }
            tried += 1;
        }
        Err(self.not_begun(words::wrong_password(profile)))
    }

    /// From the backend's token to a stored login and cached credentials, told to the journal.
    ///
    /// A token that nobody keeps is ended at the backend: this one, if it was not stored, else the one that
    /// it replaces.
    fn admitted(&self, desk: &Desk<'_>, admitted: Admitted, email: &str) -> Result<SignedIn, Error> {
        let vault = self.session.vault;
        let new = admitted.token.clone();
        let old = vault.load_stored().ok().flatten().map(|login| login.refresh_token);
        let result = self.vouched(desk.backend, admitted, email);
        let lost = if result.is_ok() { old } else { Some(new) };
        let result = self.told(result).and_then(Settled::whole);
        if let Err(error) = &result {
            self.journal.note(&self.session.profile.name, error.what());
        }
        // Some backends have one token for each person, however often they sign in.
        let kept = vault.load_stored().ok().flatten().map(|login| login.refresh_token);
        let is_kept = |lost: &RefreshToken| kept.as_ref().is_some_and(|kept| kept.expose() == lost.expose());
        if let Some(lost) = lost.filter(|lost| !lost.expose().is_empty() && !is_kept(lost))
            && let Err(error) = desk.end(&lost, PARTING)
        {
            log::info!("a login that is not kept could not be ended: {}", error.what());
        }
        result
    }

    /// The stored login of somebody whom the backend has admitted. Where the backend can't vouch for them
    /// right now, its token is stored all the same: the next call asks again, and no person is needed.
    fn vouched(&self, backend: &Backend, admitted: Admitted, email: &str) -> Result<Settled, Error> {
        let (session, profile) = (self.session, self.session.profile);
        session.open_identity_pool();
        let until = Instant::now() + RENEWAL_LIMIT;
        let tokens = session.vouched_tokens(backend, &admitted.token, until);
        let now = Timestamp::now();
        let mut login = Login::from_refresh_token(profile, admitted.token, now);
        login.user = if admitted.username.is_empty() { foreign(email) } else { admitted.username };
        login.provider = Some(foreign(backend.host()));
        match tokens {
            Ok(tokens) => {
                session.describe(&mut login, &session.check(&tokens, None)?);
                login.renew(tokens, now);
                self.settle(login)
            }
            Err(TokenError::Unavailable { error, .. }) => {
                let (Login { user, provider, .. }, _lock) = self.store(login)?;
                let error = words::not_vouched_for_yet(profile, &user, &error);
                Ok(Settled { user, provider, credentials: Err(error) })
            }
            Err(TokenError::Ended) => Err(words::not_accepted_by_backend(profile)),
            Err(TokenError::Refused(error) | TokenError::NoIdToken { error, .. }) => Err(error),
        }
    }
}
