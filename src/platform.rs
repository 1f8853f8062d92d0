//! What differs between systems about folders and processes.
//!
//! Each system's own code lives here, in `store/`, `lock.rs`, `terminal.rs` and `browser.rs`, and
//! nowhere else.

mod dumps;
mod named_file;
pub mod parting;
mod private_file;
mod process;

pub use dumps::keep_out_of_dumps;
pub use named_file::read_named;
pub use private_file::{
    check_private_dir, make_private_dir, open_private, read_private, remove_private, rewrite, write_private,
};
pub use process::{Process, become_command};

use crate::error::{Error, Next};
use crate::shell;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// The systems by where they keep a program's folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux and every Unix but macOS: the XDG base directories.
    Xdg,
    /// macOS: `~/Library/Application Support`, unless somebody names another place as on Linux.
    MacOs,
    /// Windows: `%LOCALAPPDATA%`, which does not roam.
    Windows,
}

impl System {
    /// The system this program was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Xdg
    };
}

/// The places for a folder, best first, by the environment alone (XDG Base Directory 0.8: relative
/// paths are ignored). Empty where the environment names none.
///
/// State may also live in `$XDG_RUNTIME_DIR`, for homes that can't be written; data may not,
/// because that folder goes with the last session.
pub fn folders(folder: Folder, system: System, env: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let read = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let absolute = |name| read(name).filter(|path| path.is_absolute());
    let home = || absolute("HOME");
    let mut places = Vec::new();
    match (system, folder) {
        (System::Windows, _) => places.extend(read("LOCALAPPDATA")),
        (System::MacOs, folder) => {
            let named = if folder == Folder::Data { "XDG_DATA_HOME" } else { "XDG_STATE_HOME" };
            places.extend(absolute(named).or_else(|| Some(home()?.join("Library/Application Support"))));
        }
        (System::Xdg, Folder::Data) => {
            places.extend(absolute("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share"))));
        }
        (System::Xdg, Folder::State) => {
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
    first_usable(&folders(Folder::State, System::HERE, environment))
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
const ELSEWHERE: &str = if cfg!(windows) {
    "set LOCALAPPDATA=%USERPROFILE%\\AppData\\Local"
} else {
    "export XDG_STATE_HOME=\"$(mktemp -d)\""
};

/// Why a folder can't be used.
#[derive(Debug)]
pub enum Unusable {
    /// It is not there.
    Missing,
    /// It can't be created or written: a read-only home, a full disk.
    Unwritable(std::io::Error),
    /// It stays open to others: its file system keeps no permissions.
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
            Self::Foreign(_) if user_id() == Some(0) => format!("ls -ld {}", shell::path(path)),
            // What an earlier `sudo` left in our home is ours to take back; another person's is not.
            Self::Foreign(0) => format!("sudo chown -R \"$(id -un)\" {}", shell::path(path)),
            Self::Missing | Self::Unwritable(_) | Self::Open | Self::Foreign(_) => ELSEWHERE.to_owned(),
            Self::NotAFolder => format!("rm {}", shell::path(path)),
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

/// Variables that name a file, as read by us and by rustls-native-certs.
#[cfg(unix)]
const FILES: [&str; 3] = ["AWS_CONFIG_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Prepares a process that outlives its caller: nothing of the caller's input or output is
/// inherited, so that whoever reads our stdout to its end does not wait for the child. Nor does it
/// stay in the caller's folder, which could not be unmounted while it runs, or while a browser does
/// that it opened; files named relative to that folder keep their meaning.
///
/// Set stdout or stderr after this call to keep one of them. The child calls [`leave_session`]
/// first thing.
pub fn detach(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    {
        let named = FILES.iter().filter_map(|name| Some((name, whole_path(&std::env::var_os(name)?)?)));
        command.envs(named).current_dir("/");
    }
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt;
        /// No console window flashes up; the child's own children share the hidden console.
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        /// Ctrl-C in the caller's console does not reach the child.
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
    }
    command
}

/// A relative path from the root on; `None` where that is not to be had or the path needs nothing.
/// A leading `~/` is the home folder, as in [`config_path`](crate::profile::config_path).
#[cfg(unix)]
fn whole_path(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_relative = path.is_relative() && !path.starts_with("~") && path != "";
    if is_relative { std::path::absolute(path).ok() } else { None }
}

/// Takes this process out of its caller's session, terminal and process group (setsid(2)), so that
/// neither Ctrl-C nor the terminal's end reaches it. Nothing to do on Windows.
///
/// The process does it itself because doing it between fork and exec needs `unsafe`. A process that
/// leads its group already, as one started from an interactive shell, stays where it is.
pub fn leave_session() {
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

/// The number of the user whose files and keys are ours; `None` on Windows.
pub fn user_id() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    return None;
}

/// Names this installation's home: the place where its state belongs, whether or not it can be
/// written. Store entries are bound to it.
pub fn home_name() -> String {
    let places = folders(Folder::State, System::HERE, environment);
    places.first().map(|place| place.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Gives up stdout, so that whoever reads the other end sees its end while this process goes on.
pub fn close_stdout() {
    #[cfg(unix)]
    if let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

/// Where the file store's folder is or would be; it is created by the first save.
pub fn data_place() -> PathBuf {
    folders(Folder::Data, System::HERE, environment).into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
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

    fn places(folder: Folder, system: System, env: &[(&str, &str)]) -> Vec<String> {
        let find = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        folders(folder, system, find).iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn folders_follow_each_systems_rules() {
        let env = [("HOME", "/home/me"), ("LOCALAPPDATA", "C:\\L"), ("XDG_RUNTIME_DIR", "/run/user/1")];
        assert_eq!(
            places(Folder::State, System::Xdg, &env),
            ["/home/me/.local/state/cognito-creds", "/run/user/1/cognito-creds"]
        );
        assert_eq!(places(Folder::Data, System::Xdg, &env), ["/home/me/.local/share/cognito-creds"]);
        for folder in [Folder::State, Folder::Data] {
            let mac = places(folder, System::MacOs, &env);
            assert_eq!(mac, ["/home/me/Library/Application Support/cognito-creds"]);
            let named = [&env[..], &[("XDG_STATE_HOME", "/place"), ("XDG_DATA_HOME", "/place")]].concat();
            assert_eq!(places(folder, System::MacOs, &named), ["/place/cognito-creds"]);
            let windows =
                folders(folder, System::Windows, |name| (name == "LOCALAPPDATA").then(|| "L".into()));
            assert_eq!(windows, [Path::new("L").join("cognito-creds")]);
        }
    }

    #[test]
    fn an_empty_or_relative_folder_in_the_environment_is_ignored() {
        let env = [("HOME", "/home/me"), ("XDG_STATE_HOME", "state"), ("XDG_RUNTIME_DIR", "")];
        assert_eq!(places(Folder::State, System::Xdg, &env), ["/home/me/.local/state/cognito-creds"]);
        let env = [("HOME", "/home/me"), ("XDG_STATE_HOME", "/state")];
        assert_eq!(places(Folder::State, System::Xdg, &env), ["/state/cognito-creds"]);
        assert!(places(Folder::State, System::Xdg, &[("HOME", "here")]).is_empty());
    }

    #[test]
    fn no_place_at_all_is_two_lines_with_a_command() {
        let error = first_usable(&[]).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 2);
        assert_eq!(error.next(), Next::Configure);
    }
}
