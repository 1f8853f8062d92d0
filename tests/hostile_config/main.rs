//! A config file that came with somebody's repository: it can't make the program run another one, send a
//! login to a host that it was not issued for, open anything but a sign-in, or show what is in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod hosts;
mod named_files;
#[path = "../support/mod.rs"]
mod support;
mod tabs;
mod values;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::{Machine, Ran};

/// Every command that reads a profile and does something with it.
const COMMANDS: &[&[&str]] = &[
    &["credential-process", "--profile", "dev"],
    &["-vv", "login", "--profile", "dev", "--no-browser"],
    &["-vv", "token", "--profile", "dev"],
    &["-vv", "env", "--profile", "dev"],
    &["-vv", "exec", "--profile", "dev", "--", "true"],
    &["-vv", "console", "--profile", "dev", "--print"],
    &["-vv", "status", "--profile", "dev"],
    &["-vv", "doctor", "--profile", "dev"],
    &["-vv", "logout", "--profile", "dev"],
];

/// A host that has no business with any login, and what it heard. It is the proxy, too: whatever would go
/// to a host outside comes by here.
struct Stranger {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = [0; 22];
                let count = stream.read_exact(&mut bytes).map_or(0, |()| bytes.len());
                notes.lock().unwrap().push(String::from_utf8_lossy(&bytes[..count]).into_owned());
            }
        });
        Self { port, heard }
    }

    /// The beginnings of all requests.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The config file with other lines for these keys; `""` takes one out.
fn with(machine: &Machine, lines: &[(&str, &str)]) -> String {
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let kept = config.lines().filter(|line| !lines.iter().any(|(name, _)| key(line) == *name));
    let new = lines.iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| format!("{k} = {v}"));
    kept.map(str::to_owned).chain(new).map(|line| line + "\n").collect()
}

/// Runs a command, which must come to its end by itself.
fn in_time(machine: &Machine, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut child = machine.command(args).envs(variables.iter().copied()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("{args:?} hangs: {}", fs::read_to_string(machine.path(".aws/config")).unwrap());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ran::of(child)
}

/// Nothing that moves a cursor, hides text or adds a line.
fn assert_harmless(text: &str, case: &str) {
    let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{200B}');
    assert!(!text.contains(bad), "{case}: {text:?}");
}
