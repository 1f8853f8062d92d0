//! `logout` says that nobody is signed in only where that is so: whatever the config file looks like,
//! wherever a login was kept before, and with a keychain that does not answer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::store::{EntryName, Kernel, Store};
use std::os::unix::net::UnixListener;
use support::cases::Cases;
use support::{Machine, alice, with_credentials};

fn change(machine: &Machine, from: &str, to: &str) {
    let config = std::fs::read_to_string(machine.path(".aws/config")).unwrap();
    assert!(config.contains(from), "{config}");
    machine.configure(&config.replace(from, to));
}

/// A keychain whose bus takes connections and never answers; and whether anybody came.
struct Frozen {
    address: String,
    bus: UnixListener,
}

impl Frozen {
    fn on(machine: &Machine) -> Self {
        let path = machine.path("bus");
        let bus = UnixListener::bind(&path).unwrap();
        bus.set_nonblocking(true).unwrap();
        Self { address: format!("unix:path={}", path.display()), bus }
    }

    fn variable(&self) -> [(&str, &str); 1] {
        [("DBUS_SESSION_BUS_ADDRESS", &self.address)]
    }

    fn was_asked(&self) -> bool {
        self.bus.accept().is_ok()
    }
}

#[test]
fn a_broken_line_anywhere_in_the_file_is_an_error_and_not_a_logout_of_nobody() {
    let machine = with_credentials("cognito_store = file\n");
    machine.add("[profile other]\nno equals sign\n");
    let (what, paste) = machine.run(&["logout", "--all"]).failure();
    assert!(what.contains("is broken at line"), "{what}");
    assert!(paste.starts_with("sed -n "), "{paste}");
    assert!(machine.login().is_some());
}

#[test]
fn a_profile_that_cannot_be_used_is_told_and_the_others_are_logged_out() {
    let machine = with_credentials("cognito_store = file\n");
    machine.add("[profile half]\ncognito_domain = acme\n[profile third]\ncognito_wait = soon\n[profile sso]\nsso_session = x\n");
    let ran = machine.run(&["logout", "--all"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "Signed out alice@example.com of profile dev.\n"));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.stderr);
    assert!(lines[0].contains("half") && lines[2].contains("third"), "{}", ran.stderr);
    assert!(machine.login().is_none());
    assert_eq!(machine.sandbox.counts().revoke, 1);
}

/// There is nowhere to keep a lock then; two writers are safe without one (docs/decisions/0008).
#[test]
fn a_state_folder_that_cannot_be_used_keeps_no_login_from_going() {
    for store in ["file", "kernel"] {
        let machine = with_credentials(&format!("cognito_store = {store}\n"));
        let (profile, kernel) = (machine.profile(), [Kernel::login(), Kernel::cache()]);
        let kept = [(&kernel[0], profile.login_entry()), (&kernel[1], profile.credentials_entry())];
        let is_kept = |(store, entry): &(&Kernel, EntryName)| store.load(entry).unwrap().is_some();
        assert_eq!(kept.each_ref().map(is_kept), [store == "kernel", true]);

        machine.lose_state_folder();
        let ran = machine.run(&["logout", "--profile", "dev"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
        assert_eq!(machine.sandbox.counts().revoke, 1);
        assert_eq!(kept.each_ref().map(is_kept), [false, false]);
        assert!(machine.login().is_none());
    }
}

#[test]
fn where_no_profile_is_ours_it_says_so() {
    let ran = Machine::bare().run(&["logout", "--all"]);
    assert!(ran.code == 0 && ran.stdout.starts_with("No profile in "), "{ran:?}");
}

#[test]
fn a_login_is_found_where_the_profile_kept_it_before() {
    let machine = with_credentials("cognito_store = file\n");
    change(&machine, "cognito_store = file", "cognito_store = kernel");
    let ran = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    assert!(machine.login().is_none());
    assert_eq!(machine.sandbox.counts().revoke, 1);
}

#[test]
fn each_refresh_token_of_two_copies_is_revoked() {
    let mut machine = with_credentials("cognito_store = file\n");
    change(&machine, "cognito_store = file", "cognito_store = kernel");
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    machine.leave();
    let ran = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    assert_eq!(machine.sandbox.counts().revoke, 2);
    let again = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(again.stdout, "Profile dev was not signed in.\n");
}

#[test]
fn a_keychain_that_does_not_answer_may_still_keep_a_login() {
    let machine = with_credentials("");
    let frozen = Frozen::on(&machine);
    let mut cases = Cases::of("logout-keychain");
    let logout = || machine.run_with(&["logout", "--profile", "dev"], &frozen.variable());
    cases.tell("no answer", &machine, &logout());
    assert_eq!(machine.sandbox.counts().revoke, 1, "what was found is gone");
    cases.tell("no answer, and nobody was signed in", &machine, &logout());
    cases.compare();
}

#[test]
fn a_keychain_that_does_not_answer_may_still_keep_a_client_secret() {
    let mut cases = Cases::of("client-secret-kept");
    let machine = Machine::with("");
    let frozen = Frozen::on(&machine);
    let unset = machine.run_with(&["configure", "--profile", "dev", "--unset"], &frozen.variable());
    assert!(unset.stdout.contains("no longer signs in"), "{unset:?}");
    cases.tell("no answer", &machine, &support::Ran { stdout: String::new(), ..unset });
    cases.compare();
}

#[test]
fn a_keychain_that_the_profile_does_not_use_is_no_failure_but_told() {
    let machine = with_credentials("cognito_store = file\n");
    let frozen = Frozen::on(&machine);
    let ran = machine.run_with(&["logout", "--profile", "dev"], &frozen.variable());
    let mut lines = ran.stdout.lines();
    assert_eq!((ran.code, lines.next()), (0, Some("Signed out alice@example.com of profile dev.")));
    assert!(lines.next().unwrap().starts_with("What the keychain"), "{}", ran.stdout);
}

#[test]
fn a_machine_that_has_no_keychain_logs_out_without_a_word_about_it() {
    let machine = with_credentials("");
    let ran = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    let again = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(again.code, 0);
    assert_eq!(again.stdout, "Profile dev was not signed in. (This session has no keychain to look into.)\n");
}

#[test]
fn a_profile_that_insists_on_the_keychain_is_not_logged_out_without_one() {
    let machine = Machine::with("cognito_store = keychain\n");
    let mut cases = Cases::of("logout-without-a-keychain");
    cases.tell("a profile that insists on one", &machine, &machine.run(&["logout", "--profile", "dev"]));
    cases.compare();
}

#[test]
fn a_sign_in_at_a_keychain_that_does_not_answer_is_told_how_to_go_on() {
    let mut cases = Cases::of("silent-keychain");
    let machine = Machine::with("cognito_store = keychain\n");
    let frozen = Frozen::on(&machine);
    cases.tell("a profile that insists on it", &machine, &machine.call_with(&frozen.variable()));
    assert!(machine.tabs().is_empty(), "it is told before anybody signs in");
    cases.compare();
}

#[test]
fn renewing_asks_no_keychain_where_the_profile_uses_none() {
    for store in ["file", "kernel"] {
        let machine = with_credentials(&format!("cognito_store = {store}\n"));
        let frozen = Frozen::on(&machine);
        machine.let_credentials_end();
        if store == "file" {
            machine.let_id_token_end();
        }
        machine.sandbox.clear_log();
        machine.call_with(&frozen.variable()).document();
        assert_eq!(machine.sandbox.counts().token_refresh, usize::from(store == "file"));
        assert!(!frozen.was_asked(), "{store}");
        machine.run(&["logout", "--profile", "dev"]);
    }
}
