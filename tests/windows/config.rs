//! The config file as editors on Windows leave it.

use crate::machine::windows;
use crate::support::alice;
use std::fs;

#[test]
fn a_config_file_with_crlf_is_read_and_stays_one() {
    let mut machine = windows("cognito_role = ReadOnly\n");
    let path = machine.path(".aws/config");
    machine.configure(&fs::read_to_string(&path).unwrap().replace('\n', "\r\n"));
    machine.seat(alice());
    machine.call().document();
    let role = machine.sandbox.world().role_arn("ReadOnly");
    let log = machine.sandbox.log();
    assert!(
        log.iter().any(|entry| entry.parameter("CustomRoleArn") == Some(role.as_str())),
        "the role's end of line"
    );

    let ran = machine.run(&["configure", "--profile", "dev", "--login-hint", "alice@example.com"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("cognito_login_hint = alice@example.com\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
}

#[test]
fn doctor_finds_a_healthy_machine() {
    let mut machine = windows("");
    machine.run(&["configure", "--profile", "dev", "--role", "ReadOnly"]);
    machine.seat(alice());
    machine.call().document();
    let ran = machine.run(&["doctor", "--profile", "dev", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let findings: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    let line = findings.iter().find(|finding| finding["check"] == "credential_process").unwrap();
    let saw = line["saw"].as_str().unwrap();
    assert!(line["status"] == "ok" && saw.starts_with("runs ") && !saw.contains(r"\\?\"), "{line}");
}
