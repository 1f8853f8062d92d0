//! Rights as modes and owners, kept by file and folder; `windows.rs` has the same names.

use crate::platform::{Unusable, user_id};
use rustix::fs::{Access, OFlags, access};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// The rights of the group and of everybody.
const OTHERS: u32 = 0o077;
/// The rights of the group.
const GROUP: u32 = 0o070;

/// Has the folders that it makes be 0700.
pub fn close(builder: &mut DirBuilder) {
    builder.mode(0o700);
}

/// Nothing to do: see [`close`] and [`check_private_dir`].
#[allow(clippy::unnecessary_wraps, reason = "Windows has an error to tell")]
pub fn protect(_: &Path) -> Result<(), Unusable> {
    Ok(())
}

/// Whether a file can be made in this folder, without making one.
pub fn writable(folder: &Path) -> io::Result<()> {
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Checks that a folder is a folder and ours, and closes it to others where it is open.
///
/// # Errors
/// See [`Unusable`].
pub fn check_private_dir(path: &Path) -> Result<(), Unusable> {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    let folder =
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unusable::Missing,
            ErrorKind::NotADirectory => Unusable::NotAFolder,
            _ if is_link(&error) => Unusable::NotAFolder,
            _ => match fs::symlink_metadata(path) {
                Ok(closed) if Some(closed.uid()) != user_id() => Unusable::Foreign(closed.uid()),
                _ => Unusable::Unwritable(error),
            },
        })?;
    let found = folder.metadata().map_err(Unusable::Unwritable)?;
    if Some(found.uid()) != user_id() {
        return Err(Unusable::Foreign(found.uid()));
    }
    if found.mode() & OTHERS != 0 {
        folder.set_permissions(Permissions::from_mode(0o700)).map_err(Unusable::Unwritable)?;
    }
    let mode = folder.metadata().map_err(Unusable::Unwritable)?.mode();
    if mode & OTHERS == 0 { Ok(()) } else { Err(Unusable::Open) }
}

/// Opens a file of ours with `options`, without following a link and without waiting on a pipe. A
/// file that is created is 0600.
///
/// # Errors
/// Of the system; `PermissionDenied` with the reason where it is not a plain file or somebody else's.
pub fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = options.custom_flags(flags).mode(0o600).open(path);
    let file = file.map_err(|error| if is_link(&error) { refused("it is a link") } else { error })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refused("it is not a plain file"));
    }
    if Some(found.uid()) != user_id() {
        return Err(refused(&format!("it belongs to another user (uid {})", found.uid())));
    }
    Ok(file)
}

/// Refuses a file that others may read or write.
pub fn check_closed(found: &Metadata) -> io::Result<()> {
    if found.mode() & OTHERS == 0 { Ok(()) } else { Err(refused("others may open it")) }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}

/// What the system says where `O_NOFOLLOW` met a link.
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Gives a new file 0600, or mode and group of `old`.
pub fn give_rights(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    let mode = match old {
        None => 0o600,
        Some(old) => {
            // Only a member of the group may give a file to it (chown(2)).
            let kept = file.metadata()?.gid() == old.gid() || fchown(file, None, Some(old.gid())).is_ok();
            if kept { old.mode() } else { old.mode() & !GROUP }
        }
    };
    file.set_permissions(Permissions::from_mode(mode))
}

/// As durably as the disk can. On macOS std asks it to empty its own cache, too (`F_FULLFSYNC` of fcntl(2)),
/// which disks of a network and some others refuse; what is left then is fsync(2).
pub fn sync(file: &File) -> io::Result<()> {
    let synced = file.sync_all();
    #[cfg(target_os = "macos")]
    if let Err(error) = &synced {
        use rustix::io::Errno;
        let unknown = [Errno::NOTSUP, Errno::OPNOTSUPP, Errno::INVAL, Errno::NOTTY];
        if unknown.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) {
            return Ok(rustix::fs::fsync(file)?);
        }
    }
    synced
}

/// Puts a file in the place of another (rename(2)).
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Makes a rename in this folder last (fsync(2)).
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match sync(&File::open(folder)?) {
        // Some file systems can't, and say so; the rename is as durable there as it gets.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}
