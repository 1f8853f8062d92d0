//! What a sign-in in progress leaves behind: browser sessions, forms on screen, codes.

use crate::exchange::Fields;
use crate::random;
use std::collections::HashMap;

/// A whole sign-in, from the first page to the code, may take this long.
pub(crate) const SIGN_IN_SECONDS: i64 = 300;
/// Life of the `cognito` cookie. Use does not extend it; revoking tokens does not end it.
pub(crate) const BROWSER_SESSION_SECONDS: i64 = 3600;

/// Sign-ins that have begun, and browsers that are signed in.
#[derive(Debug, Default)]
pub(crate) struct SignIns {
    browsers: HashMap<String, Browser>,
    forms: HashMap<String, i64>,
    relays: HashMap<String, Relay>,
    assertions: HashMap<String, String>,
    codes: HashMap<String, Code>,
}

/// A browser with a `cognito` cookie.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub user: String,
    pub auth_time: i64,
}

/// A person on the way to their company and back.
#[derive(Clone, Debug)]
struct Relay {
    query: Fields,
    begun: i64,
}

/// An authorization code and everything it is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub client_id: String,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
    pub user: String,
    pub auth_time: i64,
    pub ends: i64,
}

impl SignIns {
    /// Remembers a browser and returns its cookie.
    pub fn remember(&mut self, user: &str, now: i64) -> (String, Browser) {
        let cookie = random::uuid();
        let browser = Browser { user: user.to_owned(), auth_time: now };
        self.browsers.insert(cookie.clone(), browser.clone());
        (cookie, browser)
    }

    pub fn browser(&self, cookie: &str, now: i64) -> Option<Browser> {
        self.browsers.get(cookie).filter(|browser| now < browser.auth_time + BROWSER_SESSION_SECONDS).cloned()
    }

    pub fn forget_browser(&mut self, cookie: &str) {
        self.browsers.remove(cookie);
    }

    pub fn forget_browsers(&mut self) {
        self.browsers.clear();
    }

    /// A new form; the string goes into its hidden `_csrf` field and into a cookie.
    pub fn new_form(&mut self, now: i64) -> String {
        let csrf = random::uuid();
        self.forms.insert(csrf.clone(), now);
        csrf
    }

    /// Whether that form exists and was not on screen for too long.
    pub fn form_is_open(&self, csrf: &str, now: i64) -> bool {
        self.forms.get(csrf).is_some_and(|begun| now < begun + SIGN_IN_SECONDS)
    }

    /// Keeps the query of `/oauth2/authorize` while the person is at their company.
    pub fn send_away(&mut self, query: &Fields, now: i64) -> String {
        let relay_state = random::base64url(32);
        self.relays.insert(relay_state.clone(), Relay { query: query.clone(), begun: now });
        relay_state
    }

    pub fn is_away(&self, relay_state: &str) -> bool {
        self.relays.contains_key(relay_state)
    }

    /// The query for a person who came back in time; each relay state is good for once.
    pub fn come_back(&mut self, relay_state: &str, now: i64) -> Option<Fields> {
        let relay = self.relays.remove(relay_state)?;
        (now < relay.begun + SIGN_IN_SECONDS).then_some(relay.query)
    }

    /// The company's statement about who signed in.
    pub fn assert(&mut self, user: &str) -> String {
        let id = format!("_{}", random::uuid());
        self.assertions.insert(id.clone(), user.to_owned());
        id
    }

    pub fn asserted(&mut self, id: &str) -> Option<String> {
        self.assertions.remove(id)
    }

    pub fn new_code(&mut self, code: Code) -> String {
        let value = random::uuid();
        self.codes.insert(value.clone(), code);
        value
    }

    /// Spends a code: the first attempt uses it up, whether it succeeds or not.
    pub fn spend(&mut self, code: &str, now: i64) -> Option<Code> {
        self.codes.remove(code).filter(|code| now < code.ends)
    }
}
