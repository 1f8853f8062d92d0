//! Renewals behind the caller's back, and the pauses after renewals that failed.
//!
//! While cached credentials live, a renewal is nobody's hurry: one process at a time tries, and after
//! a failure none tries again until a pause is over. Whoever is offline is not held up by every call,
//! and a fleet that comes back after an outage does not come back at one moment.

use super::{detached, login_lock, login_patience, overtaken};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::journal::{Attempt, Journal, Wanted};
use crate::lock::{Lock, Waited};
use crate::profile::Profile;
use crate::retry;
use crate::session::{Session, Silent, Step};
use crate::store::EntryName;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a renewal that was started may go on before another one is: it ends by itself before.
const UNDER_WAY: Duration = Duration::from_mins(1);
/// The pause after the first failure; each further one may be twice as long.
const FIRST: Duration = Duration::from_mins(1);
/// The longest pause, unless the server asked for more.
const LONGEST: Duration = Duration::from_mins(8);
/// The longest wish of a server that is honoured. Credentials that end are renewed all the same.
const LONGEST_WISH: Duration = Duration::from_mins(30);
/// Failures further back than this say nothing about the next attempt.
const FORGOTTEN: Duration = Duration::from_mins(30);

/// Starts the detached renewal of a profile's credentials, unless one of its login is under way or its
/// own last one has just failed.
pub fn start_ahead(profile: &Profile, journal: &Journal) {
    let (credentials, login) = (profile.credentials_entry(), profile.login_entry());
    let may_begin = || {
        let now = Timestamp::now();
        [&credentials, &login].iter().all(|entry| may_begin(journal.last_attempt(entry).as_ref(), now))
    };
    if !may_begin() {
        return;
    }
    // Of many callers at this moment one goes on. Where no lock can be taken nothing is started; the
    // caller has its credentials.
    let lock =
        journal.folder().and_then(|folder| Lock::try_acquire(&starting_lock(folder, profile), UNDER_WAY));
    let Ok(Some(_lock)) = lock else { return };
    // Nor where the start can't be recorded: every call would start one more.
    if may_begin() && journal.record_attempt(&login, &under_way_until(Timestamp::now().plus(UNDER_WAY))) {
        log::info!("they are renewed in the background");
        detached::start_renewal(profile);
    }
}

/// The detached renewal's own work: renews although the cache would do.
pub fn ahead(session: &Session<'_>, journal: &Journal) -> Result<(), Error> {
    let result = renew(session, journal);
    // The next one, of another profile of this login, need not wait.
    journal.record_attempt(&session.profile.login_entry(), &under_way_until(Timestamp::now()));
    result
}

fn renew(session: &Session<'_>, journal: &Journal) -> Result<(), Error> {
    let profile = session.profile;
    let due = || session.warm().is_none_or(|(_, step)| step == Step::PrintAndRenew);
    let path = login_lock(journal.folder()?, profile);
    // Somebody may be at it in the foreground, or a process may be stuck.
    let waited = Lock::acquire_until(&path, login_patience(), |_| {
        if due() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if let Waited::Overtook(_, holder) = &waited {
        session.vault.notice(&overtaken(profile, holder.as_ref()));
    }
    let (Waited::Acquired(_lock) | Waited::Overtook(_lock, _)) = waited else { return Ok(()) };
    if !due() {
        return Ok(());
    }
    match session.silent(true) {
        Ok(Silent::Kept(_, why)) | Err(why) => {
            failed(&profile.credentials_entry(), journal, &why);
            Err(why)
        }
        Ok(Silent::Fresh(_)) => {
            journal.put_right(profile, Wanted::Credentials);
            Ok(())
        }
        Ok(Silent::SignIn) => Ok(()),
    }
}

/// Whether what lives is to be handed out without another attempt, because the last one recorded under
/// `entry` failed a moment ago.
pub fn rests(entry: &EntryName, journal: &Journal) -> bool {
    let last = journal.last_attempt(entry);
    last.is_some_and(|last| last.failures > 0 && !may_begin(Some(&last), Timestamp::now()))
}

/// Remembers a failed renewal of what is recorded under `entry`, for the next one's pause.
pub fn failed(entry: &EntryName, journal: &Journal, why: &Error) {
    let last = journal.last_attempt(entry);
    let next = after_failure(last.as_ref(), Timestamp::now(), why.wait(), retry::random());
    journal.record_attempt(entry, &Attempt { why: Some(why.into()), ..next });
}

fn under_way_until(not_before: Timestamp) -> Attempt {
    Attempt { not_before, failures: 0, why: None }
}

/// A record from the future says nothing: the clock was set back.
pub fn may_begin(last: Option<&Attempt>, now: Timestamp) -> bool {
    last.is_none_or(|last| last.not_before <= now || last.not_before > now.plus(2 * LONGEST_WISH))
}

fn recent_failures(last: &Attempt, now: Timestamp) -> u32 {
    if last.not_before.distance(now) < FORGOTTEN { last.failures } else { 0 }
}

/// Between half and the whole of a pause that doubles; at least what the server asked for, and up to as
/// long again, because it asked everybody. `random` lies in 0..=1.
pub fn after_failure(last: Option<&Attempt>, now: Timestamp, wish: Option<Duration>, random: f64) -> Attempt {
    let failures = last.map_or(0, |last| recent_failures(last, now));
    let longest = FIRST.saturating_mul(1 << failures.min(8)).min(LONGEST);
    let pause = longest.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    let wish = wish.unwrap_or_default().min(LONGEST_WISH).mul_f64(1.0 + random.clamp(0.0, 1.0));
    let pause = pause.max(wish);
    Attempt { not_before: now.plus(pause), failures: failures.saturating_add(1), why: None }
}

fn starting_lock(folder: &Path, profile: &Profile) -> PathBuf {
    folder.join(format!("{}.renewal.lock", profile.login_entry().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000_000_000);

    fn pauses(random: f64) -> Vec<u64> {
        let (mut last, mut now, mut seconds) = (None, NOW, Vec::new());
        for _ in 0..6 {
            let next = after_failure(last.as_ref(), now, None, random);
            seconds.push(next.not_before.left(now).as_secs());
            assert!(!may_begin(Some(&next), now) && may_begin(Some(&next), next.not_before));
            (now, last) = (next.not_before, Some(next));
        }
        seconds
    }

    #[test]
    fn pauses_after_failures_grow_and_are_bounded() {
        assert_eq!(pauses(1.0), [60, 120, 240, 480, 480, 480]);
        assert_eq!(pauses(0.0), [30, 60, 120, 240, 240, 240]);
    }

    #[test]
    fn a_failure_long_ago_lengthens_no_pause() {
        let long_ago = Attempt { not_before: NOW, failures: 5, why: None };
        let now = NOW.plus(FORGOTTEN);
        assert_eq!(after_failure(Some(&long_ago), now, None, 1.0).not_before, now.plus(FIRST));
    }

    #[test]
    fn a_servers_wish_is_honoured_up_to_half_an_hour() {
        let asked = |random: f64| {
            [0, 5, 600].map(|minutes| {
                let next = after_failure(None, NOW, Some(Duration::from_mins(minutes)), random);
                next.not_before.left(NOW).as_secs()
            })
        };
        assert_eq!(asked(0.0), [30, 5 * 60, 30 * 60]);
        assert_eq!(asked(1.0), [60, 10 * 60, 60 * 60]);
    }

    #[test]
    fn a_record_of_a_clock_that_was_set_back_stops_nothing() {
        let ahead = Attempt { not_before: NOW.plus(Duration::from_hours(5)), failures: 1, why: None };
        assert!(may_begin(Some(&ahead), NOW));
        assert_eq!(recent_failures(&ahead, NOW), 0);
    }
}
