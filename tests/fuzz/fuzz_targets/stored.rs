//! Anything in place of what we have stored: a login, credentials, a record, a lock's line. It reads as what
//! it is or as absent, and no clock makes dead credentials of it that are handed out.
#![no_main]

use cognito_creds::clock::Timestamp;
use cognito_creds::credentials::Credentials;
use cognito_creds::journal::{Attempt, Event, SignIn};
use cognito_creds::lock::Holder;
use cognito_creds::login::Login;
use cognito_creds::profile::Profile;
use cognito_creds::session::{Known, Life, decide, renewal};
use cognito_creds::sign_in::may_open;
use cognito_creds::sign_in::renewal::{after_failure, may_begin};
use cognito_creds_fuzz::{CLIENT, user_pool};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

static PROFILE: LazyLock<Profile> = LazyLock::new(|| user_pool(""));
const CLOCKS: [i64; 6] = [i64::MIN, -1, 0, 1_795_178_144, 253_402_300_800, i64::MAX];

fuzz_target!(|data: &[u8]| {
    if let Some(login) = Login::from_bytes(data) {
        of_a_login(&login, data);
    }
    if let Some(credentials) = Credentials::from_bytes(data) {
        of_credentials(&credentials);
    }
    if let Ok(sign_in) = serde_json::from_slice::<SignIn>(data) {
        for now in CLOCKS.map(Timestamp::from_unix) {
            if let Err(error) = may_open(&PROFILE, Some(&sign_in), now) {
                assert_eq!(error.to_string().lines().count(), 2);
                let ended = sign_in.ended.unwrap_or(sign_in.started);
                assert!(ended <= now && ended.distance(now) < Duration::from_mins(5));
            }
        }
    }
    if let Ok(attempt) = serde_json::from_slice::<Attempt>(data) {
        for now in CLOCKS.map(Timestamp::from_unix) {
            let stops = !may_begin(Some(&attempt), now);
            assert!(
                !stops || attempt.not_before.left(now) <= Duration::from_hours(1),
                "for longer than a wish"
            );
            let _ = after_failure(Some(&attempt), now, None, 0.5);
        }
    }
    if let Ok(holder) = serde_json::from_slice::<Holder>(data) {
        assert_eq!(Holder::words(Some(&holder)).lines().count(), 1);
    }
    let _ = serde_json::from_slice::<Event>(data);
});

fn of_a_login(login: &Login, data: &[u8]) {
    let bytes = login.to_bytes().unwrap();
    assert_eq!(Login::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);
    // What is not looked at may be broken.
    if let (true, Ok(json)) = (login.belongs_to(&PROFILE), serde_json::from_slice::<Value>(data)) {
        assert!(json["client_id"] == CLIENT && json["domain"] == "https://auth.example.com/");
    }
    for cache in login.caches() {
        assert!(!cache.as_str().contains(['/', '\\']));
    }
}

fn of_credentials(credentials: &Credentials) {
    let life = Life::from(credentials);
    let margin = Duration::from_mins(20);
    for now in CLOCKS.map(Timestamp::from_unix) {
        let known = Known { credentials: Some(life), id_token: None };
        if decide(now, margin, &known).prints() {
            assert!(life.expiration.left(now) > Duration::from_mins(15));
        }
    }
    let _ = renewal(&life, margin);
    if let Some(document) = credentials.document() {
        assert!(serde_json::from_slice::<Value>(&document).is_ok());
    }
}
