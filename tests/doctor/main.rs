//! `doctor`: what it sees on a machine where all is well, that it finds each thing that is not, and
//! that looking changes and tells nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod profile;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod this_machine;

use serde_json::Value;
use std::fs;
use support::findings::{Findings, examined};
use support::{Machine, PROGRAM, alice, wait_until};

/// A machine whose profile is complete, with `keys` added.
fn machine(keys: &str) -> Machine {
    let line = format!("credential_process = {PROGRAM} credential-process --profile dev\n");
    Machine::with(&format!("cognito_store = file\n{line}{keys}"))
}

/// The same with alice signed in and nobody at the browser any more.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine(keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.sandbox.clear_log();
    machine
}

/// The findings of one check, as `STATUS: SAW -> DO`.
fn about(machine: &Machine, check: &str) -> Vec<String> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = examined(machine);
    let of_check = findings.iter().filter(|finding| finding["check"] == check);
    of_check.map(|f| format!("{}: {} -> {}", text(f, "status"), text(f, "saw"), text(f, "do"))).collect()
}

#[test]
fn on_a_healthy_machine_nothing_has_to_change() {
    let machine = signed_in("cognito_role = Developer\n");
    let findings = examined(&machine);
    let mut told = Findings::of("healthy");
    // Whether there is a terminal depends on where the tests run.
    let told_here: Vec<_> =
        findings.iter().filter(|finding| finding["check"] != "terminal").cloned().collect();
    told.all(&machine, &told_here);
    told.compare();
    let checks: Vec<_> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        [
            "credential_process",
            "profile",
            "domain",
            "user pool",
            "signing keys",
            "redirect URI",
            "port",
            "browser",
            "terminal",
            "state folder",
            "keychain",
            "kernel keyring",
            "file store",
            "kernel cache",
            "clock",
            "proxy",
            "certificates",
            "login",
            "identity pool",
            "role",
            "other credentials"
        ]
    );
    for finding in &findings {
        let keys: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["check", "do", "saw", "status"]);
        let nothing_to_do = finding["do"] == "";
        assert_eq!(nothing_to_do, finding["status"] == "ok", "{finding}");
    }
}

#[test]
fn looking_signs_nobody_in_changes_nothing_and_leaves_nothing() {
    let machine = signed_in("");
    let (login, files) = (machine.login(), machine.files());
    machine.let_credentials_end();
    examined(&machine);
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_code, counts.token_refresh, counts.revoke), (0, 0, 0));
    assert_eq!((machine.login(), machine.files(), machine.tabs().len()), (login, files, 1));
    // Other tests' entries come and go at the same time.
    wait_until("no test entry in the kernel", || {
        !fs::read_to_string("/proc/keys").unwrap().contains("cognito-creds:doctor.")
    });
}

#[test]
fn the_report_can_be_pasted_into_an_issue() {
    let machine = signed_in("");
    let login = machine.login().unwrap();
    let secrets: Vec<_> = ["refresh_token", "id_token", "access_token"]
        .iter()
        .map(|name| login[name].as_str().unwrap())
        .collect();
    for arguments in [&["doctor", "--json"][..], &["doctor"], &["doctor", "-vv"]] {
        let ran = machine
            .command(arguments)
            .env("AWS_PROFILE", "dev")
            .env("HTTPS_PROXY", "http://me:canary@proxy.invalid:3128")
            .env("COGNITO_CREDS_CLIENT_SECRET", "canary")
            .output();
        let ran = support::Ran::from(ran.unwrap());
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("a…@example.com") && !told.contains("alice@"), "{told}");
        assert!(!told.contains("canary") && !secrets.iter().any(|secret| told.contains(secret)), "{told}");
    }
}

#[test]
fn people_get_lines_that_say_what_and_what_to_do() {
    let machine = machine("");
    machine
        .configure(&fs::read_to_string(machine.path(".aws/config")).unwrap().replace("/callback", "/other"));
    let ran = machine.run(&["doctor", "--profile", "dev"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert!(ran.stdout.contains("\nFAIL  redirect URI        http://localhost:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n      -> Add http://localhost:"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\nOne thing has to change.\n"), "{}", ran.stdout);
}
