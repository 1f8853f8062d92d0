//! `exec`: the command gets the credentials, nothing of ours stays in between, and it ends as it ends.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;
use support::cases::Cases;
use support::{IN_A_FILE, Machine, Ran, alice, with_credentials};

/// A machine with live credentials.
fn signed_in() -> Machine {
    with_credentials(IN_A_FILE)
}

fn exec(command: &[&str]) -> Vec<String> {
    ["exec", "--profile", "dev", "--"].iter().chain(command).map(|word| (*word).to_owned()).collect()
}

fn run(machine: &Machine, command: &[&str], variables: &[(&str, &str)]) -> Ran {
    let words = exec(command);
    machine.run_with(&words.iter().map(String::as_str).collect::<Vec<_>>(), variables)
}

/// The environment of a command that was run with these variables around it.
fn environment(machine: &Machine, variables: &[(&str, &str)]) -> HashMap<String, String> {
    let ran = run(machine, &["env", "-0"], variables);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let pairs = ran.stdout.split_terminator('\0').map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_command_gets_the_credentials_and_the_region() {
    let machine = signed_in();
    let document = machine.call().document();
    let environment = environment(&machine, &[]);
    for (variable, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
        ("AWS_CREDENTIAL_EXPIRATION", "Expiration"),
    ] {
        assert_eq!(environment[variable], document[field], "{variable}");
    }
    assert_eq!(
        (&*environment["AWS_REGION"], &*environment["AWS_DEFAULT_REGION"]),
        ("us-east-1", "us-east-1")
    );
}

#[test]
fn the_regions_of_the_caller_win_and_agree() {
    let machine = signed_in();
    for around in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let environment = environment(&machine, &[(around, "eu-west-3")]);
        assert_eq!(
            (&*environment["AWS_REGION"], &*environment["AWS_DEFAULT_REGION"]),
            ("eu-west-3", "eu-west-3")
        );
    }
    let both = environment(&machine, &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-2")]);
    assert_eq!((&*both["AWS_REGION"], &*both["AWS_DEFAULT_REGION"]), ("eu-west-1", "eu-west-2"));
}

#[test]
fn what_would_win_over_them_is_gone_and_so_are_our_secrets() {
    let machine = signed_in();
    let gone = [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SECURITY_TOKEN",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_CREDENTIAL_SCOPE",
        "AWS_ACCOUNT_ID",
        "COGNITO_CREDS_CLIENT_SECRET",
    ];
    let mut around: Vec<_> = gone.iter().map(|name| (*name, "stale")).collect();
    around.push(("AWS_ACCESS_KEY_ID", "stale"));
    around.push(("SOMETHING_ELSE", "stays"));
    let environment = environment(&machine, &around);
    for name in gone {
        assert!(!environment.contains_key(name), "{name}");
    }
    assert!(environment["AWS_ACCESS_KEY_ID"].starts_with("ASIA"));
    assert_eq!(environment["SOMETHING_ELSE"], "stays");
}

#[test]
fn the_account_is_told_where_the_role_tells_it() {
    let machine = signed_in();
    machine.add("cognito_role = ReadOnly\n");
    let account = environment(&machine, &[("AWS_ACCOUNT_ID", "999999999999")]).remove("AWS_ACCOUNT_ID");
    assert_eq!(account, Some(machine.sandbox.world().account_id));
}

#[test]
fn the_process_becomes_the_command() {
    let machine = signed_in();
    let words = exec(&["sh", "-c", "echo $$; cat; exit 42"]);
    let mut command = machine.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = command.stdin(Stdio::piped()).arg0("cognito-creds").spawn().unwrap();
    let id = child.id();
    child.stdin.take().unwrap().write_all(b"its stdin is the caller's\n").unwrap();
    let ran = Ran::of(child);
    assert_eq!((ran.code, ran.stdout), (42, format!("{id}\nits stdin is the caller's\n")));
}

#[test]
fn a_signal_ends_the_command_itself() {
    let machine = signed_in();
    let words = exec(&["sh", "-c", "kill -TERM $$; sleep 60"]);
    let status = machine.command(&words.iter().map(String::as_str).collect::<Vec<_>>()).status().unwrap();
    assert_eq!(status.signal(), Some(15));
}

#[test]
fn flags_after_the_command_are_the_commands() {
    let machine = signed_in();
    let wanted = "--profile -v --help\n";
    assert_eq!(run(&machine, &["echo", "--profile", "-v", "--help"], &[]).stdout, wanted);
    let without_dashes = machine.run(&["exec", "--profile", "dev", "echo", "--profile", "-v", "--help"]);
    assert_eq!(without_dashes.stdout, wanted);
    assert_eq!(machine.run(&["exec", "--profile", "dev"]).code, 2);
}

#[test]
fn nothing_secret_is_an_argument() {
    let machine = signed_in();
    let secret = machine.call().document()["SecretAccessKey"].as_str().unwrap().to_owned();
    let ran = run(&machine, &["cat", "/proc/self/cmdline"], &[]);
    assert!(ran.code == 0 && !ran.stdout.contains(&secret), "{ran:?}");
}

#[test]
fn the_first_call_signs_in() {
    let mut machine = Machine::new();
    machine.seat(alice());
    assert_eq!(run(&machine, &["true"], &[]).code, 0);
    assert_eq!(machine.tabs().len(), 1);
}

/// The codes of a shell: 127 where there is no such command, 126 where it can't be run.
#[test]
fn what_goes_wrong_is_told_with_the_codes_of_a_shell() {
    let mut cases = Cases::of("exec");
    let machine = signed_in();
    let file = machine.path("a file");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    for (case, command, code) in [
        ("no such command", "no-such-command", 127),
        ("no such file", "no/such file", 127),
        ("not executable", file.to_str().unwrap(), 126),
        ("a folder", "/", 126),
    ] {
        let mut ran = run(&machine, &[command], &[]);
        assert_eq!(ran.code, code, "{ran:?}");
        ran.code = 1;
        cases.tell(case, &machine, &ran);
    }
    cases.tell("nobody is signed in", &Machine::new(), &run(&Machine::new(), &["true"], &[("CI", "1")]));
    machine.let_credentials_end();
    machine.sandbox.fault(Endpoint::IdentityPool, Fault::Status(503), Times::Forever);
    cases.tell("the identity pool is out of order", &machine, &run(&machine, &["true"], &[]));
    cases.compare();
}
