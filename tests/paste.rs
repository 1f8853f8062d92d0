//! `login --paste`: only the very address that this sign-in ends on is taken, whatever a terminal makes
//! of it, and nothing of what is pasted is shown.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use cognito_sandbox::Person;
use std::fs;
use std::io::Write;
use std::process::Child;
use support::cases::Cases;
use support::processes::the_one;
use support::terminal::{address, assert_same_modes, ended, ended_on, on_a_terminal, screen, with_its_modes};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

const QUESTION: &str = "Paste it here (it is not shown): ";

/// `login --paste` on a terminal; what it says on stderr is kept apart.
struct Pasting {
    machine: Machine,
    run: Child,
}

impl Pasting {
    fn begin() -> Self {
        Self::with("")
    }

    fn with(keys: &str) -> Self {
        let machine = Machine::with(&format!("cognito_store = file\n{keys}"));
        let line = format!(
            "timeout --foreground 30 {PROGRAM} login --paste --profile dev 2>{}",
            machine.path("stderr").display()
        );
        let run = on_a_terminal(&machine, &line);
        let pasting = Self { machine, run };
        pasting.asked(1);
        pasting
    }

    /// Waits for the question to be asked that often.
    fn asked(&self, times: usize) {
        wait_until("the question", || self.screen().matches(QUESTION).count() == times);
    }

    fn screen(&self) -> String {
        screen(&self.machine)
    }

    fn paste(&mut self, text: &str) {
        self.run.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn ended_on(&self, person: &Person) -> String {
        ended_on(&self.machine, person, &address(&self.machine).unwrap())
    }

    /// It ends well, and the code was never shown.
    fn signs_in(mut self, ended_on: &str) {
        assert!(self.run.wait().unwrap().success(), "{}", self.end().stderr);
        let shown = self.screen();
        assert!(shown.contains("Signed in as alice@example.com"), "{shown}");
        let code = ended_on.split("code=").nth(1).unwrap().split('&').next().unwrap();
        assert!(!shown.contains(code), "the pasted address is shown: {shown}");
        assert_eq!(self.machine.sandbox.counts().token_code, 1);
        self.machine.call().document();
        assert!(self.machine.tabs().is_empty());
    }

    /// It fails, in words that are told.
    fn fails(mut self, cases: &mut Cases, case: &str) -> Machine {
        let ran = self.end();
        cases.tell(case, &self.machine, &ran);
        self.machine
    }

    /// How it ended.
    fn end(&mut self) -> Ran {
        let code = self.run.wait().unwrap().code().unwrap();
        let stderr = fs::read_to_string(self.machine.path("stderr")).unwrap();
        Ran { code, stdout: String::new(), stderr }
    }
}

#[test]
fn a_pasted_address_finishes_a_sign_in_without_a_port_and_is_not_shown() {
    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    pasting.paste(&format!("{ended_on}\n"));
    pasting.signs_in(&ended_on);
}

/// A terminal that collects lines gives no more than 4095 bytes of one.
#[test]
fn an_address_longer_than_a_line_of_the_terminal_is_taken() {
    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    // In front, so that the code is in what would be cut off.
    let long = ended_on.replacen('?', &format!("?session_state={}&", "a".repeat(6_000)), 1);
    pasting.paste(&format!("{long}\n"));
    pasting.signs_in(&ended_on);
}

#[test]
fn what_terminals_and_mails_put_around_an_address_is_left_out() {
    for (before, after) in [
        ("\u{1b}[200~", "\u{1b}[201~\r"),
        ("  '", "' \t\r\n"),
        (" <", ">\n"),
        ("\u{1b}[200~\"", "\"\u{1b}[201~\n"),
    ] {
        let mut pasting = Pasting::begin();
        let ended_on = pasting.ended_on(&alice());
        pasting.paste(&format!("{before}{ended_on}{after}"));
        pasting.signs_in(&ended_on);
    }
}

#[test]
fn an_address_copied_without_its_scheme_is_taken() {
    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    pasting.paste(&format!("{}\n", ended_on.strip_prefix("http://").unwrap()));
    pasting.signs_in(&ended_on);
}

#[test]
fn after_a_wrong_text_it_says_what_is_wrong_and_asks_again() {
    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    let start = address(&pasting.machine).unwrap();
    pasting.paste(&format!("{start}\n"));
    pasting.asked(2);
    assert!(pasting.screen().contains("That is the address to open;"), "{}", pasting.screen());
    pasting.paste("\n");
    pasting.asked(3);
    assert!(pasting.screen().contains("Nothing was pasted;"), "{}", pasting.screen());
    pasting.paste(&format!("{ended_on}\n"));
    pasting.signs_in(&ended_on);
}

/// As an address comes that was copied from several lines of a mail.
#[test]
fn the_rest_of_a_text_of_several_lines_is_neither_shown_nor_taken_for_answers() {
    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    pasting.paste("first-line\nsecond-line\nthird-line\nfourth-line\n");
    pasting.asked(2);
    pasting.paste(&format!("{ended_on}\nfifth-line\n"));
    for line in ["first", "second", "third", "fourth", "fifth"] {
        assert!(!pasting.screen().contains(&format!("{line}-line")), "{}", pasting.screen());
    }
    pasting.signs_in(&ended_on);
}

/// What makes another address or another answer of the true one.
type Change = fn(&str) -> String;

#[test]
fn nothing_but_the_address_of_this_sign_in_is_taken() {
    let changes: [(&str, Change); 9] = [
        ("nothing", |_| String::new()),
        ("no address", |_| "yes".to_owned()),
        ("another port", |a| a.replacen("localhost:", "localhost:1", 1)),
        ("the right answer at another host", |a| a.replacen("http://localhost", "https://evil.example", 1)),
        ("the answer without its address", |a| a.split_once('?').unwrap().1.to_owned()),
        ("another state", |a| a.replacen("state=", "state=x", 1)),
        ("no code", |a| a.split_once('?').unwrap().0.to_owned() + "?x=1"),
        ("a code twice", |a| a.to_owned() + "&code=x"),
        ("an error without the state", |a| a.split_once('?').unwrap().0.to_owned() + "?error=access_denied"),
    ];
    let mut cases = Cases::of("paste-refused");
    for (case, change) in changes {
        let mut pasting = Pasting::begin();
        let wrong = change(&pasting.ended_on(&alice()));
        for time in 1..=3 {
            pasting.asked(time);
            pasting.paste(&format!("{wrong}\n"));
        }
        let machine = pasting.fails(&mut cases, case);
        assert_eq!(machine.sandbox.counts().token, 0, "{case}: no code was exchanged");
    }
    cases.compare();
}

#[test]
fn whoever_pastes_is_pointed_to_pasting_when_it_fails() {
    let mut cases = Cases::of("paste");
    let mut pasting = Pasting::begin();
    let denied = pasting.ended_on(&Person::deny());
    pasting.paste(&format!("{denied}\n"));
    pasting.fails(&mut cases, "denied");

    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    let invented = ended_on.replacen("code=", "code=x", 1);
    pasting.paste(&format!("{invented}\n"));
    pasting.fails(&mut cases, "another code with the right state");

    let mut pasting = Pasting::begin();
    let ended_on = pasting.ended_on(&alice());
    pasting.paste(&format!("{ended_on}&iss=https%3A%2F%2Fid.evil.example\n"));
    let machine = pasting.fails(&mut cases, "the answer of another server");
    assert_eq!(machine.sandbox.counts().token, 0, "the code was sent");

    let mut pasting = Pasting::begin();
    pasting.paste("\u{4}");
    pasting.fails(&mut cases, "Ctrl-D");

    // Where no browser can be seen and somebody is at a terminal.
    let machine = Machine::new();
    for command in ["credential-process", "token"] {
        cases.tell(
            &format!("{command} at a terminal without a display"),
            &machine,
            &at_a_terminal(&machine, "-u BROWSER", command),
        );
    }
    cases.tell(
        "the same under CI",
        &machine,
        &at_a_terminal(&machine, "-u BROWSER CI=1", "credential-process"),
    );
    machine.add("cognito_interactive = never\n");
    cases.tell("the same with a display", &machine, &at_a_terminal(&machine, "", "credential-process"));
    machine.configure(
        "[profile dev]\nregion = eu-west-1\ncognito_auth = developer\n\
         cognito_developer_url = https://login.example.com/\n\
         cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\n",
    );
    let ran = at_a_terminal(&machine, "-u BROWSER", "credential-process");
    cases.tell("a backend's password is asked for by login itself", &machine, &ran);
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().total), (0, 0));
    cases.compare();
}

fn at_a_terminal(machine: &Machine, environment: &str, command: &str) -> Ran {
    let (out, err) = (machine.path("stdout"), machine.path("stderr"));
    let line =
        format!("env {environment} {PROGRAM} {command} --profile dev >{} 2>{}", out.display(), err.display());
    let code = on_a_terminal(machine, &line).wait().unwrap().code().unwrap();
    Ran { code, stdout: fs::read_to_string(out).unwrap(), stderr: fs::read_to_string(err).unwrap() }
}

#[test]
fn ctrl_c_ends_it_and_gives_the_terminal_back_as_it_was() {
    let machine = Machine::new();
    let line = format!("stty -a; {PROGRAM} login --paste --profile dev; echo ended with $?; stty -a");
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains(QUESTION));
    run.stdin.as_mut().unwrap().write_all(b"half an address\x03").unwrap();
    assert!(run.wait().unwrap().success());
    let shown = screen(&machine);
    assert!(shown.contains("ended with 130"), "as the shell sees SIGINT: {shown}");
    let (before, after) = (shown.find("speed").unwrap(), shown.rfind("speed").unwrap());
    let end = shown[before..].find("Open this").unwrap() + before;
    assert_eq!(shown[before..end].trim(), shown[after..].trim(), "the terminal's modes");
    assert_stopped(&machine);
}

#[test]
fn ctrl_d_ends_it_just_as_well() {
    let mut pasting = Pasting::begin();
    pasting.paste("\x04");
    assert_eq!(pasting.end().code, 1);
    assert_stopped(&pasting.machine);
}

/// Its person has said no: no AWS command opens a tab in its place.
fn assert_stopped(machine: &Machine) {
    let (what, _) = machine.call().failure();
    assert!(what.contains("was stopped, so no new tab opens for another 5 minutes"), "{what}");
    assert!(machine.tabs().is_empty());
}

/// A prompt that nobody answers holds the sign-in's lock, and everybody who calls waits for it.
#[test]
fn a_prompt_left_open_ends_and_callers_are_told_what_it_waits_for() {
    let mut cases = Cases::of("paste-left-open");
    let mut pasting = Pasting::with("cognito_login_timeout = 10s\ncognito_wait = 1s\n");
    let keyboard = pasting.run.stdin.take();
    assert!(pasting.screen().contains("within 10 seconds"), "{}", pasting.screen());
    cases.tell("a caller that waits for less", &pasting.machine, &pasting.machine.call());
    let status = pasting.machine.run(&["status", "--profile", "dev"]).stdout;
    assert!(status.contains("waits for an address to be pasted on a terminal"), "{status}");
    pasting.machine.add("cognito_wait = 50s\n");
    let caller = pasting.machine.start();
    let ended = pasting.end();
    drop(keyboard);
    cases.tell("the prompt", &pasting.machine, &ended);
    cases.tell("a caller that waits for longer", &pasting.machine, &Ran::of(caller));
    assert!(!is_running(&pasting.machine), "the lock is free");
    cases.compare();
}

fn is_running(machine: &Machine) -> bool {
    machine.run(&["status", "--profile", "dev", "--json"]).stdout.contains("\"sign_in\":\"running\"")
}

/// A terminal that is left without echo looks dead to whoever sits there.
#[test]
fn a_signal_from_elsewhere_gives_the_terminal_back_too() {
    for (signal, code) in [("TERM", "143"), ("HUP", "129"), ("QUIT", "131"), ("INT", "130")] {
        let machine = Machine::new();
        let mut run = with_its_modes(&machine, "login --paste --profile dev");
        let _keyboard = run.stdin.take();
        wait_until("the question", || screen(&machine).contains(QUESTION));
        let process = the_one(&machine, "login");
        assert!(machine.shell(&format!("kill -{signal} {process}")).status().unwrap().success());
        wait_until("the end", || ended(&machine).is_some());
        assert_eq!(ended(&machine).unwrap(), code, "{signal}");
        assert!(run.wait().unwrap().success());
        assert_same_modes(&machine);
    }
}

#[test]
fn ctrl_c_ends_it_on_a_terminal_that_is_stopped() {
    let machine = Machine::new();
    let mut run = with_its_modes(&machine, "login --paste --profile dev");
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the question", || screen(&machine).contains(QUESTION));
    keyboard.write_all(b"\x13half an address\x03").unwrap();
    wait_until("the end", || ended(&machine).is_some());
    assert_eq!(ended(&machine).unwrap(), "130");
    // It may have ended already, and the terminal with it.
    let _ = keyboard.write_all(b"\x11");
    assert!(run.wait().unwrap().success());
    assert_same_modes(&machine);
}
