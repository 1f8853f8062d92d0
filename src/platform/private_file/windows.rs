//! Rights as the folder's access list gives them to what is made in it; `unix.rs` has the same names.

use crate::platform::Unusable;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Nothing to do: rights are inherited.
pub fn close(_: &mut DirBuilder) {}

/// Not known before a file is made.
#[allow(clippy::unnecessary_wraps, reason = "Unix has an error to tell")]
pub fn writable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Checks that a folder is a folder.
///
/// # Errors
/// See [`Unusable`].
pub fn check_private_dir(path: &Path) -> Result<(), Unusable> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Unusable::NotAFolder),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Unusable::Missing),
        Err(error) => Err(Unusable::Unwritable(error)),
    }
}

/// Opens a file of ours with `options`.
///
/// # Errors
/// Of the system.
pub fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
}

/// Nothing to refuse: the folder decides who may open it.
#[allow(clippy::unnecessary_wraps, reason = "Unix has an error to tell")]
pub fn check_closed(_: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Gives a new file the attributes of `old`.
pub fn give_rights(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    old.map_or(Ok(()), |old| file.set_permissions(old.permissions()))
}

/// As durably as the disk can.
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Nothing to do: a folder can't be opened to be flushed.
#[allow(clippy::unnecessary_wraps, reason = "Unix has an error to tell")]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
