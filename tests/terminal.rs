//! The person at the terminal: reached as a device, never through stdout or stderr.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::fs;
use std::io::Write;
use support::terminal::{address, on_a_terminal, screen};
use support::{Machine, PROGRAM, alice, wait_until};

#[test]
fn the_address_is_told_on_the_terminal_and_nowhere_else() {
    let machine = Machine::new();
    let (out, err) = (machine.path("out"), machine.path("err"));
    let line = format!("{PROGRAM} credential-process --profile dev >{} 2>{}", out.display(), err.display());
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the tab", || machine.tabs().len() == 1);
    wait_until("the address", || address(&machine).is_some());
    assert_eq!(address(&machine), Some(machine.tabs()[0].clone()));
    assert!(screen(&machine).contains("profile dev needs a sign-in"), "{}", screen(&machine));
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(run.wait().unwrap().success());
    assert!(fs::read_to_string(out).unwrap().starts_with("{\"Version\":1,"));
    assert_eq!(fs::read_to_string(err).unwrap(), "");
}

#[test]
fn a_terminal_stopped_with_ctrl_s_holds_no_sign_in_up() {
    let machine = Machine::new();
    let out = machine.path("out");
    let call =
        format!("timeout --foreground 30 {PROGRAM} credential-process --profile dev >{}", out.display());
    let mut run = on_a_terminal(&machine, &format!("echo ready; read line; {call}"));
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the shell", || screen(&machine).contains("ready"));
    keyboard.write_all(b"\x13\n").unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    wait_until("the credentials", || fs::read_to_string(&out).unwrap().ends_with("}\n"));
    assert!(!screen(&machine).contains("needs a sign-in"), "the terminal was stopped");
    // The call may have ended already, and the terminal with it.
    let _ = keyboard.write_all(b"\x11");
    assert!(run.wait().unwrap().success());
}
