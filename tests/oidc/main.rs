//! Signing in at an OpenID provider that is not Cognito: the whole life of a login, the ways in which
//! providers differ, and what a person reads when something is wrong. The words are in `tests/cases/`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod discovery;
mod renewal;
mod set_up;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;

use cognito_sandbox::{Endpoint, Fault, cast};
use serde_json::Value;
use std::fs;
use support::{Machine, alice};

/// A machine whose profile signs in at a tenant of the sandbox's OpenID providers.
fn machine_at(tenant: &str, keys: &str) -> Machine {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", tenant, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n{keys}"));
    machine
}

fn machine() -> Machine {
    machine_at(cast::OIDC_TENANT, "")
}

/// Somebody has signed in and left the browser, and the next call needs the login.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine_at(cast::OIDC_TENANT, keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine
}

fn html() -> Fault {
    Fault::CaptivePortal
}

fn says(machine: &Machine, member: &str, value: Value) {
    machine.sandbox.change(|world| drop(world.oidc.discovery.insert(member.to_owned(), value)));
}

#[test]
fn the_life_of_a_login_at_an_openid_provider() {
    let mut machine = machine();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.discovery, counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1, 1)
    );
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::Authorize).unwrap();
    assert_eq!(asked.parameter("scope"), Some("openid email profile offline_access"));
    assert_eq!(asked.parameter("code_challenge_method"), Some("S256"));
    assert!(asked.parameter("nonce").is_some() && asked.parameter("state").is_some());
    assert_eq!(machine.login().unwrap()["user"], "alice@example.com");

    // Cached: no request at all.
    machine.sandbox.clear_log();
    machine.call().document();
    assert_eq!(machine.sandbox.counts().total, 0);

    // Refreshed: one request to the provider, which was asked for its endpoints at the sign-in.
    machine.let_credentials_end();
    machine.let_id_token_end();
    let before = machine.login().unwrap()["refresh_token"].clone();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh, counts.get_credentials, counts.total), (0, 1, 1, 2));
    assert_ne!(machine.login().unwrap()["refresh_token"], before);

    // Ended at the provider: a person has to sign in.
    machine.sandbox.revoke_all("alice");
    machine.let_credentials_end();
    machine.let_id_token_end();
    let (what, paste) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert_eq!(paste, "cognito-creds login --profile dev");
}

#[test]
fn a_logout_tells_the_provider() {
    let machine = signed_in("");
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((logout.code, logout.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.revoke, counts.discovery), (1, 1), "the sign-in has asked for the endpoint already");
    assert!(machine.login().is_none());
}

#[test]
fn a_logout_says_so_where_the_provider_can_not_be_told() {
    let mut machine = machine();
    machine.sandbox.change(|world| world.oidc.revocation = false);
    machine.seat(alice());
    machine.call().document();
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(
        (logout.code, logout.stdout.as_str(), logout.stderr.as_str()),
        (
            0,
            "Signed out alice@example.com of profile dev.\n127.0.0.1 was not told, because it has no endpoint \
             that ends a login: the refresh token stays valid there until it runs out.\n",
            ""
        )
    );
    assert!(machine.login().is_none());
}

#[test]
fn a_profile_that_changes_its_issuer_never_uses_the_tokens_of_the_other() {
    let machine = signed_in("");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.sandbox.clear_log();
    machine.configure(&config.replace("/oidc/acme\n", "/oidc/globex\n"));
    let (what, _) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert_eq!(machine.sandbox.counts().total, 0);
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(logout.stdout, "Profile dev was not signed in.\n");

    // Nor does a stored login that was put in the other's place.
    let of_acme = machine.login().unwrap();
    let other =
        machine.path(&format!(".local/share/cognito-creds/{}", machine.profile().login_entry().as_str()));
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    assert_eq!(file.parent(), other.parent());
    fs::copy(&file, &other).unwrap();
    machine.sandbox.clear_log();
    for args in [&["token", "--profile", "dev"][..], &["credential-process", "--profile", "dev"]] {
        let (what, _) = machine.run_with(args, &[("CI", "true")]).failure();
        assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    }
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).stdout, "Profile dev was not signed in.\n");
    assert_eq!(machine.sandbox.counts().total, 0);
    let _ = fs::remove_file(&other);

    machine.configure(&config);
    assert_eq!(machine.login().unwrap(), of_acme);
    machine.call().document();
}
