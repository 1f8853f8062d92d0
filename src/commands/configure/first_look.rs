//! What the dialogue finds out by itself before it writes: whether whoever signs people in answers as the
//! profile says.
//!
//! A user pool's domain shows no configuration of its own, so it is asked what a sign-in would ask it; an
//! OpenID provider has its discovery. Nothing that comes of it keeps the profile from being written: the
//! network may be another one tomorrow. Flags ask nobody, so that scripts and images stay fast and offline.

use super::{Desk, env};
use crate::checkup::{Checkup, Status};
use crate::error::foreign;
use crate::profile::Profile;
use crate::terminal;
use std::time::{Duration, Instant};

/// A person waits for it, however many requests it takes.
const LIMIT: Duration = Duration::from_secs(4);

/// Asks, and tells what was seen.
pub fn tell(profile: Profile) {
    let desk = Desk::at(profile);
    let vault = desk.vault();
    let session = desk.session(&vault);
    let checkup = Checkup {
        session: &session,
        places: &desk.places,
        journal: &desk.journal,
        env: &env,
        limit: LIMIT,
        quick: Some(Instant::now() + LIMIT),
    };
    terminal::say(&format!("\nAsking {} ...", foreign(desk.profile.auth.host())));
    let (findings, _clock) = checkup.server();
    for finding in findings {
        // Errors are sentences already.
        let saw = finding.saw.trim_end_matches('.');
        terminal::say(&match finding.status {
            Status::Ok => format!("  {saw}."),
            Status::Warn => format!("  Note: {saw}.\n    {}", finding.remedy),
            Status::Fail => format!("  Warning: {saw}.\n    {}", finding.remedy),
        });
    }
    terminal::say("");
}
