//! Whoever waits for a sign-in that was begun elsewhere is told so, and how to start over.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::num::NonZero;
use std::time::Duration;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

const TOLD: &str = "cognito-creds: profile dev waits for a sign-in that was begun elsewhere. To start over, run\r\n  cognito-creds login --profile dev\r\n";

#[test]
fn a_second_terminal_says_what_it_waits_for_and_how_to_start_over() {
    for command in ["exec --profile dev -- true", "credential-process --profile dev >credentials"] {
        let machine = Machine::new();
        let first = machine.start();
        wait_until("the tab", || machine.tabs().len() == 1);
        let line = format!("cd {}; TERM=xterm {PROGRAM} {command}; true", machine.path("").display());
        let mut second = on_a_terminal(&machine, &line);
        wait_until("the words", || screen(&machine).contains(TOLD));
        wait_until("the line", || screen(&machine).contains("\r\x1b[KProfile dev waits for the browser, "));
        alice().sign_in(&machine.tabs()[0]).unwrap();
        assert!(second.wait().unwrap().success());
        Ran::of(first).document();
        assert!(screen(&machine).ends_with("\r\x1b[K"), "{:?}", screen(&machine));
    }
}

/// `terraform` and `make -j` have them by the dozen.
#[test]
fn processes_behind_a_command_say_nothing_while_they_wait() {
    let machine = Machine::new();
    let first = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let call = format!("{PROGRAM} credential-process --profile dev >/dev/null; true");
    let mut others = on_a_terminal(&machine, &format!("TERM=xterm sh -c '{call}'; true"));
    std::thread::sleep(Duration::from_secs(4));
    assert!(others.try_wait().unwrap().is_none(), "it waits");
    assert_eq!(screen(&machine), "");
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(others.wait().unwrap().success());
    Ran::of(first).document();
}

/// What is told while a line is shown stands on a line of its own.
#[test]
fn a_notice_stands_above_the_line_that_waits() {
    let machine = Machine::with("");
    let line = format!("exec env TERM=xterm {PROGRAM} login --profile dev");
    let mut login = on_a_terminal(&machine, &line);
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(login.wait().unwrap().success());
    let mut terminal =
        vt100::Parser::new(const { NonZero::new(200).unwrap() }, const { NonZero::new(200).unwrap() }, 0);
    terminal.process(screen(&machine).as_bytes());
    let seen = terminal.screen().contents();
    let notices: Vec<_> = seen.lines().filter(|line| line.contains("There is no usable keychain")).collect();
    assert!(matches!(notices[..], [notice] if notice.starts_with("cognito-creds: There is no")), "{seen}");
    assert!(!seen.contains("is being completed"), "{seen}");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
}
