//! Connections that are opened before there is a request for them.
//!
//! A renewal asks two hosts, one after the other, and each costs three round trips: TCP, TLS 1.3, and
//! the request. While the first host works, a thread opens the connection to the second and leaves it
//! here; the request finds it and saves two of the six.

use super::CONNECT_LIMIT;
use super::connect::{Addresses, look_up, nowhere};
use super::kept::KeptTcp;
use super::tls::Tls;
use crate::error::foreign;
use http::Uri;
use http::uri::{Authority, Scheme};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use ureq::config::Config;
use ureq::unversioned::transport::time::Instant;
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, Transport,
};
use ureq::{Error, Proxy, ProxyProtocol, Timeout};

/// The one connection that is open or being opened; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ahead(Arc<Mutex<Option<Opening>>>);

#[derive(Debug)]
struct Opening {
    target: Target,
    /// Gives the connection once; a thread that failed has hung up.
    opened: Receiver<Box<dyn Transport>>,
}

/// What a connection serves for: requests to this origin by this way.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    proxy: Option<Proxy>,
}

impl Target {
    fn new(uri: &Uri, config: &Config) -> Self {
        Self {
            scheme: uri.scheme().cloned(),
            authority: uri.authority().cloned(),
            proxy: config.proxy().cloned(),
        }
    }
}

impl Ahead {
    /// Begins to open a connection. What was opened before and not taken is closed.
    pub(super) fn open(&self, uri: Uri, config: Config, tls: Tls) {
        // ureq's SOCKS brings a TCP of its own, which doesn't outlive a session ticket.
        let way = config.proxy().map_or(ProxyProtocol::Http, Proxy::protocol);
        if !matches!(way, ProxyProtocol::Http | ProxyProtocol::Https) {
            return;
        }
        let (done, opened) = sync_channel(1);
        let opening = Opening { target: Target::new(&uri, &config), opened };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(opening);
        let host = foreign(uri.host().unwrap_or_default());
        let open = move || match connect(&uri, &config, &tls) {
            // Nobody may want it any more.
            Ok(transport) => drop(done.send(transport)),
            Err(error) => log::debug!("{host} not reached ahead of need: {}", foreign(&error.to_string())),
        };
        if let Err(error) = thread::Builder::new().name("ahead".to_owned()).spawn(open) {
            log::debug!("nothing is opened ahead of need: {error}");
        }
    }

    /// Whether there may be a connection for this address, so that a lookup would be for nothing.
    pub(super) fn covers(&self, uri: &Uri, config: &Config) -> bool {
        let opening = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opening.as_ref().is_some_and(|opening| opening.target == Target::new(uri, config))
    }

    /// The connection for this address, once it is ready. `None` where there is none, where it failed
    /// or has been closed again, and when the time of `details` ends first.
    pub(super) fn take(&self, details: &ConnectionDetails) -> Option<Box<dyn Transport>> {
        let wanted = Target::new(details.uri, details.config);
        let opening = {
            let mut opening = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            opening.take_if(|opening| opening.target == wanted)?
        };
        let mut transport = opening.opened.recv_timeout(*details.timeout.after).ok()?;
        is_fresh(&mut *transport).then_some(transport)
    }
}

/// Whether it is open and nothing has come that a request could take for its answer.
fn is_fresh(transport: &mut dyn Transport) -> bool {
    let fresh = transport.is_open() && transport.buffers().input().is_empty();
    if !fresh {
        log::debug!("a connection opened ahead of need was closed again");
    }
    fresh
}

/// Connects; a proxy is reached by a call of its own.
type Run = dyn Fn(&ConnectionDetails) -> Result<Box<dyn Transport>, Error> + Send + Sync;

/// Everything up to the first byte of a request, by ureq's own connectors but for TCP.
fn connect(uri: &Uri, config: &Config, tls: &Tls) -> Result<Box<dyn Transport>, Error> {
    let way = ().chain(ConnectProxyConnector::default()).chain(KeptTcp).chain(tls.clone());
    let run: Arc<Run> = Arc::new(move |details| {
        let transport = way.connect(details, None)?.ok_or(Error::ConnectionFailed)?;
        Ok(Box::new(transport))
    });
    let limit =
        NextTimeout { after: CONNECT_LIMIT.into(), reason: Timeout::Connect, ..NextTimeout::default() };
    let mut details = ConnectionDetails {
        uri,
        addrs: nowhere(),
        config,
        request_level: false,
        resolver: &Addresses::default(),
        now: Instant::now(),
        timeout: limit,
        current_time: Arc::new(Instant::now),
        run_connector: Arc::clone(&run),
        register_shutdown: Arc::new(|_| Ok(())),
    };
    // The trust store is loaded while the request that comes first still waits for its lookup and TCP.
    tls.prepare(&details);
    if config.proxy().is_none() {
        details.addrs = look_up(uri, config, limit)?;
    }
    details.now = Instant::now();
    run(&details)
}
