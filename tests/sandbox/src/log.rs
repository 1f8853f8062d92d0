//! The request log: what arrived where, without secrets, and waiting for it.

use crate::exchange::{Fields, Request};
use serde::{Deserialize, Serialize};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Everything a client can talk to. The general ones cover the particular ones, so that
/// a fault on `Token` strikes either grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `GET /oauth2/authorize`.
    Authorize,
    /// The login form, the company's login page and its answer.
    Login,
    /// `POST /oauth2/token`, any grant.
    Token,
    /// `POST /oauth2/token` with `grant_type=authorization_code`.
    TokenCode,
    /// `POST /oauth2/token` with `grant_type=refresh_token`.
    TokenRefresh,
    /// `POST /oauth2/revoke`.
    Revoke,
    /// `GET /logout`.
    Logout,
    /// `GET /oauth2/userInfo`.
    UserInfo,
    /// `jwks.json`.
    Jwks,
    /// `openid-configuration`.
    Discovery,
    /// Any operation of the identity pool.
    IdentityPool,
    /// `GetId`.
    GetId,
    /// `GetCredentialsForIdentity`.
    GetCredentials,
    /// `GetOpenIdToken`.
    GetOpenIdToken,
    /// `GetOpenIdTokenForDeveloperIdentity`.
    DeveloperToken,
    /// Any action of STS.
    Sts,
    /// `GetCallerIdentity`.
    CallerIdentity,
    /// `AssumeRoleWithWebIdentity`.
    AssumeRole,
    /// The console's `/federation`.
    Federation,
    /// S3.
    S3,
    /// Nothing the sandbox knows.
    Unknown,
}

impl Endpoint {
    /// Whether this names the other one or a family it belongs to.
    pub fn covers(self, other: Self) -> bool {
        use Endpoint::*;
        self == other
            || matches!(
                (self, other),
                (Token, TokenCode | TokenRefresh)
                    | (IdentityPool, GetId | GetCredentials | GetOpenIdToken | DeveloperToken)
                    | (Sts, CallerIdentity | AssumeRole)
            )
    }
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Where it went.
    pub endpoint: Endpoint,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query and form parameters, and JSON members of the identity pool. Values of secret ones are
    /// replaced by their length, `(1850 bytes)`.
    pub parameters: Vec<(String, String)>,
    /// Headers in order, names in lower case; `authorization`, `cookie` and `x-amz-security-token` only say that
    /// they were there.
    pub headers: Vec<(String, String)>,
    /// Status of the answer; `None` while there is none or when the connection was dropped.
    pub status: Option<u16>,
    /// The sandbox's time, seconds since the epoch.
    pub at: i64,
}

impl Entry {
    pub(crate) fn new(endpoint: Endpoint, request: &Request, at: i64) -> Self {
        Self {
            endpoint,
            method: request.method.to_string(),
            path: request.path.clone(),
            parameters: parameters(request),
            headers: headers(request),
            status: None,
            at,
        }
    }

    /// The first parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Parameters whose values may be kept.
const OPEN: [&str; 29] = [
    "Action",
    "CustomRoleArn",
    "Destination",
    "DurationSeconds",
    "IdentityId",
    "IdentityPoolId",
    "RoleArn",
    "RoleSessionName",
    "SessionType",
    "Version",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "error",
    "error_description",
    "grant_type",
    "identity_provider",
    "idp_identifier",
    "lang",
    "login_hint",
    "logout_uri",
    "nonce",
    "prompt",
    "redirect_uri",
    "resource",
    "response_type",
    "scope",
    "state",
    "username",
];

fn parameters(request: &Request) -> Vec<(String, String)> {
    let json = request.json().and_then(|value| value.as_object().cloned());
    let members = json.into_iter().flatten().map(|(name, value)| match value {
        serde_json::Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    let is_form = request.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let form = if is_form { request.form() } else { Fields::default() };
    request
        .query
        .0
        .iter()
        .cloned()
        .chain(form.0)
        .chain(members)
        .map(|(name, value)| {
            let shown =
                if OPEN.contains(&name.as_str()) { value } else { format!("({} bytes)", value.len()) };
            (name, shown)
        })
        .collect()
}

fn headers(request: &Request) -> Vec<(String, String)> {
    request
        .headers
        .iter()
        .map(|(name, value)| {
            let shown = match name.as_str() {
                "authorization" | "cookie" | "x-amz-security-token" => "(present)".to_owned(),
                _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

/// How many requests reached each endpoint, whatever became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// `GET /oauth2/authorize`: one per browser tab, one more where a person goes to the company.
    pub authorize: usize,
    /// Requests for login pages and forms.
    pub login: usize,
    /// `/oauth2/token`, all grants.
    pub token: usize,
    /// … with a code.
    pub token_code: usize,
    /// … with a refresh token.
    pub token_refresh: usize,
    /// `/oauth2/revoke`.
    pub revoke: usize,
    /// `/logout`.
    pub logout: usize,
    /// `/oauth2/userInfo`.
    pub user_info: usize,
    /// `jwks.json`.
    pub jwks: usize,
    /// `openid-configuration`.
    pub discovery: usize,
    /// `GetId`.
    pub get_id: usize,
    /// `GetCredentialsForIdentity`.
    pub get_credentials: usize,
    /// `GetOpenIdToken`.
    pub get_open_id_token: usize,
    /// `GetOpenIdTokenForDeveloperIdentity`.
    pub developer_token: usize,
    /// STS, all actions.
    pub sts: usize,
    /// `GetCallerIdentity`.
    pub caller_identity: usize,
    /// `AssumeRoleWithWebIdentity`.
    pub assume_role: usize,
    /// `/federation`.
    pub federation: usize,
    /// S3.
    pub s3: usize,
    /// Anything else.
    pub unknown: usize,
    /// All of them.
    pub total: usize,
}

/// The log, shared with the server's thread.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Mutex<Entries>,
    news: Condvar,
}

/// Entries are numbered from the start of the sandbox, also across [`Log::clear`].
#[derive(Debug, Default)]
struct Entries {
    forgotten: usize,
    list: Vec<Entry>,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry and returns its number.
    pub fn arrive(&self, entry: Entry) -> usize {
        let mut entries = self.lock();
        entries.list.push(entry);
        self.news.notify_all();
        entries.forgotten + entries.list.len() - 1
    }

    pub fn answered(&self, number: usize, status: u16) {
        let mut entries = self.lock();
        let index = number.checked_sub(entries.forgotten);
        if let Some(entry) = index.and_then(|index| entries.list.get_mut(index)) {
            entry.status = Some(status);
        }
        drop(entries);
        self.news.notify_all();
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.lock().list.clone()
    }

    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.forgotten += entries.list.len();
        entries.list.clear();
    }

    pub fn wait(&self, timeout: Duration, ready: impl Fn(&[Entry]) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        let mut entries = self.lock();
        while !ready(&entries.list) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            entries = self.news.wait_timeout(entries, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    pub fn counts(&self) -> Counts {
        let entries = self.lock();
        let count =
            |endpoint: Endpoint| entries.list.iter().filter(|entry| endpoint.covers(entry.endpoint)).count();
        Counts {
            authorize: count(Endpoint::Authorize),
            login: count(Endpoint::Login),
            token: count(Endpoint::Token),
            token_code: count(Endpoint::TokenCode),
            token_refresh: count(Endpoint::TokenRefresh),
            revoke: count(Endpoint::Revoke),
            logout: count(Endpoint::Logout),
            user_info: count(Endpoint::UserInfo),
            jwks: count(Endpoint::Jwks),
            discovery: count(Endpoint::Discovery),
            get_id: count(Endpoint::GetId),
            get_credentials: count(Endpoint::GetCredentials),
            get_open_id_token: count(Endpoint::GetOpenIdToken),
            developer_token: count(Endpoint::DeveloperToken),
            sts: count(Endpoint::Sts),
            caller_identity: count(Endpoint::CallerIdentity),
            assume_role: count(Endpoint::AssumeRole),
            federation: count(Endpoint::Federation),
            s3: count(Endpoint::S3),
            unknown: count(Endpoint::Unknown),
            total: entries.list.len(),
        }
    }
}
