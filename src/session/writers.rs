//! What a renewal may write, and when somebody else has been faster.
//!
//! The lock sees to it that one process at a time renews a login. But a holder that is stopped (Ctrl-Z,
//! SIGSTOP) or hangs is overtaken after [`OVERTAKE`](crate::sign_in::OVERTAKE); a sign-in and a logout
//! don't wait for it longer either; and another machine may have the same store. So every write looks
//! at the store first, and compares: a refresh's answer is saved only where the refresh token that it
//! cost still lies there. Call the one that is stopped H and the one that overtakes it W. H was stopped
//!
//! - *before it sent its refresh token.* W spends that token and stores the next one. When H is woken,
//!   more than a whole renewal's time has passed, so nothing that H had begun sends a byte more, and
//!   nothing new begins without a look at the store. A short stop, after which H goes on in time, is
//!   shorter than W's patience.
//! - *after the server rotated, before H saved.* Inside the grace period W spends the same token once
//!   more, and both answers are good: W's is in the store and stays. After it, or without one, W hears
//!   `invalid_grant` and marks the login as ended. H, when it is woken, takes the answer that lies in
//!   its socket and saves it over that mark: a logout removes the login, so an ended one of the same
//!   sign-in can only mean that. If the server ended the whole session when the token was used twice,
//!   which AWS does not document, the next refresh says so again.
//! - *after it saved.* W goes on with H's tokens and asks the identity pool alone.
//!
//! What is left are the moments between a look and the write after it, under a millisecond for a file.
//! No keychain compares and swaps.

use super::{Session, lead};
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::login::Login;
use crate::retry;
use crate::secret::RefreshToken;

/// What lies in the store, seen from a login that was read from it earlier.
pub(super) enum Stored {
    /// The same login with the same refresh token.
    Unchanged(Login),
    /// The same login with another refresh token: somebody else has renewed it.
    Renewed(Login),
    /// The same login, ended: somebody else was told `invalid_grant`.
    Ended,
    /// Nothing, for a login that need not be stored: its refresh token is from the environment.
    Nothing,
    /// The login of another sign-in, or none after a logout.
    Replaced,
}

impl Session<'_> {
    /// What lies in the store now.
    pub(super) fn stored(&self, login: &Login) -> Result<Stored, Error> {
        Ok(match self.vault.load_stored()? {
            None if login.sign_in.is_empty() => Stored::Nothing,
            Some(stored) if stored.sign_in != login.sign_in => Stored::Replaced,
            Some(stored) if stored.has_ended() => Stored::Ended,
            Some(stored) if stored.refresh_token.expose() == login.refresh_token.expose() => {
                Stored::Unchanged(stored)
            }
            Some(stored) => Stored::Renewed(stored),
            None => Stored::Replaced,
        })
    }

    /// Saves what a refresh of `spent` brought. Where somebody else's refresh token lies, that one
    /// stays, and `renewed` takes it over; its ID token serves all the same.
    pub(super) fn save_renewed(&self, renewed: &mut Login, spent: &Login) -> Result<(), Error> {
        match self.stored(spent)? {
            Stored::Unchanged(_) | Stored::Ended | Stored::Nothing => match self.vault.save(renewed) {
                // The old refresh token is as good as ever; the rest is only asked for again.
                Err(error) if !renewed.may_rotate() => {
                    log::info!("{}", error.what());
                    Ok(())
                }
                saved => saved,
            },
            Stored::Renewed(other) => {
                log::info!("another process has renewed the login meanwhile");
                renewed.refresh_token = other.refresh_token;
                Ok(())
            }
            Stored::Replaced => Err(self.replaced()),
        }
    }

    /// Keeps the refresh token of an answer that is of no other use, and gives the reason back.
    pub(super) fn rotated(&self, login: &Login, refresh_token: Option<RefreshToken>, why: Error) -> Error {
        let Some(token) = refresh_token else { return why };
        let mut rotated = login.clone();
        rotated.rotate(token, Timestamp::now());
        match self.save_renewed(&mut rotated, login) {
            Ok(()) => why,
            Err(error) => error,
        }
    }

    /// Marks the login as ended, if nobody has renewed or replaced it.
    pub(super) fn end(&self, mut login: Login) -> Result<(), Error> {
        match self.stored(&login)? {
            Stored::Unchanged(_) | Stored::Nothing => {
                login.end(Timestamp::now());
                self.vault.save(&login)
            }
            Stored::Renewed(_) | Stored::Ended | Stored::Replaced => Ok(()),
        }
    }

    /// Caches the credentials of `identity`, and saves what the login has learnt on the way. That goes
    /// into the login as it is stored now: the one at hand may be older.
    pub(super) fn keep(
        &self,
        login: Login,
        identity: &str,
        mut credentials: Credentials,
    ) -> Result<Credentials, Error> {
        let lifetime = credentials.expiration.left(credentials.obtained);
        let lead = lead(lifetime, self.profile.refresh_margin, retry::random());
        credentials.lead = u32::try_from(lead.as_secs()).unwrap_or(u32::MAX);
        let stored = match self.stored(&login) {
            Ok(Stored::Unchanged(stored) | Stored::Renewed(stored)) => Some(stored),
            Ok(Stored::Nothing) => Some(login),
            Ok(Stored::Ended) => None,
            Ok(Stored::Replaced) => return Err(self.replaced()),
            Err(error) => {
                // Good credentials, but whether they are still this login's can't be told later.
                log::info!("{}", error.what());
                return Ok(credentials);
            }
        };
        if let Some(mut login) = stored {
            let pool = self.profile.identity_pool.as_ref();
            let new_identity = pool.is_some_and(|pool| login.remember_identity(pool, identity));
            let new_cache = login.remember_cache(&self.profile.credentials_entry());
            // The credentials are good even if this can't be written; it is only learnt again.
            if (new_identity || new_cache)
                && let Err(error) = self.vault.save(&login)
            {
                log::info!("{}", error.what());
            }
        }
        self.vault.cache(&credentials);
        Ok(credentials)
    }

    /// Saves the identity that was found although what came after it failed, so that the next call need not
    /// ask for it again.
    pub(super) fn learn(&self, login: &Login, found: Option<String>) {
        let (Some(pool), Some(identity)) = (&self.profile.identity_pool, found) else { return };
        if let Ok(Stored::Unchanged(mut stored) | Stored::Renewed(mut stored)) = self.stored(login)
            && stored.remember_identity(pool, &identity)
            && let Err(error) = self.vault.save(&stored)
        {
            log::info!("{}", error.what());
        }
    }

    pub(super) fn replaced(&self) -> Error {
        let what = format!(
            "Profile {} was signed in or out by somebody else while its credentials were renewed; run your command again.",
            self.profile.name
        );
        Error::new(Next::TryAgain, what, self.profile.command("status"))
    }
}
