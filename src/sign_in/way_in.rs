//! Which `login` a person is pointed to: the plain one, or the one that needs no browser here.

use crate::browser;
use crate::error::Error;
use crate::profile::auth::Auth;
use crate::profile::{Environment, Profile};

/// The error with `login --paste` in the place of `login`, where somebody at a terminal could see no browser.
///
/// Where a browser can be seen, plain `login` is less work; under `CI` and without a terminal nobody could
/// paste; and a backend asks for its password in `login` itself.
pub fn fitting(error: Error, profile: &Profile, env: &dyn Environment, at_a_terminal: bool) -> Error {
    let pastes = matches!(profile.auth, Auth::Browser(_))
        && at_a_terminal
        && env.var("CI").is_none()
        && !browser::can_be_seen(env);
    if pastes { by_pasting(error, profile) } else { error }
}

/// The error with `login --paste` in the place of `login`, for somebody who pastes already.
pub fn by_pasting(error: Error, profile: &Profile) -> Error {
    if error.paste() != profile.command("login") {
        return error;
    }
    let next = error.next();
    error.instead(next, profile.command("login --paste"))
}
