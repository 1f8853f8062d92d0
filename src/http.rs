//! The one outbound client: every byte that leaves this program passes here, so that there is one
//! trust rule, one proxy rule and one set of limits.
//!
//! What it promises:
//! - `https`, and `http` to this machine alone; redirects are answers, never followed.
//! - The operating system's trust store, or the certificates of `ca_bundle` *instead*.
//! - The proxy that curl and botocore would use for the address ([`Proxies`]).
//! - An end: [`CONNECT_LIMIT`], [`REQUEST_LIMIT`], [`HEADER_LIMIT`], [`BODY_LIMIT`].
//! - Every failure says whether the request may have arrived ([`Sent`]).

mod ahead;
mod connect;
mod failure;
mod headers;
mod kept;
mod last_look;
mod proxy;
mod tls;
mod trust;

pub use failure::{SendError, SendErrorKind, Sent};
pub use headers::{date_header, retry_after};
pub use http::header::{DATE, RETRY_AFTER};
pub use proxy::{Proxies, Proxy};

use crate::error::Error;
use failure::Route;
use http::uri::Scheme;
use http::{Method, Request, Response, Uri};
use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::tls::TlsConfig;
use ureq::{Agent, AsSendBody};
use zeroize::Zeroizing;

/// Longest time from a known address to a usable connection: proxy and TLS handshakes included. One
/// gap: ureq counts it anew for every read of a proxy's answer to CONNECT, so a proxy that drips that
/// answer takes longer.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Longest time for one request, from looking up the host to the last byte of the answer. What has
/// arrived by then is read even if we come late to it, as a process does that was stopped. One gap: a
/// connection that comes after a slow lookup has its own limit, and is given up right after it.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(8);

/// Most bytes that the status line and headers of an answer may have.
pub const HEADER_LIMIT: usize = 64 * 1024;

/// Most bytes that the body of an answer may have. The largest real one, a token answer with an ID
/// token of 20,000 bytes, stays below 32 KB.
pub const BODY_LIMIT: usize = 1024 * 1024;

const USER_AGENT: &str = concat!("cognito-creds/", env!("CARGO_PKG_VERSION"));

/// What shapes every connection of one profile.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// A file of PEM certificates that replaces the operating system's trust store: `AWS_CA_BUNDLE`,
    /// else the profile's `ca_bundle`. `None` is the operating system's store.
    pub ca_bundle: Option<PathBuf>,
    /// The proxies that the environment names.
    pub proxies: Proxies,
}

/// The outbound client. Clones are cheap and share idle connections; calls block.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    rules: Arc<Rules>,
    tls: tls::Tls,
    ahead: ahead::Ahead,
}

struct Rules {
    network: Network,
    proxy: Option<proxy::Proxy>,
}

/// The body of an answer: zeroized on drop, and no `Debug` shows it.
pub struct Body(Zeroizing<Vec<u8>>);

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.rules.network).finish()
    }
}

impl Client {
    /// A client for one profile. Reads the CA bundle, if there is one; the operating system's trust
    /// store is loaded with the first `https` request, so that what never leaves the machine doesn't
    /// pay for it.
    ///
    /// # Errors
    /// [`Next::Configure`](crate::error::Next::Configure): the bundle can't be read or holds no
    /// certificate, or a proxy variable holds no usable address. The error names the file or variable.
    pub fn new(network: &Network) -> Result<Self, Error> {
        let config = config(trust::tls_config(network.ca_bundle.as_deref())?, None);
        let (tls, ahead) = (tls::Tls::default(), ahead::Ahead::default());
        let connector = connect::staged(tls.clone(), ahead.clone());
        let agent = Agent::with_parts(config, connector, connect::Addresses(ahead.clone()));
        let rules = Rules { network: network.clone(), proxy: network.proxies.proxy()? };
        Ok(Self { agent, rules: Arc::new(rules), tls, ahead })
    }

    /// Opens the connection that a request to `uri` will need, on a thread of its own: lookup, proxy,
    /// TCP and TLS, and not a byte of a request. The next request of this client to the same scheme,
    /// host and port takes it, and waits for it within the request's own limit. What fails here is
    /// only logged: that request connects by itself then, and tells.
    ///
    /// Nothing is opened for an address that [`Self::send`] would refuse, nor through a SOCKS proxy.
    pub fn open_ahead(&self, uri: &Uri) {
        let Ok(route) = self.route(uri) else { return };
        let tls_config = self.agent.config().tls_config().clone();
        let proxy = route.proxy.map(|proxy| proxy.address().clone());
        self.ahead.open(uri.clone(), config(tls_config, proxy), self.tls.clone());
    }

    /// Sends one request and reads the whole answer, whatever its status, within `limit` (at most
    /// [`REQUEST_LIMIT`]). Never sends anything twice and never follows a redirect.
    ///
    /// # Errors
    /// [`SendError`] tells what failed and whether the request may have reached the server.
    pub fn send(&self, request: Request<Vec<u8>>, limit: Duration) -> Result<Response<Body>, SendError> {
        let (parts, body) = request.into_parts();
        let body = Zeroizing::new(body);
        let route = self.route(&parts.uri)?;
        let limit = limit.min(REQUEST_LIMIT);
        if limit.is_zero() {
            return Err(route.no_time());
        }
        let bodiless = parts.method == Method::GET && body.is_empty();
        let response = if bodiless {
            // An empty slice would go out as `Content-Length: 0`, which some firewalls refuse on a GET.
            self.run(Request::from_parts(parts, ()), limit, &route)
        } else {
            self.run(Request::from_parts(parts, body.as_slice()), limit, &route)
        };
        read_all(response.map_err(|e| route.failure(e))?, &route)
    }

    /// The proxy on the way to `uri`, as `HOST:PORT (VARIABLE)` without its password; `None` where
    /// requests go directly.
    pub fn proxy_for(&self, uri: &Uri) -> Option<String> {
        let proxy = self.route(uri).ok()?.proxy?;
        Some(format!("{proxy} ({})", proxy.variable()))
    }

    fn run(
        &self,
        request: Request<impl AsSendBody>,
        limit: Duration,
        route: &Route,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(last_look::limit_for_ureq(limit)))
            .timeout_resolve(Some(limit))
            .timeout_connect(Some(limit.min(CONNECT_LIMIT)))
            // Also where there is none: ureq would read the environment by rules of its own.
            .proxy(route.proxy.map(|proxy| proxy.address().clone()))
            .build();
        self.agent.run(request)
    }

    /// Where a request goes, decided before anything is opened.
    fn route<'a>(&'a self, uri: &Uri) -> Result<Route<'a>, SendError> {
        let mut route = Route {
            host: host_and_port(uri),
            proxy: None,
            ca_bundle: self.rules.network.ca_bundle.as_deref(),
        };
        let local = is_loopback(uri.host().unwrap_or_default());
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {}
            Some(scheme) if *scheme == Scheme::HTTP && local => {}
            Some(scheme) if *scheme == Scheme::HTTP => return Err(route.insecure()),
            _ => return Err(route.not_an_address()),
        }
        if !local && !self.rules.network.proxies.excepts(uri) {
            route.proxy = self.rules.proxy.as_ref();
        }
        Ok(route)
    }
}

/// What all connections have in common; the proxy is each request's own.
fn config(tls: TlsConfig, proxy: Option<ureq::Proxy>) -> Config {
    Agent::config_builder()
        .tls_config(tls)
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_response_header_size(HEADER_LIMIT)
        .proxy(proxy)
        .build()
}

/// Reads the body up to [`BODY_LIMIT`]. `limit` of the request goes on counting, so a server that
/// sends a byte now and then gains nothing.
fn read_all(response: Response<ureq::Body>, route: &Route) -> Result<Response<Body>, SendError> {
    let (parts, body) = response.into_parts();
    let announced = body.content_length().unwrap_or(0);
    if announced > BODY_LIMIT as u64 {
        return Err(route.body_too_large());
    }
    // One growth-free buffer where the server says how much it sends: growing leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(announced).unwrap_or(0) + 1));
    let most = BODY_LIMIT as u64 + 1;
    body.into_reader().take(most).read_to_end(&mut bytes).map_err(|e| route.failure(ureq::Error::from(e)))?;
    if bytes.len() > BODY_LIMIT {
        return Err(route.body_too_large());
    }
    Ok(Response::from_parts(parts, Body(bytes)))
}

/// `HOST`, or `HOST:PORT` where a port is written; never a user name.
fn host_and_port(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether a host is this machine: `localhost` (RFC 6761 §6.3), 127.0.0.0/8 or ::1. What is sent
/// there never crosses a wire.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip_literal(host).is_some_and(|ip| ip.is_loopback())
}

/// The address that a host of a URL spells out, with or without the brackets of IPv6.
fn ip_literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example.com",
            "127.0.0.1.example.com",
            "0.0.0.0",
            "[::]",
            "10.0.0.1",
            "[::ffff:127.0.0.1]",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_host_is_named_without_the_user_before_it() {
        assert_eq!(host_and_port(&Uri::from_static("https://me:canary@a.example/x?y")), "a.example");
        assert_eq!(host_and_port(&Uri::from_static("http://[::1]:80/")), "[::1]:80");
    }

    #[test]
    fn debug_shows_the_size_of_a_body_and_nothing_of_it() {
        assert_eq!(format!("{:?}", Body(Zeroizing::new(b"canary".to_vec()))), "Body(6 bytes)");
    }
}
