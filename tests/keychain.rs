//! What the keychain store promises, against a real gnome-keyring.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name, beside a keyring:
//! `tests/support/with-keyring.sh cargo test --test keychain`. Without a Secret Service it fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(all(unix, not(target_os = "macos")))]

#[path = "support/snapshot.rs"]
mod snapshot;

use cognito_creds::store::{EntryName, Keychain, Store, StoreError};
use secret_service::{EncryptionType, blocking::SecretService};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A name that no other run of these tests uses.
fn name(what: &str) -> EntryName {
    let run = format!("{}.{}", std::process::id(), getrandom::u64().unwrap());
    EntryName::new("login", [what, &run])
}

fn json_of(bytes: usize) -> Vec<u8> {
    let mut text = br#"{"refresh_token":""#.to_vec();
    text.resize(bytes - 2, b'x');
    text.extend_from_slice(br#""}"#);
    text
}

fn loaded(name: &EntryName) -> Option<Vec<u8>> {
    Keychain::new().load(name).unwrap().map(|value| value.to_vec())
}

#[test]
fn a_login_of_6_or_9_kb_comes_back_whole_and_is_one_item() {
    for bytes in [6_000, 9_000] {
        let (name, value) = (name("whole"), json_of(bytes));
        Keychain::new().save(&name, &value, None).unwrap();
        assert_eq!(loaded(&name), Some(value));
        assert_eq!(labels(&name), [format!("cognito-creds ({})", name.as_str())]);
        Keychain::new().delete(&name).unwrap();
    }
}

#[test]
fn a_deleted_or_unknown_entry_is_none_and_deleting_it_succeeds() {
    let name = name("deleted");
    assert_eq!(loaded(&name), None);
    Keychain::new().delete(&name).unwrap();
    Keychain::new().save(&name, b"{}", None).unwrap();
    Keychain::new().delete(&name).unwrap();
    assert_eq!(loaded(&name), None);
    assert!(labels(&name).is_empty());
}

#[test]
fn a_saved_value_replaces_the_earlier_one_in_the_same_item() {
    let name = name("replaced");
    for value in [json_of(9_000), b"{}".to_vec(), json_of(6_000)] {
        Keychain::new().save(&name, &value, None).unwrap();
        assert_eq!(loaded(&name), Some(value));
        assert_eq!(labels(&name).len(), 1);
    }
    Keychain::new().delete(&name).unwrap();
}

#[test]
fn two_items_of_one_name_become_one_by_saving() {
    let name = name("twice");
    let service = SecretService::connect(EncryptionType::Plain).unwrap();
    let collection = service.get_default_collection().unwrap();
    let attributes = [("service", "cognito-creds"), ("username", name.as_str())];
    for _ in 0..2 {
        collection.create_item("twice", attributes.into(), b"old", false, "text/plain").unwrap();
    }
    let refused = Keychain::new().load(&name).unwrap_err();
    assert!(matches!(refused, StoreError::Failed(_)));
    let mut told = snapshot::Snapshot::of("reasons", "keychain-items");
    told.tell("two items of one name", &refused.to_string());
    told.compare();
    Keychain::new().save(&name, b"new", None).unwrap();
    assert_eq!(loaded(&name), Some(b"new".to_vec()));
    Keychain::new().delete(&name).unwrap();
}

#[test]
fn two_processes_at_once_leave_one_whole_value() {
    let name = name("race");
    let writers: Vec<Child> = ["a", "b"].map(|letter| start(&mut part("write", &name), letter)).into();
    for writer in writers {
        assert!(writer.wait_with_output().unwrap().status.success());
    }
    let name = EntryName::new("login", [name.as_str()]);
    let value = loaded(&name).unwrap();
    assert_eq!(value.len(), 9_000);
    assert!(value.iter().all(|byte| *byte == value[0]), "a mixture of two values");
    assert_eq!(labels(&name).len(), 1);
    Keychain::new().delete(&name).unwrap();
}

#[test]
fn without_d_bus_the_keychain_is_absent_at_once() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = part("absent", &name("absent"));
    command.env("DBUS_SESSION_BUS_ADDRESS", "").env("XDG_RUNTIME_DIR", empty.path());
    passes(&mut command);
    passes(command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus"));
}

#[test]
fn a_locked_keyring_without_a_display_says_so_and_does_not_hang() {
    passes(&mut nested(&["--locked"], "locked"));
    passes(&mut nested(&[], "locked-later"));
}

#[test]
fn a_service_without_a_collection_never_reads_as_nothing_stored() {
    passes(&mut nested(&["--no-collection"], "absent"));
}

/// No real part hangs on demand: this bus takes the connection and says nothing.
#[test]
fn a_bus_that_never_answers_is_given_up_after_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let _silent = UnixListener::bind(&path).unwrap();
    let address = format!("unix:path={}", path.display());
    passes(part("stuck", &name("stuck")).env("DBUS_SESSION_BUS_ADDRESS", address));
}

/// What the tests above run in processes of their own: the bus, the lock and the giving up belong to
/// a process.
#[test]
#[ignore = "run by the other tests, with PART set"]
fn part_of_another_test() {
    let name = EntryName::new("login", [std::env::var("NAME").unwrap().as_str()]);
    let value = std::env::var("VALUE").unwrap_or_default();
    let began = Instant::now();
    match std::env::var("PART").unwrap().as_str() {
        "write" => {
            for _ in 0..20 {
                Keychain::new().save(&name, value.repeat(9_000).as_bytes(), None).unwrap();
            }
        }
        "absent" => every_call_fails(&name, |error| matches!(error, StoreError::Absent(_))),
        "locked" => every_call_fails(&name, |error| matches!(error, StoreError::Locked(_))),
        "locked-later" => {
            Keychain::new().save(&name, b"{}", None).unwrap();
            let service = SecretService::connect(EncryptionType::Plain).unwrap();
            service.get_default_collection().unwrap().lock().unwrap();
            every_call_fails(&name, |error| matches!(error, StoreError::Locked(_)));
        }
        "stuck" => every_call_fails(&name, |error| matches!(error, StoreError::TimedOut(_))),
        other => panic!("no such part: {other}"),
    }
    assert!(began.elapsed() < Duration::from_secs(15), "the deadline is 5 seconds, and counts once");
}

fn every_call_fails(name: &EntryName, as_expected: fn(&StoreError) -> bool) {
    let keychain = Keychain::new();
    for _ in 0..2 {
        let results =
            [keychain.load(name).map(|value| value.map(|_| ())), keychain.save(name, b"{}", None).map(Some)];
        for result in results {
            assert!(result.as_ref().is_err_and(as_expected), "{result:?}");
        }
    }
}

/// The labels of the items that the keyring holds for a name.
fn labels(name: &EntryName) -> Vec<String> {
    let service = SecretService::connect(EncryptionType::Plain).unwrap();
    let found = service.search_items([("username", name.as_str())].into()).unwrap();
    found.unlocked.iter().map(|item| item.get_label().unwrap()).collect()
}

const PART: [&str; 4] = ["--exact", "part_of_another_test", "--ignored", "--nocapture"];

fn part(what: &str, name: &EntryName) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(PART).env("PART", what).env("NAME", name.as_str());
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// A part beside a keyring of its own.
fn nested(options: &[&str], what: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/with-keyring.sh");
    let mut command = Command::new(script);
    command.args(options).arg(std::env::current_exe().unwrap()).args(PART);
    command.env("PART", what).env("NAME", name(what).as_str());
    command
}

fn start(command: &mut Command, value: &str) -> Child {
    command.env("VALUE", value).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn passes(command: &mut Command) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    // A part that was renamed would run nothing and pass.
    assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
}
