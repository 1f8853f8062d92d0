//! Processes on macOS and every other Unix without Linux's `/proc`.

use super::Process;

/// Not asked for.
pub fn started(_: u32) -> u64 {
    0
}

/// Whether a process of its number runs, which may be another one by now.
pub fn runs(process: &Process) -> bool {
    let Some(id) = rustix::process::Pid::from_raw(process.id.cast_signed()) else { return false };
    rustix::process::test_kill_process(id) != Err(rustix::io::Errno::SRCH)
}

/// The machine's name.
pub fn place() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
