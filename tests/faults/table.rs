//! The outcomes as tables for people.
use crate::Outcomes;

pub fn check(done: &Outcomes) {
    let mut all: Vec<_> = done.iter().map(|(r, o)| format!("{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}", r.hop, r.fault, r.state, o.printed, o.stored, o.calls, o.told)).collect();
    all.sort();
    std::fs::write("/tmp/faults.out", all.join("\n")).unwrap();
}
