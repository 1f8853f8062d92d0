//! What is kept for one profile, typed: which store holds the login, which the credentials.
//!
//! The stores know bytes; the session knows logins. This module stands between them and holds the
//! one rule about falling from one store to the next: the keychain, else the kernel keyring with a
//! notice, never a plain file unless the profile says `cognito_store = file`.

use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::login::Login;
use crate::profile::config_file::shell_word;
use crate::profile::{CacheChoice, Profile, StoreChoice};
use crate::secret::{ClientSecret, RefreshToken};
use crate::store::{Bytes, EntryName, Files, Kernel, Keychain, Store, StoreError};
use crate::{clock::Timestamp, platform, terminal};
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
        let kernel = cfg!(target_os = "linux");
        Self {
            keychain: Box::new(Keychain::new()),
            kernel_cache: kernel.then(|| Box::new(Kernel::cache()) as Box<dyn Store>),
            kernel_logins: kernel.then(|| Box::new(Kernel::login()) as Box<dyn Store>),
            files: Box::new(Files::new(platform::data_place())),
        }
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
}

/// One place, and what kind it is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// What kind of place it is.
    pub kind: Kind,
    store: &'a dyn Store,
}

impl<'a> Deref for Place<'a> {
    type Target = dyn Store + 'a;

    fn deref(&self) -> &Self::Target {
        self.store
    }
}

/// Everything kept for one profile.
pub struct Vault<'a> {
    profile: &'a Profile,
    places: &'a Places,
    journal: &'a Journal,
    /// A refresh token from the environment, used where no login is stored yet.
    seed: Option<RefreshToken>,
}

impl<'a> Vault<'a> {
    /// Nothing is opened yet.
    pub fn new(
        profile: &'a Profile,
        places: &'a Places,
        journal: &'a Journal,
        seed: Option<RefreshToken>,
    ) -> Self {
        Self { profile, places, journal, seed }
    }

    /// Cached credentials, from the place that answers without lock, prompt or network. A kernel
    /// keyring that exists and has nothing is the final word here.
    pub fn cached(&self) -> Option<Credentials> {
        self.cached_in().map(|(credentials, _)| credentials)
    }

    /// [`Self::cached`], and where they are.
    pub fn cached_in(&self) -> Option<(Credentials, Place<'_>)> {
        let entry = self.profile.credentials_entry();
        for place in self.cache_places() {
            match place.load(&entry) {
                Ok(found) if place.kind == Kind::Kernel || found.is_some() => {
                    return Some((Credentials::from_bytes(&found?)?, place));
                }
                Ok(_) => {}
                Err(e) => log::debug!("cache in {}: {e}", place.describe()),
            }
        }
        None
    }

    /// Cached credentials from every place where [`Self::cache`] may have put them; the freshest.
    pub fn cached_anywhere(&self) -> Option<Credentials> {
        let entry = self.profile.credentials_entry();
        self.cache_places()
            .filter_map(|place| Self::read_credentials(&*place, &entry))
            .max_by_key(|c| (c.obtained, c.expiration))
    }

    fn read_credentials(place: &dyn Store, entry: &EntryName) -> Option<Credentials> {
        match place.load(entry) {
            Ok(found) => Credentials::from_bytes(&found?),
            Err(e) => {
                log::debug!("cache in {}: {e}", place.describe());
                None
            }
        }
    }

    fn cache_places(&self) -> impl Iterator<Item = Place<'_>> {
        let kernel = self.places.kernel_cache.as_deref().filter(|_| self.profile.cache == CacheChoice::Auto);
        let keychain = Some(&*self.places.keychain).filter(|_| self.profile.cache != CacheChoice::None);
        [(Kind::Kernel, kernel), (Kind::Keychain, keychain)]
            .into_iter()
            .filter_map(|(kind, store)| Some(Place { kind, store: store? }))
    }

    /// Caches credentials in the first place that takes them. Not being able to is no failure: the
    /// caller has its credentials.
    pub fn cache(&self, credentials: &Credentials) {
        let entry = self.profile.credentials_entry();
        let lives = credentials.expiration.left(Timestamp::now());
        let Some(bytes) = credentials.to_bytes() else { return };
        for place in self.cache_places() {
            match place.save(&entry, &bytes, Some(lives)) {
                Ok(()) => return,
                Err(e) => log::debug!("cache in {}: {e}", place.describe()),
            }
        }
    }

    /// Forgets the cached credentials under `entry`, everywhere.
    pub fn forget_credentials(&self, entry: &EntryName) {
        let kernel = self.places.kernel_cache.as_deref();
        for place in kernel.into_iter().chain([&*self.places.keychain]) {
            if let Err(e) = place.delete(entry) {
                log::debug!("cache in {}: {e}", place.describe());
            }
        }
    }

    /// The login to use: the stored one, if the server has not ended it, else the one from the
    /// environment.
    pub fn load(&self) -> Result<Option<Login>, Error> {
        let stored = self.load_stored()?;
        let Some(stored) = stored else {
            let seed = self.seed.clone();
            return Ok(seed.map(|token| Login::from_refresh_token(self.profile, token, Timestamp::now())));
        };
        Ok(Some(stored).filter(|login| !login.has_ended()))
    }

    /// The stored login, ended or not; of two copies the one changed last. A store that can't be opened is an
    /// error only if no other one has the login: nobody is sent to sign in because a keychain is
    /// locked.
    pub fn load_stored(&self) -> Result<Option<Login>, Error> {
        Ok(self.stored_in()?.map(|(login, _)| login))
    }

    /// [`Self::load_stored`], and where it is.
    pub fn stored_in(&self) -> Result<Option<(Login, Place<'_>)>, Error> {
        let entry = self.profile.login_entry();
        let (mut found, mut trouble) = (None::<(Login, Place<'_>)>, None);
        for place in self.login_places() {
            match place.load(&entry) {
                Ok(bytes) => {
                    let login =
                        bytes.and_then(|b| Login::from_bytes(&b)).filter(|l| l.belongs_to(self.profile));
                    let copy = login.map(|login| (login, place));
                    found = found.into_iter().chain(copy).max_by_key(|(login, _)| login.changed);
                }
                Err(StoreError::Absent(why)) if self.profile.store == StoreChoice::Default => {
                    log::debug!("{}: {why}", place.describe());
                }
                Err(e) => trouble = trouble.or(Some(self.unusable(&*place, &e))),
            }
        }
        match (found, trouble) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// Saves the login durably, in the first place that takes it, and removes copies from the others.
    pub fn save(&self, login: &Login) -> Result<(), Error> {
        let entry = self.profile.login_entry();
        let bytes = login.to_bytes().ok_or_else(|| {
            Error::new(Next::TryAgain, "The login can't be written down.", self.profile.command("doctor"))
        })?;
        let mut trouble = None;
        let mut saved_in: Option<Place<'_>> = None;
        for (rank, place) in self.login_places().enumerate() {
            if saved_in.is_some() {
                // An outdated copy is harmless (the newest wins) but need not lie around.
                let _ = place.delete(&entry);
                continue;
            }
            match place.save(&entry, &bytes, None) {
                Ok(()) => {
                    saved_in = Some(place);
                    if rank > 0 {
                        self.notice(&format!(
                            "There is no usable keychain; the login is kept in the {}.",
                            place.describe()
                        ));
                    }
                }
                Err(e) => trouble = trouble.or(Some(self.unusable(&*place, &e))),
            }
        }
        match (saved_in, trouble) {
            (None, Some(error)) => match &self.seed {
                // A container without any store lives on its environment alone.
                Some(_) => Ok(()),
                None => Err(error),
            },
            _ => Ok(()),
        }
    }

    /// Removes the login from every place it may lie in. Deleting in a store that isn't there succeeds.
    pub fn delete_login(&self) -> Result<(), Error> {
        let entry = self.profile.login_entry();
        let mut trouble = None;
        for place in self.login_places() {
            match place.delete(&entry) {
                Ok(()) | Err(StoreError::Absent(_)) => {}
                Err(e) => trouble = trouble.or(Some(self.unusable(&*place, &e))),
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    fn login_places(&self) -> impl Iterator<Item = Place<'_>> {
        let among = |choices: [StoreChoice; 2]| choices.contains(&self.profile.store);
        let keychain =
            Some(&*self.places.keychain).filter(|_| among([StoreChoice::Default, StoreChoice::Keychain]));
        let kernel = self.places.kernel_logins.as_deref();
        let kernel = kernel.filter(|_| among([StoreChoice::Default, StoreChoice::Kernel]));
        let files = Some(&*self.places.files).filter(|_| self.profile.store == StoreChoice::File);
        [(Kind::Keychain, keychain), (Kind::Kernel, kernel), (Kind::File, files)]
            .into_iter()
            .filter_map(|(kind, store)| Some(Place { kind, store: store? }))
    }

    /// The app client's secret in the keychain, where there is one.
    pub fn client_secret(&self) -> Option<ClientSecret> {
        let bytes: Bytes = self.places.keychain.load(&self.profile.client_secret_entry()).ok()??;
        std::str::from_utf8(&bytes).ok().map(ClientSecret::new)
    }

    /// Tells a person something that is no failure: on the terminal, and for `status`.
    pub fn notice(&self, text: &str) {
        self.journal.note(&self.profile.name, text);
        terminal::say(&format!("cognito-creds: {text}"));
    }

    fn unusable(&self, place: &dyn Store, e: &StoreError) -> Error {
        let name = place.describe();
        let (what, paste) = match e {
            StoreError::Absent(_) => (
                format!("There is no {name} here to keep the login of profile {} in.", self.profile.name),
                self.kernel_store_command(),
            ),
            StoreError::Locked(_) => {
                (format!("The {name} is locked or refused access."), self.unlock_command())
            }
            StoreError::TimedOut(limit) => (
                format!("The {name} did not answer within {} seconds.", limit.as_secs()),
                self.unlock_command(),
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
    fn unlock_command(&self) -> String {
        match self.profile.store {
            StoreChoice::Default => self.profile.command("login"),
            _ => self.kernel_store_command(),
        }
    }

    fn kernel_store_command(&self) -> String {
        format!("aws configure set cognito_store kernel --profile {}", shell_word(&self.profile.name))
    }
}
