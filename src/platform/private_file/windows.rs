//! Rights as the folder's access list gives them to what is made in it; `unix.rs` has the same names.

use crate::platform::Unusable;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use winsafe::{ConvertSidToStringSid, GetSystemDirectory, HPROCESS, TokenInfo, co};

/// How often a file that somebody has open is tried to be replaced again, and how long after.
const RENAME_TRIES: u32 = 20;
const RENAME_PAUSE: Duration = Duration::from_millis(10);

/// Nothing to do yet: see [`protect`].
pub fn close(_: &mut DirBuilder) {}

/// Closes a folder to all but its user, the system and administrators, and what will be made in it. Two
/// processes; a login is saved once an hour.
///
/// `%LOCALAPPDATA%` has those three already and hands them down; but somebody may have named another place,
/// and what lies in the root of a drive may be read, and made in advance, by all users. System and
/// administrators stay, as OpenSSH has it with keys: they can take any file, and backups and virus scanners run
/// as them.
///
/// # Errors
/// [`Unusable::Open`] where it stays open to others, with the reason in the log: a file system without access
/// lists, a folder that somebody else made and keeps.
pub fn protect(folder: &Path) -> Result<(), Unusable> {
    let closed = own_number().and_then(|person| {
        let lists = Lists { folder, person };
        if lists.close()? {
            return Ok(true);
        }
        // Somebody was given rights besides what is inherited. Not the first choice, because for a moment
        // the files get what the folder above hands down.
        lists.run(&["/reset".to_owned()])?;
        lists.close()
    });
    match closed {
        Ok(true) => Ok(()),
        ended => {
            log::info!("{} is not closed: {ended:?}", folder.display());
            Err(Unusable::Open)
        }
    }
}

/// The security identifier of the user as whom this process runs, for icacls. The variables `USERNAME` and
/// `USERDOMAIN` need not be that user's: of a service, of `runas /env`.
fn own_number() -> io::Result<String> {
    let of_system = |error: co::ERROR| io::Error::from_raw_os_error(error.raw().cast_signed());
    let token = HPROCESS::GetCurrentProcess().OpenProcessToken(co::TOKEN::QUERY).map_err(of_system)?;
    let told = token.GetTokenInformation(co::TOKEN_INFORMATION_CLASS::User).map_err(of_system)?;
    let TokenInfo::User(user) = told else { return Err(ErrorKind::InvalidData.into()) };
    // Never freed: winsafe would free it as smaller than it was made.
    let user = Box::leak(user);
    let number = user.User.Sid().ok_or(ErrorKind::InvalidData)?;
    ConvertSidToStringSid(number).map(|number| format!("*{number}")).map_err(of_system)
}

/// All rights of the system's own account, for icacls.
const SYSTEM: &str = "*S-1-5-18:(OI)(CI)F";

/// A folder's access list, by icacls, which is in every Windows: the calls themselves take `unsafe` code.
struct Lists<'a> {
    folder: &'a Path,
    person: String,
}

impl Lists<'_> {
    /// Whether nobody but those three has rights now.
    fn close(&self) -> io::Result<bool> {
        // By number (Well-known SIDs), because names are translated: SYSTEM, the administrators, and OWNER
        // RIGHTS. Who owns a folder may change its list at any time, and might be who made it in advance; with
        // an entry of its own, an owner has those rights and no more.
        let mut words =
            ["/inheritance:r", "/grant:r", SYSTEM, "*S-1-5-32-544:(OI)(CI)F", "*S-1-3-4:(OI)(CI)(RC)"]
                .map(str::to_owned)
                .to_vec();
        let person = format!("{}:(OI)(CI)F", self.person);
        if person != SYSTEM {
            words.push(person);
        }
        self.run(&words)?;
        Ok(entries(&self.run(&[])?) <= words.len() - 2)
    }

    /// Its output.
    fn run(&self, words: &[String]) -> io::Result<Vec<u8>> {
        /// No console window flashes up.
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        // Not by `%SystemRoot%`, which anybody's script may set.
        let system = GetSystemDirectory().map_err(|e| io::Error::from_raw_os_error(e.raw().cast_signed()))?;
        let mut icacls = Command::new(Path::new(&system).join("icacls.exe"));
        icacls.arg(self.folder).args(words).creation_flags(CREATE_NO_WINDOW);
        let ended = icacls.stdin(Stdio::null()).stderr(Stdio::null()).output()?;
        let failed = || io::Error::other(format!("icacls {words:?}: {}", ended.status));
        if ended.status.success() { Ok(ended.stdout) } else { Err(failed()) }
    }
}

/// How many entries icacls shows, one in a line such as `BUILTIN\Administrators:(OI)(CI)(F)`, whatever the
/// language; an empty line and a summary follow.
fn entries(shown: &[u8]) -> usize {
    let lines = shown.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    lines.take_while(|line| !line.is_empty()).filter(|line| line.windows(2).any(|two| two == b":(")).count()
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

/// Puts a file in the place of another, which can't be while somebody has that one open: a reader of ours has it for
/// less than a millisecond, a virus scanner for some.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..RENAME_TRIES {
        match fs::rename(from, to) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => thread::sleep(RENAME_PAUSE),
            renamed => return renamed,
        }
    }
    fs::rename(from, to)
}

/// Nothing to do: a folder can't be opened to be flushed.
#[allow(clippy::unnecessary_wraps, reason = "Unix has an error to tell")]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
