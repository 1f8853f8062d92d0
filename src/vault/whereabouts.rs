//! Which place has the newest copy of a login, where that is not the first one.
//!
//! Of two copies the newer one wins. But a place that is full or locked keeps its older copy while the newer one
//! goes to the next place; and when that one can't be read for once, an old copy is all that is seen, whose refresh
//! token was spent long ago. Servers that notice a second use end the whole session (RFC 9700 §4.14.2). So whoever
//! keeps a login behind the first place leaves word in the state folder.

use super::{Place, Vault};
use crate::error::{Error, Next};
use crate::store::StoreError;

/// A place that did not answer, and why.
pub(super) type Silent<'a> = (Place<'a>, StoreError);

impl Vault<'_> {
    /// Leaves word before the login is saved in a place behind the first: that a copy lies there may be believed too
    /// early, for a place that answers tells the truth of itself.
    pub(super) fn will_lie_in(&self, place: Place<'_>) {
        let entry = self.profile.login_entry();
        if self.journal.whereabouts(&entry).as_deref() != Some(place.kind.name()) {
            self.journal.record_whereabouts(&entry, place.kind.name());
        }
    }

    /// The first place has the newest copy, or none has any.
    pub(super) fn lies_in_front(&self) {
        self.journal.forget_whereabouts(&self.profile.login_entry());
    }

    /// Whether a copy that was found is surely the newest although these places did not answer.
    pub(super) fn is_newest(&self, found: Place<'_>, silent: &[Silent<'_>]) -> Result<(), Error> {
        if silent.is_empty() {
            return Ok(());
        }
        let newest = self.journal.whereabouts(&self.profile.login_entry());
        let Some((place, why)) =
            silent.iter().find(|(place, _)| Some(place.kind.name()) == newest.as_deref())
        else {
            return Ok(());
        };
        let what = format!(
            "The login of profile {} is in the {}, which can't be read now; the {} has an older one. Try again, or sign in anew.",
            self.profile.name,
            place.describe(),
            found.describe()
        );
        Err(Error::new(Next::TryAgain, what, self.profile.command("login")).because(why))
    }
}
