//! Files and folders that are ours alone: 0600 in 0700, never through a link, never torn.
//!
//! On Windows the folder's access list does this: it is given to a folder of ours when it is made, and again
//! before a secret is written; what is made in there inherits it.

#[cfg_attr(unix, path = "private_file/unix.rs")]
#[cfg_attr(windows, path = "private_file/windows.rs")]
mod rights;

pub use rights::{check_private_dir, open_private};

use super::Unusable;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// More than this is no file of ours.
const FILE_BYTES: u64 = 1 << 20;
/// A temporary file as old as this was left behind by a process that died.
const ABANDONED: Duration = Duration::from_mins(1);

/// Creates a folder that only we can enter, parents included, or checks the one that is there.
///
/// # Errors
/// See [`Unusable`]; never [`Unusable::Missing`].
pub fn make_private_dir(path: &Path) -> Result<(), Unusable> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    rights::close(&mut builder);
    let is_new = !path.exists();
    if let Err(error) = builder.create(path)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(Unusable::Unwritable(error));
    }
    if is_new {
        // Locks and notes are kept in an open one too.
        let _ = rights::protect(path);
    }
    let checked = check_private_dir(path);
    if matches!(checked, Ok(()) | Err(Unusable::Open)) {
        rights::writable(path).map_err(Unusable::Unwritable)?;
    }
    checked
}

/// As [`make_private_dir`], for secrets: a folder that is there may have been made by somebody else.
///
/// # Errors
/// As [`make_private_dir`].
pub fn make_secret_dir(path: &Path) -> Result<(), Unusable> {
    make_private_dir(path)?;
    rights::protect(path)
}

/// The whole of a file of ours, or `None` where there is none.
///
/// # Errors
/// As [`open_private`], and where others may read or write the file; `FileTooLarge` beyond 1 MiB.
pub fn read_private(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match open_private(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let found = file.metadata()?;
    rights::check_closed(&found)?;
    let length = found.len();
    if length > FILE_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    // One byte more than needed lets the read end without growing, which would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes a file of ours whole or not at all, and durably: a temporary file beside it, `fsync`,
/// rename, `fsync` of the folder. Whatever stood at `path`, a link included, is replaced, not
/// followed.
///
/// # Errors
/// Of the system; the file is then as it was.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, None)?;
    remove_temporaries(path, ABANDONED);
    Ok(())
}

/// As [`write_private`] for a person's own file: mode and group of the one that is there are kept. Where the
/// group can't be kept, no group gets a right. For one writer at a time: what a killed one left goes at once.
///
/// # Errors
/// As [`write_private`].
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        found => Some(found?),
    };
    remove_temporaries(path, Duration::ZERO);
    replace(path, bytes, old.as_ref())
}

fn replace(path: &Path, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let (folder, prefix) = temporaries_of(path)?;
    let temporary = folder.join(format!("{prefix}{:016x}.tmp", getrandom::u64()?));
    let written = write_new(&temporary, bytes, old).and_then(|()| rights::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    rights::sync_folder(folder)
}

/// Removes a file of ours and every unfinished version of it. Nothing to remove is success.
///
/// # Errors
/// Of the system.
pub fn remove_private(path: &Path) -> io::Result<()> {
    remove_temporaries(path, Duration::ZERO);
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A new file: 0600, or with the rights of `old`.
fn write_new(path: &Path, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let mut file = open_private(path, OpenOptions::new().write(true).create_new(true))?;
    rights::give_rights(&file, old)?;
    file.write_all(bytes)?;
    rights::sync(&file)
}

/// The folder of `path` and how its temporary files' names begin.
fn temporaries_of(path: &Path) -> io::Result<(&Path, String)> {
    match (path.parent(), path.file_name().and_then(|name| name.to_str())) {
        (Some(folder), Some(name)) => Ok((folder, format!(".{name}."))),
        _ => Err(ErrorKind::InvalidFilename.into()),
    }
}

/// What a killed process left behind may hold a login: it is not left lying about.
fn remove_temporaries(path: &Path, older_than: Duration) {
    let Ok((folder, prefix)) = temporaries_of(path) else { return };
    let is_left = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".tmp"));
        let is_ours =
            number.is_some_and(|number| number.len() == 16 && number.bytes().all(|b| b.is_ascii_hexdigit()));
        let is_old = || match fs::symlink_metadata(path).and_then(|found| found.modified()) {
            // The clock may have been set back since.
            _ if older_than.is_zero() => true,
            Ok(at) => at.elapsed().is_ok_and(|age| age >= older_than),
            Err(_) => false,
        };
        is_ours && is_old()
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(is_left) {
        let _ = fs::remove_file(path);
    }
}
