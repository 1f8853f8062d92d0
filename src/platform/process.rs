//! Who a process is, so that another one can tell later whether it still runs.

use serde::{Deserialize, Serialize};
use std::io;
use std::process::{Command, ExitCode};

/// A process, told apart from every other one, also from a later one with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// When it started, in the system's ticks since boot; 0 where that can't be known.
    started: u64,
    /// Where its number means something: this boot of this machine, this container. Empty where that
    /// can't be known.
    place: String,
}

impl Process {
    /// This process.
    pub fn current() -> Self {
        let id = std::process::id();
        Self { id, started: state_of(id).map_or(0, |state| state.started), place: place() }
    }

    /// Whether its number means something here: a home on a network is shared by machines, a mounted
    /// one by containers.
    pub fn is_of_this_machine(&self) -> bool {
        !self.place.is_empty() && self.place == place()
    }

    /// Whether it has certainly ended. A process of another machine never has.
    pub fn has_ended(&self) -> bool {
        self.is_of_this_machine() && !runs(self)
    }

    /// Wakes it, should it be stopped (Ctrl-Z, SIGSTOP); one that runs does not notice (signal(7)).
    pub fn wake(&self) {
        #[cfg(unix)]
        if self.is_of_this_machine()
            && runs(self)
            && let Some(id) = rustix::process::Pid::from_raw(self.id.cast_signed())
        {
            // It may have ended just now, or be another user's.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::CONT);
        }
    }
}

/// Runs a command in place of this program; ends as it does. On Unix this process becomes it, so that
/// signals, the terminal and the parent find the command itself (execvp(3)); elsewhere it is waited for.
///
/// # Errors
/// It can't be run. A success returns on Windows only.
pub fn become_command(mut command: Command) -> io::Result<ExitCode> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(&mut command));
    #[cfg(not(unix))]
    {
        let code = command.status()?.code().unwrap_or(1);
        // Windows has codes of 32 bits, and a program can end with eight of them.
        Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
    }
}

/// What the system knows of a process.
struct State {
    started: u64,
    ended: bool,
}

/// From `/proc/PID/stat` (proc_pid_stat(5)): the name in brackets may hold anything, so counting begins
/// behind the last bracket, at field 3. A zombie has ended; nobody has asked for its exit code yet.
#[cfg(target_os = "linux")]
fn state_of(id: u32) -> Option<State> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let started = fields.get(22 - 3)?.parse().ok()?;
    Some(State { started, ended: matches!(fields.first(), Some(&("Z" | "X"))) })
}

#[cfg(not(target_os = "linux"))]
fn state_of(_: u32) -> Option<State> {
    None
}

#[cfg(target_os = "linux")]
fn runs(process: &Process) -> bool {
    state_of(process.id).is_some_and(|found| found.started == process.started && !found.ended)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn runs(process: &Process) -> bool {
    let Some(id) = rustix::process::Pid::from_raw(process.id.cast_signed()) else { return false };
    rustix::process::test_kill_process(id) != Err(rustix::io::Errno::SRCH)
}

#[cfg(not(unix))]
fn runs(_: &Process) -> bool {
    true
}

/// Numbers of processes belong to one boot and one process namespace (pid_namespaces(7)).
#[cfg(target_os = "linux")]
fn place() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if boot.is_empty() { boot } else { format!("{} {}", boot.trim_end(), namespace.display()) }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn place() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn place() -> String {
    String::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_that_runs_is_told_from_one_that_ended_and_from_one_with_its_number() {
        let me = Process::current();
        assert!(me.is_of_this_machine() && !me.has_ended());
        assert!(Process { started: me.started + 1, ..me.clone() }.has_ended());

        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let started = state_of(child.id()).unwrap().started;
        let other = Process { id: child.id(), started, ..me.clone() };
        assert!(!other.has_ended());
        child.kill().unwrap();
        // A zombie until it is waited for.
        while !other.has_ended() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(other.has_ended());
    }

    #[test]
    fn nothing_is_said_about_a_process_of_another_machine() {
        for place in ["", "another boot pid:[1]"] {
            let there = Process { id: u32::MAX, started: 1, place: place.to_owned() };
            assert!(!there.is_of_this_machine() && !there.has_ended());
        }
    }
}
