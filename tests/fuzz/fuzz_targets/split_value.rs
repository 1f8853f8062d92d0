//! A keychain with small items that loses power, and items lost, mixed up or torn by somebody else: a value
//! reads as absent or as one that was saved, whole.
#![no_main]

use cognito_creds::store::split::{Header, Items, Refused, delete, load, save};
use cognito_creds::store::{Bytes, StoreError};
use libfuzzer_sys::fuzz_target;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

const NAME: &str = "login.1";
/// As long as the longest beginning of a header that is left alone.
const HEADER: usize = "cognito-creds-parts ".len();

struct Keychain {
    items: RefCell<BTreeMap<String, Vec<u8>>>,
    limit: usize,
    power: Cell<usize>,
}

impl Keychain {
    fn step(&self) -> Result<(), StoreError> {
        let left = self.power.get().checked_sub(1).ok_or(StoreError::Failed("power cut".to_owned()))?;
        self.power.set(left);
        Ok(())
    }

    fn loaded(&self) -> Option<Vec<u8>> {
        load(self, NAME).unwrap().map(|value| value.to_vec())
    }

    /// Somebody else's hand in one item; what a header begins with stays, so that it is still taken for one.
    fn harm(&self, which: u8, how: u8, at: u8) {
        let mut items = self.items.borrow_mut();
        let names: Vec<_> = items.keys().cloned().collect();
        let Some(name) = names.get(usize::from(which) % names.len().max(1)) else { return };
        let is_header = name == NAME && items[name].starts_with(b"cognito-creds-parts ");
        let spared = if is_header { HEADER } else { 0 };
        // An item alone is the value: whoever changes that changes the value.
        if name == NAME && !is_header {
            return;
        }
        let item = items.get_mut(name).unwrap();
        let at = spared + usize::from(at) % (item.len() - spared).max(1);
        match how % 4 {
            0 => drop(items.remove(name)),
            1 => item.truncate(at),
            2 if at < item.len() => item[at] ^= how.max(4),
            _ => {
                let other = names[usize::from(how) % names.len()].clone();
                if other != NAME && !is_header {
                    let (one, two) = (items[name].clone(), items[&other].clone());
                    items.insert(name.clone(), two);
                    items.insert(other, one);
                }
            }
        }
    }
}

impl Items for Keychain {
    fn get(&self, account: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.items.borrow().get(account).cloned().map(Bytes::new))
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

fuzz_target!(|data: &[u8]| {
    let _ = Header::parse(data);
    let Some((limit, script)) = data.split_first() else { return };
    let limit = 120 + usize::from(*limit) * 4;
    let keychain = Keychain { items: RefCell::default(), limit, power: Cell::new(usize::MAX) };
    let mut saved: Vec<Vec<u8>> = Vec::new();
    for step in script.chunks_exact(4).take(24) {
        let [what, a, b, c] = step else { return };
        match what % 4 {
            0 | 1 => {
                let before = keychain.loaded();
                let value: Vec<u8> =
                    (0..usize::from(*a) * 16).map(|at| (at as u8).wrapping_mul(31) ^ b).collect();
                keychain.power.set(if what % 4 == 0 { usize::MAX } else { usize::from(*c) % 40 });
                let done = save(&keychain, NAME, &value);
                keychain.power.set(usize::MAX);
                let now = keychain.loaded();
                assert!(
                    now == before || now.as_ref() == Some(&value),
                    "neither the old value nor the new one"
                );
                assert!(done.is_err() || now.as_ref() == Some(&value));
                saved.push(value);
            }
            2 => {
                keychain.harm(*a, *b, *c);
                let now = keychain.loaded();
                assert!(now.is_none_or(|now| saved.contains(&now)), "a value that nobody saved");
            }
            _ => {
                keychain.power.set(usize::from(*c));
                let _ = delete(&keychain, NAME);
                keychain.power.set(usize::MAX);
                assert!(keychain.loaded().is_none_or(|now| saved.contains(&now)));
            }
        }
    }
});
