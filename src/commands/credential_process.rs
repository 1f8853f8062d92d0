//! `credential-process`: one JSON document on stdout, or two lines on stderr.

use super::{Desk, endless, hand_out};
use crate::error::Error;
use crate::journal::Journal;

/// Prints credentials of the profile. stdin is never read, and on success stderr stays empty.
pub fn run(profile: &str) -> Result<(), Error> {
    print(profile).inspect_err(|error| Journal::new().note(profile, error.what()))
}

fn print(name: &str) -> Result<(), Error> {
    let desk = Desk::new(name)?;
    let document = desk.credentials()?.document().ok_or_else(|| endless(&desk.profile))?;
    hand_out(&desk.profile, "credential-process", &document)
}
