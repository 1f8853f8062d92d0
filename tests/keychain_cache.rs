//! Where credentials are cached when the kernel's keyrings refuse: in the keychain, without a word.
//! Against a real gnome-keyring, with the real program.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name, beside a keyring:
//! `tests/support/with-keyring.sh cargo test --test keychain_cache`. Without a Secret Service it fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use rustix::io::Errno;
use support::{Machine, alice};

/// A machine with a keychain, and kernel keyrings that refuse.
fn machine(refusal: Errno) -> Machine {
    let mut machine = Machine::with("");
    machine.set("DBUS_SESSION_BUS_ADDRESS", &std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap());
    machine.lose_keyrings(refusal);
    machine
}

fn status(machine: &Machine) -> String {
    machine.run(&["status", "--profile", "dev", "--json"]).stdout
}

#[test]
fn credentials_lie_in_the_keychain_where_the_kernel_refuses() {
    // Docker's filter, a kernel without keyrings, another security module.
    for refusal in [Errno::PERM, Errno::NOSYS, Errno::ACCESS] {
        let mut machine = machine(refusal);
        machine.seat(alice());
        // `document` fails on the first byte that is no JSON, on stdout or stderr.
        let first = machine.call().document();
        machine.sandbox.clear_log();
        assert_eq!(machine.call().document(), first);
        assert_eq!(machine.sandbox.counts().total, 0, "{refusal}");
        let status = status(&machine);
        assert!(
            status.contains(r#""cache":"keychain""#) && status.contains(r#""last_error":null"#),
            "{status}"
        );
        assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
        assert!(
            machine.call_with(&[("CI", "true")]).failure().0.contains("needs a sign-in"),
            "nothing is left"
        );
    }
}

#[test]
fn credentials_lie_in_the_keychain_where_the_kernels_quota_is_full() {
    let mut machine = machine(Errno::DQUOT);
    machine.seat(alice());
    let first = machine.call().document();
    machine.sandbox.clear_log();
    assert_eq!(machine.call().document(), first);
    assert_eq!(machine.sandbox.counts().total, 0);
    let status = status(&machine);
    assert!(status.contains(r#""last_error":null"#), "{status}");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    assert!(machine.call_with(&[("CI", "true")]).failure().0.contains("needs a sign-in"), "nothing is left");
}

#[test]
fn one_renewal_serves_all_where_the_cache_is_the_keychain() {
    let mut machine = machine(Errno::PERM);
    machine.seat(alice());
    let callers: Vec<_> = (0..10).map(|_| machine.start()).collect();
    let answers: Vec<_> = callers.into_iter().map(|c| support::Ran::of(c).document()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let counts = machine.sandbox.counts();
    assert_eq!((machine.tabs().len(), counts.token_code, counts.get_credentials), (1, 1, 1));
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
}
