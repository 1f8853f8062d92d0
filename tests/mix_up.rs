//! Mix-up (RFC 9207): an answer that says it is from another server than the one that was asked ends the
//! sign-in before its code is sent anywhere. The words are in `tests/cases/mix-up.txt`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Person, cast};
use serde_json::json;
use support::cases::Cases;
use support::{Machine, alice};

const ANOTHER: &str = "https://id.evil.example";
/// Discovery's word for "every answer of mine has `iss`".
const PROMISE: &str = "authorization_response_iss_parameter_supported";

fn at_openid_provider(iss: Option<String>, promised: bool) -> Machine {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n"));
    machine.sandbox.change(|world| {
        world.response_iss = iss;
        world.oidc.discovery.insert(PROMISE.to_owned(), json!(promised));
    });
    machine
}

fn at_user_pool(iss: &str, id_is_known: bool) -> Machine {
    let machine = Machine::new();
    if !id_is_known {
        let config = std::fs::read_to_string(machine.path(".aws/config")).unwrap();
        let lines = config.lines().filter(|line| !line.starts_with("cognito_user_pool_id"));
        machine.configure(&lines.map(|line| format!("{line}\n")).collect::<String>());
    }
    machine.sandbox.change(|world| world.response_iss = Some(iss.to_owned()));
    machine
}

/// Nothing came of it, and no code went anywhere.
fn refused(mut machine: Machine, person: Person, cases: &mut Cases, case: &str) {
    machine.seat(person);
    cases.tell(case, &machine, &machine.call());
    machine.leave();
    assert_eq!(machine.sandbox.counts().token, 0, "{case}: the code was sent");
    assert!(machine.login().is_none(), "{case}");
}

fn accepted(mut machine: Machine, case: &str) {
    machine.seat(alice());
    let ran = machine.call();
    assert_eq!(ran.code, 0, "{case}: {ran:?}");
    ran.document();
}

#[test]
fn an_answer_from_another_server_is_refused_before_its_code_is_sent() {
    let mut cases = Cases::of("mix-up");
    let sandbox = |machine: &Machine| machine.sandbox.url().to_owned();
    let machine = at_openid_provider(Some(ANOTHER.to_owned()), false);
    refused(machine, alice(), &mut cases, "an OpenID provider was asked, and another server answers");
    let machine = at_openid_provider(None, false);
    let sibling = format!("{}/oidc/another", sandbox(&machine));
    machine.sandbox.change(|world| world.response_iss = Some(sibling));
    refused(machine, alice(), &mut cases, "another tenant of the same provider answers");
    let machine = at_openid_provider(None, true);
    refused(machine, alice(), &mut cases, "an OpenID provider that always says who it is doesn't");
    let machine = at_user_pool(ANOTHER, true);
    refused(machine, alice(), &mut cases, "a user pool was asked, and another server answers");
    let machine = at_user_pool(ANOTHER, false);
    refused(machine, alice(), &mut cases, "the same without the user pool's id");
    let machine = at_user_pool("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another00", true);
    refused(machine, alice(), &mut cases, "another user pool answers");
    let machine = at_user_pool(ANOTHER, true);
    machine.sandbox.change(|world| world.state_on_errors = true);
    refused(machine, Person::deny(), &mut cases, "a refusal of another server is no refusal of ours");
    cases.compare();
}

#[test]
fn the_server_that_was_asked_may_say_so_or_not() {
    for promised in [true, false] {
        let machine = at_openid_provider(None, promised);
        let issuer = format!("{}/oidc/{}", machine.sandbox.url(), cast::OIDC_TENANT);
        machine.sandbox.change(|world| world.response_iss = Some(issuer));
        accepted(machine, "the provider says so");
    }
    accepted(at_openid_provider(None, false), "the provider says nothing");
    for id_is_known in [true, false] {
        let machine = at_user_pool("", id_is_known);
        let world = machine.sandbox.world();
        let newer =
            format!("https://issuer-cognito-idp.{}.amazonaws.com/{}", world.region, world.user_pool_id);
        for iss in [world.issuer, newer] {
            accepted(at_user_pool(&iss, id_is_known), &iss);
        }
    }
}

/// Without the user pool's id only the ID token tells which one was asked.
#[test]
fn an_answer_of_another_user_pool_than_the_tokens_ends_the_sign_in() {
    let mut machine = at_user_pool("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another00", false);
    machine.seat(alice());
    let mut cases = Cases::of("mix-up-of-user-pools");
    cases.tell("an answer of another user pool than the ID token", &machine, &machine.call());
    cases.compare();
    assert!(machine.login().is_none());
    assert_eq!(machine.sandbox.counts().get_id, 0);
}
