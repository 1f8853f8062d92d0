//! A wire of a given length: a TCP forwarder on loopback that holds every byte for half a round trip,
//! and keeps a log of who spoke when.
//!
//! The kernel accepts a connection at once, so the round trip of the connection itself is charged by
//! the wire: what a client says first counts as said one round trip after the connection was accepted.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// One message there and its answer back, by the client's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// When the client spoke.
    pub began: Instant,
    /// When the first of the answer arrived.
    pub ended: Instant,
}

/// A forwarder to one port of this machine; ends with the process.
pub struct Wire {
    port: u16,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    round_trip: Mutex<Duration>,
    flights: Mutex<Vec<Flight>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    /// A wire of no length to a port of 127.0.0.1.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let log = Arc::new(Log::default());
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).expect("the target listens");
                carry(&client, &server, &shared);
            }
        });
        Self { port, log }
    }

    /// Where to connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets the length for connections from now on, and empties the log.
    pub fn lengthen(&self, round_trip: Duration) {
        *held(&self.log.round_trip) = round_trip;
        held(&self.log.flights).clear();
    }

    /// Every round trip since then, that of each connection itself included.
    pub fn flights(&self) -> Vec<Flight> {
        held(&self.log.flights).clone()
    }
}

/// The length of the longest row of flights of which none began before the one before had ended:
/// what cannot have been done at the same time.
pub fn in_a_row(flights: &[Flight]) -> usize {
    let mut by_end = flights.to_vec();
    by_end.sort_by_key(|flight| flight.ended);
    let (mut count, mut last) = (0, None);
    for flight in by_end {
        if last.is_none_or(|ended| flight.began >= ended) {
            count += 1;
            last = Some(flight.ended);
        }
    }
    count
}

/// Both directions of one connection, each with a thread that listens and one that delivers.
fn carry(client: &TcpStream, server: &TcpStream, log: &Arc<Log>) {
    let accepted = Instant::now();
    let round_trip = *held(&log.round_trip);
    let connected = accepted + round_trip;
    held(&log.flights).push(Flight { began: accepted, ended: connected });
    // When the client spoke, while it waits for an answer.
    let open = Arc::new(Mutex::new(None));

    let (up, to_server) = channel();
    let (spoken, from) = (Arc::clone(&open), clone(client));
    thread::spawn(move || {
        listen(from, &up, |heard| {
            let said = heard.max(connected);
            held(&spoken).get_or_insert(said);
            said + round_trip / 2
        });
    });
    let to = clone(server);
    thread::spawn(move || deliver(&to_server, to, || {}));

    let (down, to_client) = channel();
    let from = clone(server);
    thread::spawn(move || listen(from, &down, |heard| heard + round_trip / 2));
    let (to, log) = (clone(client), Arc::clone(log));
    thread::spawn(move || {
        deliver(&to_client, to, || {
            if let Some(began) = held(&open).take() {
                held(&log.flights).push(Flight { began, ended: Instant::now() });
            }
        });
    });
}

fn clone(stream: &TcpStream) -> TcpStream {
    // What is delayed already should not wait for an acknowledgement as well.
    stream.set_nodelay(true).expect("a connected socket takes options");
    stream.try_clone().expect("a descriptor is free")
}

/// Bytes and when they are due; none at the end.
type Parcel = (Instant, Vec<u8>);

fn listen(mut from: TcpStream, to: &Sender<Parcel>, due: impl Fn(Instant) -> Instant) {
    let mut buffer = vec![0; 65_536];
    loop {
        let length = from.read(&mut buffer).unwrap_or(0);
        // Whoever delivers may have ended because its side is gone.
        if to.send((due(Instant::now()), buffer[..length].to_vec())).is_err() || length == 0 {
            return;
        }
    }
}

fn deliver(parcels: &Receiver<Parcel>, mut to: TcpStream, on_delivery: impl Fn()) {
    for (due, bytes) in parcels {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() {
            break;
        }
        // Logged first: whoever reads it may have asked the next question before this thread runs again.
        on_delivery();
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waited_for_the_other_counts() {
        let start = Instant::now();
        let flight = |from: u64, to: u64| Flight {
            began: start + Duration::from_millis(from),
            ended: start + Duration::from_millis(to),
        };
        let one_host = [flight(0, 50), flight(50, 100), flight(101, 151)];
        let after = [flight(155, 205), flight(205, 255), flight(256, 306)];
        assert_eq!(in_a_row(&[one_host, after].concat()), 6);
        let beside = [flight(10, 60), flight(60, 110), flight(110, 160), flight(155, 205)];
        assert_eq!(in_a_row(&[&one_host[..], &beside[..]].concat()), 4);
        assert_eq!(in_a_row(&[]), 0);
    }

    #[test]
    fn a_wire_takes_a_round_trip_to_connect_and_one_for_each_question() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wire = Wire::to(listener.local_addr().unwrap().port());
        wire.lengthen(Duration::from_millis(20));
        let echo = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..2 {
                let mut word = [0; 4];
                stream.read_exact(&mut word).unwrap();
                stream.write_all(&word).unwrap();
            }
        });
        let began = Instant::now();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, wire.port())).unwrap();
        for word in [b"ping", b"pong"] {
            let mut answer = [0; 4];
            stream.write_all(word).unwrap();
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, word);
        }
        let took = began.elapsed();
        echo.join().unwrap();
        assert!(took >= Duration::from_millis(60), "{took:?}");
        assert_eq!(in_a_row(&wire.flights()), 3);
    }
}
