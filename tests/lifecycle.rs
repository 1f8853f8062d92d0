//! The life of a login, told once from its first tab to its last, and what surrounds it: logout,
//! roles, two profiles over one login, a token from the environment.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::clock::Timestamp;
use cognito_creds::journal::Journal;
use cognito_creds::login::Login;
use cognito_creds::profile::Profile;
use cognito_creds::secret::RefreshToken;
use cognito_creds::store::{Memory, Store};
use cognito_creds::vault::{Places, Vault};
use cognito_sandbox::cast;
use std::time::Duration;
use support::{Machine, alice, wait_until};

#[test]
fn the_life_of_a_login() {
    let mut machine = Machine::new();
    // Credentials of ten minutes are too short for any SDK, so the next call renews them.
    let credentials_live = |machine: &Machine, seconds| {
        machine.sandbox.change(|world| world.identity_pool.credential_seconds = seconds);
    };
    credentials_live(&machine, 600);

    // Nothing cached: one tab, one code exchange, one GetId, one GetCredentialsForIdentity.
    machine.seat(alice());
    let first = machine.call().document();
    assert_eq!(first["Version"], 1);
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1)
    );
    machine.leave();

    // Near expiry: the ID token still lives and the IdentityId is known, so one call does.
    credentials_live(&machine, 3600);
    machine.sandbox.clear_log();
    let second = machine.call().document();
    assert_ne!(first["SessionToken"], second["SessionToken"]);
    assert_eq!((machine.sandbox.counts().get_credentials, machine.sandbox.counts().total), (1, 1));

    // Cached: no request at all, the same answer to the byte.
    machine.sandbox.clear_log();
    assert_eq!(machine.call().document(), second);
    assert_eq!(machine.sandbox.counts().total, 0);

    // Refreshed and rotated: the ID token has run out, the new refresh token replaces the old.
    let token = |machine: &Machine| machine.login().unwrap()["refresh_token"].clone();
    let before = token(&machine);
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_credentials, counts.total), (1, 1, 2));
    assert_ne!(before, token(&machine));

    // Rotation off: the old refresh token stays.
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = None);
    let before = token(&machine);
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    assert_eq!(before, token(&machine));
    assert_eq!(machine.tabs().len(), 1);

    // Revoked at the server: the login has ended, and the browser opens once more.
    machine.sandbox.revoke_all("alice");
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
    assert_eq!(machine.sandbox.counts().get_id, 0, "the same person keeps the same identity");
}

#[test]
fn logout_leaves_nothing_here_and_revokes_there() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.leave();

    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((logout.code, logout.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    assert_eq!(machine.sandbox.counts().revoke, 1);
    assert!(machine.login().is_none());

    // Nobody is at the browser: the cached credentials are gone too.
    let call =
        machine.command(&["credential-process", "--profile", "dev"]).env("CI", "true").output().unwrap();
    let (what, paste) = support::Ran::from(call).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert_eq!(paste, "cognito-creds login --profile dev");

    let again = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "Profile dev was not signed in.\n"));
}

#[test]
fn logout_says_so_when_the_server_could_not_be_told() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.sandbox.fault(
        cognito_sandbox::Endpoint::Revoke,
        cognito_sandbox::Fault::Status(503),
        cognito_sandbox::Times::Forever,
    );
    let (what, _) = machine.run(&["logout", "--profile", "dev"]).failure();
    assert!(what.contains("could not be revoked and stays valid"), "{what}");
    assert!(machine.login().is_none());
}

#[test]
fn login_signs_in_even_if_somebody_is_signed_in() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    let login = machine.run(&["login", "--profile", "dev"]);
    assert_eq!(login.stdout, "Signed in as alice@example.com for profile dev.\n");
    assert_eq!((login.code, machine.tabs().len()), (0, 2));
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
}

#[test]
fn force_makes_the_person_authenticate_again() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.run(&["login", "--force", "--profile", "dev"]);
    assert!(machine.tabs()[0].contains("prompt=login"));
}

#[test]
fn two_profiles_of_one_login_need_one_sign_in_and_get_their_own_roles() {
    let mut machine = Machine::with("cognito_store = file\ncognito_role = ReadOnly\n");
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let other = machine.sandbox.profile("other", &redirect);
    machine.add(&format!("{other}cognito_store = file\ncognito_role = Developer\n"));
    machine.seat(alice());
    let dev = machine.call().document();
    let other = machine.run(&["credential-process", "--profile", "other"]).document();
    assert_ne!(dev["SessionToken"], other["SessionToken"]);
    assert_eq!(dev["AccountId"], machine.sandbox.world().account_id.as_str());
    let asked: Vec<_> = machine
        .sandbox
        .log()
        .iter()
        .filter_map(|e| e.parameter("CustomRoleArn").map(str::to_owned))
        .collect();
    assert_eq!(
        asked,
        [machine.sandbox.world().role_arn("ReadOnly"), machine.sandbox.world().role_arn("Developer")]
    );
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.authorize, counts.token_code, counts.token_refresh),
        (1, 1, 1, 0)
    );
    assert_eq!((counts.get_id, counts.get_credentials), (1, 2));

    // Logging one out logs both out.
    machine.run(&["logout", "--profile", "other"]);
    machine.leave();
    let call =
        machine.command(&["credential-process", "--profile", "dev"]).env("CI", "true").output().unwrap();
    support::Ran::from(call).failure();
}

#[test]
fn a_confidential_client_identifies_itself_by_basic() {
    let mut machine = Machine::new();
    let config = std::fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(cast::PUBLIC_CLIENT, cast::CONFIDENTIAL_CLIENT));
    machine.seat(alice());
    let secret = machine.sandbox.world().client(cast::CONFIDENTIAL_CLIENT).unwrap().secret.clone().unwrap();
    let call = machine
        .command(&["credential-process", "--profile", "dev"])
        .env("COGNITO_CREDS_CLIENT_SECRET", secret)
        .output();
    support::Ran::from(call.unwrap()).document();
    let log = machine.sandbox.log();
    let token = log.iter().find(|e| e.path == "/oauth2/token").unwrap();
    assert!(token.header("authorization").is_some() && token.parameter("client_secret").is_none());
}

#[test]
fn a_refresh_token_from_the_environment_serves_a_container() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    let token = machine.login().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    machine.leave();
    // A machine of its own at the same user pool, without browser and display.
    let container = tempfile::tempdir().unwrap();
    let call = machine
        .command(&["credential-process", "--profile", "dev"])
        .env("HOME", container.path())
        .env("AWS_CONFIG_FILE", machine.path(".aws/config"))
        .env("CI", "true")
        // As `echo` and editors leave it in a secret.
        .env("COGNITO_CREDS_REFRESH_TOKEN", format!("{token}\n"))
        .output();
    support::Ran::from(call.unwrap()).document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn the_person_is_told_who_signed_in_after_the_exchange() {
    let machine = Machine::new();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let page = alice().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("alice@example.com") && page.body.contains("dev"), "{}", page.body);
    assert!(!page.final_url.contains("code="), "{}", page.final_url);
    support::Ran::of(caller).document();
    assert!(machine.login().is_some());
}

/// Stores with an older and a newer copy, `changed` this many seconds from now.
fn two_copies(profile: &Profile, keychain: (&str, i64), kernel: (&str, i64)) -> Places {
    let place = |(token, seconds): (&str, i64)| -> Box<dyn Store> {
        let changed = Timestamp::from_unix(Timestamp::now().as_unix() + seconds);
        let login = Login::from_refresh_token(profile, RefreshToken::new(token), changed);
        let store = Memory::default();
        store.save(&profile.login_entry(), &login.to_bytes().unwrap(), None).unwrap();
        Box::new(store)
    };
    Places {
        keychain: place(keychain),
        kernel_cache: None,
        kernel_logins: Some(place(kernel)),
        files: Box::new(Memory::default()),
    }
}

fn loaded(profile: &Profile, places: &Places) -> Login {
    Vault::new(profile, places, &Journal::new(), None).load_stored().unwrap().unwrap()
}

#[test]
fn of_two_copies_a_live_one_wins_then_the_one_changed_last() {
    let profile = Machine::with("").profile();
    let ended = "";
    for (keychain, kernel, wins) in [
        (("old", -9), ("new", 0), "new"),
        (("new", 0), ("old", -9), "new"),
        (("live", -9), (ended, 0), "live"),
        ((ended, 0), ("live", -9), "live"),
        // Written while the clock was wrong.
        (("future", 3600), ("now", 0), "now"),
        (("now", 0), ("future", 3600), "now"),
        (("now", 0), ("a little ahead", 200), "a little ahead"),
    ] {
        let places = two_copies(&profile, keychain, kernel);
        let found = loaded(&profile, &places);
        assert_eq!(found.refresh_token.expose(), wins, "{keychain:?} {kernel:?}");
    }
}

#[test]
fn what_is_saved_is_newer_than_every_copy_that_was_read() {
    let profile = Machine::with("").profile();
    for stamp in [-9, 0, 200, 3600] {
        let places = two_copies(&profile, ("before", 0), ("stays", 200));
        let journal = Journal::new();
        let vault = Vault::new(&profile, &places, &journal, None);
        vault.load_stored().unwrap();
        let changed = Timestamp::from_unix(Timestamp::now().as_unix() + stamp);
        let stale = places.kernel_logins.as_ref().unwrap().load(&profile.login_entry()).unwrap().unwrap();
        vault.save(&Login::from_refresh_token(&profile, RefreshToken::new("saved"), changed)).unwrap();
        // A copy that could not be removed is back.
        places.kernel_logins.as_ref().unwrap().save(&profile.login_entry(), &stale, None).unwrap();
        let found = loaded(&profile, &places);
        assert_eq!(found.refresh_token.expose(), "saved", "{stamp}");
        assert!(found.changed <= Timestamp::now().plus(Duration::from_mins(5)), "{stamp}");
    }
}
