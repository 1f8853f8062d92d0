//! When one person works, and when their tools ask for credentials. All of it is assumed.

use crate::clock::{HOUR, MINUTE, Ms, SECOND};
use crate::random::Random;
use std::ops::Range;

/// Of a hundred people, so many work in bursts (Terraform, scripts); the others run a command now and then.
const BUSY: f64 = 0.3;
/// The mean pause between two commands, and between two bursts.
const COMMAND: Ms = 4 * MINUTE;
const BURST: Ms = 12 * MINUTE;

/// One person's working day.
pub struct Day {
    begin: Ms,
    lunch: Range<Ms>,
    end: Ms,
    busy: bool,
    burst_until: Ms,
}

impl Day {
    /// Arrives between 08:00 and 09:30, most of them around 08:45; lunch of 30 to 60 minutes; home after
    /// eight and a half hours.
    pub fn of_an_office(random: &mut Random) -> Self {
        let begin = random.around(8 * HOUR + 45 * MINUTE, 45 * MINUTE);
        Self::beginning(begin, random)
    }

    /// Begins within this span, whoever it is: a machine whose timer starts a job, a person who has
    /// been told to sign in.
    pub fn beginning_in(span: Range<Ms>, random: &mut Random) -> Self {
        let begin = random.between(span.start, span.end);
        Self::beginning(begin, random)
    }

    fn beginning(begin: Ms, random: &mut Random) -> Self {
        let lunch = random.around(12 * HOUR + 15 * MINUTE, 30 * MINUTE);
        Self {
            begin,
            lunch: lunch..lunch + random.between(30 * MINUTE, 60 * MINUTE),
            end: begin + random.around(8 * HOUR + 30 * MINUTE, 30 * MINUTE),
            busy: random.unit() < BUSY,
            burst_until: 0,
        }
    }

    /// The first call after `now`; `None` when the day is over. What happened before doesn't matter to
    /// it, but for a burst that is under way.
    pub fn call_after(&mut self, now: Ms, random: &mut Random) -> Option<Ms> {
        let mut call = if now < self.begin {
            self.begin
        } else if now < self.burst_until {
            now + random.between(2 * SECOND, 6 * SECOND)
        } else {
            now + 1 + random.wait(if self.busy { BURST } else { COMMAND })
        };
        if self.lunch.contains(&call) {
            call = self.lunch.end + random.wait(COMMAND);
        }
        if self.busy && call >= self.burst_until {
            self.burst_until = call + random.between(20 * SECOND, 3 * MINUTE);
        }
        (call < self.end).then_some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_calls_from_its_begin_to_its_end_and_none_at_lunch() {
        let mut random = Random::new(1);
        for _ in 0..200 {
            let mut day = Day::of_an_office(&mut random);
            let (lunch, end) = (day.lunch.clone(), day.end);
            let mut calls = vec![];
            while let Some(call) = day.call_after(calls.last().copied().unwrap_or(0), &mut random) {
                assert!(calls.last() < Some(&call), "time goes on");
                calls.push(call);
            }
            assert!((8 * HOUR..9 * HOUR + 30 * MINUTE).contains(&calls[0]));
            assert!(calls.iter().all(|call| !lunch.contains(call) && *call < end));
            assert!(calls.len() > 40, "{}", calls.len());
        }
    }

    #[test]
    fn a_timer_starts_everybody_within_a_second() {
        let mut random = Random::new(1);
        let nine = 9 * HOUR;
        assert!((0..200).all(|_| {
            let first = Day::beginning_in(nine..nine + SECOND, &mut random).call_after(0, &mut random);
            (nine..nine + SECOND).contains(&first.unwrap())
        }));
    }
}
