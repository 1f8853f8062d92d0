//! Random strings of the shapes that AWS uses.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut buffer = vec![0; count];
    SystemRandom::new().fill(&mut buffer).expect("the operating system gives random bytes");
    buffer
}

/// `length` characters of base64url.
pub(crate) fn base64url(length: usize) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(bytes(length));
    text.truncate(length);
    text
}

/// `length` characters of plain base64, `+` and `/` included: what AWS makes secrets of.
pub(crate) fn base64(length: usize) -> String {
    let mut text = STANDARD_NO_PAD.encode(bytes(length));
    text.truncate(length);
    text
}

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
    let mut raw = bytes(16);
    raw[6] = raw[6] & 0x0f | 0x40;
    raw[8] = raw[8] & 0x3f | 0x80;
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A prefix and as many upper-case base32 characters as make 20 together, like `ASIA…` or `AROA…`.
pub(crate) fn aws_id(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let tail = bytes(20 - prefix.len()).into_iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    prefix.chars().chain(tail).collect()
}
