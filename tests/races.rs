//! What must not happen when two sign-ins, two people or two profiles of one login meet.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Person, Times};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use support::{Machine, Ran, alice, wait_until};

/// A machine with profiles `dev` and `other`, which share their login, and alice signed in.
fn two_profiles(dev: &str, other: &str) -> Machine {
    let machine = Machine::with(&format!("cognito_store = file\n{dev}"));
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.profile("other", &redirect);
    machine.add(&format!("{profile}cognito_store = file\n{other}"));
    machine
}

fn other(machine: &Machine) -> Ran {
    machine.run(&["credential-process", "--profile", "other"])
}

/// The login file, rewritten as another process would.
fn edit_login(machine: &Machine, edit: impl FnOnce(&mut Value)) {
    let mut login = machine.login().unwrap();
    edit(&mut login);
    let folder = machine.path(".local/share/cognito-creds");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::write(file, login.to_string()).unwrap();
}

#[test]
fn a_slow_renewal_brings_nothing_back_into_a_newer_sign_in() {
    let mut machine = two_profiles("", "cognito_role = ReadOnly\n");
    machine.seat(alice());
    machine.call().document();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_secs(2)), Times::Once);
    let renewal = machine.command(&["credential-process", "--profile", "other"]).spawn().unwrap();
    wait_until("the request", || machine.sandbox.counts().get_credentials == 2);
    edit_login(&machine, |login| login["sign_in"] = "a newer one".into());
    let newer = machine.login();
    let (what, _) = Ran::of(renewal).failure();
    assert!(what.contains("signed in or out by somebody else"), "{what}");
    assert_eq!(machine.login(), newer);

    // Nothing was cached either: the next call asks again.
    let asked = machine.sandbox.counts().get_credentials;
    other(&machine).document();
    assert_eq!(machine.sandbox.counts().get_credentials, asked + 1);
}

#[test]
fn nobody_gets_the_credentials_of_whoever_was_signed_in_before() {
    let mut machine = two_profiles("", "cognito_role = ReadOnly\n");
    machine.seat(alice());
    let of_alice = [machine.call().document(), other(&machine).document()];
    machine.leave();
    // The old login can't even be read, so it can't tell what was cached for it.
    for file in machine.files().iter().filter(|f| f.starts_with(machine.path(".local/share"))) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    machine.seat(Person::federated("erin", "password"));
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    let of_erin = [machine.call().document(), other(&machine).document()];
    for (old, new) in of_alice.iter().zip(&of_erin) {
        assert_ne!(old["AccessKeyId"], new["AccessKeyId"]);
    }
}

#[test]
fn one_profiles_refusal_is_not_anothers_answer() {
    let machine = two_profiles("cognito_role = Nonsense\n", "");
    let dev = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let other = machine.command(&["credential-process", "--profile", "other"]).spawn().unwrap();
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(Ran::of(dev).failure().0.contains("cognito_role 'Nonsense'"));
    Ran::of(other).document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

#[test]
fn a_renewal_ends_in_its_time_wherever_it_is_slow() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Delay(Duration::from_secs(7)), Times::Once);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Hang, Times::Forever);
    let began = Instant::now();
    machine.call().failure();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    machine.sandbox.clear_faults();
    machine.call().document();
}

#[test]
fn live_credentials_outlast_an_unusable_state_folder() {
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 600);
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    let state = machine.path(".local/state/cognito-creds");
    fs::rename(&state, machine.path("away")).unwrap();
    fs::write(&state, "not a folder").unwrap();
    assert_eq!(machine.call().document(), first);
}

#[test]
fn an_empty_refresh_token_in_an_answer_ends_nothing() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let before = machine.login().unwrap()["refresh_token"].clone();
    let empty = Fault::Answer {
        status: 200,
        content_type: "application/json".into(),
        headers: Vec::new(),
        body: br#"{"access_token":"x","refresh_token":""}"#.to_vec(),
    };
    machine.sandbox.fault(Endpoint::TokenRefresh, empty, Times::Once);
    machine.call().failure();
    assert_eq!(machine.login().unwrap()["refresh_token"], before);
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_stored_token_of_another_user_pool_is_not_used() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("us-east-1_SANDBOX01", "us-east-1_SANDBOX02"));
    machine.sandbox.clear_log();
    let (what, _) = machine.call().failure();
    assert!(what.contains("not user pool us-east-1_SANDBOX02"), "{what}");
    assert_eq!(machine.sandbox.counts().get_credentials, 0);
}
