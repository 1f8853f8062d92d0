//! Points in time as whole Unix seconds, the resolution of every clock we deal with: JWT claims
//! (RFC 7519 §2, NumericDate), the identity pool's Expiration, HTTP dates.

use crate::platform::Os;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A point given in Unix seconds.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// A point given in Unix seconds as AWS's JSON protocols write it; a fraction is cut off.
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and NaN is the epoch")]
    pub const fn from_unix_f64(seconds: f64) -> Self {
        Self(seconds as i64)
    }

    /// The local clock's now. Callers judge `Expiration` by this same clock, so it is never
    /// corrected, only diagnosed.
    pub fn now() -> Self {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
            Err(before) => Self(-i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX)),
        }
    }

    /// The Unix seconds.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// How long from `now` until this point; zero where it has passed.
    pub fn left(self, now: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(now.0)).unwrap_or(0))
    }

    /// How long ago this point was at `now`; zero where it lies ahead.
    pub fn age(self, now: Self) -> Duration {
        now.left(self)
    }

    /// How far two points lie apart, whichever is first.
    pub fn distance(self, other: Self) -> Duration {
        self.left(other).max(other.left(self))
    }

    /// The point `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
    }

    /// This much before it.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, the one form that every AWS SDK parses (fractions and offsets are
    /// misread by some). `None` outside the years 0000 to 9999.
    pub fn rfc3339(self) -> Option<String> {
        let t = time::OffsetDateTime::from_unix_timestamp(self.0).ok()?;
        (0..=9999).contains(&t.year()).then(|| {
            format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                t.year(),
                u8::from(t.month()),
                t.day(),
                t.hour(),
                t.minute(),
                t.second()
            )
        })
    }
}

/// The command that sets the system's clock by the network.
pub const SET_COMMAND: &str = set_command(Os::HERE);

const fn set_command(os: Os) -> &'static str {
    match os {
        Os::Windows => "w32tm /resync",
        Os::MacOs => "sudo sntp -sS time.apple.com",
        Os::Linux | Os::OtherUnix => "sudo timedatectl set-ntp true",
    }
}

/// The command that shows the system's clock: its time, and on Windows where that comes from.
pub const LOOK_COMMAND: &str = look_command(Os::HERE);

const fn look_command(os: Os) -> &'static str {
    match os {
        Os::Windows => "w32tm /query /status",
        Os::MacOs | Os::Linux | Os::OtherUnix => "date -u",
    }
}

/// A sentence about a local clock that differs from the `Date` of AWS (RFC 9110 §6.6.1).
pub fn off(here: Timestamp, there: Timestamp) -> String {
    let way = if here < there { "behind" } else { "ahead" };
    format!(
        "This machine's clock is {} {way}: it says {}, AWS says {}.",
        spoken(here.distance(there)),
        here.rfc3339().unwrap_or_default(),
        there.rfc3339().unwrap_or_default()
    )
}

/// A span as people say it, in its largest unit and rounded up: `50 seconds`, `5 minutes`, `2 hours`.
pub fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// A span as a clock counts it down, rounded up: `4:59`, `0:50`, `90:00`.
pub fn counted(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_down_to_nothing() {
        let shown =
            [0, 1, 1000, 49_001, 60_000, 299_999, 5_400_000].map(|ms| counted(Duration::from_millis(ms)));
        assert_eq!(shown, ["0:00", "0:01", "0:01", "0:50", "1:00", "5:00", "90:00"]);
    }

    #[test]
    fn spans_are_spoken_in_one_unit() {
        let said = |seconds| spoken(Duration::from_secs(seconds));
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (50, "50 seconds"),
            (299, "5 minutes"),
            (300, "5 minutes"),
            (3600, "60 minutes"),
            (7200, "2 hours"),
        ] {
            assert_eq!(said(seconds), words);
        }
    }

    #[test]
    fn a_wrong_clock_is_named_with_both_times() {
        let (here, there) = (Timestamp::from_unix(0), Timestamp::from_unix(7200));
        assert_eq!(
            off(here, there),
            "This machine's clock is 2 hours behind: it says 1970-01-01T00:00:00Z, AWS says 1970-01-01T02:00:00Z."
        );
        assert!(off(there, here).contains("2 hours ahead"));
    }

    #[test]
    fn each_system_has_its_command_that_sets_the_clock() {
        let commands = [Os::Linux, Os::MacOs, Os::Windows].map(set_command);
        let tools = commands.map(|command| command.trim_start_matches("sudo ").split(' ').next().unwrap());
        assert_eq!(tools, ["timedatectl", "sntp", "w32tm"]);
    }

    #[test]
    fn each_system_has_its_command_that_shows_the_clock() {
        let commands = [Os::Linux, Os::MacOs, Os::Windows].map(look_command);
        assert_eq!(commands, ["date -u", "date -u", "w32tm /query /status"]);
    }

    #[test]
    fn expiration_has_no_fraction_and_no_offset() {
        assert_eq!(Timestamp::from_unix(1_795_181_744).rfc3339().unwrap(), "2026-11-20T13:35:44Z");
        assert_eq!(Timestamp::from_unix(0).rfc3339().unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix(i64::MAX).rfc3339(), None);
    }

    #[test]
    fn what_has_passed_has_nothing_left_even_at_the_ends_of_the_clock() {
        let (min, max) = (Timestamp::from_unix(i64::MIN), Timestamp::from_unix(i64::MAX));
        assert_eq!(min.left(max), Duration::ZERO);
        assert_eq!(max.left(min).as_secs(), i64::MAX as u64);
        assert_eq!(max.plus(Duration::from_secs(1)), max);
    }
}
