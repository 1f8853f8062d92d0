//! What is remembered between calls that is no secret: the last failure of a profile, its last
//! attempt to renew, the last sign-in of a login, and where it lies if not in the keychain. Several SDKs throw a credential process' message
//! away; here it survives.

use crate::clock::Timestamp;
use crate::error::{Error, Next};
use crate::platform;
use crate::profile::Profile;
use crate::store::EntryName;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

/// A folder of small JSON files, one per subject, written atomically.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    folder: OnceCell<PathBuf>,
}

/// The last thing that went wrong, or was worth telling, in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// One line, free of secrets.
    pub message: String,
    /// Whether nothing failed.
    #[serde(default)]
    pub is_notice: bool,
    /// What was wanted.
    #[serde(default)]
    pub wanted: Wanted,
}

/// What a call is made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// AWS credentials, or all that a sign-in brings.
    #[default]
    Credentials,
    /// A token alone: half of the way to credentials.
    Token,
}

/// How a sign-in ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody signed in.
    Completed,
    /// It came back with a refusal; the answer to whoever asks within a minute.
    Failed(Told),
    /// It could not begin and no tab opened: the answer to whoever waits for it, and no later.
    NotBegun(Told),
    /// Its person ended it: Ctrl-C, Ctrl-\, Ctrl-D.
    Stopped,
}

/// An error as it is told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    what: String,
    paste: String,
    configure: bool,
}

impl From<&Error> for Told {
    fn from(error: &Error) -> Self {
        Self {
            what: error.what().to_owned(),
            paste: error.paste().to_owned(),
            configure: matches!(error.next(), Next::Configure | Next::ChooseRole),
        }
    }
}

impl From<Told> for Error {
    fn from(told: Told) -> Self {
        let next = if told.configure { Next::Configure } else { Next::Stop };
        Self::new(next, told.what, told.paste)
    }
}

/// What a sign-in waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaits {
    /// A browser that comes back to the port.
    #[default]
    Browser,
    /// The address that a browser ended on, pasted on a terminal.
    Address,
    /// A password, typed on a terminal.
    Password,
}

/// The last sign-in of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Tells one attempt from the next: a running one that finds another's here has been replaced.
    pub attempt: String,
    /// The profile that asked.
    pub profile: String,
    /// When the browser was opened.
    pub started: Timestamp,
    /// What it waits for.
    #[serde(default)]
    pub awaits: Awaits,
    /// How it ended; absent while it runs, and for good if nobody completed it in time.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// The last attempt to renew a profile's credentials, as far as it matters to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// No other attempt before this, while what is cached still lives.
    pub not_before: Timestamp,
    /// How many failed in a row.
    pub failures: u32,
    /// Why the last one failed: the answer to whoever waited for it.
    #[serde(default)]
    pub why: Option<Told>,
}

impl Journal {
    /// The journal of this user. Its folder is looked for when it is first needed, which is never on
    /// the warm path.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder, which also holds the lock files.
    pub fn folder(&self) -> Result<&Path, Error> {
        if let Some(folder) = self.folder.get() {
            return Ok(folder);
        }
        let folder = platform::state_dir()?;
        Ok(self.folder.get_or_init(|| folder))
    }

    /// Remembers the profile's last failure. A journal that can't be written is no reason to fail.
    pub fn note(&self, profile: &str, message: &str) {
        self.note_for(Wanted::Credentials, profile, message);
    }

    /// [`Self::note`], where it may have been for less than credentials. One in the place of a failure to get
    /// credentials goes when that would.
    pub fn note_for(&self, wanted: Wanted, profile: &str, message: &str) {
        let replaced = self.last_event(profile).filter(|last| !last.is_notice).map(|last| last.wanted);
        let wanted = if replaced == Some(Wanted::Credentials) { Wanted::Credentials } else { wanted };
        self.write_event(profile, message, false, wanted);
    }

    /// Remembers, in place of the last failure, what was worth telling although nothing failed.
    pub fn note_notice(&self, profile: &str, message: &str) {
        self.write_event(profile, message, true, Wanted::default());
    }

    fn write_event(&self, profile: &str, message: &str, is_notice: bool, wanted: Wanted) {
        let event = Event { at: Timestamp::now(), message: message.to_owned(), is_notice, wanted };
        self.write(&event_file(profile), &event);
    }

    /// The profile's last failure or notice.
    pub fn last_event(&self, profile: &str) -> Option<Event> {
        self.read(&event_file(profile))
    }

    /// Forgets the profile's last failure, because something fresh has been had since. Not to be called for
    /// what was at hand: that shows nothing, and has no business in this folder.
    ///
    /// A fresh token says nothing of credentials that were refused; where there is no identity pool, it is
    /// all there is to have. A notice stays. A failure that is noted at the same moment may be lost.
    pub fn put_right(&self, profile: &Profile, fresh: Wanted) {
        let whole = fresh == Wanted::Credentials || profile.identity_pool.is_none();
        let last = self.last_event(&profile.name);
        if last.is_some_and(|last| !last.is_notice && (whole || last.wanted == fresh)) {
            self.forget_event(&profile.name);
        }
    }

    /// Whoever has logged out has nothing that went wrong last.
    pub fn forget_event(&self, profile: &str) {
        // What stays is told once more, no worse.
        self.remove(&event_file(profile));
    }

    /// Remembers the state of the login's sign-in; `false` if it could not be written.
    pub fn record(&self, login: &EntryName, sign_in: &SignIn) -> bool {
        self.write(&sign_in_file(login), sign_in)
    }

    /// The login's last sign-in.
    pub fn last_sign_in(&self, login: &EntryName) -> Option<SignIn> {
        self.read(&sign_in_file(login))
    }

    /// Remembers an attempt to renew the credentials under `entry`; `false` if it could not be written.
    pub fn record_attempt(&self, entry: &EntryName, attempt: &Attempt) -> bool {
        self.write(&attempt_file(entry), attempt)
    }

    /// The last attempt to renew the credentials under `entry`.
    pub fn last_attempt(&self, entry: &EntryName) -> Option<Attempt> {
        self.read(&attempt_file(entry))
    }

    /// Remembers in which kind of place the newest copy of a login lies, where that is not the keychain.
    pub fn record_whereabouts(&self, login: &EntryName, place: &str) {
        self.write(&whereabouts_file(login), &place);
    }

    /// That kind of place; none where it is the keychain, or not known.
    pub fn whereabouts(&self, login: &EntryName) -> Option<String> {
        self.read(&whereabouts_file(login))
    }

    /// The keychain has it, or nothing has.
    pub fn forget_whereabouts(&self, login: &EntryName) {
        self.remove(&whereabouts_file(login));
    }

    fn write(&self, file: &str, value: &impl Serialize) -> bool {
        let Ok(text) = serde_json::to_vec(value) else { return false };
        let written = self.folder().map_err(|e| e.what().to_owned()).and_then(|folder| {
            platform::write_private(&folder.join(file), &text)
                .map_err(|e| format!("{file} can't be written: {e}"))
        });
        written.inspect_err(|why| log::info!("{why}")).is_ok()
    }

    fn remove(&self, file: &str) {
        if let Ok(folder) = self.folder() {
            let _ = platform::remove_private(&folder.join(file));
        }
    }

    fn read<T: DeserializeOwned>(&self, file: &str) -> Option<T> {
        let bytes = platform::read_private(&self.folder().ok()?.join(file)).ok()??;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Profile names are free text; their files are named by digest.
fn event_file(profile: &str) -> String {
    format!("{}.json", EntryName::new("event", [profile]).as_str())
}

fn sign_in_file(login: &EntryName) -> String {
    format!("{}.sign-in.json", login.as_str())
}

fn whereabouts_file(login: &EntryName) -> String {
    format!("{}.place.json", login.as_str())
}

fn attempt_file(entry: &EntryName) -> String {
    format!("{}.renewal.json", entry.as_str())
}
