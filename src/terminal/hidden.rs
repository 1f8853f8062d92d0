//! A keyboard whose keys are not shown, and a terminal that is as before when it is let go.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, Read};

/// What Ctrl-C sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;

/// Gives each key as it is pressed; Ctrl-C is one of them (termios(3), non-canonical mode, in which an
/// answer may also be longer than the 4,095 bytes of a line).
///
/// rpassword, which could do this itself, ends the process at Ctrl-C before it restores the terminal,
/// and many shells leave it so: whatever the person types next is not shown.
pub struct Keyboard {
    device: File,
    before: Termios,
}

impl Keyboard {
    /// Hides what is typed from now on.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open() -> io::Result<Self> {
        let device = File::open(super::KEYBOARD)?;
        let before = tcgetattr(&device)?;
        let mut hidden = before.clone();
        let visible = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        hidden.local_modes.remove(visible);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&device, OptionalActions::Now, &hidden)?;
        Ok(Self { device, before })
    }

    fn restore(&self) {
        // A terminal that went away needs nothing.
        let _ = tcsetattr(&self.device, OptionalActions::Now, &self.before);
    }
}

impl Read for Keyboard {
    fn read(&mut self, keys: &mut [u8]) -> io::Result<usize> {
        let pressed = self.device.read(keys)?;
        if keys[..pressed].contains(&CTRL_C) {
            // Whoever reads it ends the process.
            self.restore();
        }
        Ok(pressed)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.restore();
    }
}
