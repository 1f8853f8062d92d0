//! What a person reads when the keychain is there and does not open, word for word, from a real
//! gnome-keyring: the real program in a session with a keyring of its own.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name, where gnome-keyring is
//! installed: `cargo test --test keychain_words`. Without it, it fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use support::cases::Cases;
use support::findings::Findings;
use support::{IN_A_FILE, Machine, PROGRAM, Ran, alice, with_credentials};

/// The program beside a keyring that nobody has unlocked, or that has no collection.
fn beside(keyring: &str, machine: &Machine, arguments: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/with-keyring.sh");
    let mut command = machine.program(script.to_str().unwrap());
    command.arg(keyring).arg(PROGRAM).args(arguments);
    // The script finds its tools by it.
    command.env("PATH", std::env::var("PATH").unwrap());
    command
}

fn ran(keyring: &str, machine: &Machine, arguments: &[&str]) -> Ran {
    ours(Ran::from(beside(keyring, machine, arguments).output().unwrap()))
}

/// What the program says, without what the bus and the keyring's own prompter say around it.
fn ours(ran: Ran) -> Ran {
    let is_theirs =
        |line: &&str| line.is_empty() || line.starts_with("dbus-daemon[") || line.starts_with('(');
    let stderr: String =
        ran.stderr.lines().filter(|line| !is_theirs(line)).map(|line| format!("{line}\n")).collect();
    Ran { stderr, ..ran }
}

#[test]
fn a_locked_keyring_is_told() {
    let mut cases = Cases::of("locked-keychain");
    let insists = Machine::with("cognito_store = keychain\n");
    cases.tell(
        "an AWS command of a profile that insists on it",
        &insists,
        &ran("--locked", &insists, &["credential-process", "--profile", "dev"]),
    );
    cases.tell("its login", &insists, &ran("--locked", &insists, &["login", "--profile", "dev"]));
    cases.tell("its logout", &insists, &ran("--locked", &insists, &["logout", "--profile", "dev"]));
    let by_default = Machine::with("");
    cases.tell(
        "an AWS command of any other profile",
        &by_default,
        &ran("--locked", &by_default, &["credential-process", "--profile", "dev"]),
    );
    let mut keep =
        beside("--locked", &by_default, &["configure", "--profile", "dev", "--client-secret-stdin"]);
    let mut keep = keep.stdin(Stdio::piped()).spawn().unwrap();
    keep.stdin.take().unwrap().write_all(b"a secret\n").unwrap();
    cases.tell(
        "a client secret on its way in",
        &by_default,
        &Ran { stdout: String::new(), ..ours(Ran::of(keep)) },
    );
    cases.compare();
}

#[test]
fn a_locked_keyring_keeps_nobody_from_a_login_elsewhere() {
    let machine = with_credentials(IN_A_FILE);
    let logout = ran("--locked", &machine, &["logout", "--profile", "dev"]);
    assert_eq!(logout.code, 0, "{logout:?}");
    let may_keep = "What the keychain (Secret Service) may keep from earlier could not be removed: the keyring is locked.";
    assert_eq!(logout.stdout.lines().nth(1), Some(may_keep), "{logout:?}");

    let mut by_default = Machine::with("");
    by_default.seat(alice());
    let login = ran("--locked", &by_default, &["login", "--profile", "dev"]);
    assert_eq!(login.code, 0, "{login:?}");
    by_default.run(&["logout", "--profile", "dev"]);
}

#[test]
fn the_doctor_says_what_is_the_matter_with_a_keyring() {
    let mut told = Findings::of("keyrings");
    let machine = Machine::with("cognito_store = keychain\n");
    for keyring in ["--locked", "--no-collection"] {
        let ran = ran(keyring, &machine, &["doctor", "--profile", "dev", "--json"]);
        let findings: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
        let keychain: Vec<_> =
            findings.into_iter().filter(|finding| finding["check"] == "keychain").collect();
        told.all(&machine, &keychain);
    }
    told.compare();
}
