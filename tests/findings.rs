//! What the doctor finds where little is wrong and much is unusual, word for word: `tests/findings/*.txt`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times};
use std::fs;
use support::findings::Findings;
use support::{Machine, PROGRAM, alice, with_credentials};

fn change(machine: &Machine, from: &str, to: &str) {
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    assert!(config.contains(from), "{config}");
    machine.configure(&config.replace(from, to));
}

#[test]
fn lines_that_some_tools_misread() {
    let mut told = Findings::of("misread-lines");
    let line = format!("{PROGRAM} credential-process --profile dev");
    for other in [
        line.replace(" credential-process", ""),
        line.replace("dev", "prod"),
        line.replace(" --profile dev", ""),
        format!("{line} # mine"),
        "/bin/true credential-process --profile dev".to_owned(),
    ] {
        let machine = Machine::with(&format!("{}credential_process = {other}\n", support::IN_A_FILE));
        told.about(&machine, "credential_process");
    }
    told.compare();
}

#[test]
fn the_environment_counts() {
    let mut told = Findings::of("environments");
    let mut machine = Machine::with("cognito_store = file\nca_bundle = /etc/ssl/certs/ca-certificates.crt\n");
    machine.set("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    told.about(&machine, "environment");
    told.about(&machine, "certificates");
    machine.set("BROWSER", "");
    told.about(&machine, "browser");
    machine.set("CI", "true");
    told.about(&machine, "browser");
    machine.add("cognito_interactive = never\n");
    told.about(&machine, "browser");
    told.compare();
}

#[test]
fn an_app_client_that_is_not_as_the_profile_says() {
    let mut told = Findings::of("redirect-uris");
    let machine = Machine::with(support::IN_A_FILE);
    change(&machine, "/callback", "/other");
    told.about(&machine, "redirect URI");
    change(&machine, "/other", "/callback");
    let pool = machine.sandbox.world().user_pool_id;
    change(&machine, &format!("cognito_user_pool_id = {pool}\n"), "cognito_scopes = openid phone\n");
    told.about(&machine, "redirect URI");
    told.compare();
}

#[test]
fn servers_that_say_little() {
    let mut told = Findings::of("silent-servers");
    let machine = Machine::with(support::IN_A_FILE);
    machine.sandbox.fault(Endpoint::Authorize, Fault::DropBefore, Times::Once);
    told.about(&machine, "clock");
    machine.sandbox.fault(Endpoint::Discovery, Fault::Status(503), Times::Once);
    told.about(&machine, "user pool");
    told.compare();
}

#[test]
fn logins_that_no_longer_serve() {
    let mut told = Findings::of("spent-logins");
    let mut machine = with_credentials(support::IN_A_FILE);
    let spent = Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None };
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.fault(Endpoint::TokenRefresh, spent, Times::Once);
    machine.call_with(&[("CI", "true")]).failure();
    told.about(&machine, "login");

    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    let pool = machine.sandbox.world().user_pool_id;
    change(&machine, &pool, "us-east-1_Another01");
    told.about(&machine, "login");
    told.compare();
}

/// A build or a container, where nobody signs in and `login` would change nothing.
#[test]
fn a_login_by_the_refresh_token_in_the_environment() {
    let mut told = Findings::of("seeded-logins");
    let mut machine = with_credentials(support::IN_A_FILE);
    let token = machine.login().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    machine.set("CI", "true");
    machine.set("COGNITO_CREDS_REFRESH_TOKEN", &token);
    told.about(&machine, "login");
    told.about(&machine, "role");
    machine.call().document();
    told.about(&machine, "login");
    machine.set("COGNITO_CREDS_REFRESH_TOKEN", "a-token-that-has-ended");
    machine.call().failure();
    told.about(&machine, "login");
    told.compare();
}

#[test]
fn a_login_that_prefers_none_of_its_roles() {
    let mut told = Findings::of("several-roles");
    let mut machine = Machine::with(support::IN_A_FILE);
    machine.sandbox.change(|world| world.groups.iter_mut().for_each(|group| group.precedence = Some(1)));
    machine.seat(alice());
    machine.call();
    machine.let_id_token_end();
    told.about(&machine, "role");
    told.compare();
}
