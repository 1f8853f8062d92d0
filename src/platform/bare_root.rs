//! What every Linux system has, but for a root folder that nobody has furnished: `/proc` and `/dev/null`.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

/// This program's file. Where there is no `/proc` to ask, what it was started by (`AT_EXECFN`, getauxval(3)).
///
/// # Errors
/// Neither is known.
pub fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe().or_else(|error| started_by().ok_or(error))
}

#[cfg(target_os = "linux")]
fn started_by() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(rustix::param::linux_execfn().to_bytes());
    std::path::absolute(name).ok().filter(|path| path.is_file())
}

#[cfg(not(target_os = "linux"))]
fn started_by() -> Option<PathBuf> {
    None
}

/// Input for a child that is at its end.
pub(super) fn no_input() -> Stdio {
    if has_null() {
        return Stdio::null();
    }
    std::io::pipe().map_or_else(|_| Stdio::null(), |(end, _)| end.into())
}

/// A place for a child's output that nobody reads.
pub(super) fn no_output() -> Stdio {
    if has_null() {
        return Stdio::null();
    }
    // Writing fails there, and whatever we start in the background takes that as it comes.
    std::io::pipe().map_or_else(|_| Stdio::null(), |(_, end)| end.into())
}

#[cfg(unix)]
fn has_null() -> bool {
    std::fs::exists("/dev/null").unwrap_or(true)
}

#[cfg(not(unix))]
fn has_null() -> bool {
    true
}
