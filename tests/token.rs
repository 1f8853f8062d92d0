//! `token`: a fresh token alone on stdout, by the way that credentials take.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_creds::clock::Timestamp;
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use serde_json::{Value, json};
use std::fs;
use std::io::{ErrorKind, Read};
use std::process::Stdio;
use std::time::Duration;
use support::cases::Cases;
use support::{Machine, Ran, alice, wait_until};

const TOKEN: &[&str] = &["token", "--profile", "dev"];
const ACCESS: &[&str] = &["token", "--profile", "dev", "--access"];

/// A profile that wants tokens and has no identity pool.
fn without_identity_pool() -> Machine {
    let machine = Machine::new();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let kept = config.lines().filter(|line| !line.starts_with("cognito_identity_pool_id"));
    machine.configure(&kept.map(|line| format!("{line}\n")).collect::<String>());
    machine
}

fn signed_in() -> Machine {
    let mut machine = without_identity_pool();
    machine.seat(alice());
    token(&machine.run(TOKEN));
    machine.leave();
    machine.sandbox.clear_log();
    machine
}

/// The token of a run that must have succeeded without a word on stderr: one line, a JWT.
fn token(ran: &Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.ends_with('\n') && ran.stdout.matches('\n').count() == 1, "{ran:?}");
    ran.stdout.trim_end().to_owned()
}

fn claims(token: &str) -> serde_json::Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[test]
fn a_token_comes_from_a_sign_in_then_from_the_store_then_from_a_refresh() {
    let mut machine = without_identity_pool();
    machine.seat(alice());
    let first = token(&machine.run(TOKEN));
    machine.leave();
    let said = claims(&first);
    assert_eq!((said["token_use"].as_str(), said["aud"].as_str()), (Some("id"), Some(cast::PUBLIC_CLIENT)));
    let counts = machine.sandbox.counts();
    assert_eq!((machine.tabs().len(), counts.token_code, counts.get_id), (1, 1, 0));

    machine.sandbox.clear_log();
    assert_eq!(token(&machine.run(TOKEN)), first);
    assert_eq!(machine.sandbox.counts().total, 0);

    machine.let_id_token_end();
    let second = token(&machine.run(TOKEN));
    assert_ne!(second, first);
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.total, machine.tabs().len()), (1, 1, 1));
}

#[test]
fn the_access_token_is_the_other_one() {
    let machine = signed_in();
    let access = token(&machine.run(ACCESS));
    assert_eq!(claims(&access)["token_use"], "access");
    assert_eq!(machine.sandbox.counts().total, 0);

    // Its end is its own.
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    login["access_token_ends"] = 1.into();
    fs::write(file, login.to_string()).unwrap();
    token(&machine.run(TOKEN));
    assert_eq!(machine.sandbox.counts().total, 0);
    assert_ne!(token(&machine.run(ACCESS)), access);
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
}

#[test]
fn a_token_with_less_than_five_minutes_is_refreshed() {
    for (seconds, refreshes) in [(290, 1), (330, 0)] {
        let mut machine = without_identity_pool();
        machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).id_token_seconds = seconds);
        machine.seat(alice());
        token(&machine.run(TOKEN));
        machine.leave();
        // So that the first one was not obtained at this second.
        std::thread::sleep(Duration::from_millis(2100));
        token(&machine.run(TOKEN));
        assert_eq!(machine.sandbox.counts().token_refresh, refreshes, "{seconds}");
    }
}

#[test]
fn twenty_at_once_make_one_refresh() {
    for keys in ["", "short"] {
        let machine = signed_in();
        if keys == "short" {
            // Even where no token ever has five minutes.
            machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).id_token_seconds = 240);
        }
        machine.let_id_token_end();
        machine.sandbox.fault(
            Endpoint::TokenRefresh,
            Fault::Delay(Duration::from_millis(300)),
            Times::Forever,
        );
        let callers: Vec<_> = (0..20).map(|_| machine.command(TOKEN).spawn().unwrap()).collect();
        let tokens: Vec<_> = callers.into_iter().map(|caller| token(&Ran::of(caller))).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(machine.sandbox.counts().token_refresh, 1, "{keys}");
    }
}

#[test]
fn ten_at_once_open_one_tab() {
    let machine = without_identity_pool();
    let callers: Vec<_> = (0..10).map(|_| machine.command(TOKEN).spawn().unwrap()).collect();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    for caller in callers {
        token(&Ran::of(caller));
    }
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

#[test]
fn an_identity_pool_that_refuses_does_not_keep_the_token_back() {
    let mut machine = Machine::new();
    let refused = Fault::Aws { status: 400, kind: "LimitExceededException".into(), message: String::new() };
    machine.sandbox.fault(Endpoint::GetId, refused, Times::Forever);
    machine.seat(alice());
    token(&machine.run(TOKEN));
    assert_eq!(machine.tabs().len(), 1);
}

/// Somebody is signed in with a token that lives for four minutes: it would be renewed, and can be used.
fn with_a_token_that_is_due() -> (Machine, String) {
    let mut machine = without_identity_pool();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).id_token_seconds = 240);
    machine.seat(alice());
    let first = token(&machine.run(TOKEN));
    machine.leave();
    std::thread::sleep(Duration::from_millis(2100));
    (machine, first)
}

#[test]
fn a_token_that_lives_is_better_than_an_error() {
    let (machine, first) = with_a_token_that_is_due();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(403), Times::Forever);
    assert_eq!(token(&machine.run(TOKEN)), first);
    assert!(machine.sandbox.counts().token_refresh >= 1);
}

#[test]
fn a_token_that_lives_is_better_than_an_error_for_all_who_ask_at_once() {
    let (machine, first) = with_a_token_that_is_due();
    let refused = Fault::DelayThen(Duration::from_secs(1), Box::new(Fault::Status(403)));
    machine.sandbox.fault(Endpoint::TokenRefresh, refused, Times::Forever);
    let callers: Vec<_> = (0..4).map(|_| machine.command(TOKEN).spawn().unwrap()).collect();
    for caller in callers {
        assert_eq!(token(&Ran::of(caller)), first);
    }
}

#[test]
fn after_a_failure_a_token_that_lives_is_handed_out_without_another_attempt() {
    let (machine, first) = with_a_token_that_is_due();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(403), Times::Forever);
    token(&machine.run(TOKEN));
    let status = machine.run(&["status", "--profile", "dev"]).stdout;
    assert!(status.contains("Renewing failed, the token at hand is used:"), "{status}");

    machine.sandbox.clear_log();
    assert_eq!(token(&machine.run(TOKEN)), first);
    assert_eq!(machine.sandbox.counts().total, 0);

    // What is known of one kind of token says nothing about the other, and what has ended is no token.
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    login["access_token_ends"] = (Timestamp::now().as_unix() + 120).into();
    fs::write(file, login.to_string()).unwrap();
    let access = token(&machine.run(ACCESS));
    assert_eq!(claims(&access)["token_use"], "access");
    assert!(machine.sandbox.counts().token_refresh >= 1);
    machine.let_id_token_end();
    machine.run(TOKEN).failure();
}

/// An answer of the token endpoint with the login's own ID token and these members.
fn answer(machine: &Machine, members: &Value) -> Fault {
    let mut body = json!({"id_token": machine.login().unwrap()["id_token"], "token_type": "Bearer"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Fault::Answer {
        status: 200,
        content_type: "application/json".into(),
        headers: Vec::new(),
        body: body.to_string().into(),
    }
}

/// The access token has ended, and the server answers the refresh with these members.
fn refreshed_with(members: &Value) -> Machine {
    let machine = signed_in();
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    login["access_token_ends"] = 1.into();
    fs::write(file, login.to_string()).unwrap();
    machine.sandbox.fault(Endpoint::TokenRefresh, answer(&machine, members), Times::Forever);
    machine
}

#[test]
fn a_token_with_control_characters_is_neither_shown_nor_kept() {
    let mut cases = Cases::of("token-characters");
    for (case, bad) in
        [("a line of its own", "one\r\ntwo"), ("a red one", "\u{1b}[31mone"), ("no ASCII", "eins\u{e9}")]
    {
        let machine = refreshed_with(&json!({"access_token": bad, "refresh_token": "the-next"}));
        let ran = machine.run(ACCESS);
        assert_eq!(ran.stdout, "");
        cases.tell(case, &machine, &ran);
        let login = machine.login().unwrap();
        assert_ne!(login["access_token"], bad);
        // The one that it replaces may have died of this answer.
        assert_eq!(login["refresh_token"], "the-next");
    }
    let machine = refreshed_with(&json!({"access_token": "one", "refresh_token": "one\ntwo"}));
    let before = machine.login().unwrap();
    cases.tell("a refresh token", &machine, &machine.run(ACCESS));
    assert_eq!(machine.login().unwrap()["refresh_token"], before["refresh_token"]);
    cases.compare();
}

#[test]
fn an_access_token_whose_end_nobody_tells_is_not_asked_for_every_time() {
    let jwt = |seconds| {
        let claims = json!({"exp": Timestamp::now().as_unix() + seconds});
        format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    for (access, refreshes) in [("opaque".to_owned(), 1), (jwt(3600), 1), (jwt(200), 2)] {
        let machine = refreshed_with(&json!({"access_token": access}));
        for _ in 0..2 {
            assert_eq!(machine.run(ACCESS).stdout.trim_end(), access);
            // One that was obtained since this call began would be as fresh as it gets.
            let changed = machine.login().unwrap()["changed"].as_i64().unwrap();
            wait_until("a later second", || Timestamp::now().as_unix() > changed);
        }
        assert_eq!(machine.sandbox.counts().token_refresh, refreshes, "{access}");
    }
}

#[test]
fn a_failure_is_two_lines_and_no_token() {
    let mut cases = Cases::of("token");
    let machine = without_identity_pool();
    cases.tell("nobody is signed in", &machine, &machine.run_with(TOKEN, &[("CI", "1")]));

    let machine = signed_in();
    machine.let_id_token_end();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(404), Times::Forever);
    cases.tell("the refresh fails", &machine, &machine.run(TOKEN));

    let machine = signed_in();
    machine.add("cognito_user_pool_id = us-east-1_ANOTHER\n");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replacen("cognito_user_pool_id = us-east-1_SANDBOX01\n", "", 1));
    cases.tell("the profile names another user pool by now", &machine, &machine.run(TOKEN));

    let machine = Machine::bare();
    machine.configure(
        "[profile dev]\ncognito_auth = developer\ncognito_developer_url = https://login.example.com/api/v1\ncognito_identity_pool_id = eu-west-1:0f5ca1ab-1e5a-4d00-b0a1-5a4db0c0ffee\n",
    );
    for (case, args) in [("a backend of one's own", TOKEN), ("and its access token", ACCESS)] {
        cases.tell(case, &machine, &machine.run(args));
    }
    cases.compare();
}

#[test]
fn without_an_identity_pool_there_are_tokens_and_no_credentials() {
    let machine = signed_in();
    let (what, _) = machine.call().failure();
    assert!(what.contains("cognito_identity_pool_id"), "{what}");
    token(&machine.run_with(&["token"], &[("AWS_PROFILE", "dev")]));
}

/// A script may hold its stdin open, or feed it to the next command.
#[test]
fn stdin_is_not_read() {
    let machine = signed_in();
    let (mut reader, writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut &writer, b"for the next command").unwrap();
    let mut command = machine.command(TOKEN);
    command.stdin(Stdio::from(reader.try_clone().unwrap()));
    token(&command.output().unwrap().into());
    drop((command, writer));
    let mut left = String::new();
    reader.read_to_string(&mut left).unwrap();
    assert_eq!(left, "for the next command");
}

#[test]
fn a_token_is_shown_nowhere_but_on_stdout() {
    let machine = signed_in();
    machine.let_id_token_end();
    let ran = machine.run(&["-vv", "token", "--profile", "dev"]);
    let token = ran.stdout.trim_end();
    assert_eq!(ran.code, 0);
    let secret = token.split('.').nth(1).unwrap();
    assert!(!ran.stderr.is_empty() && !ran.stderr.contains(secret), "{}", ran.stderr);
    for file in machine.files().iter().filter(|path| !path.to_string_lossy().contains("/login.")) {
        let bytes = fs::read(file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{}", file.display());
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is() {
    let machine = signed_in();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran: Ran = machine.command(TOKEN).stdout(Stdio::from(writer)).output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let full = match fs::File::options().write(true).open("/dev/full") {
        Err(e) if e.kind() == ErrorKind::NotFound => panic!("this system has no /dev/full"),
        full => full.unwrap(),
    };
    let ran: Ran = machine.command(TOKEN).stdout(Stdio::from(full)).output().unwrap().into();
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.starts_with("cognito-creds: The token could not be written"), "{}", ran.stderr);
}

#[test]
fn an_openid_provider_gives_tokens_too() {
    let mut machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n"));
    machine.seat(alice());
    let id = token(&machine.run(TOKEN));
    assert!(claims(&id)["iss"].as_str().unwrap().ends_with("/oidc/acme"));
    // It is no JWT there.
    let access = machine.run(ACCESS);
    assert!(access.code == 0 && access.stdout.starts_with("opaque-"), "{access:?}");
    assert_eq!(machine.tabs().len(), 1);
}
