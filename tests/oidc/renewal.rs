//! A login that is kept: its endpoints may move or be another provider's, its refresh may be refused, and so may
//! the identity pool.

use crate::support::cases::Cases;
use crate::support::{Machine, alice, free_port};
use crate::{html, machine_at, signed_in};
use cognito_sandbox::{Endpoint, Fault, Times};
use serde_json::json;
use std::fs;

#[test]
fn a_kept_configuration_of_another_issuer_is_not_used() {
    let machine = signed_in("");
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    assert_eq!(login["metadata"]["issuer"], format!("{}/oidc/acme", machine.sandbox.url()));
    login["metadata"] = json!({
        "issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/a",
        "token_endpoint": "https://evil.example/t",
    });
    fs::write(file, login.to_string()).unwrap();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 1));
}

#[test]
fn a_token_endpoint_that_has_moved_is_found_again() {
    let machine = signed_in("");
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(404), Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 2));
}

#[test]
fn a_token_endpoint_that_redirects_is_asked_for_anew() {
    let machine = signed_in("");
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    let moved = Fault::Redirect { status: 308, location: "https://id.example.com/token".into() };
    machine.sandbox.fault(Endpoint::TokenRefresh, moved, Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 2));
}

/// Nobody listens there any more.
fn let_token_endpoint_die(machine: &Machine) {
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    login["metadata"]["token_endpoint"] = format!("http://127.0.0.1:{}/token", free_port()).into();
    fs::write(file, login.to_string()).unwrap();
}

#[test]
fn a_token_endpoint_at_a_dead_address_is_asked_for_anew() {
    let machine = signed_in("");
    machine.let_id_token_end();
    let_token_endpoint_die(&machine);
    machine.sandbox.clear_log();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 1));
    // What it said is kept.
    assert_eq!(
        machine.login().unwrap()["metadata"]["token_endpoint"],
        format!("{}/oidc/acme/v1/token", machine.sandbox.url())
    );
}

#[test]
fn asking_a_provider_anew_is_repeated_like_the_refresh_itself() {
    let machine = signed_in("");
    machine.let_id_token_end();
    let_token_endpoint_die(&machine);
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::Discovery, Fault::Status(503), Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (2, 1));
}

#[test]
fn a_refresh_that_is_refused_keeps_the_login() {
    let mut cases = Cases::of("oidc-refresh-refused");
    let policy = "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication.";
    for (case, error, text) in [
        ("a policy wants the person", "interaction_required", Some(policy)),
        ("consent was withdrawn", "consent_required", None),
        (
            "the client's secret has run out",
            "invalid_client",
            Some("AADSTS7000222: The provided client secret keys are expired."),
        ),
        ("404 that stays", "", None),
        ("a page of HTML", "html", None),
        ("no ID token, as OpenID Connect Core 12.2 allows", "no-id-token", None),
    ] {
        let machine = signed_in("");
        machine.let_id_token_end();
        let login = machine.login().unwrap();
        let fault = match error {
            "" => Fault::Status(404),
            "html" => html(),
            "no-id-token" => Fault::Answer {
                status: 200,
                content_type: "application/json".into(),
                headers: Vec::new(),
                body: "{\"access_token\":\"one\",\"token_type\":\"Bearer\"}".into(),
            },
            _ => Fault::OAuth { status: 400, error: error.into(), description: text.map(str::to_owned) },
        };
        machine.sandbox.fault(Endpoint::TokenRefresh, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
        assert_eq!(machine.tabs().len(), 1, "{case}");
        assert_eq!(machine.login().unwrap()["refresh_token"], login["refresh_token"], "{case}");
    }
    cases.compare();
}

#[test]
fn what_the_identity_pool_says_about_an_openid_provider_is_explained() {
    let mut cases = Cases::of("oidc-identity-pool");
    let mut machine = machine_at("globex", "");
    machine.seat(alice());
    cases.tell("the provider is not attached", &machine, &machine.call());

    for (case, kind, text) in [
        ("keys have changed", "NotAuthorizedException", "Invalid login token. NoKeyFound"),
        (
            "the thumbprint is old",
            "InvalidParameterException",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        ),
    ] {
        let machine = signed_in("");
        let fault = Fault::Aws { status: 400, kind: kind.into(), message: text.into() };
        machine.sandbox.fault(Endpoint::GetCredentials, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
    }
    cases.compare();
}
