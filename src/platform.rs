//! What differs between systems about folders and processes.
//!
//! Each system's own code lives here, in `store/`, `lock.rs`, `terminal.rs` and `browser.rs`, and
//! nowhere else.

mod bare_root;
/// Used on Windows; tested everywhere.
#[cfg_attr(not(windows), allow(dead_code, reason = "only Windows starts programs by one text"))]
mod command_line;
mod dumps;
mod named_file;
mod os;
pub mod parting;
mod private_file;
mod process;
mod start;
/// The same names for each system.
#[cfg_attr(unix, path = "platform/unix.rs")]
#[cfg_attr(windows, path = "platform/windows.rs")]
mod system;
pub mod wsl;

pub use bare_root::own_program;
pub use dumps::keep_out_of_dumps;
pub use named_file::read_named;
pub use os::Os;
pub use private_file::{
    check_private_dir, make_private_dir, make_secret_dir, open_private, read_private, remove_private,
    rewrite, write_private,
};
pub use process::Process;
pub use start::{Started, start_apart, tell_starter};
pub use system::{another_owner, become_command, is_write_protected, leave_session, may_be_run, user_id};

use crate::error::{Error, Next};
use crate::{remedy, shell};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The name of our folder in every place.
const NAME: &str = "cognito-creds";

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// Locks and notes: small, without secrets, no loss if they go.
    State,
    /// The file store: what a person chose to keep on disk.
    Data,
}

/// The places for a folder, best first, by the environment alone (XDG Base Directory 0.8: relative
/// paths are ignored). Empty where the environment names none. macOS has its own place, unless somebody
/// names another one as on Linux; that of Windows does not roam.
///
/// State may also live in `$XDG_RUNTIME_DIR`, for homes that can't be written; data may not,
/// because that folder goes with the last session.
pub fn folders(folder: Folder, os: Os, env: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let read = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let absolute = |name| read(name).filter(|path| path.is_absolute());
    let home = || absolute("HOME");
    let mut places = Vec::new();
    match (os, folder) {
        (Os::Windows, _) => {
            let home = || Some(home()?.join("AppData").join("Local"));
            places.extend(absolute("LOCALAPPDATA").or_else(home));
        }
        (Os::MacOs, folder) => {
            let named = if folder == Folder::Data { "XDG_DATA_HOME" } else { "XDG_STATE_HOME" };
            places.extend(absolute(named).or_else(|| Some(home()?.join("Library/Application Support"))));
        }
        (Os::Linux | Os::OtherUnix, Folder::Data) => {
            places.extend(absolute("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share"))));
        }
        (Os::Linux | Os::OtherUnix, Folder::State) => {
            places.extend(absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state"))));
            places.extend(absolute("XDG_RUNTIME_DIR"));
        }
    }
    places.into_iter().map(|place| place.join(NAME)).collect()
}

/// The folder for locks and notes, created 0700 where it was missing.
///
/// # Errors
/// No place can be written, or the folder is a link or somebody else's.
pub fn state_dir() -> Result<PathBuf, Error> {
    first_usable(&folders(Folder::State, Os::HERE, environment))
}

fn environment(name: &str) -> Option<OsString> {
    // Without HOME, as under some service managers, the user database knows the home.
    if name == "HOME" { std::env::home_dir().map(Into::into) } else { std::env::var_os(name) }
}

/// A folder that can't be written sends us to the next place; one that is not ours ends the search,
/// because going elsewhere would hide it. One that can't be closed serves: who keeps a secret there
/// checks the folder again.
fn first_usable(places: &[PathBuf]) -> Result<PathBuf, Error> {
    let mut unwritable = None;
    for place in places {
        match make_private_dir(place) {
            Ok(()) | Err(Unusable::Open) => return Ok(place.clone()),
            Err(Unusable::Unwritable(cause)) => {
                unwritable.get_or_insert((place, cause));
            }
            Err(unsafe_folder) => return Err(unsafe_folder.about(place)),
        }
    }
    Err(match unwritable {
        Some((place, cause)) => Unusable::Unwritable(cause).about(place),
        None => Error::new(Next::Configure, "There is no home folder to keep locks in.", ELSEWHERE),
    })
}

/// What to paste where no place can be written.
const ELSEWHERE: &str = match Os::HERE {
    Os::Windows => "cmd /c set LOCALAPPDATA",
    Os::Linux | Os::MacOs | Os::OtherUnix => "export XDG_STATE_HOME=\"$(mktemp -d)\"",
};

/// Why a folder can't be used.
#[derive(Debug)]
pub enum Unusable {
    /// It is not there.
    Missing,
    /// It can't be created or written: a read-only home, a full disk.
    Unwritable(std::io::Error),
    /// It stays open to others: its file system keeps no permissions, or, on Windows, somebody else owns it.
    Open,
    /// It belongs to this user id.
    Foreign(u32),
    /// It is a link or a file.
    NotAFolder,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Unwritable(cause) => write!(f, "can't be written ({})", reason(cause)),
            Self::Open => f.write_str("can't be closed to others on its file system"),
            Self::Foreign(owner) => write!(f, "belongs to another user (uid {owner})"),
            Self::NotAFolder => f.write_str("is a link or a file, not a folder"),
        }
    }
}

impl Unusable {
    fn about(&self, path: &Path) -> Error {
        let paste = match self {
            Self::Foreign(_) if user_id() == Some(0) => remedy::look_at(Os::HERE, path),
            // What an earlier `sudo` left in our home is ours to take back; another person's is not.
            Self::Foreign(0) => format!("sudo chown -R \"$(id -un)\" {}", shell::path(path)),
            Self::Missing | Self::Unwritable(_) | Self::Open | Self::Foreign(_) => ELSEWHERE.to_owned(),
            Self::NotAFolder => remedy::remove(Os::HERE, path),
        };
        Error::new(Next::Configure, format!("The folder {} {self}.", path.display()), paste)
    }
}

/// An I/O error without the number that means nothing to a person.
pub fn reason(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::IsADirectory {
        return "it is a directory".to_owned();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Names this installation's home: the place where its state belongs, whether or not it can be
/// written. Store entries are bound to it.
pub fn home_name() -> String {
    let places = folders(Folder::State, Os::HERE, environment);
    places.first().map(|place| place.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Where the file store's folder is or would be; it is created by the first save.
pub fn data_place() -> PathBuf {
    folders(Folder::Data, Os::HERE, environment).into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn folders_that_cannot_be_used_in_words() {
        let mut told = Snapshot::of("cases", "unusable-folders");
        for (case, unusable) in
            [("it went away", Unusable::Missing), ("a file system without permissions", Unusable::Open)]
        {
            let error = unusable.about(Path::new("/home/you/.local/state/cognito-creds"));
            told.tell(case, &format!("cognito-creds: {error}"));
        }
        told.compare();
    }

    fn places(folder: Folder, os: Os, env: &[(&str, &str)]) -> Vec<String> {
        let find = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        folders(folder, os, find).iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn folders_follow_each_systems_rules() {
        let env = [("HOME", "/home/me"), ("LOCALAPPDATA", "C:\\L"), ("XDG_RUNTIME_DIR", "/run/user/1")];
        assert_eq!(
            places(Folder::State, Os::Linux, &env),
            ["/home/me/.local/state/cognito-creds", "/run/user/1/cognito-creds"]
        );
        assert_eq!(places(Folder::Data, Os::Linux, &env), ["/home/me/.local/share/cognito-creds"]);
        for folder in [Folder::State, Folder::Data] {
            assert_eq!(places(folder, Os::OtherUnix, &env), places(folder, Os::Linux, &env));
        }
        for folder in [Folder::State, Folder::Data] {
            let mac = places(folder, Os::MacOs, &env);
            assert_eq!(mac, ["/home/me/Library/Application Support/cognito-creds"]);
            let named = [&env[..], &[("XDG_STATE_HOME", "/place"), ("XDG_DATA_HOME", "/place")]].concat();
            assert_eq!(places(folder, Os::MacOs, &named), ["/place/cognito-creds"]);
            let (local, home) = (("LOCALAPPDATA", "/L"), ("HOME", "/home/me"));
            assert_eq!(places(folder, Os::Windows, &[local, home]), ["/L/cognito-creds"]);
            for local in ["", "AppData"] {
                let found = places(folder, Os::Windows, &[("LOCALAPPDATA", local), home]);
                assert_eq!(found, ["/home/me/AppData/Local/cognito-creds"], "{local}");
            }
        }
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn an_empty_or_relative_folder_in_the_environment_is_ignored() {
        let env = [("HOME", "/home/me"), ("XDG_STATE_HOME", "state"), ("XDG_RUNTIME_DIR", "")];
        assert_eq!(places(Folder::State, Os::Linux, &env), ["/home/me/.local/state/cognito-creds"]);
        let env = [("HOME", "/home/me"), ("XDG_STATE_HOME", "/state")];
        assert_eq!(places(Folder::State, Os::Linux, &env), ["/state/cognito-creds"]);
        assert!(places(Folder::State, Os::Linux, &[("HOME", "here")]).is_empty());
    }

    #[test]
    fn no_place_at_all_is_two_lines_with_a_command() {
        let error = first_usable(&[]).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 2);
        assert_eq!(error.next(), Next::Configure);
    }
}
