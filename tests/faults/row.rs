//! One row: the fault happens, the program is called once, and what came of it is looked at. What holds
//! for every row is asserted here; what is particular to it goes into the table.

use crate::fault::{self, Fault, Takes};
use crate::gate::{Call, Counts, Gate};
use crate::support::{Ran, wait_until};
use crate::surroundings::Surroundings;
use crate::world::{Hop, State, World};
use cognito_creds::clock::Timestamp;
use std::fs;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub hop: Hop,
    pub fault: Fault,
    pub state: State,
}

/// What stdout had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    Nothing,
    /// The credentials that were there before.
    Kept,
    /// New ones.
    Fresh,
}

/// What became of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// There was no login, and there is none.
    Nothing,
    /// It is the one that it was.
    Same,
    /// The server has replaced it, and the new one is stored.
    Rotated,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub printed: Printed,
    pub stored: Stored,
    pub calls: Counts,
    /// The two lines of stderr, or what is kept for `status` where that is empty.
    pub told: (String, String),
}

impl Row {
    /// How long it takes at most.
    pub fn takes(self) -> Takes {
        match self.fault {
            Fault::TooManyWaitASecond => Takes::AsAsked,
            fault if !fault.takes_time() => Takes::Moments,
            _ if self.state == State::SigningIn => Takes::Request,
            _ => Takes::Renewal,
        }
    }

    /// Plays it; panics where a promise is broken.
    pub fn play(self, surroundings: &Surroundings) -> Outcome {
        let Self { hop, fault, state } = self;
        let mut world = World::new(hop, state);
        let (before, cached) = (world.machine.login(), world.cached());
        assert_eq!(cached.is_some(), state == State::Alive);
        world.strike(fault, surroundings);
        let began = Instant::now();
        let ran = world.call(state);
        let took = began.elapsed();
        let calls = world.gate.take_seen();
        let after = world.machine.login();

        assert!(took < self.takes().most(), "took {took:?}");
        if fault.takes_time() {
            assert_given_up(&world.gate);
        }
        let printed = printed(&ran, cached.as_deref());
        assert_eq!(printed == Printed::Kept, state == State::Alive, "what lives beats an error: {ran:?}");
        let refresh_token = |login: &Option<serde_json::Value>| {
            Some(login.as_ref()?["refresh_token"].as_str().unwrap().to_owned())
        };
        let stored = match (refresh_token(&before), refresh_token(&after)) {
            (None, None) => Stored::Nothing,
            (None, Some(_)) => panic!("a sign-in that failed left a login"),
            (Some(before), Some(after)) if before == after => Stored::Same,
            (Some(_), Some(after)) if !after.is_empty() => Stored::Rotated,
            (Some(_), _) => panic!("the login is lost: {ran:?}"),
        };
        assert_few(&calls, fault);
        assert_no_secrets(&world, &ran, &[&before, &after]);
        let told = told(&world, &ran, surroundings);

        world.mend();
        if state == State::Alive {
            assert_eq!(world.cached(), cached, "the cache is as it was");
            world.machine.let_credentials_end();
        }
        let tabs = world.machine.tabs().len();
        let again = world.call_again(state);
        assert_eq!(again.code, 0, "after the fault: {again:?}");
        again.document();
        let learnt = hop != Hop::IdentityPool && calls.contains_key(&Call::GetId);
        assert!(
            !learnt || !world.gate.take_seen().contains_key(&Call::GetId),
            "an identity is asked for once"
        );
        let new_tabs = world.machine.tabs().len() - tabs;
        assert_eq!(new_tabs, usize::from(state == State::SigningIn), "nobody is asked to sign in again");
        Outcome { printed, stored, calls, told }
    }
}

/// stdout is empty or one document of live credentials, and the exit code says which.
fn printed(ran: &Ran, cached: Option<&str>) -> Printed {
    if ran.code != 0 {
        ran.failure();
        return Printed::Nothing;
    }
    let document = ran.document();
    let end = document["Expiration"].as_str().unwrap();
    let end = time::OffsetDateTime::parse(end, &time::format_description::well_known::Rfc3339).unwrap();
    let left = Timestamp::from_unix(end.unix_timestamp()).left(Timestamp::now());
    assert!(left > Duration::from_mins(1), "{document}");
    if cached == Some(ran.stdout.as_str()) { Printed::Kept } else { Printed::Fresh }
}

/// What hangs is given up at the limits of a request and of a renewal, as the host sees it.
fn assert_given_up(gate: &Gate) {
    wait_until("the end of every request", || gate.waits().iter().all(|wait| wait.given_up.is_some()));
    let waits = gate.waits();
    assert!(!waits.is_empty(), "no request came to where it hangs");
    let lasted: Vec<_> = waits.iter().map(|wait| wait.given_up.unwrap() - wait.arrived).collect();
    let most = fault::REQUEST + fault::SLACK;
    assert!(lasted.iter().all(|lasted| *lasted < most), "given up after {lasted:?}");
    let first = waits.iter().map(|wait| wait.arrived).min().unwrap();
    let all = waits.iter().filter_map(|wait| wait.given_up).max().unwrap() - first;
    assert!(all < fault::RENEWAL + fault::SLACK, "the last one was given up after {all:?}");
}

/// No call is made more often than a patient person would: one and three repetitions, and a code that
/// may have been spent is sent once.
fn assert_few(calls: &Counts, fault: Fault) {
    for (call, count) in calls.iter().filter(|(call, _)| **call != Call::Other) {
        let most = if *call == Call::Code && !fault.turns_away() { 1 } else { 4 };
        assert!(*count <= most, "{}: {count}", call.name());
    }
}

/// Neither the caller nor the notes of the program get a token.
fn assert_no_secrets(world: &World, ran: &Ran, logins: &[&Option<serde_json::Value>]) {
    let mut texts = vec![ran.stderr.clone()];
    let files = world.machine.files();
    let notes = files.iter().filter(|path| path.to_string_lossy().contains("/.local/state/"));
    texts.extend(notes.filter_map(|path| fs::read_to_string(path).ok()));
    let tokens = ["refresh_token", "id_token", "access_token"];
    let values = logins.iter().filter_map(|login| login.as_ref());
    let mut secrets: Vec<_> =
        values.flat_map(|l| tokens.map(|t| l[t].as_str().unwrap().to_owned())).collect();
    secrets.push(Surroundings::SECRET.to_owned());
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!texts.iter().any(|text| text.contains(secret)), "a secret among {texts:?}");
    }
}

/// What a person reads: on stderr, or in `status` where stdout had something.
fn told(world: &World, ran: &Ran, surroundings: &Surroundings) -> (String, String) {
    if ran.code != 0 {
        let (what, paste) = ran.failure();
        let what = what.strip_prefix("cognito-creds: ").unwrap();
        return (surroundings.anonymous(what), surroundings.anonymous(&paste));
    }
    let status = world.machine.run(&["status", "--profile", "dev", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let noted = status[0]["last_error"]["message"].as_str().unwrap_or_default();
    (surroundings.anonymous(noted), String::new())
}
