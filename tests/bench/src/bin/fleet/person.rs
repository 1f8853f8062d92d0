//! One person's machine: what the program has kept there, and what the program would do next. Every
//! decision is the program's own, called from its library.

use crate::clock::{Ms, SECOND, stamp};
use crate::day::Day;
use crate::service::Api;
use cognito_creds::clock::Timestamp;
use cognito_creds::journal::Attempt;
use cognito_creds::session::{Known, Life, Step, decide};
use cognito_creds::sign_in::renewal;
use std::time::Duration;

/// `cognito_refresh_margin`, as it is by default.
pub const MARGIN: Duration = Duration::from_mins(20);
/// How long ID tokens and credentials live: Cognito's default, and what the enhanced flow always gives.
pub const LIFETIME: Duration = Duration::from_hours(1);
/// Credentials with less life than this are handed to nobody.
const ALIVE: Duration = Duration::from_mins(1);

/// A renewal or sign-in under way.
pub struct Work {
    /// Behind the caller's back, so that nobody waits for it.
    pub ahead: bool,
    pub next: Api,
    /// How often the step was repeated.
    pub repeat: u32,
    /// When the program's patience ends.
    pub until: Ms,
}

/// One person and their machine.
pub struct Person {
    pub day: Day,
    /// The end of the ID token; `None` where nobody has ever signed in.
    pub id_token: Option<Timestamp>,
    pub credentials: Option<Life>,
    /// Whether the IdentityId is known.
    pub identity: bool,
    /// The last renewal that failed.
    pub attempt: Option<Attempt>,
    pub work: Option<Work>,
    /// Since when they have wanted credentials and had none.
    pub waiting: Option<Ms>,
}

impl Person {
    pub fn new(day: Day, signed_in: bool, identity: bool) -> Self {
        // Yesterday's ID token.
        let id_token = signed_in.then(|| Timestamp::from_unix(0));
        Self { day, id_token, credentials: None, identity, attempt: None, work: None, waiting: None }
    }

    /// What a call made now leads to.
    pub fn step(&self, now: Ms) -> Step {
        decide(stamp(now), MARGIN, &Known { credentials: self.credentials, id_token: self.id_token })
    }

    /// What a renewal begun now begins with.
    pub fn first_request(&self, now: Ms) -> Api {
        match decide(stamp(now), MARGIN, &Known { credentials: None, id_token: self.id_token }) {
            Step::SignIn => Api::Federation,
            Step::Refresh => Api::Refresh,
            Step::Exchange | Step::Print | Step::PrintAndRenew => self.first_exchange(),
        }
    }

    /// The identity pool's first request: GetId only where no IdentityId is known.
    pub fn first_exchange(&self) -> Api {
        if self.identity { Api::GetCredentials } else { Api::GetId }
    }

    /// Whether the cached credentials are better than an error.
    pub fn lives(&self, now: Ms) -> bool {
        self.credentials.is_some_and(|life| life.expiration.left(stamp(now)) > ALIVE)
    }

    /// Whether a renewal that failed a moment ago keeps another from beginning.
    pub fn rests(&self, now: Ms) -> bool {
        !renewal::may_begin(self.attempt.as_ref(), stamp(now))
    }

    /// When the credentials stop being simply handed out. Every call before is none of AWS's business.
    pub fn due(&self, now: Ms) -> Ms {
        let Some(life) = self.credentials else { return now };
        let (mut prints, mut doesnt) = (now, life.expiration.as_unix() as Ms * SECOND);
        while doesnt.saturating_sub(prints) > SECOND {
            let middle = prints.midpoint(doesnt);
            *(if self.step(middle) == Step::Print { &mut prints } else { &mut doesnt }) = middle;
        }
        doesnt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{HOUR, MINUTE};
    use crate::random::Random;

    fn person(signed_in: bool, identity: bool) -> Person {
        Person::new(Day::of_an_office(&mut Random::new(1)), signed_in, identity)
    }

    #[test]
    fn requests_follow_what_is_known() {
        let noon = 12 * HOUR;
        assert_eq!(person(false, false).first_request(noon), Api::Federation);
        let mut someone = person(true, false);
        assert_eq!(someone.first_request(noon), Api::Refresh);
        someone.id_token = Some(stamp(13 * HOUR));
        assert_eq!(someone.first_request(noon), Api::GetId);
        someone.identity = true;
        assert_eq!(someone.first_request(noon), Api::GetCredentials);
    }

    #[test]
    fn credentials_are_due_at_their_margin_and_the_lead_before() {
        let now = 9 * HOUR;
        let mut someone = person(true, true);
        for lead in [0, 7] {
            someone.credentials = Some(Life {
                obtained: stamp(now),
                expiration: stamp(now).plus(LIFETIME),
                lead: Duration::from_mins(lead),
            });
            let due = someone.due(now);
            assert!(due.abs_diff(now + (40 - lead) * MINUTE) <= 2 * SECOND, "{due}");
            assert_eq!(someone.step(due - 2 * SECOND), Step::Print);
            assert_eq!(someone.step(due + 2 * SECOND), Step::PrintAndRenew);
        }
    }
}
