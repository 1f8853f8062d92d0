//! By a pipe in the place of stdout.

use super::super::system::{close_stdout, set_apart};
use std::io::{self, ErrorKind, Write};
use std::process::{ChildStdout, Command, Stdio};

/// What the child says.
pub type Way = ChildStdout;

pub fn start(command: &mut Command) -> io::Result<Way> {
    set_apart(command);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    child.stdout.take().ok_or_else(|| ErrorKind::BrokenPipe.into())
}

/// The child's side: says its line, if any, and gives up the pipe.
pub fn tell_starter(line: &str) {
    if !line.is_empty() {
        // The caller may be gone already; the child goes on without it.
        let _ = io::stdout().lock().write_all(line.as_bytes());
    }
    close_stdout();
}
