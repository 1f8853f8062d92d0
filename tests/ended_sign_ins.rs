//! What a caller reads whose sign-in or renewal somebody else has ended: killed, replaced, signed out, or
//! with the program gone. The words are in `tests/cases/ended-sign-ins.txt`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use cognito_creds::lock::Lock;
use cognito_creds::sign_in::{login_lock, sign_in_lock};
use cognito_sandbox::{Endpoint, Fault, Times};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use support::cases::Cases;
use support::processes::{running, the_one};
use support::{Machine, PROGRAM, Ran, alice, signed_in, wait_until};

fn send(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process.cast_signed()).unwrap(), signal).unwrap();
}

/// The file of the stored login.
fn login_file(machine: &Machine) -> PathBuf {
    let entry = machine.profile().login_entry();
    machine.files().into_iter().find(|file| file.file_name().unwrap() == entry.as_str()).unwrap()
}

#[test]
fn whoever_waited_for_it_is_told_that_it_ended() {
    let mut cases = Cases::of("ended-sign-ins");
    let machine = Machine::new();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    send(the_one(&machine, "sign-in"), Signal::KILL);
    cases.tell("its process was killed", &machine, &Ran::of(caller));

    let mut machine = Machine::new();
    let first = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    cases.tell("another login took over", &machine, &Ran::of(first).in_the_end());

    // Its login goes before the caller has looked.
    let machine = Machine::with("cognito_store = file\ncognito_cache = none\n");
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    send(caller.id(), Signal::STOP);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    wait_until("the end of the sign-in", || running(&machine, "sign-in").is_empty());
    fs::remove_file(login_file(&machine)).unwrap();
    send(caller.id(), Signal::CONT);
    cases.tell("its login is gone already", &machine, &Ran::of(caller));
    cases.compare();
}

/// For two seconds after its end it waits for the browser to fetch its page, and would not answer anybody.
#[test]
fn one_that_has_ended_and_is_leaving_is_nobodys_answer() {
    let mut cases = Cases::of("ended-and-leaving");
    let mut machine = Machine::with("cognito_store = file\ncognito_wait = 2s\n");
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    wait_until("its end", || running(&machine, "sign-in").is_empty());
    let state = machine.path(".local/state/cognito-creds");
    let leaving = Lock::try_acquire(&sign_in_lock(&state, &machine.profile()), Duration::MAX).unwrap();
    assert!(leaving.is_some());
    let refusal = Fault::Aws {
        status: 400,
        kind: "InvalidIdentityPoolConfigurationException".into(),
        message: "Invalid identity pool configuration. Check assigned IAM roles for this pool.".into(),
    };
    machine.sandbox.fault(Endpoint::GetCredentials, refusal, Times::Forever);
    cases.tell("the renewal that follows is refused", &machine, &machine.call());
    assert_eq!(machine.tabs().len(), 1, "an error is no reason for a tab");
    cases.compare();
}

#[test]
fn whoever_renewed_it_meanwhile_is_told_that_it_was_replaced() {
    let mut cases = Cases::of("replaced-logins");
    let machine = signed_in();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Delay(Duration::from_secs(1)), Times::Once);
    let caller = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::TokenRefresh, 1, Duration::from_secs(10)));
    // As by a logout on another machine with the same home.
    fs::remove_file(login_file(&machine)).unwrap();
    cases.tell("signed out elsewhere", &machine, &Ran::of(caller));
    assert!(machine.login().is_none(), "the renewal does not bring it back");
    cases.compare();
}

#[test]
fn a_program_that_is_gone_by_the_time_it_has_to_start_itself_says_so() {
    let mut cases = Cases::of("program-gone");
    let machine = Machine::new();
    let copy = machine.path("cognito-creds");
    fs::copy(PROGRAM, &copy).unwrap();
    let state = machine.path(".local/state/cognito-creds");
    cognito_creds::platform::make_private_dir(&state).unwrap();
    let busy = Lock::try_acquire(&login_lock(&state, &machine.profile()), Duration::MAX).unwrap().unwrap();
    let mut caller = machine.program(&copy.display().to_string());
    let caller = caller.args(["credential-process", "--profile", "dev"]).spawn().unwrap();
    fs::remove_file(copy).unwrap();
    drop(busy);
    cases.tell("replaced by another version", &machine, &Ran::of(caller));
    assert!(machine.tabs().is_empty());
    cases.compare();
}
