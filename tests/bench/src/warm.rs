//! The warm call: credentials are cached, and nobody is asked for anything.

use crate::duel::{Duel, duel};
use crate::footprint::{memory, system_calls};
use crate::support::{Machine, alice};
use crate::table::Row;
use crate::{BUS, bus, note, program, yardstick};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Pairs of runs for what takes a millisecond, and for what takes ten.
const MANY: usize = 2_000;
const SOME: usize = 300;

/// Time, memory, threads and system calls with the kernel keyring as the cache.
pub fn with_the_kernel_cache(timed: bool) -> Vec<Row> {
    let machine = warm_machine("cognito_store = file\n");
    let mut rows = Vec::new();
    if timed {
        note("warm call against the empty program");
        let mut empty = bare(&yardstick("empty"));
        let duel = quietly(&machine, || duel(MANY, &mut call(&machine), &mut empty));
        rows.push(row("warm call, kernel cache", &duel, "empty Rust program", 1.5));
        // Most of it are pages of files, and how many of them the kernel maps at a time depends on how they
        // came into its cache: nothing for a run that only counts.
        let memory = memory(call(&machine)).expect("/proc shows the memory while the program writes");
        let mut resident = Row::at_most("… resident at its peak", memory.peak, 5.0, " MB", 1);
        resident.ours += &format!(", {:.1} MB of it not shared", memory.own);
        rows.push(resident);
    }
    let ours = system_calls(&machine, &format!("'{}' credential-process --profile dev", program().display()));
    let empty = system_calls(&machine, &format!("'{}'", yardstick("empty").display()));
    rows.push(Row::exactly("… threads", &(1 + ours.clones).to_string(), "1"));
    let costly = if ours.costly.is_empty() { "none".to_owned() } else { ours.costly.join(", ") };
    rows.push(Row::exactly("… system calls for locks, sockets, folders", &costly, "none"));
    rows.push(Row {
        against: format!("empty Rust program {}", empty.total),
        // The figure is a fact to watch; no budget says how many there may be.
        budget: "–".to_owned(),
        ..Row::exactly("… system calls", &ours.total.to_string(), &ours.total.to_string())
    });
    rows
}

/// Time with the keychain as the cache, against a program that reads the same item and does no more.
pub fn with_the_keychain_cache() -> Row {
    note("warm call against the bare keychain read");
    let machine = warm_machine("cognito_cache = keychain\n");
    let mut read = bare(&yardstick("keychain-read"));
    read.env(BUS, bus());
    read.args(["cognito-creds", machine.profile().credentials_entry().as_str()]);
    let mut ours = call(&machine);
    let duel = quietly(&machine, || duel(SOME, &mut ours, &mut read));
    row("warm call, keychain cache", &duel, "bare keychain read", 1.25)
}

/// Time with more profiles in the config file, of which ours is the first or the last.
pub fn with_many_profiles() -> Vec<Row> {
    let machine = warm_machine("cognito_store = file\n");
    let config = |others: usize, ours_last: bool| {
        let mut command = call(&machine);
        command.env("AWS_CONFIG_FILE", config_with(&machine, others, ours_last));
        command
    };
    note("warm call with many profiles");
    let compare = |what: &str, against: &str, most: f64, (many, last): (usize, bool), few: usize| {
        let duel = quietly(&machine, || duel(SOME, &mut config(many - 1, last), &mut config(few - 1, last)));
        row(what, &duel, against, most)
    };
    vec![
        compare("warm call, first of 1,000 profiles", "1 profile", 2.0, (1_000, false), 1),
        compare("warm call, last of 1,000 profiles", "1 profile", 2.0, (1_000, true), 1),
        compare("warm call, last of 10,000 profiles", "1,000 profiles", 10.0, (10_000, true), 1_000),
    ]
}

/// A config file with our profile and `others` of the shape that the README shows.
fn config_with(machine: &Machine, others: usize, ours_last: bool) -> PathBuf {
    let ours = fs::read_to_string(machine.path(".aws/config")).expect("the machine has a config file");
    let mut text = String::new();
    for number in 0..others {
        // Writing to a String never fails.
        let _ = write!(
            text,
            "\n[profile account-{number:05}]\nregion = eu-west-1\n\
             credential_process = /home/alice/.local/bin/cognito-creds credential-process --profile account-{number:05}\n\
             cognito_domain = https://my-team.auth.eu-west-1.amazoncognito.com\n\
             cognito_client_id = 1example23456789abcdefghij\n\
             cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\n\
             cognito_role = arn:aws:iam::{number:012}:role/Developer\n"
        );
    }
    let path = machine.path(&format!("config-{others}-{ours_last}"));
    fs::write(&path, if ours_last { text + "\n" + &ours } else { ours + &text }).expect("a file in the home");
    path
}

/// A machine with credentials in its cache.
fn warm_machine(keys: &str) -> Machine {
    let mut machine = Machine::with(keys);
    machine.set(BUS, &bus());
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine
}

fn call(machine: &Machine) -> Command {
    machine.command(&["credential-process", "--profile", "dev"])
}

/// A program with no more environment than ours has.
fn bare(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// Fails if a run that ought to be warm asked the network.
fn quietly<T>(machine: &Machine, work: impl FnOnce() -> T) -> T {
    let before = machine.sandbox.counts().total;
    let result = work();
    assert_eq!(machine.sandbox.counts().total, before, "a warm call asks nobody");
    result
}

fn row(what: &str, duel: &Duel, against: &str, most: f64) -> Row {
    Row {
        what: format!("{what} ({} runs)", duel.pairs),
        ours: format!("{} ms", duel.ours.text(2)),
        against: format!("{against} {} ms", duel.theirs.text(2)),
        ratio: duel.ratio.text(2),
        budget: format!("≤ {most}"),
        met: duel.ratio.median <= most,
    }
}
