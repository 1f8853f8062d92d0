//! The least that reading one item from the keychain can cost through the same library: what a warm
//! call with `cognito_cache = keychain` is measured against.
//!
//! `keychain-read SERVICE ACCOUNT` prints nothing. Exit 0 if the item was there and held something.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(service), Some(account)) = (words.next(), words.next()) else { return ExitCode::from(2) };
    // Connects; the entry below would only say that there is no store.
    if keyring::Entry::store_status().is_err() {
        return ExitCode::FAILURE;
    }
    let secret = keyring_core::Entry::new(&service, &account).and_then(|entry| entry.get_secret());
    if secret.is_ok_and(|bytes| !bytes.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
