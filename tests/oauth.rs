//! Attacks on the sign-in itself: a code, a token or a request that is not of this sign-in. Mix-up has a
//! file of its own, `mix_up.rs`; `docs/standards.md` says which rule of which standard each test shows. The
//! words are in `tests/cases/code-injected.txt`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Person, cast};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use support::cases::Cases;
use support::{Machine, Ran, alice, wait_until};
use url::Url;

/// A caller that waits, and the address that its tab was opened with.
fn waiting(machine: &Machine) -> (Child, Url) {
    let tabs = machine.tabs().len();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() > tabs);
    (caller, machine.tabs()[tabs].parse().unwrap())
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// The same address with other values for some of its parameters; `None` leaves one out.
fn altered(url: &Url, changes: &[(&str, Option<&str>)]) -> String {
    let mut url = url.clone();
    let mut pairs = query(&url);
    for (name, value) in changes {
        match value {
            Some(value) => drop(pairs.insert((*name).to_owned(), (*value).to_owned())),
            None => drop(pairs.remove(*name)),
        }
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

#[test]
fn every_request_has_a_state_a_nonce_and_an_s256_challenge_of_its_own() {
    let machine = Machine::new();
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let (mut caller, tab) = waiting(&machine);
        let asked = query(&tab);
        assert_eq!((&*asked["response_type"], &*asked["code_challenge_method"]), ("code", "S256"));
        for name in ["state", "nonce", "code_challenge"] {
            let value = &asked[name];
            assert_eq!(value.len(), 43, "256 bits in base64url: {name}={value}");
            assert!(seen.insert(value.clone()), "{name} was there before");
        }
        for secret in ["code_verifier", "client_secret"] {
            assert!(!asked.contains_key(secret), "{tab}");
        }
        let denied = Person::deny().sign_in(tab.as_str());
        assert!(denied.is_ok());
        caller.wait().unwrap();
        machine.forget_sign_ins();
    }
    assert_eq!(seen.len(), 15);
}

/// Somebody who has seen the address of a sign-in (another user of the machine can) signs in with a request of
/// their own and brings its code to this listener, with the right `state`.
#[test]
fn a_code_of_another_request_is_refused_whatever_was_altered() {
    let theirs = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636, appendix B.
    let mut cases = Cases::of("code-injected");
    for (case, changes) in [
        ("a code for somebody else's verifier", vec![("code_challenge", Some(theirs))]),
        ("a code without PKCE", vec![("code_challenge", None), ("code_challenge_method", None)]),
        ("a code for this verifier and another nonce", vec![("nonce", Some("another"))]),
        ("a code for this verifier and no nonce", vec![("nonce", None)]),
    ] {
        let machine = Machine::new();
        let (caller, tab) = waiting(&machine);
        let page = alice().sign_in(&altered(&tab, &changes)).unwrap();
        let ran = Ran::of(caller);
        cases.tell(case, &machine, &ran);
        assert!(!page.body.contains("alice@example.com"), "{case}: {}", page.body);
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_code, counts.get_id, counts.get_credentials), (1, 0, 0), "{case}");
        assert!(machine.login().is_none(), "{case}");
    }
    cases.compare();
}

/// The code went to the listener; a second time it is of no use to anybody.
#[test]
fn a_callback_that_is_replayed_is_not_exchanged_again() {
    let machine = Machine::new();
    let (caller, tab) = waiting(&machine);
    let page = alice().sign_in(tab.as_str()).unwrap();
    Ran::of(caller).document();
    let callback = page.trail.iter().find(|address| address.contains("code=")).unwrap();
    // The listener has gone, or shows its page again.
    drop(ureq::get(callback).call());
    assert_eq!(machine.sandbox.counts().token_code, 1);

    machine.run(&["logout", "--profile", "dev"]);
    let (mut caller, tab) = waiting(&machine);
    let answer = ureq::get(callback).config().http_status_as_error(false).build().call().unwrap();
    assert!(answer.status().as_u16() >= 400, "a code with the state of another sign-in");
    assert_eq!(machine.sandbox.counts().token_code, 1);
    assert!(caller.try_wait().unwrap().is_none(), "and this sign-in goes on");
    alice().sign_in(tab.as_str()).unwrap();
    Ran::of(caller).document();
    assert_eq!(machine.sandbox.counts().token_code, 2);
}

/// Expiry is left to whoever takes the token, because the clock here may be wrong: AWS refuses a token that
/// has ended, and the sign-in is not repeated without end.
#[test]
fn an_id_token_that_has_ended_gives_no_credentials_and_opens_one_tab() {
    let mut cases = Cases::of("token-times");
    let mut machine = at_openid_provider();
    machine.sandbox.change(|world| {
        world.oidc.claims = json!({"exp": 1_000_000_000}).as_object().unwrap().clone();
    });
    machine.seat(alice());
    let ran = machine.call();
    cases.tell("an ID token that has ended", &machine, &ran);
    assert_eq!(machine.tabs().len(), 1);
    assert_eq!(machine.sandbox.counts().get_credentials, 0);
    cases.compare();
}

/// `iat` says when, not whether: a server whose clock is ahead is no reason to lock anybody out.
#[test]
fn an_id_token_issued_in_the_future_signs_in() {
    let mut machine = at_openid_provider();
    machine.sandbox.change(|world| {
        world.oidc.claims = json!({"iat": 4_000_000_000_u64}).as_object().unwrap().clone();
    });
    machine.seat(alice());
    machine.call().document();
}

fn at_openid_provider() -> Machine {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n"));
    machine
}
