//! Who holds a lock: a line that the holder leaves in the lock's file.

use crate::platform::Process;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Seek, Write};

/// A holder's line is far below this.
const LINE_BYTES: u64 = 4_096;

/// One holding of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process: Process,
    /// Tells one holding from the next by the same process.
    turn: u64,
}

impl Holder {
    /// This process, from now on.
    pub(super) fn me() -> Self {
        Self { process: Process::current(), turn: getrandom::u64().unwrap_or_default() }
    }

    /// What the file says; `None` where it says nothing, or not yet, or may not be read while it is
    /// locked (Windows).
    pub(super) fn read(mut file: &File) -> Option<Self> {
        file.rewind().ok()?;
        let mut text = Vec::new();
        file.take(LINE_BYTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Replaces what the file says.
    pub(super) fn write(&self, mut file: &File) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&text)
    }

    /// In words: `process 123`, where that number means something here.
    pub fn words(holder: Option<&Self>) -> String {
        match holder {
            Some(holder) if holder.process.is_of_this_machine() => format!("process {}", holder.process.id),
            Some(_) => "a process on another machine".to_owned(),
            None => "a process that can't be named".to_owned(),
        }
    }
}
