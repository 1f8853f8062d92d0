//! Lines that people type when they don't know the program yet.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use support::Machine;

#[test]
fn a_profile_without_its_flag_is_answered_with_the_flag() {
    let machine = Machine::new();
    for (typed, tip) in [
        ("login dev", Some("cognito-creds login --profile dev")),
        ("-v status dev", Some("cognito-creds status --profile dev")),
        ("token --access dev", Some("cognito-creds token --profile dev")),
        ("man dev", None),
        ("login --dev", None),
    ] {
        let ran = machine.run(&typed.split(' ').collect::<Vec<_>>());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{typed}");
        match tip {
            Some(tip) => {
                assert!(ran.stderr.contains(&format!("tip: to name a profile, use '{tip}'\n")), "{ran:?}");
            }
            None => assert!(!ran.stderr.contains("to name a profile"), "{ran:?}"),
        }
    }
}

#[test]
fn help_is_a_command_too() {
    let machine = Machine::new();
    let help = machine.run(&["help"]);
    assert_eq!((help.code, &help.stdout), (0, &machine.run(&["--help"]).stdout));
    assert!(machine.run(&["help", "login"]).stdout.contains("--no-browser"));
}

/// Before there is a config file, the way to one is what `status` has to say.
#[test]
fn status_leads_to_the_first_profile() {
    let machine = Machine::bare();
    let config = machine.path(".aws/config");
    let way = "To write a profile:\n  cognito-creds configure --profile NAME\n";
    let ran = machine.run(&["status"]);
    assert_eq!(
        (ran.code, ran.stdout),
        (0, format!("There is no AWS config file {}. {way}", config.display()))
    );
    assert_eq!(machine.run(&["status", "--json"]).stdout, "[]\n");
    machine.configure("[profile other]\nregion = eu-west-1\n");
    let ran = machine.run(&["status"]);
    let what = format!("No profile in {} signs in through Cognito. {way}", config.display());
    assert_eq!((ran.code, ran.stdout), (0, what));
}
