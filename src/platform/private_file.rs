//! Files and folders that are ours alone: 0600 in 0700, never through a link, never torn.
//!
//! On Windows the folder's access list does this: what is created under `%LOCALAPPDATA%` inherits
//! rights for the user, administrators and the system only.

use super::Unusable;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// More than this is no file of ours.
const FILE_BYTES: u64 = 1 << 20;
/// The rights of the group and of everybody.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
/// The rights of the group.
#[cfg(unix)]
const GROUP: u32 = 0o070;
/// A temporary file as old as this was left behind by a process that died.
const ABANDONED: Duration = Duration::from_mins(1);

/// Creates a folder that only we can enter, parents included, or checks the one that is there.
///
/// # Errors
/// See [`Unusable`]; never [`Unusable::Missing`].
pub fn make_private_dir(path: &Path) -> Result<(), Unusable> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Err(error) = builder.create(path)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(Unusable::Unwritable(error));
    }
    let checked = check_private_dir(path);
    if matches!(checked, Ok(()) | Err(Unusable::Open)) {
        writable(path).map_err(Unusable::Unwritable)?;
    }
    checked
}

#[cfg(unix)]
fn writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn writable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Checks that a folder is a folder and ours, and closes it to others where it is open.
///
/// # Errors
/// See [`Unusable`].
#[cfg(unix)]
pub fn check_private_dir(path: &Path) -> Result<(), Unusable> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    let folder =
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unusable::Missing,
            ErrorKind::NotADirectory => Unusable::NotAFolder,
            _ if is_link(&error) => Unusable::NotAFolder,
            _ => match fs::symlink_metadata(path) {
                Ok(closed) if Some(closed.uid()) != super::user_id() => Unusable::Foreign(closed.uid()),
                _ => Unusable::Unwritable(error),
            },
        })?;
    let found = folder.metadata().map_err(Unusable::Unwritable)?;
    if Some(found.uid()) != super::user_id() {
        return Err(Unusable::Foreign(found.uid()));
    }
    if found.mode() & OTHERS != 0 {
        folder.set_permissions(fs::Permissions::from_mode(0o700)).map_err(Unusable::Unwritable)?;
    }
    let mode = folder.metadata().map_err(Unusable::Unwritable)?.mode();
    if mode & OTHERS == 0 { Ok(()) } else { Err(Unusable::Open) }
}

/// Checks that a folder is a folder.
///
/// # Errors
/// See [`Unusable`].
#[cfg(not(unix))]
pub fn check_private_dir(path: &Path) -> Result<(), Unusable> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Unusable::NotAFolder),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Unusable::Missing),
        Err(error) => Err(Unusable::Unwritable(error)),
    }
}

/// Opens a file of ours with `options`, without following a link and without waiting on a pipe. A
/// file that is created is 0600.
///
/// # Errors
/// Of the system; `PermissionDenied` with the reason where it is not a plain file or somebody else's.
#[cfg(unix)]
pub fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = options.custom_flags(flags).mode(0o600).open(path);
    let file = file.map_err(|error| if is_link(&error) { refused("it is a link") } else { error })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refused("it is not a plain file"));
    }
    if Some(found.uid()) != super::user_id() {
        return Err(refused(&format!("it belongs to another user (uid {})", found.uid())));
    }
    Ok(file)
}

#[cfg(unix)]
fn refused(why: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}

/// What the system says where `O_NOFOLLOW` met a link.
#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Opens a file of ours with `options`.
///
/// # Errors
/// Of the system.
#[cfg(not(unix))]
pub fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
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
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&found) & OTHERS != 0 {
        return Err(refused("others may open it"));
    }
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
    let written = write_new(&temporary, bytes, old).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
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
    give_rights(&file, old)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn give_rights(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let mode = match old {
        None => 0o600,
        Some(old) => {
            // Only a member of the group may give a file to it (chown(2)).
            let kept = file.metadata()?.gid() == old.gid() || fchown(file, None, Some(old.gid())).is_ok();
            if kept { old.mode() } else { old.mode() & !GROUP }
        }
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn give_rights(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    old.map_or(Ok(()), |old| file.set_permissions(old.permissions()))
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

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems can't, and say so; the rename is as durable there as it gets.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
