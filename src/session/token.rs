//! Tokens for callers who want the token itself: an API behind Cognito's own authorizer, for instance.

use super::{RENEWAL_LIMIT, Session, Silent};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::login::Login;
use crate::user_pool::claims::Claims;
use std::time::{Duration, Instant};

/// Which token of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Says who the person is.
    Id,
    /// Says what may be done in the person's name.
    Access,
}

/// A token with more life than this is handed out as it is.
const FRESH: Duration = Duration::from_mins(5);
/// A token with more life than this is better than an error.
const ALIVE: Duration = Duration::from_mins(1);

impl TokenKind {
    /// The token's text.
    pub fn of(self, login: &Login) -> &str {
        match self {
            Self::Id => login.id_token.expose(),
            Self::Access => login.access_token.expose(),
        }
    }

    /// As part of a name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }

    /// How long the token lives; an end that nobody told is in the past.
    fn left(self, login: &Login) -> Duration {
        let end = match self {
            Self::Id => Claims::decode(&login.id_token).ok().map(|claims| claims.exp),
            Self::Access => login.access_token_ends,
        };
        end.map_or(Duration::ZERO, |end| end.left(Timestamp::now()))
    }
}

impl Session<'_> {
    /// The stored login, if its token can be used as it is. No lock, no network.
    pub fn warm_token(&self, kind: TokenKind) -> Result<Option<Login>, Error> {
        let login = self.vault.load()?.filter(|login| kind.left(login) > FRESH);
        login.map(|login| self.claims_of(&login.id_token, None).map(|_| login)).transpose()
    }

    /// The stored login, if its token is better than an error. No lock, no network.
    pub(crate) fn token_alive(&self, kind: TokenKind) -> Option<Login> {
        let login = self.vault.load().ok()?.filter(|login| kind.left(login) > ALIVE)?;
        self.claims_of(&login.id_token, None).is_ok().then_some(login)
    }

    /// A login whose token can be used, without a person. To be called under the login's lock.
    ///
    /// One that another process has renewed since `began` is as fresh as it gets, however short the
    /// app client lets its tokens live.
    pub(crate) fn silent_token(&self, kind: TokenKind, began: Timestamp) -> Result<Silent<Login>, Error> {
        let Some(login) = self.vault.load()? else {
            log::info!("nobody is signed in for profile {}", self.profile.name);
            return Ok(Silent::SignIn);
        };
        let left = kind.left(&login);
        let alive = left > ALIVE;
        if left > FRESH || (alive && login.changed >= began) {
            self.claims_of(&login.id_token, None)?;
            return Ok(Silent::Fresh(login));
        }
        match self.refresh(login.clone(), Instant::now() + RENEWAL_LIMIT) {
            Ok(Some(renewed)) => Ok(Silent::Fresh(renewed)),
            Ok(None) => Ok(Silent::SignIn),
            Err(why) if alive && self.claims_of(&login.id_token, None).is_ok() => {
                Ok(Silent::Kept(login, why))
            }
            Err(why) => Err(why),
        }
    }
}
