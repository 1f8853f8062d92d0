//! What is still to be done when a signal ends the process: Ctrl-C, kill(1), a terminal that closes.
//!
//! One place for all of it, because whoever takes a signal ends the process: a second taker would be
//! ended in the middle.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

static PARTING: Mutex<Parting> = Mutex::new(Parting { watched: false, last: 0, deeds: Vec::new() });

struct Parting {
    /// Whether signals are waited for.
    watched: bool,
    /// The number given last.
    last: u64,
    deeds: Vec<(u64, Act)>,
}

type Act = Box<dyn FnOnce(By) + Send>;

fn parting() -> MutexGuard<'static, Parting> {
    PARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who ends the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Its person, with a key: Ctrl-C or Ctrl-\\ (SIGINT, SIGQUIT); on Windows Ctrl-C or Ctrl-Break.
    Key,
    /// The terminal that closes, or another program (SIGHUP, SIGTERM); on Windows also the session's end.
    Another,
}

/// Something that is done if a signal ends the process before this is dropped.
#[derive(Debug)]
#[must_use = "dropping it takes it back"]
pub struct Deed(u64);

/// Has this done if a signal ends the process. What was asked for last is done first.
///
/// A deed may take locks, but not one that is held anywhere while this is called or a [`Deed`] is dropped.
///
/// # Errors
/// The system gives no thread, or none of the signals.
pub fn if_ended(deed: impl FnOnce(By) + Send + 'static) -> io::Result<Deed> {
    let mut parting = parting();
    if !parting.watched {
        signals::watch()?;
        parting.watched = true;
    }
    parting.last += 1;
    let number = parting.last;
    parting.deeds.push((number, Box::new(deed)));
    Ok(Deed(number))
}

impl Drop for Deed {
    fn drop(&mut self) {
        parting().deeds.retain(|(number, _)| *number != self.0);
    }
}

/// Does all that was asked for, and keeps whoever wants to do more waiting until the process has ended.
fn part(by: By) -> MutexGuard<'static, Parting> {
    let mut parting = parting();
    while let Some((_, deed)) = parting.deeds.pop() {
        deed(by);
    }
    parting
}

#[cfg(unix)]
pub use signals::end_by_ctrl_c;
#[cfg(windows)]
pub use signals::leave_keys;

#[cfg(unix)]
mod signals {
    use super::By;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    use std::io::{self, ErrorKind};
    use std::thread;

    /// Ends the process as Ctrl-C does, for a terminal that makes no signal of that key.
    pub fn end_by_ctrl_c() -> io::Error {
        match part(SIGINT) {
            Ok(()) => ErrorKind::Interrupted.into(),
            Err(error) => error,
        }
    }

    fn part(signal: i32) -> io::Result<()> {
        let by = if matches!(signal, SIGINT | SIGQUIT) { By::Key } else { By::Another };
        let _held = super::part(by);
        emulate_default_handler(signal)
    }

    /// The thread stays to the end of the process: with nobody to take them, these signals would be ignored
    /// from now on. Those that are ignored already stay so: nohup(1), a job of a script.
    pub fn watch() -> io::Result<()> {
        let ignored = ignored();
        let ending = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter();
        let mut signals = Signals::new(ending.filter(|signal| ignored & (1 << (signal - 1)) == 0))?;
        thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                let _ = part(signal);
            }
        })?;
        Ok(())
    }

    /// The ignored signals as Linux tells them (proc_pid_status(5)): a bit for each, the lowest for the
    /// first. Elsewhere only sigaction(2) knows, which takes `unsafe` code to ask, and none is.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }
}

/// The console's events in the place of signals (Console Control Handlers, HandlerRoutine).
#[cfg(windows)]
mod signals {
    use super::{By, part};
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;
    use std::{io, thread};
    use tokio::runtime::Builder;
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    /// Whether keys are another program's.
    static KEYS_LEFT: AtomicBool = AtomicBool::new(false);

    /// From now on Ctrl-C and Ctrl-Break end nothing here: they are for the command that runs in our place.
    /// That they don't, the system has to be told besides.
    pub fn leave_keys() {
        KEYS_LEFT.store(true, Ordering::Relaxed);
    }

    /// How a process ends that Ctrl-C ends (`STATUS_CONTROL_C_EXIT`).
    const BY_CTRL_C: u32 = 0xC000_013A;

    /// The thread stays to the end of the process: with nobody to take them, these events would be
    /// ignored from now on. A console that closes waits five seconds for it.
    pub fn watch() -> io::Result<()> {
        let runtime = Builder::new_current_thread().build()?;
        let (mut c, mut brk) = (ctrl_c()?, ctrl_break()?);
        let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
        thread::Builder::new().spawn(move || {
            let by = runtime.block_on(poll_fn(|cx| {
                // Each is asked, so that each wakes this thread; a key that is left, until there is none.
                let mut key = c.poll_recv(cx).is_ready() | brk.poll_recv(cx).is_ready();
                while key && KEYS_LEFT.load(Ordering::Relaxed) {
                    key = c.poll_recv(cx).is_ready() | brk.poll_recv(cx).is_ready();
                }
                let ends = close.poll_recv(cx).is_ready()
                    | logoff.poll_recv(cx).is_ready()
                    | shutdown.poll_recv(cx).is_ready();
                match (key, ends) {
                    (true, _) => Poll::Ready(By::Key),
                    (_, true) => Poll::Ready(By::Another),
                    _ => Poll::Pending,
                }
            }));
            let _held = part(by);
            winsafe::ExitProcess(BY_CTRL_C);
        })?;
        Ok(())
    }
}
