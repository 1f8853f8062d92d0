//! An app client's secret on its way into the keychain and out again, against a real gnome-keyring.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name, beside a keyring:
//! `tests/support/with-keyring.sh cargo test --test client_secret`. Without a Secret Service it fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

#[path = "support/pages.rs"]
#[allow(dead_code, reason = "tests/docs.rs uses the rest")]
mod pages;
mod support;

use cognito_sandbox::cast::{CLIENT_SECRET, CONFIDENTIAL_CLIENT};
use pages::block;
use std::fs;
use std::io::Write;
use std::process::Stdio;
use support::{Machine, PROGRAM, Ran, alice};

#[test]
fn a_secret_from_stdin_signs_in_until_it_is_unset() {
    let mut machine = Machine::with("");
    machine.set("DBUS_SESSION_BUS_ADDRESS", &std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap());
    machine.seat(alice());
    let configure = ["configure", "--profile", "dev", "--client-id", CONFIDENTIAL_CLIENT];
    assert_eq!(machine.run(&configure).code, 0);
    fs::write(machine.path("secret.txt"), format!("  {CLIENT_SECRET}\n")).unwrap();
    let shown = block("docs/configuration.md", "cognito-creds configure --profile dev --client-secret-stdin");
    let mut shell = machine.shell(&shown.replace("cognito-creds", PROGRAM));
    let ran = Ran::from(shell.current_dir(machine.path("")).output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("The client secret is in the keychain."), "{ran:?}");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    assert!(!ran.stdout.contains(CLIENT_SECRET) && !config.contains(CLIENT_SECRET));
    machine.call().document();

    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    assert_eq!(machine.run(&["configure", "--profile", "dev", "--unset"]).code, 0);
    machine.configure(&config);
    let (what, _) = machine.call().failure();
    assert!(what.contains("the secret is missing"), "{what}");
}

#[test]
fn a_secret_stays_while_a_profile_that_cannot_be_read_may_need_it() {
    let mut machine = Machine::with("");
    machine.set("DBUS_SESSION_BUS_ADDRESS", &std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap());
    let keep = |machine: &Machine| {
        let mut command =
            machine.command(&["configure", "--profile", "dev", "--client-id", CONFIDENTIAL_CLIENT]);
        let mut child = command.arg("--client-secret-stdin").stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{CLIENT_SECRET}\n").as_bytes()).unwrap();
        assert_eq!(Ran::of(child).code, 0);
    };
    keep(&machine);
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.add(&format!("\n{}cognito_wait = nonsense\n", config.replace("profile dev", "profile other")));
    let ran = machine.run(&["configure", "--profile", "dev", "--unset"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("profile other can't be read and may need it"), "{ran:?}");

    machine.configure(&config);
    machine.seat(alice());
    machine.call().document();
}
