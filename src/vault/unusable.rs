//! What it means for a profile that a place can't be used, and the command that helps.

use super::Vault;
use crate::error::{Error, Next};
use crate::profile::StoreChoice;
use crate::shell;
use crate::store::{Store, StoreError};

impl Vault<'_> {
    pub(super) fn unusable(&self, place: &dyn Store, e: &StoreError) -> Error {
        let name = place.describe();
        let (what, paste) = match e {
            StoreError::Absent(_) => (
                format!("There is no {name} here to keep the login of profile {} in.", self.profile.name),
                self.other_store_command(),
            ),
            StoreError::Locked(_) => {
                let what = format!(
                    "The {name} is locked or refused access; unlock it and try again, or keep the login elsewhere."
                );
                (what, self.unlock_command(place))
            }
            // Whoever looks at it is asked again, and nothing else happens.
            StoreError::Denied(why) => (
                format!("The {name} keeps the login of profile {} back: {why}.", self.profile.name),
                self.profile.command("status"),
            ),
            StoreError::TimedOut(limit) => (
                format!("The {name} did not answer within {} seconds.", limit.as_secs()),
                self.unlock_command(place),
            ),
            StoreError::Full(_) => {
                (format!("The login does not fit into the {name}."), self.profile.command("doctor"))
            }
            StoreError::Failed(why) => (
                format!("The login of profile {} can't be read or kept: {why}.", self.profile.name),
                self.profile.command("doctor"),
            ),
        };
        Error::new(Next::TryAgain, what, paste).because(e)
    }

    /// By default `login` keeps the login in the kernel keyring where the keychain stays closed; a
    /// profile that insists on the keychain has to choose another store.
    fn unlock_command(&self, place: &dyn Store) -> String {
        match (place.unlock_command(), self.profile.store) {
            (Some(command), _) => command.to_owned(),
            (None, StoreChoice::Default) => self.profile.command("login"),
            (None, _) => self.other_store_command(),
        }
    }

    fn other_store_command(&self) -> String {
        shell::set_key("cognito_store", self.places.beside_the_keychain(), &self.profile.name)
    }

    /// The answer to `cognito_store = kernel` where the system has no such thing.
    pub(super) fn no_kernel(&self) -> Error {
        let what =
            format!("There is no kernel keyring here to keep the login of profile {} in.", self.profile.name);
        Error::new(Next::Configure, what, shell::set_key("cognito_store", "keychain", &self.profile.name))
    }
}
