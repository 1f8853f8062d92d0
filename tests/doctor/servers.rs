//! What is asked of the servers, with the login and without: domain, user pool, app client, identity pool, role, and
//! the network on the way to them.

use crate::support::{self, findings::Findings};
use crate::{about, machine, signed_in};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use std::fs;

#[test]
fn every_redirect_uri_is_looked_up_at_the_app_client() {
    let machine = machine("");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let port = support::free_port();
    machine.configure(&config.replace("/callback\n", &format!("/callback, http://localhost:{port}\n")));
    let found = about(&machine, "redirect URI");
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("ok: ") && found[1].starts_with("fail: "), "{found:?}");
    assert!(found[1].contains(&format!("Add http://localhost:{port} to the app client's")), "{found:?}");
}

#[test]
fn what_the_app_client_refuses_is_told() {
    let mut told = Findings::of("app-clients");
    let scopes = machine("cognito_scopes = openid phone\n");
    told.about(&scopes, "redirect URI");
    let client = machine("");
    let config = fs::read_to_string(client.path(".aws/config")).unwrap();
    client.configure(&config.replace(cast::PUBLIC_CLIENT, "nobody"));
    told.about(&client, "app client");
    let provider = machine("cognito_identity_provider = Nobody\n");
    told.about(&provider, "redirect URI");
    told.compare();
}

#[test]
fn a_domain_that_is_no_user_pool_or_not_there_is_found() {
    let mut told = Findings::of("domains");
    let machine = machine("");
    machine.sandbox.fault(Endpoint::Authorize, Fault::CaptivePortal, Times::Once);
    told.about(&machine, "domain");
    machine.sandbox.fault(Endpoint::Authorize, Fault::Status(503), Times::Once);
    told.about(&machine, "domain");
    machine.sandbox.fault(Endpoint::Authorize, Fault::DropBefore, Times::Once);
    told.about(&machine, "domain");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let url = machine.sandbox.url().to_owned();
    let nowhere = format!("http://127.0.0.1:{}", support::free_port());
    machine.configure(
        &config.replace(&format!("cognito_domain = {url}"), &format!("cognito_domain = {nowhere}")),
    );
    told.about(&machine, "domain");
    told.about(&machine, "user pool");
    told.compare();
}

#[test]
fn a_user_pool_that_does_not_exist_is_found() {
    let mut told = Findings::of("user-pools");
    let machine = machine("");
    let id = machine.sandbox.world().user_pool_id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&id, "us-east-1_Nowhere"));
    told.about(&machine, "user pool");
    told.compare();
}

/// Without `cognito_user_pool_id` nothing but the login tells the issuer.
#[test]
fn the_signing_keys_are_looked_at_where_the_issuer_is_known() {
    let mut told = Findings::of("signing-keys");
    let machine = signed_in("");
    let id = machine.sandbox.world().user_pool_id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&format!("cognito_user_pool_id = {id}\n"), ""));
    told.about(&machine, "user pool");
    told.about(&machine, "signing keys");
    machine.sandbox.fault(Endpoint::Jwks, Fault::CaptivePortal, Times::Once);
    told.about(&machine, "signing keys");
    machine.sandbox.fault(Endpoint::Jwks, Fault::DropBefore, Times::Once);
    told.about(&machine, "signing keys");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    assert!(about(&machine, "signing keys").is_empty() && about(&machine, "user pool").is_empty());
    told.compare();
}

#[test]
fn a_wrong_clock_is_found_by_the_servers() {
    let mut told = Findings::of("clocks");
    // What is told is rounded, so a second that passes meanwhile changes nothing.
    let machine = machine("");
    machine.sandbox.set_date_offset(Some(-(3 * 3600 - 60)));
    told.about(&machine, "clock");
    machine.sandbox.set_date_offset(Some(130));
    told.about(&machine, "clock");
    told.compare();
}

#[test]
fn the_proxy_and_the_certificates_in_use_are_told() {
    let mut told = Findings::of("networks");
    let machine = machine("ca_bundle = /nowhere/ca.pem\n");
    told.about(&machine, "network");
    assert!(about(&machine, "domain").is_empty());
    let machine = support::Machine::with("cognito_store = file\n");
    told.about(&machine, "proxy");
    told.about(&machine, "certificates");

    // One host of the profile goes through the proxy and the other is excepted.
    let mut machine = support::Machine::bare();
    machine.configure(
        "[profile dev]\ncognito_domain = https://auth.example.com\ncognito_client_id = c\n\
         cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\ncognito_store = file\n",
    );
    machine.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", support::free_port()));
    machine.set("NO_PROXY", "amazonaws.com");
    machine.set("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    told.about(&machine, "proxy");
    told.about(&machine, "certificates");
    told.compare();
}

#[test]
fn an_identity_pool_is_asked_with_the_login_and_without_one_makes_nobody() {
    let mut told = Findings::of("identity-pools");
    let machine = machine("");
    told.about(&machine, "identity pool");
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::GetId).unwrap();
    assert_eq!(asked.status, Some(400), "a login that is none is refused");
    assert_eq!(machine.sandbox.counts().get_credentials, 0);

    let with_login = signed_in("");
    told.about(&with_login, "identity pool");
    assert_eq!(with_login.sandbox.counts().get_id, 0);
    with_login.let_id_token_end();
    told.about(&with_login, "identity pool");

    let id = machine.sandbox.world().identity_pool.id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&id, "us-east-1:00000000-0000-0000-0000-000000000000"));
    told.about(&machine, "identity pool");
    told.compare();
}

#[test]
fn the_login_and_its_role_are_told() {
    let mut told = Findings::of("logins");
    let nobody = machine("");
    told.about(&nobody, "login");
    let machine = signed_in("");
    told.about(&machine, "login");
    told.about(&machine, "role");
    machine.add("cognito_role = Admin\n");
    told.about(&machine, "role");
    told.compare();
}

#[test]
fn a_role_that_cannot_be_assumed_is_told_apart_from_a_pool_that_is_not_there() {
    let mut told = Findings::of("roles");
    told.about(&machine(""), "role");
    let machine = signed_in("");
    machine.sandbox.change(|world| world.roles.iter_mut().for_each(|role| role.trusts_pool = false));
    told.about(&machine, "role");
    told.about(&machine, "identity pool");
    machine.let_id_token_end();
    told.about(&machine, "role");

    let basic = signed_in("cognito_flow = basic\ncognito_role = Developer\n");
    told.about(&basic, "role");
    basic.sandbox.change(|world| world.roles.iter_mut().for_each(|role| role.trusts_pool = false));
    told.about(&basic, "role");
    told.about(&basic, "identity pool");
    told.compare();
}
