//! Starts of the program under Wine. Now and then a process hangs in Wine's own start, before there is a program
//! in it, where many start at once or others are killed: that one is started anew.

use crate::support::{Machine, Ran};
use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any start takes that comes to its end.
const START: Duration = Duration::from_secs(15);

/// One call, as an SDK makes it.
pub fn call(machine: &Machine) -> Ran {
    let mut callers = [machine.start()];
    all_begin(machine, &mut callers);
    let [caller] = callers;
    Ran::of(caller)
}

/// Waits until there is a program in each of these processes.
pub fn all_begin(machine: &Machine, callers: &mut [Child]) {
    let until = Instant::now() + START;
    for caller in callers {
        while !has_begun(caller) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        if !has_begun(caller) {
            caller.kill().unwrap();
            caller.wait().unwrap();
            *caller = machine.start();
        }
    }
}

/// Wine gives a process the words that Windows knows it by when its program begins.
fn has_begun(caller: &mut Child) -> bool {
    let words = fs::read(format!("/proc/{}/cmdline", caller.id())).unwrap_or_default();
    words.starts_with(b"Z:") || caller.try_wait().unwrap().is_some()
}
