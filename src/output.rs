//! The only writers to stdout and stderr.

use crate::profile::Environment;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

/// Why something that a person asked for did not reach them.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes the whole document in one `write`: Kotlin's SDK corrupts JSON that arrives in pieces.
/// A reader that has gone away (`EPIPE`) is no error worth words.
pub fn document(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A line for the person who typed a command. One that is lost, on a full disk for instance, is not
/// forgotten: [`lost`].
pub fn stdout(line: &str) {
    stdout_as_it_is(&format!("{line}\n"));
}

/// The same for a text that has its last line's end.
pub fn stdout_as_it_is(text: &str) {
    match document(text.as_bytes()) {
        // Whoever closed the pipe doesn't want it.
        Err(why) if why.kind() != ErrorKind::BrokenPipe => drop(LOST.set(why)),
        _ => {}
    }
}

/// Why the first line that was lost could not be written. A command with such a line has failed, whatever
/// else went well.
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
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
