//! Windows' side of what every system answers in its own way; `unix.rs` has the same names.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The number of the user whose files and keys are ours; `None` on Windows.
pub fn user_id() -> Option<u32> {
    None
}

/// The user whom a file belongs to, unless it is ours; always `None` on Windows.
pub fn another_owner(_: &Metadata) -> Option<u32> {
    None
}

/// Whether the file has the attribute that keeps its owner from writing.
pub fn is_write_protected(found: &Metadata) -> bool {
    found.permissions().readonly()
}

/// Whether anybody may run this file; on Windows no file says so.
pub fn may_be_run(_: &Metadata) -> bool {
    true
}

/// Opens what a setting names.
pub fn open_named(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Nothing to do: the child was set apart from the caller's console by whoever started it.
pub fn leave_session() {}

/// Runs a command and ends as it does; here it is waited for. Ctrl-C is the command's alone, as it is on
/// Unix: who takes that event and does nothing goes on. A line that waited for something has left a thread
/// that would end us.
///
/// # Errors
/// It can't be run.
pub fn become_command(mut command: Command) -> io::Result<ExitCode> {
    super::parting::leave_keys();
    let _untouched = (tokio::signal::windows::ctrl_c(), tokio::signal::windows::ctrl_break());
    let code = command.status()?.code().unwrap_or(1);
    // Windows has codes of 32 bits, and a program can end with eight of them.
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Nothing to do: no process is stopped as by SIGSTOP.
pub fn wake(_: u32) {}
