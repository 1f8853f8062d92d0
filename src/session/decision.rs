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

/// What a decision rests on: points in time and nothing secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Obtained and expiration of the cached credentials.
    pub credentials: Option<(Timestamp, Timestamp)>,
    /// The end of the stored login's ID token.
    pub id_token: Option<Timestamp>,
}

/// The next step. Pure: all clocks, all margins.
pub fn decide(now: Timestamp, margin: Duration, known: &Known) -> Step {
    if let Some((obtained, expiration)) = known.credentials
        && obtained <= now.plus(CLOCK_SLACK)
    {
        let left = expiration.left(now);
        if left > margin {
            return Step::Print;
        }
        if left > CONTENT {
            return Step::PrintAndRenew;
        }
    }
    match known.id_token {
        Some(end) if end.left(now) > ID_TOKEN_MARGIN => Step::Exchange,
        Some(_) => Step::Refresh,
        None => Step::SignIn,
    }
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
        Known { credentials: Some((NOW, after(minutes))), id_token: None }
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
        let known = Known { credentials: Some((after(10), after(70))), id_token: None };
        assert_eq!(decide(NOW, MARGIN, &known), Step::SignIn);
    }
}
