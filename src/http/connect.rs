//! Connecting in stages, so that a failure tells whether the request can have left.
//!
//! ureq reports "connection reset" alike for a TLS handshake and for an answer. The difference
//! decides whether a code exchange may be repeated, so the two steps before the first byte of a
//! request, lookup and connect, mark their errors here. Whatever is unmarked counts as sent.
//!
//! `ureq::unversioned` may change with a minor version of ureq; only this file, `ahead`, `kept`,
//! `last_look` and `tls` use it.

use super::ahead::Ahead;
use super::ip_literal;
use super::last_look::LastLook;
use super::tls::Tls;
use http::Uri;
use http::uri::Scheme;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, SocksConnector, TcpConnector, Transport,
};

/// The step that failed before a byte of the request was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Looking up the address of a host.
    Lookup,
    /// TCP, proxy and TLS.
    Connect,
}

/// An error from before the request: it cannot have reached the server.
#[derive(Debug)]
pub(super) struct Unsent {
    pub(super) stage: Stage,
    pub(super) cause: ureq::Error,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for Unsent {}

fn unsent(stage: Stage) -> impl FnOnce(ureq::Error) -> ureq::Error {
    move |cause| ureq::Error::Other(Box::new(Unsent { stage, cause }))
}

/// Looks hosts up, but for one whose connection is being opened [`Ahead`] of this request: that has
/// been looked up already.
#[derive(Debug, Default)]
pub(super) struct Addresses(pub(super) Ahead);

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if self.0.covers(uri, config) { Ok(nowhere()) } else { look_up(uri, config, timeout) }
    }
}

/// The addresses of a host. An address needs no lookup, and `localhost` is this machine whatever the
/// hosts file or a name server says (RFC 6761 §6.3): plain `http` is allowed to go there.
pub(super) fn look_up(
    uri: &Uri,
    config: &Config,
    timeout: NextTimeout,
) -> Result<ResolvedSocketAddrs, ureq::Error> {
    let known = known_addresses(uri);
    if known.is_empty() {
        return DefaultResolver::default().resolve(uri, config, timeout).map_err(unsent(Stage::Lookup));
    }
    let mut found = nowhere();
    for address in known {
        found.push(address);
    }
    Ok(found)
}

/// No address at all.
pub(super) fn nowhere() -> ResolvedSocketAddrs {
    DefaultResolver::default().empty()
}

fn known_addresses(uri: &Uri) -> Vec<SocketAddr> {
    let default_port = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => Some(80),
        Some(scheme) if *scheme == Scheme::HTTPS => Some(443),
        _ => None,
    };
    let (Some(host), Some(port)) = (uri.host(), uri.port_u16().or(default_port)) else { return Vec::new() };
    let ips = if host.eq_ignore_ascii_case("localhost") {
        vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
    } else {
        ip_literal(host).into_iter().collect()
    };
    ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
}

/// Connects as ureq does, with its errors marked, unless a connection was opened [`Ahead`]. A CONNECT
/// proxy is reached through this connector again, so an error on the way to the proxy carries the mark
/// twice.
#[derive(Debug)]
pub(super) struct Staged<C> {
    ureqs: C,
    ahead: Ahead,
}

/// The connector of a client: ureq's own links in ureq's own order ([`DefaultConnector`]), with TLS
/// that all connections share.
///
/// [`DefaultConnector`]: ureq::unversioned::transport::DefaultConnector
pub(super) fn staged(tls: Tls, ahead: Ahead) -> impl Connector {
    let ureqs =
        ().chain(SocksConnector::default())
            .chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(tls);
    Staged { ureqs, ahead }
}

impl<C: Connector> Connector for Staged<C> {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let begun = Instant::now();
        if let Some(ready) = self.ahead.take(details) {
            return Ok(Some(Box::new(LastLook::at(ready))));
        }
        let left = details.timeout.after.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(unsent(Stage::Connect)(ureq::Error::Timeout(details.timeout.reason)));
        }
        let timeout = NextTimeout { after: left.into(), ..details.timeout };
        let addrs = if details.addrs.is_empty() && details.config.proxy().is_none() {
            // Left out for a connection that came to nothing.
            look_up(details.uri, details.config, timeout)?
        } else {
            details.addrs.clone()
        };
        let details = ConnectionDetails {
            uri: details.uri,
            addrs,
            config: details.config,
            resolver: details.resolver,
            // ureq builds TLS anew, trust store and all, for each connection of a request that has a
            // configuration of its own. Ours differ in limits and proxy alone.
            request_level: false,
            now: (details.current_time)(),
            timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connection = self.ureqs.connect(&details, chained).map_err(unsent(Stage::Connect))?;
        Ok(connection.map(|connection| Box::new(LastLook::at(Box::new(connection))) as Self::Out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(uri: &'static str) -> Vec<String> {
        known_addresses(&Uri::from_static(uri)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn localhost_is_this_machine_without_asking_anyone() {
        assert_eq!(known("http://localhost:8080/x"), ["127.0.0.1:8080", "[::1]:8080"]);
        assert_eq!(known("https://LocalHost"), ["127.0.0.1:443", "[::1]:443"]);
    }

    #[test]
    fn what_is_being_connected_is_not_looked_up_once_more() {
        // A label of 64 bytes fails without asking a name server (RFC 1035 §2.3.4).
        let uri: Uri = format!("http://{}.example", "a".repeat(64)).parse().unwrap();
        let config = ureq::Agent::config_builder().proxy(None).build();
        let ahead = Ahead::default();
        let addresses = Addresses(ahead.clone());
        assert!(addresses.resolve(&uri, &config, NextTimeout::default()).is_err());
        ahead.open(uri.clone(), config.clone(), Tls::default());
        assert!(addresses.resolve(&uri, &config, NextTimeout::default()).unwrap().is_empty());
    }

    #[test]
    fn an_address_is_not_looked_up_and_a_name_is() {
        assert_eq!(known("https://192.0.2.1"), ["192.0.2.1:443"]);
        assert_eq!(known("http://[2001:db8::1]:81"), ["[2001:db8::1]:81"]);
        assert!(known("https://auth.example.com").is_empty());
    }
}
