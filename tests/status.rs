//! `status`: it tells what is kept, in the documented shape, and asks nobody.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times};
use serde_json::{Value, json};
use std::fs;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, alice, wait_until, with_credentials};

const TOKEN: &[&str] = &["token", "--profile", "dev"];

fn json(machine: &Machine, arguments: &[&str]) -> Value {
    let ran = machine.run(&[&["status", "--json"], arguments].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    serde_json::from_str(&ran.stdout).unwrap()
}

fn signed_in(keys: &str) -> Machine {
    let machine = with_credentials(keys);
    machine.sandbox.clear_log();
    machine
}

#[test]
fn json_has_the_documented_shape() {
    let machine = signed_in("cognito_store = file\ncognito_role = ReadOnly\n");
    let expiration = machine.call().document()["Expiration"].clone();
    // It ends when its page has been fetched.
    wait_until("the end of the sign-in", || json(&machine, &[])[0]["sign_in"] == "none");
    let states = json(&machine, &[]);
    let since = states[0]["login"]["since"].clone();
    assert!(since.as_str().unwrap().ends_with('Z'), "{since}");
    assert_eq!(
        states,
        json!([{
            "profile": "dev",
            "login": { "user": "alice@example.com", "provider": null, "since": since, "store": "file" },
            "credentials": {
                "role": machine.sandbox.world().role_arn("ReadOnly"),
                "expiration": expiration,
                "cache": "kernel",
            },
            "sign_in": "none",
            "last_error": null,
        }])
    );
}

#[test]
fn nobody_signed_in_is_a_state_and_no_failure() {
    let machine = Machine::new();
    let expected = json!([{
        "profile": "dev", "login": null, "credentials": null, "sign_in": "none", "last_error": null
    }]);
    assert_eq!(json(&machine, &["--profile", "dev"]), expected);
    assert!(machine.run(&["status"]).stdout.starts_with("dev: not signed in\n"));
}

#[test]
fn a_refresh_token_of_the_environment_is_a_state_of_its_own() {
    let mut machine = signed_in("cognito_store = file\n");
    let token = machine.login().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let first = |machine: &Machine| machine.run(&["status"]).stdout.lines().next().unwrap().to_owned();
    machine.set("CI", "true");
    machine.set("COGNITO_CREDS_REFRESH_TOKEN", &token);
    assert_eq!(first(&machine), "dev: the refresh token in COGNITO_CREDS_REFRESH_TOKEN, not used yet");
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::DropBefore, Times::Forever);
    machine.call().failure();
    machine.sandbox.clear_faults();
    assert!(first(&machine).ends_with("COGNITO_CREDS_REFRESH_TOKEN, not used yet"), "it brought nothing");
    machine.call().document();
    assert_eq!(first(&machine), "dev: alice@example.com");
    machine.set("COGNITO_CREDS_REFRESH_TOKEN", "a-token-that-has-ended");
    machine.call().failure();
    assert_eq!(
        first(&machine),
        "dev: not signed in; the server does not accept the refresh token in COGNITO_CREDS_REFRESH_TOKEN"
    );
    assert_eq!(json(&machine, &[])[0]["login"], Value::Null);
}

#[test]
fn it_asks_no_server_and_opens_no_browser() {
    let machine = signed_in("cognito_store = file\n");
    machine.let_credentials_end();
    machine.let_id_token_end();
    let login = machine.login();
    assert_eq!(json(&machine, &[])[0]["credentials"], Value::Null);
    machine.run(&["status"]);
    assert_eq!((machine.sandbox.counts().total, machine.tabs().len()), (0, 1));
    assert_eq!(machine.login(), login);
}

#[test]
fn a_failure_is_kept_for_it_with_its_time() {
    let machine = Machine::new();
    let call =
        machine.command(&["credential-process", "--profile", "dev"]).env("CI", "true").output().unwrap();
    let (what, _) = support::Ran::from(call).failure();
    let last = json(&machine, &[])[0]["last_error"].clone();
    assert_eq!(format!("cognito-creds: {}", last["message"].as_str().unwrap()), what);
    assert!(last["at"].as_str().unwrap().ends_with('Z'), "{last}");
    assert!(machine.run(&["status"]).stdout.contains("Profile dev needs a sign-in."));
}

#[test]
fn a_notice_is_not_called_a_problem() {
    // There is no keychain, so the kernel keeps the login, and says so.
    let machine = signed_in("");
    let told = machine.run(&["status"]).stdout;
    assert!(told.contains("\n  last notice   20") && !told.contains("problem"), "{told}");
    machine.let_credentials_end();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(403), Times::Forever);
    machine.call().failure();
    let told = machine.run(&["status"]).stdout;
    assert!(told.contains("\n  last problem  20") && !told.contains("notice"), "{told}");
}

#[test]
fn a_sign_in_that_runs_is_told() {
    let machine = Machine::new();
    let mut caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    assert_eq!(json(&machine, &[])[0]["sign_in"], "running");
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(caller.wait().unwrap().success());
    wait_until("its end", || json(&machine, &[])[0]["sign_in"] == "none");
}

#[test]
fn without_a_name_every_profile_of_ours_is_told_and_a_broken_one_with_its_error() {
    let machine = Machine::new();
    machine.add("[default]\nregion = us-east-1\n[profile sso]\nsso_session = x\n[profile half]\ncognito_domain = acme\n");
    let states = json(&machine, &[]);
    let names: Vec<_> =
        states.as_array().unwrap().iter().map(|state| state["profile"].as_str().unwrap()).collect();
    assert_eq!(names, ["dev", "half"]);
    assert!(machine.run(&["status"]).stdout.contains("\nhalf     -    -     its settings can't be used\n"));
    let message = states[1]["last_error"]["message"].as_str().unwrap();
    assert!(message.contains("half") && message.contains("cognito_client_id"), "{message}");

    // AWS_PROFILE names one.
    let one = machine.command(&["status", "--json"]).env("AWS_PROFILE", "dev").output().unwrap();
    let one: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(one.as_array().unwrap().len(), 1);
}

#[test]
fn a_profile_or_file_that_cannot_be_read_is_an_error_where_it_was_named() {
    let machine = Machine::new();
    let (what, _) = machine.run(&["status", "--profile", "nobody"]).failure();
    assert!(what.contains("There is no profile nobody"), "{what}");
    machine.add("no equals sign\n");
    let (what, _) = machine.run(&["status"]).failure();
    assert!(what.contains("is broken at line"), "{what}");
}

#[test]
fn no_profile_of_ours_is_no_failure() {
    let machine = Machine::bare();
    assert_eq!(json(&machine, &[]), json!([]));
    assert!(machine.run(&["status"]).stdout.starts_with("There is no AWS config file "));
}

#[test]
fn people_read_who_until_when_and_where_it_is_kept_in_80_columns() {
    let machine = signed_in("cognito_store = file\ncognito_role = Developer\n");
    let text = machine.run(&["status"]).stdout;
    for part in [
        "dev: alice@example.com\n",
        "  login since   20",
        "not encrypted",
        "readable by you",
        "  role          Developer in account 123456789012\n",
        "  credentials   live until 20",
        "kernel keyring",
        "until reboot",
        "  sign-in       none running\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_login_that_the_server_has_ended_is_no_login() {
    let machine = signed_in("cognito_store = file\n");
    machine.sandbox.revoke_all("alice");
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.command(&["credential-process", "--profile", "dev"]).env("CI", "true").output().unwrap();
    assert_eq!(json(&machine, &[])[0]["login"], Value::Null);
    let text = machine.run(&["status"]).stdout;
    assert!(
        text.starts_with("dev: not signed in; the server has ended the login of alice@example.com\n"),
        "{text}"
    );
}

#[test]
fn several_profiles_are_a_table_of_80_columns_with_what_went_wrong_below() {
    let machine = signed_in("cognito_store = file\ncognito_role = Developer\n");
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let name = "a-profile-with-a-name-of-thirty";
    machine.add(&machine.sandbox.profile(name, &redirect));
    machine.add("cognito_store = file\ncognito_login = another\n[profile half]\ncognito_domain = acme\n");
    machine.run_with(&["credential-process", "--profile", name], &[("CI", "1")]).failure();
    let text = machine.run(&["status"]).stdout;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "PROFILE             WHO                ROLE       CREDENTIALS");
    assert_eq!(lines[1], "dev                 alice@example.com  Developer  live 60 minutes");
    assert_eq!(lines[2], "a-profile-with-a-…  -                  -          not signed in");
    assert_eq!(lines[3], "half                -                  -          its settings can't be used");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("ago: Profile {name} needs a sign-in. half, ")), "{text}");
    assert!(words.contains("ago: Profile half lacks cognito_client_id and "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let machine = signed_in("cognito_store = file\n");
    machine.add("[profile half]\ncognito_domain = acme\n");
    let green = "\x1b[32mlive";
    let seen = |variables: &str| {
        let mut run = on_a_terminal(&machine, &format!("{variables} {PROGRAM} status; echo over"));
        wait_until("the end", || screen(&machine).contains("over"));
        run.wait().unwrap();
        screen(&machine).contains(green)
    };
    assert!(seen("TERM=xterm") && seen("TERM=xterm NO_COLOR="));
    assert!(!seen("TERM=xterm NO_COLOR=1") && !seen("TERM=dumb"));
    assert!(!machine.run_with(&["status"], &[("TERM", "xterm")]).stdout.contains('\x1b'));
}

fn last_error(machine: &Machine) -> Value {
    json(machine, &[])[0]["last_error"].clone()
}

/// A call that the identity pool refuses, once.
fn refused(machine: &Machine) {
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(403), Times::Forever);
    machine.call().failure();
    machine.sandbox.clear_faults();
    assert!(last_error(machine).is_object());
}

/// A call for a token that the token endpoint does not answer, once.
fn no_token(machine: &Machine) {
    machine.let_id_token_end();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(403), Times::Forever);
    machine.run(TOKEN).failure();
    machine.sandbox.clear_faults();
    assert!(last_error(machine).is_object());
}

fn token(machine: &Machine) {
    assert_eq!(machine.run(TOKEN).code, 0);
}

fn without_identity_pool(machine: &Machine) {
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let kept = config.lines().filter(|line| !line.starts_with("cognito_identity_pool_id"));
    machine.configure(&kept.map(|line| format!("{line}\n")).collect::<String>());
}

#[test]
fn what_has_been_put_right_is_no_problem_any_more() {
    let machine = signed_in("cognito_store = file\n");
    machine.let_credentials_end();
    refused(&machine);
    machine.call().document();
    assert_eq!(last_error(&machine), Value::Null);
    // They are dropped when they end, and what they have put right stays right.
    machine.let_credentials_end();
    assert_eq!(last_error(&machine), Value::Null);

    refused(&machine);
    machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(last_error(&machine), Value::Null);
}

#[test]
fn where_nothing_is_cached_a_problem_ends_all_the_same() {
    let machine = signed_in("cognito_store = file\ncognito_cache = none\n");
    refused(&machine);
    machine.call().document();
    assert_eq!(last_error(&machine), Value::Null);
}

#[test]
fn where_there_are_tokens_only_a_fresh_one_puts_right_what_went_wrong() {
    let machine = signed_in("cognito_store = file\n");
    without_identity_pool(&machine);
    no_token(&machine);
    token(&machine);
    assert_eq!(last_error(&machine), Value::Null);

    machine.call().failure();
    token(&machine);
    assert!(last_error(&machine).is_object(), "a token that is at hand shows nothing");
    machine.let_id_token_end();
    token(&machine);
    assert_eq!(last_error(&machine), Value::Null);
}

#[test]
fn a_sign_in_puts_right_what_went_wrong() {
    let mut machine = Machine::with("cognito_store = file\ncognito_cache = none\n");
    machine.seat(alice());
    for tokens_only in [false, true] {
        if tokens_only {
            without_identity_pool(&machine);
        }
        machine.call_with(&[("CI", "true")]).failure();
        assert!(last_error(&machine).is_object());
        assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
        assert_eq!(last_error(&machine), Value::Null);
        machine.run(&["logout", "--profile", "dev"]);
    }
}

#[test]
fn a_fresh_token_puts_right_what_tokens_failed_at_and_no_refused_credentials() {
    let machine = signed_in("cognito_store = file\n");
    no_token(&machine);
    token(&machine);
    assert_eq!(last_error(&machine), Value::Null);

    machine.let_credentials_end();
    refused(&machine);
    machine.let_id_token_end();
    token(&machine);
    assert!(last_error(&machine).is_object());

    machine.call().document();
    assert_eq!(last_error(&machine), Value::Null);
}

#[test]
fn credentials_at_hand_put_nothing_right() {
    let machine = signed_in("cognito_store = file\n");
    no_token(&machine);
    machine.call().document();
    assert!(last_error(&machine).is_object());
}

/// Rewrites what is kept of the last failure or notice, as if the clock had been an hour and a half ahead
/// (or behind) when it was written.
fn move_event(machine: &Machine, seconds: i64) {
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/event.")).unwrap();
    let mut event: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    event["at"] = json!(event["at"].as_i64().unwrap() + seconds);
    fs::write(file, event.to_string()).unwrap();
}

#[test]
fn a_clock_that_was_ahead_keeps_nothing_on_the_list() {
    let machine = signed_in("cognito_store = file\n");
    machine.let_credentials_end();
    refused(&machine);
    move_event(&machine, 5400);
    machine.call().document();
    assert_eq!(last_error(&machine), Value::Null);
}

#[test]
fn a_notice_stays_for_an_hour_whatever_goes_well_and_whatever_the_clock_said() {
    for seconds in [-5400, 5400] {
        // There is no keychain, so the kernel keeps the login, and says so.
        let machine = signed_in("cognito_cache = none\n");
        machine.call().document();
        assert!(last_error(&machine).is_object());
        move_event(&machine, seconds);
        assert_eq!(last_error(&machine), Value::Null, "{seconds}");
    }
}

#[test]
fn a_name_with_an_escape_sequence_moves_no_cursor() {
    let machine = Machine::new();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let bad = "a\x1b[2Jb";
    let other = config.replace("[profile dev]", &format!("[profile {bad}]"));
    machine.add(&format!("\n{other}cognito_login = other\n"));
    let broken = other.replace(bad, "c\x1b[2Jd");
    machine.add(&format!("\n{broken}cognito_wait = nonsense\n"));
    for args in [
        &["status"][..],
        &["status", "--profile", bad],
        &["logout", "--all"],
        &["doctor", "--profile", bad],
        &["configure", "--role", "Reader", "--profile", bad],
        &["configure", "--unset", "--profile", bad],
    ] {
        let ran = machine.run(args);
        assert!(ran.stdout.contains("a [2Jb") || ran.stderr.contains("a [2Jb"), "{args:?}: {ran:?}");
        assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{args:?}: {ran:?}");
    }
}
