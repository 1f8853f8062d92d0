//! One line on the terminal while something takes its time, and nothing of it afterwards.
//!
//! Others may write to the same terminal meanwhile: what this line returns to is its own beginning and
//! never a line above it, so nobody else's words are overwritten.

use super::escape::{linked, shows_links};
use crate::platform::parting::{self, Deed};
use log::LevelFilter;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// What the link says.
const OPEN: &str = "Open it.";
/// The beginning of the line, and everything after it erased (ECMA-48 §8.3.41, EL).
const AFRESH: &str = "\r\u{1b}[K";

/// The line. Dropping it takes it away, and so does a signal that ends the process.
pub struct Waiting {
    line: Arc<Mutex<Option<Line>>>,
    _deed: Option<Deed>,
}

impl Waiting {
    /// Nothing is shown yet; nothing ever is where there is no terminal, or one that can't erase, or where
    /// somebody else is at it: a job in the background would erase what its person types. Nor with `-v`,
    /// whose messages come in between. The line ends with a link to the address, if there is one and the
    /// terminal makes links.
    pub fn begin(address: Option<Url>) -> Self {
        let can_erase = std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let is_alone = log::max_level() == LevelFilter::Off;
        let tty = super::open().filter(|tty| can_erase && is_alone && is_in_front(tty));
        let Some(tty) = tty else { return Self::unseen() };
        let link = address.filter(|_| shows_links());
        let shown = Arc::new(Mutex::new(Some(Line { tty, shown: String::new(), link })));
        let ended = Arc::clone(&shown);
        // Without it a signal leaves the line behind, no worse.
        let deed = parting::if_ended(move || drop(locked(&ended).take())).ok();
        Self { line: shown, _deed: deed }
    }

    /// The same, with a text that stays as it is.
    pub fn telling(text: &str) -> Self {
        let waiting = Self::begin(None);
        waiting.tell(text);
        waiting
    }

    /// For whoever waits and has nothing to show.
    pub fn unseen() -> Self {
        Self { line: Arc::default(), _deed: None }
    }

    /// Whether the link will be seen.
    pub fn shows_link(&self) -> bool {
        locked(&self.line).as_ref().is_some_and(|line| line.link.is_some())
    }

    /// Shows this in the place of what was there.
    pub fn tell(&self, text: &str) {
        if let Some(line) = locked(&self.line).as_mut() {
            line.tell(text);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        locked(&self.line).take();
    }
}

fn locked(line: &Mutex<Option<Line>>) -> MutexGuard<'_, Option<Line>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Line {
    tty: File,
    shown: String,
    link: Option<Url>,
}

impl Line {
    fn tell(&mut self, text: &str) {
        if self.shown == text || !is_in_front(&self.tty) {
            return;
        }
        let link = self.link.as_ref().map_or_else(String::new, |url| format!(" {}", linked(OPEN, url)));
        let room = width(&self.tty).saturating_sub(if link.is_empty() { 0 } else { OPEN.len() + 1 });
        // As in `say`.
        let _ = self.tty.write_all(format!("{AFRESH}{}{link}", cut(text, room)).as_bytes());
        text.clone_into(&mut self.shown);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.shown.is_empty() && is_in_front(&self.tty) {
            let _ = self.tty.write_all(AFRESH.as_bytes());
        }
    }
}

/// Whether the terminal is ours now, and not the shell's or another job's (tcgetpgrp(3)).
fn is_in_front(tty: &File) -> bool {
    #[cfg(unix)]
    return rustix::termios::tcgetpgrp(tty).is_ok_and(|group| group == rustix::process::getpgrp());
    #[cfg(not(unix))]
    {
        let _ = tty;
        true
    }
}

/// As much of a text as stands on one line: what wraps could not be taken away.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() < width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(2)).chain(['…']).collect()
}

fn width(tty: &File) -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(tty)
        && size.ws_col > 0
    {
        return size.ws_col.into();
    }
    let _ = tty;
    80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_never_reaches_the_end_of_the_line() {
        assert_eq!(cut("short", 80), "short");
        assert_eq!(cut(&"x".repeat(200), 80).chars().count(), 79);
        assert_eq!(cut("12345", 5).chars().count(), 4);
    }
}
