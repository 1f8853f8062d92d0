//! What is kept for one profile, typed: which store holds the login, which the credentials.
//!
//! The stores know bytes; the session knows logins. This module stands between them and holds the
//! one rule about falling from one store to the next: the keychain, else the kernel keyring with a
//! notice, never a plain file unless the profile says `cognito_store = file`.

mod client_secret;
mod places;
mod unusable;
mod whereabouts;

pub use places::{Kind, Place, Places, Unreached};

use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::login::Login;
use crate::profile::{CacheChoice, Profile, StoreChoice};
use crate::secret::RefreshToken;
use crate::store::{EntryName, StoreError};
use crate::{clock::Timestamp, terminal};
use std::cell::Cell;
use std::cmp::{Ordering, Reverse};
use std::time::Duration;

/// A stored login's stamp further ahead than this was written under a wrong clock.
const CLOCK_SLACK: Duration = Duration::from_mins(5);

fn believable(changed: Timestamp, now: Timestamp) -> Option<Timestamp> {
    Some(changed).filter(|changed| *changed <= now.plus(CLOCK_SLACK))
}

/// About as long as a login is: three tokens of a person in a few groups.
const LOGIN_BYTES: usize = 4096;
/// Should nobody be left to delete it.
const PROBE_LIVES: Duration = Duration::from_secs(10);

/// Orders two copies of a login. An ended one never beats a live one, nor a stamp that can't be
/// believed one that can.
fn worth(login: &Login, now: Timestamp) -> (bool, Option<Timestamp>) {
    (!login.has_ended(), believable(login.changed, now))
}

/// Which of two copies is to be used: of two live ones from one sign-in the one with the newer refresh token,
/// for no clock has a say in that.
fn newer(a: &Login, b: &Login, now: Timestamp) -> Ordering {
    let by_worth = worth(a, now).cmp(&worth(b, now));
    match a.compare_renewals(b) {
        Some(ahead) if a.has_ended() == b.has_ended() => ahead.then(by_worth),
        _ => by_worth,
    }
}

/// Everything kept for one profile.
pub struct Vault<'a> {
    profile: &'a Profile,
    places: &'a Places,
    journal: &'a Journal,
    /// A refresh token from the environment, used where no login is stored yet.
    seed: Option<RefreshToken>,
    /// The newest believable stamp among the stored copies that were read.
    newest_seen: Cell<Option<Timestamp>>,
    /// Whether the person has been told that there is no keychain: once is enough.
    told: Cell<bool>,
}

impl<'a> Vault<'a> {
    /// Nothing is opened yet.
    pub fn new(
        profile: &'a Profile,
        places: &'a Places,
        journal: &'a Journal,
        seed: Option<RefreshToken>,
    ) -> Self {
        Self { profile, places, journal, seed, newest_seen: Cell::new(None), told: Cell::new(false) }
    }

    /// Whether the login is that of a refresh token from the environment.
    pub fn is_seeded(&self) -> bool {
        self.seed.is_some()
    }

    /// Whether a login is nothing but that refresh token so far. One of a backend that has not vouched yet
    /// looks the same, and is a login.
    pub fn is_unused_seed(&self, login: &Login) -> bool {
        self.is_seeded() && login.is_unused()
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
        let mut freshest: Option<Credentials> = None;
        for place in self.cache_places() {
            match place.load(&entry) {
                Ok(found) => {
                    let found = found.and_then(|bytes| Credentials::from_bytes(&bytes));
                    freshest = freshest.into_iter().chain(found).max_by_key(|c| (c.obtained, c.expiration));
                    if place.kind == Kind::Kernel && !self.uses_keychain() {
                        break;
                    }
                }
                Err(e) => log::debug!("cache in {}: {e}", place.describe()),
            }
        }
        freshest
    }

    /// Whether the profile keeps anything in the keychain where the kernel keyring works. One that
    /// does not never waits for a keychain that is locked or frozen.
    fn uses_keychain(&self) -> bool {
        self.profile.cache == CacheChoice::Keychain
            || matches!(self.profile.store, StoreChoice::Default | StoreChoice::Keychain)
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
                Err(e) => {
                    log::debug!("cache in {}: {e}", place.describe());
                    if !matches!(e, StoreError::Absent(_)) && !self.uses_keychain() {
                        // A full kernel keyring still answers, so nobody would look further.
                        return;
                    }
                }
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

    /// The stored login, ended or not; of two copies a live one, else the one changed last. A store
    /// that can't be opened is an error only if no other one has the login, or only an older copy:
    /// nobody is sent to sign in because a keychain is locked.
    pub fn load_stored(&self) -> Result<Option<Login>, Error> {
        Ok(self.stored_in()?.map(|(login, _)| login))
    }

    /// [`Self::load_stored`], and where it is.
    pub fn stored_in(&self) -> Result<Option<(Login, Place<'_>)>, Error> {
        let entry = self.profile.login_entry();
        let (mut found, mut silent) = (None::<(Login, Place<'_>)>, Vec::new());
        let now = Timestamp::now();
        for place in self.login_places() {
            match self.load_copy(place, &entry) {
                Ok(copy) => {
                    if let Some(stamp) = copy.as_ref().and_then(|login| believable(login.changed, now)) {
                        self.newest_seen.set(self.newest_seen.get().max(Some(stamp)));
                    }
                    let copy = copy.map(|login| (login, place));
                    found = found.into_iter().chain(copy).max_by(|(a, _), (b, _)| newer(a, b, now));
                }
                Err(why) => {
                    log::debug!("{}: {why}", place.describe());
                    silent.push((place, why));
                }
            }
        }
        if let Some(found) = found {
            self.is_newest(&found.0, found.1, &silent)?;
            return Ok(Some(found));
        }
        // A system without a keychain has nothing in it.
        let is_there = |why: &StoreError| {
            self.profile.store != StoreChoice::Default || !matches!(why, StoreError::Absent(_))
        };
        match silent.iter().find(|(_, why)| is_there(why)) {
            Some((place, why)) => Err(self.unusable(&**place, why)),
            None => Ok(None),
        }
    }

    fn load_copy(&self, place: Place<'_>, entry: &EntryName) -> Result<Option<Login>, StoreError> {
        let login = place.load(entry)?.and_then(|bytes| Login::from_bytes(&bytes));
        Ok(login.filter(|login| login.belongs_to(self.profile)))
    }

    /// Whether a sign-in now could be kept: a profile that insists on the keychain needs one, a file a folder of
    /// ours, the kernel keyring some room, and that is better known before a person has signed in.
    pub fn is_ready(&self) -> Result<(), Error> {
        match self.profile.store {
            StoreChoice::Keychain => self.keychain_answers(),
            // A name that nothing has: the folder alone is looked at, because a file is replaced anyway.
            StoreChoice::File => match self.places.files.load(&EntryName::new("login", [])) {
                Ok(_) => Ok(()),
                Err(why) => Err(self.unusable(&*self.places.files, &why)),
            },
            StoreChoice::Kernel => self.kernel_has_room(),
            StoreChoice::Default if self.places.kernel_logins.is_none() => self.keychain_answers(),
            // Asked second: a keychain may take its time.
            StoreChoice::Default => self.kernel_has_room().or_else(|_| {
                match self.places.keychain.load(&self.profile.login_entry()) {
                    Err(why @ StoreError::Absent(_)) => Err(self.unusable(&*self.places.keychain, &why)),
                    _ => Ok(()),
                }
            }),
        }
    }

    /// Whatever lies in it: a sign-in is what an old copy is mended by.
    fn keychain_answers(&self) -> Result<(), Error> {
        let found = self.places.keychain.load(&self.profile.login_entry());
        found.map(drop).map_err(|why| self.unusable(&*self.places.keychain, &why))
    }

    /// Something as long as a login, kept and forgotten, unless a login lies there that will be replaced.
    fn kernel_has_room(&self) -> Result<(), Error> {
        let Some(kernel) = self.places.kernel_logins.as_deref() else { return Err(self.no_kernel()) };
        let entry = self.profile.login_entry();
        let room = EntryName::new("room", [entry.as_str()]);
        let kept = match kernel.load(&entry) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => kernel.save(&room, &[0; LOGIN_BYTES], Some(PROBE_LIVES)),
            Err(why) => Err(why),
        };
        let _ = kernel.delete(&room);
        kept.map_err(|why| self.unusable(kernel, &why))
    }

    /// Saves the login durably, in the first place that takes it, and removes copies from the others.
    pub fn save(&self, login: &Login) -> Result<(), Error> {
        let entry = self.profile.login_entry();
        let bytes = self.stamped(login).to_bytes().ok_or_else(|| {
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
            let word = (rank > 0).then(|| self.will_lie_in(place));
            match place.save(&entry, &bytes, None) {
                Ok(()) => {
                    saved_in = Some(place);
                    if place.kind == Kind::Keychain {
                        self.lies_nowhere_else();
                    }
                    if rank > 0 && !self.told.replace(true) {
                        self.notice(&format!(
                            "There is no usable keychain; the login is kept in the {}.",
                            place.describe()
                        ));
                    }
                }
                Err(e) => {
                    if let Some(word) = word {
                        self.does_not_lie_there(word);
                    }
                    trouble = trouble.or(Some(self.unusable(&*place, &e)));
                }
            }
        }
        match (saved_in, &self.seed) {
            // A container without any store lives on its environment alone.
            (Some(_), _) | (None, Some(_)) => Ok(()),
            (None, None) => Err(trouble.unwrap_or_else(|| self.no_kernel())),
        }
    }

    /// The login as it is saved: newer than every copy seen, even if the clock was set back since,
    /// because a copy that can't be removed now may be readable again later.
    fn stamped(&self, login: &Login) -> Login {
        let mut login = login.clone();
        let now = Timestamp::now();
        let next = self.newest_seen.get().map(|seen| seen.plus(Duration::from_secs(1)));
        login.changed = believable(login.changed, now).unwrap_or(now).max(next.unwrap_or(now));
        login
    }

    /// Every copy of the login, wherever `cognito_store` has ever put one, and the places that could
    /// not be looked into.
    pub fn every_copy(&self) -> (Vec<Login>, Vec<Unreached<'_>>) {
        let entry = self.profile.login_entry();
        let (mut copies, mut unreached) = (Vec::new(), Vec::new());
        for place in self.all_login_places() {
            match self.load_copy(place, &entry) {
                Ok(copy) => copies.extend(copy),
                Err(why) => unreached.push(Unreached { place, why }),
            }
        }
        copies.sort_by_key(|login| Reverse(worth(login, Timestamp::now())));
        (copies, unreached)
    }

    /// Removes the login from all of [`Self::every_copy`]'s places; those that refused.
    pub fn delete_login(&self) -> Vec<Unreached<'_>> {
        let entry = self.profile.login_entry();
        self.lies_nowhere_else();
        self.all_login_places()
            .filter_map(|place| Some(Unreached { place, why: place.delete(&entry).err()? }))
            .collect()
    }

    fn all_login_places(&self) -> impl Iterator<Item = Place<'_>> {
        let Places { keychain, kernel_logins, files, .. } = self.places;
        let kernel = kernel_logins.as_deref();
        [(Kind::Keychain, Some(&**keychain)), (Kind::Kernel, kernel), (Kind::File, Some(&**files))]
            .into_iter()
            .filter_map(|(kind, store)| Some(Place { kind, store: store? }))
    }

    fn login_places(&self) -> impl Iterator<Item = Place<'_>> {
        self.all_login_places().filter(|place| place.kind.may_keep_the_login_of(self.profile))
    }

    /// Tells a person something that is no failure: on the terminal, and for `status`. What was told
    /// last is not told again.
    pub fn notice(&self, text: &str) {
        let last = self.journal.last_event(&self.profile.name);
        if last.is_some_and(|last| last.is_notice && last.message == text) {
            return;
        }
        self.journal.note_notice(&self.profile.name, text);
        terminal::say(&format!("cognito-creds: {text}"));
    }
}
