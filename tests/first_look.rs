//! What `configure` looks at before it writes: it takes a person's time, and none of what is theirs.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times, cast};
use std::io::Write;
use std::time::Duration;
use support::backend::{AWS, TOKEN, signed_in};
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, wait_until};

/// Takes every answer that the dialogue offers; what is on the screen in the end.
fn dialogue(machine: &Machine, keys: &[&str]) -> String {
    let mut run = on_a_terminal(machine, &format!("{PROGRAM} configure --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    for key in keys {
        wait_until(key, || screen(machine).contains(&format!("{key} [")));
        writeln!(keyboard).unwrap();
    }
    let is_done = || ["is written to", "says so already"].iter().any(|end| screen(machine).contains(end));
    wait_until("the end of the look", is_done);
    // An offer to sign in, where there is one.
    let _ = writeln!(keyboard, "n");
    assert!(run.wait().unwrap().success(), "{}", screen(machine));
    screen(machine)
}

/// Each of two answers comes soon enough, and both together don't.
#[test]
fn it_has_one_deadline_however_much_it_asks() {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    machine.configure(&machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect));
    for endpoint in [Endpoint::Discovery, Endpoint::Jwks] {
        machine.sandbox.fault(endpoint, Fault::Delay(Duration::from_millis(2500)), Times::Forever);
    }
    let told = dialogue(&machine, &["cognito_issuer", "cognito_client_id", "cognito_identity_pool_id"]);
    assert!(told.contains("Note: ") && told.contains(" did not answer"), "{told}");
    assert!(!told.contains(" shows "), "{told}");
}

/// It may lie in a keychain that asks its person first.
#[test]
fn it_leaves_a_stored_login_alone() {
    let (machine, backend) = signed_in();
    let before = backend.heard(AWS).len();
    let told = dialogue(&machine, &["cognito_developer_url", "cognito_identity_pool_id"]);
    let heard = backend.heard(AWS);
    assert_eq!(heard.len(), before + 1, "{told}");
    assert_eq!(told.matches("cognito_identity_pool_id [").count(), 1, "it is asked for once: {told}");
    assert!(!heard.last().unwrap().contains(TOKEN), "{heard:?}");
}
