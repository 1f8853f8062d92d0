//! Two hundred processes at once with nothing cached: what is asked of the person and of AWS, and how
//! long the last one waits for what the first one has.

use crate::duel::milliseconds;
use crate::support::{Machine, Ran, alice};
use crate::table::Row;
use crate::{BUS, bus, note};
use cognito_sandbox::cast;
use std::thread;
use std::time::Instant;

/// Processes at once.
const CALLERS: usize = 200;
/// Longest time between the first and the last answer, in milliseconds.
const APART: f64 = 1_000.0;

/// Counts and time for a sign-in and for a renewal, with the login in the keychain, as it is by default.
pub fn rows(timed: bool) -> Vec<Row> {
    let mut machine = Machine::with("");
    machine.set(BUS, &bus());
    machine.sandbox.change(|world| {
        let client = world.clients.iter_mut().find(|client| client.id == cast::PUBLIC_CLIENT);
        // Five minutes are too few for the next renewal: it needs a new ID token.
        client.expect("the public client").id_token_seconds = 300;
    });
    machine.seat(alice());
    note("200 processes that need a sign-in");
    let sign_in = all_at_once(&machine);
    let counts = machine.sandbox.counts();
    let asked = (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials);
    let mut rows = vec![Row::exactly(
        "200 processes, nothing cached: tabs, code exchanges, GetId, GetCredentialsForIdentity, different answers",
        &format!("{}, {}, {}, {}, {}", asked.0, asked.1, asked.2, asked.3, sign_in.different),
        "1, 1, 1, 1, 1",
    )];
    let apart = |row: &Crowd| Row::at_most("… from the first answer to the last", row.apart, APART, " ms", 0);
    rows.extend(timed.then(|| apart(&sign_in)));

    note("200 processes that need a renewal");
    machine.leave();
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    let renewal = all_at_once(&machine);
    let counts = machine.sandbox.counts();
    let asked = (machine.tabs().len(), counts.token_refresh, counts.get_id, counts.get_credentials);
    rows.push(Row::exactly(
        "200 processes, renewal due: new tabs, refreshes, GetId, GetCredentialsForIdentity, different answers",
        &format!("{}, {}, {}, {}, {}", asked.0 - 1, asked.1, asked.2, asked.3, renewal.different),
        "0, 1, 0, 1, 1",
    ));
    rows.extend(timed.then(|| apart(&renewal)));
    rows
}

/// What all of them got.
struct Crowd {
    /// Different documents.
    different: usize,
    /// Milliseconds between the first answer and the last.
    apart: f64,
}

/// Starts them one right after the other. Each must succeed without a word on stderr.
fn all_at_once(machine: &Machine) -> Crowd {
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let child = machine.start();
            thread::spawn(move || (Ran::of(child), Instant::now()))
        })
        .collect();
    let answers: Vec<_> =
        callers.into_iter().map(|caller| caller.join().expect("it was heard out")).collect();
    let mut documents: Vec<_> = answers.iter().map(|(ran, _)| ran.document().to_string()).collect();
    documents.sort();
    documents.dedup();
    let ends = || answers.iter().map(|(_, end)| *end);
    let (first, last) = (ends().min().expect("callers"), ends().max().expect("callers"));
    Crowd { different: documents.len(), apart: milliseconds(last - first) }
}
