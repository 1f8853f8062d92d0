//! One of several, chosen by a person at the terminal device.
//!
//! A list of our own instead of a library's: those draw on stdout or stderr, which belong to whoever
//! called us, or end the process on Ctrl-C with the cursor hidden; and the rows here are foreign text.

use std::io::{self, ErrorKind};

/// How a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Drawn in place: arrows move, typing filters.
    Drawn,
    /// Numbered, for terminals that can't move a cursor, and for screen readers.
    Numbered,
}

impl Manner {
    /// What a terminal of this name (`TERM`) can do. Without a name it is taken for a simple one.
    pub fn of(term: Option<&str>) -> Self {
        match term {
            None | Some("" | "dumb" | "unknown") => Self::Numbered,
            Some(_) if cfg!(not(unix)) => Self::Numbered,
            Some(_) => Self::Drawn,
        }
    }
}

/// Asks the person for one of `rows`, with row `start` marked: its index, or `None` where they leave
/// it. Rows are to be printable text, one line each. Reads and writes the terminal device alone; the
/// terminal is as before when this returns.
///
/// # Errors
/// There is no terminal, or it went away.
#[cfg_attr(not(unix), allow(unused_variables, reason = "a numbered list marks no row"))]
pub fn pick(question: &str, rows: &[String], start: usize, manner: Manner) -> io::Result<Option<usize>> {
    match manner {
        #[cfg(unix)]
        Manner::Drawn => drawn::pick(question, rows, start),
        _ => numbered(question, rows),
    }
}

fn numbered(question: &str, rows: &[String]) -> io::Result<Option<usize>> {
    let numbered = rows.iter().enumerate().map(|(at, row)| format!("\n  {:>2}  {row}", at + 1));
    super::say(&format!("{question}{}", numbered.collect::<String>()));
    loop {
        let typed = match super::ask(&format!("Number, 1 to {} (Enter alone leaves it): ", rows.len())) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            typed => typed?,
        };
        if typed.is_empty() {
            return Ok(None);
        }
        if let Some(at) = typed.parse::<usize>().ok().filter(|at| (1..=rows.len()).contains(at)) {
            return Ok(Some(at - 1));
        }
    }
}

#[cfg(unix)]
mod drawn {
    use crate::terminal::keys::{Decoder, Key};
    use crate::terminal::list::{List, Turn};
    use crate::terminal::modes::Modes;
    use crate::terminal::show;
    use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetwinsize};
    use std::fs::File;
    use std::io::{self, ErrorKind, Read};

    /// Where a terminal doesn't tell its size.
    const USUAL: (usize, usize) = (80, 24);
    /// To the line's start, and nothing below (ECMA-48 §8.3.39).
    const CLEAR: &str = "\r\x1b[J";
    /// Tenths of a second after which Esc is Esc, and no beginning of an arrow key.
    const ESC_ALONE: u8 = 1;

    pub fn pick(question: &str, rows: &[String], start: usize) -> io::Result<Option<usize>> {
        let mut raw = Raw::begin()?;
        show(&format!("{question}\nArrows and typing choose, Enter takes it, Esc leaves it.\n"));
        let (mut list, mut decoder) = (List::new(rows, start), Decoder::default());
        loop {
            raw.draw(&list);
            for key in raw.keys(&mut decoder)? {
                match list.press(key) {
                    Turn::Again => {}
                    Turn::Chosen(row) => return Ok(Some(row)),
                    Turn::Left => return Ok(None),
                }
            }
        }
    }

    /// The terminal without line editing, echo and signal keys, until this is dropped.
    struct Raw {
        modes: Modes,
        keyboard: File,
    }

    impl Raw {
        fn begin() -> io::Result<Self> {
            let modes = Modes::hold(CLEAR)?;
            let keyboard = modes.keyboard()?;
            let raw = Self { modes, keyboard };
            raw.wait_for(1, 0)?;
            Ok(raw)
        }

        /// Reads give at least so many bytes, or end after so many tenths of a second (termios(3)).
        fn wait_for(&self, bytes: u8, tenths: u8) -> io::Result<()> {
            self.modes.set(|modes| {
                // Ctrl-C comes as a key: it leaves the list and not the program.
                let lines = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
                modes.local_modes.remove(lines);
                modes.special_codes[SpecialCodeIndex::VMIN] = bytes;
                modes.special_codes[SpecialCodeIndex::VTIME] = tenths;
            })
        }

        fn draw(&self, list: &List<'_>) {
            let size = tcgetwinsize(&self.keyboard).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
            let (width, height) = size.map_or(USUAL, |size| (size.ws_col.into(), size.ws_row.into()));
            let (lines, column) = list.draw(width, height);
            // Back to the prompt, where the next frame begins.
            let up = lines.len().saturating_sub(1).max(1);
            show(&format!("{CLEAR}{}\x1b[{up}A\r\x1b[{column}C", lines.join("\r\n")));
        }

        fn keys(&mut self, decoder: &mut Decoder) -> io::Result<Vec<Key>> {
            let mut bytes = [0; 256];
            let count = self.keyboard.read(&mut bytes)?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let mut keys = decoder.feed(&bytes[..count]);
            while decoder.is_waiting() {
                // poll(2) knows no terminals on macOS; the terminal's own timer is everywhere.
                self.wait_for(0, ESC_ALONE)?;
                let count = self.keyboard.read(&mut bytes);
                self.wait_for(1, 0)?;
                match count? {
                    0 => keys.extend(decoder.end()),
                    count => keys.extend(decoder.feed(&bytes[..count])),
                }
            }
            Ok(keys)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_drawn_only_where_the_terminal_says_what_it_is() {
        assert_eq!(Manner::of(Some("dumb")), Manner::Numbered);
        assert_eq!(Manner::of(None), Manner::Numbered);
        #[cfg(unix)]
        assert_eq!(Manner::of(Some("xterm-256color")), Manner::Drawn);
    }
}
