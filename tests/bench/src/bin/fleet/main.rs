//! Fifty thousand people on one account: how often the program asks each API of Cognito over a working
//! day, against the quotas. A simulation of discrete events, without any network; what a machine does
//! next is decided by the program's own code. Prints a table and draws `docs/fleet.svg`.
//!
//! `cargo run -p cognito-bench --bin fleet`

mod clock;
mod day;
mod person;
mod plot;
mod random;
mod scenario;
mod service;
mod simulation;
mod table;

use simulation::Simulation;
use std::path::Path;

const PEOPLE: usize = 50_000;

fn main() -> std::io::Result<()> {
    let days = scenario::days().map(|scenario| {
        eprintln!("{PEOPLE} people: {}", scenario.name);
        let outcome = Simulation::run(&scenario, PEOPLE);
        (scenario, outcome)
    });
    println!("{}", table::render(&days));
    let outcomes = days.each().map(|(_, outcome)| outcome);
    let served: usize = outcomes.iter().map(|outcome| outcome.served).sum();
    let unserved: usize = outcomes.iter().map(|outcome| outcome.unserved).sum();
    println!("{served} people of all these days got credentials; {unserved} were without at the end.");
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fleet.svg");
    std::fs::write(&picture, plot::render(&days))?;
    eprintln!("drawn: {}", picture.canonicalize()?.display());
    Ok(())
}
