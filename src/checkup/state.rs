//! The folder for locks and notes: whether it is ours alone, can be written, and keeps a lock.

use super::Finding;
use crate::error::Error;
use crate::journal::Journal;
use crate::lock::Lock;
use crate::platform::{self, Os};
use crate::remedy;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CHECK: &str = "state folder";
/// Longer than a test lock is held.
const LONGEST: Duration = Duration::from_mins(1);

/// What every call but a warm one needs: without this folder nothing is renewed and nobody signs in.
pub fn folder(journal: &Journal) -> Finding {
    let folder = match journal.folder() {
        Ok(folder) => folder,
        Err(error) => return Finding::of(CHECK, &error, ""),
    };
    let (shown, look) = (folder.display(), remedy::look_at(Os::HERE, folder));
    if let Err(why) = platform::check_private_dir(folder) {
        return Finding::warn(CHECK, format!("{shown} {why}"), look);
    }
    match keeps_others_out(folder) {
        Err(error) => Finding::of(CHECK, &error, &look),
        Ok(false) => {
            // With the lock ignored, two commands may open two browser tabs or refresh at once.
            let saw = format!("{shown}: its file system grants one lock to two at a time");
            Finding::fail(CHECK, saw, remedy::room_at(Os::HERE, folder))
        }
        Ok(true) => Finding::ok(CHECK, format!("{shown}: yours alone, and keeps a lock")),
    }
}

/// Whether a lock that is held there is seen by whoever asks next.
fn keeps_others_out(folder: &Path) -> Result<bool, Error> {
    let test = TestFile(folder.join(format!("doctor.{}.lock", getrandom::u64().unwrap_or_default())));
    let Some(_lock) = Lock::try_acquire(&test.0, LONGEST)? else { return Ok(true) };
    Lock::is_held(&test.0, LONGEST)
}

/// Goes when it is dropped.
struct TestFile(PathBuf);

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = platform::remove_private(&self.0);
    }
}
