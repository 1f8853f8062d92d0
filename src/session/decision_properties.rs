//! The decision at every clock: set back, far ahead, before 1970, at the ends of what a clock can show.

use super::*;
use crate::secret::{SecretAccessKey, SessionToken};
use proptest::prelude::*;

/// The longest margin that a profile can have, and a quarter of an hour more.
const LONGEST_MARGIN: u64 = 12 * 3600;

/// Any second there is, those around 0 and today among them.
fn clock() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        any::<i64>(),
        -100_000..100_000_i64,
        1_700_000_000..1_900_000_000_i64,
        Just(i64::MIN),
        Just(i64::MAX),
    ]
    .prop_map(Timestamp::from_unix)
}

/// Another point, mostly close by.
fn near(to: Timestamp) -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (-20_000..20_000_i64).prop_map(move |by| Timestamp::from_unix(to.as_unix().saturating_add(by))),
        1 => clock(),
    ]
}

fn margin() -> impl Strategy<Value = Duration> {
    (0..=LONGEST_MARGIN).prop_map(Duration::from_secs)
}

prop_compose! {
    fn situation()(now in clock())(
        now in Just(now),
        obtained in near(now),
        expiration in near(now),
        lead in 0..=u32::MAX,
        short_lead in 0..600_u32,
        use_short in any::<bool>(),
        has_credentials in any::<bool>(),
        id_token in prop::option::of(near(now)),
    ) -> (Timestamp, Known) {
        let lead = Duration::from_secs(u64::from(if use_short { short_lead } else { lead }));
        let life = Life { obtained, expiration, lead };
        (now, Known { credentials: has_credentials.then_some(life), id_token })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_clock_makes_dead_credentials_printed((now, known) in situation(), margin in margin()) {
        if decide(now, margin, &known).prints() {
            let life = known.credentials.unwrap();
            prop_assert!(life.expiration > now);
            prop_assert!(life.expiration.left(now) > margin.min(CONTENT));
            prop_assert!(life.obtained <= now.plus(CLOCK_SLACK), "they come from the future");
        }
    }

    #[test]
    fn what_lives_long_enough_needs_nobody((now, known) in situation(), margin in margin()) {
        let step = decide(now, margin, &known);
        let lives = |life: Life| life.obtained <= now && life.expiration.left(now) > margin.max(CONTENT);
        prop_assert_eq!(known.credentials.is_some_and(lives) && !step.prints(), false);
    }

    #[test]
    fn an_id_token_is_sent_only_while_it_lives((now, known) in situation(), margin in margin()) {
        if decide(now, margin, &known) == Step::Exchange {
            prop_assert!(known.id_token.unwrap().left(now) > ID_TOKEN_MARGIN);
        }
    }

    #[test]
    fn whoever_has_a_login_is_never_sent_to_sign_in((now, known) in situation(), margin in margin()) {
        prop_assert_eq!(
            decide(now, margin, &known) == Step::SignIn,
            known.id_token.is_none() && !decide(now, margin, &known).prints()
        );
    }

    /// While the clock runs as it should, a step never goes back to one that asks for less.
    #[test]
    fn time_only_makes_it_more_urgent((now, known) in situation(), margin in margin(), later in 0..100_000_u64) {
        let is_content = |step| match step { Step::Print => 2, Step::PrintAndRenew => 1, _ => 0 };
        // A clock that was set back recovers with time; that is the one way to less urgency.
        if known.credentials.is_some_and(|life| life.obtained > now) {
            return Ok(());
        }
        let (before, after) = (decide(now, margin, &known), decide(now.plus(Duration::from_secs(later)), margin, &known));
        prop_assert!(is_content(after) <= is_content(before), "{before:?}, then {after:?}");
    }

    #[test]
    fn renewal_is_due_when_it_is_said_to_be((now, known) in situation(), margin in margin()) {
        let Some(life) = known.credentials else { return Ok(()) };
        let due = renewal(&life, margin);
        // At the ends of the clock, due points are cut off.
        if due.plus(margin + life.lead) != life.expiration {
            return Ok(());
        }
        prop_assert!(now < due || decide(now, margin, &known) != Step::Print);
    }

    #[test]
    fn only_what_lives_is_better_than_an_error((now, known) in situation()) {
        let Some(Life { obtained, expiration, .. }) = known.credentials else { return Ok(()) };
        let credentials = Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: SecretAccessKey::new("s"),
            session_token: SessionToken::new("t"),
            obtained,
            expiration,
            role: None,
            lead: 0,
        };
        let believable = obtained <= now.plus(CLOCK_SLACK);
        prop_assert_eq!(is_alive(&credentials, now), believable && expiration.left(now) > ALIVE);
    }

    #[test]
    fn a_lead_leaves_three_quarters_of_the_time(
        lifetime in prop_oneof![0..200_000_u64, any::<u64>()],
        margin in margin(),
        random in prop_oneof![0.0..=1.0_f64, any::<f64>().prop_filter("a number", |f| !f.is_nan())],
    ) {
        let lifetime = Duration::from_secs(lifetime);
        let lead = lead(lifetime, margin, random);
        prop_assert!(lead <= LONGEST_LEAD && lead <= lifetime.saturating_sub(margin) / 4);
    }
}
