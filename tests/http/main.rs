//! The outbound client against real sockets and real TLS, all on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; clippy.toml exempts test functions only")]

mod ahead;
mod doubles;
mod limits;
mod plain;
mod proxy;
#[path = "../support/snapshot.rs"]
mod snapshot;
mod tls;

use cognito_creds::http::{Client, Network, Proxies, SendError, SendErrorKind, Sent};
use std::time::Duration;

/// Long enough for anything on loopback, short enough for a test that waits for a time-out in vain.
const AMPLE: Duration = Duration::from_secs(8);

fn client() -> Client {
    Client::new(&Network::default()).unwrap()
}

fn proxies(pairs: &'static [(&'static str, &'static str)]) -> Proxies {
    Proxies::from_env(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned()))
}

fn proxy_at(address: impl std::fmt::Display) -> Proxies {
    Proxies::from_env(|name| (name == "HTTPS_PROXY").then(|| format!("http://{address}")))
}

fn get(uri: impl AsRef<str>) -> http::Request<Vec<u8>> {
    http::Request::get(uri.as_ref()).body(Vec::new()).unwrap()
}

fn post(uri: impl AsRef<str>, body: &str) -> http::Request<Vec<u8>> {
    http::Request::post(uri.as_ref()).body(body.as_bytes().to_vec()).unwrap()
}

#[track_caller]
fn assert_failed(error: &SendError, kind: SendErrorKind, sent: Sent) {
    assert_eq!((error.kind(), error.sent()), (kind, sent), "{error} ({})", error.detail());
}
