//! The operating system's keychain: Secret Service, macOS Keychain or Windows Credential Manager.
//!
//! A keychain may ask a person, and nobody may be there: every call runs on a thread of its own and
//! is given up after a deadline. A keychain that was not there or did not answer is not asked again
//! by this process.

use super::particulars::{cause_of, ready_for_items};
use super::split::{self, Items, Refused};
use super::{Bytes, EntryName, Store, StoreError};
use crate::error::foreign;
use crate::platform::Os;
use keyring_core::{Entry, Error};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// The service under which every item is filed; the account is the entry's name. It never changes: macOS
/// keeps beside an item which programs may read it, and a build for debugging is none of them.
const SERVICE: &str =
    if cfg!(all(target_os = "macos", debug_assertions)) { "cognito-creds-debug" } else { "cognito-creds" };
/// How long a call may take where a person can answer a prompt.
const WITH_A_PERSON: Duration = Duration::from_secs(20);
/// How long a call may take where nobody can: measured answers take under 0.1 s.
const UNATTENDED: Duration = Duration::from_secs(5);

/// Why this process no longer asks the keychain.
static GIVEN_UP: OnceLock<StoreError> = OnceLock::new();

/// Whether the keychain has been seen open, so that nothing found means that there is nothing.
static READY: AtomicBool = AtomicBool::new(false);

/// The operating system's keychain, one item per entry.
#[derive(Debug)]
pub struct Keychain {
    deadline: Duration,
}

impl Keychain {
    /// The keychain of this system. Asks nothing yet.
    pub fn new() -> Self {
        let display = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let person =
            matches!(Os::HERE, Os::Windows | Os::MacOs) || display("DISPLAY") || display("WAYLAND_DISPLAY");
        Self { deadline: if person { WITH_A_PERSON } else { UNATTENDED } }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        within(self.deadline, &GIVEN_UP, move || {
            // Connects on the first call and names the real cause of a failure on all of them.
            keyring::Entry::store_status()
                .as_ref()
                .map_err(|error| StoreError::Absent(format!("no keychain here: {}", words(error))))?;
            work()
        })
    }
}

impl Default for Keychain {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for Keychain {
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
        let name = name.as_str().to_owned();
        self.ask(move || {
            let found = split::load(&Keyring, &name)?;
            // Whoever has given an item is open, and to ask once more takes longer than the rest.
            if found.is_some() || READY.load(Ordering::Relaxed) {
                READY.store(true, Ordering::Relaxed);
                return Ok(found);
            }
            let was_closed = ready_for_items()?;
            READY.store(true, Ordering::Relaxed);
            if was_closed { split::load(&Keyring, &name) } else { Ok(None) }
        })
    }

    /// Keeps the value until it is deleted: keychains know no end.
    fn save(&self, name: &EntryName, value: &[u8], _lives: Option<Duration>) -> Result<(), StoreError> {
        let (name, value) = (name.as_str().to_owned(), Zeroizing::new(value.to_vec()));
        self.ask(move || split::save(&Keyring, &name, &value))
    }

    fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        let name = name.as_str().to_owned();
        self.ask(move || split::delete(&Keyring, &name))
    }

    fn describe(&self) -> String {
        let kind = match std::env::consts::OS {
            "macos" => "macOS Keychain",
            "windows" => "Windows Credential Manager",
            _ => "Secret Service",
        };
        format!("keychain ({kind})")
    }

    fn unlock_command(&self) -> Option<&'static str> {
        cfg!(target_os = "macos").then_some("security unlock-keychain")
    }
}

/// Runs `work` on a thread and waits `deadline` for it; once it was too late, found nothing to talk to or
/// a person said no, every later call gets the same answer at once.
///
/// A thread that waits for a person can't be ended; it goes with the process.
fn within<T: Send + 'static>(
    deadline: Duration,
    given_up: &OnceLock<StoreError>,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    if let Some(error) = given_up.get() {
        return Err(error.clone());
    }
    let (answer, answers) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(move || drop(answer.send(work())))
        .map_err(|error| StoreError::Failed(format!("no thread for the keychain: {error}")))?;
    let result = answers.recv_timeout(deadline).unwrap_or_else(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Err(StoreError::TimedOut(deadline)),
        mpsc::RecvTimeoutError::Disconnected => {
            Err(StoreError::Failed("the keychain's library broke down".to_owned()))
        }
    });
    if let Err(error @ (StoreError::Absent(_) | StoreError::TimedOut(_) | StoreError::Denied(_))) = &result {
        let _ = given_up.set(error.clone());
    }
    result
}

/// The items of our service in the system's keychain.
struct Keyring;

impl Keyring {
    fn entry(account: &str) -> Result<Entry, Error> {
        let modifier = modifier(Os::HERE, account);
        let modifiers: HashMap<&str, &str> =
            modifier.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Entry::new_with_modifiers(SERVICE, account, &modifiers)
    }
}

/// What a system's items are given beside service and account.
fn modifier(os: Os, account: &str) -> Option<(&'static str, String)> {
    match os {
        // The default, Enterprise, copies items to the person's other machines in a domain.
        Os::Windows => Some(("persistence", "Local".to_owned())),
        Os::MacOs => None,
        // What a person reads in the keyring's own window.
        Os::Linux | Os::OtherUnix => Some(("label", format!("cognito-creds ({account})"))),
    }
}

impl Items for Keyring {
    fn get(&self, account: &str) -> Result<Option<Bytes>, StoreError> {
        match Self::entry(account).and_then(|entry| entry.get_secret()) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refusal(error)),
        }
    }

    fn set(&self, account: &str, value: &[u8]) -> Result<(), Refused> {
        let written = Self::entry(account).and_then(|entry| match entry.set_secret(value) {
            // Two items of one name, from a copied keyring for instance: one is enough.
            Err(Error::Ambiguous(items)) => keep_first(&items, value),
            written => written,
        });
        written.map_err(|error| match error {
            Error::TooLong(_, limit) => Refused::TooLong(limit as usize),
            error => Refused::Other(refusal(error)),
        })
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        let deleted = Self::entry(account).and_then(|entry| match entry.delete_credential() {
            Err(Error::Ambiguous(items)) => items.iter().try_for_each(Entry::delete_credential),
            deleted => deleted,
        });
        match deleted {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(refusal(error)),
        }
    }
}

fn keep_first(items: &[Entry], value: &[u8]) -> Result<(), Error> {
    let Some((first, others)) = items.split_first() else { return Err(Error::NoEntry) };
    first.set_secret(value)?;
    others.iter().try_for_each(Entry::delete_credential)
}

/// Every error of the keychain in our words. Some variants carry the secret's bytes in `Debug`, so
/// nothing but the text of the platform's own error is repeated.
fn refusal(error: Error) -> StoreError {
    let text = words(&error);
    match error {
        Error::PlatformFailure(cause) => cause_of(&cause, text, StoreError::Failed),
        Error::NoStorageAccess(cause) => cause_of(&cause, text, StoreError::Locked),
        Error::NoDefaultStore => StoreError::Absent(text),
        Error::TooLong(..) => StoreError::Full(text),
        _ => StoreError::Failed(text),
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => own_words(&cause.to_string()),
        Error::NoEntry => "the keychain's item is gone".to_owned(),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            "the keychain's item is damaged".to_owned()
        }
        Error::TooLong(_, limit) => format!("an item of the keychain holds {limit} bytes at most"),
        Error::Ambiguous(items) => format!("{} items of the keychain have the same name", items.len()),
        Error::NoDefaultStore => "this system has no keychain".to_owned(),
        _ => "the keychain refused the request".to_owned(),
    }
}

/// Without the name of a library and the number of an error: neither means anything to a person.
fn own_words(text: &str) -> String {
    let text = text.strip_prefix("zbus error: ").unwrap_or(text);
    let text = text.split_once(" (os error ").map_or(text, |(words, _)| words);
    foreign(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use std::time::Instant;

    #[test]
    fn an_item_of_windows_stays_on_its_machine() {
        assert_eq!(modifier(Os::Windows, "a"), Some(("persistence", "Local".to_owned())));
        assert_eq!(modifier(Os::MacOs, "a"), None);
        assert_eq!(modifier(Os::Linux, "a"), Some(("label", "cognito-creds (a)".to_owned())));
    }

    #[test]
    fn a_keychain_that_does_not_answer_is_given_up_once_and_for_all() {
        let (given_up, forever) = (OnceLock::new(), Duration::from_mins(10));
        let stuck = move || {
            thread::sleep(forever);
            Ok(())
        };
        let limit = Duration::from_millis(20);
        let began = Instant::now();
        assert_eq!(within(limit, &given_up, stuck), Err(StoreError::TimedOut(limit)));
        assert_eq!(within(forever, &given_up, stuck), Err(StoreError::TimedOut(limit)));
        assert!(began.elapsed() < forever);
    }

    #[test]
    fn a_keychain_that_is_locked_is_asked_again() {
        let given_up = OnceLock::new();
        let locked: Result<(), _> =
            within(UNATTENDED, &given_up, || Err(StoreError::Locked("locked".to_owned())));
        assert!(locked.is_err());
        assert_eq!(within(UNATTENDED, &given_up, || Ok(1)), Ok(1));
    }

    #[test]
    fn a_person_who_said_no_is_not_asked_again() {
        let (given_up, no) = (OnceLock::new(), StoreError::Denied("no".to_owned()));
        let said = no.clone();
        assert_eq!(within(UNATTENDED, &given_up, move || Err::<(), _>(said)), Err(no.clone()));
        assert_eq!(within(UNATTENDED, &given_up, || Ok(())), Err(no));
    }

    #[test]
    fn a_refusal_in_words() {
        let mut told = Snapshot::of("reasons", "keychain");
        for (case, error) in [
            ("an item that has gone meanwhile", Error::NoEntry),
            ("an item that is no text", Error::BadEncoding(Vec::new())),
            ("an item that is too long", Error::TooLong("password".to_owned(), 2_560)),
            ("a system without keychain", Error::NoDefaultStore),
            ("a request that makes no sense", Error::Invalid("user".to_owned(), "empty".to_owned())),
            ("the platform's own error", Error::PlatformFailure("the bus is closed".into())),
        ] {
            told.tell(case, &refusal(error).to_string());
        }
        let broken: Result<(), _> = within(UNATTENDED, &OnceLock::new(), || panic!("of the library"));
        told.tell("a library that panics", &broken.unwrap_err().to_string());
        told.tell("nobody answers", &StoreError::TimedOut(UNATTENDED).to_string());
        told.compare();
    }

    #[test]
    fn an_error_that_carries_the_secret_does_not_repeat_it() {
        let cause = || std::io::Error::other("canary").into();
        for error in
            [Error::BadEncoding(b"canary".to_vec()), Error::BadDataFormat(b"canary".to_vec(), cause())]
        {
            assert_eq!(refusal(error), StoreError::Failed("the keychain's item is damaged".to_owned()));
        }
    }
}
