//! `serve`: the container-credentials endpoint, until somebody ends it.

use super::{Desk, profile_name};
use crate::cli::Serve;
use crate::container::Endpoint;
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::{output, platform};

/// Prints the two variables once the port is open and somebody is signed in, and serves. Ctrl-C and
/// SIGTERM end it as they end any program: nothing has to be put away.
pub fn run(args: &Serve) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    let endpoint = begin(&name, args.port).inspect_err(|error| Journal::new().note(&name, error.what()))?;
    endpoint.serve(move || credentials(&name))
}

fn begin(name: &str, port: Option<u16>) -> Result<Endpoint, Error> {
    let desk = Desk::new(name)?;
    let endpoint = Endpoint::bind(port.unwrap_or(0))?;
    // A sign-in takes longer than the tools that ask later on would wait.
    desk.credentials()?;
    output::stderr(&format!(
        "Serving credentials of profile {} on this machine. Ctrl-C ends it.",
        desk.profile.shown()
    ));
    output::document(endpoint.variables().as_bytes()).map_err(|e| {
        let what = format!("The variables could not be written to stdout: {}.", platform::reason(&e));
        Error::new(Next::Stop, what, desk.profile.command("serve"))
    })?;
    Ok(endpoint)
}

/// By the way of `credential-process`, so that a profile that was edited, a login that has ended and a
/// renewal that others make mean the same here. Each call costs about a millisecond.
fn credentials(name: &str) -> Result<Credentials, Error> {
    let desk = Desk::new(name)?;
    desk.credentials().inspect_err(|error| desk.journal.note(name, error.what()))
}
