//! File locks that the kernel releases: a killed holder leaves nothing behind to clean up.
//!
//! A lock has a file of its own, apart from what it protects, in a folder that is ours. The file
//! stays: removing it would let two processes lock two files of the same name.

use crate::error::{Error, Next};
use crate::platform::{open_private, quoted, reason, write_private};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Bounds of the pause between two attempts. The jitter keeps 200 waiting processes apart.
const PAUSE_MS: (u32, u32) = (10, 40);
/// How long [`Lock::try_acquire`] tries: [`Lock::is_held`] of another process holds a lock for some
/// microseconds, more if that process is interrupted just then, and must not look like a holder.
const TRY_FOR: Duration = Duration::from_millis(20);
/// A note is a line or two.
const NOTE_BYTES: u64 = 4_096;

/// A lock that is held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// `None` where the file system knows no locks.
    file: Option<File>,
}

/// How waiting for a lock ended.
#[derive(Debug)]
pub enum Waited<T> {
    /// The lock is ours.
    Acquired(Lock),
    /// The caller found what it wanted meanwhile.
    Stopped(T),
    /// The deadline passed.
    TimedOut,
}

impl Lock {
    /// Takes the lock if nobody holds it; `None`, after 20 ms, if somebody does.
    ///
    /// # Errors
    /// The file can't be created or opened, or is not ours.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, Error> {
        let mut file = create(path)?;
        let deadline = Instant::now() + TRY_FOR;
        loop {
            file = match attempt_once(path, file)? {
                Ok(lock) => return Ok(Some(lock)),
                Err(_) if Instant::now() >= deadline => return Ok(None),
                Err(busy) => busy,
            };
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Tries until `deadline`, calling `between` after each failed attempt. `between` looks whether
    /// the holder has already brought what the caller wants, and breaks off if so.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    pub fn acquire_until<T>(
        path: &Path,
        deadline: Instant,
        mut between: impl FnMut() -> ControlFlow<T>,
    ) -> Result<Waited<T>, Error> {
        let mut file = create(path)?;
        loop {
            file = match attempt_once(path, file)? {
                Ok(lock) => return Ok(Waited::Acquired(lock)),
                Err(busy) => busy,
            };
            if let ControlFlow::Break(found) = between() {
                return Ok(Waited::Stopped(found));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Waited::TimedOut);
            }
            thread::sleep(pause().min(left));
        }
    }

    /// Whether another process, or another [`Lock`] of this one, holds the lock now. Creates nothing
    /// and keeps nobody from taking it. `false` where the file system knows no locks.
    ///
    /// # Errors
    /// The file can't be opened, or is not ours.
    pub fn is_held(path: &Path) -> Result<bool, Error> {
        let file = match open_private(path, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            file => file.map_err(|error| about(path, &error))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) if knows_no_locks(&error) => Ok(false),
            Err(TryLockError::Error(error)) => Err(about(path, &error)),
        }
    }

    /// Whether the lock keeps others out. `false` on a file system without locks, as some NFS homes:
    /// work goes on there, and what it protects must bear two writers.
    pub fn excludes_others(&self) -> bool {
        self.file.is_some()
    }

    /// Leaves a note about the holder for [`read_note`](Self::read_note), replacing the last one.
    ///
    /// # Errors
    /// The file beside the lock can't be written.
    pub fn write_note(&self, text: &str) -> Result<(), Error> {
        let path = note_path(&self.path);
        write_private(&path, text.as_bytes()).map_err(|error| about(&path, &error))
    }

    /// The last holder's note. It says nothing about whether the lock [is held](Self::is_held) still.
    ///
    /// # Errors
    /// The file beside the lock can't be read, or is not ours.
    pub fn read_note(path: &Path) -> Result<Option<String>, Error> {
        let path = note_path(path);
        let read = |file: File| io::read_to_string(file.take(NOTE_BYTES));
        match open_private(&path, OpenOptions::new().read(true)).and_then(read) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(about(&path, &error)),
        }
    }
}

/// Beside the lock, not in it: Windows lets nobody read a locked file.
fn note_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".note");
    PathBuf::from(name)
}

fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    open_private(path, &mut options).map_err(|error| about(path, &error))
}

/// The lock, or the file back where somebody else holds it.
fn attempt_once(path: &Path, file: File) -> Result<Result<Lock, File>, Error> {
    let lock = |file| Ok(Ok(Lock { path: path.to_owned(), file }));
    match file.try_lock() {
        Ok(()) => lock(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(Err(file)),
        Err(TryLockError::Error(error)) if knows_no_locks(&error) => lock(None),
        Err(TryLockError::Error(error)) => Err(about(path, &error)),
    }
}

fn knows_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == ErrorKind::Unsupported
}

fn pause() -> Duration {
    let (least, most) = PAUSE_MS;
    let random = getrandom::u32().unwrap_or_else(|_| std::process::id());
    Duration::from_millis((least + random % (most - least + 1)).into())
}

fn about(path: &Path, error: &io::Error) -> Error {
    let what = format!("The file {} can't be used: {}.", path.display(), reason(error));
    Error::new(Next::Configure, what, format!("ls -l {}", quoted(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told_from_a_failure() {
        assert!(knows_no_locks(&ErrorKind::Unsupported.into()));
        #[cfg(unix)]
        assert!(knows_no_locks(&rustix::io::Errno::NOLCK.into()));
        assert!(!knows_no_locks(&ErrorKind::PermissionDenied.into()));
    }

    #[test]
    fn waiting_processes_do_not_knock_in_step() {
        let pauses: Vec<_> = (0..200).map(|_| pause().as_millis()).collect();
        assert!(pauses.iter().all(|pause| (10..=40).contains(pause)));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
