//! File locks that the kernel releases: a killed holder leaves nothing behind to clean up.
//!
//! A lock has a file of its own, apart from what it protects, in a folder that is ours. The file
//! stays: removing it would let two processes lock two files of the same name. There are two
//! exceptions. Who [overtakes](Waited::Overtook) a stuck holder puts a new file in the place of the
//! old one, so that nobody after it waits for that holder again. And where the file system knows no
//! locks, a marker (`lock/marker.rs`) beside the file is the lock.

mod holder;
mod marker;

pub use holder::Holder;

use crate::error::{Error, Next};
use crate::platform::{Os, open_private, reason};
use crate::remedy;
use marker::Marker;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Bounds of the pause between two attempts. The jitter keeps 200 waiting processes apart.
const PAUSE_MS: (u32, u32) = (10, 40);
/// How long [`Lock::try_acquire`] tries: [`Lock::is_held`] of another process holds a lock for some
/// microseconds, more if that process is interrupted just then, and must not look like a holder.
const TRY_FOR: Duration = Duration::from_millis(20);

/// A lock that is held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _hold: Hold,
}

#[derive(Debug)]
enum Hold {
    /// The kernel's lock on an open file.
    Kernel { _file: File },
    /// Where the file system knows no locks.
    Marker { _marker: Marker },
}

/// How long to wait for a lock.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// No longer than until then, whoever holds it.
    pub until: Instant,
    /// After this long with one and the same holder, it is overtaken. What the lock protects must
    /// bear two writers then: the old holder does not know.
    pub overtake: Option<Duration>,
    /// How long the lock is held at most. A holder that can't be asked, because it is on another
    /// machine and the file system knows no locks, counts as gone after that.
    pub longest: Duration,
}

/// How waiting for a lock ended.
#[derive(Debug)]
pub enum Waited<T> {
    /// The lock is ours.
    Acquired(Lock),
    /// The lock is ours although this holder, where it is known, has not given it up.
    Overtook(Lock, Option<Holder>),
    /// The caller found what it wanted meanwhile.
    Stopped(T),
    /// The deadline passed.
    TimedOut,
}

impl Lock {
    /// Takes the lock if nobody holds it; `None`, after 20 ms, if somebody does.
    ///
    /// `longest` is as in [`Patience`].
    ///
    /// # Errors
    /// The file can't be created or opened, or is not ours.
    pub fn try_acquire(path: &Path, longest: Duration) -> Result<Option<Self>, Error> {
        let deadline = Instant::now() + TRY_FOR;
        loop {
            match attempt(path, longest).map_err(|error| about(path, &error))? {
                Ok(lock) => return Ok(Some(lock)),
                Err(_) if Instant::now() >= deadline => return Ok(None),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Tries as long as `patience` lasts, calling `between` with the holder after each failed attempt.
    /// `between` looks whether the holder has already brought what the caller wants, and breaks off if
    /// so.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    pub fn acquire_until<T>(
        path: &Path,
        patience: Patience,
        mut between: impl FnMut(Option<&Holder>) -> ControlFlow<T>,
    ) -> Result<Waited<T>, Error> {
        let mut seen: Option<(Option<Holder>, Instant)> = None;
        loop {
            let busy = match attempt(path, patience.longest).map_err(|error| about(path, &error))? {
                Ok(lock) => return Ok(Waited::Acquired(lock)),
                Err(busy) => busy,
            };
            if let ControlFlow::Break(found) = between(busy.holder.as_ref()) {
                return Ok(Waited::Stopped(found));
            }
            let now = Instant::now();
            let since = match &seen {
                Some((holder, since)) if *holder == busy.holder => *since,
                _ => seen.insert((busy.holder.clone(), now)).1,
            };
            if patience.overtake.is_some_and(|limit| now - since >= limit)
                && let Some(lock) = overtake(path, &busy).map_err(|error| about(path, &error))?
            {
                return Ok(Waited::Overtook(lock, busy.holder));
            }
            let left = patience.until.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(Waited::TimedOut);
            }
            thread::sleep(pause().min(left));
        }
    }

    /// Whether another process, or another [`Lock`] of this one, holds the lock now. Creates nothing
    /// and keeps nobody from taking it.
    ///
    /// `longest` is as in [`Patience`].
    ///
    /// # Errors
    /// The file can't be opened, or is not ours.
    pub fn is_held(path: &Path, longest: Duration) -> Result<bool, Error> {
        let file = match open_private(path, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            file => file.map_err(|error| about(path, &error))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) if knows_no_locks(&error) => Ok(Marker::is_held(path, longest)),
            Err(TryLockError::Error(error)) => Err(about(path, &error)),
        }
    }
}

/// A lock that somebody else holds.
struct Busy {
    /// The locked file; none where the lock is a marker.
    file: Option<File>,
    holder: Option<Holder>,
}

/// The lock, or who has it.
fn attempt(path: &Path, longest: Duration) -> io::Result<Result<Lock, Busy>> {
    loop {
        let file = create(path)?;
        match file.try_lock() {
            Ok(()) if is_at(path, &file) => return Ok(Ok(Lock::of_kernel(file))),
            // Somebody else's file has taken its place meanwhile.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Ok(Err(Busy { holder: Holder::read(&file), file: Some(file) }));
            }
            Err(TryLockError::Error(error)) if knows_no_locks(&error) => {
                let marker = Marker::attempt(path, longest)?;
                return Ok(marker.map(Lock::of_marker).map_err(|holder| Busy { file: None, holder }));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Takes the lock from a holder that does not give it up; `None` where somebody was faster.
fn overtake(path: &Path, busy: &Busy) -> io::Result<Option<Lock>> {
    match &busy.file {
        Some(file) => replace_locked(path, file, busy.holder.as_ref()),
        None => Ok(Marker::replace(path, busy.holder.as_ref())?.map(Lock::of_marker)),
    }
}

/// Puts a file that we have locked in the place of one that somebody else has.
///
/// A second lock, held for these few steps, keeps two from doing it at once: the one who comes second
/// finds another file, or another holder, than the one it waited for.
#[cfg(unix)]
fn replace_locked(path: &Path, old: &File, holder: Option<&Holder>) -> io::Result<Option<Lock>> {
    let guard = create(&beside(path, "overtaking"))?;
    if guard.try_lock().is_err() || !is_at(path, old) || Holder::read(old).as_ref() != holder {
        return Ok(None);
    }
    let next = beside(path, "next");
    let file = create(&next)?;
    if file.try_lock().is_err() {
        return Ok(None);
    }
    std::fs::rename(&next, path)?;
    Ok(Some(Lock::of_kernel(file)))
}

/// Windows stops no process as SIGSTOP does, and nobody's file is replaced there while it is open.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn replace_locked(_: &Path, _: &File, _: Option<&Holder>) -> io::Result<Option<Lock>> {
    Ok(None)
}

/// Whether the open file is still the one at `path`.
#[cfg(unix)]
fn is_at(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let here = std::fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    let ours = file.metadata().map(|found| (found.dev(), found.ino()));
    matches!((here, ours), (Ok(here), Ok(ours)) if here == ours)
}

#[cfg(not(unix))]
fn is_at(_: &Path, _: &File) -> bool {
    true
}

impl Lock {
    fn of_kernel(file: File) -> Self {
        // Who it is serves a message and the waiters' patience; the lock holds without it.
        if may_be_written(&file)
            && let Err(error) = Holder::me().write(&file)
        {
            log::debug!("the lock's holder can't be noted: {error}");
        }
        Self { _hold: Hold::Kernel { _file: file } }
    }

    fn of_marker(marker: Marker) -> Self {
        Self { _hold: Hold::Marker { _marker: marker } }
    }
}

/// A file beside the lock's.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    open_private(path, &mut options)
}

/// Whether the file is a lock's and no other: one with a second name may be a person's own (link(2)),
/// unless it says whose lock it was.
#[cfg(unix)]
fn may_be_written(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|found| found.nlink() == 1) || Holder::read(file).is_some()
}

#[cfg(not(unix))]
fn may_be_written(_: &File) -> bool {
    true
}

fn knows_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // On macOS NOTSUP is a number of its own, which std knows no kind for (intro(2)).
        if [Errno::NOLCK, Errno::NOTSUP]
            .iter()
            .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
        {
            return true;
        }
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
    Error::new(Next::Configure, what, remedy::look_into(Os::HERE, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told_from_a_failure() {
        assert!(knows_no_locks(&ErrorKind::Unsupported.into()));
        #[cfg(unix)]
        assert!(knows_no_locks(&rustix::io::Errno::NOLCK.into()));
        #[cfg(unix)]
        assert!(knows_no_locks(&rustix::io::Errno::NOTSUP.into()));
        assert!(!knows_no_locks(&ErrorKind::PermissionDenied.into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_is_taken_only_from_the_holder_that_was_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.lock");
        let busy = || attempt(&path, Duration::MAX).unwrap().unwrap_err();
        let stuck = Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap();
        let (first, second) = (busy(), busy());

        let guard = create(&beside(&path, "overtaking")).unwrap();
        guard.lock().unwrap();
        assert!(overtake(&path, &first).unwrap().is_none(), "somebody else is at it");
        drop(guard);
        let taken = overtake(&path, &first).unwrap().unwrap();
        assert!(overtake(&path, &second).unwrap().is_none(), "another file is there by now");
        drop((stuck, taken));

        let stuck = Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap();
        let seen = busy();
        drop(stuck);
        let next = Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap();
        assert!(overtake(&path, &seen).unwrap().is_none(), "another holder has the same file");
        drop(next);
    }

    #[test]
    fn waiting_processes_do_not_knock_in_step() {
        let pauses: Vec<_> = (0..200).map(|_| pause().as_millis()).collect();
        assert!(pauses.iter().all(|pause| (10..=40).contains(pause)));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
