//! What `configure` and `doctor` say about a provider.

use crate::support::findings::{Findings, examined};
use crate::support::terminal::{on_a_terminal, screen};
use crate::support::{Machine, PROGRAM, wait_until};
use crate::{machine, says};
use cognito_sandbox::{Endpoint, Fault, Times};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;

fn findings(machine: &Machine) -> Vec<Value> {
    // The profile has no line, so that this test needs none.
    examined(machine).into_iter().filter(|finding| finding["check"] != "credential_process").collect()
}

fn finding(machine: &Machine, check: &str) -> Option<Value> {
    findings(machine).into_iter().find(|finding| finding["check"] == check)
}

/// What the dialogue of `configure` says about a provider, from `--auth oidc` and three answers.
fn dialogue(machine: &Machine) -> String {
    let keys = ["cognito_issuer", "cognito_client_id", "cognito_identity_pool_id"];
    let world = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let value = |key: &str| {
        let line = world.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        line.to_owned()
    };
    let line = format!("{PROGRAM} configure --profile new --auth oidc");
    let mut run = on_a_terminal(machine, &line);
    let mut keyboard = run.stdin.take().unwrap();
    let answers = keys.map(|key| (format!("{key}: "), value(key)));
    for (question, answer) in answers.into_iter().chain([("Sign in now? ".to_owned(), "n".to_owned())]) {
        wait_until(&question, || screen(machine).contains(&question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(machine));
    let written = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let (before, section) = written.split_once("[profile new]").unwrap();
    assert!(section.contains("cognito_auth = oidc\n") && section.contains("cognito_issuer = "), "{section}");
    machine.configure(before);
    screen(machine)
}

/// What is wrong is told before the profile is written, and keeps nobody from writing it.
#[test]
fn the_dialogue_reads_the_providers_discovery() {
    let machine = machine();
    let told = dialogue(&machine);
    assert!(told.contains("answered with its configuration") && !told.contains("Warning"), "{told}");
    assert!(told.find("Asking 127.0.0.1") < told.find("is written to"), "{told}");
    says(&machine, "code_challenge_methods_supported", json!(["plain"]));
    assert!(dialogue(&machine).contains("Warning: it does not offer PKCE with S256"));
    says(&machine, "issuer", json!("https://id.example.com"));
    assert!(dialogue(&machine).contains("calls itself 'https://id.example.com'"));
    machine.sandbox.fault(Endpoint::Discovery, Fault::DropBefore, Times::Forever);
    let told = dialogue(&machine);
    assert!(told.contains("closed the connection before its answer was complete.\r\n"), "{told}");
}

/// Scripts and images stay fast, and the same with and without a network.
#[test]
fn flags_ask_nobody() {
    let machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let issuer = config.lines().find_map(|line| line.strip_prefix("cognito_issuer = ")).unwrap().to_owned();
    let flags = ["--auth", "oidc", "--client-id", "c", "--issuer", &issuer];
    let pool = ["--identity-pool-id", "eu-west-1:01234567-89ab-cdef-0123-456789abcdef"];
    let command = [&["configure", "--profile", "new"][..], &flags, &pool].concat();
    // At a terminal too.
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} {}", command.join(" ")));
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    assert_eq!((machine.run(&command).code, machine.sandbox.counts().discovery), (0, 0));
    assert!(machine.sandbox.log().is_empty(), "{:?}", machine.sandbox.log());
}

#[test]
fn the_doctor_asks_the_provider_who_it_is() {
    let machine = machine();
    let seen = finding(&machine, "OpenID provider").unwrap();
    assert_eq!(seen["status"], "ok", "{seen}");
    assert_eq!(finding(&machine, "clock").unwrap()["status"], "ok");
    assert_eq!(finding(&machine, "identity pool").unwrap()["status"], "ok");
    assert_eq!(finding(&machine, "signing keys").unwrap()["status"], "ok");
    assert!(finding(&machine, "logout").is_none());
    assert_eq!(machine.sandbox.counts().authorize, 0);

    for (member, value, lacks) in [
        ("response_types_supported", json!(["id_token"]), "authorization code flow"),
        ("response_types_supported", json!(["code", "id_token"]), ""),
        ("code_challenge_methods_supported", json!(["plain"]), "S256"),
        ("code_challenge_methods_supported", json!(["plain", "S256"]), ""),
    ] {
        says(&machine, member, value);
        let findings = findings(&machine);
        let lacking = findings.iter().find(|found| found["status"] == "fail");
        let saw = lacking.map(|found| found["saw"].as_str().unwrap()).unwrap_or_default();
        assert!(saw.contains(lacks) && saw.is_empty() == lacks.is_empty(), "{member}: {saw}");
    }

    let mut told = Findings::of("openid-providers");
    told.about(&machine, "OpenID provider");
    for (member, value) in [
        ("response_types_supported", json!(["id_token"])),
        ("response_types_supported", json!(["code"])),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("code_challenge_methods_supported", json!(["S256"])),
    ] {
        says(&machine, member, value);
        told.about(&machine, "OpenID provider");
    }
    machine.sandbox.change(|world| world.oidc.revocation = false);
    told.about(&machine, "logout");
    says(&machine, "issuer", json!("https://id.example.com"));
    told.about(&machine, "OpenID provider");
    machine.sandbox.fault(Endpoint::Discovery, Fault::Status(404), Times::Forever);
    told.about(&machine, "OpenID provider");
    told.compare();
}
