//! Windows' side of what every system answers in its own way; `unix.rs` has the same names.

use std::fs::{File, Metadata};
use std::io;
use std::os::windows::process::CommandExt;
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

/// Away from the caller's console.
pub fn set_apart(command: &mut Command) {
    /// No console window flashes up; the child's own children share the hidden console.
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    /// Ctrl-C in the caller's console does not reach the child.
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// Nothing to do: the child was set apart from the caller's console by whoever started it.
pub fn leave_session() {}

/// Nothing is done: the pipe closes with the process.
pub fn close_stdout() {}

/// Runs a command and ends as it does; here it is waited for.
///
/// # Errors
/// It can't be run.
pub fn become_command(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    // Windows has codes of 32 bits, and a program can end with eight of them.
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Nothing to do: no process is stopped as by SIGSTOP.
pub fn wake(_: u32) {}
