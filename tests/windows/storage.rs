//! Where things are kept: long values in parts in the Credential Manager, the rest below `%LOCALAPPDATA%`.

use crate::credential_manager::{self, Item, LOCAL};
use crate::machine::{home, issue_short_credentials, issue_short_tokens, signed_in, windows};
use crate::support::{IN_A_FILE, Machine, alice};
use cognito_sandbox::Person;
use std::collections::BTreeSet;

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE` (wincred.h).
const MOST: usize = 2_560;

/// A machine where somebody of a hundred groups has signed in; her tokens carry all of them.
fn with_a_long_login() -> Machine {
    let mut machine = windows("");
    machine.seat(Person::new("dora", "password"));
    machine.call().document();
    machine.leave();
    machine
}

fn bytes(items: &[Item]) -> usize {
    items.iter().map(|item| item.bytes).sum()
}

#[test]
fn a_login_of_8_kb_is_kept_in_parts_and_read_back_whole() {
    let machine = with_a_long_login();
    let parts = credential_manager::login(&machine);
    assert!(bytes(&parts) > 8_000 && parts.len() > 4, "{parts:?}");
    assert!(parts.iter().all(|part| part.bytes <= MOST && part.persist == LOCAL), "{parts:?}");
    // The ID token is a part of it: with that, one request is enough.
    credential_manager::let_credentials_end(&machine);
    machine.sandbox.clear_log();
    machine.call().document();
    assert_eq!((machine.sandbox.counts().get_credentials, machine.sandbox.counts().total), (1, 1));
}

#[test]
fn a_login_that_is_written_again_leaves_no_old_parts() {
    let mut machine = windows("");
    issue_short_credentials(&machine);
    issue_short_tokens(&machine);
    machine.seat(Person::new("dora", "password"));
    machine.call().document();
    machine.leave();
    let first = credential_manager::login(&machine);
    for _ in 0..2 {
        machine.call().document();
        let next = credential_manager::login(&machine);
        assert_eq!(first.len(), next.len(), "{first:?} {next:?}");
        assert_eq!(slots(&next).len(), 1, "{next:?}");
    }
}

/// Where the parts lie: `a` or `b`, but for those that a new value has replaced.
fn slots(items: &[Item]) -> BTreeSet<char> {
    let parts = items.iter().filter_map(|item| item.name.strip_suffix(".cognito-creds")?.rsplit_once('.'));
    parts.filter(|(_, part)| part.len() <= 3).filter_map(|(_, part)| part.chars().next()).collect()
}

#[test]
fn a_login_without_one_of_its_parts_is_no_login() {
    let mut machine = with_a_long_login();
    let parts = credential_manager::login(&machine);
    let last = parts.iter().max_by_key(|part| part.name.clone()).unwrap();
    credential_manager::delete(&machine, last);
    credential_manager::let_credentials_end(&machine);
    let (what, _) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    machine.seat(Person::new("dora", "password"));
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
    machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(credential_manager::login(&machine), []);
}

#[test]
fn locks_and_notes_lie_below_local_app_data_and_hold_no_secret() {
    let machine = signed_in("");
    let secret = machine.call().document()["SecretAccessKey"].as_str().unwrap().to_owned();
    let ours = machine.path("AppData/Local/cognito-creds");
    let known = [".aws/config", "browser", "tabs"].map(|name| machine.path(name));
    let files = machine.files();
    assert!(files.iter().any(|file| file.starts_with(&ours)), "{files:?}");
    for file in files {
        assert!(file.starts_with(&ours) || known.contains(&file), "{}", file.display());
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(&secret) && !text.contains("eyJ"), "{}: {text}", file.display());
    }
}

#[test]
fn by_choice_the_login_is_a_file_and_nothing_of_it_is_in_the_credential_manager() {
    let mut machine = windows(IN_A_FILE);
    machine.seat(alice());
    machine.call().document();
    let file = machine.login_file().unwrap();
    assert!(file.starts_with(machine.path("AppData/Local/cognito-creds")), "{}", file.display());
    assert_eq!(credential_manager::login(&machine), []);
    machine.run(&["logout", "--profile", "dev"]);
    assert!(machine.login_file().is_none());
}

/// What the folder of the file store is told by icacls, of which Wine has none: tests/windows/icacls.c.
fn told(machine: &Machine) -> Vec<String> {
    let notes = std::fs::read_to_string(machine.path("icacls")).unwrap_or_default();
    let folder = format!(r"{}\AppData\Local\cognito-creds", home(machine));
    let words =
        |line: &str| line.trim_end().strip_prefix(&folder).unwrap_or_else(|| panic!("{line}")).to_owned();
    notes.lines().map(words).collect()
}

fn with_lists(set: &[(&str, &str)]) -> Machine {
    let mut machine = windows(IN_A_FILE);
    machine.set("ICACLS_NOTES", &format!(r"{}\icacls", home(&machine)));
    for (name, value) in set {
        machine.set(name, value);
    }
    machine
}

#[test]
fn before_a_login_is_a_file_its_folder_is_closed_whoever_made_it() {
    let mut machine = with_lists(&[("USERNAME", "mallory"), ("SystemRoot", r"Z:\nowhere")]);
    std::fs::create_dir_all(machine.path("AppData/Local/cognito-creds")).unwrap();
    machine.seat(alice());
    machine.call().document();
    assert!(machine.login_file().is_some());
    let told = told(&machine);
    let given = " /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-3-4:(OI)(CI)(RC) *S-1-5-21-";
    assert!(told[0].starts_with(given) && told[0].ends_with(":(OI)(CI)F") && told[1].is_empty(), "{told:?}");
    assert!(told.chunks(2).all(|two| two == &told[..2]), "{told:?}");
}

#[test]
fn rights_that_somebody_has_in_the_folder_are_taken_back() {
    let mut machine = with_lists(&[("ICACLS_STRANGER", "at first")]);
    machine.seat(alice());
    machine.call().document();
    assert!(machine.login_file().is_some());
    assert_eq!(told(&machine).iter().filter(|words| *words == " /reset").count(), 1);
}

#[test]
fn in_a_folder_that_stays_open_to_others_no_login_is_kept() {
    for (name, value) in [("ICACLS_FAILS", "yes"), ("ICACLS_STRANGER", "for ever")] {
        let mut machine = with_lists(&[(name, value)]);
        machine.seat(alice());
        let (what, _) = machine.call().failure();
        assert!(what.contains("can't be closed to others"), "{name}: {what}");
        assert!(machine.login_file().is_none(), "{name}");
    }
}
