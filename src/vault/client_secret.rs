//! The secret of a confidential app client: in the keychain, or nowhere.

use super::Vault;
use crate::error::{Error, Next};
use crate::platform::Os;
use crate::remedy;
use crate::secret::ClientSecret;
use crate::store::{Bytes, StoreError};

impl Vault<'_> {
    /// The app client's secret in the keychain, where there is one and the profile uses the keychain.
    pub fn client_secret(&self) -> Option<ClientSecret> {
        if !self.uses_keychain() {
            return None;
        }
        let bytes: Bytes = self.places.keychain.load(&self.profile.client_secret_entry()).ok()??;
        std::str::from_utf8(&bytes).ok().map(ClientSecret::new)
    }

    /// Keeps the app client's secret in the keychain, where every profile of this client finds it.
    ///
    /// # Errors
    /// The profile does not use the keychain, or the keychain does not take it.
    pub fn keep_client_secret(&self, secret: &ClientSecret) -> Result<(), Error> {
        let refused = |why: &str| {
            let what = format!(
                "The client secret of profile {} belongs into the keychain, and {why}.",
                self.profile.name
            );
            let paste = remedy::type_variable(Os::HERE, "COGNITO_CREDS_CLIENT_SECRET");
            Error::new(Next::Configure, what, paste)
        };
        if !self.uses_keychain() {
            return Err(refused("the profile uses none"));
        }
        let saved =
            self.places.keychain.save(&self.profile.client_secret_entry(), secret.expose().as_bytes(), None);
        saved.map_err(|error| match error {
            StoreError::Absent(_) => refused("there is no keychain here").because(error),
            error => refused(&format!("it was not taken there ({error})")),
        })
    }

    /// Forgets the app client's secret. Where there is no keychain, there is none.
    ///
    /// # Errors
    /// Of the keychain, which may still have it.
    pub fn forget_client_secret(&self) -> Result<(), StoreError> {
        match self.places.keychain.delete(&self.profile.client_secret_entry()) {
            Err(StoreError::Absent(_)) => Ok(()),
            forgotten => forgotten,
        }
    }
}
