//! The terminal's modes while they are not its own: put back however the process ends, by returning, by
//! Ctrl-C or by a signal. A terminal that is left without echo looks dead to whoever sits there.

use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// There is one terminal, and one state of its modes.
static STATE: Mutex<State> = Mutex::new(State { watched: false, before: None });

struct State {
    /// Whether signals are waited for.
    watched: bool,
    /// What is to be put back.
    before: Option<Before>,
}

struct Before {
    device: File,
    modes: Termios,
    last_words: &'static str,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal with modes that may be changed, until this is dropped. One at a time.
pub struct Modes(());

impl Modes {
    /// Changes nothing yet. `last_words` are written when the modes have been put back.
    ///
    /// # Errors
    /// There is no terminal, or its modes are held already.
    pub fn hold(last_words: &'static str) -> io::Result<Self> {
        let mut state = state();
        if state.before.is_some() {
            return Err(ErrorKind::ResourceBusy.into());
        }
        let device = OpenOptions::new().read(true).write(true).open(super::DEVICE)?;
        let modes = tcgetattr(&device)?;
        if !state.watched {
            watch()?;
            state.watched = true;
        }
        state.before = Some(Before { device, modes, last_words });
        Ok(Self(()))
    }

    /// Sets other modes, made of those that were found.
    #[allow(clippy::unused_self, reason = "only who holds the modes may change them")]
    pub fn set(&self, change: impl FnOnce(&mut Termios)) -> io::Result<()> {
        let state = state();
        let before = state.before.as_ref().ok_or(ErrorKind::Interrupted)?;
        let mut modes = before.modes.clone();
        change(&mut modes);
        Ok(tcsetattr(&before.device, OptionalActions::Now, &modes)?)
    }

    /// The device, to read from.
    #[allow(clippy::unused_self, reason = "as above")]
    pub fn keyboard(&self) -> io::Result<File> {
        state().before.as_ref().ok_or(ErrorKind::Interrupted)?.device.try_clone()
    }

    /// Ends the process as Ctrl-C does elsewhere.
    pub fn interrupt(self) -> io::Error {
        drop(self);
        match emulate_default_handler(SIGINT) {
            Ok(()) => ErrorKind::Interrupted.into(),
            Err(error) => error,
        }
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        put_back(&mut state());
    }
}

fn put_back(state: &mut State) {
    let Some(Before { device, modes, last_words }) = state.before.take() else { return };
    // What nobody has read goes: the shell would take it for commands. Not with `Flush`, which waits for the
    // screen to take what was written, for ever on one that is stopped (termios(3), TCSAFLUSH). A terminal
    // that went away has nothing to put back.
    let _ = tcflush(&device, QueueSelector::IFlush);
    let _ = tcsetattr(&device, OptionalActions::Now, &modes);
    super::show(last_words);
}

/// A signal that ends us puts the modes back first. The thread stays to the end of the process: with nobody to
/// take them, these signals would be ignored from now on.
fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            // Held to the end, so that nothing is changed once more.
            let mut state = state();
            put_back(&mut state);
            let _ = emulate_default_handler(signal);
        }
    })?;
    Ok(())
}
