//! The next step, decided from points in time alone: all clocks, all margins, nothing secret.

use crate::clock::Timestamp;
use crate::credentials::Credentials;
use std::time::Duration;

/// Above this much life AWS SDKs are content: botocore asks again at each signing below 15 minutes.
const CONTENT: Duration = Duration::from_mins(15);
/// An ID token with less life than this is refreshed before it is used.
const ID_TOKEN_MARGIN: Duration = Duration::from_mins(5);
/// Credentials with more life than this are better than an error.
const ALIVE: Duration = Duration::from_mins(1);
/// Credentials obtained this much after "now" mean that the clock was set back: their end can't be judged.
const CLOCK_SLACK: Duration = Duration::from_mins(5);

/// See [`lead`].
const LONGEST_LEAD: Duration = Duration::from_mins(10);

/// The step that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Hand out what is cached.
    Print,
    /// Hand out what is cached, and renew behind the caller's back.
    PrintAndRenew,
    /// The ID token at the identity pool.
    Exchange,
    /// The refresh token at the token endpoint, then exchange.
    Refresh,
    /// A person.
    SignIn,
}

impl Step {
    /// Whether the cached credentials are handed out.
    pub fn prints(self) -> bool {
        matches!(self, Self::Print | Self::PrintAndRenew)
    }
}

/// The life of cached credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// When they were obtained, by the local clock.
    pub obtained: Timestamp,
    /// When AWS stops accepting them.
    pub expiration: Timestamp,
    /// How much before the margin they are renewed ahead; see [`lead`].
    pub lead: Duration,
}

impl From<&Credentials> for Life {
    fn from(credentials: &Credentials) -> Self {
        let Credentials { obtained, expiration, lead, .. } = *credentials;
        Self { obtained, expiration, lead: Duration::from_secs(lead.into()) }
    }
}

/// What a decision rests on: points in time and nothing secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The cached credentials.
    pub credentials: Option<Life>,
    /// The end of the stored login's ID token.
    pub id_token: Option<Timestamp>,
}

/// The next step. Pure: all clocks, all margins.
pub fn decide(now: Timestamp, margin: Duration, known: &Known) -> Step {
    if let Some(Life { obtained, expiration, lead }) = known.credentials
        && obtained <= now.plus(CLOCK_SLACK)
    {
        let left = expiration.left(now);
        if left > margin + lead {
            return Step::Print;
        }
        if left > margin.min(CONTENT) {
            return Step::PrintAndRenew;
        }
    }
    match known.id_token {
        Some(end) if end.left(now) > ID_TOKEN_MARGIN => Step::Exchange,
        Some(_) => Step::Refresh,
        None => Step::SignIn,
    }
}

/// How much before the margin credentials of this lifetime are renewed ahead. `random` lies in 0..=1.
///
/// A fleet that began at one moment (a cron job, the end of an outage) would renew at one moment for
/// ever after; with this it has spread over ten minutes after one renewal. A quarter of the time
/// until the margin at most: whoever's credentials are short must not renew them all the time.
pub fn lead(lifetime: Duration, margin: Duration, random: f64) -> Duration {
    (lifetime.saturating_sub(margin) / 4).min(LONGEST_LEAD).mul_f64(random.clamp(0.0, 1.0))
}

/// When credentials are first renewed: a call after this prints them and starts their renewal.
pub fn renewal(life: &Life, margin: Duration) -> Timestamp {
    life.expiration.minus(margin + life.lead)
}

/// Whether credentials may be handed out when nothing better is to be had.
pub fn is_alive(credentials: &Credentials, now: Timestamp) -> bool {
    credentials.obtained <= now.plus(CLOCK_SLACK) && credentials.expiration.left(now) > ALIVE
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGIN: Duration = Duration::from_mins(20);
    const NOW: Timestamp = Timestamp::from_unix(1_000_000_000);

    fn after(minutes: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(minutes * 60))
    }

    fn cached(minutes: u64) -> Known {
        let life = Life { obtained: NOW, expiration: after(minutes), lead: Duration::ZERO };
        Known { credentials: Some(life), id_token: None }
    }

    #[test]
    fn a_life_from_nothing_to_expiry() {
        let step = |known| decide(NOW, MARGIN, &known);
        assert_eq!(step(Known::default()), Step::SignIn);
        assert_eq!(step(cached(60)), Step::Print);
        assert_eq!(step(cached(20)), Step::PrintAndRenew);
        assert_eq!(step(cached(16)), Step::PrintAndRenew);
        assert_eq!(step(Known { id_token: Some(after(30)), ..cached(15) }), Step::Exchange);
        assert_eq!(step(Known { id_token: Some(after(5)), ..cached(15) }), Step::Refresh);
        assert_eq!(step(Known { id_token: Some(NOW), ..cached(0) }), Step::Refresh);
    }

    #[test]
    fn credentials_from_the_future_are_not_trusted() {
        let life = Life { obtained: after(10), expiration: after(70), lead: Duration::ZERO };
        let known = Known { credentials: Some(life), id_token: None };
        assert_eq!(decide(NOW, MARGIN, &known), Step::SignIn);
    }

    #[test]
    fn a_lead_renews_earlier_and_keeps_nobody_waiting() {
        let life = Life { obtained: NOW, expiration: after(60), lead: Duration::from_mins(10) };
        let step =
            |minutes| decide(after(minutes), MARGIN, &Known { credentials: Some(life), id_token: None });
        assert_eq!([29, 30, 44].map(step), [Step::Print, Step::PrintAndRenew, Step::PrintAndRenew]);
    }

    #[test]
    fn a_margin_below_15_minutes_is_what_the_person_wants() {
        let margin = Duration::from_mins(5);
        let life = Life { obtained: NOW, expiration: after(60), lead: Duration::from_mins(10) };
        let step =
            |minutes| decide(after(minutes), margin, &Known { credentials: Some(life), id_token: None });
        assert_eq!(
            [44, 45, 54, 55].map(step),
            [Step::Print, Step::PrintAndRenew, Step::PrintAndRenew, Step::SignIn]
        );
    }

    #[test]
    fn a_lead_is_ten_minutes_or_a_quarter_of_what_there_is() {
        let most = |minutes| lead(Duration::from_mins(minutes), MARGIN, 1.0);
        assert_eq!([720, 60, 40, 20, 15].map(most), [10, 10, 5, 0, 0].map(Duration::from_mins));
        assert_eq!(lead(Duration::from_hours(1), MARGIN, 0.0), Duration::ZERO);
        assert_eq!(lead(Duration::from_hours(1), MARGIN, 0.5), Duration::from_mins(5));
    }
}

#[cfg(test)]
#[path = "decision_properties.rs"]
mod properties;
