//! Which place has the newest copy of a login, where that is not the keychain.
//!
//! Of two copies the newer one wins. But a keychain that is full or locked keeps its older copy while the newer one
//! goes to the next place; and when that one can't be read for once, an old copy is all that is seen, whose refresh
//! token was spent long ago. Servers that notice a second use end the whole session (RFC 9700 §4.14.2). So whoever
//! keeps a login behind the keychain leaves word in the state folder.

use super::{Place, Vault, newer};
use crate::clock::Timestamp;
use crate::error::{Error, Next};
use crate::login::Login;
use crate::profile::StoreChoice;
use crate::store::StoreError;
use std::cmp::Ordering;

/// A place that did not answer, and why.
pub(super) type Silent<'a> = (Place<'a>, StoreError);

/// The word that was there before.
pub(super) struct Word(Option<String>);

impl Vault<'_> {
    /// Leaves word before the login is saved in a place behind the keychain. Should this process end between the two,
    /// that does no harm where the place answers: it tells the truth of itself.
    pub(super) fn will_lie_in(&self, place: Place<'_>) -> Word {
        let entry = self.profile.login_entry();
        let before = self.journal.whereabouts(&entry);
        if before.as_deref() != Some(place.kind.name()) {
            self.journal.record_whereabouts(&entry, place.kind.name());
        }
        Word(before)
    }

    /// That place has not taken it.
    pub(super) fn does_not_lie_there(&self, word: Word) {
        let entry = self.profile.login_entry();
        match word.0 {
            Some(before) => self.journal.record_whereabouts(&entry, &before),
            None => self.journal.forget_whereabouts(&entry),
        }
    }

    /// The keychain has the newest copy, or nothing has any.
    pub(super) fn lies_nowhere_else(&self) {
        self.journal.forget_whereabouts(&self.profile.login_entry());
    }

    /// Whether a copy that was found is surely the newest, although these places did not answer and the profile may
    /// look into fewer places than when it was saved.
    pub(super) fn is_newest(
        &self,
        login: &Login,
        place: Place<'_>,
        silent: &[Silent<'_>],
    ) -> Result<(), Error> {
        if silent.is_empty() && self.profile.store == StoreChoice::Default {
            return Ok(());
        }
        let newest = self.journal.whereabouts(&self.profile.login_entry());
        let newest = self.all_login_places().find(|other| Some(other.kind.name()) == newest.as_deref());
        let Some(newest) = newest.filter(|newest| newest.kind != place.kind) else { return Ok(()) };
        let name = &self.profile.name;
        let (there, here) = (newest.describe(), place.describe());
        let why = match silent.iter().find(|(silent, _)| silent.kind == newest.kind) {
            Some((_, why)) => Some(why.clone()),
            None if newest.kind.may_keep_the_login_of(self.profile) => None,
            None => match self.load_copy(newest, &self.profile.login_entry()) {
                Ok(Some(other)) if has_replaced(&other, login) => {
                    let what = format!(
                        "The login of profile {name} is in the {there}, and the {here} has an older one; sign in anew."
                    );
                    return Err(Error::new(Next::TryAgain, what, self.profile.command("login")));
                }
                Ok(_) => None,
                Err(why) => Some(why),
            },
        };
        let Some(why) = why else { return Ok(()) };
        let what = format!(
            "The login of profile {name} is in the {there}, which can't be read now; the {here} has an older one. Try again, or sign in anew."
        );
        Err(Error::new(Next::TryAgain, what, self.profile.command("login")).because(why))
    }
}

/// Whether the refresh token of the old copy is none any more.
fn has_replaced(other: &Login, old: &Login) -> bool {
    newer(other, old, Timestamp::now()) == Ordering::Greater
        && other.refresh_token.expose() != old.refresh_token.expose()
}
