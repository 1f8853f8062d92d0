//! The simulated clock: the sandbox's, the program's and the browser's, moved together.
//!
//! The program reads it anew at every look, from a file, so that what runs in the background lives
//! through the same day. It always lies behind the true clock: faketime leaves alone what Rust asks
//! about files (statx), and a file of the future is taken for a new one and never for an abandoned one.

use crate::support::{Machine, faketime};
use cognito_creds::clock::Timestamp;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};

/// The clock of one simulated day.
#[derive(Debug)]
pub struct Clock {
    library: String,
    file: PathBuf,
    offset: AtomicI64,
}

impl Clock {
    /// A clock that is `seconds` behind.
    pub fn behind(machine: &Machine, seconds: i64) -> Self {
        let file = machine.path("clock");
        let clock = Self { library: faketime::library(), file, offset: AtomicI64::new(0) };
        clock.go_on(machine, -seconds);
        clock
    }

    /// Moves it.
    pub fn go_on(&self, machine: &Machine, seconds: i64) {
        let offset = self.offset.fetch_add(seconds, Ordering::Relaxed) + seconds;
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{offset:+}\n")).unwrap();
        fs::rename(&next, &self.file).unwrap();
        machine.sandbox.set_clock_offset(offset);
    }

    /// The simulated time, seconds since the epoch.
    pub fn now(&self) -> i64 {
        Timestamp::now().as_unix() + self.offset.load(Ordering::Relaxed)
    }

    /// Lets a program live by it.
    pub fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            // Pauses and deadlines run on the true clock.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}
