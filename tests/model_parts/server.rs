//! A user pool's token endpoint and an identity pool at one address, with a clock of their own.
//!
//! Refresh tokens are numbered. With rotation each use issues the next one; the one that was used is taken
//! again until a newer one is used, which is what a grace period is for. One that is older than that is
//! refused: somebody has kept the wrong one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cognito_creds::clock::Timestamp;
use cognito_creds::secret::RefreshToken;
use cognito_creds::user_pool::token::Tokens;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What the token endpoint does with the next requests. What follows a `Rotated` has spent the token.
#[derive(Debug, Clone, Copy)]
pub enum TokenAnswer {
    Good,
    /// 503, and not to be asked again soon.
    Trouble,
    /// The page of a captive portal, with 200.
    Page,
    /// `invalid_client`.
    Refused,
    /// The work is done and the connection lost.
    RotatedLost,
    /// The work is done and the answer cut in the middle.
    RotatedCut,
    /// No ID token in it.
    RotatedNoIdToken,
    /// An ID token for somebody else's client.
    RotatedForeign,
    /// An ID token of another person.
    RotatedStranger,
}

impl TokenAnswer {
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            6 => Just(Self::Good),
            1 => Just(Self::Trouble),
            1 => Just(Self::Page),
            1 => Just(Self::Refused),
            1 => Just(Self::RotatedLost),
            1 => Just(Self::RotatedCut),
            1 => Just(Self::RotatedNoIdToken),
            1 => Just(Self::RotatedForeign),
            1 => Just(Self::RotatedStranger),
        ]
    }
}

/// What the identity pool does with the next requests.
#[derive(Debug, Clone, Copy)]
pub enum PoolAnswer {
    Good,
    Trouble,
    Page,
    /// The ID token is not accepted: another one is fetched, once.
    NotAuthorized,
    /// Credentials that end in a moment.
    Short,
}

impl PoolAnswer {
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            6 => Just(Self::Good),
            1 => Just(Self::Trouble),
            1 => Just(Self::Page),
            2 => Just(Self::NotAuthorized),
            1 => Just(Self::Short),
        ]
    }
}

struct State {
    /// How far it is ahead of the clock of this machine.
    ahead: i64,
    rotates: bool,
    revoked: bool,
    /// Tokens from this number on are taken, up to the last one that was issued.
    oldest: u64,
    issued: u64,
    refused: bool,
    token: TokenAnswer,
    pool: PoolAnswer,
}

/// The server; it ends with the process.
pub struct Authority {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Authority {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            ahead: 0,
            rotates: true,
            revoked: false,
            oldest: 0,
            issued: 0,
            refused: false,
            token: TokenAnswer::Good,
            pool: PoolAnswer::Good,
        };
        let authority = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let state = Arc::downgrade(&authority.state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // The script is over.
                let Some(state) = state.upgrade() else { return };
                thread::spawn(move || serve(&stream.unwrap(), &state));
            }
        });
        authority
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn sign_in(&self) -> Tokens {
        serde_json::from_value(self.state().tokens(true, "client1", "person")).unwrap()
    }

    pub fn will_answer(&self, token: TokenAnswer, pool: PoolAnswer) {
        let mut state = self.state();
        (state.token, state.pool) = (token, pool);
    }

    pub fn rotate(&self, on: bool) {
        self.state().rotates = on;
    }

    pub fn revoke(&self) {
        self.state().revoked = true;
    }

    pub fn is_revoked(&self) -> bool {
        self.state().revoked
    }

    pub fn has_refused_a_token(&self) -> bool {
        self.state().refused
    }

    pub fn takes(&self, token: &RefreshToken) -> bool {
        self.state().takes(token.expose()).is_some()
    }

    /// This machine's clock goes ahead of it.
    pub fn fall_behind(&self, seconds: i64) {
        self.state().ahead -= seconds;
    }

    pub fn now(&self) -> Timestamp {
        self.state().now()
    }

    pub fn agrees_about_the_time(&self) -> bool {
        self.state().ahead == 0
    }
}

impl Drop for Authority {
    /// Wakes the listener, so that it sees that it is over.
    fn drop(&mut self) {
        let (address, state) = (self.address, Arc::clone(&self.state));
        self.state = Arc::new(Mutex::new(State { ..blank() }));
        drop(state);
        let _ = TcpStream::connect(address);
    }
}

fn blank() -> State {
    State {
        ahead: 0,
        rotates: false,
        revoked: true,
        oldest: 0,
        issued: 0,
        refused: false,
        token: TokenAnswer::Trouble,
        pool: PoolAnswer::Trouble,
    }
}

impl State {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(Timestamp::now().as_unix() + self.ahead)
    }

    fn takes(&self, token: &str) -> Option<u64> {
        let number = token.strip_prefix("refresh-")?.parse().ok()?;
        (!self.revoked && (self.oldest..=self.issued).contains(&number)).then_some(number)
    }

    fn tokens(&self, with_refresh: bool, client: &str, person: &str) -> Value {
        let claims = json!({
            "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf", "aud": client, "sub": person,
            "token_use": "id", "exp": self.now().as_unix() + 3600, "email": "ada@example.com",
        });
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut tokens = json!({"id_token": token, "access_token": "access", "expires_in": 3600});
        if with_refresh {
            tokens["refresh_token"] = format!("refresh-{}", self.issued).into();
        }
        tokens
    }

    /// Status and body, or `None` where the connection is lost; and whether all of the body is sent.
    fn refresh(&mut self, form: &str) -> (Option<(u16, String)>, bool) {
        let page = || (Some((200, "<html>Sign in to the network</html>".to_owned())), true);
        match self.token {
            TokenAnswer::Trouble => return (Some((503, String::new())), true),
            TokenAnswer::Page => return page(),
            TokenAnswer::Refused => {
                return (Some((401, json!({"error": "invalid_client"}).to_string())), true);
            }
            _ => {}
        }
        let sent = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "refresh_token");
        let Some(number) = sent.and_then(|(_, token)| self.takes(&token)) else {
            self.refused = true;
            return (Some((400, json!({"error": "invalid_grant"}).to_string())), true);
        };
        self.oldest = number;
        if self.rotates {
            self.issued += 1;
        }
        let mut tokens = match self.token {
            TokenAnswer::RotatedForeign => self.tokens(self.rotates, "other", "person"),
            TokenAnswer::RotatedStranger => self.tokens(self.rotates, "client1", "stranger"),
            _ => self.tokens(self.rotates, "client1", "person"),
        };
        match self.token {
            TokenAnswer::RotatedLost => return (None, false),
            TokenAnswer::RotatedNoIdToken => drop(tokens.as_object_mut().unwrap().remove("id_token")),
            _ => {}
        }
        (Some((200, tokens.to_string())), !matches!(self.token, TokenAnswer::RotatedCut))
    }

    fn identity_pool(&self, operation: &str) -> (u16, String) {
        let life = match self.pool {
            PoolAnswer::Trouble => return (503, String::new()),
            PoolAnswer::Page => return (200, "<html>".to_owned()),
            PoolAnswer::NotAuthorized => {
                let error = json!({"__type": "NotAuthorizedException", "message": "Invalid login token. Token expired"});
                return (400, error.to_string());
            }
            PoolAnswer::Short => 30,
            PoolAnswer::Good => 3600,
        };
        let credentials = json!({
            "AccessKeyId": "ASIAEXAMPLE", "SecretKey": "secret", "SessionToken": "token",
            "Expiration": self.now().as_unix() + life,
        });
        let answer = match operation {
            "GetId" => json!({"IdentityId": "eu-west-1:identity"}),
            _ => json!({"IdentityId": "eu-west-1:identity", "Credentials": credentials}),
        };
        (200, answer.to_string())
    }
}

/// One request, one answer. Connections that were opened ahead and are never used send nothing.
fn serve(mut stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let (mut length, mut operation, mut line) = (0, None, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "x-amz-target" => operation = value.rsplit('.').next().map(|text| text.trim().to_owned()),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    if line.is_empty() || reader.read_exact(&mut body).is_err() {
        return;
    }
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (answer, is_whole) = match operation {
        Some(operation) => (Some(state.identity_pool(&operation)), true),
        None => state.refresh(&String::from_utf8_lossy(&body)),
    };
    let Some((status, body)) = answer else { return };
    // An hour's wait ends the repetitions at once, which would take the time of the test.
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nRetry-After: 3600\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let sent = if is_whole { &body } else { &body[..body.len() / 2] };
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent.as_bytes()));
}
