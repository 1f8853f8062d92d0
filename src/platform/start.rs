//! Starting this program again as a process that outlives its caller.
//!
//! `apart/unix.rs` and `apart/windows.rs` have the same names: how it is started, and how it says its line.

use super::bare_root::{no_input, no_output};
use std::io::{self, BufRead, BufReader, Read};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

#[cfg_attr(unix, path = "start/unix.rs")]
#[cfg_attr(windows, path = "start/windows.rs")]
mod apart;

pub use apart::tell_starter;
use apart::{Way, start};

/// Longest line that is read: an authorization address is well under it.
const LINE_MAX: u64 = 16 * 1024;

/// A process that was started and may say one line.
#[derive(Debug)]
pub struct Started(Way);

/// Starts a command that outlives this process: nothing of the caller's input or output is inherited, so
/// that whoever reads our stdout to its end does not wait for the child; nor is what ties a process to its
/// caller on this system. It says its line by [`tell_starter`], and calls [`super::leave_session`] first
/// thing.
///
/// # Errors
/// It can't be started.
pub fn start_apart(mut command: Command) -> io::Result<Started> {
    command.stdin(no_input()).stdout(no_output()).stderr(no_output());
    start(&mut command).map(Started)
}

impl Started {
    /// The line that it says, empty if it ends without one; `None` if it takes too long.
    pub fn line(self, limit: Duration) -> Option<String> {
        let (send, line) = mpsc::channel();
        let read = move || {
            let mut text = String::new();
            let read = BufReader::new(self.0.take(LINE_MAX)).read_line(&mut text);
            // The receiver is gone if the child took too long.
            let _ = send.send(read.ok().map(|_| text));
        };
        // A user who may start no more threads still gets an answer.
        std::thread::Builder::new().spawn(read).ok()?;
        line.recv_timeout(limit).ok().flatten()
    }
}
