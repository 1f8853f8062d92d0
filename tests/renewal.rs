//! Renewing while the cached credentials still live: behind the caller's back, once, and not again
//! so soon after a failure.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use cognito_creds::clock::Timestamp;
use cognito_creds::journal::Attempt;
use cognito_sandbox::{Endpoint, Fault, Times};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use support::{Machine, Ran, alice, processes, wait_until};

/// A machine whose credentials have this many minutes to live, and their document.
fn with_minutes_left(minutes: i64) -> (Machine, Value) {
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = minutes * 60);
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 3600);
    (machine, first)
}

fn record(machine: &Machine) -> PathBuf {
    let name = machine.profile().credentials_entry();
    machine.path(".local/state/cognito-creds").join(format!("{}.renewal.json", name.as_str()))
}

fn start_record(machine: &Machine) -> PathBuf {
    let name = machine.profile().login_entry();
    machine.path(".local/state/cognito-creds").join(format!("{}.renewal.json", name.as_str()))
}

fn attempt(machine: &Machine) -> Option<Attempt> {
    serde_json::from_slice(&fs::read(record(machine)).ok()?).unwrap()
}

fn events(machine: &Machine) -> String {
    machine.files().iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// The pause after the last attempt is over.
fn let_the_pause_end(machine: &Machine) {
    let mut attempt = attempt(machine).unwrap();
    attempt.not_before = Timestamp::now();
    fs::write(record(machine), serde_json::to_vec(&attempt).unwrap()).unwrap();
}

#[test]
fn credentials_with_some_life_are_printed_at_once_and_renewed_behind() {
    let (machine, first) = with_minutes_left(17);
    assert_eq!(machine.call().document(), first);
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 2, Duration::from_secs(10)));
    wait_until("the renewal", || machine.call().document() != first);
    assert_eq!(machine.sandbox.counts().get_credentials, 2);
}

#[test]
fn many_callers_start_one_renewal() {
    let (machine, first) = with_minutes_left(17);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_secs(1)), Times::Forever);
    let callers: Vec<_> = (0..30).map(|_| machine.start()).collect();
    for caller in callers {
        assert_eq!(Ran::of(caller).document(), first);
    }
    wait_until("the renewal", || machine.call().document() != first);
    assert_eq!(machine.sandbox.counts().get_credentials, 2);
}

#[test]
fn a_renewal_behind_that_fails_leaves_everybody_alone_for_a_while() {
    let (machine, first) = with_minutes_left(17);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(400), Times::Forever);
    assert_eq!(machine.call().document(), first);
    wait_until("the failure", || attempt(&machine).is_some_and(|attempt| attempt.failures == 1));
    let asked = machine.sandbox.counts().total;
    for _ in 0..5 {
        assert_eq!(machine.call().document(), first);
    }
    let (attempt, now) = (attempt(&machine).unwrap(), Timestamp::now());
    assert!((1..=60).contains(&attempt.not_before.left(now).as_secs()), "{attempt:?}");
    assert_eq!((attempt.failures, machine.sandbox.counts().total), (1, asked));

    wait_until("its words", || last_error(&machine).is_some());

    machine.sandbox.clear_faults();
    let_the_pause_end(&machine);
    wait_until("the renewal", || machine.call().document() != first);
    machine.let_credentials_end();
    wait_until("its success to be known", || last_error(&machine).is_none());
}

#[test]
fn credentials_that_live_are_better_than_an_error() {
    let (machine, first) = with_minutes_left(10);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(503), Times::Forever);
    assert_eq!(machine.call().document(), first);
    assert!(events(&machine).contains("Renewing failed"), "status knows of it");
}

#[test]
fn after_a_failure_live_credentials_are_handed_out_without_another_attempt() {
    let (machine, first) = with_minutes_left(10);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(503), Times::Forever);
    machine.call().document();
    let asked = machine.sandbox.counts().total;
    assert_eq!(machine.call().document(), first);
    assert_eq!(machine.sandbox.counts().total, asked);

    machine.sandbox.clear_faults();
    let_the_pause_end(&machine);
    assert_ne!(machine.call().document(), first);
}

#[test]
fn a_server_that_asks_to_wait_is_left_alone_so_long() {
    let (machine, first) = with_minutes_left(10);
    let busy = Fault::Answer {
        status: 429,
        content_type: "application/json".into(),
        headers: vec![("Retry-After".into(), "600".into())],
        body: Vec::new(),
    };
    machine.sandbox.fault(Endpoint::GetCredentials, busy, Times::Forever);
    assert_eq!(machine.call().document(), first);
    let pause = attempt(&machine).unwrap().not_before.left(Timestamp::now());
    assert!((590..=1200).contains(&pause.as_secs()), "{pause:?}");
}

#[test]
fn credentials_that_have_ended_are_renewed_whatever_failed_before() {
    let (machine, first) = with_minutes_left(10);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(503), Times::Forever);
    machine.call().document();
    machine.sandbox.clear_faults();
    machine.let_credentials_end();
    assert_ne!(machine.call().document(), first);
}

#[test]
fn a_login_that_has_ended_starts_no_renewal_again_and_again() {
    let (machine, first) = with_minutes_left(17);
    machine.let_id_token_end();
    machine.sandbox.revoke_all("alice");
    assert_eq!(machine.call().document(), first);
    wait_until("the answer", || attempt(&machine).is_some_and(|attempt| attempt.failures == 1));
    let asked = machine.sandbox.counts().total;
    assert_eq!(machine.call().document(), first);
    assert_eq!((machine.sandbox.counts().total, machine.tabs().len()), (asked, 1));
    wait_until("its words", || last_error(&machine).is_some_and(|event| event.contains("needs a sign-in")));
}

fn last_error(machine: &Machine) -> Option<String> {
    let status = machine.run(&["status", "--profile", "dev", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).ok()?;
    Some(status[0]["last_error"]["message"].as_str()?.to_owned())
}

#[test]
fn a_folder_that_cannot_be_written_starts_nothing() {
    let (machine, first) = with_minutes_left(17);
    let state = machine.path(".local/state/cognito-creds");
    fs::rename(&state, machine.path("away")).unwrap();
    fs::write(&state, "not a folder").unwrap();
    let asked = machine.sandbox.counts().total;
    assert_eq!(machine.call().document(), first);
    assert_eq!(machine.sandbox.counts().total, asked);
}

/// A full disk: whoever can't remember that a renewal was started would start one with every call.
#[test]
fn profiles_of_one_login_are_renewed_one_at_a_time() {
    let (mut machine, dev) = with_minutes_left(17);
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let other = machine.sandbox.profile("other", &redirect);
    machine.add(&format!("{other}cognito_store = file\ncognito_role = ReadOnly\n"));
    let call_other = ["credential-process", "--profile", "other"];
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    let other = machine.run(&call_other).document();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 3600);
    machine.seat(alice());
    machine.sandbox.clear_log();

    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_secs(2)), Times::Once);
    assert_eq!(machine.call().document(), dev);
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 1, Duration::from_secs(10)));
    assert_eq!(machine.run(&call_other).document(), other);
    assert_eq!(processes::running(&machine, "renew").len(), 1);

    wait_until("both", || machine.call().document() != dev && machine.run(&call_other).document() != other);
    assert_eq!(machine.sandbox.counts().get_credentials, 2);
}

#[test]
fn a_start_that_cannot_be_recorded_starts_nothing() {
    let (machine, first) = with_minutes_left(17);
    // As a full disk: a folder stands where the record goes.
    fs::create_dir(start_record(&machine)).unwrap();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(400), Times::Forever);
    let asked = machine.sandbox.counts().total;
    for _ in 0..5 {
        assert_eq!(machine.call().document(), first);
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(machine.sandbox.counts().total, asked);
}

#[test]
fn whoever_waited_for_a_renewal_that_failed_gets_its_answer() {
    let machine = support::signed_in();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(503), Times::Forever);
    machine.sandbox.clear_log();
    let callers: Vec<_> = (0..20).map(|_| machine.start()).collect();
    let failures: Vec<_> = callers.into_iter().map(|caller| Ran::of(caller).failure()).collect();
    assert!(failures.iter().all(|failure| *failure == failures[0]), "{failures:?}");
    // One attempt and its three repetitions; a caller that began after it had failed makes one more.
    assert!(machine.sandbox.counts().get_credentials <= 8, "{:?}", machine.sandbox.counts());

    machine.sandbox.clear_faults();
    machine.call().document();
}
