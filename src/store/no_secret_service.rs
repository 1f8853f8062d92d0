//! In place of the Secret Service on Windows: the Credential Manager is open as long as its person is signed in, and
//! its errors have no better words.

use super::StoreError;
use keyring_core::error::PlatformError;

/// Whether the keychain has become ready meanwhile.
#[allow(clippy::unnecessary_wraps, reason = "the Secret Service has an error to tell")]
pub(super) fn ready_for_items() -> Result<bool, StoreError> {
    Ok(false)
}

/// What a failure of the keychain means.
pub(super) fn cause_of(_: &PlatformError, text: String, otherwise: fn(String) -> StoreError) -> StoreError {
    otherwise(text)
}
