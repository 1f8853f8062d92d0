//! An answer that has come is read, however late its reader is.
//!
//! A process that was stopped (Ctrl-Z, SIGSTOP) finds the time of its request over when it goes on. But
//! the answer may have lain in the socket all the while, with the only refresh token that is still good
//! in it. So when the time is over, what has arrived already is taken, and nothing is waited for.

use std::fmt;
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// Long enough to read what is there: a wait of zero would mean "for ever" to a socket.
const LOOK: Duration = Duration::from_millis(10);
/// All looks of one request together, so that a server that never stops sending gains nothing.
const ALL_LOOKS: Duration = Duration::from_millis(250);

/// A connection that looks once more before it gives up.
pub(super) struct LastLook {
    connection: Box<dyn Transport>,
    /// Since when the time of the request is over.
    over: Option<Instant>,
}

impl LastLook {
    pub(super) fn at(connection: Box<dyn Transport>) -> Self {
        Self { connection, over: None }
    }
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

    /// Nothing is sent once the time is over: ureq looks at the clock before each write.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.over = None;
        self.connection.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let result = self.connection.await_input(timeout);
        if !matches!(result, Err(Error::Timeout(_))) {
            return result;
        }
        let over = *self.over.get_or_insert_with(Instant::now);
        if over.elapsed() >= ALL_LOOKS {
            return result;
        }
        self.connection.await_input(NextTimeout { after: LOOK.into(), ..timeout })
    }

    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}
