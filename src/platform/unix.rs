//! Unix's side of what every system answers in its own way; `windows.rs` has the same names.

use std::ffi::OsStr;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The number of the user whose files and keys are ours; `None` on Windows.
pub fn user_id() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

/// The user whom a file belongs to, unless it is ours; always `None` on Windows.
pub fn another_owner(found: &Metadata) -> Option<u32> {
    Some(found.uid()).filter(|owner| Some(*owner) != user_id())
}

/// Whether the right to write was taken away from the file's owner, who meant something by it: replacing
/// it by a rename would need no right to it.
pub fn is_write_protected(found: &Metadata) -> bool {
    found.mode() & 0o200 == 0
}

/// Whether anybody may run this file; on Windows no file says so.
pub fn may_be_run(found: &Metadata) -> bool {
    found.mode() & 0o111 != 0
}

/// Opens what a setting names without waiting for a pipe's other end.
pub fn open_named(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is a pipe, not a file"));
    }
    Ok(file)
}

/// Variables that name a file, as read by us and by rustls-native-certs.
const FILES: [&str; 3] = ["AWS_CONFIG_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Out of the caller's folder, which could not be unmounted while the child runs, or while a browser does
/// that it opened; files named relative to that folder keep their meaning.
pub fn set_apart(command: &mut Command) {
    let named = FILES.iter().filter_map(|name| Some((name, whole_path(&std::env::var_os(name)?)?)));
    command.envs(named).current_dir("/");
}

/// A relative path from the root on; `None` where that is not to be had or the path needs nothing.
/// A leading `~/` is the home folder, as in [`config_path`](crate::profile::config_path).
fn whole_path(path: &OsStr) -> Option<PathBuf> {
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
    let _ = rustix::process::setsid();
}

/// Gives up stdout, so that whoever reads the other end sees its end while this process goes on.
pub fn close_stdout() {
    if let Ok(null) = OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    } else if let Ok((_, end)) = io::pipe() {
        let _ = rustix::stdio::dup2_stdout(&end);
    }
}

/// Runs a command in place of this program; ends as it does. On Unix this process becomes it, so that
/// signals, the terminal and the parent find the command itself (execvp(3)); elsewhere it is waited for.
///
/// # Errors
/// It can't be run. A success returns on Windows only.
pub fn become_command(mut command: Command) -> io::Result<ExitCode> {
    Err(command.exec())
}

/// Lets a process go on that was stopped (Ctrl-Z, SIGSTOP); one that runs does not notice (signal(7)).
pub fn wake(id: u32) {
    if let Some(id) = rustix::process::Pid::from_raw(id.cast_signed()) {
        // It may have ended just now, or be another user's.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::CONT);
    }
}
