//! One line on the terminal while something takes its time, and nothing of it afterwards.
//!
//! Others may write to the same terminal meanwhile: what this line returns to is the beginning of the row
//! that it stands on and never a row above it. So whole lines of others stay; only what they leave on that
//! row without an end of line is erased.

use super::escape::{linked, shows_links};
use crate::error::foreign;
use crate::platform::parting::{self, Deed};
use log::LevelFilter;
use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use url::Url;

/// What the link says.
const OPEN: &str = "Open it.";
/// The beginning of the line, and everything after it erased (ECMA-48 §8.3.41, EL).
const AFRESH: &str = "\r\u{1b}[K";
/// The line of this process, for whoever speaks meanwhile. There is one at a time.
static SHOWN: Mutex<Weak<Mutex<Option<Line>>>> = Mutex::new(Weak::new());

/// What the line says. A profile's name in it gives way where there is no room for the whole.
#[derive(Debug, Clone)]
pub struct Words {
    before: &'static str,
    name: String,
    after: Cow<'static, str>,
}

impl Words {
    /// A sentence about the profile of this name.
    pub fn of(before: &'static str, profile: &str, after: impl Into<Cow<'static, str>>) -> Self {
        Self { before, name: foreign(profile), after: after.into() }
    }

    /// A sentence without a name.
    pub fn alone(text: &'static str) -> Self {
        Self::of(text, "", "")
    }

    /// As much of it as stands on one row of so many columns: what wraps could not be taken away. The last
    /// column stays free, because some terminals wrap as soon as it is written.
    fn within(&self, width: usize) -> String {
        let room = width.saturating_sub(1);
        let name = cut(&self.name, room.saturating_sub(columns(self.before) + columns(&self.after)));
        cut(&format!("{}{name}{}", self.before, self.after), room)
    }
}

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
        let is_alone = log::max_level() == LevelFilter::Off;
        let tty = super::open().filter(|tty| super::can_erase() && is_alone && is_in_front(tty));
        let Some(tty) = tty else { return Self::unseen() };
        let link = address.filter(|_| shows_links());
        let shown = Arc::new(Mutex::new(Some(Line { tty, shown: String::new(), link })));
        let ended = Arc::clone(&shown);
        // Without it a signal leaves the line behind, no worse.
        let deed = parting::if_ended(move |_| drop(locked(&ended).take())).ok();
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&shown);
        Self { line: shown, _deed: deed }
    }

    /// The same, with a text that stays as it is.
    pub fn telling(words: &Words) -> Self {
        let waiting = Self::begin(None);
        waiting.tell(words);
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
    pub fn tell(&self, words: &Words) {
        if let Some(line) = locked(&self.line).as_mut() {
            line.tell(words);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        locked(&self.line).take();
    }
}

/// Says this above the line that this process shows now; `false` if it shows none.
pub(super) fn say_above(text: &str) -> bool {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    shown.is_some_and(|line| locked(&line).as_mut().is_some_and(|line| line.say_above(text)))
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
    fn tell(&mut self, words: &Words) {
        let text = words.within(self.room());
        if text != self.shown && is_in_front(&self.tty) {
            // As in `say`.
            let _ = self.tty.write_all(self.drawn(&text).as_bytes());
            self.shown = text;
        }
    }

    fn say_above(&mut self, text: &str) -> bool {
        let is_seen = !self.shown.is_empty() && is_in_front(&self.tty);
        if is_seen {
            let _ = self.tty.write_all(format!("{AFRESH}{text}\n{}", self.drawn(&self.shown)).as_bytes());
        }
        is_seen
    }

    fn drawn(&self, text: &str) -> String {
        let link = self.link.as_ref().map_or_else(String::new, |url| format!(" {}", linked(OPEN, url)));
        format!("{AFRESH}{text}{link}")
    }

    /// The columns beside the link.
    fn room(&self) -> usize {
        width(&self.tty).saturating_sub(if self.link.is_some() { OPEN.len() + 1 } else { 0 })
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

/// As much of a text as fits.
fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut taken = columns("…");
    let fits = |c: &char| {
        taken += columns_of(*c);
        taken <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// At most so many columns. Nothing below Hangul is wide (UAX #11); what lies above and is narrow after all
/// costs a name a few letters.
fn columns_of(c: char) -> usize {
    if c < '\u{1100}' { 1 } else { 2 }
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

    const AFTER: &str = " waits for the browser, 5:00 left, Ctrl-C stops.";

    #[test]
    fn a_long_name_gives_way_and_the_sentence_stays() {
        let shown = |name: &str, width| Words::of("Profile ", name, AFTER).within(width);
        assert_eq!(shown("dev", 80), format!("Profile dev{AFTER}"));
        assert_eq!(shown(&"x".repeat(200), 71), format!("Profile {}…{AFTER}", "x".repeat(12)));
        assert_eq!(shown("開発環境開発環境", 71), format!("Profile 開発環境開発…{AFTER}"));
    }

    #[test]
    fn nothing_reaches_the_end_of_a_row_however_short() {
        for (name, width) in [("dev", 5), ("開発環境", 20), ("dev", 60), ("開発環境", 61), ("開発環境", 0)]
        {
            let shown = Words::of("Profile ", name, AFTER).within(width);
            // The sign of what is missing is counted as wide as it may be.
            assert!(columns(&shown) <= width.saturating_sub(1).max(2), "{width}: {shown}");
        }
    }
}
