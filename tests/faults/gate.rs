//! A relay in front of everything that a profile talks to. It counts the calls, lets them pass, and does
//! the agreed thing to the one that a row is about.

use crate::fault::Fault;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request of the program, by what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Discovery,
    Code,
    Refresh,
    Backend,
    GetId,
    GetCredentials,
    GetOpenIdToken,
    AssumeRole,
    Other,
}

impl Call {
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Code => "code",
            Self::Refresh => "refresh",
            Self::Backend => "backend",
            Self::GetId => "GetId",
            Self::GetCredentials => "GetCredentials",
            Self::GetOpenIdToken => "GetOpenIdToken",
            Self::AssumeRole => "AssumeRole",
            Self::Other => "other",
        }
    }

    fn of(request: &[u8]) -> Self {
        let text = String::from_utf8_lossy(request);
        let path = text.split(' ').nth(1).unwrap_or_default();
        let has = |part: &str| text.contains(part);
        match () {
            () if path.starts_with("/api/v1/") => Self::Backend,
            () if path.ends_with("/.well-known/openid-configuration") => Self::Discovery,
            () if has("grant_type=refresh_token") => Self::Refresh,
            () if has("grant_type=authorization_code") => Self::Code,
            () if has("AWSCognitoIdentityService.GetId") => Self::GetId,
            () if has("AWSCognitoIdentityService.GetCredentialsForIdentity") => Self::GetCredentials,
            () if has("AWSCognitoIdentityService.GetOpenIdToken") => Self::GetOpenIdToken,
            () if has("Action=AssumeRoleWithWebIdentity") => Self::AssumeRole,
            () => Self::Other,
        }
    }
}

/// How often each call came.
pub type Counts = BTreeMap<Call, usize>;

/// A request that waited for an answer in vain.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub arrived: Instant,
    /// When its client closed the connection.
    pub given_up: Option<Instant>,
}

pub struct Gate {
    pub address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    sandbox: SocketAddr,
    backend: SocketAddr,
    struck: Option<(&'static [Call], Fault)>,
    seen: Counts,
    waits: Vec<Wait>,
}

impl Gate {
    /// A gate to the sandbox and to the developer's backend at these ports.
    pub fn open(sandbox: u16, backend: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let inside = Inside {
            sandbox: here(sandbox),
            backend: here(backend),
            struck: None,
            seen: Counts::new(),
            waits: Vec::new(),
        };
        let inside = Arc::new(Mutex::new(inside));
        let shared = Arc::clone(&inside);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || pass(stream, &shared));
            }
        });
        Self { address, inside }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on these calls get `fault`.
    pub fn strike(&self, calls: &'static [Call], fault: Fault) {
        self.inside.lock().unwrap().struck = Some((calls, fault));
    }

    /// Everything passes again.
    pub fn mend(&self) {
        self.inside.lock().unwrap().struck = None;
    }

    /// The calls since the last time this was asked.
    pub fn take_seen(&self) -> Counts {
        std::mem::take(&mut self.inside.lock().unwrap().seen)
    }

    /// The requests so far that waited for an answer in vain.
    pub fn waits(&self) -> Vec<Wait> {
        self.inside.lock().unwrap().waits.clone()
    }
}

/// One request of one connection. The other side may leave whenever it likes.
fn pass(mut stream: TcpStream, inside: &Arc<Mutex<Inside>>) {
    let Some(request) = peek_request(&stream) else { return };
    let call = Call::of(&request);
    let (target, fault) = {
        let mut inside = inside.lock().unwrap();
        *inside.seen.entry(call).or_default() += 1;
        let fault = inside.struck.filter(|(calls, _)| calls.contains(&call)).map(|(_, fault)| fault);
        (if call == Call::Backend { inside.backend } else { inside.sandbox }, fault)
    };
    // A socket that is closed with something unread in it is reset (RFC 9293 §3.10.7, RFC 1122 §4.2.2.13).
    let unread = usize::from(fault == Some(Fault::ResetMidBody));
    let mut read = vec![0; request.len() - unread];
    if stream.read_exact(&mut read).is_err() {
        return;
    }
    if fault.is_some_and(Fault::takes_time) {
        note_its_end(&stream, inside);
    }
    let proper = || forward(target, &request);
    let _ = match fault {
        None => stream.write_all(&proper()),
        Some(fault) => fault.strike(&mut stream, call, proper),
    };
}

/// Notes when the client of a request closes its connection; nobody sends a second request on it.
fn note_its_end(stream: &TcpStream, inside: &Arc<Mutex<Inside>>) {
    let (mut stream, inside) = (stream.try_clone().unwrap(), Arc::clone(inside));
    let at = {
        let mut inside = inside.lock().unwrap();
        inside.waits.push(Wait { arrived: Instant::now(), given_up: None });
        inside.waits.len() - 1
    };
    thread::spawn(move || {
        let _ = stream.read(&mut [0]);
        inside.lock().unwrap().waits[at].given_up = Some(Instant::now());
    });
}

/// A whole request, left where it is.
fn peek_request(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 1 << 18];
    let mut begun = None;
    loop {
        let there = stream.peek(&mut buffer).ok().filter(|there| *there > 0)?;
        let text = String::from_utf8_lossy(&buffer[..there]).into_owned();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text[..head].lines().filter_map(|line| line.split_once(':'));
            let length = length
                .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .find_map(|(_, value)| value.trim().parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or(0);
            if there >= whole {
                buffer.truncate(whole);
                return Some(buffer);
            }
        }
        // The rest is on its way, or the other side has gone.
        if begun.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(10) {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The proper answer, to its end.
fn forward(target: SocketAddr, request: &[u8]) -> Vec<u8> {
    let line = request.windows(2).position(|end| end == b"\r\n").unwrap() + 2;
    let mut server = TcpStream::connect(target).unwrap();
    let request = [&request[..line], b"Connection: close\r\n", &request[line..]].concat();
    server.write_all(&request).unwrap();
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    answer
}
