//! One line on the terminal while something takes its time, and no trace of it afterwards.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Person, Times};
use std::fs;
use std::io::Write;
use std::num::NonZero;
use std::process::Child;
use std::time::Duration;
use support::processes::the_one;
use support::terminal::{address, on_a_terminal, screen};
use support::{Machine, PROGRAM, alice, wait_until, with_credentials};

const WAITS: &str = "Profile dev waits for the browser, ";
const LOOKING: &str = "Looking at profile dev, Ctrl-C stops.";

/// The program on a terminal that can erase.
fn start(machine: &Machine, arguments: &str) -> Child {
    let _ = fs::remove_file(machine.path("screen"));
    on_a_terminal(machine, &format!("exec env TERM=xterm {PROGRAM} {arguments}"))
}

/// What a person sees of the screen in the end, on a terminal of 80 columns that is high enough for all of it.
fn seen(machine: &Machine) -> String {
    let mut terminal =
        vt100::Parser::new(const { NonZero::new(200).unwrap() }, const { NonZero::new(80).unwrap() }, 0);
    terminal.process(&fs::read(machine.path("screen")).unwrap_or_default());
    terminal.screen().contents()
}

/// How many seconds were shown as left, in the order they were shown.
fn counted(machine: &Machine) -> Vec<u64> {
    let shown = screen(machine);
    let times = shown.split(WAITS).skip(1).filter_map(|rest| rest.split_once(" left, Ctrl-C stops."));
    let seconds = times.map(|(time, _)| {
        let (minutes, seconds) = time.split_once(':').unwrap();
        60 * minutes.parse::<u64>().unwrap() + seconds.parse::<u64>().unwrap()
    });
    seconds.collect()
}

/// What else is on the screen while the line counts down there.
fn beside_the_line(machine: &Machine, from: u64) -> String {
    wait_until("the time that runs", || counted(machine).len() > 2);
    let times = counted(machine);
    assert!(times[0] <= from && times.is_sorted_by(|one, next| one > next), "{times:?}");
    let seen = seen(machine);
    let (others, last) = seen.rsplit_once('\n').unwrap_or(("", &seen));
    assert!(last.starts_with(WAITS) && last.contains(" left, Ctrl-C stops."), "{seen}");
    assert_eq!(seen.matches(WAITS).count(), 1, "{seen}");
    others.to_owned()
}

#[test]
fn login_counts_down_and_leaves_no_trace() {
    for way in ["", "--no-browser"] {
        let machine = Machine::new();
        let mut login = start(&machine, &format!("login --profile dev {way}"));
        let before = beside_the_line(&machine, 300);
        alice().sign_in(&address(&machine).unwrap()).unwrap();
        assert!(login.wait().unwrap().success());
        assert_eq!(seen(&machine), format!("{before}\nSigned in as alice@example.com for profile dev."));
        assert!(screen(&machine).contains("The sign-in for profile dev is being completed."));
    }
}

#[test]
fn a_login_that_fails_leaves_its_error_alone() {
    let machine = Machine::new();
    let mut login = start(&machine, "login --profile dev");
    let before = beside_the_line(&machine, 300);
    Person::deny().sign_in(&address(&machine).unwrap()).unwrap();
    assert_eq!(login.wait().unwrap().code(), Some(1));
    let seen = seen(&machine);
    assert!(seen.starts_with(&format!("{before}\ncognito-creds: The sign-in was cancelled")), "{seen}");
}

#[test]
fn whatever_ends_a_wait_takes_its_line_away() {
    for (command, from) in [("login", 300), ("credential-process", 50)] {
        for (signal, code) in [("TERM", 143), ("QUIT", 131), ("INT", 130)] {
            let machine = Machine::new();
            let mut run = start(&machine, &format!("{command} --profile dev"));
            let before = beside_the_line(&machine, from);
            if signal == "INT" {
                run.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
            } else {
                let process = the_one(&machine, command);
                assert!(machine.shell(&format!("kill -{signal} {process}")).status().unwrap().success());
            }
            assert_eq!(run.wait().unwrap().code(), Some(code), "{command}, {signal}");
            // The key itself is the terminal's own to show, now or a moment later.
            let seen = seen(&machine);
            assert_eq!(seen.trim_end_matches("^C").trim_end(), before, "{command}, {signal}");
        }
    }
}

#[test]
fn nothing_of_it_is_in_what_is_captured() {
    let machine = Machine::new();
    let (out, err) = (machine.path("out"), machine.path("err"));
    let streams = format!(">{} 2>{}", out.display(), err.display());
    let text = |file| fs::read_to_string(file).unwrap();
    let mut login = start(&machine, &format!("login --profile dev {streams}"));
    assert_eq!(beside_the_line(&machine, 300), "");
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(login.wait().unwrap().success());
    assert_eq!(text(&out), "Signed in as alice@example.com for profile dev.\n");
    assert!(text(&err).ends_with("\nCtrl-C ends the sign-in.\n"), "{:?}", text(&err));
    assert_eq!(seen(&machine), "");

    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    let mut call = start(&machine, &format!("credential-process --profile dev {streams}"));
    let before = beside_the_line(&machine, 50);
    assert!(before.starts_with("cognito-creds: profile dev needs a sign-in."), "{before}");
    alice().sign_in(&machine.tabs()[1]).unwrap();
    assert!(call.wait().unwrap().success());
    assert!(text(&out).starts_with("{\"Version\":1,") && text(&err).is_empty());
    assert_eq!(seen(&machine), before);
}

#[test]
fn a_link_in_the_line_opens_the_address() {
    for command in ["login", "credential-process"] {
        let machine = Machine::new();
        let line = format!("exec env TERM=xterm VTE_VERSION=7600 {PROGRAM} {command} --profile dev");
        let mut run = on_a_terminal(&machine, &line);
        wait_until("the tab", || machine.tabs().len() == 1);
        let in_the_line = format!("Ctrl-C stops. \x1b]8;;{}\x1b\\Open it.\x1b]8;;\x1b\\", machine.tabs()[0]);
        wait_until("the link", || screen(&machine).contains(&in_the_line));
        // It stands in the place of the address, where nothing has to be told beside it.
        assert!(!screen(&machine).contains("needs a sign-in"), "{command}");
        alice().sign_in(&machine.tabs()[0]).unwrap();
        assert!(run.wait().unwrap().success());
        assert!(!seen(&machine).contains("Open it."), "{}", seen(&machine));
    }
}

/// The name gives way, and what a person has to know stays on one row: beside a link, and where each letter
/// takes two columns.
#[test]
fn a_long_name_leaves_room_for_the_sentence_and_a_wide_one_leaves_no_rows_behind() {
    for (name, shown) in [
        ("the-customer-portal-production", "Profile the-customer"),
        ("開発環境の本番アカウント", "Profile 開発環境"),
    ] {
        let machine = Machine::new();
        let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
        machine.configure(&config.replace("profile dev", &format!("profile {name}")));
        let line =
            format!("stty cols 80; exec env TERM=xterm VTE_VERSION=7600 {PROGRAM} login --profile {name}");
        let mut login = on_a_terminal(&machine, &line);
        wait_until("the time that runs", || screen(&machine).matches(" left, Ctrl-C stops. ").count() > 2);
        let seen = seen(&machine);
        let row = seen.lines().last().unwrap();
        assert!(row.starts_with(shown) && row.contains("… waits for the browser, "), "{seen}");
        assert!(row.ends_with(" left, Ctrl-C stops. Open it."), "{seen}");
        assert_eq!(seen.matches("waits for the browser").count(), 1, "{seen}");
        alice().sign_in(&machine.tabs()[0]).unwrap();
        assert!(login.wait().unwrap().success());
        assert!(!self::seen(&machine).contains("waits for the browser"), "{}", self::seen(&machine));
    }
}

/// A terminal that can't erase, messages in between, and a job in the background, where somebody types.
#[test]
fn where_it_would_be_in_the_way_there_is_none() {
    let terminal = |line: &str| (line.replace("RUN", PROGRAM), line.contains("VTE"));
    for (line, must_tell) in [
        terminal("exec env TERM=dumb RUN login --profile dev"),
        terminal("exec RUN login --profile dev"),
        terminal("exec env TERM=xterm RUN -v login --profile dev"),
        terminal("set -m; TERM=xterm RUN login --profile dev & wait"),
        terminal("set -m; TERM=xterm VTE_VERSION=7600 RUN credential-process --profile dev & wait"),
        terminal("exec env TERM=xterm VTE_VERSION=7600 RUN -v credential-process --profile dev"),
    ] {
        let machine = Machine::new();
        let mut run = on_a_terminal(&machine, &line);
        wait_until("the tab", || machine.tabs().len() == 1);
        std::thread::sleep(Duration::from_millis(1200));
        assert!(run.try_wait().unwrap().is_none(), "it waits");
        assert!(!screen(&machine).contains(WAITS), "{line}: {}", screen(&machine));
        assert!(!must_tell || address(&machine).is_some(), "{line}: the link is not there to open");
        alice().sign_in(&machine.tabs()[0]).unwrap();
        run.wait().unwrap();
        assert!(!screen(&machine).contains("\x1b[K"), "{line}: {}", screen(&machine));
    }
}

#[test]
fn doctor_says_so_for_as_long_as_it_takes() {
    let machine = with_credentials(support::IN_A_FILE);
    machine.sandbox.fault(Endpoint::Authorize, Fault::Hang, Times::Once);
    let mut doctor = start(&machine, &format!("doctor --profile dev >{}", machine.path("out").display()));
    wait_until("the line", || seen(&machine) == LOOKING);
    assert!(machine.sandbox.wait_for(Endpoint::Authorize, 1, Duration::from_secs(10)));
    assert_eq!(seen(&machine), LOOKING, "it hangs");
    doctor.wait().unwrap();
    assert_eq!(seen(&machine), "");
}

#[test]
fn other_commands_that_may_take_long_say_what_they_do() {
    let mut machine = with_credentials(support::IN_A_FILE);
    machine.seat(alice());
    for (command, told) in [
        ("doctor", LOOKING),
        ("console", "Your browser opens the AWS console, Ctrl-C stops."),
        ("logout", "Signing out of profile dev."),
    ] {
        let out = machine.path("out");
        let mut run = start(&machine, &format!("{command} --profile dev >{}", out.display()));
        run.wait().unwrap();
        assert!(screen(&machine).contains(told), "{command}: {:?}", screen(&machine));
        assert_eq!(seen(&machine), "", "{command}");
        let out = fs::read_to_string(out).unwrap();
        assert!(!out.is_empty() && !out.contains('\x1b') && !out.contains(told), "{command}: {out:?}");
    }
}
