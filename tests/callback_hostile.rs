//! The callback under attack: whatever else comes, the one true callback is taken, once, unchanged.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/callback.rs"]
mod support;

use cognito_creds::user_pool::callback::Served;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use support::{Options, SignIn, codes, connect, read, send, status};

/// Lets a test hold more sockets than some systems allow by default.
fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum.or(Some(4_096)).map(|most| most.min(4_096));
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}

#[test]
fn idle_sockets_do_not_delay_the_sign_in() {
    raise_file_limit();
    for count in [1, 6, 64, 500] {
        let sign_in = SignIn::start();
        let idle: Vec<TcpStream> = (0..count)
            .map(|n| connect(if n % 2 == 0 { sign_in.v4() } else { sign_in.v6() }).unwrap())
            .collect();
        sign_in.proves_alive();
        drop(idle);
    }
}

#[test]
fn the_newcomer_is_never_the_one_to_go() {
    raise_file_limit();
    let sign_in = SignIn::start();
    let mut idle: Vec<TcpStream> = (0..200).map(|_| connect(sign_in.v4()).unwrap()).collect();
    // The last in line is kept and answered, the first had to make room.
    let mut last = idle.pop().unwrap();
    last.write_all(sign_in.head("/favicon.ico").as_bytes()).unwrap();
    assert_eq!(status(&read(&mut last).unwrap()), 404);
    assert_eq!(idle[0].read(&mut [0]).unwrap(), 0);
    sign_in.proves_alive();
}

#[test]
fn a_browser_that_waits_for_the_exchange_keeps_its_place() {
    raise_file_limit();
    let sign_in = SignIn::with(&Options { gated: true, ..Options::default() });
    let mut tab = connect(sign_in.v4()).unwrap();
    tab.write_all(sign_in.head(&sign_in.target()).as_bytes()).unwrap();
    while sign_in.seen.lock().unwrap().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let _idle: Vec<TcpStream> = (0..300).map(|_| connect(sign_in.v4()).unwrap()).collect();
    assert_eq!(status(&sign_in.get("/favicon.ico")), 404);
    sign_in.let_finish();
    let landing = sign_in.landing(&read(&mut tab).unwrap());
    assert!(sign_in.get(&landing).contains("signed in"));
    sign_in.end();
}

#[test]
fn a_half_sent_true_callback_is_answered_when_the_rest_comes() {
    let sign_in = SignIn::start();
    let head = sign_in.head(&sign_in.target());
    let mut slow = connect(sign_in.v4()).unwrap();
    for part in head.as_bytes().chunks(20) {
        slow.write_all(part).unwrap();
        slow.flush().unwrap();
        thread::sleep(Duration::from_millis(5));
        assert_eq!(status(&sign_in.get("/robots.txt")), 404);
    }
    let landing = sign_in.landing(&read(&mut slow).unwrap());
    assert!(sign_in.get(&landing).contains("signed in"));
    sign_in.end();
}

#[test]
fn dripping_clients_are_shown_out_and_delay_nobody() {
    let sign_in = SignIn::start();
    let address = sign_in.v4();
    let shown_out = thread::spawn(move || {
        let mut drip = connect(address).unwrap();
        drip.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut sent = String::from("GET /cb HTTP/1.1\r\nX: ");
        // Each byte would renew a limit that counts from the last one.
        while drip.write_all(sent.as_bytes()).is_ok() {
            sent = "x".into();
            if matches!(drip.read(&mut [0; 64]), Ok(0)) {
                break;
            }
        }
    });
    let others: Vec<_> = (0..40)
        .map(|_| {
            let mut drip = connect(address).unwrap();
            drip.write_all(b"GET /cb?co").unwrap();
            drip
        })
        .collect();
    assert_eq!(status(&sign_in.get("/")), 404);
    shown_out.join().unwrap();
    drop(others);
    sign_in.proves_alive();
}

/// Heads that are none of ours, with the status they get; `S` stands for our state, `H` for our host.
const STRAYS: &[(&str, u16)] = &[
    // Other paths, other spellings of ours.
    ("GET /favicon.ico HTTP/1.1\r\nHost: H\r\n\r\n", 404),
    ("GET /.well-known/appspecific/com.chrome.devtools.json HTTP/1.1\r\nHost: H\r\n\r\n", 404),
    ("GET /cb/?code=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 404),
    ("GET /%63b?code=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 404),
    ("GET /x/../cb?code=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 404),
    // Wrong, missing, doubled or mangled answers.
    ("GET /cb HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&state=wrong HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?error=access_denied HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?error=access_denied&state=wrong HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&code=d&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&state=S&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&st%61te=S&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&error=e&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=%00&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c%0d%0aSet-Cookie:x&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&state=S%00 HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code%3Dc%26state%3DS HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c;state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?done=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    // Other methods.
    ("HEAD /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 405),
    ("POST /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nContent-Length: 0\r\n\r\n", 405),
    ("POST /cb HTTP/1.1\r\nHost: H\r\nContent-Length: 15\r\n\r\ncode=c&state=S&", 405),
    ("POST /cb HTTP/1.1\r\nHost: H\r\nContent-Length: 999999999\r\n\r\n", 405),
    (
        "OPTIONS /cb HTTP/1.1\r\nHost: H\r\nOrigin: https://x\r\nAccess-Control-Request-Method: GET\r\n\r\n",
        405,
    ),
    ("CONNECT evil.example:443 HTTP/1.1\r\nHost: H\r\n\r\n", 421),
    // A body where none belongs.
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nContent-Length: 4\r\n\r\nbody", 400),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    // Other names: DNS rebinding and proxies.
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 421),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
    ("GET http://evil.example/cb?code=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 421),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nHost: H\r\n\r\n", 400),
    ("GET /cb?code=c&state=S HTTP/1.1\r\n\r\n", 400),
    ("GET /cb?code=c&state=S HTTP/1.0\r\n\r\n", 400),
    // What the browser does without a person.
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nSec-Fetch-Dest: image\r\n\r\n", 403),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nSec-Fetch-Mode: cors\r\n\r\n", 403),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nSec-Purpose: prefetch;prerender\r\n\r\n", 403),
    (
        "GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        403,
    ),
    (
        "GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nSec-Fetch-Mode: websocket\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        403,
    ),
    // Not HTTP/1 at all.
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("\r\n\r\n\r\nhello\r\n\r\n", 400),
    ("\x16\x03\x01\x02\x00\x01\x00\x01\x7f\x03\x03\r\n\r\n", 400),
    ("GET /cb?code=c&state=S\r\n\r\n", 400),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost: H\r\nX: \x00\r\n\r\n", 400),
    ("GET /cb?code=c&state=S HTTP/1.1\r\nHost : H\r\n\r\n", 400),
    ("GET /cb?co\x01de=c&state=S HTTP/1.1\r\nHost: H\r\n\r\n", 400),
];

#[test]
fn strays_are_turned_away_one_by_one() {
    let sign_in = SignIn::start();
    let host = format!("localhost:{}", sign_in.port);
    for (stray, expected) in STRAYS {
        let stray = stray
            .replace("=S", &format!("={}", sign_in.state.as_str()))
            .replace(": H\r", &format!(": {host}\r"));
        let answer = send(sign_in.v4(), stray.as_bytes()).unwrap();
        // Of bytes that aren't HTTP hyper may also take its leave without a word.
        let silent = *expected == 400 && answer.is_empty();
        assert!(status(&answer) == *expected || silent, "{stray:?} got {answer:?}");
        assert!(!answer.contains(sign_in.state.as_str()) && !answer.contains("evil"), "{answer}");
        assert!(sign_in.seen.lock().unwrap().is_empty(), "{stray:?} was taken");
    }
    sign_in.proves_alive();
}

#[test]
fn script_in_an_error_is_not_repeated() {
    let sign_in = SignIn::start();
    let answer = sign_in.get("/cb?error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=canary");
    assert!(!answer.contains("alert") && !answer.contains("canary"), "{answer}");
    sign_in.proves_alive();
}

#[test]
fn big_and_strange_heads_are_bounded_or_tolerated() {
    let sign_in = SignIn::start();
    let big = format!(
        "GET /cb HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {}\r\n\r\n",
        sign_in.port,
        "x".repeat(40_000)
    );
    assert!(matches!(status(&send(sign_in.v4(), big.as_bytes()).unwrap()), 431 | 0));
    let long = sign_in.head(&format!("/cb?{}", "x".repeat(100_000)));
    assert!(matches!(status(&send(sign_in.v4(), long.as_bytes()).unwrap()), 414 | 431 | 0));
    let many = format!("GET /cb HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000));
    assert!(matches!(status(&send(sign_in.v4(), many.as_bytes()).unwrap()), 431 | 0));
    // Other programs' cookies on localhost come along; raw bytes are legal in a header (RFC 9110 §5.5).
    let mut head =
        format!("GET {} HTTP/1.1\r\nHost: localhost:{}\r\nCookie: a=", sign_in.target(), sign_in.port)
            .into_bytes();
    head.extend(0x80..=0xFF);
    head.extend(b"; ");
    head.extend([b'z'; 6_000]);
    head.extend(b"\r\n\r\n");
    let landing = sign_in.landing(&send(sign_in.v4(), &head).unwrap());
    assert!(sign_in.get(&landing).contains("signed in"));
    sign_in.end();
}

#[test]
fn pipelined_requests_get_one_answer() {
    let sign_in = SignIn::start();
    let two = format!("{}{}", sign_in.head("/favicon.ico"), sign_in.head(&sign_in.target()));
    let answer = send(sign_in.v4(), two.as_bytes()).unwrap();
    assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{answer}");
    assert!(sign_in.seen.lock().unwrap().is_empty());
    sign_in.proves_alive();
}

/// A small deterministic generator (xorshift64), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 40).unwrap() % below
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.throw(256)).unwrap()
    }

    /// A stray, perhaps cut short or with bytes changed, never with the true state.
    fn request(&mut self, port: u16) -> Vec<u8> {
        let mut bytes: Vec<u8> = if self.throw(3) == 0 {
            (0..self.throw(300)).map(|_| self.byte()).collect()
        } else {
            let stray = STRAYS[self.throw(STRAYS.len())].0;
            stray.replace(": H\r", &format!(": localhost:{port}\r")).into_bytes()
        };
        for _ in 0..self.throw(4) {
            if !bytes.is_empty() {
                let at = self.throw(bytes.len());
                bytes[at] = self.byte();
            }
        }
        if self.throw(4) == 0 {
            bytes.truncate(self.throw(bytes.len() + 1));
        }
        bytes
    }
}

/// Sends a share of the crowd's requests: some sockets are held open, some left at once, some read.
fn mingle(seed: u64, share: usize, port: u16, addresses: [SocketAddr; 2], sent: &AtomicUsize) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut held = Vec::new();
    for n in 0..share {
        let mut stream = connect(addresses[n % 2]).unwrap();
        // The listener may hang up before it has everything.
        let _ = stream.write_all(&dice.request(port));
        sent.fetch_add(1, Ordering::SeqCst);
        match dice.throw(3) {
            0 => held.push(stream),
            1 => drop(stream),
            _ => {
                stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                let _ = read(&mut stream);
            }
        }
        if held.len() > 40 {
            held.clear();
        }
    }
}

#[test]
fn the_true_callback_is_taken_amid_ten_thousand_random_requests() {
    let sign_in = SignIn::with(&Options { gated: true, ..Options::default() });
    let (port, addresses) = (sign_in.port, [sign_in.v4(), sign_in.v6()]);
    let sent = AtomicUsize::new(0);
    let wait_for = |count| {
        while sent.load(Ordering::SeqCst) < count {
            thread::sleep(Duration::from_millis(1));
        }
    };
    let page = thread::scope(|scope| {
        for seed in 1..=4 {
            let sent = &sent;
            scope.spawn(move || mingle(seed, 2_500, port, addresses, sent));
        }
        wait_for(5_000);
        assert!(sign_in.seen.lock().unwrap().is_empty());
        let tab = scope.spawn(|| sign_in.get(&sign_in.target()));
        wait_for(10_000);
        sign_in.let_finish();
        sign_in.get(&sign_in.landing(&tab.join().unwrap()))
    });
    assert!(page.contains("signed in"), "{page}");
    assert_eq!(codes(&sign_in.seen), ["true-code"]);
    let finished = Arc::clone(&sign_in.finished);
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    assert_eq!(finished.load(Ordering::SeqCst), 1);
}
