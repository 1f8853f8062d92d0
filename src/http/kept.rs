//! TCP for a connection that is kept for a while before its first request.
//!
//! A server that speaks TLS 1.3 sends session tickets right after the handshake (RFC 8446 §4.6.1).
//! ureq's own TCP takes the first byte that nobody asked for as the sign of a dead connection, and
//! drops it: a connection kept over its tickets would always look dead. This one keeps what has come
//! for TLS to read, and calls itself dead when the other side has closed.

use crate::platform::Os;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

/// Opens [`Kept`] connections, one address after the other.
#[derive(Debug)]
pub(super) struct KeptTcp;

impl<In: Transport> Connector<In> for KeptTcp {
    type Out = Either<In, Kept>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(transport) = chained {
            return Ok(Some(Either::A(transport)));
        }
        let stream = first_to_answer(details)?;
        stream.set_nodelay(details.config.no_delay())?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Kept { stream, buffers, unused: true })))
    }
}

/// Each address gets half of the time that is left, the last one all of it, so that an address
/// family that leads nowhere doesn't use it up.
fn first_to_answer(details: &ConnectionDetails) -> Result<TcpStream, Error> {
    let (limit, begun) = (*details.timeout.after, Instant::now());
    let mut failed = Error::HostNotFound;
    for (tried, address) in details.addrs.iter().enumerate() {
        let left = limit.saturating_sub(begun.elapsed());
        let share = if tried + 1 < details.addrs.len() { left / 2 } else { left };
        if share.is_zero() {
            return Err(Error::Timeout(details.timeout.reason));
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error.into(),
        }
    }
    Err(failed)
}

/// A TCP connection whose first [`is_open`](Transport::is_open) keeps what has come by then.
#[derive(Debug)]
pub(super) struct Kept {
    stream: TcpStream,
    buffers: LazyBuffers,
    unused: bool,
}

impl Kept {
    /// Takes in what has come, without waiting; `false` when the other side has closed.
    fn take_in(&mut self) -> io::Result<bool> {
        self.stream.set_nonblocking(true)?;
        let open = loop {
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(0) => break false,
                Ok(amount) => self.buffers.input_appended(amount),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.stream.set_nonblocking(false)?;
        Ok(open)
    }
}

impl Transport for Kept {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        as_far_as_it_goes(self.stream.set_write_timeout(Some(some_time(timeout)?)), Os::HERE)?;
        self.stream.write_all(&self.buffers.output()[..amount]).map_err(|error| judged(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let (limit, begun) = (some_time(timeout)?, Instant::now());
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(Error::Timeout(timeout.reason));
            }
            as_far_as_it_goes(self.stream.set_read_timeout(Some(left)), Os::HERE)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                // Linux ends a read with a time limit when a stopped process goes on (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(judged(error, timeout)),
            }
        }
    }

    /// Once it has been used, what nobody asked for is as bad a sign as ureq takes it for.
    fn is_open(&mut self) -> bool {
        let unused = std::mem::replace(&mut self.unused, false);
        self.take_in().unwrap_or(false) && (unused || self.buffers.input().is_empty())
    }
}

/// A limit that a socket takes: zero means none to it.
fn some_time(timeout: NextTimeout) -> Result<Duration, Error> {
    if timeout.after.is_zero() { Err(Error::Timeout(timeout.reason)) } else { Ok(*timeout.after) }
}

/// macOS takes no time limit for a connection that the other side has closed, though an answer may
/// still be there to be read; reading or writing tells.
fn as_far_as_it_goes(set: io::Result<()>, os: Os) -> io::Result<()> {
    match set {
        Err(error) if os == Os::MacOs && error.kind() == ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Unix calls a time limit that has passed `WouldBlock`.
fn judged(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_time_limit_is_borne_on_macos_alone() {
        let refused = |kind: ErrorKind| Err(io::Error::from(kind));
        assert!(as_far_as_it_goes(refused(ErrorKind::InvalidInput), Os::MacOs).is_ok());
        assert!(as_far_as_it_goes(refused(ErrorKind::InvalidInput), Os::Linux).is_err());
        assert!(as_far_as_it_goes(refused(ErrorKind::NotConnected), Os::MacOs).is_err());
    }
}
