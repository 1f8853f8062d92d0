//! Whether the places that this profile uses keep what they are given: a value of a login's size is
//! saved, read and deleted, under a name that no real entry has.

use super::{Finding, Status};
use crate::profile::{CacheChoice, Profile, StoreChoice};
use crate::store::{EntryName, Store, StoreError};
use crate::vault::Places;
use std::time::{Duration, Instant};

/// The size of a login with groups.
const BYTES: usize = 6 * 1024;
/// A store that forgets by itself forgets the test entry, should this program be killed.
const LIVES: Duration = Duration::from_mins(1);
/// Slower than this is felt with every sign-in and renewal.
const SLOW: Duration = Duration::from_secs(1);

/// Every place in which this profile may keep its login, and the cache.
pub fn findings(profile: &Profile, places: &Places) -> Vec<Finding> {
    let mut findings = logins(profile, places);
    if let Some(kernel) = &places.kernel_cache {
        findings.push(or_unused(profile.cache == CacheChoice::Auto, "kernel cache", || {
            // Without it the keychain takes its place.
            round_trip("kernel cache", &**kernel, &set(profile, "cognito_cache", "keychain")).softened()
        }));
    }
    findings
}

/// By default one of two places is enough: the keychain, else the kernel keyring.
fn logins(profile: &Profile, places: &Places) -> Vec<Finding> {
    let store = profile.store;
    let by_default = store == StoreChoice::Default;
    // A keychain that is not used is not asked: it might ask a person for a password.
    let keychain = by_default || store == StoreChoice::Keychain || profile.cache == CacheChoice::Keychain;
    let mut findings = vec![or_unused(keychain, "keychain", || {
        round_trip(
            "keychain",
            &*places.keychain,
            &set(profile, "cognito_store", places.beside_the_keychain()),
        )
    })];
    if let Some(kernel) = &places.kernel_logins {
        findings.push(or_unused(by_default || store == StoreChoice::Kernel, "kernel keyring", || {
            round_trip("kernel keyring", &**kernel, &set(profile, "cognito_store", "keychain"))
        }));
    } else if store == StoreChoice::Kernel {
        let saw = "this system has none, and cognito_store names it";
        findings.push(Finding::fail("kernel keyring", saw, set(profile, "cognito_store", "keychain")));
    }
    if store == StoreChoice::File {
        findings.push(round_trip("file store", &*places.files, &set(profile, "cognito_store", "keychain")));
    }
    let one_serves = by_default && findings.iter().any(|finding| finding.status != Status::Fail);
    findings.into_iter().map(|f| if one_serves { f.softened() } else { f }).collect()
}

fn or_unused(used: bool, check: &'static str, look: impl FnOnce() -> Finding) -> Finding {
    if used { look() } else { Finding::ok(check, "not used by this profile") }
}

fn set(profile: &Profile, key: &str, value: &str) -> String {
    let name = crate::shell::word(&profile.name);
    format!("aws configure set {key} {value} --profile {name}")
}

fn round_trip(check: &'static str, store: &dyn Store, otherwise: &str) -> Finding {
    let began = Instant::now();
    let result = keeps_a_value(store);
    let (took, place) = (began.elapsed(), store.describe());
    match result {
        Ok(true) if took > SLOW => {
            let saw = format!("{place}: kept 6 KB, but took {} ms", took.as_millis());
            Finding::warn(check, saw, "uptime")
        }
        Ok(true) => Finding::ok(check, format!("{place}: kept 6 KB, in {} ms", took.as_millis())),
        Ok(false) => {
            Finding::fail(check, format!("{place}: gave back something else than it was given"), otherwise)
        }
        Err(StoreError::Locked(why)) => Finding::fail(
            check,
            format!("{place}: {why}; unlock it, for instance by signing in to the desktop, or use another"),
            store.unlock_command().unwrap_or(otherwise),
        ),
        Err(error) => Finding::fail(check, format!("{place}: {error}"), otherwise),
    }
}

/// Saves, reads and deletes; the entry goes whatever the rest said.
fn keeps_a_value(store: &dyn Store) -> Result<bool, StoreError> {
    let run = getrandom::u64().map_err(|e| StoreError::Failed(e.to_string()))?.to_string();
    let name = EntryName::new("doctor", [run.as_str()]);
    // Text, because some keychains keep text only.
    let value = "cognito-creds doctor. ".repeat(BYTES / 22 + 1).into_bytes();
    let same = store
        .save(&name, &value, Some(LIVES))
        .and_then(|()| store.load(&name))
        .map(|found| found.is_some_and(|found| *found == value));
    let deleted = store.delete(&name);
    let same = same?;
    deleted?;
    Ok(same && store.load(&name)?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use crate::store::{Bytes, Memory};
    use std::cell::Cell;

    /// A store that breaks one promise.
    struct Broken {
        memory: Memory,
        torn: bool,
        refuses: Option<StoreError>,
        deleted: Cell<bool>,
    }

    impl Broken {
        fn new(torn: bool, refuses: Option<StoreError>) -> Self {
            Self { memory: Memory::default(), torn, refuses, deleted: Cell::new(false) }
        }
    }

    impl Store for Broken {
        fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
            let found = self.memory.load(name)?;
            Ok(found.map(|bytes| if self.torn { Bytes::new(bytes[..2560].to_vec()) } else { bytes }))
        }

        fn save(&self, name: &EntryName, value: &[u8], lives: Option<Duration>) -> Result<(), StoreError> {
            self.refuses.clone().map_or_else(|| self.memory.save(name, value, lives), Err)
        }

        fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
            self.deleted.set(true);
            self.memory.delete(name)
        }

        fn describe(&self) -> String {
            "broken store".to_owned()
        }
    }

    #[test]
    fn a_store_that_keeps_a_logins_worth_is_fine() {
        let finding = round_trip("keychain", &Memory::default(), "use another");
        assert_eq!(finding.status, Status::Ok, "{finding:?}");
    }

    #[test]
    fn a_value_that_comes_back_cut_is_found_and_nothing_is_left() {
        let store = Broken::new(true, None);
        let finding = round_trip("keychain", &store, "use another");
        assert_eq!((finding.status, finding.remedy.as_str()), (Status::Fail, "use another"));
        assert!(store.deleted.get());
    }

    #[test]
    fn stores_that_break_a_promise_in_words() {
        let mut told = Snapshot::of("findings", "broken-stores");
        let locked = || Some(StoreError::Locked("the keyring is locked".into()));
        for store in [Broken::new(true, None), Broken::new(false, locked())] {
            let Finding { saw, remedy, .. } = round_trip("keychain", &store, "aws configure set …");
            told.tell("keychain", &format!("fail: {saw}\n-> {remedy}"));
        }
        told.compare();
    }

    #[test]
    fn a_locked_keychain_is_to_be_unlocked_and_an_absent_one_replaced() {
        let refused = |error| round_trip("keychain", &Broken::new(false, Some(error)), "use another");
        assert!(refused(StoreError::Locked("locked".into())).saw.contains("; unlock it"));
        assert_eq!(refused(StoreError::Absent("no D-Bus".into())).remedy, "use another");
    }
}
