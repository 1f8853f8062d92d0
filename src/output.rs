//! The only writers to stdout and stderr.

use std::io::{self, Write};

/// Writes the whole document in one `write`: Kotlin's SDK corrupts JSON that arrives in pieces.
/// A reader that has gone away (`EPIPE`) is no error worth words.
pub fn document(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A line for the person who typed a command.
pub fn stdout(line: &str) {
    // Whoever closed the pipe doesn't want it.
    let _ = document(format!("{line}\n").as_bytes());
}

/// A line on stderr: failures, and messages for `-v`.
pub fn stderr(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
