//! Answers that are not shown, on Unix.
//!
//! rpassword reads the line; the modes of the terminal are held here, for three reasons. They stand
//! before the question does, so that an answer that is pasted at once isn't shown either. They stand until
//! the last answer has been taken, because what comes after the first line of a pasted text belongs
//! to it. And Ctrl-C ends the process only after they have been put back.

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};

/// The most bytes of an answer that are read: more than any address that is accepted.
const ANSWER_MAX: u64 = 64 * 1024;
/// What Ctrl-C sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;

/// The terminal while it shows nothing of what is typed or pasted.
pub struct Hidden {
    device: File,
    before: Termios,
    asked: bool,
}

impl Hidden {
    /// Turns off what shows input. Input is taken byte by byte: a terminal that collects lines gives no
    /// more than 4095 bytes of one (termios(3)), and addresses may be longer.
    pub fn begin() -> io::Result<Self> {
        let device = OpenOptions::new().read(true).write(true).open(super::DEVICE)?;
        let before = tcgetattr(&device)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&device, OptionalActions::Now, &modes)?;
        Ok(Self { device, before, asked: false })
    }

    /// Asks for one line. Ctrl-C ends the process, as it does elsewhere.
    ///
    /// # Errors
    /// The person ended the input (Ctrl-D), or the terminal went away.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        if self.asked {
            // The rest of a text of several lines is no answer to the next question.
            tcflush(&self.device, QueueSelector::IFlush)?;
        }
        self.asked = true;
        self.device.write_all(question.as_bytes())?;
        let keys = Keys(self.device.try_clone()?.take(ANSWER_MAX));
        let line = rpassword::read_password_with_config(
            rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build(),
        );
        self.device.write_all(b"\n")?;
        if line.as_ref().is_err_and(|e| e.kind() == ErrorKind::ConnectionAborted) {
            self.put_back();
            kill_process(getpid(), Signal::INT)?;
        }
        line
    }

    fn put_back(&self) {
        // With what nobody has read: the shell would take it for commands.
        let _ = tcsetattr(&self.device, OptionalActions::Flush, &self.before);
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.put_back();
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
