//! The token endpoint when a login is refreshed.

use crate::support::cases::Cases;
use crate::support::{Machine, PROGRAM, Ran, alice};
use crate::{answer, assert_the_login_lives, oauth, signed_in, troubles};
use cognito_sandbox::{Endpoint, Fault, Sandbox, Times, cast};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// Calls with everything used up but the refresh token, while refreshing fails with `fault`.
fn refresh_with(machine: &Machine, fault: Fault, times: Times) -> Ran {
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::TokenRefresh, fault, times);
    machine.call()
}

#[test]
fn a_setting_that_the_token_endpoint_refuses_is_told_after_one_request() {
    let mut cases = Cases::of("refresh-refused");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let with_words = Fault::OAuth {
        status: 400,
        error: "invalid_request".into(),
        description: Some("Etwas\n\u{1b}[31mfehlt".into()),
    };
    for (case, fault) in [
        ("invalid_client", oauth(400, "invalid_client")),
        ("invalid_client with 401", oauth(401, "invalid_client")),
        ("unauthorized_client", oauth(400, "unauthorized_client")),
        ("invalid_request", oauth(400, "invalid_request")),
        ("unsupported_grant_type", oauth(400, "unsupported_grant_type")),
        ("an error with words and control characters", with_words),
        ("an error that nobody has heard of", oauth(400, "quota_of_the_moon")),
    ] {
        let ran = refresh_with(&machine, fault, Times::Forever);
        cases.tell(case, &machine, &ran);
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.total), (1, 1), "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}

#[test]
fn trouble_at_the_token_endpoint_is_retried_a_little_and_loses_nothing() {
    let mut cases = Cases::of("refresh-troubled");
    let machine = signed_in();
    let login = machine.login().unwrap();
    for (case, fault) in troubles() {
        let ran = refresh_with(&machine, fault, Times::Forever);
        cases.tell(case, &machine, &ran);
        let counts = machine.sandbox.counts();
        assert!((1..=4).contains(&counts.token_refresh), "{case}: {counts:?}");
        assert_eq!(counts.total, counts.token_refresh, "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}

/// Rotation spends the old refresh token with the lost answer; its grace period carries the retry.
#[test]
fn trouble_that_passes_is_never_seen() {
    let machine = signed_in();
    for (case, fault) in troubles() {
        refresh_with(&machine, fault, Times::Once).document();
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.get_credentials, counts.total), (2, 1, 3), "{case}");
        assert_eq!(machine.tabs().len(), 1, "{case}");
    }
}

/// A token that may have been spent is sent once more and no oftener.
#[test]
fn a_lost_answer_is_asked_for_once_more() {
    let machine = signed_in();
    for fault in [Fault::DropAfterApplying, Fault::DropMidBody, Fault::TruncatedJson, Fault::Status(500)] {
        refresh_with(&machine, fault.clone(), Times::Forever).failure();
        assert_eq!(machine.sandbox.counts().token_refresh, 2, "{fault:?}");
        machine.sandbox.clear_faults();
        machine.call().document();
    }
}

#[test]
fn retry_after_is_honoured_or_ends_it() {
    let mut cases = Cases::of("retry-after");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let began = Instant::now();
    refresh_with(&machine, Fault::RetryAfter { status: 429, seconds: 2 }, Times::Once).document();
    assert!(began.elapsed() >= Duration::from_secs(2), "it waited as it was asked");
    let began = Instant::now();
    let later = Fault::RetryAfter { status: 429, seconds: 3600 };
    cases.tell("an hour", &machine, &refresh_with(&machine, later, Times::Forever));
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
    assert!(began.elapsed() < Duration::from_mins(1), "it did not wait an hour");
    assert_the_login_lives(&machine, &login, "an hour");
    cases.compare();
}

#[test]
fn a_token_endpoint_that_hangs_costs_a_renewal_its_time_and_no_more() {
    let mut cases = Cases::of("hanging");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let began = Instant::now();
    cases.tell("the token endpoint", &machine, &refresh_with(&machine, Fault::Hang, Times::Forever));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(machine.sandbox.counts().token_refresh, 2);
    assert_the_login_lives(&machine, &login, "hang");
    cases.compare();
}

#[test]
fn where_nothing_listens_the_host_is_told() {
    let mut cases = Cases::of("unreachable");
    let machine = Machine::new();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let seed = [("COGNITO_CREDS_REFRESH_TOKEN", "a refresh token from elsewhere")];
    let own = machine.sandbox.url();
    let config = config.replace(&format!("endpoint_url = {own}\n"), "");
    let to = |domain: &str| config.replace(&format!("cognito_domain = {own}"), domain);
    machine.configure(&to("cognito_domain = http://127.0.0.1:1"));
    cases.tell("nobody at the port", &machine, &machine.call_with(&seed));
    // Behind a proxy no name is looked up here.
    machine.configure(&to("cognito_domain = https://auth.example.com"));
    let proxy = [seed[0], ("HTTPS_PROXY", "http://me:secret@127.0.0.1:1")];
    let what = cases.tell("nobody at the proxy", &machine, &machine.call_with(&proxy));
    assert!(!what.contains("secret"), "{what}");
    assert!(machine.tabs().is_empty());
    cases.compare();
}

/// Whoever is killed while the identity pool thinks has lost nothing.
#[test]
fn a_new_refresh_token_is_stored_before_the_id_token_is_used() {
    let machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let spent = machine.login().unwrap();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Hang, Times::Once);
    let mut caller = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 1, Duration::from_secs(10)));
    let stored = machine.login().unwrap();
    for token in ["refresh_token", "id_token", "access_token"] {
        assert_ne!(stored[token], spent[token], "{token}");
    }
    assert!(caller.try_wait().unwrap().is_none(), "it still waits for the identity pool");
    caller.kill().unwrap();
    caller.wait().unwrap();
    machine.let_id_token_end();
    machine.call().document();
    assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (2, 1));
}

/// An answer that is good for nothing still has the one refresh token that lives.
#[test]
fn a_rotated_token_is_kept_although_the_rest_of_the_answer_is_refused() {
    let mut cases = Cases::of("refresh-answers");
    let machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let login = machine.login().unwrap();

    // A setting that fits no token: the refresh succeeds, its ID token does not pass.
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.configure(&config.replace("us-east-1_SANDBOX01", "us-east-1_ANOTHER"));
    let ran = machine.call();
    cases.tell("the ID token of another user pool", &machine, &ran);
    assert_ne!(machine.login().unwrap()["refresh_token"], login["refresh_token"], "the new one is kept");
    machine.configure(&config);
    assert_the_login_lives(&machine, &login, "another user pool");

    // Tokens without an ID token.
    let tokens = json!({"access_token": "x", "token_type": "Bearer", "refresh_token": "the one that lives"});
    let ran = refresh_with(&machine, answer(200, "application/json", tokens.to_string()), Times::Once);
    cases.tell("no ID token", &machine, &ran);
    assert_eq!(machine.login().unwrap()["refresh_token"], "the one that lives");
    assert_eq!(machine.sandbox.counts().total, 1);
    cases.compare();

    // Nor an access token, or none that is a text.
    for (token, mut tokens) in
        [("alone", json!({})), ("beside others", json!({"access_token": null, "id_token": 7}))]
    {
        let machine = signed_in();
        tokens["refresh_token"] = token.into();
        refresh_with(&machine, answer(200, "application/json", tokens.to_string()), Times::Once).failure();
        assert_eq!(machine.login().unwrap()["refresh_token"], token);
    }
}

#[test]
fn without_openid_the_scopes_are_told_and_the_login_stays() {
    let machine = signed_in();
    let login = machine.login().unwrap();
    let tokens = json!({"access_token": "x", "token_type": "Bearer", "expires_in": 3600});
    let ran = refresh_with(&machine, answer(200, "application/json", tokens.to_string()), Times::Forever);
    assert!(ran.failure().0.contains("openid"));
    assert_the_login_lives(&machine, &login, "no ID token and no rotation");
}

/// `invalid_grant`, whatever its reason: the login is over, and one tab opens.
#[test]
fn an_ended_session_opens_the_browser_once() {
    type End = fn(&Sandbox);
    let ends: [(&str, End); 4] = [
        ("revoked", |sandbox| sandbox.revoke_all("alice")),
        ("run out", Sandbox::expire_sessions),
        ("signed out everywhere", |sandbox| sandbox.global_sign_out("alice")),
        ("invalid_grant with 401", |sandbox| {
            sandbox.fault(Endpoint::TokenRefresh, oauth(401, "invalid_grant"), Times::Once);
        }),
    ];
    for (case, end) in ends {
        let mut machine = signed_in();
        machine.let_credentials_end();
        machine.let_id_token_end();
        end(&machine.sandbox);
        machine.sandbox.clear_log();
        let (what, paste) = machine.call_with(&[("CI", "true")]).failure();
        assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.", "{case}");
        assert_eq!(paste, "cognito-creds login --profile dev");
        assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (1, 1), "{case}");
        assert_eq!(machine.login().unwrap()["refresh_token"], "", "{case}");
        machine.seat(alice());
        machine.call().document();
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.token_code, machine.tabs().len()), (1, 1, 2), "{case}");
    }
}

#[test]
fn a_disabled_person_is_sent_to_sign_in() {
    let machine = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.disable_user("alice");
    machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(machine.login().unwrap()["user"], "alice@example.com", "who it was is remembered");
}

/// Somebody else rotated it, and this machine did not get the new one.
#[test]
fn a_rotated_token_after_its_grace_ends_the_login_and_not_the_program() {
    let mut machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let file = machine.files().into_iter().find(|f| f.to_string_lossy().contains("/login.")).unwrap();
    let (old, login) = (fs::read(&file).unwrap(), machine.login().unwrap());
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    assert_ne!(machine.login().unwrap()["refresh_token"], login["refresh_token"]);
    fs::write(&file, old).unwrap();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
}

/// Another machine with the same home rotated it while our request was on its way.
#[test]
fn a_newer_token_in_the_store_is_used_before_the_login_is_given_up() {
    let machine = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let good = machine.login().unwrap();
    let file = machine.files().into_iter().find(|f| f.to_string_lossy().contains("/login.")).unwrap();
    let mut bad = good.clone();
    bad["refresh_token"] = "rotated away".into();
    fs::write(&file, bad.to_string()).unwrap();
    machine.sandbox.clear_log();
    let slow = Fault::DelayThen(Duration::from_secs(1), Box::new(oauth(400, "invalid_grant")));
    machine.sandbox.fault(Endpoint::TokenRefresh, slow, Times::Once);
    let caller = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::TokenRefresh, 1, Duration::from_secs(10)));
    fs::write(&file, good.to_string()).unwrap();
    Ran::of(caller).document();
    assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (2, 1));
}

#[test]
fn credentials_that_live_outlast_every_trouble() {
    let machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 600);
    let mut machine = machine;
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    machine.let_id_token_end();
    let refused = [("invalid_client", oauth(400, "invalid_client"))];
    for (case, fault) in troubles().into_iter().chain(refused) {
        machine.sandbox.fault(Endpoint::TokenRefresh, fault, Times::Forever);
        assert_eq!(machine.call().document(), first, "{case}");
        machine.sandbox.clear_faults();
    }
    machine.sandbox.fault(Endpoint::TokenRefresh, oauth(400, "invalid_grant"), Times::Forever);
    assert_eq!(machine.call().document(), first, "although the login has ended");
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_store_that_takes_nothing_is_found_out_before_the_old_token_is_spent() {
    let machine = signed_in();
    let login = machine.login().unwrap();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    // No file may grow: what a full disk does, and a quota.
    let line = format!("trap '' XFSZ; ulimit -f 0; exec {PROGRAM} credential-process --profile dev");
    let ran = machine.shell(&line).output().unwrap();
    let (what, _) = Ran::from(ran).failure();
    assert!(what.contains("can't be read or kept"), "{what}");
    assert_eq!(machine.sandbox.counts().total, 0);
    assert_the_login_lives(&machine, &login, "a full disk");
}

/// A build has nobody who could sign in: what helps there is another token.
#[test]
fn a_refresh_token_of_the_environment_that_is_refused_is_named() {
    let mut cases = Cases::of("environment-token");
    let machine = Machine::new();
    let ran = machine.call_with(&[("COGNITO_CREDS_REFRESH_TOKEN", "of-another-app-client"), ("CI", "true")]);
    cases.tell("a refresh token of another app client", &machine, &ran);
    assert!(machine.tabs().is_empty());
    cases.compare();
}
