//! `env`: the same credentials in five formats. What shells make of the quoting is in tests/shells.rs.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::cases::Cases;
use support::generated::check_generated;
use support::{IN_A_FILE, Machine, Ran, with_credentials};

fn signed_in() -> Machine {
    with_credentials(IN_A_FILE)
}

fn env(machine: &Machine, format: &str, variables: &[(&str, &str)]) -> String {
    let ran: Ran = machine.run_with(&["env", "--profile", "dev", "--format", format], variables);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    ran.stdout
}

#[test]
fn json_has_the_variables_of_the_document() {
    let machine = signed_in();
    let document = machine.call().document();
    let object: serde_json::Value = serde_json::from_str(&env(&machine, "json", &[])).unwrap();
    let wanted = serde_json::json!({
        "AWS_ACCESS_KEY_ID": document["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": document["SecretAccessKey"],
        "AWS_SESSION_TOKEN": document["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": document["Expiration"],
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    });
    assert_eq!(object, wanted);
}

#[test]
fn a_posix_shell_takes_them_over() {
    let machine = signed_in();
    let line = format!(
        "eval \"$('{}' env --profile dev)\" && printenv AWS_ACCESS_KEY_ID AWS_SESSION_TOKEN && echo ${{AWS_ROLE_ARN-none}}",
        support::PROGRAM
    );
    let ran: Ran = machine.shell(&line).env("AWS_ROLE_ARN", "stale").output().unwrap().into();
    let document = machine.call().document();
    let [key, token] =
        ["AccessKeyId", "SessionToken"].map(|name| document[name].as_str().unwrap().to_owned());
    assert_eq!(ran.stdout, format!("{key}\n{token}\nnone\n"), "{ran:?}");
}

#[test]
fn sh_is_the_default_and_a_wrong_format_is_wrong_usage() {
    let machine = signed_in();
    assert_eq!(machine.run(&["env", "--profile", "dev"]).stdout, env(&machine, "sh", &[]));
    assert_eq!(machine.run(&["env", "--profile", "dev", "--format", "csh"]).code, 2);
}

/// Whoever chose this profile by AWS_PROFILE means it for the next call, too; another one would win.
#[test]
fn only_what_would_win_is_unset() {
    let machine = signed_in();
    let unset = |variables: &[(&str, &str)]| {
        let text = env(&machine, "sh", variables);
        let lines = text.lines().filter_map(|line| line.strip_prefix("unset "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(unset(&[]), [""; 0]);
    assert_eq!(unset(&[("AWS_PROFILE", "dev")]), [""; 0]);
    assert_eq!(unset(&[("AWS_PROFILE", "other")]), ["AWS_PROFILE"]);
    let container = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    assert_eq!(unset(&[container, ("AWS_PROFILE", "dev")]), ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
    // A file takes nothing away.
    assert!(!env(&machine, "dotenv", &[container]).contains("CONTAINER"));
}

/// Values that differ from run to run are examples there.
#[test]
fn the_page_shows_what_is_printed() {
    let machine = signed_in();
    let ran = machine.run_with(&["env", "--profile", "dev"], &[("AWS_PROFILE", "other")]);
    let examples = [
        ("AWS_ACCESS_KEY_ID", "ASIADUDEM5K75Z353GOS"),
        ("AWS_SECRET_ACCESS_KEY", "+xYFrC08…"),
        ("AWS_SESSION_TOKEN", "IQoJb3Jp…"),
        ("AWS_CREDENTIAL_EXPIRATION", "2026-11-21T04:24:21Z"),
    ];
    let as_on_the_page = |line: &str| {
        let found = examples.iter().find(|(name, _)| line.starts_with(&format!("export {name}='")));
        found.map_or(format!("{line}\n"), |(name, value)| format!("export {name}='{value}'\n"))
    };
    let lines: String = ran.stdout.lines().map(as_on_the_page).collect();
    let wanted =
        format!("```console\n$ export AWS_PROFILE=other\n$ cognito-creds env --profile dev\n{lines}```\n");
    check_generated("docs/other-tools.md", "env", &wanted);
}

#[test]
fn a_failure_is_two_lines_and_nothing_for_the_shell() {
    let mut cases = Cases::of("env");
    let machine = Machine::new();
    let ran = machine.run_with(&["env", "--profile", "dev"], &[("CI", "1")]);
    cases.tell("nobody is signed in", &machine, &ran);
    let machine = signed_in();
    let ran = machine.run_with(&["env", "--profile", "dev", "--format", "dotenv"], &[("AWS_REGION", "a b")]);
    cases.tell("a value that .env files can't hold", &machine, &ran);
    cases.compare();
}
