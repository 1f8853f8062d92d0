//! Any discovery document: of our issuer to the byte, or refused; no token leaves for anything but https.
#![no_main]

use cognito_creds::error::Next;
use cognito_creds::profile::Profile;
use cognito_creds::profile::values::Issuer;
use cognito_creds::user_pool::discovery::{Metadata, read};
use cognito_creds_fuzz::{ISSUER, assert_proper, fields, oidc, pick};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

const STATUS: [u16; 8] = [200, 200, 301, 403, 404, 429, 503, 204];

static PROFILE: LazyLock<Profile> = LazyLock::new(oidc);

fuzz_target!(|data: &[u8]| {
    let [choice, body] = fields(data);
    let (status, issuer) = (*pick(&STATUS, choice), Issuer::parse(ISSUER).unwrap());
    match read(&PROFILE, &issuer, (status, None), body) {
        Ok(metadata) => {
            assert_eq!(status, 200);
            // What is not looked at may be broken.
            if let Ok(json) = serde_json::from_slice::<Value>(body) {
                assert_eq!(json["issuer"], ISSUER);
            }
            let endpoints = metadata.endpoints(&issuer).unwrap();
            for url in [Some(&endpoints.authorize), Some(&endpoints.token), endpoints.revoke.as_ref()]
                .into_iter()
                .flatten()
            {
                assert!(
                    url.scheme() == "https" && url.username().is_empty() && url.password().is_none(),
                    "{url}"
                );
            }
            // As it is kept with the login.
            let kept: Metadata = serde_json::from_slice(&serde_json::to_vec(&metadata).unwrap()).unwrap();
            assert_eq!(kept, metadata);
            assert!(kept.endpoints(&Issuer::parse("https://id.example.com/other").unwrap()).is_err());
        }
        Err(error) => {
            assert_proper(&error);
            assert!(matches!(error.next(), Next::Configure | Next::TryAgain));
        }
    }
});
