//! The sign-in as an event shared by many processes: however many need it, one browser tab opens and
//! one authorization code is exchanged.
//!
//! Two kernel-released locks per login carry it. The *login lock* is held for the moments in which a
//! login is read, refreshed or saved. The *sign-in lock* is held for as long as a sign-in runs, so
//! "is one running?" is a question to the kernel, and a killed process leaves no answer behind.
//!
//! - [`flight`]: the caller's side. Renew, or start a sign-in, or join the one that runs.
//! - [`attend`]: the sign-in itself, from the open port to the stored login.
//! - [`renewal`]: renewing ahead, behind the caller's back, and not again so soon.
//! - [`detached`]: processes that outlive their caller.

pub mod attend;
pub mod detached;
pub mod flight;
pub mod renewal;
mod words;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::journal::{Outcome, SignIn};
use crate::profile::Profile;
use crate::session::RENEWAL_LIMIT;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another process may hold the login lock: a whole renewal and some keychain calls.
pub const LOCK_LIMIT: Duration = Duration::from_secs(RENEWAL_LIMIT.as_secs() + 10);
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
        None if recent(UNANSWERED_FOR) => {
            Err(words::not_again_so_soon(profile, last, UNANSWERED_FOR.saturating_sub(age)))
        }
        _ => Ok(()),
    }
}
