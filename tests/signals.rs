//! What ends a process, and what must not end with it: a sign-in outlives its caller, and ends with
//! the person who asked for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use cognito_creds::lock::Lock;
use cognito_creds::sign_in::{login_lock, sign_in_lock};
use cognito_sandbox::Endpoint;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::time::{Duration, Instant};
use support::cases::Cases;
use support::processes::{descriptors, group_session_terminal, of, running, the_one};
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, alice, wait_until};

const CALL: &str = "credential-process --profile dev";

/// The caller is gone, the tab is still open: it completes, and the next call is silent.
fn assert_the_sign_in_completes(machine: &Machine) {
    wait_until("the end of the caller", || running(machine, "credential-process").is_empty());
    let page = alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(page.body.contains("alice@example.com"), "{}", page.body);
    machine.call().document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
    wait_until("the end of the sign-in", || running(machine, "sign-in").is_empty());
}

/// A caller whose sign-in has just opened the browser.
fn waiting(machine: &Machine, mut caller: Child) -> Child {
    wait_until("the tab", || machine.tabs().len() == 1);
    assert!(caller.try_wait().unwrap().is_none(), "it waits for the person");
    caller
}

#[test]
fn a_sign_in_outlives_a_caller_that_is_killed() {
    let machine = Machine::new();
    let mut caller = waiting(&machine, machine.start());
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert_the_sign_in_completes(&machine);
}

/// As `timeout` ends a command, and SDKs end a credential process.
#[test]
fn a_sign_in_outlives_a_time_out_that_ends_the_callers_group() {
    for signal in [Signal::TERM, Signal::KILL] {
        let machine = Machine::new();
        let mut parent = machine.shell(&format!("{PROGRAM} {CALL}; true"));
        let mut parent = waiting(&machine, parent.process_group(0).spawn().unwrap());
        kill_process_group(Pid::from_child(&parent), signal).unwrap();
        parent.wait().unwrap();
        assert_the_sign_in_completes(&machine);
    }
}

/// The credential process is in the AWS CLI's foreground group, so Ctrl-C reaches both.
#[test]
fn a_sign_in_outlives_ctrl_c_in_the_callers_terminal() {
    let machine = Machine::new();
    let mut terminal = waiting(&machine, on_a_terminal(&machine, &format!("{PROGRAM} {CALL} >/dev/null")));
    terminal.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(130), "SIGINT");
    assert_the_sign_in_completes(&machine);
}

#[test]
fn a_sign_in_outlives_the_callers_terminal() {
    let machine = Machine::new();
    let mut terminal = waiting(&machine, on_a_terminal(&machine, &format!("{PROGRAM} {CALL} >/dev/null")));
    // The other end of the terminal closes with it, and the kernel sends SIGHUP.
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    assert_the_sign_in_completes(&machine);
}

/// A command that is all of its terminal's session (`ssh -t host aws …`) takes every process along
/// that still belongs to it.
#[test]
fn a_renewal_outlives_the_callers_terminal() {
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    machine.seat(alice());
    machine.call().document();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 3600);
    let mut terminal = on_a_terminal(&machine, &format!("exec {PROGRAM} {CALL} >/dev/null"));
    assert!(terminal.wait().unwrap().success());
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 2, Duration::from_secs(10)));
}

#[test]
fn the_detached_process_keeps_nothing_of_its_caller() {
    let machine = Machine::new();
    let folder = tempfile::tempdir().unwrap();
    let mut caller = machine.command(&CALL.split(' ').collect::<Vec<_>>());
    let mut caller = waiting(&machine, caller.current_dir(folder.path()).spawn().unwrap());
    let detached = the_one(&machine, "sign-in");
    assert_eq!(group_session_terminal(detached), (detached, detached, 0), "a session of its own");
    assert_eq!(fs::read_link(of(detached).join("cwd")).unwrap().to_str(), Some("/"));
    let (its, callers) = (descriptors(detached), descriptors(caller.id()));
    assert!(its[..3].iter().all(|stream| stream.to_str() == Some("/dev/null")), "{its:?}");
    // Whatever runs this test may have left descriptors open to all below it, as cargo and make do.
    let ours = descriptors(std::process::id());
    let shared = its.iter().filter(|open| callers.contains(open) && !ours[3..].contains(open));
    let shared: Vec<_> = shared.filter(|open| open.to_str() != Some("/dev/null")).collect();
    assert!(shared.is_empty(), "{shared:?}");
    caller.kill().unwrap();
    caller.wait().unwrap();
}

/// It leaves the caller's folder, and still finds what was named from there.
#[test]
fn files_named_from_the_callers_folder_keep_their_meaning() {
    let machine = Machine::with("cognito_store = file\nca_bundle = bundle.pem\n");
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = machine.path(".aws");
    fs::write(folder.join("bundle.pem"), authority.cert.pem()).unwrap();
    let mut call = machine.command(&CALL.split(' ').collect::<Vec<_>>());
    let call = call.current_dir(&folder).env("AWS_CONFIG_FILE", "config").spawn().unwrap();
    let caller = waiting(&machine, call);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    support::Ran::of(caller).document();
}

/// The person who asked for it has changed their mind: nothing of the sign-in is left, no AWS command opens
/// a tab against their will, and the next `login` begins at once.
#[test]
fn ctrl_c_in_login_ends_the_sign_in() {
    let mut machine = Machine::new();
    let mut terminal =
        waiting(&machine, on_a_terminal(&machine, &format!("exec {PROGRAM} login --profile dev")));
    assert!(screen(&machine).contains("Ctrl-C ends the sign-in"), "{}", screen(&machine));
    terminal.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(130), "SIGINT");

    assert!(running(&machine, "login").is_empty() && running(&machine, "sign-in").is_empty());
    for bound in [
        TcpListener::bind((Ipv4Addr::LOCALHOST, machine.port)),
        TcpListener::bind((Ipv6Addr::LOCALHOST, machine.port)),
    ] {
        bound.unwrap();
    }
    let (profile, state) = (machine.profile(), machine.path(".local/state/cognito-creds"));
    for lock in [sign_in_lock(&state, &profile), login_lock(&state, &profile)] {
        assert!(!Lock::is_held(&lock, Duration::ZERO).unwrap(), "{}", lock.display());
    }

    let mut cases = Cases::of("stopped");
    cases.tell("an AWS command after Ctrl-C in login", &machine, &machine.call());
    cases.compare();
    assert_eq!(machine.tabs().len(), 1);

    machine.seat(alice());
    let began = Instant::now();
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    assert!(began.elapsed() < Duration::from_secs(10), "it waited for no other");
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 1));
}

#[test]
fn whoever_waits_for_a_login_is_told_when_it_was_ended() {
    let (stopped, left) = ("was stopped", "was not completed");
    for (signal, told) in [("TERM", left), ("HUP", left), ("QUIT", stopped), ("INT", stopped)] {
        let machine = Machine::new();
        let mut login = waiting(&machine, machine.command(&["login", "--profile", "dev"]).spawn().unwrap());
        let caller = machine.start();
        wait_until("the caller", || running(&machine, "credential-process").len() == 1);
        assert!(machine.shell(&format!("kill -{signal} {}", login.id())).status().unwrap().success());
        login.wait().unwrap();
        let ran = support::Ran::of(caller);
        // It may have come too late to wait.
        assert!([left, stopped].iter().any(|told| ran.stderr.contains(told)), "{ran:?}");
        let (what, _) = machine.call().failure();
        assert!(what.contains(&format!("{told}, so no new tab opens")), "{signal}: {what}");
    }
}

/// As nohup(1) and a script's `&` start it.
#[test]
fn a_signal_that_was_ignored_from_the_start_stops_no_login() {
    let machine = Machine::new();
    let mut login = machine.shell(&format!("trap '' HUP INT; exec {PROGRAM} login --profile dev"));
    let login = waiting(&machine, login.spawn().unwrap());
    assert!(machine.shell(&format!("kill -HUP {0}; kill -INT {0}", login.id())).status().unwrap().success());
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(support::Ran::of(login).code, 0);
}
