//! What is hunted, and how it is recognised.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// A slice of a secret that long is a leak, too.
const SLICE: usize = 20;
/// Characters of a code verifier of ours (RFC 7636 §4.1).
const VERIFIER: usize = 43;

/// The hunt itself must be able to find something.
#[test]
fn a_slice_of_a_secret_and_a_verifier_are_found_where_they_are() {
    let mut secrets = Secrets::default();
    secrets.add("a token", "0123456789abcdefghijklmnopqrstuvwxyz");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    secrets.challenges.insert("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
    assert_eq!(secrets.found_in(b"x=456789abcdefghijklmn&"), Some("a token"));
    assert_eq!(secrets.found_in(format!("code_verifier={verifier}&x").as_bytes()), Some("a code verifier"));
    assert_eq!(secrets.found_in(b"0123456789abcdefghi and jklmnopqrstuvwxyz"), None);
}

/// What must be nowhere.
#[derive(Default)]
pub struct Secrets {
    slices: HashMap<Vec<u8>, &'static str>,
    pub challenges: HashSet<String>,
    /// `state` and `nonce`: in the address that a person sees, and never on a disk.
    pub unwritten: Vec<String>,
}

impl Secrets {
    pub fn add(&mut self, name: &'static str, secret: &str) {
        assert!(secret.len() >= SLICE, "{name} is too short to be hunted");
        for slice in secret.as_bytes().windows(SLICE) {
            self.slices.insert(slice.to_vec(), name);
        }
    }

    pub fn found_in(&self, place: &[u8]) -> Option<&'static str> {
        let slice = place.windows(SLICE).find_map(|slice| self.slices.get(slice).copied());
        slice.or_else(|| self.holds_a_verifier(place).then_some("a code verifier"))
    }

    /// Nobody but the program ever sees a verifier; its digest is in the address of the sign-in.
    fn holds_a_verifier(&self, place: &[u8]) -> bool {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let challenge = |text: &[u8]| URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        place
            .split(|byte| !allowed(byte))
            .flat_map(|run| run.windows(VERIFIER))
            .any(|run| self.challenges.contains(&challenge(run)))
    }
}
