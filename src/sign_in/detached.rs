//! Processes that outlive their caller: SDKs end a credential process after 5 to 60 seconds, and a
//! sign-in takes a person longer than that.
//!
//! The child is this same program with a hidden command. It leaves the caller's session, so that
//! neither Ctrl-C nor a closing terminal reaches it, and keeps none of the caller's streams but a
//! pipe, on which it says one line: the address, or why there will be no sign-in.

use crate::error::{Error, Next};
use crate::journal::Told;
use crate::platform::{self, Started};
use crate::profile::Profile;
use serde::{Deserialize, Serialize};
use std::process::Command;
use std::time::Duration;

/// How long a child may take to say its line: it looks first whether the login can be kept, and a locked
/// keychain asks its person for up to 20 seconds.
const HANDSHAKE: Duration = Duration::from_secs(25);
/// How long a child may take to leave the caller's session, which takes it 2 ms.
const LEAVING: Duration = Duration::from_secs(1);

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
    let text = start("sign-in", profile)?.line(HANDSHAKE).ok_or_else(|| lost(profile))?;
    serde_json::from_str(&text).map_err(|_| lost(profile))
}

/// Starts the detached renewal; nobody waits for it but until it has left the caller's session. One
/// that is still in it dies with a caller that leads it: the kernel ends the terminal's processes.
pub fn start_renewal(profile: &Profile) {
    match start("renew", profile) {
        // It says nothing and closes the way to say it.
        Ok(started) => drop(started.line(LEAVING)),
        Err(e) => log::info!("{}", e.what()),
    }
}

fn start(command: &str, profile: &Profile) -> Result<Started, Error> {
    let program = platform::own_program().map_err(|e| lost(profile).because(e))?;
    let mut child = Command::new(program);
    // One word, so that a name with a leading hyphen is no flag.
    child.args([command, &format!("--profile={}", profile.name)]);
    // A `ca_bundle` of the config file may be relative to the caller's folder, which the child leaves.
    let relative = profile.ca_bundle.as_ref().filter(|path| path.is_relative());
    if let Some(bundle) = relative.and_then(|path| std::path::absolute(path).ok()) {
        child.env("AWS_CA_BUNDLE", bundle);
    }
    platform::start_apart(child).map_err(|e| lost(profile).because(e))
}

fn lost(profile: &Profile) -> Error {
    let what = format!("The sign-in for profile {} could not be started in the background.", profile.name);
    Error::new(Next::TryAgain, what, profile.command("login"))
}

/// The child's side: says its line and gives up the way to say more.
pub fn hello(line: &Hello) {
    let text = serde_json::to_string(line).map(|text| text + "\n");
    platform::tell_starter(&text.unwrap_or_default());
}
