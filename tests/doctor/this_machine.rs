//! What this machine has: ports, folders and stores.

use crate::support::findings::Findings;
use crate::support::{self, Machine, alice, wait_until};
use crate::{about, machine, signed_in};
use rustix::io::Errno;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_port_that_is_taken_matters_only_if_no_other_is_free() {
    let mut told = Findings::of("ports");
    let machine = machine("");
    let taken = TcpListener::bind(("127.0.0.1", machine.port)).unwrap();
    told.about(&machine, "port");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let other = support::free_port();
    machine.configure(&config.replace("/callback\n", &format!("/callback, http://localhost:{other}\n")));
    let found = about(&machine, "port");
    assert!(found[0].starts_with("warn: ") && found[1] == format!("ok: {other} is free -> "), "{found:?}");
    drop(taken);
    told.compare();
}

#[test]
fn the_port_of_a_sign_in_that_runs_is_left_alone() {
    let mut told = Findings::of("port-of-a-sign-in");
    let machine = machine("");
    let mut caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    told.about(&machine, "port");
    // It has not been disturbed.
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(caller.wait().unwrap().success());
    told.compare();
}

#[test]
fn a_state_folder_that_cannot_be_used_is_found_also_without_a_profile() {
    let mut told = Findings::of("state-folders");
    let mut machine = signed_in("");
    let folder = machine.path(".local/state/cognito-creds");
    told.about(&machine, "state folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    told.about(&machine, "state folder");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "and it is");
    // Where a file stands for the lock.
    machine.lose_locks(Errno::NOLCK);
    told.about(&machine, "state folder");
    machine.lose_state_folder();
    told.about(&machine, "state folder");
    machine.configure("[profile other]\n");
    told.about(&machine, "state folder");
    told.about(&machine, "browser");
    let ran = machine.command(&["doctor", "--profile", "dev"]).env("CI", "true").output().unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    assert!(shown.contains("-> cognito-creds login --no-browser --profile dev\n"), "{shown}");
    told.compare();
}

#[test]
fn a_store_that_cannot_be_used_is_found() {
    let mut told = Findings::of("file-stores");
    let machine = machine("");
    fs::create_dir_all(machine.path(".local/share")).unwrap();
    fs::write(machine.path(".local/share/cognito-creds"), "").unwrap();
    told.about(&machine, "file store");
    told.compare();
}

#[test]
fn without_a_keychain_the_kernel_keyring_is_enough_unless_the_profile_says_otherwise() {
    let mut told = Findings::of("keychains");
    let machine = Machine::with("");
    told.about(&machine, "keychain");
    told.about(&machine, "kernel keyring");
    machine.add("cognito_store = keychain\n");
    told.about(&machine, "keychain");
    told.compare();
}
