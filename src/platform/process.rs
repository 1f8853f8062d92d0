//! Who a process is, so that another one can tell later whether it still runs.

#[cfg_attr(target_os = "linux", path = "process/linux.rs")]
#[cfg_attr(all(unix, not(target_os = "linux")), path = "process/other_unix.rs")]
#[cfg_attr(windows, path = "process/windows.rs")]
mod known;

use super::system;
use known::{place, runs, started};
use serde::{Deserialize, Serialize};

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
        Self { id, started: started(id), place: place() }
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
        if self.is_of_this_machine() && runs(self) {
            system::wake(self.id);
        }
    }
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
        let other = Process { id: child.id(), started: started(child.id()), ..me.clone() };
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
