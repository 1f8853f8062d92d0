//! The federation endpoint of the AWS console: credentials for a sign-in token, and the page that takes it
//! (IAM User Guide, "Enable custom identity broker access to the AWS console").

use crate::exchange::{Fields, Reply, Request};
use crate::random;
use crate::state::State;
use serde_json::{Value, json};
use std::collections::HashMap;

/// How long a sign-in token can be shown.
const TOKEN_SECONDS: i64 = 15 * 60;

/// Sign-in tokens that were given out: who they sign in, and their end.
#[derive(Debug, Default)]
pub(crate) struct SigninTokens(HashMap<String, (String, i64)>);

/// `/federation`, in a query or a form.
pub(crate) fn answer(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let fields = if form.get("Action").is_some() { form } else { request.query.clone() };
    match fields.get("Action") {
        Some("getSigninToken") => signin_token(state, &fields),
        Some("login") => login(state, &fields),
        _ => refused("Unknown Action"),
    }
}

fn signin_token(state: &mut State, fields: &Fields) -> Reply {
    let session: Value =
        fields.get("Session").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |name: &str| session[name].as_str().unwrap_or_default();
    let now = state.now();
    let issued = state.vault.get(text("sessionId"));
    let good = issued.filter(|issued| {
        issued.secret == text("sessionKey")
            && issued.session_token == text("sessionToken")
            && now < issued.ends
    });
    let Some(issued) = good else { return refused("The credentials are not valid") };
    let role = issued.holder.role_arn.clone();
    let token = random::base64url(800);
    state.signin_tokens.0.insert(token.clone(), (role, now + TOKEN_SECONDS));
    Reply::json(200, &json!({ "SigninToken": token }))
}

/// The real one sends the browser on to `Destination`, which can't be reached from here.
fn login(state: &State, fields: &Fields) -> Reply {
    let now = state.now();
    let known = fields.get("SigninToken").and_then(|token| state.signin_tokens.0.get(token));
    match (known, fields.get("Destination")) {
        (Some((role, ends)), Some(destination)) if now < *ends => Reply::html(
            200,
            format!(
                "<!DOCTYPE html><title>Console</title><p>{role} at {}</p>\n",
                destination.replace('&', "&amp;")
            ),
        ),
        _ => refused("The credentials in your login link were invalid"),
    }
}

fn refused(why: &str) -> Reply {
    Reply::html(400, format!("<!DOCTYPE html><title>Error</title><p>{why}</p>\n"))
}
