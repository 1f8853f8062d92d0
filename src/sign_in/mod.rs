//! The sign-in as an event shared by many processes: however many need it, one browser tab opens and
//! one authorization code is exchanged.
//!
//! Two kernel-released locks per login carry it. The *login lock* is held for the moments in which a
//! login is read, refreshed or saved. The *sign-in lock* is held for as long as a sign-in runs, so
//! "is one running?" is a question to the kernel, and a killed process leaves no answer behind. A
//! process that is stopped is overtaken after a bound; `session/writers.rs` tells why that is safe.
//!
//! - [`flight`]: the caller's side. Renew, or start a sign-in, or join the one that runs. [`want`]: for what.
//! - [`attend`]: the sign-in itself, from the open port to the stored login.
//! - [`renewal`]: renewing ahead, behind the caller's back, and not again so soon.
//! - [`detached`]: processes that outlive their caller.
//! - [`strange_file`]: where the first sign-in is a person's. [`way_in`]: which `login` a person is pointed to.

pub mod attend;
pub mod detached;
pub mod flight;
pub mod renewal;
pub mod strange_file;
pub mod want;
pub mod way_in;
mod words;

pub use words::reserved_port;

use crate::clock::{Timestamp, spoken};
use crate::error::Error;
use crate::journal::{Outcome, SignIn};
use crate::lock::{Holder, Lock, Patience};
use crate::profile::Profile;
use crate::session::RENEWAL_LIMIT;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the login lock is waited for, whoever holds it: a renewal that was overtaken and one more.
pub const LOCK_LIMIT: Duration = Duration::from_secs(RENEWAL_LIMIT.as_secs() + 10);
/// How long one process may hold the login lock before it is overtaken. Longer than a whole renewal, so
/// that nobody who works is overtaken, and that a stopped one that is woken later finds its time over
/// and sends nothing more. And short enough to leave some seconds for the work: many callers are killed
/// after 22 seconds.
pub const OVERTAKE: Duration = Duration::from_secs(RENEWAL_LIMIT.as_secs() + 1);
/// How long a failed sign-in is the answer to whoever asks again: JS and Ruby run a failing
/// credential process twice, Terraform several times.
const FAILED_FOR: Duration = Duration::from_mins(1);
/// How long no new tab opens after a sign-in that nobody completed.
const UNANSWERED_FOR: Duration = Duration::from_mins(5);

/// The lock held while the login is read, refreshed or saved.
pub fn login_lock(folder: &Path, profile: &Profile) -> PathBuf {
    folder.join(format!("{}.lock", profile.login_entry().as_str()))
}

/// The lock held while a sign-in runs.
pub fn sign_in_lock(folder: &Path, profile: &Profile) -> PathBuf {
    folder.join(format!("{}.sign-in.lock", profile.login_entry().as_str()))
}

/// The patience of everybody who waits for the login lock.
pub fn login_patience() -> Patience {
    // A holder that can't be asked is waited for and overtaken like any other.
    Patience { until: Instant::now() + LOCK_LIMIT, overtake: Some(OVERTAKE), longest: Duration::MAX }
}

/// What a person is told when the login lock was taken from `holder`.
pub fn overtaken(profile: &Profile, holder: Option<&Holder>) -> String {
    format!(
        "Another cognito-creds ({}) has held the login of profile {} for {} and does not end; it is no longer waited for.",
        Holder::words(holder),
        profile.shown(),
        spoken(OVERTAKE)
    )
}

/// Whether a sign-in runs for the profile's login.
///
/// # Errors
/// The lock's file is not ours.
pub fn is_running(folder: &Path, profile: &Profile) -> Result<bool, Error> {
    Lock::is_held(&sign_in_lock(folder, profile), longest_sign_in(profile))
}

/// How long a sign-in takes at most: until somebody comes, and then two renewals' time.
fn longest_sign_in(profile: &Profile) -> Duration {
    profile.login_timeout + RENEWAL_LIMIT + LOCK_LIMIT
}

/// Whether a new tab may open now, given how the last sign-in went. To be asked only while none runs.
///
/// A record from the future says nothing: the clock was set back.
pub fn may_open(profile: &Profile, last: Option<&SignIn>, now: Timestamp) -> Result<(), Error> {
    let Some(last) = last else { return Ok(()) };
    let ended = last.ended.unwrap_or(last.started);
    let age = ended.age(now);
    let recent = |span| ended <= now && age < span;
    match &last.outcome {
        Some(Outcome::Failed(told)) if recent(FAILED_FOR) => Err(told.clone().into()),
        None | Some(Outcome::Stopped) if recent(UNANSWERED_FOR) => {
            Err(words::not_again_so_soon(profile, last, UNANSWERED_FOR.saturating_sub(age)))
        }
        _ => Ok(()),
    }
}
