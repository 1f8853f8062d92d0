//! What is said where a file or folder of ours is not as we left it. Nothing is followed, opened to others
//! or overwritten. The words are in `tests/cases/odd-files.txt`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::sign_in::login_lock;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use support::cases::Cases;
use support::{IN_A_FILE, Machine, Ran, signed_in};

/// Names of our files are made of what the login is for, ports among it.
fn anonymous(mut ran: Ran, machine: &Machine) -> Ran {
    ran.stderr = ran.stderr.replace(machine.profile().login_entry().as_str(), "login.0123456789abcdef");
    ran
}

#[test]
fn files_and_folders_that_are_not_as_we_left_them_are_told() {
    let mut cases = Cases::of("odd-files");
    let machine = signed_in();
    let lock = login_lock(&machine.path(".local/state/cognito-creds"), &machine.profile());
    fs::remove_file(&lock).unwrap();
    symlink(machine.path("elsewhere"), &lock).unwrap();
    cases.tell("a link in the lock's place", &machine, &anonymous(machine.call(), &machine));
    assert!(!machine.path("elsewhere").exists(), "it is not followed");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    cases.tell("a folder in the lock's place", &machine, &anonymous(machine.call(), &machine));
    fs::remove_dir(&lock).unwrap();

    let entry = machine.profile().login_entry();
    let login = machine.files().into_iter().find(|file| file.file_name().unwrap() == entry.as_str()).unwrap();
    fs::set_permissions(&login, fs::Permissions::from_mode(0o644)).unwrap();
    cases.tell("a login that others may read", &machine, &anonymous(machine.call(), &machine));
    fs::set_permissions(&login, fs::Permissions::from_mode(0o600)).unwrap();

    machine.lose_state_folder();
    cases.tell("a file in the folder's place", &machine, &machine.call());
    fs::remove_file(machine.path(".local/state/cognito-creds")).unwrap();
    machine.call().document();
    cases.compare();
}

#[test]
fn a_home_that_is_no_full_path_is_none() {
    let mut cases = Cases::of("no-home");
    let machine = Machine::with(IN_A_FILE);
    let config = machine.path(".aws/config").display().to_string();
    let ran = machine.call_with(&[("HOME", "here"), ("AWS_CONFIG_FILE", &config)]);
    cases.tell("a relative one", &machine, &ran);
    assert!(machine.tabs().is_empty());
    cases.compare();
}
