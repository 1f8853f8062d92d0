//! What is read of a provider before a tab opens: its configuration, which may be wrong, slow or somebody else's.

use crate::support::cases::Cases;
use crate::support::{Machine, alice};
use crate::{html, machine, says};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use serde_json::json;
use std::fs;
use std::time::Duration;

/// Nobody gets a tab of a provider that isn't the configured one, or isn't there.
#[test]
fn a_provider_that_is_not_what_it_should_be_is_told_before_a_tab_opens() {
    let mut cases = Cases::of("oidc-discovery");
    let answer = |status, body: &str| Fault::Answer {
        status,
        content_type: "application/json".into(),
        headers: Vec::new(),
        body: body.into(),
    };
    let faults = [
        ("a page of HTML", html()),
        ("404", Fault::Status(404)),
        ("403", Fault::Status(403)),
        ("503", Fault::Status(503)),
        ("a redirect", Fault::Redirect { status: 302, location: "http://portal.example/".into() }),
        ("half an answer", Fault::TruncatedJson),
        ("JSON of something else", answer(200, "{\"hello\":\"world\"}")),
        ("a connection that closes", Fault::DropBefore),
    ];
    for (case, fault) in faults {
        let machine = machine();
        machine.sandbox.fault(Endpoint::Discovery, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
        assert!(machine.tabs().is_empty(), "{case}");
        // Nothing stands in the way of the next call.
        assert_signs_in(machine, case);
    }
    for (case, member, value) in [
        ("another issuer", "issuer", json!("https://id.example.com")),
        ("a template for an issuer", "issuer", json!("https://login.example.com/{tenantid}/v2.0")),
        ("an endpoint without TLS", "token_endpoint", json!("http://id.example.com/token")),
        ("an endpoint of no host", "authorization_endpoint", json!("file:///authorize")),
        ("an endpoint that is no URL", "authorization_endpoint", json!("/authorize")),
    ] {
        let machine = machine();
        says(&machine, member, value);
        cases.tell(case, &machine, &machine.call());
        assert!(machine.tabs().is_empty(), "{case}");
    }
    let machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("/oidc/acme\n", "/oidc/acme/\n"));
    cases.tell("a slash too much", &machine, &machine.call());
    cases.compare();
}

/// Entra ID's addresses for people of any tenant call themselves by each one's own.
#[test]
fn an_issuer_that_names_no_tenant_is_refused_where_it_is_written() {
    let machine = Machine::bare();
    for issuer in [
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/organizations/v2.0",
        "https://LOGIN.microsoftonline.com/Common/v2.0/",
        "https://login.microsoftonline.us/consumers/v2.0",
    ] {
        let flags = ["--auth", "oidc", "--issuer", issuer, "--client-id", cast::OIDC_CLIENT];
        let ran = machine.run(&[&["configure", "--profile", "new"][..], &flags].concat());
        let (what, _) = ran.failure();
        assert!(what.contains("names no tenant") && what.contains("TENANT-ID"), "{what}");
        assert!(!fs::read_to_string(machine.path(".aws/config")).unwrap_or_default().contains("new"));
    }
    let own = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
    let flags = ["--auth", "oidc", "--issuer", own, "--client-id", cast::OIDC_CLIENT];
    assert_eq!(machine.run(&[&["configure", "--profile", "new"][..], &flags].concat()).code, 0);
}

fn assert_signs_in(mut machine: Machine, case: &str) {
    machine.sandbox.clear_faults();
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "{case}");
}

#[test]
fn a_provider_that_does_not_answer_is_given_up() {
    let machine = machine();
    machine.sandbox.fault(Endpoint::Discovery, Fault::Hang, Times::Forever);
    let (what, _) = machine.call().failure();
    assert!(what.contains("did not answer") || what.contains("within"), "{what}");
    assert!(machine.tabs().is_empty());
}

#[test]
fn a_slow_provider_is_waited_for() {
    let mut machine = machine();
    let slow = Fault::Delay(Duration::from_millis(1500));
    machine.sandbox.fault(Endpoint::Discovery, slow, Times::Forever);
    machine.seat(alice());
    machine.call().document();
}
