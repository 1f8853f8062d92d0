//! The terminal's modes while they are not its own: put back however the process ends, by returning, by
//! Ctrl-C or by a signal. A terminal that is left without echo looks dead to whoever sits there.

use crate::platform::parting::{self, Deed};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// There is one terminal, and one state of its modes: what is to be put back.
static BEFORE: Mutex<Option<Before>> = Mutex::new(None);

struct Before {
    device: File,
    modes: Termios,
    last_words: &'static str,
}

fn before() -> MutexGuard<'static, Option<Before>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal with modes that may be changed, until this is dropped. One at a time.
pub struct Modes {
    _deed: Deed,
}

impl Modes {
    /// Changes nothing yet. `last_words` are written when the modes have been put back.
    ///
    /// # Errors
    /// There is no terminal, or its modes are held already.
    pub fn hold(last_words: &'static str) -> io::Result<Self> {
        // Put back by a signal that ends us, too, and then nothing is changed any more.
        let deed = parting::if_ended(|_| put_back(&mut before()))?;
        let mut before = before();
        if before.is_some() {
            return Err(ErrorKind::ResourceBusy.into());
        }
        let device = OpenOptions::new().read(true).write(true).open(super::DEVICE)?;
        let modes = tcgetattr(&device)?;
        *before = Some(Before { device, modes, last_words });
        Ok(Self { _deed: deed })
    }

    /// Sets other modes, made of those that were found.
    #[allow(clippy::unused_self, reason = "only who holds the modes may change them")]
    pub fn set(&self, change: impl FnOnce(&mut Termios)) -> io::Result<()> {
        let before = before();
        let before = before.as_ref().ok_or(ErrorKind::Interrupted)?;
        let mut modes = before.modes.clone();
        change(&mut modes);
        Ok(tcsetattr(&before.device, OptionalActions::Now, &modes)?)
    }

    /// The device, to read from.
    #[allow(clippy::unused_self, reason = "as above")]
    pub fn keyboard(&self) -> io::Result<File> {
        before().as_ref().ok_or(ErrorKind::Interrupted)?.device.try_clone()
    }

    /// Ends the process as Ctrl-C does elsewhere.
    pub fn interrupt(self) -> io::Error {
        drop(self);
        parting::end_by_ctrl_c()
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        put_back(&mut before());
    }
}

fn put_back(before: &mut Option<Before>) {
    let Some(Before { device, modes, last_words }) = before.take() else { return };
    // What nobody has read goes: the shell would take it for commands. Not with `Flush`, which waits for the
    // screen to take what was written, for ever on one that is stopped (termios(3), TCSAFLUSH). A terminal
    // that went away has nothing to put back.
    let _ = tcflush(&device, QueueSelector::IFlush);
    let _ = tcsetattr(&device, OptionalActions::Now, &modes);
    super::show(last_words);
}
