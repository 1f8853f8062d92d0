//! Clocks that are wrong and clocks that jump, as on WSL after sleep. The program's clock is moved by
//! Debian's faketime, the server's by the sandbox.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name:
//! `cargo test --test clocks`. It needs `faketime`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use support::faketime::moved_by;
use support::{Machine, Ran, alice};

const HOUR: i64 = 3600;

/// A call by a clock that is off by these seconds.
fn call_at(machine: &Machine, seconds: i64) -> Ran {
    run_at(machine, seconds, &["credential-process", "--profile", "dev"])
}

fn run_at(machine: &Machine, seconds: i64, args: &[&str]) -> Ran {
    machine.command(args).envs(moved_by(seconds)).output().unwrap().into()
}

/// Signed in while the clock was off by these seconds.
fn signed_in_at(seconds: i64) -> (Machine, serde_json::Value) {
    let mut machine = Machine::new();
    machine.seat(alice());
    let first = call_at(&machine, seconds).document();
    machine.leave();
    machine.sandbox.clear_log();
    (machine, first)
}

#[test]
fn the_clock_is_really_moved() {
    let (machine, _) = signed_in_at(0);
    // What is good for an hour has ended for whoever is two hours ahead, the server's clock included.
    machine.sandbox.set_clock_offset(2 * HOUR);
    call_at(&machine, 2 * HOUR).document();
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
}

/// WSL wakes with the time at which it fell asleep, and puts it right later.
#[test]
fn a_clock_that_was_behind_and_jumps_ahead_costs_no_sign_in_and_hands_out_nothing_that_ended() {
    let (machine, first) = signed_in_at(-8 * HOUR);
    assert_eq!(call_at(&machine, -8 * HOUR).document(), first);
    // The clock is right again, and the credentials have an hour still, as AWS said.
    assert_eq!(call_at(&machine, 0).document(), first);
    assert_eq!(machine.sandbox.counts().total, 0);

    // The kernel was told nine hours. What the credentials themselves say counts.
    machine.sandbox.set_clock_offset(2 * HOUR);
    assert_ne!(call_at(&machine, 2 * HOUR).document(), first);
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_credentials, machine.tabs().len()), (1, 1, 1));
}

#[test]
fn credentials_from_the_future_are_not_handed_out_after_the_clock_was_set_back() {
    let mut machine = Machine::new();
    machine.sandbox.set_clock_offset(2 * HOUR);
    machine.seat(alice());
    let future = call_at(&machine, 2 * HOUR).document();
    machine.leave();
    machine.sandbox.set_clock_offset(0);
    machine.sandbox.clear_log();

    let now = call_at(&machine, 0).document();
    assert_ne!(now, future);
    assert_eq!((machine.sandbox.counts().get_credentials, machine.tabs().len()), (1, 1));
    // And these are kept: the next call is warm again.
    machine.sandbox.clear_log();
    assert_eq!(call_at(&machine, 0).document(), now);
    assert_eq!(machine.sandbox.counts().total, 0);
}

#[test]
fn a_clock_hours_ahead_is_told_and_the_login_serves_once_it_is_right() {
    let (machine, _) = signed_in_at(0);
    let (what, paste) = call_at(&machine, 5 * HOUR).failure();
    assert!(what.contains("clock") && !paste.is_empty(), "{what}");
    call_at(&machine, 0).document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_sign_in_under_a_clock_hours_ahead_says_so_and_needs_no_second_one() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let login = run_at(&machine, 5 * HOUR, &["login", "--profile", "dev"]);
    assert!(login.code == 1 && login.stderr.contains("clock"), "{login:?}");
    machine.leave();
    call_at(&machine, 0).document();
    assert_eq!(machine.tabs().len(), 1);
}

/// What happened in a future that was taken back is no reason to hold anybody up.
#[test]
fn a_sign_in_refused_in_the_future_holds_nobody_up_now() {
    let mut machine = Machine::new();
    machine.sandbox.set_clock_offset(2 * HOUR);
    machine.seat(cognito_sandbox::Person::deny());
    call_at(&machine, 2 * HOUR).failure();
    machine.leave();
    machine.sandbox.set_clock_offset(0);
    machine.seat(alice());
    call_at(&machine, 0).document();
    assert_eq!(machine.tabs().len(), 2);
}
