//! Rewrites the config file: one writer at a time, whole or not at all, links and modes kept.

use super::config_file::text_of;
use crate::error::{Error, Next};
use crate::lock::{Lock, Patience, Waited};
use crate::platform::{self, Os, another_owner, is_write_protected, reason};
use crate::{remedy, shell};
use std::fs;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another writer is waited for; each takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// More links than this in a row are a circle (Linux ends at 40 too, path_resolution(7)).
const LINKS: usize = 40;

/// Replaces the text of the config file at `path` with what `edit` makes of it, and gives back what
/// `edit` gives beside it. `edit` runs under the lock that keeps two writers apart, so none of them
/// loses the other's change. A file that is missing counts as empty and becomes one of mode 0600, its
/// folder 0700; a text that stays the same is not written.
///
/// # Errors
/// Of `edit`; and where the file can't be read or written, or belongs to another user.
pub fn update<T>(path: &Path, edit: impl FnOnce(&str) -> Result<(String, T), Error>) -> Result<T, Error> {
    let _lock = lock(path)?;
    let file = check(path)?;
    let old = text_of(&file)?;
    let (new, found) = edit(&old)?;
    if new != old {
        write(&file, &new).map_err(|error| about(path, &error))?;
    }
    Ok(found)
}

/// The file that would be replaced, where [`update`] may replace it: a plain file that its owner may
/// write, or none. Nothing is opened, so that a pipe holds nobody up.
///
/// # Errors
/// Something else stands there: a device, a pipe, a folder, another user's file, one without `u+w`.
pub fn check(path: &Path) -> Result<PathBuf, Error> {
    let file = end_of_links(path).map_err(|error| about(path, &error))?;
    match fs::symlink_metadata(&file) {
        Ok(found) if is_write_protected(&found) => Err(write_protected(path, &file)),
        _ => Ok(file),
    }
}

fn lock(path: &Path) -> Result<Lock, Error> {
    let patience = Patience { until: Instant::now() + PATIENCE, overtake: None, longest: PATIENCE };
    let place = platform::state_dir()?.join("configure.lock");
    match Lock::acquire_until(&place, patience, |_| ControlFlow::<()>::Continue(()))? {
        Waited::Acquired(lock) | Waited::Overtook(lock, _) => Ok(lock),
        Waited::Stopped(()) | Waited::TimedOut => Err(Error::new(
            Next::TryAgain,
            format!("Another cognito-creds configure keeps {} busy.", path.display()),
            remedy::who_uses(Os::HERE, &place),
        )),
    }
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        platform::make_private_dir(folder).map_err(|why| io::Error::other(why.to_string()))?;
    }
    platform::rewrite(file, text.as_bytes())
}

/// The file that `path` stands for, so that a link stays one. Nobody else's link or file is followed:
/// whoever owns it chooses what is read and written in our name.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            found => found?,
        };
        if let Some(owner) = another_owner(&found) {
            let what = format!("it leads to {}, which belongs to another user (uid {owner})", path.display());
            return Err(io::Error::new(ErrorKind::PermissionDenied, what));
        }
        if found.is_file() {
            return Ok(path);
        }
        if !found.is_symlink() {
            // A rename would put a file in the place of the device.
            return Err(io::Error::new(ErrorKind::PermissionDenied, "it is not a plain file"));
        }
        let target = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("its links lead in a circle"))
}

fn write_protected(path: &Path, file: &Path) -> Error {
    let what = format!("The AWS config file {} is write-protected; nothing was written.", path.display());
    Error::new(Next::Configure, what, unprotect(file, Os::HERE))
}

/// The command that gives the right to write back.
fn unprotect(file: &Path, os: Os) -> String {
    let command = match os {
        Os::Windows => "attrib -r",
        Os::Linux | Os::MacOs | Os::OtherUnix => "chmod u+w",
    };
    format!("{command} {}", shell::path(file))
}

fn about(path: &Path, error: &io::Error) -> Error {
    let why = match error.kind() {
        // rename(2): a container often has just this one file from outside.
        ErrorKind::ResourceBusy => "it is mounted by itself, so no other file can take its place".to_owned(),
        _ => reason(error),
    };
    Error::new(
        Next::Configure,
        format!("The AWS config file {} can't be written: {why}.", path.display()),
        remedy::look_at(Os::HERE, path),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_to_write_is_given_back_by_the_systems_own_command() {
        for (os, command) in
            [(Os::Linux, "chmod u+w /f"), (Os::MacOs, "chmod u+w /f"), (Os::Windows, "attrib -r /f")]
        {
            assert_eq!(unprotect(Path::new("/f"), os), command);
        }
    }
}
