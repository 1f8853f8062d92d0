//! Which `login` a person is pointed to: the plain one, or the one that needs no browser here.

use crate::error::Error;
use crate::profile::auth::Auth;
use crate::profile::{Environment, Profile};
use crate::{browser, terminal};

/// The error with `login --paste` in the place of `login`, where somebody is there to paste and could see
/// no browser.
///
/// Where a browser can be seen, plain `login` is less work; and a backend asks for its password in `login`
/// itself.
pub fn fitting(error: Error, profile: &Profile, env: &dyn Environment) -> Error {
    let pastes =
        matches!(profile.auth, Auth::Browser(_)) && terminal::is_attended(env) && !browser::can_be_seen(env);
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
