//! A pseudo-terminal with a person's hands at its keyboard.

use super::Machine;
use std::fs;
use std::process::{Child, Command, Stdio};

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
