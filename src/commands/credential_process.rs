//! `credential-process`: one JSON document on stdout, or two lines on stderr.

use super::{Desk, env, hand_out, pointing};
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::profile::no_identity_pool;
use crate::sign_in::flight::Flight;

/// Prints credentials of the profile. stdin is never read, and on success stderr stays empty.
pub fn run(profile: &str) -> Result<(), Error> {
    print(profile).inspect_err(|error| Journal::new().note(profile, error.what()))
}

fn print(name: &str) -> Result<(), Error> {
    let desk = Desk::new(name)?;
    if desk.profile.identity_pool.is_none() {
        return Err(no_identity_pool(&desk.profile));
    }
    let vault = desk.vault();
    let session = desk.session(&vault);
    let flight = Flight { session: &session, journal: &desk.journal, env: &env };
    let credentials = flight.credentials().map_err(|error| pointing(error, &desk.profile))?;
    let document = credentials.document().ok_or_else(|| {
        Error::new(
            Next::TryAgain,
            "The identity pool gave credentials without a usable end.",
            desk.profile.command("doctor"),
        )
    })?;
    hand_out(&desk.profile, "credential-process", &document)
}
