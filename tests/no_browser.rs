//! A sign-in whose browser is elsewhere: the address as a link and in the clipboard, and the tunnel.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fs;
use std::process::Child;
use support::cases::Cases;
use support::terminal::{address, on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

/// `login` with this before and after it, when it has shown the address.
fn announced(machine: &Machine, before: &str, after: &str) -> Child {
    let run = on_a_terminal(machine, &format!("env {before} {PROGRAM} login --profile dev {after}"));
    wait_until("the address", || screen(machine).contains("Ctrl-C ends the sign-in."));
    run
}

fn signs_in(machine: &Machine, mut run: Child) {
    alice().sign_in(&address(machine).unwrap()).unwrap();
    assert!(run.wait().unwrap().success(), "{}", screen(machine));
}

/// What is shown between the start of a link (OSC 8) and its end, and where the link leads.
fn link(shown: &str) -> Option<(&str, &str)> {
    let (target, rest) = shown.split_once("\u{1b}]8;;")?.1.split_once("\u{1b}\\")?;
    Some((target, rest.split_once("\u{1b}]8;;\u{1b}\\")?.0))
}

#[test]
fn the_address_is_a_link_whose_text_is_the_whole_address_where_the_terminal_makes_links() {
    for announces_itself in
        ["TERM=xterm-256color VTE_VERSION=7600", "TERM=xterm-kitty", "TERM=xterm-256color WT_SESSION=1"]
    {
        let machine = Machine::new();
        let run = announced(&machine, announces_itself, "--no-browser");
        let shown = screen(&machine);
        let (target, text) = link(&shown).unwrap_or_else(|| panic!("no link: {shown:?}"));
        assert_eq!(target, text);
        assert_eq!(Some(target), address(&machine).as_deref());
        assert!(machine.tabs().is_empty());
        signs_in(&machine, run);
    }
}

#[test]
fn elsewhere_the_address_is_text_alone() {
    for plain in ["TERM=xterm-256color", "TERM=dumb VTE_VERSION=7600", "-u TERM VTE_VERSION=7600"] {
        let machine = Machine::new();
        let run = announced(&machine, plain, "--no-browser");
        assert!(!screen(&machine).contains("\u{1b}]"), "{plain}: {:?}", screen(&machine));
        signs_in(&machine, run);
    }
    let machine = Machine::new();
    let file = machine.path("stderr");
    let line =
        format!("env TERM=xterm-kitty {PROGRAM} login --profile dev --no-browser 2>{}", file.display());
    let mut run = on_a_terminal(&machine, &line);
    let told = || fs::read_to_string(&file).unwrap_or_default();
    wait_until("the address", || told().contains("Ctrl-C"));
    assert!(!told().contains('\u{1b}'), "a file is no terminal: {:?}", told());
    alice()
        .sign_in(
            told()
                .lines()
                .find_map(|l| l.strip_prefix("  http").map(|u| format!("http{u}")))
                .unwrap()
                .as_str(),
        )
        .unwrap();
    assert!(run.wait().unwrap().success());
}

#[test]
fn the_terminal_is_asked_to_copy_the_address_only_with_copy() {
    let machine = Machine::new();
    let run = announced(&machine, "TERM=xterm", "--no-browser --copy");
    let shown = screen(&machine);
    let copied = shown.split_once("\u{1b}]52;c;").unwrap().1.split_once('\u{7}').unwrap().0;
    assert_eq!(Some(STANDARD.decode(copied).unwrap()), address(&machine).map(String::into_bytes));
    assert!(shown.contains("Your terminal was asked to copy it."), "{shown:?}");
    signs_in(&machine, run);
}

#[test]
fn over_ssh_the_tunnel_leads_to_the_port_that_is_open() {
    let mut machine = Machine::new();
    // The first of two registered ports is taken, so the second one is meant.
    let second = support::free_port();
    let both = format!("http://localhost:{}/callback, http://127.0.0.1:{second}/callback", machine.port);
    machine.sandbox.register_redirect_uri(&format!("http://127.0.0.1:{second}/callback"));
    machine.add(&format!("cognito_redirect_uri = {both}\n"));
    let _taken = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, machine.port)).unwrap();
    machine.set("USER", "ada");
    let mut command = machine.command(&["login", "--profile", "dev"]);
    command.env_remove("BROWSER").env("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 2222");
    let run = command.stderr(fs::File::create(machine.path("screen")).unwrap()).spawn().unwrap();
    wait_until("the address", || screen(&machine).contains("Ctrl-C"));
    let told = screen(&machine);
    let line = format!("\n  ssh -N -L {second}:127.0.0.1:{second} -p 2222 ada@198.51.100.7\n");
    assert!(told.contains(&line), "{told}");
    assert!(told.contains(&format!("reaches port {second} of this machine")), "{told}");
    assert!(told.contains("\n  cognito-creds login --paste --profile dev\n"), "{told}");
    alice().sign_in(&address(&machine).unwrap()).unwrap();
    let ran = Ran::of(run);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Signed in as alice@example.com for profile dev.\n"));
}

#[test]
fn what_is_asked_of_a_terminal_fails_without_one() {
    let mut cases = Cases::of("no-terminal");
    let machine = Machine::new();
    for flag in ["--paste", "--copy"] {
        let mut program = machine.program("setsid");
        program.args(["--wait", PROGRAM, "login", flag, "--profile", "dev"]);
        cases.tell(&format!("login {flag}"), &machine, &program.output().unwrap().into());
    }
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().total), (0, 0));
    cases.compare();
}
