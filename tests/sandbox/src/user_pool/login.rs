//! `/login`: the chooser with the form for local users.

use crate::exchange::{Reply, Request};
use crate::state::State;
use crate::user_pool::authorize::{self, Demand};
use crate::user_pool::pages;

/// `GET /login`.
pub(crate) fn show(state: &mut State, request: &Request) -> Reply {
    page(state, request, None)
}

/// `POST /login`: the query says where to go, the form who the person is.
pub(crate) fn submit(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let now = state.now();
    let csrf = form.get("_csrf").unwrap_or_default();
    if request.cookie("XSRF-TOKEN").as_deref() != Some(csrf) || !state.sign_ins.form_is_open(csrf, now) {
        return pages::something_went_wrong();
    }
    let name = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let known = state.world.user(name).filter(|user| !user.federated && user.password == password);
    match known {
        // PreventUserExistenceErrors: one text for an unknown name and a wrong password.
        None => page(state, request, Some("Incorrect username or password.")),
        Some(user) if user.disabled => page(state, request, Some("User is disabled.")),
        Some(user) => {
            let user = user.name.clone();
            finish(state, request, &user)
        }
    }
}

/// `GET /login/cancel`: the person does not want to. Not a Cognito address; its pages have no such
/// button, but identity providers behind it do, and the standard has a code for it.
pub(crate) fn cancel(state: &mut State, request: &Request) -> Reply {
    authorize::refuse(state, &request.query, "access_denied", None)
}

/// Remembers the browser and gives the code.
fn finish(state: &mut State, request: &Request, user: &str) -> Reply {
    let now = state.now();
    let (cookie, browser) = state.sign_ins.remember(user, now);
    authorize::grant(state, &request.query, &browser)
        .with("set-cookie", pages::session_cookie(&state.url, &cookie))
}

fn page(state: &mut State, request: &Request, message: Option<&str>) -> Reply {
    if let Err(page) = Demand::of(&state.world, &request.query) {
        return *page;
    }
    let now = state.now();
    let csrf = state.sign_ins.new_form(now);
    let form = request.form();
    let choice = request.query.get("identity_provider") != Some("COGNITO");
    let page = pages::Login {
        query: &request.raw_query,
        csrf: &csrf,
        name: form.get("username").or(request.query.get("login_hint")).unwrap_or_default(),
        message,
        company: choice.then_some(&state.world.company),
        language: authorize::language(&request.query).unwrap_or("en"),
    };
    Reply::html(200, page.render())
        .with("set-cookie", format!("XSRF-TOKEN={csrf}; Path=/; HttpOnly; SameSite=Lax"))
}
