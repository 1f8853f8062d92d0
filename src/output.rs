//! The only writers to stdout and stderr.

use crate::profile::Environment;
use std::io::{self, IsTerminal, Write};

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

/// Whether colours on stdout are wanted: on a terminal that knows them, and not with a `NO_COLOR` that
/// is not empty (<https://no-color.org>).
pub fn shows_colours(env: &dyn Environment) -> bool {
    let set = |name| env.var(name).filter(|value| !value.is_empty());
    io::stdout().is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// A line on stderr: failures, and messages for `-v`.
pub fn stderr(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
