//! Answers that are not shown, on Unix.
//!
//! rpassword reads the line; the modes of the terminal are held here. They stand before the question
//! does, so that an answer that is pasted at once isn't shown either. They stand until the last answer has
//! been taken, because what comes after the first line of a pasted text belongs to it.

use super::modes::Modes;
use rustix::termios::{LocalModes, QueueSelector, SpecialCodeIndex, tcflush};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::time::Instant;

/// The most bytes of an answer that are read: more than any address that is accepted.
const ANSWER_MAX: u64 = 64 * 1024;
/// What Ctrl-C sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;

/// The terminal while it shows nothing of what is typed or pasted.
pub struct Hidden {
    /// Gone once Ctrl-C was pressed.
    modes: Option<Modes>,
    keyboard: File,
    asked: bool,
}

impl Hidden {
    /// Turns off what shows input. Input is taken byte by byte: a terminal that collects lines gives no
    /// more than 4095 bytes of one (termios(3)), and addresses may be longer.
    pub fn begin() -> io::Result<Self> {
        let modes = Modes::hold("")?;
        modes.set(|modes| {
            modes.local_modes -=
                LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        })?;
        let keyboard = modes.keyboard()?;
        Ok(Self { modes: Some(modes), keyboard, asked: false })
    }

    /// Asks for one line. Ctrl-C ends the process, as it does elsewhere.
    ///
    /// # Errors
    /// The person ended the input (Ctrl-D), or the terminal went away. `TimedOut`: nobody answered until then.
    pub fn ask(&mut self, question: &str, until: Option<Instant>) -> io::Result<String> {
        if self.asked {
            // The rest of a text of several lines is no answer to the next question.
            tcflush(&self.keyboard, QueueSelector::IFlush)?;
        }
        self.asked = true;
        super::show(question);
        let keys = Keys(self.keyboard.try_clone()?.take(ANSWER_MAX));
        let line = super::answer_until(until, move || {
            rpassword::read_password_with_config(
                rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build(),
            )
        });
        if line.as_ref().is_err_and(|e| e.kind() == ErrorKind::ConnectionAborted)
            && let Some(modes) = self.modes.take()
        {
            return Err(modes.interrupt());
        }
        super::show("\n");
        line
    }
}

/// The keyboard, on which Ctrl-C is an error: rpassword would end the process and leave the terminal as
/// it is.
struct Keys(io::Take<File>);

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        if buffer[..count].contains(&CTRL_C) { Err(ErrorKind::ConnectionAborted.into()) } else { Ok(count) }
    }
}
