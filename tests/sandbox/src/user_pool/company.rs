//! Signing in through a company: Cognito as a SAML service provider, and the company's own page.
//!
//! The SAML messages are only shaped like SAML; what is real is the travel: away with a relay
//! state, a login page on which Cognito has no say, and an auto-posted form that comes back.

use crate::exchange::{Fields, Reply, Request};
use crate::state::State;
use crate::user_pool::{authorize, pages};
use base64::{Engine, engine::general_purpose::STANDARD};

/// From `/oauth2/authorize` to the company.
pub(crate) fn send_there(state: &mut State, query: &Fields) -> Reply {
    let now = state.now();
    let relay_state = state.sign_ins.send_away(query, now);
    let saml =
        format!(r#"<samlp:AuthnRequest Issuer="urn:amazon:cognito:sp:{}"/>"#, state.world.user_pool_id);
    let fields = Fields(vec![
        ("SAMLRequest".to_owned(), STANDARD.encode(saml)),
        ("RelayState".to_owned(), relay_state),
    ]);
    Reply::redirect(format!("{}/company/login?{}", state.url, fields.encode()))
}

/// `GET /company/login`: the company's page.
pub(crate) fn show(state: &mut State, request: &Request) -> Reply {
    page(state, request, None)
}

/// `POST /company/login`: the company knows the person, or does not.
pub(crate) fn submit(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let name = form.get("username").unwrap_or_default();
    let name = name.split('@').next().unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let known = state.world.user(name).filter(|user| user.federated && user.password == password);
    let Some(user) = known.map(|user| user.name.clone()) else {
        return page(state, request, Some("We do not know this user name and password."));
    };
    let assertion = state.sign_ins.assert(&user);
    let saml =
        format!(r#"<samlp:Response ID="{assertion}"><saml:NameID>{user}</saml:NameID></samlp:Response>"#);
    let relay_state = request.query.get("RelayState").unwrap_or_default();
    Reply::html(200, pages::saml_post(&STANDARD.encode(saml), relay_state))
}

/// `GET /company/cancel`: the company tells Cognito that the person gave up.
pub(crate) fn cancel(state: &mut State, request: &Request) -> Reply {
    let now = state.now();
    match state.sign_ins.come_back(request.query.get("RelayState").unwrap_or_default(), now) {
        Some(query) => authorize::refuse(state, &query, "access_denied", None),
        None => pages::error(400, "Something went wrong", "Invalid relayState from identity provider"),
    }
}

/// `POST /saml2/idpresponse`: back at Cognito.
pub(crate) fn come_back(state: &mut State, request: &Request) -> Reply {
    let form = request.form();
    let now = state.now();
    let Some(query) = state.sign_ins.come_back(form.get("RelayState").unwrap_or_default(), now) else {
        return pages::error(400, "Something went wrong", "Invalid relayState from identity provider");
    };
    let person = assertion_id(form.get("SAMLResponse").unwrap_or_default())
        .and_then(|id| state.sign_ins.asserted(&id))
        .and_then(|name| state.world.user(&name).filter(|user| !user.disabled).cloned());
    let Some(user) = person else {
        let text = "Invalid SAML response received: SAML Response signature is invalid";
        return authorize::refuse(state, &query, "invalid_request", Some(text));
    };
    let (cookie, browser) = state.sign_ins.remember(&user.name, now);
    authorize::grant(state, &query, &browser).with("set-cookie", pages::session_cookie(&state.url, &cookie))
}

fn assertion_id(response: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(response).ok()?).ok()?;
    let (_, rest) = text.split_once("ID=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn page(state: &State, request: &Request, message: Option<&str>) -> Reply {
    let relay_state = request.query.get("RelayState").unwrap_or_default();
    if !state.sign_ins.is_away(relay_state) {
        return pages::error(400, "Something went wrong", "This sign-in is not known here.");
    }
    Reply::html(200, pages::company_login(&state.world.company, relay_state, message))
}
