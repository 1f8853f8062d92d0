//! A local clock that is off, recognised by what the identity pool says. It is diagnosed, never
//! corrected: whoever called us judges `Expiration` by the same clock.

use super::pool::CallError;
use super::refusal::Remedy;
use crate::clock::{self, Timestamp};
use crate::credentials::Credentials;
use crate::error::{Error, Next};
use std::time::Duration;

/// A clock this far off is worth a word: the only tolerance that Cognito documents.
const TOLERANCE: Duration = Duration::from_mins(5);

/// The clock is a likely culprit where a token was refused and the server's clock differs.
pub fn with_clock_hint(error: CallError) -> Error {
    let about_the_token = matches!(error.refusal.remedy, Remedy::Refresh | Remedy::Unclear);
    let now = Timestamp::now();
    match error.server_time.filter(|theirs| about_the_token && theirs.distance(now) > TOLERANCE) {
        Some(theirs) => {
            let what = format!("{} {}", error.refusal.error.what(), clock::off(now, theirs));
            Error::new(Next::Configure, what, clock::SET_COMMAND)
        }
        None => error.refusal.error,
    }
}

/// Credentials that ended before they came are of use to nobody: the local clock must be ahead.
pub fn already_ended(credentials: &Credentials) -> Option<Error> {
    let now = Timestamp::now();
    let (end, here) = (credentials.expiration.rfc3339()?, now.rfc3339()?);
    (credentials.expiration <= now).then(|| {
        let what = format!(
            "AWS gave credentials that end at {end}, but this machine's clock says {here} already; it seems to be ahead."
        );
        Error::new(Next::Configure, what, clock::SET_COMMAND)
    })
}
