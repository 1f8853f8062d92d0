//! The life of a login whose only home is the Credential Manager.

use crate::credential_manager;
use crate::machine::{issue_short_credentials, issue_short_tokens, signed_in, windows};
use crate::support::{Ran, alice};
use cognito_sandbox::{Endpoint, Fault, Times};
use serde_json::Value;

#[test]
fn the_first_call_opens_one_tab_and_the_next_asks_nobody() {
    let mut machine = windows("");
    machine.seat(alice());
    let first = machine.call().document();
    assert_eq!(first["Version"], 1);
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1)
    );
    machine.sandbox.clear_log();
    assert_eq!(machine.call().document(), first);
    assert_eq!(machine.sandbox.counts().total, 0);
}

#[test]
fn a_new_login_token_needs_no_refresh_and_an_old_one_does() {
    let machine = signed_in("");
    credential_manager::let_credentials_end(&machine);
    machine.sandbox.clear_log();
    issue_short_tokens(&machine);
    machine.call().document();
    assert_eq!((machine.sandbox.counts().get_credentials, machine.sandbox.counts().total), (1, 1));
}

/// Without a grace period, a refresh token that is not the last one ends the login.
#[test]
fn each_rotated_refresh_token_is_kept() {
    let mut machine = windows("");
    machine.sandbox.change(|world| {
        world.client_mut(cognito_sandbox::cast::PUBLIC_CLIENT).rotation = Some(0);
    });
    issue_short_credentials(&machine);
    issue_short_tokens(&machine);
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    machine.sandbox.clear_log();
    for _ in 0..3 {
        assert_ne!(machine.call().document()["SessionToken"], first["SessionToken"]);
    }
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_credentials, counts.total), (3, 3, 6));
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn an_ended_refresh_token_brings_the_browser_back() {
    let mut machine = windows("");
    issue_short_tokens(&machine);
    machine.seat(alice());
    machine.call().document();
    machine.sandbox.revoke_all("alice");
    credential_manager::let_credentials_end(&machine);
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
    assert_eq!(machine.sandbox.counts().get_id, 1, "the same person keeps the same identity");
}

#[test]
fn live_credentials_are_better_than_an_error() {
    let mut machine = windows("");
    issue_short_credentials(&machine);
    machine.seat(alice());
    let live = machine.call().document();
    machine.sandbox.fault(Endpoint::IdentityPool, Fault::Status(503), Times::Forever);
    assert_eq!(machine.call().document(), live);
}

#[test]
fn logout_leaves_nothing_here_and_revokes_there() {
    let machine = signed_in("");
    assert!(!credential_manager::login(&machine).is_empty());
    assert!(!credential_manager::credentials(&machine).is_empty());
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((logout.code, logout.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    assert_eq!(machine.sandbox.counts().revoke, 1);
    assert_eq!(credential_manager::login(&machine), []);
    assert_eq!(credential_manager::credentials(&machine), []);
    let (what, paste) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert!(paste.contains("login --profile dev"), "{paste}");
}

#[test]
fn status_tells_who_is_signed_in_and_where_that_is_kept() {
    let machine = signed_in("");
    let status = |machine: &crate::support::Machine| -> Value {
        let ran = machine.run(&["status", "--json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let signed_in = status(&machine);
    assert_eq!(signed_in[0]["login"]["user"], "alice@example.com");
    assert_eq!(
        (&signed_in[0]["login"]["store"], &signed_in[0]["credentials"]["cache"]),
        (&"keychain".into(), &"keychain".into())
    );
    machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(status(&machine)[0]["login"], Value::Null);
}

#[test]
fn login_and_token_work_for_a_person_at_a_prompt() {
    let mut machine = windows("");
    machine.seat(alice());
    let login = machine.run(&["login", "--profile", "dev"]);
    assert_eq!(
        (login.code, login.stdout.as_str()),
        (0, "Signed in as alice@example.com for profile dev.\n"),
        "{login:?}"
    );
    let token = machine.run(&["token", "--profile", "dev"]);
    assert_eq!((token.code, token.stdout.matches('.').count(), machine.tabs().len()), (0, 2, 1), "{token:?}");
}

#[test]
fn the_page_tells_who_signed_in() {
    let machine = windows("");
    let caller = machine.start();
    crate::support::wait_until("the tab", || machine.tabs().len() == 1);
    let page = alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(page.status == 200 && page.body.contains("alice@example.com"), "{}", page.body);
    Ran::of(caller).document();
}
