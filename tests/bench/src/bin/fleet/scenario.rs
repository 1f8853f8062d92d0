//! The days that are simulated.

use crate::clock::{HOUR, MINUTE, Ms, SECOND};
use std::ops::Range;
use std::time::Duration;

/// How a day begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// People arrive at the office.
    Office,
    /// Everybody begins within this span: by a timer, or because a message tells them to.
    Within(Range<Ms>),
}

/// What the program does for the fleet's sake. Without all of these it is what most tools are.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// The IdentityId is kept for good.
    pub remembers_identity: bool,
    /// Renewals run ahead by a random lead.
    pub spread: bool,
    /// Pauses have full jitter, and Retry-After is honoured.
    pub jitter: bool,
}

pub const ALL: Manners = Manners { remembers_identity: true, spread: true, jitter: true };

/// One day.
pub struct Scenario {
    pub name: &'static str,
    pub start: Start,
    /// Whether people have signed in on some earlier day.
    pub signed_in: bool,
    pub manners: Manners,
    /// Nobody answers at AWS.
    pub outage: Range<Ms>,
    /// What a 429 asks for.
    pub retry_after: Option<Duration>,
}

/// Every day, by what is different about it.
pub struct Days<T> {
    pub ordinary: T,
    pub no_spread: T,
    pub forgetful: T,
    pub first_sign_in: T,
    pub rollout: T,
    pub timer: T,
    pub timer_with_wish: T,
    pub timer_no_manners: T,
    pub timer_forgetful: T,
    pub timer_staggered: T,
    pub outage: T,
    pub outage_no_manners: T,
}

const NINE: Ms = 9 * HOUR;

pub fn days() -> Days<Scenario> {
    let ordinary = || Scenario {
        name: "ordinary day",
        start: Start::Office,
        signed_in: true,
        manners: ALL,
        outage: 0..0,
        retry_after: None,
    };
    let timer = || Scenario { name: "all at 09:00", start: Start::Within(NINE..NINE + SECOND), ..ordinary() };
    let outage = || Scenario {
        name: "outage 11:00 to 11:10",
        outage: 11 * HOUR..11 * HOUR + 10 * MINUTE,
        ..ordinary()
    };
    let no_spread = Manners { spread: false, ..ALL };
    let forgetful = Manners { remembers_identity: false, ..ALL };
    let none = Manners { spread: false, jitter: false, ..ALL };
    let wish = Some(Duration::from_secs(5));
    Days {
        ordinary: ordinary(),
        no_spread: Scenario { name: "ordinary day, no spread", manners: no_spread, ..ordinary() },
        forgetful: Scenario { name: "ordinary day, IdentityId not kept", manners: forgetful, ..ordinary() },
        first_sign_in: Scenario { name: "first sign-in, 08:00 to 09:30", signed_in: false, ..ordinary() },
        rollout: Scenario {
            name: "first sign-in, 09:00 to 09:10",
            signed_in: false,
            start: Start::Within(NINE..NINE + 10 * MINUTE),
            ..ordinary()
        },
        timer: timer(),
        timer_with_wish: Scenario { name: "all at 09:00, 429 asks for 5 s", retry_after: wish, ..timer() },
        timer_no_manners: Scenario {
            name: "the same, no jitter, no spread",
            manners: none,
            retry_after: wish,
            ..timer()
        },
        timer_forgetful: Scenario {
            name: "all at 09:00, IdentityId not kept",
            manners: forgetful,
            ..timer()
        },
        timer_staggered: Scenario {
            name: "all within 15 min of 09:00",
            start: Start::Within(NINE..NINE + 15 * MINUTE),
            ..ordinary()
        },
        outage: outage(),
        outage_no_manners: Scenario { name: "outage, no jitter, no spread", manners: none, ..outage() },
    }
}

impl<T> Days<T> {
    /// The same for every day.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Days<U> {
        Days {
            ordinary: f(self.ordinary),
            no_spread: f(self.no_spread),
            forgetful: f(self.forgetful),
            first_sign_in: f(self.first_sign_in),
            rollout: f(self.rollout),
            timer: f(self.timer),
            timer_with_wish: f(self.timer_with_wish),
            timer_no_manners: f(self.timer_no_manners),
            timer_forgetful: f(self.timer_forgetful),
            timer_staggered: f(self.timer_staggered),
            outage: f(self.outage),
            outage_no_manners: f(self.outage_no_manners),
        }
    }

    /// In the table's order.
    pub fn each(&self) -> [&T; 12] {
        [
            &self.ordinary,
            &self.no_spread,
            &self.forgetful,
            &self.first_sign_in,
            &self.rollout,
            &self.timer,
            &self.timer_with_wish,
            &self.timer_no_manners,
            &self.timer_forgetful,
            &self.timer_staggered,
            &self.outage,
            &self.outage_no_manners,
        ]
    }
}
