//! An answer that has come is read, however late its reader is.
//!
//! A process that was stopped (Ctrl-Z, SIGSTOP) finds the time of its request over when it goes on. But
//! the answer may have lain in the socket all the while, with the only refresh token that is still good
//! in it. So when the time is over nothing more is sent and nothing is waited for, but what has arrived
//! is taken.
//!
//! ureq looks at the clock before it asks a connection for anything. It is therefore given a
//! [`SPARE`] on top of every limit, and the limit itself is kept here.

use std::fmt;
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport, time};

/// What ureq is given on top of a request's limit: longer than any process is stopped.
const SPARE: Duration = Duration::from_hours(24 * 365);
/// Long enough to read what is there: a wait of zero would mean "for ever" to a socket.
const LOOK: Duration = Duration::from_millis(10);
/// All looks of one request together, so that a server that never stops sending gains nothing.
const ALL_LOOKS: Duration = Duration::from_millis(250);

/// The limit that ureq is to be given for one of ours.
pub(super) fn limit_for_ureq(limit: Duration) -> Duration {
    limit + SPARE
}

/// A connection that keeps a request's limit, and looks once more before it gives up.
pub(super) struct LastLook {
    connection: Box<dyn Transport>,
    /// Since when the time of the request is over.
    over: Option<Instant>,
}

impl LastLook {
    pub(super) fn at(connection: Box<dyn Transport>) -> Self {
        Self { connection, over: None }
    }

    /// For how long a look may still wait; `None` when there have been enough.
    fn last_look(&mut self) -> Option<Duration> {
        let over = *self.over.get_or_insert_with(Instant::now);
        (over.elapsed() < ALL_LOOKS).then_some(LOOK)
    }
}

/// What is left of our own limit; `None` for a limit that ureq keeps, as on the way through a proxy.
fn left(timeout: &NextTimeout) -> Option<Duration> {
    match timeout.after {
        time::Duration::Exact(after) if after > SPARE / 2 => Some(after.saturating_sub(SPARE)),
        _ => None,
    }
}

fn with(timeout: NextTimeout, after: Duration) -> NextTimeout {
    NextTimeout { after: after.into(), ..timeout }
}

impl fmt::Debug for LastLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}

impl Transport for LastLook {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection.buffers()
    }

    /// Nothing is sent once the time is over. ureq's last write of a request is empty, and must not be
    /// the one that fails.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if amount == 0 {
            return Ok(());
        }
        self.over = None;
        match left(&timeout) {
            None => self.connection.transmit_output(amount, timeout),
            Some(Duration::ZERO) => Err(Error::Timeout(timeout.reason)),
            Some(left) => self.connection.transmit_output(amount, with(timeout, left)),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let Some(left) = left(&timeout) else { return self.connection.await_input(timeout) };
        if !left.is_zero() {
            match self.connection.await_input(with(timeout, left)) {
                Err(Error::Timeout(_)) => {}
                result => return result,
            }
        }
        match self.last_look() {
            Some(look) => self.connection.await_input(with(timeout, look)),
            None => Err(Error::Timeout(timeout.reason)),
        }
    }

    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}
