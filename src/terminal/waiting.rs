//! One line on the terminal while something takes its time, and nothing of it afterwards.
//!
//! Others may write to the same terminal meanwhile: what this line returns to is its own beginning and
//! never a line above it, so nobody else's words are overwritten.

use super::escape::linked;
use std::fs::File;
use std::io::Write;
use url::Url;

/// What the link says.
const OPEN: &str = "Open it.";
/// The beginning of the line, and everything after it erased (ECMA-48 §8.3.41, EL).
const AFRESH: &str = "\r\u{1b}[K";

/// The line. Dropping it takes it away.
pub struct Waiting {
    tty: Option<File>,
    shown: String,
    link: Option<Url>,
}

impl Waiting {
    /// Nothing is shown yet; nothing ever is where there is no terminal, or one that can't erase. The
    /// line ends with the link, if there is one and the terminal makes links.
    pub fn begin(link: Option<Url>) -> Self {
        let can_erase = std::env::var("TERM").is_ok_and(|term| term != "dumb");
        Self { tty: super::open().filter(|_| can_erase), shown: String::new(), link }
    }

    /// For whoever waits and has nothing to show.
    pub fn unseen() -> Self {
        Self { tty: None, shown: String::new(), link: None }
    }

    /// Shows this in the place of what was there.
    pub fn tell(&mut self, text: &str) {
        let Some(tty) = self.tty.as_mut().filter(|_| self.shown != text) else { return };
        // As in `say`.
        let link = self.link.as_ref().map_or_else(String::new, |url| format!(" {}", linked(OPEN, url)));
        let room = width(tty).saturating_sub(if link.is_empty() { 0 } else { OPEN.len() + 1 });
        let _ = tty.write_all(format!("{AFRESH}{}{link}", cut(text, room)).as_bytes());
        text.clone_into(&mut self.shown);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(tty) = self.tty.as_mut().filter(|_| !self.shown.is_empty()) {
            let _ = tty.write_all(AFRESH.as_bytes());
        }
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
