//! No core dump holds our memory, and nobody's limits change for it.

use super::hunt::Hunt;
use super::support::processes::{of, the_one};
use super::support::{IN_A_FILE, Machine, Ran, wait_until, with_credentials};
use cognito_sandbox::cast;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::Child;

/// Runs a shell line on a machine where everything dumps as much as it likes, into its folder.
fn with_dumps(machine: &Machine, line: &str) -> Child {
    let home = machine.path("");
    machine.shell(&format!("ulimit -c unlimited; cd '{}'; {line}", home.display())).spawn().unwrap()
}

fn dumps(machine: &Machine) -> Vec<std::path::PathBuf> {
    let is_dump = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("core");
    machine.files().into_iter().filter(is_dump).collect()
}

fn end(process: u32, signal: Signal) {
    wait_until("its end", || {
        // Rust's own handler of SIGSEGV lets the first one pass, which no stack overflow has caused.
        let _ = kill_process(Pid::from_raw(process.cast_signed()).unwrap(), signal);
        fs::read_to_string(of(process).join("stat")).map_or(true, |stat| stat.contains(") Z "))
    });
}

#[test]
fn a_crash_of_any_of_our_processes_leaves_no_core_dump() {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    assert!(!pattern.starts_with(['|', '/', '@']), "dumps go to {pattern}: this test would see none of them");
    for signal in [Signal::ABORT, Signal::SEGV] {
        // A program that wants to be dumped is, so the rest of this test can fail.
        let machine = Machine::new();
        let number = if signal == Signal::ABORT { "ABRT" } else { "SEGV" };
        let ran = Ran::of(with_dumps(&machine, &format!("sh -c 'kill -{number} $$'")));
        assert_eq!((ran.code == 0, dumps(&machine).len()), (false, 1), "{ran:?}");

        // Whoever waits for a sign-in, and the detached process that waits for the browser.
        let machine = Machine::new();
        let caller = with_dumps(
            &machine,
            &format!("exec {} credential-process --profile dev", super::support::PROGRAM),
        );
        wait_until("the tab", || machine.tabs().len() == 1);
        let detached = the_one(&machine, "sign-in");
        end(detached, signal);
        end(caller.id(), signal);
        Ran::of(caller);
        assert!(dumps(&machine).is_empty());

        let machine = with_credentials(IN_A_FILE);
        let served = with_dumps(&machine, &format!("exec {} serve --profile dev", super::support::PROGRAM));
        wait_until("the endpoint", || listens(served.id()));
        end(served.id(), signal);
        Ran::of(served);
        assert!(dumps(&machine).is_empty());
    }
}

fn listens(process: u32) -> bool {
    let sockets = fs::read_dir(of(process).join("fd")).into_iter().flatten().flatten();
    sockets
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|to| to.to_string_lossy().starts_with("socket:"))
}

/// The limit is inherited, so it is left alone; and `exec`'s command may be dumped as it could before.
#[test]
fn the_command_of_exec_and_the_browser_keep_their_limits() {
    let machine = with_credentials(IN_A_FILE);
    let hunt = Hunt::on(machine, cast::PUBLIC_CLIENT, "");
    let inside = "grep -i 'core file' /proc/self/limits; kill -ABRT $$";
    let line =
        format!("{} exec --profile dev -- sh -c \"{}\"", super::support::PROGRAM, inside.replace('$', "\\$"));
    let ran = Ran::of(with_dumps(&hunt.machine, &line));
    assert!(ran.stdout.contains("unlimited"), "{ran:?}");
    assert_eq!(dumps(&hunt.machine).len(), 1, "{ran:?}");
}
