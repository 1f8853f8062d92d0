//! A renewal close to the wire: two hosts, two connections, and the second one open before the first
//! host has answered.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::identity_pool::api;
use cognito_sandbox::{Endpoint, Fault, Sandbox, Times, Tls, World};
use support::{Machine, Ran, alice, signed_in, wait_until};

/// A signed-in machine whose user pool and identity pool are two hosts with TLS: one address each for
/// the same sandbox.
fn signed_in_over_tls() -> Machine {
    let mut machine = Machine::bare();
    machine.sandbox = Sandbox::builder(World::default()).tls(Tls::Valid).start().unwrap();
    let authority = machine.sandbox.ca_pem().unwrap().to_owned();
    std::fs::write(machine.path("ca.pem"), &authority).unwrap();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.profile("dev", &redirect);
    let profile = profile.replace("endpoint_url = https://127.0.0.1:", "endpoint_url = https://localhost:");
    let bundle = machine.path("ca.pem");
    machine.configure(&format!("{profile}ca_bundle = {}\ncognito_store = file\n", bundle.display()));
    machine.seat(alice().trusting(&authority).unwrap());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine
}

/// What a call costs, in connections and requests.
fn cost_of(machine: &Machine, call: impl FnOnce()) -> (usize, usize) {
    let before = (machine.sandbox.connections(), machine.sandbox.counts().total);
    call();
    (machine.sandbox.connections() - before.0, machine.sandbox.counts().total - before.1)
}

fn call(machine: &Machine) {
    machine.call().document();
}

#[test]
fn a_renewal_costs_one_connection_and_one_request_at_each_host() {
    let machine = signed_in_over_tls();
    machine.let_id_token_end();
    assert_eq!(cost_of(&machine, || call(&machine)), (2, 2));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_credentials), (1, 1));
    // And what is cached costs none.
    assert_eq!(cost_of(&machine, || call(&machine)), (0, 0));
}

#[test]
fn while_the_id_token_lives_a_renewal_costs_one_connection_and_one_request() {
    let machine = signed_in_over_tls();
    assert_eq!(cost_of(&machine, || call(&machine)), (1, 1));
}

/// Starts the program with an identity pool at another host, waits until that is connected, and ends
/// it. Nobody can have asked there for credentials: the user pool answers nothing.
fn assert_connects_early(machine: &Machine, arguments: &[&str]) {
    machine.sandbox.fault(Endpoint::Token, Fault::Hang, Times::Forever);
    let elsewhere = Sandbox::start(World::default()).unwrap();
    let mut command = machine.command(arguments);
    command.env("AWS_ENDPOINT_URL_COGNITO_IDENTITY", elsewhere.url());
    let mut caller = command.spawn().unwrap();
    wait_until("a connection to the identity pool", || elsewhere.connections() == 1);
    wait_until("the user pool being asked", || {
        machine.sandbox.counts().token_code + machine.sandbox.counts().token_refresh == 1
    });
    caller.kill().unwrap();
    Ran::of(caller);
    assert_eq!(elsewhere.counts().total, 0);
}

#[test]
fn the_identity_pool_is_connected_while_the_refresh_token_is_at_work() {
    let machine = signed_in();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    assert_connects_early(&machine, &["credential-process", "--profile", "dev"]);
}

#[test]
fn the_identity_pool_is_connected_while_the_code_is_exchanged() {
    let mut machine = Machine::new();
    machine.seat(alice());
    assert_connects_early(&machine, &["login", "--profile", "dev"]);
}

#[test]
fn what_is_opened_is_the_address_that_the_sdk_will_call() {
    let machine = Machine::bare();
    for (region, line, expected) in [
        ("eu-central-1", "", Some("https://cognito-identity.eu-central-1.amazonaws.com")),
        ("cn-north-1", "", Some("https://cognito-identity.cn-north-1.amazonaws.com.cn")),
        ("us-gov-west-1", "", Some("https://cognito-identity.us-gov-west-1.amazonaws.com")),
        (
            "us-east-2",
            "use_fips_endpoint = true",
            Some("https://cognito-identity-fips.us-east-2.amazonaws.com"),
        ),
        (
            "eu-central-1",
            "endpoint_url = https://cognito-identity.eu-west-1.amazonaws.com",
            Some("https://cognito-identity.eu-west-1.amazonaws.com"),
        ),
        // The SDK refuses this, so nothing would be asked there.
        (
            "us-east-2",
            "use_fips_endpoint = true\nendpoint_url = https://cognito-identity.us-east-2.amazonaws.com",
            None,
        ),
    ] {
        machine.configure(&format!(
            "[profile dev]\ncognito_domain = https://login.example.com\ncognito_client_id = client\n\
             cognito_identity_pool_id = {region}:00000000-0000-0000-0000-000000000000\n{line}\n"
        ));
        let endpoint = api::endpoint(&machine.profile());
        let expected = expected.map(|url| url.parse::<http::Uri>().unwrap());
        assert_eq!(endpoint, expected, "{region} {line}");
    }
}
