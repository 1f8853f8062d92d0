//! Faults: what an endpoint does instead of, or to, its proper answer.

use crate::exchange::Reply;
use crate::log::Endpoint;
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;

/// How an endpoint misbehaves.
///
/// Faults that answer without looking at the request leave nothing behind; [`Fault::DropAfterApplying`],
/// [`Fault::DropMidBody`], [`Fault::TruncatedJson`], [`Fault::SlowDrip`] and [`Fault::Delay`] carry the
/// request out first: a code is spent, a refresh token rotated.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An empty answer with this status.
    Status(u16),
    /// 429 or 503 and the like with `Retry-After` in seconds and a plain-text body.
    RetryAfter {
        /// Status.
        status: u16,
        /// Value of `Retry-After`.
        seconds: u64,
    },
    /// Any answer.
    Answer {
        /// Status.
        status: u16,
        /// `Content-Type`.
        content_type: String,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// An OAuth error, RFC 6749 §5.2; on `/oauth2/authorize` an error redirect.
    OAuth {
        /// Status, 400 or 401.
        status: u16,
        /// `error`.
        error: String,
        /// `error_description`.
        description: Option<String>,
    },
    /// An error of the identity pool or STS.
    Aws {
        /// Status.
        status: u16,
        /// `__type`, or `Code` at STS.
        kind: String,
        /// `message`.
        message: String,
    },
    /// An error that repeats what was sent, secrets and all: a debug page, or a text of the endpoint's protocol.
    Repeat {
        /// Status.
        status: u16,
        /// The error's name; `None` is a web page.
        kind: Option<String>,
    },
    /// The connection closes without an answer; nothing was carried out.
    DropBefore,
    /// The request is carried out, then the connection closes without an answer.
    DropAfterApplying,
    /// The request is carried out; half of the promised body arrives, then the connection closes.
    DropMidBody,
    /// The request is carried out; the JSON ends in the middle although the answer looks complete.
    TruncatedJson,
    /// 200 and an HTML page: a captive portal or a proxy's block page.
    CaptivePortal,
    /// A redirect, which no API client should follow with secrets in hand.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// `Location`.
        location: String,
    },
    /// 200, `application/json`, and that many bytes of one JSON string.
    HugeBody(usize),
    /// The proper answer, `step` bytes at a time with a pause before each.
    SlowDrip {
        /// Bytes at a time.
        step: usize,
        /// Pause before each of them.
        pause: Duration,
    },
    /// Waits, then answers properly.
    Delay(Duration),
    /// Waits, then does the other thing.
    DelayThen(Duration, Box<Fault>),
    /// Never answers, keeps the connection open.
    Hang,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next N requests.
    N(u32),
    /// The next request.
    Once,
    /// Until [`Sandbox::clear_faults`](crate::Sandbox::clear_faults).
    Forever,
    /// Leaves the first `skip` requests alone, then strikes `count` times.
    AfterSkipping {
        /// Requests that pass unharmed.
        skip: u32,
        /// Requests that do not.
        count: u32,
    },
}

/// What waits to happen.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pending: Vec<Pending>,
    /// How many have struck.
    pub struck: usize,
}

#[derive(Debug)]
struct Pending {
    endpoint: Endpoint,
    fault: Fault,
    skip: u32,
    left: Option<u32>,
}

impl Faults {
    pub fn add(&mut self, endpoint: Endpoint, fault: Fault, times: Times) {
        let (skip, left) = match times {
            Times::N(count) => (0, Some(count)),
            Times::Once => (0, Some(1)),
            Times::Forever => (0, None),
            Times::AfterSkipping { skip, count } => (skip, Some(count)),
        };
        self.pending.push(Pending { endpoint, fault, skip, left });
    }

    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// The fault that strikes this request, if any; the oldest one wins.
    pub fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.pending.retain(|pending| pending.left != Some(0));
        let pending = self.pending.iter_mut().find(|pending| pending.endpoint.covers(endpoint))?;
        if pending.skip > 0 {
            pending.skip -= 1;
            return None;
        }
        pending.left = pending.left.map(|left| left.saturating_sub(1));
        self.struck += 1;
        Some(pending.fault.clone())
    }
}

impl Fault {
    /// The answer of a fault that does not look at the request.
    pub(crate) fn instead(&self, endpoint: Endpoint) -> Option<Reply> {
        let reply = match self {
            Self::Status(status) => Reply::new(*status, "text/plain", Bytes::new()),
            Self::RetryAfter { status, seconds } => {
                Reply::new(*status, "text/plain", "Rate exceeded").with("retry-after", seconds.to_string())
            }
            Self::Answer { status, content_type, headers, body } => headers
                .iter()
                .fold(Reply::new(*status, content_type, body.clone()), |reply, (name, value)| {
                    reply.with(name, value)
                }),
            Self::OAuth { status, error, description } => {
                let mut body = json!({ "error": error });
                if let Some(text) = description {
                    body["error_description"] = json!(text);
                }
                Reply::oauth(*status, &body)
            }
            Self::Aws { status, kind, message } if Endpoint::Sts.covers(endpoint) => {
                crate::sts::error(*status, kind, message)
            }
            Self::Aws { status, kind, message } => Reply::aws_error(*status, kind, message),
            Self::CaptivePortal => Reply::new(200, "text/html", CAPTIVE_PORTAL),
            Self::Redirect { status, location } => {
                Reply::new(*status, "text/html", Bytes::new()).with("location", location)
            }
            Self::HugeBody(size) => {
                let mut body = b"{\"id_token\":\"".to_vec();
                body.resize((*size).max(body.len() + 2), b'x');
                let end = body.len() - 2;
                body[end..].copy_from_slice(b"\"}");
                Reply::new(200, "application/json;charset=UTF-8", body)
            }
            Self::Repeat { .. }
            | Self::DropBefore
            | Self::DropAfterApplying
            | Self::DropMidBody
            | Self::TruncatedJson
            | Self::SlowDrip { .. }
            | Self::Delay(_)
            | Self::DelayThen(..)
            | Self::Hang => return None,
        };
        Some(reply)
    }
}

const CAPTIVE_PORTAL: &str = "<!DOCTYPE html><html><head><title>Guest Wi-Fi</title></head>\
    <body><h1>Welcome to the guest network</h1><p>Please accept the terms to go on.</p></body></html>";
