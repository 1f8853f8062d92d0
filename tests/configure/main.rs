//! `configure` writes a profile and touches nothing else: the person's file stays the person's.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod questions;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;
use support::cases::Cases;
use support::{Machine, PROGRAM, Ran, alice, signed_in};

const HOST: &str = "https://auth.example.com";
const POOL: &str = "eu-west-1:01234567-89ab-cdef-0123-456789abcdef";
const FLAGS: [&str; 6] = ["--domain", HOST, "--client-id", "abc", "--identity-pool-id", POOL];

/// `configure --profile PROFILE` with flags.
fn configure(machine: &Machine, profile: &str, flags: &[&str]) -> Ran {
    machine.run(&[&["configure", "--profile", profile], flags].concat())
}

/// The same with something on stdin.
fn configure_with_stdin(machine: &Machine, flags: &[&str], stdin: &str) -> Ran {
    let mut command = machine.command(&["configure", "--profile", "dev"]);
    let mut child = command.args(flags).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    Ran::of(child)
}

fn config(machine: &Machine) -> String {
    fs::read_to_string(machine.path(".aws/config")).unwrap()
}

/// What a new profile of [`FLAGS`] looks like.
fn section(profile: &str) -> String {
    format!(
        "[profile {profile}]\nregion = eu-west-1\ncredential_process = {PROGRAM} credential-process --profile {profile}\n\
         cognito_domain = {HOST}\ncognito_client_id = abc\ncognito_identity_pool_id = {POOL}\n"
    )
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_file_is_ours_alone_and_what_was_written_is_told() {
    let machine = Machine::bare();
    fs::remove_dir(machine.path(".aws")).unwrap();
    let ran = configure(&machine, "dev", &FLAGS);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(config(&machine), section("dev"));
    assert_eq!((mode(&machine.path(".aws")), mode(&machine.path(".aws/config"))), (0o700, 0o600));
    let told: Vec<_> = ran.stdout.lines().collect();
    assert!(told[0].ends_with(".aws/config:") && told[1] == "  region = eu-west-1", "{}", ran.stdout);
    assert_eq!(told.last(), Some(&"  cognito-creds login --profile dev"));
    let again = configure(&machine, "dev", &FLAGS);
    assert!(again.stdout.contains("says so already"), "{}", again.stdout);
    assert_eq!(config(&machine), section("dev"));
}

#[test]
fn what_configure_wrote_signs_in() {
    let mut machine = Machine::new();
    let by_hand = config(&machine);
    machine.configure("# mine\n");
    let value = |key: &str| {
        let line = by_hand.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        line.split_once(" = ").unwrap().1.to_owned()
    };
    let keys = ["domain", "client_id", "identity_pool_id", "redirect_uri", "store"];
    let flags: Vec<_> = keys
        .iter()
        .flat_map(|key| [format!("--{}", key.replace('_', "-")), value(&format!("cognito_{key}"))])
        .collect();
    let ran = configure(&machine, "dev", &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    machine.seat(alice());
    let url = machine.sandbox.url().to_owned();
    machine.call_with(&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY", &url)]).document();
}

#[test]
fn an_empty_value_takes_a_key_out() {
    let machine = Machine::bare();
    configure(&machine, "dev", &[&FLAGS[..], &["--role", "Reader"]].concat());
    assert!(config(&machine).contains("cognito_role = Reader\n"));
    let ran = configure(&machine, "dev", &["--role", ""]);
    assert!(ran.stdout.contains("cognito_role is taken out"), "{}", ran.stdout);
    assert_eq!(config(&machine), section("dev"));
}

#[test]
fn what_a_killed_one_left_goes_and_a_persons_own_files_stay() {
    let machine = Machine::bare();
    let folder = machine.path(".aws");
    let left = folder.join(".config.0123456789abcdef.tmp");
    let own =
        [".config.tmp", ".config.0123456789abcdef.bak", ".config.mine.tmp"].map(|name| folder.join(name));
    for file in own.iter().chain([&left]) {
        fs::write(file, "").unwrap();
    }
    assert_eq!(configure(&machine, "dev", &FLAGS).code, 0);
    assert!(!left.exists() && own.iter().all(|file| file.exists()));
}

#[test]
fn twenty_at_once_lose_nothing() {
    let machine = Machine::bare();
    machine.configure("[default]\nregion = us-east-1\n");
    let names: Vec<_> = (0..20).map(|n| format!("p{n}")).collect();
    let start = |name: &String| {
        machine.command(&[&["configure", "--profile", name][..], &FLAGS].concat()).spawn().unwrap()
    };
    let runs: Vec<_> = names.iter().map(start).collect();
    for run in runs {
        let ran = Ran::of(run);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    }
    let written = config(&machine);
    for name in &names {
        assert_eq!(written.matches(&section(name)).count(), 1, "{name}: {written}");
    }
}

#[test]
fn the_outputs_of_a_stack_become_a_profile() {
    let machine = Machine::bare();
    let output = |key: &str, value: &str| format!(r#"{{"OutputKey": "{key}", "OutputValue": "{value}"}}"#);
    let outputs = [
        output("CognitoDomain", HOST),
        output("CognitoClientId", "fromoutputs"),
        output("CognitoIdentityPoolId", POOL),
        output("Region", "eu-west-2"),
        output("Bucket", "demo"),
    ];
    let json = format!(r#"{{"Stacks": [{{"StackName": "s", "Outputs": [{}]}}]}}"#, outputs.join(", "));
    let ran = configure_with_stdin(&machine, &["--from-outputs", "-", "--client-id", "abc"], &json);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let written = config(&machine);
    for line in ["region = eu-west-2", &format!("cognito_domain = {HOST}"), "cognito_client_id = abc"] {
        assert!(written.lines().any(|found| found == line), "{line}: {written}");
    }
    assert!(
        !written.contains("demo") && !written.contains("fromoutputs"),
        "a flag beats an output: {written}"
    );
    fs::write(machine.path("outputs.json"), json).unwrap();
    let file = machine.path("outputs.json").display().to_string();
    assert_eq!(configure(&machine, "prod", &["--from-outputs", &file]).code, 0);
}

#[test]
fn other_credentials_of_the_profile_are_warned_of() {
    let mut machine = Machine::bare();
    let credentials = machine.path("credentials");
    fs::write(&credentials, "[dev]\naws_access_key_id = AKIAEXAMPLE\n").unwrap();
    machine.set("AWS_SHARED_CREDENTIALS_FILE", &credentials.display().to_string());
    machine.configure("[profile dev]\nsso_session = x\nrole_arn = y\n");
    let ran = configure(&machine, "dev", &FLAGS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("cognito-creds: warning: "), "{}", ran.stderr);
    for key in ["aws_access_key_id", "sso_session", "role_arn"] {
        assert!(ran.stderr.contains(key), "{key}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("AKIAEXAMPLE"), "{}", ran.stderr);
}

/// Machines on which something stands in the config file's place that a rename would replace.
fn strange_files() -> [(&'static str, Machine); 4] {
    let (folder, pipe, socket, protected) =
        (Machine::bare(), Machine::bare(), Machine::bare(), Machine::bare());
    let config = ".aws/config";
    fs::create_dir(folder.path(config)).unwrap();
    assert!(pipe.shell("exec mkfifo .aws/config").current_dir(pipe.path("")).status().unwrap().success());
    drop(UnixListener::bind(socket.path(config)).unwrap());
    protected.configure("# mine\n");
    fs::set_permissions(protected.path(config), fs::Permissions::from_mode(0o400)).unwrap();
    [("a folder", folder), ("a pipe", pipe), ("a socket", socket), ("a write-protected file", protected)]
}

#[test]
fn a_login_is_not_left_behind_where_no_other_profile_leads_to_it() {
    let machine = signed_in();
    let before = config(&machine);
    let mut cases = Cases::of("configure-unset");
    cases.tell("the only profile of a login", &machine, &configure(&machine, "dev", &["--unset"]));
    assert_eq!(config(&machine), before);
    cases.compare();

    let again = before.replace("profile dev", "profile again");
    machine.add(&format!("\n{again}"));
    assert_eq!(configure(&machine, "dev", &["--unset"]).code, 0);
    assert_eq!(machine.run(&["logout", "--profile", "again"]).code, 0);
    assert_eq!(configure(&machine, "again", &["--unset"]).code, 0);
    assert!(!config(&machine).contains("cognito_"), "{}", config(&machine));
}
