//! The hidden commands of processes that outlive their caller.

use super::{Desk, env};
use crate::error::Error;
use crate::journal::{Awaits, Journal};
use crate::platform;
use crate::profile::auth::Auth;
use crate::session::needs_sign_in;
use crate::sign_in::attend::{Attendance, Way};
use crate::sign_in::detached::{Hello, hello};
use crate::sign_in::renewal;

/// The sign-in that `credential-process` started. Its caller reads one line and may go.
pub fn sign_in(profile: &str) -> Result<(), Error> {
    platform::leave_session();
    let mut said = false;
    let result = attend(profile, &mut said);
    if let Err(error) = &result {
        if !said {
            hello(&Hello::Failed(error.into()));
        }
        Journal::new().note(profile, error.what());
    }
    result
}

fn attend(profile: &str, said: &mut bool) -> Result<(), Error> {
    let desk = Desk::new(profile)?;
    let Auth::Browser(app) = &desk.profile.auth else { return Err(needs_sign_in(&desk.profile)) };
    let vault = desk.vault();
    let session = desk.session(&vault);
    let begun = Attendance::begin(&session, &desk.journal, Awaits::Browser, false, false, &env)?;
    let Some(attendance) = begun else {
        hello(&Hello::Joined);
        return Ok(());
    };
    let result = attendance.run(app, Way::Browser, |url, _| {
        hello(&Hello::Open(url.to_string()));
        *said = true;
    });
    result.map(|_| ())
}

/// The renewal that `credential-process` started while it handed out credentials with some life left.
pub fn renew(profile: &str) -> Result<(), Error> {
    platform::leave_session();
    // Tells the caller that it may go.
    platform::tell_starter("");
    let desk = Desk::new(profile)?;
    let vault = desk.vault();
    let session = desk.session(&vault);
    renewal::ahead(&session, &desk.journal).inspect_err(|error| desk.journal.note(profile, error.what()))
}
