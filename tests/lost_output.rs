//! What a person asked for and did not get is a failure, whatever else went well.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::fs::OpenOptions;
use std::process::Stdio;
use support::cases::Cases;
use support::{IN_A_FILE, Machine, Ran, with_credentials};

const COMMANDS: [&str; 10] = [
    "man",
    "completions bash",
    "status",
    "status --json",
    "console --profile dev --print",
    "doctor --profile dev",
    "env --profile dev",
    "--help",
    "help login",
    "--version",
];

#[test]
fn a_full_disk_behind_stdout_is_told_and_fails() {
    let machine = with_credentials(IN_A_FILE);
    let mut cases = Cases::of("lost-output");
    for command in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let words: Vec<_> = command.split(' ').collect();
        let run = machine.command(&words).stdout(Stdio::from(full)).stderr(Stdio::piped()).output().unwrap();
        cases.tell(command, &machine, &Ran::from(run));
    }
    cases.compare();
}

/// `cognito-creds man | head -1`
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let machine = Machine::new();
    for command in ["man", "status --json", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let words: Vec<_> = command.split(' ').collect();
        let run = machine.command(&words).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((run.status.code(), run.stderr.as_slice()), (Some(0), &[][..]), "{command}");
    }
}
