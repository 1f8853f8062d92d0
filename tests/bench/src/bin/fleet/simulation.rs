//! The events of a day, in the order of time: a person's call, a request, and what follows from its
//! answer.

use crate::clock::{Ms, SECOND, stamp};
use crate::day::Day;
use crate::person::{LIFETIME, MARGIN, Person, Work};
use crate::random::Random;
use crate::scenario::{Scenario, Start};
use crate::service::{Answer, Api, Service};
use cognito_creds::retry;
use cognito_creds::session::{Life, RENEWAL_LIMIT, Step, lead};
use cognito_creds::sign_in::renewal;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::Duration;

/// One request and its answer, between an office and a Region nearby.
const FLIGHT: Ms = 80;
/// How long a person needs at the company's own sign-in page.
const AT_THE_PROVIDER: Range<Ms> = 15 * SECOND..60 * SECOND;
/// When a person tries again who saw an error page of Cognito's.
const SIGN_IN_AGAIN: Range<Ms> = 30 * SECOND..90 * SECOND;
/// When a command that failed for want of credentials is run again.
const CALL_AGAIN: Range<Ms> = 20 * SECOND..60 * SECOND;
/// Waiting is what takes longer than a renewal does by itself.
const WAIT: Ms = 2 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Call,
    Request,
}

/// A day that is over.
pub struct Outcome {
    pub service: Service,
    /// People who have got credentials at all.
    pub served: usize,
    /// People who wanted credentials at the end and had none.
    pub unserved: usize,
    /// Times that somebody waited for credentials for more than two seconds.
    pub waits: u64,
    pub longest_wait: Ms,
    /// Calls that ended with an error.
    pub failed: u64,
}

/// A day under way.
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    random: Random,
    service: Service,
    people: Vec<Person>,
    /// Ordered by time, then by number, so that equal moments have one order in every run.
    events: BinaryHeap<Reverse<(Ms, u64, usize, Event)>>,
    scheduled: u64,
    waits: u64,
    longest_wait: Ms,
    failed: u64,
}

impl<'a> Simulation<'a> {
    /// Lives through the whole day.
    pub fn run(scenario: &'a Scenario, people: usize) -> Outcome {
        let mut random = Random::new(2026);
        let (signed_in, remembers) = (scenario.signed_in, scenario.manners.remembers_identity);
        let people: Vec<_> = (0..people)
            .map(|_| {
                let day = match &scenario.start {
                    Start::Office => Day::of_an_office(&mut random),
                    Start::Within(span) => Day::beginning_in(span.clone(), &mut random),
                };
                Person::new(day, signed_in, signed_in && remembers)
            })
            .collect();
        let service = Service::new(24 * 3600, scenario.outage.clone(), scenario.retry_after);
        let events = BinaryHeap::new();
        let (scheduled, waits, longest_wait, failed) = (0, 0, 0, 0);
        let mut it =
            Self { scenario, random, service, people, events, scheduled, waits, longest_wait, failed };
        it.live();
        it.outcome()
    }

    fn live(&mut self) {
        for who in 0..self.people.len() {
            self.call_after(who, 0);
        }
        while let Some(Reverse((now, _, who, event))) = self.events.pop() {
            match event {
                Event::Call => self.call(who, now),
                Event::Request => self.request(who, now),
            }
        }
    }

    fn outcome(self) -> Outcome {
        let count = |is: fn(&Person) -> bool| self.people.iter().filter(|person| is(person)).count();
        Outcome {
            served: count(|person| person.credentials.is_some()),
            unserved: count(|person| person.waiting.is_some()),
            waits: self.waits,
            longest_wait: self.longest_wait,
            failed: self.failed,
            service: self.service,
        }
    }

    fn at(&mut self, when: Ms, who: usize, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse((when, self.scheduled, who, event)));
    }

    fn call_after(&mut self, who: usize, now: Ms) {
        if let Some(when) = self.people[who].day.call_after(now, &mut self.random) {
            self.at(when, who, Event::Call);
        }
    }

    /// Somebody's tool asks for credentials.
    fn call(&mut self, who: usize, now: Ms) {
        let person = &self.people[who];
        match person.step(now) {
            Step::Print => self.call_after(who, person.due(now)),
            Step::PrintAndRenew => {
                if person.work.is_none() && !person.rests(now) {
                    self.begin(who, now, true);
                }
                self.call_after(who, now);
            }
            Step::Exchange | Step::Refresh | Step::SignIn => {
                if person.work.is_some() || person.lives(now) && person.rests(now) {
                    self.call_after(who, now);
                } else {
                    self.begin(who, now, false);
                }
            }
        }
    }

    fn begin(&mut self, who: usize, now: Ms, ahead: bool) {
        let next = self.people[who].first_request(now);
        let start = match next {
            Api::Federation => now + self.draw(AT_THE_PROVIDER),
            _ => now,
        };
        let person = &mut self.people[who];
        person.work = Some(Work { ahead, next, repeat: 0, until: start + patience() });
        if !ahead {
            person.waiting.get_or_insert(start);
        }
        self.at(start, who, Event::Request);
    }

    fn request(&mut self, who: usize, now: Ms) {
        let Some(work) = &self.people[who].work else { return };
        let (api, answered) = (work.next, now + FLIGHT);
        match self.service.ask(api, now) {
            Answer::Done => self.go_on(who, answered, api),
            Answer::Throttled(wish) => self.refused(who, answered, api, wish),
            Answer::Down => self.refused(who, answered, api, None),
        }
    }

    /// The step after one that succeeded.
    fn go_on(&mut self, who: usize, now: Ms, api: Api) {
        let person = &mut self.people[who];
        let Some(work) = &mut person.work else { return };
        match api {
            Api::Federation => {
                (work.next, work.repeat, work.until) = (Api::Code, 0, now + patience());
            }
            Api::Code | Api::Refresh => {
                if api == Api::Code {
                    work.until = now + patience();
                }
                work.repeat = 0;
                person.id_token = Some(stamp(now).plus(LIFETIME));
                let next = person.first_exchange();
                if let Some(work) = &mut person.work {
                    work.next = next;
                }
            }
            Api::GetId => work.next = Api::GetCredentials,
            Api::GetCredentials => return self.served(who, now),
        }
        self.at(now, who, Event::Request);
    }

    fn served(&mut self, who: usize, now: Ms) {
        let manners = &self.scenario.manners;
        let spread = if manners.spread { self.random.unit() } else { 0.0 };
        let person = &mut self.people[who];
        person.credentials = Some(Life {
            obtained: stamp(now),
            expiration: stamp(now).plus(LIFETIME),
            lead: lead(LIFETIME, MARGIN, spread),
        });
        person.identity = manners.remembers_identity;
        if person.work.take().is_some_and(|work| !work.ahead) {
            self.content(who, now);
            self.call_after(who, now);
        }
    }

    /// Nobody waits here any more.
    fn content(&mut self, who: usize, now: Ms) {
        let waited = now - self.people[who].waiting.take().unwrap_or(now);
        self.waits += u64::from(waited > WAIT);
        self.longest_wait = self.longest_wait.max(waited);
    }

    /// Turned away, or nobody there: once more after a pause, or not.
    fn refused(&mut self, who: usize, now: Ms, api: Api, wish: Option<Duration>) {
        if api == Api::Federation {
            // No program of ours is in the way here, only a person and an error page.
            let when = now + self.draw(SIGN_IN_AGAIN);
            return self.at(when, who, Event::Request);
        }
        let (wish, random) = self.manner(wish);
        let person = &mut self.people[who];
        let exchange = person.first_exchange();
        let Some(work) = &mut person.work else { return };
        let left = Duration::from_millis(work.until.saturating_sub(now));
        if let Some(pause) = retry::pause(work.repeat, wish, left, random) {
            work.repeat += 1;
            if matches!(api, Api::GetId | Api::GetCredentials) {
                work.next = exchange;
            }
            self.at(now + pause.as_millis() as Ms, who, Event::Request);
        } else if api == Api::Code {
            work.next = Api::Federation;
            let when = now + self.draw(SIGN_IN_AGAIN);
            self.at(when, who, Event::Request);
        } else {
            self.gives_up(who, now, wish);
        }
    }

    fn gives_up(&mut self, who: usize, now: Ms, wish: Option<Duration>) {
        let (_, random) = self.manner(wish);
        let person = &mut self.people[who];
        let ahead = person.work.take().is_some_and(|work| work.ahead);
        let lives = person.lives(now);
        if ahead || lives {
            person.attempt = Some(renewal::after_failure(person.attempt.as_ref(), stamp(now), wish, random));
        }
        if ahead {
            return;
        }
        if lives {
            self.content(who, now);
            self.call_after(who, now);
        } else {
            self.failed += 1;
            let when = now + self.draw(CALL_AGAIN);
            self.at(when, who, Event::Call);
        }
    }

    /// What is made of the server's wish, and the random number for a pause. Without manners the wish
    /// is ignored and every pause is as long as it can be, which is the same for everybody.
    fn manner(&mut self, wish: Option<Duration>) -> (Option<Duration>, f64) {
        if self.scenario.manners.jitter { (wish, self.random.unit()) } else { (None, 1.0) }
    }

    fn draw(&mut self, span: Range<Ms>) -> Ms {
        self.random.between(span.start, span.end)
    }
}

/// How long the program tries by itself.
fn patience() -> Ms {
    RENEWAL_LIMIT.as_millis() as Ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::days;

    const PEOPLE: usize = 400;

    #[test]
    fn nobody_gets_lost() {
        for scenario in days().each() {
            let day = Simulation::run(scenario, PEOPLE);
            assert_eq!((day.served, day.unserved), (PEOPLE, 0), "{}", scenario.name);
        }
    }

    #[test]
    fn the_same_day_goes_the_same_way() {
        let asked =
            || Api::ALL.map(|api| Simulation::run(&days().outage, PEOPLE).service.load(api).asked.clone());
        assert!(asked() == asked());
    }

    #[test]
    fn a_signed_in_fleet_never_asks_for_identities_and_one_that_forgets_always_does() {
        let total = |day: &Outcome, api| day.service.load(api).total();
        let kept = Simulation::run(&days().ordinary, PEOPLE);
        assert_eq!(total(&kept, Api::GetId) + total(&kept, Api::Code) + total(&kept, Api::Federation), 0);
        let forgotten = Simulation::run(&days().forgetful, PEOPLE);
        assert_eq!(total(&forgotten, Api::GetId), total(&forgotten, Api::GetCredentials));
        // Eight and a half hours, renewed after 30 to 40 minutes and at the next call.
        let each = total(&kept, Api::GetCredentials) as f64 / PEOPLE as f64;
        assert!((9.0..17.0).contains(&each), "{each}");
    }

    #[test]
    fn a_first_day_is_one_sign_in_for_each() {
        let day = Simulation::run(&days().first_sign_in, PEOPLE);
        let total = |api| day.service.load(api).total() as usize;
        assert_eq!((total(Api::Federation), total(Api::Code), total(Api::GetId)), (PEOPLE, PEOPLE, PEOPLE));
    }

    #[test]
    fn in_an_outage_nobody_is_answered_and_afterwards_everybody_is() {
        let scenario = days().outage;
        let day = Simulation::run(&scenario, PEOPLE);
        let seconds = (scenario.outage.start / SECOND) as usize..(scenario.outage.end / SECOND) as usize;
        assert!(
            Api::ALL.iter().all(|api| day.service.load(*api).asked[seconds.clone()].iter().all(|n| *n == 0))
        );
        assert_eq!(day.unserved, 0);
    }
}
