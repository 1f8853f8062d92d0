//! The person at the terminal: reached as a device, never through stdout or stderr.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
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

#[test]
fn a_pasted_address_finishes_a_sign_in_without_a_port_and_is_not_shown() {
    let machine = Machine::new();
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} login --paste --profile dev"));
    wait_until("the question", || screen(&machine).contains("Paste it here"));
    assert!(machine.tabs().is_empty());

    // The browser is elsewhere and its last page can't be reached; here, any server stands for that.
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, machine.port)).unwrap();
    let page = thread::spawn(move || {
        let (mut stream, _) = elsewhere.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    });
    let ended_on = alice().sign_in(&address(&machine).unwrap()).unwrap().final_url;
    page.join().unwrap();
    assert!(ended_on.contains("code="), "{ended_on}");

    writeln!(run.stdin.take().unwrap(), "{ended_on}").unwrap();
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let shown = screen(&machine);
    assert!(shown.contains("Signed in as alice@example.com"), "{shown}");
    let code = ended_on.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!shown.contains(code), "the pasted address is not echoed");
    machine.call().document();
}

#[test]
fn ctrl_c_at_a_hidden_question_leaves_the_terminal_as_it_was() {
    let machine = Machine::new();
    let line = format!("stty -a; {PROGRAM} login --paste --profile dev; echo \"exit $?\"; stty -a");
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("Paste it here"));
    run.stdin.as_mut().unwrap().write_all(b"half an answer\x03").unwrap();
    run.wait().unwrap();
    let shown = screen(&machine);
    assert!(shown.contains("exit 130"), "{shown}");
    let modes: Vec<_> = shown.lines().filter(|line| line.contains("icanon")).collect();
    assert!(modes.len() == 2 && modes[0] == modes[1] && modes[0].contains(" echo "), "{modes:?}");
}

#[test]
fn a_pasted_address_of_something_else_is_refused() {
    for wrong in [
        "http://localhost:1/callback?code=x&state=y",
        "nonsense",
        "https://evil.example/callback?code=x&state=y",
    ] {
        let machine = Machine::new();
        let mut run = on_a_terminal(&machine, &format!("{PROGRAM} login --paste --profile dev"));
        wait_until("the question", || screen(&machine).contains("Paste it here"));
        writeln!(run.stdin.take().unwrap(), "{wrong}").unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(1));
        assert!(screen(&machine).contains("That is not the address"), "{}", screen(&machine));
        assert_eq!(machine.sandbox.counts().token, 0);
    }
}

#[test]
fn over_ssh_the_address_and_the_tunnel_are_printed() {
    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 20s\n");
    let mut command = machine.command(&["login", "--profile", "dev"]);
    command.env_remove("BROWSER").env("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 22");
    let log = fs::File::create(machine.path("screen")).unwrap();
    let run = command.stderr(log).spawn().unwrap();
    wait_until("the address", || address(&machine).is_some());
    let port = machine.port;
    assert!(
        screen(&machine).contains(&format!("ssh -N -L {port}:localhost:{port} 198.51.100.7")),
        "{}",
        screen(&machine)
    );
    alice().sign_in(&address(&machine).unwrap()).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "Signed in as alice@example.com for profile dev.\n"
    );
}
