//! In place of the kernel's keyrings on systems that have none.

use super::{Bytes, EntryName, Store, StoreError};
use std::time::Duration;

/// A store that is never there.
#[derive(Debug)]
pub struct Kernel(());

impl Kernel {
    /// The cache of other systems is the keychain.
    pub fn cache() -> Self {
        Self(())
    }

    /// Other systems always have a keychain.
    pub fn login() -> Self {
        Self(())
    }
}

fn absent() -> StoreError {
    StoreError::Absent("only Linux has kernel keyrings".to_owned())
}

impl Store for Kernel {
    fn load(&self, _: &EntryName) -> Result<Option<Bytes>, StoreError> {
        Err(absent())
    }

    fn save(&self, _: &EntryName, _: &[u8], _: Option<Duration>) -> Result<(), StoreError> {
        Err(absent())
    }

    fn delete(&self, _: &EntryName) -> Result<(), StoreError> {
        Err(absent())
    }

    fn describe(&self) -> String {
        "kernel keyring (Linux only)".to_owned()
    }
}
