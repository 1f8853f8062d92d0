//! The browser's own session at the authorization server, which outlives every login: a cookie there
//! signs the next person in without a question.

use super::{Desk, env};
use crate::browser;
use crate::error::Error;
use crate::profile::auth::Auth;

/// Ends it in the browser, and says what happens there.
///
/// # Errors
/// An OpenID provider does not say where.
pub fn end(desk: &Desk) -> Result<String, Error> {
    let profile = &desk.profile;
    let Auth::Browser(app) = &profile.auth else {
        return Ok(format!("Profile {} signs in without a browser.", profile.shown()));
    };
    let vault = desk.vault();
    let host = app.server.host();
    let Some(sign_out) = desk.session(&vault).endpoints(app)?.sign_out else {
        return Ok(format!("{host} has no address that ends the browser's session; sign out there by hand."));
    };
    let back = app.redirect_uris.first().map_or("", |uri| uri.as_str());
    let url = sign_out.address(&app.client_id, back);
    if browser::can_be_seen(&env) && browser::open(&url, &env).is_ok() {
        return Ok(format!(
            "Your browser ends its session at {host}. The page that it shows last may not load; close it."
        ));
    }
    Ok(format!("Open this address to end the browser's session at {host} too:\n  {url}"))
}
