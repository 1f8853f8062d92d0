//! One value in several items, for keychains that limit an item's size.
//!
//! Windows takes 2,560 bytes an item (`CRED_MAX_CREDENTIAL_BLOB_SIZE`); a login has 5 to 8 KB. A
//! value is first tried whole. Refused as too long, its parts go into the slot (`a` or `b`) that the
//! stored value does not use, then one header replaces the item of the name, then the other slot is
//! swept. The header is the only item that counts, so a crash after any step leaves the old value
//! or the new one. Two fixed slots rather than random generations: keychains can't list, and what
//! a crash left behind must be found again by name.
//!
//! Writers of one name exclude each other by the login's lock. Without a lock they can still not
//! produce a wrong value: the header's digest covers it.

use super::{Bytes, StoreError, hex};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The items of a keychain, as they are.
pub trait Items {
    /// The item's bytes, or `None` where there is no such item.
    fn get(&self, account: &str) -> Result<Option<Bytes>, StoreError>;
    /// Writes one item, replacing it whole.
    fn set(&self, account: &str, value: &[u8]) -> Result<(), Refused>;
    /// Removes one item; nothing to remove is success.
    fn delete(&self, account: &str) -> Result<(), StoreError>;
}

/// Why an item was not written.
#[derive(Debug)]
pub enum Refused {
    /// An item holds at most this many bytes.
    TooLong(usize),
    /// Anything else.
    Other(StoreError),
}

/// How a header begins. A value that begins so itself is never stored whole.
const MAGIC: &[u8] = b"cognito-creds-parts ";
/// The header's layout; another number reads as torn.
const VERSION: &str = "1";
/// More parts than this are no value of ours: 64 × 2,560 bytes is 20 times the largest login.
const MAX_PARTS: u32 = 64;
/// The size of a part where the store did not name its limit.
const PART_BYTES: usize = 2_560;
/// How often a value is read anew because a writer replaced it meanwhile.
const READ_TRIES: u32 = 5;

/// What the item of a split value says about its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    slot: char,
    count: u32,
    length: usize,
    sha256: String,
}

impl Header {
    fn of(value: &[u8], slot: char, count: u32) -> Self {
        Self { slot, count, length: value.len(), sha256: digest(value) }
    }

    fn to_text(&self) -> String {
        let magic = String::from_utf8_lossy(MAGIC);
        format!("{magic}{VERSION} {} {} {} {}", self.slot, self.count, self.length, self.sha256)
    }

    /// Reads a header; `None` for anything else, a damaged header included.
    pub fn parse(item: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(item.strip_prefix(MAGIC)?).ok()?;
        let words: Vec<&str> = text.split(' ').collect();
        let [VERSION, slot @ ("a" | "b"), count, length, sha256] = words[..] else { return None };
        let count = count.parse().ok().filter(|count| *count <= MAX_PARTS)?;
        let slot = if slot == "a" { 'a' } else { 'b' };
        Some(Self { slot, count, length: length.parse().ok()?, sha256: sha256.to_owned() })
    }

    fn fits(&self, value: &[u8]) -> bool {
        value.len() == self.length && digest(value) == self.sha256
    }
}

fn digest(value: &[u8]) -> String {
    hex(&Sha256::digest(value))
}

fn part_name(name: &str, slot: char, index: u32) -> String {
    format!("{name}.{slot}{index}")
}

/// The value of a name, whole or put together. A torn value reads as none.
pub fn load(items: &impl Items, name: &str) -> Result<Option<Bytes>, StoreError> {
    let mut item = items.get(name)?;
    for _ in 0..READ_TRIES {
        let Some(current) = item else { return Ok(None) };
        if !current.starts_with(MAGIC) {
            return Ok(Some(current));
        }
        let Some(header) = Header::parse(&current) else { return Ok(None) };
        if let Some(value) = assemble(items, name, &header)? {
            return Ok(Some(value));
        }
        item = items.get(name)?;
        if item.as_ref() == Some(&current) {
            return Ok(None);
        }
    }
    Err(StoreError::Failed("the value kept changing while it was read".to_owned()))
}

fn assemble(items: &impl Items, name: &str, header: &Header) -> Result<Option<Bytes>, StoreError> {
    let mut value = Zeroizing::new(Vec::new());
    for index in 0..header.count {
        let Some(part) = items.get(&part_name(name, header.slot, index))? else { return Ok(None) };
        append(&mut value, &part);
    }
    Ok(header.fits(&value).then_some(value))
}

/// Appends without leaving the shorter buffer's bytes behind in freed memory.
fn append(value: &mut Bytes, part: &[u8]) {
    if value.capacity() - value.len() < part.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (value.len() + part.len())));
        larger.extend_from_slice(value);
        *value = larger;
    }
    value.extend_from_slice(part);
}

/// Saves a value, whole where it fits and in parts where it does not.
pub fn save(items: &impl Items, name: &str, value: &[u8]) -> Result<(), StoreError> {
    if value.starts_with(MAGIC) {
        return save_parts(items, name, value, PART_BYTES);
    }
    match items.set(name, value) {
        Ok(()) => {
            sweep_quietly(items, name, 'a', 0);
            sweep_quietly(items, name, 'b', 0);
            Ok(())
        }
        Err(Refused::TooLong(limit)) => save_parts(items, name, value, limit.max(1)),
        Err(Refused::Other(error)) => Err(error),
    }
}

fn save_parts(items: &impl Items, name: &str, value: &[u8], size: usize) -> Result<(), StoreError> {
    let count = u32::try_from(value.len().div_ceil(size)).unwrap_or(u32::MAX);
    if count > MAX_PARTS {
        return Err(StoreError::Full(format!("{} bytes are more than the keychain takes", value.len())));
    }
    let current = items.get(name)?.and_then(|item| Header::parse(&item));
    let (slot, other) =
        if current.is_some_and(|header| header.slot == 'a') { ('b', 'a') } else { ('a', 'b') };
    // No sweep on failure: a header whose writing was reported as failed may still have arrived.
    write_slot(items, name, value, size, &Header::of(value, slot, count))?;
    sweep_quietly(items, name, slot, count);
    sweep_quietly(items, name, other, 0);
    Ok(())
}

/// Parts first, header last.
fn write_slot(
    items: &impl Items,
    name: &str,
    value: &[u8],
    size: usize,
    header: &Header,
) -> Result<(), StoreError> {
    for (index, part) in (0..header.count).zip(value.chunks(size)) {
        set(items, &part_name(name, header.slot, index), part)?;
    }
    set(items, name, header.to_text().as_bytes())
}

fn set(items: &impl Items, account: &str, value: &[u8]) -> Result<(), StoreError> {
    items.set(account, value).map_err(|refused| match refused {
        Refused::TooLong(limit) => StoreError::Full(format!("an item takes {limit} bytes at most")),
        Refused::Other(error) => error,
    })
}

/// Removes a value: its header first, so that no moment shows a torn one.
pub fn delete(items: &impl Items, name: &str) -> Result<(), StoreError> {
    items.delete(name)?;
    sweep(items, name, 'a', 0)?;
    sweep(items, name, 'b', 0)
}

/// Removes the parts of a slot from `keep` on, last first: a sweep that was cut short leaves an
/// unbroken row from 0, which is how the next one finds what is left.
fn sweep(items: &impl Items, name: &str, slot: char, keep: u32) -> Result<(), StoreError> {
    let mut end = keep;
    while end < MAX_PARTS && items.get(&part_name(name, slot, end))?.is_some() {
        end += 1;
    }
    (keep..end).rev().try_for_each(|index| items.delete(&part_name(name, slot, index)))
}

/// The value is safe already; what this sweep can't remove, the next save or delete will.
fn sweep_quietly(items: &impl Items, name: &str, slot: char, keep: u32) {
    let _ = sweep(items, name, slot, keep);
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
