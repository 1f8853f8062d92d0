//! Every fault of the network at every hop, with and without credentials at hand: what the caller gets,
//! what a person reads, what is stored afterwards, how many requests were made and how long it took.
//! The outcome is `docs/faults.md`; `UPDATE_DOCS=1` rewrites it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fault;
mod gate;
mod row;
#[path = "../support/mod.rs"]
mod support;
mod surroundings;
mod table;
mod world;

use row::{Outcome, Row};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use surroundings::Surroundings;

/// Rows at once of those that repeat and pause. Those that wait out a limit have a thread each.
const AT_ONCE: usize = 24;

#[test]
fn every_fault_at_every_hop_loses_nothing_and_says_what_it_was() {
    let surroundings = Surroundings::new();
    let rows = rows();
    let count = rows.len();
    let (slow, quick): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.fault.takes_time());
    let (done, broken) = (Mutex::new(HashMap::new()), Mutex::new(Vec::new()));
    let play = |row: Row| match catch_unwind(AssertUnwindSafe(|| row.play(&surroundings))) {
        Ok(outcome) => drop(done.lock().unwrap().insert(row, outcome)),
        Err(why) => broken.lock().unwrap().push((row, words(&*why))),
    };
    let quick = Mutex::new(quick.into_iter());
    let next = || quick.lock().unwrap().next();
    let (play, next) = (&play, &next);
    thread::scope(|scope| {
        for row in slow {
            scope.spawn(move || play(row));
        }
        for _ in 0..AT_ONCE {
            scope.spawn(move || std::iter::from_fn(next).for_each(play));
        }
    });
    let (done, broken) = (done.into_inner().unwrap(), broken.into_inner().unwrap());
    let list: Vec<_> = broken.iter().map(|(row, why)| format!("{row:?}\n    {why}")).collect();
    assert!(list.is_empty(), "{} of {count} rows:\n{}", list.len(), list.join("\n"));
    table::check(&done);
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for hop in world::HOPS {
        for fault in fault::ALL {
            rows.extend(hop.states().iter().map(|&state| Row { hop, fault, state }));
        }
    }
    rows
}

/// All outcomes, by row.
pub type Outcomes = HashMap<Row, Outcome>;

fn words(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| Some((*why.downcast_ref::<&str>()?).to_owned())).unwrap_or_default()
}
