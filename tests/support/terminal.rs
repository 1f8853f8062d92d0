//! A pseudo-terminal with a person's hands at its keyboard.

use super::{Machine, PROGRAM};
use cognito_sandbox::Person;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Runs a shell line on a pseudo-terminal of its own (util-linux script); what the terminal shows
/// goes to `screen`.
pub fn on_a_terminal(machine: &Machine, line: &str) -> Child {
    let screen = fs::File::create(machine.path("screen")).unwrap();
    Command::new("script")
        .args(["-qec", line, "/dev/null"])
        .env_clear()
        .env("HOME", machine.path(""))
        .env("PATH", "/usr/bin:/bin")
        .env("BROWSER", machine.path("browser"))
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(screen)
        .spawn()
        .unwrap()
}

/// All that it has shown.
pub fn screen(machine: &Machine) -> String {
    String::from_utf8_lossy(&fs::read(machine.path("screen")).unwrap_or_default()).into_owned()
}

/// The first address on the screen.
pub fn address(machine: &Machine) -> Option<String> {
    let shown = screen(machine);
    let start = shown.find("http://127.0.0.1")?;
    let (url, _) = shown[start..].split_once(['\r', '\n', '\u{1b}'])?;
    Some(url.to_owned())
}

/// The address that this person's browser ends on, when it opens `address` and can't reach the machine: any
/// server at the port stands for the page that doesn't load.
pub fn ended_on(machine: &Machine, person: &Person, address: &str) -> String {
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, machine.port)).unwrap();
    let page = thread::spawn(move || {
        let (mut stream, _) = elsewhere.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    });
    let ended_on = person.sign_in(address).unwrap().final_url;
    page.join().unwrap();
    ended_on
}

/// Runs the program on a terminal and keeps its modes from before and after, and how it ended.
pub fn with_its_modes(machine: &Machine, arguments: &str) -> Child {
    let home = machine.path("").display().to_string();
    let line = format!(
        "cd {home}; stty -g >modes; {PROGRAM} {arguments} 2>err; code=$?; stty -g >modes-after; echo $code >code"
    );
    on_a_terminal(machine, &line)
}

/// The exit code of what [`with_its_modes`] has started, once there is one.
pub fn ended(machine: &Machine) -> Option<String> {
    let code = fs::read_to_string(machine.path("code")).ok()?;
    code.ends_with('\n').then(|| code.trim().to_owned())
}

/// The terminal is as it was before.
pub fn assert_same_modes(machine: &Machine) {
    let read = |name: &str| fs::read_to_string(machine.path(name)).unwrap();
    assert_eq!(read("modes"), read("modes-after"), "the terminal's modes");
}
