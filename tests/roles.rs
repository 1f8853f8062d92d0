//! Several roles: the pool's choice, the profile's, and the person's, who picks one at the terminal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Person, cast};
use std::fs;
use std::io::Write;
use std::process::Child;
use support::cases::Cases;
use support::generated::check_generated;
use support::processes::the_one;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";

/// carol, who has ReadOnly and Developer and no preference: the pool refuses to choose.
fn carol() -> Person {
    Person::new("carol", cast::PASSWORD)
}

fn config(machine: &Machine) -> String {
    fs::read_to_string(machine.path(".aws/config")).unwrap()
}

fn asked_roles(machine: &Machine) -> Vec<String> {
    let log = machine.sandbox.log();
    log.iter().filter_map(|entry| entry.parameter("CustomRoleArn").map(str::to_owned)).collect()
}

/// A run of the program at a terminal that can move its cursor, with stdout and stderr elsewhere.
struct Session<'a> {
    machine: &'a Machine,
    run: Child,
    before: String,
}

/// What is left of it.
struct Ended {
    ran: Ran,
    /// What the person has seen.
    screen: String,
}

impl<'a> Session<'a> {
    fn start(machine: &'a Machine, arguments: &str, term: &str) -> Self {
        let home = machine.path("").display().to_string();
        let line = format!(
            "cd {home}; stty -g >modes; TERM={term} {PROGRAM} {arguments} >out 2>err; echo $? >code; stty -g >modes-after"
        );
        let _ = fs::remove_file(machine.path("screen"));
        Self { machine, run: on_a_terminal(machine, &line), before: config(machine) }
    }

    /// Waits until the last frame has this for its marked row, then presses keys.
    fn at(&mut self, marked: &str, keys: &str) -> &mut Self {
        wait_until(marked, || self.frame().lines().any(|line| line.starts_with(&format!("> {marked}"))));
        self.press(keys)
    }

    /// Waits until the screen has this, then presses keys.
    fn seen(&mut self, text: &str, keys: &str) -> &mut Self {
        wait_until(text, || screen(self.machine).contains(text));
        self.press(keys)
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.run.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
        self
    }

    /// The list as it stands, without what moves the cursor.
    fn frame(&self) -> String {
        let screen = screen(self.machine);
        let Some((_, frame)) = screen.rsplit_once("\r\x1b[J") else { return String::new() };
        // A frame ends with the way back to its first line.
        frame.split_once("\x1b[").map_or_else(String::new, |(lines, _)| lines.replace('\r', ""))
    }

    /// Waits for its end. Whatever happened, the terminal is as it was and its cursor was never hidden.
    fn ended(mut self) -> Ended {
        // The keyboard stays: without it the terminal would get a Ctrl-D.
        let _keyboard = self.run.stdin.take();
        self.run.wait().unwrap();
        let read = |name: &str| fs::read_to_string(self.machine.path(name)).unwrap();
        assert_eq!(read("modes"), read("modes-after"), "the terminal is as it was");
        let screen = screen(self.machine);
        assert!(!screen.contains("\x1b[?"), "no mode was set that would have to be set back: {screen:?}");
        let code = read("code").trim().parse().unwrap();
        Ended { ran: Ran { code, stdout: read("out"), stderr: read("err") }, screen }
    }

    fn ended_untouched(self) -> Ended {
        let (machine, before) = (self.machine, self.before.clone());
        let ended = self.ended();
        assert_eq!(config(machine), before, "the profile is as it was");
        ended
    }
}

#[test]
fn the_preferred_role_is_the_pools_choice_and_nobody_is_asked() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let session = Session::start(&machine, "login --profile dev", "xterm");
    let ended = session.ended_untouched();
    assert_eq!(ended.ran.code, 0, "{:?}", ended.ran);
    assert!(!ended.screen.contains("Pick a role"), "{}", ended.screen);
    assert!(asked_roles(&machine).is_empty(), "no CustomRoleArn: the token's preferred role counts");
    machine.leave();
    machine.call().document();
}

#[test]
fn where_the_pool_does_not_choose_login_lets_the_person_pick_with_arrows() {
    let mut machine = Machine::new();
    machine.seat(carol());
    let mut session = Session::start(&machine, "login --profile dev", "xterm");
    session.at("ReadOnly", UP).at("Developer", UP).at("ReadOnly", DOWN).at("Developer", "\r");
    let before = session.before.clone();
    let ended = session.ended();
    assert_eq!(ended.ran.code, 0, "{:?}", ended.ran);
    let developer = machine.sandbox.world().role_arn("Developer");
    let last = format!("Signed in as carol@example.com for profile dev. Role: {developer}.\n");
    assert!(ended.ran.stdout.ends_with(&last), "{}", ended.ran.stdout);
    assert!(!ended.ran.stdout.contains("Pick a role") && !ended.ran.stderr.contains("Pick a role"));
    assert!(!ended.ran.stdout.contains('\x1b') && !ended.ran.stderr.contains('\x1b'));
    assert_eq!(config(&machine), format!("{before}cognito_role = Developer\n"));
    assert_eq!(asked_roles(&machine), [developer]);
    machine.leave();
    machine.call().document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

#[test]
fn in_the_basic_flow_where_nobody_else_chooses_the_person_picks_too() {
    let mut machine = Machine::with("cognito_store = file\ncognito_flow = basic\n");
    machine.seat(carol());
    let mut session = Session::start(&machine, "login --profile dev", "xterm");
    session.at("ReadOnly", "\r");
    let ended = session.ended();
    assert_eq!(ended.ran.code, 0, "{:?}", ended.ran);
    let read_only = machine.sandbox.world().role_arn("ReadOnly");
    assert!(ended.ran.stdout.contains(&format!("Role: {read_only}.")), "{}", ended.ran.stdout);
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().assume_role), (1, 1));
}

#[test]
fn typing_filters_and_who_is_signed_in_picks_without_another_sign_in() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.sandbox.clear_log();
    let mut session = Session::start(&machine, "login --pick-role --profile dev", "xterm");
    session.at("Developer", "readx").seen("Nothing fits", "\r\x7f").at("ReadOnly", "\r");
    let before = session.before.clone();
    let ended = session.ended();
    assert_eq!(ended.ran.code, 0, "{:?}", ended.ran);
    assert_eq!(config(&machine), format!("{before}cognito_role = ReadOnly\n"));
    assert_eq!(asked_roles(&machine), [machine.sandbox.world().role_arn("ReadOnly")]);
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().total), (1, 1), "one exchange, no sign-in");

    // The choice that stands is marked the next time, and can be made anew.
    let mut session = Session::start(&machine, "login --pick-role --profile dev", "xterm");
    session.at("ReadOnly", DOWN).at("Developer", "\r");
    assert!(session.frame().contains("ReadOnly (now)"), "{}", session.frame());
    session.ended();
    assert_eq!(config(&machine), format!("{before}cognito_role = Developer\n"));
}

#[test]
fn esc_and_ctrl_c_leave_the_terminal_sane_and_the_profile_untouched() {
    let mut machine = Machine::new();
    machine.seat(carol());
    for leave in ["\x1b", "\x03", "\x04"] {
        let mut session = Session::start(&machine, "login --profile dev", "xterm");
        session.at("ReadOnly", DOWN).at("Developer", leave);
        let ended = session.ended_untouched();
        let last: Vec<_> = ended.ran.stderr.lines().rev().take(2).collect();
        assert_eq!(ended.ran.code, 1);
        assert!(last[1].contains("has several roles"), "{}", ended.ran.stderr);
        assert_eq!(last[0], "cognito-creds login --pick-role --profile dev");
    }
    assert!(machine.login().is_some(), "who signed in stays signed in");
}

/// The page is finished before the person has picked.
#[test]
fn the_page_says_that_the_terminal_asks() {
    let machine = Machine::new();
    let mut session = Session::start(&machine, "login --profile dev", "xterm");
    wait_until("the tab", || machine.tabs().len() == 1);
    let page = carol().sign_in(&machine.tabs()[0]).unwrap();
    session.at("ReadOnly", "\r");
    assert_eq!(session.ended().ran.code, 0);
    assert!(page.body.contains("Your terminal asks which role to take"), "{}", page.body);
    assert!(!page.body.contains("no AWS credentials"), "{}", page.body);

    // Where nobody is asked, the page says what to do.
    let machine = Machine::new();
    let call = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let page = carol().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(Ran::of(call).code, 1);
    assert!(page.body.contains("login --pick-role --profile dev"), "{}", page.body);
}

/// A terminal that is left without echo looks dead to whoever sits there.
#[test]
fn a_signal_from_elsewhere_leaves_the_terminal_sane_too() {
    let mut machine = Machine::new();
    machine.seat(carol());
    for (signal, code) in [("TERM", 128 + 15), ("HUP", 128 + 1), ("INT", 128 + 2)] {
        let mut session = Session::start(&machine, "login --profile dev", "xterm");
        session.at("ReadOnly", DOWN).at("Developer", "");
        let process = the_one(&machine, "login");
        assert!(machine.shell(&format!("kill -{signal} {process}")).status().unwrap().success());
        assert_eq!(session.ended_untouched().ran.code, code, "{signal}");
    }
}

#[test]
fn a_build_machine_with_a_terminal_is_not_kept_waiting() {
    let machine = Machine::new();
    let session = Session::start(&machine, "login --profile dev", "xterm CI=true");
    let told = || fs::read_to_string(machine.path("err")).unwrap_or_default();
    let address = || {
        let told = told();
        let (_, rest) = told.split_once("  http://127.0.0.1")?;
        Some(format!("http://127.0.0.1{}", rest.split_once('\n')?.0))
    };
    wait_until("the address", || address().is_some());
    carol().sign_in(&address().unwrap()).unwrap();
    let ended = session.ended_untouched();
    assert_eq!(ended.ran.code, 1);
    assert!(ended.ran.stderr.ends_with("cognito-creds login --pick-role --profile dev\n"), "{:?}", ended.ran);
    assert!(!ended.screen.contains("Pick a role"), "{}", ended.screen);
}

#[test]
fn a_simple_terminal_gets_a_numbered_list() {
    let mut machine = Machine::new();
    machine.seat(carol());
    let mut session = Session::start(&machine, "login --profile dev", "dumb");
    session.seen("Number, 1 to 2", "3\n2\n");
    let before = session.before.clone();
    let ended = session.ended();
    assert_eq!(ended.ran.code, 0, "{:?}", ended.ran);
    assert!(!ended.screen.contains('\x1b'), "{:?}", ended.screen);
    assert_eq!(config(&machine), format!("{before}cognito_role = Developer\n"));

    let mut session = Session::start(&machine, "login --pick-role --profile dev", "dumb");
    session.seen("Number, 1 to 2", "\n");
    session.ended_untouched().ran.failure();
}

#[test]
fn a_hostile_role_does_nothing_to_the_terminal_and_is_never_written() {
    let mut machine = Machine::new();
    let hostile = "arn:aws:iam::123456789012:role/\x1b[2J\x1b]0;owned\x07\u{202e}Evil\r\nregion = x";
    machine.sandbox.change(|world| {
        let auditors = world.groups.iter_mut().find(|group| group.name == "auditors").unwrap();
        auditors.role_arn = Some(hostile.to_owned());
    });
    machine.seat(carol());
    let mut cases = Cases::of("pick-hostile-role");
    for term in ["xterm", "dumb"] {
        let mut session = Session::start(&machine, "login --profile dev", term);
        match term {
            "dumb" => session.seen("Number, 1 to 2", "1\n"),
            _ => session.at("[2J ]0;owned Evil region = x", "\r"),
        };
        let ended = session.ended_untouched();
        for part in ["\x1b[2J", "\x1b]0", "\x07", "\u{202e}"] {
            assert!(!ended.screen.contains(part), "{:?}", ended.screen);
            assert!(!ended.ran.stderr.contains(part), "{:?}", ended.ran);
        }
        cases.tell(&format!("on a terminal that is {term}"), &machine, &ended.ran.in_the_end());
    }
    cases.compare();
}

/// Runs through `configure`, keeping what there is, and then the list, if one is to come.
fn configured(machine: &Machine, pick: Option<(&str, &str)>) -> (String, Option<String>) {
    let mut session = Session::start(machine, "configure --profile dev", "xterm");
    for key in ["cognito_domain [", "cognito_client_id [", "cognito_identity_pool_id ["] {
        session.seen(key, "\n");
    }
    if let Some((marked, keys)) = pick {
        session.at(marked, keys);
    } else {
        session.seen("Sign in now? [Y/n] ", "n\n");
    }
    let Ended { ran, screen } = session.ended();
    let way_on = if pick.is_some() { "aws sts get-caller-identity" } else { "cognito-creds login" };
    assert!(ran.code == 0 && ran.stdout.ends_with(&format!("  {way_on} --profile dev\n")), "{ran:?}");
    let config = config(machine);
    (screen, config.lines().find(|line| line.starts_with("cognito_role")).map(str::to_owned))
}

#[test]
fn configure_offers_the_roles_of_who_is_signed_in_and_needs_nobody() {
    let mut machine = Machine::new();
    let (screen, role) = configured(&machine, None);
    assert!(role.is_none() && !screen.contains("Pick a role"), "nobody is signed in: {screen}");
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.sandbox.clear_log();
    assert_eq!(configured(&machine, Some(("Developer", "\x1b"))).1, None);
    let (_, role) = configured(&machine, Some(("Developer", "read\r")));
    assert_eq!(role.as_deref(), Some("cognito_role = ReadOnly"));
    // The dialogue asks whether the user pool is there, and for nothing that is at hand.
    let counts = machine.sandbox.counts();
    assert_eq!(counts.total, counts.authorize + counts.discovery + counts.jwks, "{counts:?}");
}

#[test]
fn what_cannot_be_picked_is_told_with_what_to_do() {
    let mut cases = Cases::of("pick-role");
    let mut machine = Machine::new();
    let picks = ["login", "--pick-role", "--profile", "dev"];
    let unattended = |machine: &Machine| -> Ran {
        // In a session of its own there is no terminal, wherever the tests run.
        let mut command = machine.program("/usr/bin/setsid");
        command.args(["-w", PROGRAM]).args(picks).output().unwrap().into()
    };
    cases.tell("no terminal", &machine, &unattended(&machine));
    machine.seat(Person::federated("erin", cast::PASSWORD));
    machine.call().document();
    machine.leave();
    let here = |machine: &Machine| Session::start(machine, &picks.join(" "), "xterm").ended_untouched().ran;
    cases.tell("one role", &machine, &here(&machine));
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.mapping = None);
    machine.seat(Person::new("bob", cast::PASSWORD));
    machine.call().document();
    machine.leave();
    cases.tell("no role", &machine, &here(&machine));

    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    let mut session = Session::start(&machine, &picks.join(" "), "xterm");
    session.at("Developer", "\x1b");
    cases.tell("nothing picked", &machine, &session.ended_untouched().ran);
    cases.compare();
}

#[test]
fn the_transcript_in_the_docs_is_a_run_of_the_program() {
    let mut machine = Machine::new();
    machine.seat(carol());
    let mut session = Session::start(&machine, "login --profile dev", "xterm");
    session.at("ReadOnly", "");
    let first = session.frame();
    session.press("dev");
    session.at("Developer", "");
    let second = session.frame();
    session.press("\r");
    let ended = session.ended();
    // After the line that was there while the browser was waited for.
    let shown = ended.screen.rsplit("\r\x1b[K").next().unwrap().replace('\r', "");
    let question: String = shown.lines().take(2).map(|line| format!("{line}\n")).collect();
    let transcript = format!(
        "```console\n$ cognito-creds login --profile dev\n{question}{first}\n```\n\nAfter typing `dev` and Enter:\n\n```console\n{second}\n{}```\n",
        ended.ran.stdout
    );
    let home = machine.path("").display().to_string();
    check_generated("docs/roles.md", "picking", &transcript.replace(home.trim_end_matches('/'), "/home/you"));
}
