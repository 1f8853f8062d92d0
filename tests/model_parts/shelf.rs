//! A store in memory that refuses what a script wants, and whose contents get older.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cognito_creds::store::{Bytes, EntryName, Store, StoreError};
use proptest::prelude::*;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What a store does during one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Nothing can be read, written or removed.
    Locked,
    /// There is no such place now, as where a sandbox takes it away.
    Absent,
    /// Nothing can be read.
    Unreadable,
    /// The first so many writes succeed.
    FullAfter(usize),
    /// Nothing can be removed.
    KeepsAll,
}

impl Trouble {
    /// Of the first store. Where it is absent its login is, too, and a person signs in for the other one.
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => Just(Self::None),
            1 => Just(Self::Locked),
            1 => Just(Self::Unreadable),
            2 => (0..4_usize).prop_map(Self::FullAfter),
            1 => Just(Self::KeepsAll),
        ]
    }

    /// Of the store behind it.
    pub fn behind() -> impl Strategy<Value = Self> {
        prop_oneof![8 => Self::any(), 1 => Just(Self::Absent)]
    }
}

/// One store; clones are the same one.
#[derive(Clone, Default)]
pub struct Shelf(Rc<Contents>);

struct Contents {
    name: &'static str,
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    trouble: Cell<Trouble>,
}

impl Default for Contents {
    fn default() -> Self {
        Self { name: "shelf", values: RefCell::default(), trouble: Cell::new(Trouble::None) }
    }
}

impl Shelf {
    pub fn named(name: &'static str) -> Self {
        Self(Rc::new(Contents { name, ..Contents::default() }))
    }

    pub fn set_trouble(&self, trouble: Trouble) {
        self.0.trouble.set(trouble);
    }

    /// Everything in it was written so many seconds earlier, and ends so many earlier.
    pub fn age(&self, seconds: i64) {
        for value in self.0.values.borrow_mut().values_mut() {
            let mut json: Value = serde_json::from_slice(value).unwrap();
            for member in ["since", "changed", "access_token_ends", "obtained", "expiration"] {
                if let Some(at) = json.get(member).and_then(Value::as_i64) {
                    json[member] = (at - seconds).into();
                }
            }
            if let Some(token) = json.get("id_token").and_then(Value::as_str)
                && let Some(claims) = token.split('.').nth(1)
            {
                let mut claims: Value =
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
                claims["exp"] = (claims["exp"].as_i64().unwrap() - seconds).into();
                json["id_token"] =
                    format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
                        .into();
            }
            *value = serde_json::to_vec(&json).unwrap();
        }
    }

    /// What the other one holds.
    pub fn copy_from(&self, other: &Self) {
        let values = other.0.values.borrow().clone();
        *self.0.values.borrow_mut() = values;
    }

    fn unless_locked(&self) -> Result<(), StoreError> {
        match self.0.trouble.get() {
            Trouble::Absent => Err(StoreError::Absent("it is not there".to_owned())),
            Trouble::Locked => Err(StoreError::Locked("it is locked".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Store for Shelf {
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
        self.unless_locked()?;
        if self.0.trouble.get() == Trouble::Unreadable {
            return Err(StoreError::Failed("it can't be read".to_owned()));
        }
        Ok(self.0.values.borrow().get(name.as_str()).cloned().map(Bytes::new))
    }

    fn save(&self, name: &EntryName, value: &[u8], _: Option<Duration>) -> Result<(), StoreError> {
        self.unless_locked()?;
        match self.0.trouble.get() {
            Trouble::FullAfter(0) => return Err(StoreError::Full("it is full".to_owned())),
            Trouble::FullAfter(left) => self.0.trouble.set(Trouble::FullAfter(left - 1)),
            _ => {}
        }
        self.0.values.borrow_mut().insert(name.as_str().to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        self.unless_locked()?;
        if self.0.trouble.get() == Trouble::KeepsAll {
            return Err(StoreError::Failed("it stays".to_owned()));
        }
        self.0.values.borrow_mut().remove(name.as_str());
        Ok(())
    }

    fn describe(&self) -> String {
        self.0.name.to_owned()
    }
}
