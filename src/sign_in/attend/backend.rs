//! The sign-in at a developer's backend: e-mail and password from the terminal in place of the browser.

use super::{Attendance, Settled, SignedIn};
use crate::clock::Timestamp;
use crate::developer::{Admitted, NotAdmitted};
use crate::error::{Error, foreign};
use crate::login::Login;
use crate::profile::auth::Backend;
use crate::secret::Password;
use crate::session::RENEWAL_LIMIT;
use crate::sign_in::words;
use crate::user_pool::token::TokenError;
use std::time::Instant;

/// How often a person may mistype a password: backends lock accounts after few attempts.
const PASSWORDS: usize = 3;

impl Attendance<'_> {
    /// Runs the sign-in at a developer's backend: `ask` is told what was wrong with the answers before,
    /// and gives the person's e-mail address and password.
    pub fn run_at_backend(
        self,
        backend: &Backend,
        mut ask: impl FnMut(Option<&str>) -> std::io::Result<(String, Password)>,
    ) -> Result<SignedIn, Error> {
        let (session, profile) = (self.session, self.session.profile);
        session.client().and_then(|_| session.vault.is_ready()).map_err(|e| self.not_begun(e))?;
        let desk = session.developer_desk(backend)?;
        let mut wrong = None;
        for _ in 0..PASSWORDS {
            let (email, password) = ask(wrong).map_err(|e| words::no_password(profile).because(e))?;
            if self.is_replaced() {
                return Err(words::taken_over(profile));
            }
            let admitted = match (email.is_empty(), password.expose().is_empty()) {
                // Some directories take an empty password for a guest's.
                (true, _) | (_, true) => Err(NotAdmitted::WrongPassword),
                _ => desk.admit(&email, &password),
            };
            match admitted {
                Err(NotAdmitted::WrongPassword) => wrong = Some("That is not the password of this address."),
                Err(NotAdmitted::Failed(error)) => return Err(self.not_begun(error)),
                Ok(admitted) => {
                    let result = self.vouched(backend, admitted, &email).and_then(|login| self.settle(login));
                    return self.told(result).and_then(Settled::whole);
                }
            }
        }
        Err(self.not_begun(words::wrong_password(profile)))
    }

    /// The login of somebody whom the backend has admitted.
    fn vouched(&self, backend: &Backend, admitted: Admitted, email: &str) -> Result<Login, Error> {
        let (session, profile) = (self.session, self.session.profile);
        session.open_identity_pool();
        let until = Instant::now() + RENEWAL_LIMIT;
        let tokens =
            session.vouched_tokens(backend, &admitted.token, until).map_err(|error| match error {
                TokenError::Ended => words::not_accepted_by_backend(profile),
                TokenError::Refused(error)
                | TokenError::NoIdToken { error, .. }
                | TokenError::Unavailable { error, .. } => error,
            })?;
        let claims = session.check(&tokens, None)?;
        let now = Timestamp::now();
        let mut login = Login::from_refresh_token(profile, admitted.token, now);
        login.user = if admitted.username.is_empty() { foreign(email) } else { admitted.username };
        session.describe(&mut login, &claims);
        login.renew(tokens, now);
        Ok(login)
    }
}
