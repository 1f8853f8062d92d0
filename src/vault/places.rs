//! The places that logins and credentials may lie in, and what kind each is.

use crate::platform::{self, Os};
use crate::profile::{Profile, StoreChoice};
use crate::store::{Files, Kernel, Keychain, Store, StoreError};
use std::ops::Deref;

/// The places a profile's values may lie in.
pub struct Places {
    /// The operating system's keychain.
    pub keychain: Box<dyn Store>,
    /// Credentials in the kernel keyring; none where the platform has none.
    pub kernel_cache: Option<Box<dyn Store>>,
    /// Logins in the kernel keyring.
    pub kernel_logins: Option<Box<dyn Store>>,
    /// Logins in files.
    pub files: Box<dyn Store>,
}

impl Places {
    /// The real ones. Nothing is opened before it is used.
    pub fn of_this_system() -> Self {
        let kernel = Os::HERE == Os::Linux;
        Self {
            keychain: Box::new(Keychain::new()),
            kernel_cache: kernel.then(|| Box::new(Kernel::cache()) as Box<dyn Store>),
            kernel_logins: kernel.then(|| Box::new(Kernel::login()) as Box<dyn Store>),
            files: Box::new(Files::new(platform::data_place())),
        }
    }

    /// The value of `cognito_store` for those whose keychain can't be used.
    pub fn beside_the_keychain(&self) -> &'static str {
        if self.kernel_logins.is_some() { Kind::Kernel.name() } else { Kind::File.name() }
    }
}

/// What kind of place something is kept in, by the names of `cognito_store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The operating system's keychain.
    Keychain,
    /// The kernel keyring.
    Kernel,
    /// A file.
    File,
}

impl Kind {
    /// As the profile's key and `status --json` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Kernel => "kernel",
            Self::File => "file",
        }
    }

    /// Whether the profile's `cognito_store`, as it is now, may put a login into this kind of place.
    pub fn may_keep_the_login_of(self, profile: &Profile) -> bool {
        match profile.store {
            StoreChoice::Default => self != Self::File,
            StoreChoice::Keychain => self == Self::Keychain,
            StoreChoice::Kernel => self == Self::Kernel,
            StoreChoice::File => self == Self::File,
        }
    }
}

/// One place, and what kind it is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// What kind of place it is.
    pub kind: Kind,
    pub(super) store: &'a dyn Store,
}

impl<'a> Deref for Place<'a> {
    type Target = dyn Store + 'a;

    fn deref(&self) -> &Self::Target {
        self.store
    }
}

/// A place that may keep a login which could not be read or removed.
pub struct Unreached<'a> {
    /// The place.
    pub place: Place<'a>,
    /// What it answered.
    pub why: StoreError,
}
