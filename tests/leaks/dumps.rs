//! No core dump holds our memory, and nobody's limits change for it.

use super::hunt::Hunt;
use super::support::processes::{of, the_one};
use super::support::{IN_A_FILE, Machine, Ran, wait_until, with_credentials};
use cognito_sandbox::cast;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

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

/// Whether a dump is a file in the folder of whoever crashes (core(5)), where a test can look for it.
/// Collectors of distributions (systemd-coredump, apport) and folders of a whole machine are not ours to ask.
fn dumps_are_files_here() -> bool {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    !pattern.starts_with(['|', '/', '@'])
}

/// Who is not root here, because whatever belongs to root tells nothing about root's own processes.
fn somebody() -> u32 {
    let me = fs::metadata("/proc/self").unwrap().uid();
    if me == 0 { 65_534 } else { me }
}

/// Gives a machine's home to them, and a command.
fn as_somebody<'a>(machine: &Machine, command: &'a mut Command) -> &'a mut Command {
    let who = somebody();
    let home = machine.path("");
    assert!(Command::new("chown").args(["-R", &who.to_string()]).arg(home).status().unwrap().success());
    command.uid(who)
}

/// What is not dumpable belongs to root, whoever runs it (proc(5)); a collector gets no dump of it (core(5)).
fn owner_of_memory(process: u32) -> u32 {
    fs::metadata(of(process).join("mem")).unwrap().uid()
}

#[test]
fn our_processes_are_not_dumpable_and_those_they_run_are() {
    let machine = Machine::new();
    let mut other = as_somebody(&machine, &mut machine.shell("sleep 60")).spawn().unwrap();
    assert_eq!(owner_of_memory(other.id()), somebody());
    other.kill().unwrap();
    other.wait().unwrap();

    let mut caller = machine.command(&["credential-process", "--profile", "dev"]);
    let caller = as_somebody(&machine, &mut caller).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    let detached = the_one(&machine, "sign-in");
    assert_eq!((owner_of_memory(caller.id()), owner_of_memory(detached)), (0, 0));
    end(detached, Signal::KILL);
    end(caller.id(), Signal::KILL);
    Ran::of(caller);

    let machine = with_credentials(IN_A_FILE);
    let mut served = machine.command(&["serve", "--profile", "dev"]);
    let served = as_somebody(&machine, &mut served).spawn().unwrap();
    wait_until("the endpoint", || owner_of_memory(served.id()) == 0);
    end(served.id(), Signal::KILL);
    Ran::of(served);

    let mut exec = machine.command(&["exec", "--profile", "dev", "--", "stat", "-c", "%u", "/proc/self/mem"]);
    let ran = Ran::of(as_somebody(&machine, &mut exec).spawn().unwrap());
    assert_eq!(ran.stdout, format!("{}\n", somebody()), "{ran:?}");
}

#[test]
fn a_crash_of_any_of_our_processes_leaves_no_core_dump() {
    if !dumps_are_files_here() {
        // What decides about a dump elsewhere, too.
        return our_processes_are_not_dumpable_and_those_they_run_are();
    }
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
    // Elsewhere the test above has seen that it may be dumped.
    assert_eq!(dumps(&hunt.machine).len(), usize::from(dumps_are_files_here()), "{ran:?}");
}
