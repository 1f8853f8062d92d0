//! What a caller may want of a login: credentials, or a token itself. How many processes share the way
//! to it is told once, in [`super::flight`].

use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::journal::Wanted;
use crate::login::Login;
use crate::profile::Profile;
use crate::session::{Session, Silent, TokenKind};
use crate::store::EntryName;

/// A thing that a login gives.
pub trait Want {
    /// The thing.
    type Thing;

    /// What the journal calls it.
    const WANTED: Wanted;

    /// What is said of one that lives, where it could not be renewed.
    const AT_HAND: &str;

    /// It, if another process has brought it since `began`, looked for where that costs nothing. A
    /// `None` is no answer: whoever gets the lock looks again.
    fn ready(&self, session: &Session<'_>, began: Timestamp) -> Option<Self::Thing>;

    /// One that still lives, for whoever has waited long enough for another's renewal. Asked for again
    /// and again, so only where that costs nothing.
    fn alive_meanwhile(&self, session: &Session<'_>) -> Option<Self::Thing>;

    /// One that still lives, wherever it lies: better than an error.
    fn alive(&self, session: &Session<'_>) -> Option<Self::Thing>;

    /// It, without a person. To be called under the login's lock.
    fn silent(&self, session: &Session<'_>, began: Timestamp) -> Result<Silent<Self::Thing>, Error>;

    /// Under which name attempts to renew it are recorded.
    fn attempts(&self, profile: &Profile) -> EntryName;

    /// Whether a sign-in that failed may have brought it all the same.
    fn survives_a_failed_exchange(&self) -> bool;
}

/// AWS credentials of the profile.
pub struct AwsCredentials;

impl Want for AwsCredentials {
    type Thing = Credentials;

    const WANTED: Wanted = Wanted::Credentials;

    const AT_HAND: &str = "the credentials at hand are used";

    fn ready(&self, session: &Session<'_>, began: Timestamp) -> Option<Credentials> {
        session.ready(began)
    }

    fn alive_meanwhile(&self, session: &Session<'_>) -> Option<Credentials> {
        session.alive()
    }

    fn alive(&self, session: &Session<'_>) -> Option<Credentials> {
        session.alive()
    }

    fn silent(&self, session: &Session<'_>, _: Timestamp) -> Result<Silent, Error> {
        session.silent(false)
    }

    fn attempts(&self, profile: &Profile) -> EntryName {
        profile.credentials_entry()
    }

    fn survives_a_failed_exchange(&self) -> bool {
        false
    }
}

/// A login whose token of this kind can be used.
pub struct Token(pub TokenKind);

impl Want for Token {
    type Thing = Login;

    const WANTED: Wanted = Wanted::Token;

    const AT_HAND: &str = "the token at hand is used";

    /// It lies in a keychain, which is not asked many times a second.
    fn ready(&self, _: &Session<'_>, _: Timestamp) -> Option<Login> {
        None
    }

    fn alive_meanwhile(&self, _: &Session<'_>) -> Option<Login> {
        None
    }

    fn alive(&self, session: &Session<'_>) -> Option<Login> {
        session.token_alive(self.0)
    }

    fn silent(&self, session: &Session<'_>, began: Timestamp) -> Result<Silent<Login>, Error> {
        session.silent_token(self.0, began)
    }

    /// Each kind has an end of its own.
    fn attempts(&self, profile: &Profile) -> EntryName {
        EntryName::new("tokens", [profile.login_entry().as_str(), self.0.name()])
    }

    /// The identity pool has no say in it.
    fn survives_a_failed_exchange(&self) -> bool {
        true
    }
}
