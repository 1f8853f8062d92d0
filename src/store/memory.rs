//! A store in this process's memory: for tests, and for values that come by environment variable.

use super::{Bytes, EntryName, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Values that end with the process.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<EntryName, Kept>>);

struct Kept {
    value: Bytes,
    until: Option<Instant>,
}

impl Memory {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<EntryName, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
        let alive = |kept: &&Kept| kept.until.is_none_or(|until| Instant::now() < until);
        Ok(self.entries().get(name).filter(alive).map(|kept| kept.value.clone()))
    }

    fn save(&self, name: &EntryName, value: &[u8], lives: Option<Duration>) -> Result<(), StoreError> {
        let until = lives.and_then(|lives| Instant::now().checked_add(lives));
        self.entries().insert(name.clone(), Kept { value: Zeroizing::new(value.to_vec()), until });
        Ok(())
    }

    fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        self.entries().remove(name);
        Ok(())
    }

    fn describe(&self) -> String {
        "memory of this process".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_until_its_end() {
        let (store, name) = (Memory::default(), EntryName::new("login", ["a"]));
        store.save(&name, b"value", None).unwrap();
        assert_eq!(store.load(&name).unwrap().as_deref(), Some(&b"value".to_vec()));
        store.save(&name, b"ended", Some(Duration::ZERO)).unwrap();
        assert!(store.load(&name).unwrap().is_none());
    }
}
