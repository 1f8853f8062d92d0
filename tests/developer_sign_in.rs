//! The sign-in at a backend: what is asked at the terminal, what is sent, and what becomes of the backend's
//! token where the rest goes wrong. The words are in `tests/cases/developer-sign-in.txt`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write;
use support::backend::{
    AWS, Backend, EMAIL, LOGIN, LOGOUT, PASSWORD, TOKEN, machine, signed_in, type_passwords, vouch,
};
use support::cases::Cases;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, wait_until};

/// Signs in with one password; what stderr got, and the exit code.
fn sign_in(machine: &Machine) -> Ran {
    let err = machine.path("told");
    let mut run = type_passwords(machine, &format!("login --profile dev 2>{}", err.display()), &[PASSWORD]);
    let code = run.wait().unwrap().code().unwrap();
    Ran { code, stdout: String::new(), stderr: fs::read_to_string(err).unwrap() }
}

/// The tokens whose login was ended at the backend.
fn ended(backend: &Backend) -> Vec<String> {
    let token = |request: &String| {
        let line = request.lines().find(|line| line.to_lowercase().starts_with("authorization: "));
        line.and_then(|line| line.rsplit(' ').next()).unwrap().to_owned()
    };
    backend.heard(LOGOUT).iter().map(token).collect()
}

#[test]
fn a_wrong_password_is_asked_for_again_and_not_for_ever() {
    let (machine, backend) = machine();
    backend.answer(LOGIN, 401, "{\"error\":\"no\"}");
    let err = machine.path("told");
    let line = format!("login --profile dev 2>{}", err.display());
    let code = type_passwords(&machine, &line, &["one", "two", "three"]).wait().unwrap().code().unwrap();
    assert_eq!(backend.heard(LOGIN).len(), 3);
    let mut cases = Cases::of("developer-password");
    let ran = Ran { code, stdout: String::new(), stderr: fs::read_to_string(err).unwrap() };
    cases.tell("three wrong ones", &machine, &ran);
    let shown = screen(&machine);
    let err = machine.path("told");
    let line = format!("{PROGRAM} login --profile dev 2>{}", err.display());
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("E-mail address ["));
    run.stdin.as_mut().unwrap().write_all(b"\x04").unwrap();
    let code = run.wait().unwrap().code().unwrap();
    let ran = Ran { code, stdout: String::new(), stderr: fs::read_to_string(err).unwrap() };
    cases.tell("Ctrl-D at the address", &machine, &ran);
    cases.compare();
    // At the prompt that shows what is typed, people would type the next password.
    assert_eq!(shown.matches("E-mail address [").count(), 1, "{shown}");
    assert!(machine.login().is_none());
}

#[test]
fn an_empty_password_is_neither_sent_nor_counted() {
    let (machine, backend) = machine();
    let mut run = type_passwords(&machine, "login --profile dev", &["", "", "", PASSWORD]);
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    assert_eq!(backend.heard(LOGIN).len(), 1);
}

#[test]
fn what_is_no_address_is_asked_for_again_where_people_are_known_by_theirs() {
    let (machine, backend) = machine();
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} login --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the question", || screen(&machine).contains("E-mail address ["));
    keyboard.write_all(b"hunter2\n").unwrap();
    wait_until("the question again", || screen(&machine).matches("E-mail address [").count() == 2);
    keyboard.write_all(format!("{EMAIL}\n").as_bytes()).unwrap();
    wait_until("the question for the password", || screen(&machine).contains("Password (it is"));
    keyboard.write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(run.wait().unwrap().success());
    assert!(screen(&machine).contains("That is no e-mail address."));
    let heard = backend.heard(LOGIN);
    assert!(heard.len() == 1 && !heard[0].contains("hunter2"), "{heard:?}");

    machine.add("cognito_developer_request_fields = user password\n");
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} login --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the question", || screen(&machine).contains("E-mail address ["));
    keyboard.write_all(b"alice\n").unwrap();
    wait_until("the question for the password", || screen(&machine).contains("Password (it is"));
    keyboard.write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(run.wait().unwrap().success());
    assert!(backend.heard(LOGIN)[1].contains("{\"user\":\"alice\","));
}

#[test]
fn a_refusal_that_no_other_password_changes_is_told_at_once() {
    let mut cases = Cases::of("developer-sign-in");
    let (machine, backend) = machine();
    for (case, status, body) in [
        ("the backend can't read the request", 400, "{\"error\":\"user is missing\"}"),
        ("the backend lets this person not in", 403, "{\"error\":\"locked\"}"),
        ("a gateway refuses", 401, "Authorization Required by gateway"),
        ("a gateway forbids", 403, "Forbidden by gateway"),
    ] {
        backend.answer(LOGIN, status, body);
        let before = backend.heard(LOGIN).len();
        cases.tell(case, &machine, &sign_in(&machine));
        assert_eq!(backend.heard(LOGIN).len(), before + 1, "{case}");
    }
    backend.answer(LOGIN, 200, &format!("{{\"token\":\"{TOKEN}\",\"username\":\"alice\"}}"));
    for (case, status, body) in [
        ("no AWS identity", 403, "{}"),
        ("its own token is refused", 401, "{}"),
        ("no such path", 404, "{}"),
        ("an answer without meaning", 200, "{}"),
        ("down", 502, "{}"),
    ] {
        backend.answer(AWS, status, body);
        cases.tell(case, &machine, &sign_in(&machine));
    }
    cases.compare();
}

/// Nobody types a password twice because a backend was restarted.
#[test]
fn whoever_was_admitted_is_signed_in_although_the_backend_cannot_vouch_just_now() {
    let (machine, backend) = machine();
    backend.answer(AWS, 502, "");
    let told = sign_in(&machine).failure().0;
    assert!(told.contains("alice is signed in") && told.contains("(502)"), "{told}");
    assert_eq!(ended(&backend), [""; 0], "what is kept is not ended");
    let status = machine.run(&["status", "--profile", "dev"]).stdout;
    assert!(status.contains("dev: alice through 127.0.0.1") && status.contains("(502)"), "{status}");
    vouch(&machine, &backend);
    machine.call().document();
    assert_eq!(backend.heard(LOGIN).len(), 1);
}

#[test]
fn a_login_that_nobody_keeps_is_ended_at_the_backend() {
    let (machine, backend) = machine();
    for (status, body) in [(403, "{}"), (401, "{}"), (404, "{}")] {
        backend.answer(AWS, status, body);
        assert_eq!(sign_in(&machine).code, 1);
        assert!(machine.login().is_none(), "{status}");
    }
    assert_eq!(ended(&backend), [TOKEN; 3]);
}

#[test]
fn a_new_login_ends_the_one_that_it_replaces_unless_they_are_the_same() {
    let (machine, backend) = signed_in();
    assert_eq!(sign_in(&machine).code, 0);
    assert_eq!(ended(&backend), [""; 0], "some backends have one token for each person");
    backend.answer(AWS, 403, "{}");
    assert_eq!(sign_in(&machine).code, 1);
    assert_eq!(ended(&backend), [""; 0], "nor does a sign-in that fails end the same login");
    vouch(&machine, &backend);

    // As the login of an earlier token.
    let path =
        machine.files().into_iter().find(|file| fs::read_to_string(file).is_ok_and(|t| t.contains(TOKEN)));
    let path = path.unwrap();
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(TOKEN, "earlier")).unwrap();
    assert_eq!(sign_in(&machine).code, 0);
    assert_eq!(ended(&backend), ["earlier"]);
    assert_eq!(machine.login().unwrap()["refresh_token"], TOKEN);
}

#[test]
fn roles_are_refused_before_any_question() {
    let (machine, backend) = machine();
    let told = machine.path("told");
    let line = format!("{PROGRAM} login --pick-role --profile dev 2>{}", told.display());
    assert_eq!(on_a_terminal(&machine, &line).wait().unwrap().code(), Some(1));
    let mut cases = Cases::of("developer-roles");
    let ran = Ran { code: 1, stdout: String::new(), stderr: fs::read_to_string(told).unwrap() };
    cases.tell("a list of roles", &machine, &ran);
    cases.compare();
    assert!(!screen(&machine).contains("E-mail"), "{}", screen(&machine));
    assert!(backend.heard(LOGIN).is_empty());
}

#[test]
fn the_refresh_token_of_the_environment_is_no_backends() {
    let (machine, backend) = machine();
    let token = [("COGNITO_CREDS_REFRESH_TOKEN", TOKEN)];
    assert!(machine.call_with(&token).failure().0.contains("needs a sign-in"));
    assert!(backend.heard(AWS).is_empty());
    drop((machine, backend));
    // Nor does it stand in the way of the login that is there.
    let (machine, _backend) = signed_in();
    machine.call_with(&token).document();
}
