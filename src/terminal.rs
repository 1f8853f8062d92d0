//! The person's terminal, reached as a device: the AWS CLI hides stderr, and two SDKs merge it into
//! the JSON, so neither stdout nor stderr is a place to talk to anybody.

/// What the console of Windows is asked and told.
#[cfg(windows)]
mod console;
mod escape;
#[cfg_attr(windows, path = "terminal/hidden_on_windows.rs")]
mod hidden;
#[cfg_attr(not(unix), allow(dead_code, reason = "lists are numbered there"))]
mod keys;
#[cfg_attr(not(unix), allow(dead_code, reason = "lists are numbered there"))]
mod list;
#[cfg(unix)]
mod modes;
mod pick;
mod waiting;

pub use escape::{address, shows_links, stderr_shows_links};
pub use hidden::Hidden;
pub use pick::{Manner, pick};
pub use waiting::{Waiting, Words};

use crate::profile::Environment;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

#[cfg(windows)]
const DEVICE: &str = "CONOUT$";
#[cfg(not(windows))]
const DEVICE: &str = "/dev/tty";
#[cfg(windows)]
const KEYBOARD: &str = "CONIN$";
#[cfg(not(windows))]
const KEYBOARD: &str = DEVICE;

/// The controlling terminal, if there is one.
///
/// Opened so that no write ever waits: a terminal stopped with Ctrl-S takes nothing until Ctrl-Q
/// (termios(3)), and whoever speaks may hold a lock that others wait for.
fn open() -> Option<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    options.open(DEVICE).ok()
}

/// Whether a person could read what is said.
pub fn is_there() -> bool {
    open().is_some()
}

/// Whether a person has typed this command, or the one that has started it: of two, the one leads the job
/// in front of the terminal (tcgetpgrp(3)). Of two hundred processes behind one command this is true for
/// those at most that it has started itself. On Windows only a command is known that has the console for its
/// output, as none has that an SDK started.
pub fn is_typed() -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{getpgrp, getpid, getppid};
        let group = getpgrp();
        let is_in_front = |tty| rustix::termios::tcgetpgrp(tty).is_ok_and(|front| front == group);
        (getpid() == group || getppid() == Some(group)) && open().is_some_and(is_in_front)
    }
    #[cfg(not(unix))]
    {
        use std::io::IsTerminal;
        io::stdout().is_terminal() && io::stderr().is_terminal()
    }
}

/// Whether the terminal moves its cursor and erases when it is told to.
fn can_erase() -> bool {
    let term = std::env::var("TERM");
    #[cfg(windows)]
    if term.is_err() {
        // Only Unix shells that were brought along set it there.
        return console::takes_sequences();
    }
    term.is_ok_and(|term| term != "dumb")
}

/// Whether somebody is there to be asked: some build machines have a terminal, and nobody at it.
pub fn is_attended(env: &dyn Environment) -> bool {
    is_there() && !on_a_build_machine(env)
}

/// Whether this is a build machine: all of them set `CI`. Empty counts as unset, as everywhere.
pub fn on_a_build_machine(env: &dyn Environment) -> bool {
    env.var("CI").is_some()
}

/// Asks the terminal to copy a text. Whether it did can't be known: many terminals ask their person
/// first, or don't know how.
pub fn copy(text: &str) {
    if let Some(mut tty) = open() {
        // As in `say`.
        let _ = tty.write_all(escape::copying(text).as_bytes());
    }
}

/// Says something to the person, on a line of its own, in one write so that lines of several
/// processes don't mix. Without a terminal nothing happens; on one that is stopped or full, the text
/// or the rest of it is dropped. Where this process shows a line that waits, it stands above that.
pub fn say(text: &str) {
    if !waiting::say_above(text) {
        show(&format!("{text}\n"));
    }
}

/// Writes this as it is.
fn show(text: &str) {
    #[cfg(windows)]
    if console::show(text) {
        return;
    }
    if let Some(mut tty) = open().filter(|_| !text.is_empty()) {
        // A terminal that went away or takes nothing is nobody to talk to.
        let _ = tty.write_all(text.as_bytes());
    }
}

/// The most bytes of an answer that are read.
const ANSWER_MAX: u64 = 4096;

/// Asks the person for one line, shown while it is typed and given back without blanks around it.
/// Reads the terminal device, never stdin.
///
/// # Errors
/// There is no terminal, or the person ended the input (Ctrl-D): `UnexpectedEof`.
pub fn ask(question: &str) -> io::Result<String> {
    let keyboard = File::open(KEYBOARD)?;
    let mut screen = OpenOptions::new().write(true).open(DEVICE)?;
    screen.write_all(question.as_bytes())?;
    let mut line = String::new();
    // A terminal gives one line at a time, so the buffer takes nothing of the next answer.
    if BufReader::new(keyboard.take(ANSWER_MAX)).read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim().to_owned())
}

/// The same, and nobody waits for longer than `until`.
///
/// # Errors
/// As [`ask`]; `TimedOut`.
pub fn ask_until(question: &str, until: Instant) -> io::Result<String> {
    let question = question.to_owned();
    answer_until(Some(until), move || ask(&question))
}

/// Asks the person for one line that is not shown while it is typed. Reads the terminal device, never
/// stdin. For several lines in a row take [`Hidden`] itself.
///
/// # Errors
/// As [`ask`].
pub fn ask_hidden(question: &str) -> io::Result<String> {
    Hidden::begin()?.ask(question, None)
}

/// The same, and nobody waits for longer than `until`.
///
/// # Errors
/// As [`ask_until`].
pub fn ask_hidden_until(question: &str, until: Instant) -> io::Result<String> {
    Hidden::begin()?.ask(question, Some(until))
}

/// What `read` gives, or `TimedOut`. Not every system lets a read of a terminal be waited for with a limit
/// (poll(2) on macOS, the Windows console), so a thread is left behind in it: whoever runs out of time ends
/// the process.
fn answer_until<T: Send + 'static>(
    until: Option<Instant>,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Some(until) = until else { return read() };
    let (send, answer) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        // Nobody may wait any more.
        let _ = send.send(read());
    })?;
    let left = until.saturating_duration_since(Instant::now());
    answer.recv_timeout(left).unwrap_or_else(|why| match why {
        RecvTimeoutError::Timeout => Err(ErrorKind::TimedOut.into()),
        RecvTimeoutError::Disconnected => Err(ErrorKind::UnexpectedEof.into()),
    })
}
