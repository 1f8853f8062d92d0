//! Connections that are opened before there is a request for them.

use super::doubles::{
    Authority, Double, answer_all, closed_port, connect_proxy, read_request, response, shake_hands,
};
use super::{AMPLE, assert_failed, get, post, proxy_at};
use cognito_creds::http::{Client, Network, Proxies, SendError, SendErrorKind, Sent};
use http::Uri;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SHAKEN: &str = "hands shaken";

/// A name that only a proxy can lead anywhere.
const FAR: &str = "auth.example.test";

fn trusting(bundle: PathBuf, proxies: Proxies) -> Client {
    Client::new(&Network { ca_bundle: Some(bundle), proxies }).unwrap()
}

/// A TLS server that notes when it has shaken hands, and a client that trusts it.
fn server(name: &str) -> (Double, Client) {
    let authority = Authority::new();
    let config = authority.server(&["localhost", "127.0.0.1"]);
    let server = Double::start(move |stream, notes| {
        let mut stream = shake_hands(&config, stream);
        let _ = notes.send(SHAKEN.to_owned());
        answer_all(&mut stream, notes, OK.as_bytes());
    });
    (server, trusting(authority.bundle(name), Proxies::default()))
}

/// A TLS server that does `once` with its first connection and serves all others.
fn server_that(
    name: &str,
    once: impl Fn(Arc<rustls::ServerConfig>, TcpStream) + Send + Sync + 'static,
) -> (Double, Client) {
    let authority = Authority::new();
    let (config, first) = (authority.server(&["localhost"]), AtomicBool::new(true));
    let server = Double::start(move |stream, notes| {
        if first.swap(false, Ordering::SeqCst) {
            once(config.clone(), stream);
            let _ = notes.send("once".to_owned());
            return;
        }
        answer_all(&mut shake_hands(&config, stream), notes, OK.as_bytes());
    });
    (server, trusting(authority.bundle(name), Proxies::default()))
}

fn at(server: &Double) -> String {
    format!("https://localhost:{}/", server.port())
}

fn open_ahead(client: &Client, address: &str) {
    client.open_ahead(&address.parse::<Uri>().unwrap());
}

fn send(client: &Client, address: &str) -> Result<Vec<u8>, SendError> {
    client.send(post(address, "x"), AMPLE).map(|answer| answer.body().to_vec())
}

#[test]
fn a_connection_is_open_before_the_request_to_another_host_is_answered() {
    let (second, client) = server("ahead-overlap");
    let second = Arc::new(second);
    let shaken = Arc::clone(&second);
    // Has no answer before the other one is connected, so one after the other would never end.
    let first = Double::start(move |mut stream, notes| {
        let _ = notes.send(read_request(&mut stream).unwrap());
        assert_eq!(shaken.next_heard(), SHAKEN);
        stream.write_all(response("200 OK", "").as_bytes()).unwrap();
    });
    open_ahead(&client, &at(&second));
    client.send(post(first.url("/"), "x"), AMPLE).unwrap();
    for _ in 0..2 {
        assert_eq!(send(&client, &at(&second)).unwrap(), b"ok");
    }
    assert_eq!((first.connections(), second.connections()), (1, 1));
}

#[test]
fn a_session_ticket_is_no_reason_to_connect_again() {
    let (server, client) = server("ahead-tickets");
    open_ahead(&client, &at(&server));
    assert_eq!(server.next_heard(), SHAKEN);
    assert_eq!(send(&client, &at(&server)).unwrap(), b"ok");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_request_waits_for_a_connection_that_is_being_opened() {
    let go_on = Arc::new(Mutex::new(()));
    let held = go_on.lock().unwrap();
    let authority = Authority::new();
    let (config, gate) = (authority.server(&["localhost"]), Arc::clone(&go_on));
    let server = Double::start(move |stream, notes| {
        drop(gate.lock().unwrap());
        answer_all(&mut shake_hands(&config, stream), notes, OK.as_bytes());
    });
    let client = trusting(authority.bundle("ahead-waits"), Proxies::default());
    open_ahead(&client, &at(&server));
    let (address, asked) = (
        at(&server),
        std::thread::spawn({
            let (client, address) = (client.clone(), at(&server));
            move || send(&client, &address)
        }),
    );
    // Long enough to begin a connection of its own, if it did.
    std::thread::sleep(Duration::from_millis(200));
    drop(held);
    assert_eq!(asked.join().unwrap().unwrap(), b"ok");
    assert_eq!(send(&client, &address).unwrap(), b"ok");
    assert_eq!(server.connections(), 1);
}

#[test]
fn not_a_byte_is_sent_ahead_of_the_request() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"]);
    let server = Double::start(move |stream, notes| {
        let mut stream = shake_hands(&config, stream);
        let _ = notes.send(SHAKEN.to_owned());
        let mut said = Vec::new();
        // Ends when the client has gone.
        let _ = stream.read_to_end(&mut said);
        let _ = notes.send(format!("said {said:?}"));
    });
    let client = trusting(authority.bundle("ahead-silent"), Proxies::default());
    open_ahead(&client, &format!("{}secret?q=canary", at(&server)));
    assert_eq!(server.next_heard(), SHAKEN);
    drop(client);
    assert_eq!(server.next_heard(), "said []");
}

#[test]
fn a_connection_that_the_server_has_closed_gives_way_to_a_new_one() {
    type Once = fn(Arc<rustls::ServerConfig>, TcpStream);
    let endings: [(&str, Once); 3] = [
        ("ahead-cut", |config, stream| drop(shake_hands(&config, stream))),
        ("ahead-bye", |config, stream| {
            let mut stream = shake_hands(&config, stream);
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }),
        // Some servers tell why.
        ("ahead-408", |config, stream| {
            let mut stream = shake_hands(&config, stream);
            stream.write_all(response("408 Request Timeout", "").as_bytes()).unwrap();
            stream.flush().unwrap();
        }),
    ];
    for (name, once) in endings {
        let (server, client) = server_that(name, once);
        open_ahead(&client, &at(&server));
        assert_eq!(server.next_heard(), "once");
        assert_eq!(send(&client, &at(&server)).unwrap(), b"ok", "{name}");
        assert_eq!(server.connections(), 2, "{name}");
    }
}

#[test]
fn an_answer_that_nobody_asked_for_is_nobodys_answer() {
    let first = AtomicBool::new(true);
    let server = Double::start(move |mut stream, notes| {
        if first.swap(false, Ordering::SeqCst) {
            stream.write_all(response("408 Request Timeout", "").as_bytes()).unwrap();
            let _ = notes.send("once".to_owned());
        }
        answer_all(&mut stream, notes, OK.as_bytes());
    });
    let client = super::client();
    open_ahead(&client, &server.url("/"));
    assert_eq!(server.next_heard(), "once");
    assert_eq!(send(&client, &server.url("/")).unwrap(), b"ok");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_connection_that_could_not_be_opened_is_tried_once_more_by_the_request() {
    let (server, client) = server_that("ahead-once-more", |_, _| {});
    open_ahead(&client, &at(&server));
    assert_eq!(send(&client, &at(&server)).unwrap(), b"ok");
    assert_eq!(server.connections(), 2);
}

#[test]
fn an_opening_that_hangs_ends_at_the_limit_of_the_request() {
    let server = Double::start(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let client = super::client();
    open_ahead(&client, &at(&server));
    let start = Instant::now();
    let error = client.send(post(at(&server), "x"), Duration::from_millis(300)).unwrap_err();
    // The opening has three seconds of its own.
    assert!(start.elapsed() < Duration::from_millis(2500), "took {:?}", start.elapsed());
    assert_failed(&error, SendErrorKind::TimedOut, Sent::Never);
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_fails_ahead_is_told_by_the_request_as_ever() {
    let plain = Double::start(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let untrusted = Double::answering_tls(Authority::new().server(&["localhost"]), OK);
    // A label of 64 bytes fails without asking a name server (RFC 1035 §2.3.4).
    let nowhere = format!("https://{}.example/", "a".repeat(64));
    for (address, kind) in [
        (format!("https://localhost:{}/", closed_port()), SendErrorKind::Refused),
        (at(&untrusted), SendErrorKind::Tls),
        (at(&plain), SendErrorKind::Tls),
        (nowhere, SendErrorKind::Dns),
    ] {
        let client = super::client();
        let usual = send(&client, &address).unwrap_err();
        assert_failed(&usual, kind, Sent::Never);
        open_ahead(&client, &address);
        assert_eq!(send(&client, &address).unwrap_err(), usual);
    }
}

#[test]
fn a_request_that_was_sent_on_it_perhaps_arrived() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"]);
    let server = Double::start(move |stream, notes| {
        let mut stream = shake_hands(&config, stream);
        let _ = notes.send(SHAKEN.to_owned());
        read_request(&mut stream);
    });
    let client = trusting(authority.bundle("ahead-broken"), Proxies::default());
    open_ahead(&client, &at(&server));
    assert_eq!(server.next_heard(), SHAKEN);
    assert_failed(&send(&client, &at(&server)).unwrap_err(), SendErrorKind::Broken, Sent::Perhaps);
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_answer_on_it_that_hangs_ends_at_the_limit_of_the_request() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"]);
    let server = Double::start(move |stream, _| {
        let mut stream = shake_hands(&config, stream);
        read_request(&mut stream);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let client = trusting(authority.bundle("ahead-no-answer"), Proxies::default());
    open_ahead(&client, &at(&server));
    let start = Instant::now();
    let error = client.send(post(at(&server), "x"), Duration::from_millis(500)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    assert_failed(&error, SendErrorKind::TimedOut, Sent::Perhaps);
}

#[test]
fn the_proxy_of_the_request_is_the_proxy_of_what_is_opened_ahead() {
    let authority = Authority::new();
    let server = Double::answering_tls(authority.server(&[FAR]), OK);
    let proxy = connect_proxy(server.address);
    let client =
        trusting(authority.bundle("ahead-proxy"), proxy_at(format_args!("me:p%40ss@{}", proxy.address)));
    let address = format!("https://{FAR}/");
    open_ahead(&client, &address);
    let asked = proxy.next_heard();
    assert!(asked.starts_with(&format!("CONNECT {FAR}:443 HTTP/1.1\r\n")), "{asked}");
    assert!(asked.contains("\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n"), "{asked}");
    assert_eq!(send(&client, &address).unwrap(), b"ok");
    assert_eq!((proxy.connections(), server.connections()), (1, 1));
}

#[test]
fn a_proxy_that_refuses_is_told_by_the_request_as_ever() {
    let proxy = Double::answering(response("403 Forbidden", ""));
    let client = trusting(Authority::new().bundle("ahead-refused"), proxy_at(proxy.address));
    let address = format!("https://{FAR}/");
    open_ahead(&client, &address);
    let error = send(&client, &address).unwrap_err();
    assert_failed(&error, SendErrorKind::Proxy, Sent::Never);
    assert!(error.what().contains(FAR) && error.detail().contains("403"), "{error:?}");
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn nothing_is_opened_for_an_address_that_is_refused() {
    let server = Double::answering(OK);
    let client = super::client();
    // 0.0.0.0 leads to the double, and is no loopback address.
    for address in [format!("http://0.0.0.0:{}/", server.port()), "/oauth2/token".to_owned()] {
        open_ahead(&client, &address);
    }
    client.send(get(server.url("/")), AMPLE).unwrap();
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_connection_serves_its_own_origin_alone() {
    let (server, client) = server("ahead-origin");
    open_ahead(&client, &at(&server));
    assert_eq!(server.next_heard(), SHAKEN);
    for address in [format!("https://127.0.0.1:{}/", server.port()), at(&server)] {
        assert_eq!(send(&client, &address).unwrap(), b"ok");
        assert_eq!(server.connections(), 2, "{address}");
    }
}
