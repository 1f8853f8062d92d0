//! Many processes at once, callers that are killed, people who don't answer.

#![cfg(unix)]

mod support;

use cognito_sandbox::Person;
use std::io::Write;
use std::net::TcpStream;
use support::{Machine, Ran, alice, wait_until};

/// Enough to overlap in every way, few enough for a small machine.
const CALLERS: usize = 60;

fn all_at_once(machine: &Machine) -> Vec<Ran> {
    let callers: Vec<_> = (0..CALLERS).map(|_| machine.start()).collect();
    callers.into_iter().map(Ran::of).collect()
}

#[test]
fn many_callers_open_one_tab_and_share_one_answer() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let answers: Vec<_> = all_at_once(&machine).iter().map(Ran::document).collect();
    assert!(answers.iter().all(|a| *a == answers[0]));
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1)
    );
}

#[test]
fn many_callers_need_one_refresh() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    let answers: Vec<_> = all_at_once(&machine).iter().map(Ran::document).collect();
    assert!(answers.iter().all(|a| *a == answers[0]));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_id, counts.get_credentials), (1, 0, 1));
}

#[test]
fn many_callers_without_a_cache_still_open_one_tab() {
    let mut machine = Machine::with("cognito_store = file\ncognito_cache = none\n");
    machine.seat(alice());
    for answer in all_at_once(&machine) {
        answer.document();
    }
    let counts = machine.sandbox.counts();
    assert_eq!((machine.tabs().len(), counts.token_code, counts.get_id), (1, 1, 1));
}

#[test]
fn a_caller_that_comes_while_a_sign_in_runs_joins_it() {
    let machine = Machine::new();
    let first = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let second = machine.start();
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(Ran::of(first).document(), Ran::of(second).document());
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_caller_gives_up_after_its_wait_and_the_sign_in_goes_on() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 1s\n");
    let (what, _) = machine.call().failure();
    assert!(what.contains("still open in the browser after 1 second"), "{what}");
    alice().sign_in(&machine.tabs()[0]).unwrap();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn an_unanswered_sign_in_opens_no_second_tab_until_a_person_asks() {
    let mut machine =
        Machine::with("cognito_store = file\ncognito_login_timeout = 10s\ncognito_wait = 30s\n");
    let (what, paste) = machine.call().failure();
    assert!(what.contains("Nobody completed"), "{what}");
    let (what, _) = machine.call().failure();
    assert!(what.contains("no new tab opens for another"), "{what}");
    assert_eq!((machine.tabs().len(), paste.as_str()), (1, "cognito-creds doctor --profile dev"));

    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
}

#[test]
fn a_refused_sign_in_is_the_answer_for_a_minute() {
    let mut machine = Machine::new();
    machine.seat(Person::deny());
    let first = machine.call().failure();
    assert!(first.0.contains("cancelled or denied"), "{}", first.0);
    assert_eq!(machine.call().failure(), first);
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn login_replaces_a_sign_in_that_runs() {
    let mut machine = Machine::new();
    let caller = machine.start();
    wait_until("the first tab", || machine.tabs().len() == 1);
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    Ran::of(caller).document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 1));
}

/// The browser has not fetched its page yet, so the sign-in still waits for it.
#[test]
fn a_sign_in_that_has_failed_is_the_answer_while_its_page_is_still_to_be_fetched() {
    let machine = Machine::new();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let tab = machine.tabs().remove(0);
    let state = tab.split(['?', '&']).find(|part| part.starts_with("state=")).unwrap();
    let mut browser = TcpStream::connect(("127.0.0.1", machine.port)).unwrap();
    let host = format!("localhost:{}", machine.port);
    write!(browser, "GET /callback?error=access_denied&{state} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let first = Ran::of(caller).failure();
    assert!(first.0.contains("cancelled or denied"), "{}", first.0);
    assert_eq!(machine.call().failure(), first);
    drop(browser);
}
