//! Splitting against a keychain in memory that loses power after a given number of writes.

use super::*;
use crate::snapshot::Snapshot;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

type Contents = BTreeMap<String, Vec<u8>>;

struct Fake {
    items: RefCell<Contents>,
    limit: usize,
    writes_left: Cell<usize>,
}

impl Fake {
    fn new(limit: usize) -> Self {
        Self { items: RefCell::default(), limit, writes_left: Cell::new(usize::MAX) }
    }

    fn step(&self) -> Result<(), StoreError> {
        let left = self.writes_left.get();
        self.writes_left.set(left.checked_sub(1).ok_or(StoreError::Failed("power cut".to_owned()))?);
        Ok(())
    }

    /// Runs `work` with power for `writes` steps; afterwards the power is back.
    fn with_power_for<T>(&self, writes: usize, work: impl FnOnce(&Self) -> T) -> T {
        self.writes_left.set(writes);
        let result = work(self);
        self.writes_left.set(usize::MAX);
        result
    }

    fn names(&self) -> Vec<String> {
        self.items.borrow().keys().cloned().collect()
    }
}

impl Items for Fake {
    fn get(&self, account: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.items.borrow().get(account).cloned().map(Zeroizing::new))
    }

    fn set(&self, account: &str, value: &[u8]) -> Result<(), Refused> {
        if value.len() > self.limit {
            return Err(Refused::TooLong(self.limit));
        }
        self.step().map_err(Refused::Other)?;
        self.items.borrow_mut().insert(account.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.step()?;
        self.items.borrow_mut().remove(account);
        Ok(())
    }
}

fn value_of(length: usize, seed: u8) -> Vec<u8> {
    (0..=255).cycle().map(|byte: u8| byte.wrapping_mul(31).wrapping_add(seed)).take(length).collect()
}

fn loaded(items: &Fake) -> Option<Vec<u8>> {
    load(items, "login.1").unwrap().map(|value| value.to_vec())
}

#[test]
fn a_login_of_8_kb_survives_windows_limit() {
    let items = Fake::new(2_560);
    let value = value_of(8_192, 1);
    save(&items, "login.1", &value).unwrap();
    assert_eq!(loaded(&items), Some(value));
    assert_eq!(items.names(), ["login.1", "login.1.a0", "login.1.a1", "login.1.a2", "login.1.a3"]);
}

#[test]
fn a_value_that_fits_is_one_item() {
    let items = Fake::new(2_560);
    save(&items, "login.1", &value_of(8_192, 1)).unwrap();
    save(&items, "login.1", b"{}").unwrap();
    assert_eq!(loaded(&items), Some(b"{}".to_vec()));
    assert_eq!(items.names(), ["login.1"]);
}

#[test]
fn a_value_that_looks_like_a_header_comes_back_unchanged() {
    let items = Fake::new(2_560);
    let value = Header::of(b"other", 'a', 1).to_text().into_bytes();
    save(&items, "login.1", &value).unwrap();
    assert_eq!(loaded(&items), Some(value));
}

#[test]
fn a_missing_swapped_or_changed_part_reads_as_none() {
    let harm: [fn(&mut Contents); 5] = [
        |items| drop(items.remove("login.1.a1")),
        |items| drop(items.insert("login.1.a1".into(), Vec::new())),
        |items| items.get_mut("login.1.a0").unwrap()[7] ^= 1,
        |items| {
            let (first, second) = (items["login.1.a0"].clone(), items["login.1.a1"].clone());
            items.insert("login.1.a0".into(), second);
            items.insert("login.1.a1".into(), first);
        },
        |items| items.get_mut("login.1").unwrap().truncate(40),
    ];
    for harm in harm {
        let items = Fake::new(300);
        save(&items, "login.1", &value_of(700, 1)).unwrap();
        harm(&mut items.items.borrow_mut());
        assert_eq!(loaded(&items), None);
    }
}

#[test]
fn a_value_beyond_every_limit_is_full_and_loses_nothing() {
    let items = Fake::new(200);
    save(&items, "login.1", b"old").unwrap();
    assert!(matches!(save(&items, "login.1", &value_of(200 * 65, 1)), Err(StoreError::Full(_))));
    assert_eq!(loaded(&items), Some(b"old".to_vec()));
}

/// A reader that is overtaken between the header and the parts sees the newer value, not none.
#[test]
fn a_refusal_in_words() {
    /// Every item says that the value begins anew.
    struct Restless(Cell<usize>);
    impl Items for Restless {
        fn get(&self, _: &str) -> Result<Option<Bytes>, StoreError> {
            self.0.set(self.0.get() + 1);
            let header = Header::of(&self.0.get().to_be_bytes(), 'a', 1);
            Ok(Some(Zeroizing::new(header.to_text().into_bytes())))
        }
        fn set(&self, _: &str, _: &[u8]) -> Result<(), Refused> {
            Ok(())
        }
        fn delete(&self, _: &str) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let mut told = Snapshot::of("reasons", "split-values");
    let restless = Restless(Cell::new(0));
    told.tell("another writer all the time", &load(&restless, "login.1").unwrap_err().to_string());
    let large = save(&Fake::new(60), "login.1", &value_of(8_192, 1));
    told.tell("more parts than there may be", &large.unwrap_err().to_string());
    let small = save(&Fake::new(60), "login.1", &value_of(200, 1));
    told.tell("not even the header fits", &small.unwrap_err().to_string());
    told.compare();
}

#[test]
fn a_value_replaced_while_it_is_read_is_read_anew() {
    struct Overtaken(Fake, Cell<bool>);
    impl Items for Overtaken {
        fn get(&self, account: &str) -> Result<Option<Bytes>, StoreError> {
            if account == "login.1.a0" && !self.1.replace(true) {
                save(&self.0, "login.1", &value_of(900, 2)).unwrap();
            }
            self.0.get(account)
        }
        fn set(&self, _: &str, _: &[u8]) -> Result<(), Refused> {
            unreachable!("a reader writes nothing")
        }
        fn delete(&self, _: &str) -> Result<(), StoreError> {
            unreachable!("a reader deletes nothing")
        }
    }
    let items = Fake::new(300);
    save(&items, "login.1", &value_of(700, 1)).unwrap();
    let read = load(&Overtaken(items, Cell::new(false)), "login.1").unwrap();
    assert_eq!(read.map(|value| value.to_vec()), Some(value_of(900, 2)));
}

proptest! {
    /// Saves cut short anywhere: always the old value or the new one, never another, and the old
    /// one until the item of the name is written; the next whole save leaves nothing behind.
    #[test]
    fn a_crash_after_any_step_shows_the_old_value_or_the_new_one(
        limit in 150_usize..3_000,
        saves in prop::collection::vec((0_usize..9_000, any::<u8>(), 0_usize..80), 1..8),
    ) {
        let items = Fake::new(limit);
        let mut old = None;
        for (length, seed, power) in saves {
            let new = value_of(length, seed);
            let before = items.items.borrow().get("login.1").cloned();
            let done = items.with_power_for(power, |items| save(items, "login.1", &new));
            let unwritten = items.items.borrow().get("login.1").cloned() == before;
            let now = loaded(&items);
            prop_assert!(now == old || now.as_ref() == Some(&new));
            prop_assert!(!unwritten || now == old);
            prop_assert!(done.is_err() || now.as_ref() == Some(&new));
            old = now;
        }
        save(&items, "login.1", b"{}").unwrap();
        prop_assert_eq!(items.names(), ["login.1"]);
        delete(&items, "login.1").unwrap();
        prop_assert!(items.names().is_empty());
    }

    /// A deletion cut short shows nothing or the whole value, and can be finished.
    #[test]
    fn a_crash_while_deleting_can_be_finished(length in 0_usize..9_000, power in 0_usize..40) {
        let items = Fake::new(300);
        let value = value_of(length, 1);
        save(&items, "login.1", &value).unwrap();
        let _ = items.with_power_for(power, |items| delete(items, "login.1"));
        let now = loaded(&items);
        prop_assert!(now.is_none() || now == Some(value));
        delete(&items, "login.1").unwrap();
        prop_assert!(items.names().is_empty());
    }

    /// Whatever stands in a keychain's item, reading it as a header neither panics nor asks for
    /// more parts than a value has.
    #[test]
    fn any_bytes_are_a_small_header_or_none(tail in prop::collection::vec(any::<u8>(), 0..120)) {
        let item = [MAGIC, &tail].concat();
        prop_assert!(Header::parse(&item).is_none_or(|header| header.count <= MAX_PARTS));
    }
}
