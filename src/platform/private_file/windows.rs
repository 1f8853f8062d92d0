//! Rights as the folder's access list gives them to what is made in it; `unix.rs` has the same names.

use crate::platform::Unusable;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Nothing to do yet: see [`protect`].
pub fn close(_: &mut DirBuilder) {}

/// Closes a new folder to all but its user, the system and administrators, and what will be made in it.
///
/// `%LOCALAPPDATA%` has those three already and hands them down; but somebody may have named another place,
/// and what lies in the root of a drive may be read by all users. System and administrators stay, as OpenSSH
/// has it with keys: they can take any file, and backups and virus scanners run as them. By icacls, which is
/// in every Windows, once in a folder's life: the calls themselves take `unsafe` code. Where it fails, an
/// account without a name for instance, the folder stays as it was made.
pub fn protect(folder: &Path) {
    /// No console window flashes up.
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    let read = std::env::var_os;
    let (Some(root), Some(domain), Some(user)) = (read("SystemRoot"), read("USERDOMAIN"), read("USERNAME"))
    else {
        return;
    };
    let person: OsString =
        [domain.as_os_str(), "\\".as_ref(), &user, ":(OI)(CI)F".as_ref()].into_iter().collect();
    let mut icacls = Command::new(Path::new(&root).join("System32").join("icacls.exe"));
    // SYSTEM and the administrators by number (Well-known SIDs): their names are translated.
    icacls.arg(folder).args(["/inheritance:r", "/grant:r", "*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F"]);
    icacls.arg(person).creation_flags(CREATE_NO_WINDOW);
    match icacls.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        ended => log::info!("{} keeps the rights that it has inherited: {ended:?}", folder.display()),
    }
}

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
