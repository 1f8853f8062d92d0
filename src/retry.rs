//! When a call that failed for no fault of ours is made again.
//!
//! Full jitter (AWS Builders' Library, "Timeouts, retries, and backoff with jitter"): a fleet that
//! was cut off at one moment must not come back at one moment.

use std::time::Duration;

/// The longest pause before the first repetition; each further one may be twice as long.
const FIRST: Duration = Duration::from_millis(400);
/// The longest pause at all.
const LONGEST: Duration = Duration::from_secs(4);
/// How often one call is repeated.
const REPEATS: u32 = 3;

/// How long to wait before repetition number `repeat` (from 0), or `None` to give up: too many
/// already, or the pause doesn't fit into the time that is `left`. A server's `Retry-After` is
/// honoured or else ends it; it comes to a whole fleet at one moment, so as long again is spread on
/// top of it, where there is time. `random` lies in 0..=1.
pub fn pause(repeat: u32, retry_after: Option<Duration>, left: Duration, random: f64) -> Option<Duration> {
    if repeat >= REPEATS {
        return None;
    }
    let wish = retry_after.unwrap_or_default();
    let longest = FIRST.saturating_mul(1 << repeat).min(LONGEST).max(wish).min(left.saturating_sub(wish) / 2);
    let pause = wish + longest.mul_f64(random.clamp(0.0, 1.0));
    (pause < left).then_some(pause)
}

/// A random number in 0..=1 for [`pause`]; 1 where the system gives none.
pub fn random() -> f64 {
    getrandom::u32().map_or(1.0, |n| f64::from(n) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn pauses_grow_are_bounded_and_end() {
        let pauses: Vec<_> = (0..5).map_while(|n| pause(n, None, LONG, 1.0)).collect();
        assert_eq!(pauses, [400, 800, 1600].map(Duration::from_millis));
        assert_eq!(pause(0, None, LONG, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn retry_after_is_honoured_or_ends_it() {
        let asked = Some(Duration::from_secs(5));
        assert_eq!(pause(0, asked, LONG, 0.0), asked);
        assert_eq!(pause(0, asked, Duration::from_secs(4), 0.0), None);
    }

    #[test]
    fn a_fleet_that_was_asked_to_wait_does_not_come_back_at_one_moment() {
        let asked = Some(Duration::from_secs(5));
        assert_eq!(pause(0, asked, LONG, 1.0), Some(Duration::from_secs(10)));
        // Half of what is left after it remains for the request itself.
        assert_eq!(pause(0, asked, Duration::from_secs(9), 1.0), Some(Duration::from_secs(7)));
    }

    #[test]
    fn no_time_left_means_no_repetition() {
        assert_eq!(pause(0, None, Duration::ZERO, 0.0), None);
    }
}
