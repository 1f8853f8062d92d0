//! TLS that is set up once, however many connections begin at the same moment.
//!
//! ureq makes its settings with the first connection that gets as far as TLS: it loads the trust
//! store, and two connections that get there together load it twice. Here the first one does it for
//! all, and the others wait for that.

use std::sync::{Arc, Once};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, RustlsConnector, Transport,
};

/// ureq's TLS; clones share the settings.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rustls: RustlsConnector,
    prepared: Once,
}

impl Default for Shared {
    fn default() -> Self {
        Self { rustls: RustlsConnector::default(), prepared: Once::new() }
    }
}

impl Tls {
    /// Makes the settings, trust store and all, unless that is done or `details` need no TLS. A store
    /// that can't be loaded is told by the connection that wants it.
    pub(super) fn prepare(&self, details: &ConnectionDetails) {
        if details.needs_tls() {
            self.0.prepared.call_once(|| {
                // A handshake makes them before its first byte, and ends with that byte.
                let _ = self.0.rustls.connect(details, Some(Nowhere(LazyBuffers::new(1, 1))));
            });
        }
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = <RustlsConnector as Connector<In>>::Out;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        self.prepare(details);
        self.0.rustls.connect(details, chained)
    }
}

/// Leads nowhere.
#[derive(Debug)]
struct Nowhere(LazyBuffers);

impl Transport for Nowhere {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.0
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
        Err(Error::ConnectionFailed)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        Err(Error::ConnectionFailed)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}
