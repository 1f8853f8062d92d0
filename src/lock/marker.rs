//! Locks on a file system that knows none, as some NFS homes: a file that only one process can create
//! (`O_EXCL`, atomic on NFS since version 3, open(2)).
//!
//! The kernel does not remove it when its holder dies. A holder that has certainly ended counts for
//! nothing; one on another machine can't be asked, so it is believed for as long as the waiter allows.

use super::holder::Holder;
use crate::platform::open_private;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// After taking the place of a dead or stuck holder: how long somebody who was about to do the same
/// has to finish. Whoever wrote last has it.
const SETTLE: Duration = Duration::from_millis(50);

/// A lock that lasts as long as its file says that it is ours.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    holder: Holder,
}

impl Marker {
    /// The marker beside a lock's file; whoever holds it where somebody does.
    pub fn attempt(lock: &Path, longest: Duration) -> io::Result<Result<Self, Option<Holder>>> {
        let path = beside(lock);
        if let Some(marker) = Self::create(&path)? {
            return Ok(Ok(marker));
        }
        let holder = read(&path);
        if is_gone(&path, holder.as_ref(), longest) {
            return Ok(Self::replace(lock, holder.as_ref())?.ok_or(holder));
        }
        Ok(Err(holder))
    }

    /// Takes the place of `old`, unless somebody else has it by now.
    pub fn replace(lock: &Path, old: Option<&Holder>) -> io::Result<Option<Self>> {
        let path = beside(lock);
        if read(&path).as_ref() != old {
            return Ok(None);
        }
        remove(&path)?;
        let Some(marker) = Self::create(&path)? else { return Ok(None) };
        thread::sleep(SETTLE);
        Ok(marker.is_ours().then_some(marker))
    }

    /// Whether somebody holds it.
    pub fn is_held(lock: &Path, longest: Duration) -> bool {
        let path = beside(lock);
        path.exists() && !is_gone(&path, read(&path).as_ref(), longest)
    }

    fn create(path: &Path) -> io::Result<Option<Self>> {
        let file = match open_private(path, OpenOptions::new().write(true).create_new(true)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            file => file?,
        };
        let holder = Holder::me();
        holder.write(&file)?;
        Ok(Some(Self { path: path.to_owned(), holder }))
    }

    fn is_ours(&self) -> bool {
        read(&self.path).as_ref() == Some(&self.holder)
    }
}

impl Drop for Marker {
    /// Who was overtaken leaves the other one's file alone.
    fn drop(&mut self) {
        if self.is_ours() {
            let _ = remove(&self.path);
        }
    }
}

/// Whether a holder counts for nothing: it has ended, or can't be asked and has had its time.
fn is_gone(path: &Path, holder: Option<&Holder>, longest: Duration) -> bool {
    match holder {
        Some(holder) if holder.process.is_of_this_machine() => holder.process.has_ended(),
        _ => {
            let written = fs::symlink_metadata(path).and_then(|found| found.modified());
            // A file from the future is a new one: the server's clock is not ours.
            written.is_ok_and(|at| at.elapsed().unwrap_or_default() >= longest)
        }
    }
}

fn beside(lock: &Path) -> PathBuf {
    super::beside(lock, "held")
}

fn read(path: &Path) -> Option<Holder> {
    let file: File = open_private(path, OpenOptions::new().read(true)).ok()?;
    Holder::read(&file)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the marker asks Unix who lives")]
    fn one_at_a_time_has_it_and_it_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("login.lock");
        let held = Marker::attempt(&lock, Duration::MAX).unwrap().unwrap();
        assert_eq!(Marker::attempt(&lock, Duration::MAX).unwrap().unwrap_err().as_ref(), Some(&held.holder));
        assert!(Marker::is_held(&lock, Duration::ZERO));
        drop(held);
        assert!(!Marker::is_held(&lock, Duration::ZERO));
        assert!(Marker::attempt(&lock, Duration::MAX).unwrap().is_ok());
    }

    #[test]
    fn who_was_overtaken_leaves_the_other_ones_alone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("login.lock");
        let slow = Marker::attempt(&lock, Duration::MAX).unwrap().unwrap();
        let fast = Marker::replace(&lock, Some(&slow.holder)).unwrap().unwrap();
        assert!(Marker::replace(&lock, Some(&slow.holder)).unwrap().is_none(), "only from whom was seen");
        drop(slow);
        assert!(fast.is_ours());
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the marker asks Unix who lives")]
    fn a_dead_holder_counts_for_nothing_and_one_elsewhere_for_as_long_as_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("login.lock");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let mut holder = Holder::me();
        holder.process.id = child.id();
        let text = serde_json::to_string(&holder).unwrap();
        let write = |text: &str| fs::write(beside(&lock), text).unwrap();

        write(&text);
        assert!(!Marker::is_held(&lock, Duration::MAX));
        drop(Marker::attempt(&lock, Duration::MAX).unwrap().unwrap());

        for unknown in [text.replace("pid:", "another:"), String::new()] {
            write(&unknown);
            assert!(Marker::attempt(&lock, Duration::MAX).unwrap().is_err(), "{unknown}");
            assert!(Marker::is_held(&lock, Duration::MAX), "{unknown}");
            assert!(!Marker::is_held(&lock, Duration::ZERO), "{unknown}");
            assert!(Marker::attempt(&lock, Duration::ZERO).unwrap().is_ok(), "{unknown}");
        }
    }
}
