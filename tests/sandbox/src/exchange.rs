//! One request and one reply, as the handlers see them: fully read, no sockets, no async.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::header::{self, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

/// Names and values of a query string or form, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub Vec<(String, String)>);

impl Fields {
    pub fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value under that name; an empty one counts as absent, as Cognito treats it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// A request with its body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub method: Method,
    pub path: String,
    pub raw_query: String,
    pub query: Fields,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn form(&self) -> Fields {
        Fields::parse(&self.body)
    }

    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The value of a cookie. Read as bytes: browsers send other applications' cookies of
    /// `localhost` along, and those need not be ASCII.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        self.headers.get_all(header::COOKIE).iter().find_map(|value| {
            let line = String::from_utf8_lossy(value.as_bytes());
            line.split(';').find_map(|pair| Some(pair.trim().strip_prefix(&prefix)?.to_owned()))
        })
    }

    /// User and password of `Authorization: Basic`, form-decoded as RFC 6749 §2.3.1 asks.
    pub fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = plain.split_once(':')?;
        Some((form_decode(id), form_decode(secret)))
    }

    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

fn form_decode(text: &str) -> String {
    Fields::parse(format!("v={text}").as_bytes()).0.pop().map(|(_, value)| value).unwrap_or_default()
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let reply = Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: Vec::new(),
            body: body.into(),
        };
        reply.with("content-type", content_type)
    }

    pub fn html(status: u16, page: String) -> Self {
        Self::new(status, "text/html;charset=UTF-8", page).with("cache-control", "no-store")
    }

    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", value.to_string())
    }

    /// An answer of the token endpoint; RFC 6749 §5.1 wants it uncached.
    pub fn oauth(status: u16, value: &Value) -> Self {
        Self::json(status, value)
            .with("cache-control", "no-cache, no-store, max-age=0, must-revalidate")
            .with("pragma", "no-cache")
            .with("x-amz-cognito-request-id", crate::random::uuid())
    }

    /// RFC 6749 §5.2, as Cognito writes it: mostly without a description.
    pub fn oauth_error(status: u16, error: &str) -> Self {
        Self::oauth(status, &json!({ "error": error }))
    }

    pub fn redirect(location: impl Into<String>) -> Self {
        Self::new(302, "text/html;charset=UTF-8", Bytes::new()).with("location", location)
    }

    /// An answer of an AWS JSON 1.1 service; the body is given as text because `Expiration` is
    /// written in a way that serde_json would not choose.
    pub fn aws(body: String) -> Self {
        Self::new(200, "application/x-amz-json-1.1", body).with("x-amzn-requestid", crate::random::uuid())
    }

    /// An error of an AWS JSON 1.1 service.
    pub fn aws_error(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({ "__type": kind, "message": message }).to_string();
        Self::new(status, "application/x-amz-json-1.1", body)
            .with("x-amzn-requestid", crate::random::uuid())
            .with("x-amzn-errortype", format!("{kind}:"))
            .with("x-amzn-errormessage", message)
    }

    pub fn xml(status: u16, body: String) -> Self {
        Self::new(status, "text/xml", body).with("x-amzn-requestid", crate::random::uuid())
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
