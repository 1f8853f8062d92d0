//! What a person gets back for a profile or an app client that isn't there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::fs;
use support::Machine;
use support::cases::Cases;

/// The remedy is the command that was typed, not another one.
#[test]
fn without_a_default_profile_the_same_command_is_offered_for_the_one_there_is() {
    let machine = Machine::new();
    for command in ["logout", "status", "token", "login", "doctor", "env --format fish", "serve --port 8000"]
    {
        let mut words: Vec<_> = command.split(' ').collect();
        if command == "status" {
            words.extend(["--profile", "default"]);
        }
        let ran = machine.run(&words);
        let (word, rest) =
            command.split_once(' ').map_or((command, String::new()), |(w, r)| (w, format!(" {r}")));
        let offered = format!("cognito-creds {word} --profile dev{rest}\n");
        let told = if command == "doctor" { &ran.stdout } else { &ran.stderr };
        assert!(ran.code == 1 && told.contains(&offered), "{command}: {ran:?}");
    }
}

#[test]
fn a_sign_in_that_nobody_completed_leads_to_the_reason() {
    let machine = Machine::with("cognito_login_timeout = 10s\n");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("sandbox-client", "mistyped"));
    let (what, paste) = machine.call().failure();
    assert!(what.contains("Nobody completed") && what.contains("has an app client mistyped"), "{what}");
    assert_eq!(paste, "cognito-creds doctor --profile dev");
    let mut told = Cases::of("mistyped-app-client");
    told.tell("within five minutes", &machine, &machine.call());
    let doctor = machine.run(&["doctor", "--profile", "dev"]);
    assert!(
        doctor.stdout.contains("-> aws configure set cognito_client_id YOUR-APP-CLIENT-ID --profile dev\n"),
        "{doctor:?}"
    );
    assert!(!doctor.stdout.contains("authorization code grant"), "{doctor:?}");
    told.compare();
}
