//! Processes that outlive their caller: SDKs end a credential process after 5 to 60 seconds, and a
//! sign-in takes a person longer than that.
//!
//! The child is this same program with a hidden command. It leaves the caller's session, so that
//! neither Ctrl-C nor a closing terminal reaches it, and keeps none of the caller's streams but one
//! pipe, on which it says one line: the address, or why there will be no sign-in.

use crate::error::{Error, Next};
use crate::journal::Told;
use crate::platform::{self, Os};
use crate::profile::Profile;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a child may take to say its line: it looks first whether the login can be kept, and a locked
/// keychain asks its person for up to 20 seconds.
const HANDSHAKE: Duration = Duration::from_secs(25);
/// How long a child may take to leave the caller's session, which takes it 2 ms.
const LEAVING: Duration = Duration::from_secs(1);
/// Longest line that is read from it: an authorization address is well under it.
const LINE_MAX: u64 = 16 * 1024;

/// What the detached sign-in tells its caller.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hello {
    /// The port is bound and the browser is being opened at this address.
    Open(String),
    /// Another sign-in runs already.
    Joined,
    /// There will be no sign-in.
    Failed(Told),
}

/// Starts the detached sign-in for a profile and waits for its line.
pub fn start_sign_in(profile: &Profile) -> Result<Hello, Error> {
    let mut child = spawn("sign-in", profile, Stdio::piped())?;
    let text = line_from(&mut child, HANDSHAKE).ok_or_else(|| lost(profile))?;
    serde_json::from_str(&text).map_err(|_| lost(profile))
}

/// Starts the detached renewal; nobody waits for it but until it has left the caller's session. One
/// that is still in it dies with a caller that leads it: the kernel ends the terminal's processes.
pub fn start_renewal(profile: &Profile) {
    // Windows has no sessions to leave, and nobody closes the pipe.
    let stdout = if Os::HERE == Os::Windows { Stdio::null() } else { Stdio::piped() };
    match spawn("renew", profile, stdout) {
        // It closes the pipe and says nothing.
        Ok(mut child) => drop(line_from(&mut child, LEAVING)),
        Err(e) => log::info!("{}", e.what()),
    }
}

/// The line that a child says, empty if it closes its end; `None` if it takes too long.
fn line_from(child: &mut Child, limit: Duration) -> Option<String> {
    let pipe = child.stdout.take()?;
    let (send, line) = mpsc::channel();
    let read = move || {
        let mut text = String::new();
        let read = BufReader::new(pipe.take(LINE_MAX)).read_line(&mut text);
        // The receiver is gone if the child took too long.
        let _ = send.send(read.ok().map(|_| text));
    };
    // A user who may start no more threads still gets an answer.
    std::thread::Builder::new().spawn(read).ok()?;
    line.recv_timeout(limit).ok().flatten()
}

fn spawn(command: &str, profile: &Profile, stdout: Stdio) -> Result<Child, Error> {
    let program = platform::own_program().map_err(|e| lost(profile).because(e))?;
    let mut child = Command::new(program);
    // One word, so that a name with a leading hyphen is no flag.
    child.args([command, &format!("--profile={}", profile.name)]);
    platform::detach(&mut child).stdout(stdout);
    // A `ca_bundle` of the config file may be relative to the caller's folder, which the child leaves.
    if let Some(bundle) = profile.ca_bundle.as_ref().and_then(|path| std::path::absolute(path).ok()) {
        child.env("AWS_CA_BUNDLE", bundle);
    }
    child.spawn().map_err(|e| lost(profile).because(e))
}

fn lost(profile: &Profile) -> Error {
    let what = format!("The sign-in for profile {} could not be started in the background.", profile.name);
    Error::new(Next::TryAgain, what, profile.command("login"))
}

/// The child's side: says its line and gives up the pipe.
pub fn hello(line: &Hello) {
    if let Ok(mut text) = serde_json::to_string(line) {
        text.push('\n');
        // The caller may be gone already; the sign-in goes on without it.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
    platform::close_stdout();
}
