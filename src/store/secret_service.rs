//! What the keychain library can't say about a Secret Service: whether there is a collection for
//! our items, and what a refusal means.

use super::StoreError;
use keyring_core::error::PlatformError;
use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error};

/// Asked when nothing was found: unlocks the default collection, so that "nothing stored" is never
/// said of a keyring that is closed or could not keep anything. `true` if it was locked until now.
///
/// An item of a locked collection may be invisible (KWallet), and a service without a default
/// collection, as on WSL, answers a search with an empty list and a write with a refusal.
pub(super) fn ready_for_items() -> Result<bool, StoreError> {
    let opened = || {
        let service = SecretService::connect(EncryptionType::Plain)?;
        let collection = service.get_default_collection()?;
        let locked = collection.is_locked()?;
        if locked {
            collection.unlock()?;
        }
        Ok(locked)
    };
    opened().map_err(|error: Error| meaning(&error, error.to_string(), StoreError::Failed))
}

/// What a refusal by the service means; `otherwise` for the rest.
pub(super) fn cause_of(
    cause: &PlatformError,
    text: String,
    otherwise: fn(String) -> StoreError,
) -> StoreError {
    match cause.downcast_ref() {
        Some(error) => meaning(error, text, otherwise),
        None => otherwise(text),
    }
}

fn meaning(error: &Error, text: String, otherwise: fn(String) -> StoreError) -> StoreError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => {
            StoreError::Locked("the keyring is locked".to_owned())
        }
        Error::NoResult => StoreError::Absent("the Secret Service has no default keyring".to_owned()),
        Error::Unavailable => StoreError::Absent(text),
        _ => otherwise(crate::error::foreign(&text)),
    }
}
