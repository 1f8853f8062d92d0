//! A sign-in that waits for its callback, and the clients that come instead.

#![allow(dead_code, reason = "each test file uses its own part")]

mod ports;

pub use ports::free_port;

use cognito_creds::profile::redirect_uri::RedirectUri;
use cognito_creds::user_pool::callback::{Callback, Listener, Served, State};
use cognito_creds::user_pool::page::Page;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer than any test should take: reaching it means that something hangs.
pub const HANGS: Duration = Duration::from_mins(1);

pub fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap()
}

/// A sign-in in another thread. What `finish` sees and how often is recorded.
pub struct SignIn {
    pub port: u16,
    pub state: State,
    pub seen: Arc<Mutex<Vec<Callback>>>,
    pub finished: Arc<AtomicUsize>,
    cancelled: Arc<AtomicBool>,
    gate: Option<mpsc::Sender<()>>,
    thread: JoinHandle<Served<&'static str>>,
}

pub struct Options {
    pub redirect: fn(u16) -> String,
    pub wait: Duration,
    /// Whether `finish` waits for [`SignIn::let_finish`].
    pub gated: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { redirect: |port| format!("http://localhost:{port}/cb"), wait: HANGS, gated: false }
    }
}

impl SignIn {
    pub fn start() -> Self {
        Self::with(&Options::default())
    }

    pub fn with(options: &Options) -> Self {
        let port = free_port();
        let listener = Listener::bind(&[uri(&(options.redirect)(port))]).unwrap();
        let state = State::new().unwrap();
        let (seen, finished, cancelled) = (Arc::default(), Arc::default(), Arc::<AtomicBool>::default());
        let (gate, opened) = mpsc::channel();
        let gate = options.gated.then_some(gate);
        let until = Instant::now() + options.wait;
        let gated = options.gated;
        let thread = {
            let (state, seen, finished, cancelled) =
                (state.clone(), Arc::clone(&seen), Arc::clone(&finished), Arc::clone(&cancelled));
            thread::spawn(move || {
                let finish = move |callback| {
                    let seen: Arc<Mutex<Vec<Callback>>> = seen;
                    seen.lock().unwrap().push(callback);
                    if gated {
                        opened.recv_timeout(HANGS).unwrap();
                    }
                    let finished: Arc<AtomicUsize> = finished;
                    finished.fetch_add(1, Ordering::SeqCst);
                    ("done", page())
                };
                listener.serve(&state, until, || cancelled.load(Ordering::SeqCst), finish)
            })
        };
        Self { port, state, seen, finished, cancelled, gate, thread }
    }

    pub fn let_finish(&self) {
        self.gate.as_ref().unwrap().send(()).unwrap();
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// The path and query of the true callback.
    pub fn target(&self) -> String {
        format!("/cb?code=true-code&state={}", self.state.as_str())
    }

    pub fn v4(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn v6(&self) -> SocketAddr {
        (std::net::Ipv6Addr::LOCALHOST, self.port).into()
    }

    /// A GET as a browser sends it.
    pub fn head(&self, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port)
    }

    pub fn get(&self, target: &str) -> String {
        send(self.v4(), self.head(target).as_bytes()).unwrap()
    }

    /// Follows the true callback to the page, as the browser does, and returns the page.
    pub fn complete(&self) -> String {
        let answer = self.get(&self.target());
        self.get(&self.landing(&answer))
    }

    /// Where a 303 leads, as path and query.
    pub fn landing(&self, answer: &str) -> String {
        assert_eq!(status(answer), 303, "{answer}");
        let location = header(answer, "location").unwrap();
        let origin = format!("http://localhost:{}", self.port);
        location.strip_prefix(&origin).unwrap_or_else(|| panic!("leads to {location}")).to_owned()
    }

    pub fn end(self) -> Served<&'static str> {
        self.thread.join().unwrap()
    }

    /// Proves that the true callback is still taken, once, and unchanged.
    pub fn proves_alive(self) {
        let page = self.complete();
        assert!(page.contains("signed in"), "{page}");
        let (seen, finished) = (Arc::clone(&self.seen), Arc::clone(&self.finished));
        assert!(matches!(self.end(), Served::Finished("done")));
        assert_eq!(finished.load(Ordering::SeqCst), 1);
        assert_eq!(codes(&seen), ["true-code"]);
    }
}

/// The codes that reached `finish`.
pub fn codes(seen: &Mutex<Vec<Callback>>) -> Vec<String> {
    let code = |callback: &Callback| match callback {
        Callback::Code { code, .. } => code.expose().to_owned(),
        Callback::Refused { error, .. } => format!("refused: {error}"),
    };
    seen.lock().unwrap().iter().map(code).collect()
}

pub fn page() -> Page {
    Page::SignedIn {
        who: "ada@example.com".into(),
        provider: None,
        profile: "dev".into(),
        role: None,
        account: None,
    }
}

pub fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(HANGS))?;
    stream.set_write_timeout(Some(HANGS))?;
    Ok(stream)
}

/// Sends bytes as they are and reads all that comes back. A server that closes early, or resets
/// because we sent more than it wanted, is no error; one that never closes is.
pub fn send(to: SocketAddr, bytes: &[u8]) -> io::Result<String> {
    let mut stream = connect(to)?;
    let _ = stream.write_all(bytes);
    read(&mut stream)
}

pub fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(cause),
        _ => {
            let _ = stream.shutdown(Shutdown::Both);
            Ok(String::from_utf8_lossy(&answer).into_owned())
        }
    }
}

/// The status of an answer, 0 where the connection was closed without one.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}
