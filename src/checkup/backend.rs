//! A developer's backend: whether it answers, and whether it still takes the login. No password is
//! asked for.

use super::user_pool::{clock, no_clock};
use super::web::Answer;
use super::{Checkup, Finding};
use crate::error::Next;
use crate::profile::auth::Backend;
use crate::shell;
use crate::user_pool::token::TokenError;

/// The check of the stored login's token. A warning means that a person has to sign in.
pub(super) const TOKEN: &str = "backend token";

/// The backend and its token; and, apart, the clock, which is told later.
pub fn findings(checkup: &Checkup<'_>, backend: &Backend) -> (Vec<Finding>, Finding) {
    // Without a client, the finding about the network says why.
    let Ok(web) = checkup.web() else { return (Vec::new(), no_clock()) };
    match web.get(&backend.aws) {
        Ok(answer) => {
            let clock = answer.clocks.map_or_else(no_clock, |(theirs, ours)| clock(theirs, ours));
            let about = about(backend, &answer);
            (std::iter::once(about).chain(token(checkup, backend)).collect(), clock)
        }
        Err(error) => (vec![Finding::fail("backend", error.what(), look(backend))], no_clock()),
    }
}

/// The command that shows how it answers without a token.
fn look(backend: &Backend) -> String {
    format!("curl -sSI {}", shell::word(backend.aws.as_str()))
}

/// What it says to somebody who brings no token: that one is needed.
fn about(backend: &Backend, answer: &Answer) -> Finding {
    const CHECK: &str = "backend";
    let (host, status, took) = (backend.host(), answer.status, answer.took.as_millis());
    let way = if backend.url.scheme() == "https" { "over https" } else { "on this machine, without TLS" };
    let is_page = answer.body.trim_start().starts_with('<');
    match status {
        400 | 401 | 403 if !is_page => Finding::ok(CHECK, format!("{host} answered in {took} ms {way}")),
        429 | 500.. => Finding::fail(
            CHECK,
            format!("{host} answered {status}"),
            format!("sleep 60 && {}", look(backend)),
        ),
        _ => Finding::fail(
            CHECK,
            format!("{host} answered {status} where it should ask for its token; perhaps it is a proxy"),
            look(backend),
        ),
    }
}

/// The stored login's token, asked for what the next renewal asks for.
fn token(checkup: &Checkup<'_>, backend: &Backend) -> Option<Finding> {
    const CHECK: &str = TOKEN;
    let (session, profile) = (checkup.session, checkup.session.profile);
    let login = checkup.stored_login().filter(|login| !login.has_ended())?;
    let desk = session.developer_desk(backend).ok()?;
    Some(match desk.openid_token(&login.refresh_token, checkup.limit) {
        Ok(tokens) => match session.check_owner(&tokens, &login) {
            Ok(_) => Finding::ok(CHECK, format!("{} takes it", backend.host())),
            Err(error) if error.next() == Next::SignIn => Finding::of(CHECK, &error, "").softened(),
            Err(error) => Finding::of(CHECK, &error, &look(backend)),
        },
        Err(TokenError::Ended) => {
            let saw = format!("{} has ended the login of {}", backend.host(), login.user);
            Finding::warn(CHECK, saw, profile.command("login"))
        }
        Err(
            TokenError::Refused(error)
            | TokenError::NoIdToken { error, .. }
            | TokenError::Unavailable { error, .. },
        ) => Finding::of(CHECK, &error, &look(backend)),
    })
}
