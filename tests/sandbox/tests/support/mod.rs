//! A client for the sandbox's own tests: written from the protocol, sharing no code with the product.
#![allow(dead_code, reason = "every test file uses its own part of it")]

pub mod signed;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_sandbox::{PageSeen, Person, Sandbox, World, cast};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use url::Url;

/// A PKCE verifier and its challenge (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mBPOAxr5u9XoKwZ3uWTpNq1a2b3c4d";

/// Another client's answer: status, headers, body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// `error` of an OAuth error.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// `__type: message` of an AWS error, after checking that headers and body agree.
    pub fn aws_error(&self) -> String {
        assert_eq!(self.status, 400, "{}", self.body);
        let kind = self.json()["__type"].as_str().unwrap_or_default().to_owned();
        let message = self.json()["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(self.header("x-amzn-errortype"), Some(format!("{kind}:").as_str()));
        assert_eq!(self.header("x-amzn-errormessage"), Some(message.as_str()));
        format!("{kind}: {message}")
    }
}

pub fn start() -> Sandbox {
    Sandbox::start(World::default()).expect("the sandbox starts")
}

/// Sends one request, follows nothing.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build()
        .into();
    let with_body = |request| {
        headers
            .iter()
            .fold(request, |request: ureq::RequestBuilder<_>, (name, value)| request.header(*name, *value))
    };
    let mut response = match method {
        "GET" => headers
            .iter()
            .fold(agent.get(url), |request, (name, value)| request.header(*name, *value))
            .call()?,
        "POST" => with_body(agent.post(url)).send(body)?,
        "PUT" => with_body(agent.put(url)).send(body)?,
        other => panic!("no such method here: {other}"),
    };
    let headers = response.headers().iter();
    Ok(Answer {
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        status: response.status().as_u16(),
        body: response.body_mut().read_to_string()?,
    })
}

pub fn get(url: &str) -> Answer {
    send("GET", url, &[], "").expect("an answer")
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub fn post_form(
    url: &str,
    headers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> Result<Answer, ureq::Error> {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    send("POST", url, &all, &form(fields))
}

/// The token endpoint.
pub fn token(sandbox: &Sandbox, fields: &[(&str, &str)]) -> Answer {
    post_form(&format!("{}/oauth2/token", sandbox.url()), &[], fields).expect("an answer")
}

/// An operation of the identity pool.
pub fn identity(sandbox: &Sandbox, operation: &str, input: &Value) -> Answer {
    let target = format!("AWSCognitoIdentityService.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    send("POST", sandbox.url(), &headers, &input.to_string()).expect("an answer")
}

pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes()))
}

/// `/oauth2/authorize` with good parameters; further ones replace those of the same name, empty ones
/// remove them.
pub fn authorize_url(sandbox: &Sandbox, redirect_uri: &str, changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", cast::PUBLIC_CLIENT),
        ("redirect_uri", redirect_uri),
        ("state", "St4te-._~+/= &é"),
        ("nonce", "n0nce"),
        ("scope", "openid email profile"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        fields.retain(|(name, _)| *name != change.0);
        fields.push(*change);
    }
    fields.retain(|(_, value)| !value.is_empty());
    format!("{}/oauth2/authorize?{}", sandbox.url(), form(&fields))
}

/// A callback listener that answers one request.
pub struct Callback {
    pub uri: String,
    thread: JoinHandle<String>,
}

impl Callback {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let uri = format!("http://127.0.0.1:{}/callback", listener.local_addr().expect("an address").port());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request");
                head.push(byte[0]);
            }
            let page = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nDone";
            stream.write_all(page.as_bytes()).expect("the page goes out");
            let head = String::from_utf8(head).expect("ASCII");
            head.split(' ').nth(1).expect("a target").to_owned()
        });
        Self { uri, thread }
    }

    /// The parameters that arrived.
    pub fn arrived(self) -> Vec<(String, String)> {
        let target = self.thread.join().expect("a request came");
        Url::parse(&format!("http://x{target}")).expect("a target").query_pairs().into_owned().collect()
    }
}

pub fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A sign-in to the redirect: the last page, the callback's parameters, the redirect URI.
pub fn sign_in(
    sandbox: &Sandbox,
    person: &Person,
    changes: &[(&str, &str)],
) -> (PageSeen, Vec<(String, String)>, String) {
    let callback = Callback::new();
    let uri = callback.uri.clone();
    sandbox.register_redirect_uri(&uri);
    let page = person.sign_in(&authorize_url(sandbox, &uri, changes)).expect("the browser works");
    assert_eq!(page.body, "Done", "{:?}", page.trail);
    (page, callback.arrived(), uri)
}

/// Tokens of a whole sign-in.
pub fn tokens_of(sandbox: &Sandbox, person: &Person) -> Value {
    let (_, arrived, uri) = sign_in(sandbox, person, &[]);
    let answer = redeem(sandbox, value(&arrived, "code").expect("a code"), &uri);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

pub fn redeem(sandbox: &Sandbox, code: &str, redirect_uri: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", cast::PUBLIC_CLIENT),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    token(sandbox, &fields)
}

pub fn refresh(sandbox: &Sandbox, refresh_token: &str) -> Answer {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", cast::PUBLIC_CLIENT),
        ("refresh_token", refresh_token),
    ];
    token(sandbox, &fields)
}

pub fn claims(token: &Value) -> Value {
    let part = token.as_str().expect("a token").split('.').nth(1).expect("claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

pub fn alice() -> Person {
    Person::new("alice", cast::PASSWORD)
}

/// `Logins` of an ID token.
pub fn logins(sandbox: &Sandbox, tokens: &Value) -> Value {
    json!({ sandbox.world().logins_key(): tokens["id_token"] })
}

/// GetId.
pub fn identity_id(sandbox: &Sandbox, tokens: &Value) -> String {
    let input =
        json!({ "IdentityPoolId": sandbox.world().identity_pool.id, "Logins": logins(sandbox, tokens) });
    let answer = identity(sandbox, "GetId", &input);
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "IdentityId").to_owned()
}

/// GetCredentialsForIdentity with further members.
pub fn credentials(sandbox: &Sandbox, tokens: &Value, more: &Value) -> Answer {
    let mut input = json!({ "IdentityId": identity_id(sandbox, tokens), "Logins": logins(sandbox, tokens) });
    for (name, value) in more.as_object().expect("an object") {
        input[name] = value.clone();
    }
    identity(sandbox, "GetCredentialsForIdentity", &input)
}
