//! How a sign-in went, and the page that tells it.

use super::SignedIn;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::profile::Profile;
use crate::user_pool::page::Page;

/// A stored login, and what the identity pool said to it.
pub struct Settled {
    pub user: String,
    pub provider: Option<String>,
    pub credentials: Result<Option<Credentials>, Error>,
}

impl Settled {
    /// A sign-in for a profile with an identity pool is whole only with credentials.
    pub fn whole(self) -> Result<SignedIn, Error> {
        Ok(SignedIn { user: self.user, provider: self.provider, credentials: self.credentials? })
    }
}

/// The page that tells how it ended.
pub fn page(profile: &Profile, result: &Result<Settled, Error>, asks_for_role: bool) -> Page {
    let profile = profile.shown();
    match result {
        Ok(Settled { user, provider, credentials: Ok(credentials) }) => Page::SignedIn {
            who: user.clone(),
            provider: provider.clone(),
            profile,
            role: credentials.as_ref().and_then(|c| c.role.clone()),
            account: credentials.as_ref().and_then(Credentials::account_id).map(str::to_owned),
        },
        Ok(Settled { user, credentials: Err(error), .. })
            if asks_for_role && error.next() == Next::ChooseRole =>
        {
            Page::ChoosesRole { who: user.clone(), profile }
        }
        Ok(Settled { user, credentials: Err(error), .. }) => Page::NoCredentials {
            who: user.clone(),
            what: error.what().to_owned(),
            paste: error.paste().to_owned(),
            profile,
        },
        Err(error) => {
            Page::NotSignedIn { what: error.what().to_owned(), paste: error.paste().to_owned(), profile }
        }
    }
}
