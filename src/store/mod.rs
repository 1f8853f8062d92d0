//! Where a login and its credentials are kept: one trait, and the places that implement it.
//!
//! Everything above this module sees bytes under a name. What the places differ in (size limits,
//! prompts, lifetimes) stays below the trait.

#[cfg(any(target_os = "macos", test))]
mod apple;
mod file;
#[cfg_attr(not(target_os = "linux"), path = "no_kernel.rs")]
mod kernel;
mod keychain;
mod memory;
#[cfg(not(target_os = "macos"))]
#[cfg_attr(windows, path = "no_secret_service.rs")]
mod secret_service;
pub mod split;

pub use file::Files;
pub use kernel::Kernel;
pub use keychain::Keychain;
pub use memory::Memory;

/// What the keychain library can't say about this system's keychain.
#[cfg(target_os = "macos")]
use apple as particulars;
#[cfg(not(target_os = "macos"))]
use secret_service as particulars;

use std::time::Duration;
use zeroize::Zeroizing;

/// A value on its way into or out of a store; zeroized on drop.
pub type Bytes = Zeroizing<Vec<u8>>;

/// The name of one entry: a kind and a digest of everything the entry depends on, for instance
/// `login.0f3a…`. Free of blanks, `@`, `/` and `:`, so that it fits every store and file system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName(String);

impl EntryName {
    /// A name of `kind` (`login`, `credentials`, `client-secret`) for the parts it depends on.
    ///
    /// The parts are length-prefixed before hashing (SHA-256, the first 128 bits), so that no two
    /// lists of parts share a name by moving characters between neighbours.
    pub fn new<'a>(kind: &str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(format!("{kind}.{}", hex(&hash.finalize()[..16])))
    }

    /// Reads a name back from where it was written down; `None` for what was never a name.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, hex) = text.split_once('.')?;
        let ok = kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && hex.len() == 32;
        (ok && hex.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such store here (no D-Bus, no keyutils, seccomp): the next one may serve.
    #[error("{0}")]
    Absent(String),
    /// The store is there but closed: locked, prompt dismissed, access denied.
    #[error("{0}")]
    Locked(String),
    /// A person was asked and said no, or said once for all who may have it: asked again, they would be
    /// asked again.
    #[error("{0}")]
    Denied(String),
    /// Nobody answered within the store's deadline.
    #[error("no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The value does not fit: quota or size limit.
    #[error("{0}")]
    Full(String),
    /// Anything else; the text holds no secret.
    #[error("{0}")]
    Failed(String),
}

/// A place that keeps small secret values under a name.
pub trait Store {
    /// The value, or `None` where there is none. A torn or expired value reads as none.
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError>;

    /// Saves the value durably, replacing an earlier one whole or not at all. Where the store can,
    /// it forgets the value by itself after `lives`.
    fn save(&self, name: &EntryName, value: &[u8], lives: Option<Duration>) -> Result<(), StoreError>;

    /// Removes the value. Nothing to remove is success.
    fn delete(&self, name: &EntryName) -> Result<(), StoreError>;

    /// What a person calls this place, for instance `keychain (Secret Service)`.
    fn describe(&self) -> String;

    /// The command that opens it where it is [`Locked`](StoreError::Locked), if the system has one.
    fn unlock_command(&self) -> Option<&'static str> {
        None
    }
}
