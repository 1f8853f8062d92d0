//! Measures the program against its budgets, every row as a ratio taken in this one run.
//!
//! To be started by `tests/bench/run.sh`, which builds what is needed and brings a keyring. Prints
//! a Markdown table, or JSON with `--json`; exit 1 if a budget was missed. `--quick` leaves out
//! whatever takes a clock.

mod crowd;
mod delay;
mod duel;
mod footprint;
mod host;
mod kills;
mod statistics;
#[path = "../../support/mod.rs"]
mod support;
mod table;
mod warm;
mod wire;

use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use table::Row;

const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = words.iter().find(|word| !["--quick", "--json"].contains(&word.as_str())) {
        eprintln!("There is no option {unknown}.\ntests/bench/run.sh [--quick] [--json]");
        return ExitCode::from(2);
    }
    let asked = |word: &str| words.iter().any(|w| w == word);
    let host = host::describe();
    let rows = measure(!asked("--quick"));
    if asked("--json") {
        println!("{}", json!({ "machine": host, "rows": table::json(&rows) }));
    } else {
        println!("{host}\n\n{}", table::markdown(&rows).trim_end());
    }
    if rows.iter().all(|row| row.met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All rows, or those that no clock is needed for.
fn measure(timed: bool) -> Vec<Row> {
    let mut rows = warm::with_the_kernel_cache(timed);
    if timed {
        rows.push(warm::with_the_keychain_cache());
        rows.extend(warm::with_many_profiles());
    }
    rows.extend(wire::rows(timed));
    rows.extend(crowd::rows(timed));
    rows.extend(size());
    // Counted, but it takes minutes: a suite of its own in tests/run.sh, with the keychain as well.
    if timed {
        rows.push(killed());
    }
    rows
}

fn size() -> Vec<Row> {
    let (bytes, stripped) = footprint::size(&program()).expect("the program can be read");
    let megabytes = f64::from(u32::try_from(bytes).expect("less than 4 GB")) / 1e6;
    let symbols = if stripped { "stripped" } else { "with symbols" };
    vec![Row::at_most("binary", megabytes, 5.0, " MB", 2), Row::exactly("… its symbols", symbols, "stripped")]
}

fn killed() -> Row {
    note("500 kills");
    let plan = kills::Plan {
        program: program(),
        times: 500,
        seed: u64::from(std::process::id()),
        grace: 60,
        stores: vec!["file".to_owned(), "kernel".to_owned()],
    };
    let figures = kills::run(&plan);
    let sum = |count: fn(&kills::Figures) -> usize| figures.iter().map(count).sum::<usize>();
    let row = Row::exactly(
        &format!(
            "killed at {} random moments of a renewal: logins lost, values torn, tabs",
            sum(|f| f.kills)
        ),
        &format!("{}, {}, {}", sum(|f| f.lost), sum(|f| f.torn), sum(|f| f.tabs)),
        "0, 0, 0",
    );
    Row { met: row.met && figures.iter().all(kills::Figures::are_good), ..row }
}

/// The program under test, and where the ones lie that it is measured against.
fn program() -> PathBuf {
    variable("COGNITO_CREDS_PROGRAM").into()
}

fn yardstick(name: &str) -> PathBuf {
    program().with_file_name(name)
}

/// The session bus with the keyring.
fn bus() -> String {
    variable(BUS)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: start tests/bench/run.sh"))
}

/// Says on stderr what is being done.
fn note(what: &str) {
    eprintln!("… {what}");
}
