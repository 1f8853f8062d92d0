//! Connecting in stages, so that a failure tells whether the request can have left.
//!
//! ureq reports "connection reset" alike for a TLS handshake and for an answer. The difference
//! decides whether a code exchange may be repeated, so the two steps before the first byte of a
//! request, lookup and connect, mark their errors here. Whatever is unmarked counts as sent.
//!
//! `ureq::unversioned` may change with a minor version of ureq; this file is all that uses it.

use super::ip_literal;
use super::last_look::LastLook;
use http::Uri;
use http::uri::Scheme;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};

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

/// Looks hosts up. An address needs no lookup, and `localhost` is this machine whatever the hosts
/// file or a name server says (RFC 6761 §6.3): plain `http` is allowed to go there.
#[derive(Debug, Default)]
pub(super) struct Addresses(DefaultResolver);

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let known = known_addresses(uri);
        if known.is_empty() {
            return self.0.resolve(uri, config, timeout).map_err(unsent(Stage::Lookup));
        }
        let mut found = self.empty();
        for address in known {
            found.push(address);
        }
        Ok(found)
    }
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

/// ureq's own connector, with its errors marked. A CONNECT proxy is reached through this connector
/// again, so an error on the way to the proxy carries the mark twice.
#[derive(Debug, Default)]
pub(super) struct Staged(DefaultConnector);

impl Connector for Staged {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            resolver: details.resolver,
            // ureq builds TLS anew, trust store and all, for each connection of a request that has a
            // configuration of its own. Ours differ in limits and proxy alone.
            request_level: false,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connection = self.0.connect(&details, chained).map_err(unsent(Stage::Connect))?;
        Ok(connection.map(|connection| Box::new(LastLook::at(connection)) as Self::Out))
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
    fn an_address_is_not_looked_up_and_a_name_is() {
        assert_eq!(known("https://192.0.2.1"), ["192.0.2.1:443"]);
        assert_eq!(known("http://[2001:db8::1]:81"), ["[2001:db8::1]:81"]);
        assert!(known("https://auth.example.com").is_empty());
    }
}
