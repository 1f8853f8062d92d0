//! The outcomes as tables for people: `docs/faults.md`.

use crate::Outcomes;
use crate::fault::{self, Takes};
use crate::gate::{Call, Counts};
use crate::row::{Outcome, Printed, Row, Stored};
use crate::support::generated::check_generated;
use crate::world::{HOPS, Hop, State};
use std::fmt::Write;

/// Compares each hop's table with the page.
pub fn check(done: &Outcomes) {
    for hop in HOPS {
        check_generated("docs/faults.md", name(hop), &table(hop, done));
    }
    let rows = format!("{} rows: {} faults.\n", done.len(), fault::ALL.len());
    check_generated("docs/faults.md", "bounds", &bounds());
    check_generated("docs/faults.md", "rows", &rows);
}

/// What of the times is asserted.
fn bounds() -> String {
    let seconds = |time: std::time::Duration| time.as_secs();
    let (moments, limits) = (seconds(Takes::Moments.most()), seconds(Takes::Renewal.most()));
    format!(
        "`Within` is asserted with slack, because machines that test are slow at times: the whole call ends within {moments} s where no limit is \
         waited out or the server\nhas asked to wait, and within {limits} s elsewhere. Of a request that hangs, the host sees when it is given up: \
         asserted are {} s and {} s more for each\nrequest, and {} s and {} s more from the first one's arrival to the end of the last.\n",
        seconds(fault::REQUEST),
        seconds(fault::SLACK),
        seconds(fault::RENEWAL),
        seconds(fault::SLACK),
    )
}

fn name(hop: Hop) -> &'static str {
    match hop {
        Hop::Code => "code",
        Hop::Refresh => "refresh",
        Hop::IdentityPool => "identity-pool",
        Hop::Sts => "sts",
        Hop::Discovery => "discovery",
        Hop::DiscoveryAtSignIn => "discovery-at-sign-in",
        Hop::Backend => "backend",
    }
}

fn heading(state: State) -> &'static str {
    match state {
        State::SigningIn => "Nobody is signed in",
        State::Fresh => "Signed in, nothing cached",
        State::Alive => "Cached credentials alive",
        State::Dead => "Cached credentials dead",
    }
}

fn table(hop: Hop, done: &Outcomes) -> String {
    let states: Vec<_> = hop.states().iter().map(|state| heading(*state)).collect();
    let mut table = format!("| Fault | {} | Within | What is said |\n", states.join(" | "));
    writeln!(table, "|{}", " --- |".repeat(states.len() + 3)).unwrap();
    for fault in fault::ALL {
        let of = |state: &State| (*state, &done[&Row { hop, fault, state: *state }]);
        let outcomes: Vec<_> = hop.states().iter().map(of).collect();
        let cells: Vec<_> = outcomes.iter().map(|(_, outcome)| cell(outcome)).collect();
        let within = Row { hop, fault, state: outcomes[0].0 }.takes().words();
        writeln!(table, "| {} | {} | {within} | {} |", fault.name(), cells.join(" | "), said(&outcomes))
            .unwrap();
    }
    table
}

/// Exit code and stdout, requests, the refresh token.
fn cell(outcome: &Outcome) -> String {
    let printed = match outcome.printed {
        Printed::Nothing => "1, nothing",
        Printed::Kept => "0, these",
        Printed::Fresh => "0, new ones",
    };
    let stored = match outcome.stored {
        Stored::Nothing => "nothing stored",
        Stored::Same => "token kept",
        Stored::Rotated => "new token kept",
    };
    format!("{printed}; {}; {stored}", requests(&outcome.calls))
}

fn requests(calls: &Counts) -> String {
    let calls = calls.iter().filter(|(call, _)| **call != Call::Other);
    let words: Vec<_> = calls.map(|(call, count)| format!("{} {count}", call.name())).collect();
    if words.is_empty() { "no request".to_owned() } else { words.join(", ") }
}

/// The sentence and the command where it failed; what `status` adds is the same sentence, and is told only
/// where it isn't.
fn said(outcomes: &[(State, &Outcome)]) -> String {
    let mut failures: Vec<_> =
        outcomes.iter().filter(|(_, outcome)| outcome.printed == Printed::Nothing).collect();
    let (_, first) = failures.remove(0);
    assert!(
        failures.iter().all(|(_, other)| other.told == first.told),
        "one fault, one message: {outcomes:?}"
    );
    let kept = outcomes.iter().filter(|(_, outcome)| outcome.printed == Printed::Kept);
    for (_, outcome) in kept {
        let noted = format!("Renewing failed, the credentials at hand are used: {}", first.told.0);
        assert_eq!(outcome.told.0, noted, "status knows the reason");
    }
    let (what, paste) = &first.told;
    let command = paste.strip_prefix("cognito-creds ").unwrap().strip_suffix(" --profile dev").unwrap();
    format!("{what} → `{command}`")
}
