//! Several accounts at one app client, kept apart by `cognito_login`.

use super::{Desk, all_profiles};
use crate::login::Login;
use crate::profile::Profile;
use crate::profile::auth::Auth;

/// What to say where whoever has just signed in is signed in under another login as well: the session
/// in the browser has answered in place of the other account, and nobody was asked.
pub fn the_same_again(desk: &Desk) -> Option<String> {
    let stored = |desk: &Desk| desk.vault().load_stored().ok().flatten();
    let here = stored(desk)?;
    let others = all_profiles().ok()?.into_iter().filter_map(|(_, other)| other.ok());
    let other = others
        .filter(|other| is_another_login(&desk.profile, &other.profile))
        .find(|other| stored(other).is_some_and(|login: Login| login.sub == here.sub))?;
    Some(format!(
        "Profile {} is signed in as the same person. To sign in as somebody else:\n  {}",
        other.profile.shown(),
        desk.profile.command("login --force")
    ))
}

/// Whether two profiles keep two logins at one app client, with the same way to its provider.
fn is_another_login(one: &Profile, other: &Profile) -> bool {
    let (Auth::Browser(app), Auth::Browser(others)) = (&one.auth, &other.auth) else { return false };
    one.login != other.login
        && (one.auth.authority(), one.auth.client_id()) == (other.auth.authority(), other.auth.client_id())
        && app.provider == others.provider
}
