//! `GET /oauth2/authorize`: checks, then a code, the login page, or the way to the company.

use crate::exchange::{Fields, Reply, Request};
use crate::state::State;
use crate::user_pool::sign_in::{Browser, Code};
use crate::user_pool::{company, pages};
use crate::world::{Client, World};

/// A request that may be answered by a redirect: client and redirect URI are known to be good.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
}

/// What the redirect URI is told when something is wrong: `error` and `error_description`.
type Refusal = (&'static str, Option<&'static str>);

/// Languages of managed login; others are ignored.
const LANGUAGES: [&str; 11] = ["de", "en", "es", "fr", "id", "it", "ja", "ko", "pt-BR", "zh-CN", "zh-TW"];

pub(crate) fn authorize(state: &mut State, request: &Request) -> Reply {
    let demand = match Demand::of(&state.world, &request.query) {
        Ok(demand) => demand,
        Err(page) => return *page,
    };
    if let Err((error, description)) = demand.check(&state.world, &request.query) {
        return demand.refuse(&state.world, error, description);
    }
    let way = match way(&state.world, &request.query) {
        Ok(way) => way,
        Err(page) => return *page,
    };
    let prompt: Vec<&str> = request.query.get("prompt").unwrap_or_default().split(' ').collect();
    let browser = signed_in_browser(state, request).filter(|browser| suits(&state.world, browser, way));
    let reply = match browser {
        Some(browser) if !prompt.contains(&"login") => grant(state, &request.query, &browser),
        _ if prompt.contains(&"none") => demand.refuse(&state.world, "login_required", None),
        _ if way == Way::Company => company::send_there(state, &request.query),
        _ => Reply::redirect(format!("{}/login?{}", state.url, request.raw_query)),
    };
    match language(&request.query) {
        Some(language) => reply.with("set-cookie", format!("lang={language}; Path=/; SameSite=Lax")),
        None => reply,
    }
}

/// Gives a code to the redirect URI of a query that [`Demand::of`] accepts.
pub(crate) fn grant(state: &mut State, query: &Fields, browser: &Browser) -> Reply {
    let demand = match Demand::of(&state.world, query) {
        Ok(demand) => demand,
        Err(page) => return *page,
    };
    let Some(client) = state.world.client(&demand.client_id) else { return pages::unknown_client() };
    let code = Code {
        client_id: demand.client_id.clone(),
        redirect_uri: demand.redirect_uri.clone(),
        challenge: query.get("code_challenge").map(str::to_owned),
        nonce: query.get("nonce").map(str::to_owned),
        scopes: scopes(client, query),
        user: browser.user.clone(),
        auth_time: browser.auth_time,
        ends: state.now() + state.world.code_seconds,
    };
    let code = state.sign_ins.new_code(code);
    let mut pairs = vec![("code", code.as_str())];
    pairs.extend(state.world.response_iss.as_deref().map(|iss| ("iss", iss)));
    demand.redirect(&pairs, true)
}

/// The error redirect for a query; a page when it has no good redirect URI.
pub(crate) fn refuse(state: &State, query: &Fields, error: &str, description: Option<&str>) -> Reply {
    match Demand::of(&state.world, query) {
        Ok(demand) => demand.refuse(&state.world, error, description),
        Err(page) => *page,
    }
}

/// The browser's session, if its cookie is good.
fn signed_in_browser(state: &State, request: &Request) -> Option<Browser> {
    state.sign_ins.browser(&request.cookie("cognito")?, state.now())
}

/// Where the person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Chooser,
    UserPool,
    Company,
}

fn way(world: &World, query: &Fields) -> Result<Way, Box<Reply>> {
    let by_name = query.get("identity_provider").map(|name| match name {
        "COGNITO" => Some(Way::UserPool),
        name => (name == world.company.provider).then_some(Way::Company),
    });
    let by_identifier =
        query.get("idp_identifier").map(|name| (name == world.company.identifier).then_some(Way::Company));
    by_name.or(by_identifier).unwrap_or(Some(Way::Chooser)).ok_or_else(|| {
        Box::new(pages::error(400, "Login pages unavailable", "The identity provider does not exist."))
    })
}

/// Whether a browser session answers a request that wants a particular provider.
fn suits(world: &World, browser: &Browser, way: Way) -> bool {
    let Some(user) = world.user(&browser.user).filter(|user| !user.disabled) else { return false };
    match way {
        Way::Chooser => true,
        Way::UserPool => !user.federated,
        Way::Company => user.federated,
    }
}

/// The language asked for, if managed login speaks it.
pub(crate) fn language(query: &Fields) -> Option<&str> {
    query.get("lang").filter(|lang| LANGUAGES.contains(lang))
}

fn scopes(client: &Client, query: &Fields) -> Vec<String> {
    match query.get("scope") {
        None => client.scopes.clone(),
        Some(scope) => scope.split_whitespace().map(str::to_owned).collect(),
    }
}

impl Demand {
    /// Fails with Cognito's own page, without a redirect: nobody is told where it came from.
    pub fn of(world: &World, query: &Fields) -> Result<Self, Box<Reply>> {
        let client = query
            .get("client_id")
            .and_then(|id| world.client(id))
            .ok_or_else(|| Box::new(pages::unknown_client()))?;
        let uri = query.get("redirect_uri").unwrap_or_default();
        if !client.redirect_uris.iter().any(|registered| registered == uri) {
            return Err(Box::new(pages::redirect_mismatch()));
        }
        Ok(Self {
            client_id: client.id.clone(),
            redirect_uri: uri.to_owned(),
            state: query.get("state").map(str::to_owned),
        })
    }

    fn check(&self, world: &World, query: &Fields) -> Result<(), Refusal> {
        let invalid = |description| Err(("invalid_request", Some(description)));
        let Some(client) = world.client(&self.client_id) else { return invalid("Unknown client") };
        match query.get("response_type") {
            Some("code") if client.code_grant => {}
            Some("code" | "token") => return Err(("unauthorized_client", None)),
            Some(_) => return invalid("Invalid response_type"),
            None => return invalid("Missing response_type"),
        }
        if scopes(client, query).iter().any(|scope| !client.scopes.contains(scope)) {
            return Err(("invalid_scope", None));
        }
        match (query.get("code_challenge"), query.get("code_challenge_method")) {
            (None, None) => Ok(()),
            (Some(challenge), Some("S256")) if is_s256(challenge) => Ok(()),
            (Some(_), Some("S256")) => invalid("Invalid code_challenge"),
            (Some(_), Some(_)) => invalid("Transform algorithm not supported"),
            (Some(_), None) | (None, Some(_)) => {
                invalid("Both code_challenge and code_challenge_method are required")
            }
        }
    }

    fn refuse(&self, world: &World, error: &str, description: Option<&str>) -> Reply {
        let mut pairs = vec![("error", error)];
        pairs.extend(description.map(|text| ("error_description", text)));
        pairs.extend(world.response_iss.as_deref().map(|iss| ("iss", iss)));
        self.redirect(&pairs, world.state_on_errors || error == "login_required")
    }

    fn redirect(&self, pairs: &[(&str, &str)], with_state: bool) -> Reply {
        let mut fields =
            Fields(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect());
        if with_state {
            fields.0.extend(self.state.iter().map(|state| ("state".to_owned(), state.clone())));
        }
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        Reply::redirect(format!("{}{joint}{}", self.redirect_uri, fields.encode()))
    }
}

/// RFC 7636 §4.2: base64url of 32 bytes.
fn is_s256(challenge: &str) -> bool {
    challenge.len() == 43
        && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
