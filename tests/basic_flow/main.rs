//! `cognito_flow = basic`: GetOpenIdToken and AssumeRoleWithWebIdentity. Sessions of up to twelve hours
//! under a name that tells who it was, and each way in which AWS says no.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod refusals;
mod roles;
mod session_name;
#[path = "../support/mod.rs"]
mod support;

use cognito_creds::clock::Timestamp;
use cognito_sandbox::{Endpoint, Entry, Person};
use serde_json::Value;
use std::time::Duration;
use support::{Machine, alice, wait_until};

const BASIC: &str = "cognito_store = file\ncognito_flow = basic\n";

/// A machine whose profile has the basic flow and these keys, with `person` at the browser.
fn machine(keys: &str, person: Person) -> Machine {
    let mut machine = Machine::with(&format!("{BASIC}{keys}"));
    machine.seat(person);
    machine
}

/// The same, signed in, with nobody at the browser and nothing in the cache.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine(keys, alice());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine
}

/// The requests to STS.
fn assumed(machine: &Machine) -> Vec<Entry> {
    machine.sandbox.log().into_iter().filter(|entry| entry.endpoint == Endpoint::AssumeRole).collect()
}

/// One value of the only request to STS.
fn sent(machine: &Machine, name: &str) -> String {
    let requests = assumed(machine);
    assert_eq!(requests.len(), 1);
    requests[0].parameter(name).unwrap_or_default().to_owned()
}

/// How long the credentials of a document live, to the minute.
fn minutes(document: &Value) -> u64 {
    let end = document["Expiration"].as_str().unwrap();
    let end = time::OffsetDateTime::parse(end, &time::format_description::well_known::Rfc3339).unwrap();
    let left = Timestamp::from_unix(end.unix_timestamp()).left(Timestamp::now());
    (left.as_secs() + 30) / 60
}

#[test]
fn credentials_live_as_long_as_the_profile_says_up_to_twelve_hours() {
    for (keys, expected) in
        [("", 60), ("cognito_duration_seconds = 900\n", 15), ("cognito_duration_seconds = 43200\n", 720)]
    {
        let machine = machine(keys, alice());
        let document = machine.call().document();
        assert_eq!(minutes(&document), expected, "{keys}");
        assert_eq!(document["AccountId"], "123456789012");
        assert_eq!(sent(&machine, "Version"), "2011-06-15");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.get_id, counts.get_open_id_token, counts.assume_role), (1, 1, 1));
        assert_eq!(counts.get_credentials, 0, "the other flow has no part in it");
    }
}

#[test]
fn no_request_carries_a_signature() {
    let machine = machine("", alice());
    machine.call().document();
    assert!(machine.sandbox.log().iter().all(|entry| entry.header("authorization").is_none()));
}

#[test]
fn short_credentials_are_handed_out_again_until_a_third_is_left() {
    let machine = machine("cognito_duration_seconds = 900\n", alice());
    let first = machine.call().document();
    machine.sandbox.clear_log();
    for _ in 0..3 {
        assert_eq!(machine.call().document(), first);
    }
    assert_eq!(machine.sandbox.counts().total, 0);
    assert_eq!(machine.profile().refresh_margin, Duration::from_mins(5));
}

#[test]
fn a_margin_may_be_as_long_as_the_credentials_allow() {
    let machine =
        Machine::with(&format!("{BASIC}cognito_duration_seconds = 43200\ncognito_refresh_margin = 11h\n"));
    assert_eq!(machine.profile().refresh_margin, Duration::from_hours(11));
    let machine = Machine::with(&format!("{BASIC}cognito_duration_seconds = 43200\n"));
    assert_eq!(machine.profile().refresh_margin, Duration::from_mins(20));
}

#[test]
fn twelve_hours_are_cached_and_renewed_without_a_person() {
    // The margin makes credentials of twelve hours due for renewal as soon as they are there.
    let mut machine = machine("cognito_duration_seconds = 43200\ncognito_refresh_margin = 11h\n", alice());
    let first = machine.call().document();
    assert_eq!(machine.call().document(), first, "cached");
    machine.leave();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    let second = machine.call().document();
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"]);
    assert_eq!(minutes(&second), 720);
    let counts = machine.sandbox.counts();
    assert_eq!(
        (counts.token_refresh, counts.get_id, counts.get_open_id_token, counts.assume_role, counts.total),
        (1, 0, 1, 1, 4 - 1),
    );
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn credentials_within_the_margin_are_renewed_ahead() {
    let machine = machine("cognito_duration_seconds = 3600\ncognito_refresh_margin = 55m\n", alice());
    let first = machine.call().document();
    machine.sandbox.set_clock_offset(-400);
    // As if they had been obtained six minutes ago: these live for 53 minutes.
    machine.let_credentials_end();
    machine.call().document();
    let told = machine.call().document();
    assert_ne!(told, first);
    wait_until("the renewal behind the caller's back", || assumed(&machine).len() >= 3);
}

#[test]
fn an_identity_that_was_merged_is_kept_under_its_new_id() {
    let machine = signed_in("");
    let before = machine.login().unwrap()["identities"].clone();
    machine.sandbox.merge_identities();
    machine.call().document();
    assert_ne!(machine.login().unwrap()["identities"], before);
}

#[test]
fn sts_may_be_called_elsewhere() {
    let machine = signed_in("");
    let elsewhere = [("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")];
    let (what, _) = machine.call_with(&elsewhere).failure();
    assert!(what.contains("127.0.0.1:1"), "{what}");
    let mut sandbox = machine.sandbox.counts();
    assert_eq!(std::mem::take(&mut sandbox.assume_role), 0);
}
