//! A system whose only place beside the keychain is a file, as macOS and Windows are: nobody signs in for
//! nothing, no login is lost without a word, and the command that is shown helps there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::checkup::{Finding, Status, stores};
use cognito_creds::clock::Timestamp;
use cognito_creds::error::Error;
use cognito_creds::journal::Journal;
use cognito_creds::login::Login;
use cognito_creds::secret::RefreshToken;
use cognito_creds::store::{Bytes, EntryName, Memory, Store, StoreError};
use cognito_creds::vault::{Places, Vault};
use std::time::Duration;
use support::Machine;
use support::snapshot::Snapshot;

/// A keychain that answers nothing else.
struct Closed {
    answer: StoreError,
    unlock: Option<&'static str>,
}

impl Store for Closed {
    fn load(&self, _: &EntryName) -> Result<Option<Bytes>, StoreError> {
        Err(self.answer.clone())
    }

    fn save(&self, _: &EntryName, _: &[u8], _: Option<Duration>) -> Result<(), StoreError> {
        Err(self.answer.clone())
    }

    fn delete(&self, _: &EntryName) -> Result<(), StoreError> {
        Err(self.answer.clone())
    }

    fn describe(&self) -> String {
        "keychain (macOS Keychain)".to_owned()
    }

    fn unlock_command(&self) -> Option<&'static str> {
        self.unlock
    }
}

fn with_keychain(keychain: impl Store + 'static) -> Places {
    Places {
        keychain: Box::new(keychain),
        kernel_cache: None,
        kernel_logins: None,
        files: Box::new(Memory::default()),
    }
}

/// What reading, a sign-in and keeping its login come to.
fn errors(machine: &Machine, places: &Places) -> [Option<Error>; 3] {
    let (profile, journal) = (machine.profile(), Journal::new());
    let vault = Vault::new(&profile, places, &journal, None);
    let login = Login::from_refresh_token(&profile, RefreshToken::new("token"), Timestamp::now());
    [vault.load_stored().err(), vault.is_ready().err(), vault.save(&login).err()]
}

#[test]
fn a_closed_keychain_is_told_before_anybody_signs_in_with_the_command_that_opens_it() {
    let machine = Machine::with("");
    let mut told = Snapshot::of("cases", "macos-keychain");
    let unlock = Some("security unlock-keychain");
    for (case, answer, unlock) in [
        ("locked", StoreError::Locked("locked".to_owned()), unlock),
        ("denied", StoreError::Denied("its dialog was closed with Deny or Cancel".to_owned()), unlock),
        ("nobody answers its dialog", StoreError::TimedOut(Duration::from_secs(20)), unlock),
    ] {
        let [read, begun, kept] = errors(&machine, &with_keychain(Closed { answer, unlock }));
        let told_of = read.unwrap().to_string();
        told.tell(case, &format!("cognito-creds: {told_of}"));
        assert_eq!([begun.unwrap().to_string(), kept.unwrap().to_string()], [told_of.clone(), told_of]);
    }
    let absent = Closed { answer: StoreError::Absent("none".to_owned()), unlock: None };
    let [read, begun, kept] = errors(&machine, &with_keychain(absent));
    assert!(read.is_none(), "nobody is signed in there");
    let begun = begun.unwrap().to_string();
    told.tell("an account without a keychain", &format!("cognito-creds: {begun}"));
    assert_eq!(kept.unwrap().to_string(), begun);
    told.compare();
}

#[test]
fn a_profile_that_names_the_kernel_keyring_keeps_no_login_nowhere() {
    let machine = Machine::with("cognito_store = kernel\n");
    let [read, begun, kept] = errors(&machine, &with_keychain(Memory::default()));
    assert!(read.is_none());
    let (begun, kept) = (begun.unwrap().to_string(), kept.unwrap().to_string());
    let mut told = Snapshot::of("cases", "no-kernel-keyring");
    told.tell("the store of a profile", &format!("cognito-creds: {begun}"));
    told.compare();
    assert_eq!(begun, kept);

    let findings = stores::findings(&machine.profile(), &with_keychain(Memory::default()));
    let failed: Vec<_> = findings.iter().filter(|finding| finding.status == Status::Fail).collect();
    let [Finding { check, saw, remedy, .. }] = failed[..] else { panic!("{findings:?}") };
    let mut told = Snapshot::of("findings", "no-kernel-keyring");
    told.tell(check, &format!("fail: {saw}\n-> {remedy}"));
    told.compare();
}

#[test]
fn the_doctor_names_the_command_that_opens_the_keychain() {
    let machine = Machine::with("");
    let answer = StoreError::Locked("it is locked".to_owned());
    let locked = Closed { answer, unlock: Some("security unlock-keychain") };
    let findings = stores::findings(&machine.profile(), &with_keychain(locked));
    assert!(findings.iter().any(|finding| finding.remedy == "security unlock-keychain"), "{findings:?}");
}

#[test]
fn an_open_keychain_takes_the_login() {
    let machine = Machine::with("");
    assert!(errors(&machine, &with_keychain(Memory::default())).iter().all(Option::is_none));
}
