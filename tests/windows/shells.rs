//! What Windows' own shell makes of the program, as SDKs and people call it.

use crate::machine::{given, signed_in, windows};
use crate::support::{Machine, Ran, alice};
use std::collections::HashMap;

/// Runs a line by `cmd.exe /C`, as SDKs run `credential_process` on Windows.
fn cmd(machine: &Machine, line: &str) -> Ran {
    machine.program(&given("WINE")).args(["cmd.exe", "/C", line]).output().unwrap().into()
}

/// The same without cmd's own line ends.
fn lines(ran: &Ran) -> Vec<String> {
    ran.stdout.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The line that `configure` has written for a profile.
fn line_of_config(machine: &Machine) -> String {
    let config = std::fs::read_to_string(machine.path(".aws/config")).unwrap();
    let line = config.lines().find_map(|line| line.strip_prefix("credential_process = "));
    line.unwrap_or_else(|| panic!("no credential_process: {config}")).trim_end().to_owned()
}

#[test]
fn the_line_of_configure_serves_an_sdk() {
    let mut machine = windows("");
    // The profile stands already: configure adds its line to it.
    let ran = machine.run(&["configure", "--profile", "dev", "--role", "ReadOnly"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let line = line_of_config(&machine);
    machine.seat(alice());
    assert_eq!(cmd(&machine, &line).document()["Version"], 1);
    // botocore splits by the rules of the C runtime, where only quotes and blanks count here.
    let words: Vec<_> = line.split(' ').collect();
    assert_eq!(words[1..], ["credential-process", "--profile", "dev"], "{line}");
    assert!(words[0].ends_with("cognito-creds.exe") && !line.contains(['"', '\'']), "{line}");
    let ran: Ran = machine.program(&given("WINE")).args(&words).output().unwrap().into();
    assert_eq!(ran.document()["Version"], 1);
}

#[test]
fn exec_gives_a_command_the_credentials_and_ends_as_it_does() {
    let machine = signed_in("");
    let document = machine.call().document();
    let ran = machine.run(&["exec", "--profile", "dev", "--", "cmd.exe", "/C", "set"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let set = lines(&ran);
    let set: HashMap<_, _> = set.iter().filter_map(|line| line.split_once('=')).collect();
    for (variable, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
        ("AWS_CREDENTIAL_EXPIRATION", "Expiration"),
    ] {
        assert_eq!(set[variable], document[field], "{variable}");
    }
    let ended = machine.run(&["exec", "--profile", "dev", "--", "cmd.exe", "/C", "exit 42"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (42, ""));
    let missing = machine.run(&["exec", "--profile", "dev", "--", "no-such-command"]);
    assert_eq!(missing.code, 127, "{missing:?}");
}

#[test]
fn env_prints_what_json_and_power_shell_read() {
    let machine = signed_in("");
    let document = machine.call().document();
    let key = document["AccessKeyId"].as_str().unwrap();
    let json = machine.run(&["env", "--profile", "dev", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["AWS_ACCESS_KEY_ID"], key);
    let power_shell = machine.run(&["env", "--profile", "dev", "--format", "powershell"]);
    assert!(power_shell.stdout.contains(&format!("$Env:AWS_ACCESS_KEY_ID = '{key}'")), "{power_shell:?}");
}

#[test]
fn a_failure_reaches_the_shell_as_code_1_and_wrong_usage_as_2() {
    let machine = windows("");
    let exe = &given("COGNITO_CREDS_EXE");
    let exe = crate::machine::on_windows(exe);
    let failed = cmd(&machine, &format!("{exe} credential-process --profile nobody"));
    assert_eq!((failed.code, failed.stdout.as_str()), (1, ""), "{failed:?}");
    assert_eq!(cmd(&machine, &format!("{exe} no-such-command")).code, 2);
    let version = lines(&cmd(&machine, &format!("{exe} --version")));
    assert!(version[0].starts_with("cognito-creds "), "{version:?}");
}
