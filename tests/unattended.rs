//! Where nobody could see a browser: no tab, no waiting, and the command that a person has to run.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

/// The ways of being unattended: a variable set or missing, or a profile that never asks.
const UNATTENDED: [(&str, Option<&str>, &str); 3] =
    [("CI", Some("true"), "dev"), ("BROWSER", None, "dev"), ("CI", None, "build")];

/// A machine whose profile `build` shares its login with `dev` and never opens a browser.
fn with_a_build() -> Machine {
    let machine = Machine::new();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let build = machine.sandbox.profile("build", &redirect);
    machine.add(&format!("{build}cognito_store = file\ncognito_interactive = never\n"));
    machine
}

fn unattended(machine: &Machine, (name, value, profile): (&str, Option<&str>, &str)) -> Command {
    // Whoever runs the tests may have a terminal, at which one can paste.
    let mut command = machine.program("setsid");
    command.args(["--wait", PROGRAM, "credential-process", "--profile", profile]);
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
    command
}

#[test]
fn it_fails_at_once_with_the_command() {
    let machine = with_a_build();
    for way in UNATTENDED {
        let profile = way.2;
        let began = Instant::now();
        let (what, paste) = Ran::from(unattended(&machine, way).output().unwrap()).failure();
        // It takes some milliseconds; whoever waits for a person waits for 50 seconds.
        assert!(began.elapsed() < Duration::from_secs(5), "{way:?} waited for somebody");
        assert_eq!(what, format!("cognito-creds: Profile {profile} needs a sign-in."));
        assert_eq!(paste, format!("cognito-creds login --profile {profile}"));
    }
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().total), (0, 0));
}

/// The command that it would name, `login`, would end the sign-in that a person is at just now.
#[test]
fn it_joins_a_sign_in_that_runs() {
    for way in UNATTENDED {
        let machine = with_a_build();
        let attended = machine.start();
        wait_until("the tab", || machine.tabs().len() == 1);
        let mut joining = unattended(&machine, way).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(joining.try_wait().unwrap().is_none(), "{way:?} waits for the person");
        alice().sign_in(&machine.tabs()[0]).unwrap();
        Ran::of(attended).document();
        Ran::of(joining).document();
        assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1), "{way:?}");
    }
}
