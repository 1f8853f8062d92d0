//! What the keychain library can't say about the macOS Keychain: whether it is open for new items, and
//! what a refusal means. The names of the codes are those of Apple's `SecBase.h`.
//!
//! Never run on a Mac: compiled and read only, but for the table of codes, which is tested everywhere.

use super::StoreError;

/// Asked when nothing was found: a locked keychain finds names without being opened, so "nothing stored"
/// would be said of one that can keep nothing either, and a sign-in would be lost. An open one stays as it
/// is; a closed one asks its person, or fails at once where nobody can be asked (`SecKeychainUnlock`).
///
/// Never `true`: an item that was there has been found.
#[cfg(target_os = "macos")]
pub(super) fn ready_for_items() -> Result<bool, StoreError> {
    use security_framework::os::macos::keychain::{SecKeychain, SecPreferencesDomain};
    let open = |mut keychain: SecKeychain| keychain.unlock(None);
    match SecKeychain::default_for_domain(SecPreferencesDomain::User).and_then(open) {
        Ok(()) => Ok(false),
        Err(error) => Err(meaning(error.code(), error.to_string(), StoreError::Failed)),
    }
}

/// What a refusal by the keychain means; `otherwise` for the rest.
#[cfg(target_os = "macos")]
pub(super) fn cause_of(
    cause: &keyring_core::error::PlatformError,
    text: String,
    otherwise: fn(String) -> StoreError,
) -> StoreError {
    match cause.downcast_ref::<security_framework::base::Error>() {
        Some(error) => meaning(error.code(), text, otherwise),
        None => otherwise(text),
    }
}

fn meaning(code: i32, text: String, otherwise: fn(String) -> StoreError) -> StoreError {
    let denied = |why: &str| StoreError::Denied(why.to_owned());
    match code {
        // errSecNotAvailable, errSecNoSuchKeychain, errSecNoDefaultKeychain: an account that never signed in to a
        // desktop has none.
        -25291 | -25294 | -25307 => StoreError::Absent("this account has no login keychain".to_owned()),
        // errSecInteractionNotAllowed: over SSH, or in a job of launchd.
        -25308 => StoreError::Locked("it is locked, or has to ask and can't show its dialog here".to_owned()),
        // errSecUserCanceled
        -128 => denied("its dialog was closed with Deny or Cancel"),
        // errSecAuthFailed
        -25293 => denied("its dialog got no right password, or it does not trust this program"),
        // errSecDuplicateItem: the library adds what it was not given to read (security-framework's
        // `set_generic_password`).
        -25299 => denied("it has the item, and does not give it to this program"),
        _ => otherwise(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn refusals_of_the_macos_keychain_in_words() {
        let mut told = Snapshot::of("reasons", "macos-keychain");
        for (case, code) in [
            ("no keychain", -25307),
            ("nobody can be asked", -25308),
            ("the dialog was cancelled", -128),
            ("a wrong password", -25293),
            ("an item that could not be read is written", -25299),
            ("anything else", -36),
        ] {
            let meant = meaning(code, "its own words".to_owned(), StoreError::Failed);
            let kind = format!("{meant:?}");
            let kind = kind.split('(').next().unwrap_or_default();
            told.tell(case, &format!("{kind}: {meant}"));
        }
        told.compare();
    }
}
