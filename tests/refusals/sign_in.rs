//! The redirect and the code exchange: what the page and the terminal say, and that one tab is enough.

use crate::support::cases::Cases;
use crate::support::{Machine, Ran, alice, wait_until};
use crate::{answer, assert_the_login_lives, aws, oauth, signed_in, troubles};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_sandbox::{Endpoint, Fault, Person, Times};
use serde_json::{Value, json};
use std::fs;

/// Plays one sign-in and gives what the caller and the browser got in the end.
pub fn sign_in(machine: &Machine, person: &Person) -> (Ran, String) {
    let tabs = machine.tabs().len();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() > tabs);
    let page = person.sign_in(&machine.tabs()[tabs]).unwrap();
    (Ran::of(caller), page.body)
}

/// Nobody is signed in, and the same answer comes again without another tab: JS runs a failing
/// credential process twice, Terraform several times.
fn assert_nothing_came_of_it(machine: &Machine, ran: &Ran, case: &str) {
    assert!(machine.login().is_none(), "{case}");
    for call in ["second", "third"] {
        assert_eq!(machine.call().failure(), ran.failure(), "{case}: the {call} call");
    }
    assert_eq!(machine.tabs().len(), 1, "{case}");
}

/// The words of a failure on a page of HTML.
fn assert_the_page_says(page: &str, what: &str) {
    let words = what.trim_start_matches("cognito-creds: ");
    let html = words.replace('&', "&amp;").replace('\'', "&#39;").replace('"', "&quot;");
    assert!(page.contains(&html), "{what}\n{page}");
}

#[test]
fn an_error_on_the_redirect_is_told_on_the_page_and_at_the_terminal() {
    let mut cases = Cases::of("redirect-refused");
    let refusals = [
        ("access_denied", None),
        ("access_denied", Some("User cancelled")),
        ("invalid_scope", None),
        ("unauthorized_client", None),
        ("server_error", Some("PreTokenGeneration failed with error boom.")),
        ("login_required", None),
        ("temporarily_unavailable", None),
        ("invalid_request", None),
        ("invalid_request", Some("Timeout occurred in calling IdP token endpoint")),
        ("invalid_request", Some("[EntraID] Error - [503] Service Unavailable")),
        ("invalid_request", Some("Invalid user attributes: Required attribute\nemail\u{202e} <b>&")),
        ("invalid_request", Some("Invalid SAML response received: SAML Response signature is invalid")),
    ];
    for (error, text) in refusals {
        let case = text.map_or_else(|| error.to_owned(), |text| format!("{error}: {text}"));
        let machine = Machine::new();
        let fault = Fault::OAuth { status: 400, error: error.into(), description: text.map(str::to_owned) };
        machine.sandbox.fault(Endpoint::Authorize, fault, Times::Once);
        let (ran, page) = sign_in(&machine, &alice());
        let what = cases.tell(&case.replace(['\n', '\u{202e}'], " "), &machine, &ran);
        assert_eq!(machine.sandbox.counts().token, 0, "{case}");
        if !case.contains('<') {
            assert_the_page_says(&page, &what);
        }
        assert!(!page.contains("<b>"), "{page}");
        assert_nothing_came_of_it(&machine, &ran, &case);
    }
    cases.compare();
}

/// Any page can forge an error, and Cognito's own may come without our state: shown at the end, and
/// never believed before.
#[test]
fn an_error_without_our_state_neither_ends_nor_hides_the_sign_in() {
    let mut cases = Cases::of("stray-error");
    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 10s\n");
    machine.sandbox.change(|world| world.state_on_errors = false);
    let stray = Fault::OAuth { status: 400, error: "server_error".into(), description: Some("boom".into()) };
    machine.sandbox.fault(Endpoint::Authorize, stray.clone(), Times::Once);
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    alice().sign_in(&machine.tabs()[0]).unwrap();
    Ran::of(caller).document();

    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 10s\n");
    machine.sandbox.change(|world| world.state_on_errors = false);
    machine.sandbox.fault(Endpoint::Authorize, stray, Times::Once);
    let login = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    cases.tell("nobody else came", &machine, &Ran::of(login).in_the_end());
    cases.compare();
}

#[test]
fn a_code_that_is_refused_is_told_and_not_sent_again() {
    let mut cases = Cases::of("code-refused");
    let without_id = json!({"access_token": "x", "token_type": "Bearer", "refresh_token": "r"});
    let mut refusals = vec![
        ("invalid_grant", oauth(400, "invalid_grant")),
        ("invalid_client", oauth(400, "invalid_client")),
        ("unauthorized_client", oauth(400, "unauthorized_client")),
        ("invalid_request", oauth(400, "invalid_request")),
        ("no ID token", answer(200, "application/json", without_id.to_string())),
        ("an ID token that is none", answer(200, "application/json", tokens_with("x"))),
    ];
    refusals.extend(troubles().into_iter().filter(|(case, _)| !["429", "403 by a firewall"].contains(case)));
    for (case, fault) in refusals {
        let machine = Machine::new();
        machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Forever);
        let (ran, page) = sign_in(&machine, &alice());
        let what = cases.tell(case, &machine, &ran);
        assert_the_page_says(&page, &what);
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_code, counts.get_id), (1, 0), "{case}");
        assert_nothing_came_of_it(&machine, &ran, case);
    }
    cases.compare();
}

fn tokens_with(id_token: &str) -> String {
    json!({"access_token": "x", "id_token": id_token, "refresh_token": "r", "token_type": "Bearer"})
        .to_string()
}

/// Turned away at the door, the code is not spent.
#[test]
fn a_code_that_was_turned_away_is_sent_again() {
    let machine = Machine::new();
    for fault in [Fault::Status(429), Fault::Status(403)] {
        machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Once);
    }
    let (ran, page) = sign_in(&machine, &alice());
    ran.document();
    assert!(page.contains("alice@example.com"));
    assert_eq!(machine.sandbox.counts().token_code, 3);
}

/// The tokens of somebody else's sign-in, or for somebody else's client.
#[test]
fn tokens_that_are_not_of_this_sign_in_are_refused() {
    let mut cases = Cases::of("foreign-tokens");
    let good = signed_in().login().unwrap();
    let config_of = |machine: &Machine| fs::read_to_string(machine.path(".aws/config")).unwrap();
    let machine = Machine::new();
    let replayed = answer(200, "application/json", tokens_with(good["id_token"].as_str().unwrap()));
    machine.sandbox.fault(Endpoint::TokenCode, replayed, Times::Forever);
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an ID token of another sign-in", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "nonce");

    let machine = Machine::new();
    machine.configure(&config_of(&machine).replace("us-east-1_SANDBOX01", "us-east-1_ANOTHER"));
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an ID token of another user pool", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "issuer");

    let machine = Machine::new();
    machine.sandbox.fault(
        Endpoint::TokenCode,
        answer(200, "application/json", tokens_with(good["access_token"].as_str().unwrap())),
        Times::Forever,
    );
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an access token in its place", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "token_use");

    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = good["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let with = |name: &str, value: &str| {
        let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&claims).unwrap()).unwrap();
        claims[name] = value.into();
        part(&claims.to_string())
    };
    let signed = |claims: &str| format!("{}.{claims}.c2ln", part(r#"{"alg":"RS256"}"#));
    for (case, token) in [
        ("an ID token that is no base64url", signed("!")),
        ("an ID token that is no JSON", signed(&part("hello"))),
        ("an ID token that no service takes", signed(&part(&"x".repeat(20_000)))),
        ("an ID token that nobody signed", format!("{}.{claims}.", part(r#"{"alg":"none"}"#))),
        ("an ID token that names no algorithm", format!("e30.{claims}.c2ln")),
        ("a token for another use", signed(&with("token_use", "access"))),
        ("an issuer without TLS", signed(&with("iss", "http://id.example.com"))),
    ] {
        let machine = Machine::new();
        let tokens = tokens_with(&token);
        machine.sandbox.fault(Endpoint::TokenCode, answer(200, "application/json", tokens), Times::Forever);
        cases.tell(case, &machine, &sign_in(&machine, &alice()).0);
        assert!(machine.login().is_none(), "{case}");
    }
    cases.compare();
}

/// The answer to a refresh is the same person's, whoever sends it.
#[test]
fn the_tokens_of_another_person_renew_nothing() {
    let mut cases = Cases::of("another-person");
    let of_another = Machine::new();
    sign_in(&of_another, &Person::new("carol", "password"));
    let machine = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let login = machine.login().unwrap();
    let tokens = tokens_with(of_another.login().unwrap()["id_token"].as_str().unwrap());
    let swapped = answer(200, "application/json", tokens.replace("\"refresh_token\":\"r\",", ""));
    machine.sandbox.fault(Endpoint::TokenRefresh, swapped, Times::Forever);
    cases.tell("another person's ID token", &machine, &machine.call());
    assert_the_login_lives(&machine, &login, "another person's ID token");
    cases.compare();
}

/// The identity pool calls the ID token old, and the user pool takes back what it gave a moment ago.
#[test]
fn a_login_that_ends_as_soon_as_it_began_is_told() {
    let mut cases = Cases::of("ended-at-once");
    let machine = Machine::new();
    let expired = aws("NotAuthorizedException", "Invalid login token. Token expired: 1 >= 0");
    machine.sandbox.fault(Endpoint::GetId, expired, Times::Forever);
    machine.sandbox.fault(Endpoint::TokenRefresh, oauth(400, "invalid_grant"), Times::Forever);
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("the refresh token is refused", &machine, &ran);
    assert_eq!(machine.tabs().len(), 1);
    cases.compare();
}

/// What AWS refuses right after a sign-in it will refuse after the next: the login stays, and nobody
/// is sent to sign in again.
#[test]
fn a_fresh_sign_in_that_the_identity_pool_refuses_stays_a_login() {
    let mut cases = Cases::of("first-exchange-refused");
    for (case, endpoint, fault) in [
        (
            "the app client is not in the identity pool",
            Endpoint::GetId,
            aws("NotAuthorizedException", "Token is not from a supported provider of this identity pool."),
        ),
        (
            "the identity pool is not there",
            Endpoint::GetId,
            aws("ResourceNotFoundException", "IdentityPool 'x' not found."),
        ),
        ("too many identities", Endpoint::GetId, aws("LimitExceededException", "")),
        ("throttled", Endpoint::GetId, aws("TooManyRequestsException", "")),
        ("no reason given", Endpoint::GetCredentials, aws("NotAuthorizedException", "")),
    ] {
        let machine = Machine::new();
        machine.sandbox.fault(endpoint, fault, Times::Forever);
        let (ran, page) = sign_in(&machine, &alice());
        cases.tell(case, &machine, &ran);
        assert!(page.contains("alice@example.com"), "{case}: {page}");
        assert!(!ran.failure().1.contains("login"), "{case}: a second sign-in would not help");
        let login = machine.login().unwrap();
        assert!(machine.sandbox.counts().token_refresh <= 1, "{case}");
        for call in ["second", "third"] {
            assert_eq!(machine.call().failure().0, ran.failure().0, "{case}: the {call} call");
        }
        assert_eq!(machine.tabs().len(), 1, "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}
