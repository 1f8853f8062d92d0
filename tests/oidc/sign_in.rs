//! A sign-in: what is sent to the provider, and whose tokens are taken.

use crate::support::Machine;
use crate::support::alice;
use crate::support::cases::Cases;
use crate::{machine, machine_at};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use serde_json::{Value, json};
use std::fs;

fn claims(machine: &Machine, claims: &Value) {
    let claims = claims.as_object().unwrap().clone();
    machine.sandbox.change(|world| world.oidc.claims = claims);
}

#[test]
fn what_only_cognito_knows_is_not_sent() {
    let mut machine = machine_at(
        cast::OIDC_TENANT,
        "cognito_identity_provider = EntraID\ncognito_lang = de\ncognito_login_hint = alice\ncognito_prompt = login\n",
    );
    machine.seat(alice());
    machine.call().document();
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::Authorize).unwrap();
    let sent = |name| asked.parameter(name);
    assert_eq!((sent("identity_provider"), sent("idp_identifier"), sent("lang")), (None, None, None));
    assert_eq!((sent("login_hint"), sent("prompt")), (Some("alice"), Some("login")));
}

#[test]
fn without_a_refresh_token_there_is_no_login_and_the_setting_is_named() {
    let mut cases = Cases::of("oidc-no-refresh-token");
    let mut machine = machine_at(cast::OIDC_TENANT, "cognito_scopes = openid email\n");
    machine.seat(alice());
    cases.tell("offline_access was not asked for", &machine, &machine.call());
    assert!(machine.login().is_none());

    let mut machine = self::machine();
    machine.sandbox.change(|world| world.oidc.clients[0].refresh_grant = false);
    machine.seat(alice());
    cases.tell("the provider gives none all the same", &machine, &machine.call());
    assert!(machine.login().is_none());
    cases.compare();
}

#[test]
fn a_token_of_or_for_somebody_else_is_refused() {
    let mut cases = Cases::of("oidc-foreign-tokens");
    for (case, wrong) in [
        ("another issuer", json!({"iss": "https://id.example.com"})),
        ("another client", json!({"aud": "another"})),
        ("several other clients", json!({"aud": ["one", "another"]})),
        ("issued to another client", json!({"aud": ["one", cast::OIDC_CLIENT], "azp": "one"})),
        ("another sign-in", json!({"nonce": "another"})),
        ("no nonce", json!({"nonce": null})),
    ] {
        let mut machine = machine();
        claims(&machine, &wrong);
        machine.seat(alice());
        cases.tell(case, &machine, &machine.call());
        assert!(machine.login().is_none(), "{case}");
        assert_eq!(machine.sandbox.counts().get_id, 0, "{case}");
    }
    let mut machine = machine();
    let refused = Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None };
    machine.sandbox.fault(Endpoint::TokenCode, refused, Times::Forever);
    machine.seat(alice());
    cases.tell("a code that is not taken", &machine, &machine.call());
    cases.compare();
}

#[test]
fn an_audience_of_several_and_claims_of_any_kind_are_understood() {
    for (extra, who) in [
        (json!({"aud": [cast::OIDC_CLIENT]}), "alice@example.com"),
        (
            json!({"aud": ["https://api.example.com", cast::OIDC_CLIENT], "azp": cast::OIDC_CLIENT}),
            "alice@example.com",
        ),
        (
            json!({"preferred_username": "ada", "groups": ["a"], "roles": ["b"], "tid": "t", "oid": "o"}),
            "ada",
        ),
        (json!({"preferred_username": null, "name": "Ada Lovelace", "upn": "x"}), "Ada Lovelace"),
        (json!({"email": "ada@example.org", "email_verified": true}), "ada@example.org"),
    ] {
        let mut machine = machine();
        claims(&machine, &extra);
        machine.seat(alice());
        machine.call().document();
        assert_eq!(machine.login().unwrap()["user"], who, "{extra}");
    }
}

/// How a confidential client has identified itself at a provider that lists these methods.
fn secret_sent(methods: &[&str]) -> (Option<String>, bool, bool) {
    let mut machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(cast::OIDC_CLIENT, cast::OIDC_CONFIDENTIAL_CLIENT));
    machine.sandbox.change(|world| world.oidc.auth_methods = methods.iter().map(|&m| m.to_owned()).collect());
    machine.set("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET);
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    let log = machine.sandbox.log();
    let refresh = log.iter().find(|entry| entry.endpoint == Endpoint::TokenRefresh).unwrap();
    let text = |name| refresh.parameter(name).map(str::to_owned);
    (text("client_id"), refresh.header("authorization").is_some(), text("client_secret").is_some())
}

#[test]
fn a_confidential_client_identifies_itself_in_one_way_that_the_provider_takes() {
    assert_eq!(secret_sent(&["client_secret_basic", "client_secret_post"]), (None, true, false));
    assert_eq!(secret_sent(&["client_secret_basic"]), (None, true, false));
    let id = Some(cast::OIDC_CONFIDENTIAL_CLIENT.to_owned());
    assert_eq!(secret_sent(&["client_secret_post"]), (id, false, true));
}
