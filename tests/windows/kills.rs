//! Processes that are killed. Under Wine a process of Windows is one of Linux, and dies of the same signal.

use crate::machine::{issue_short_credentials, issue_short_tokens, windows};
use crate::random::Random;
use crate::starts;
use crate::support::{Machine, alice, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

const KILLS: usize = 40;

#[test]
fn a_sign_in_outlives_its_killed_caller() {
    let machine = windows("");
    let mut caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    kill(&mut caller);
    let page = alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(page.body.contains("alice@example.com"), "{}", page.body);
    machine.call().document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

/// Each call renews everything, and writes a login of several parts.
#[test]
fn renewals_that_are_killed_lose_no_login() {
    let seed = std::env::var("KILLS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("KILLS_SEED={seed}");
    let mut random = Random(seed);
    let mut machine = windows("");
    issue_short_credentials(&machine);
    issue_short_tokens(&machine);
    machine.seat(cognito_sandbox::Person::new("dora", "password"));
    starts::call(&machine).document();
    machine.leave();
    let whole = duration(&machine);
    let mut unfinished = 0;
    for kill_number in 1..=KILLS {
        let mut caller = machine.start();
        thread::sleep(random.up_to(whole));
        unfinished += usize::from(kill(&mut caller));
        if kill_number % 5 == 0 {
            starts::call(&machine).document();
            assert_eq!(machine.tabs().len(), 1, "after {kill_number} kills");
        }
    }
    assert!(unfinished > KILLS / 4, "{unfinished} of {KILLS} met a process at work");
}

/// How long a call takes on this machine now.
fn duration(machine: &Machine) -> Duration {
    let began = Instant::now();
    starts::call(machine).document();
    began.elapsed()
}

/// Whether it was still running.
fn kill(process: &mut Child) -> bool {
    let runs = process.try_wait().unwrap().is_none();
    if runs {
        kill_process(Pid::from_child(process), Signal::KILL).unwrap();
        process.wait().unwrap();
    }
    runs
}

/// What Ctrl-C does in a console: Wine takes SIGINT for it.
#[test]
fn ctrl_c_ends_a_login_and_the_next_may_begin_at_once() {
    let mut machine = windows("");
    let mut login = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    kill_process(Pid::from_child(&login), Signal::INT).unwrap();
    wait_until("the end of login", || login.try_wait().unwrap().is_some());
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    assert_eq!(machine.tabs().len(), 2);
}

#[test]
fn ctrl_c_in_exec_is_for_the_command_alone() {
    let machine = windows("");
    let mut exec = machine.command(&["exec", "--profile", "dev", "--", "cmd.exe", "/C"]);
    let (began, go) = ("began", "go");
    exec.args([format!("echo >{began} & for /L %i in (1,0,2) do @if exist {go} exit 42")]);
    let mut exec = exec.current_dir(machine.path("")).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    wait_until("the command", || machine.path(began).exists());
    kill_process(Pid::from_child(&exec), Signal::INT).unwrap();
    std::fs::write(machine.path(go), "").unwrap();
    assert_eq!(exec.wait().unwrap().code(), Some(42));
}
