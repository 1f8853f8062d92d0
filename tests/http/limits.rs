//! Every request ends, and no answer fills the memory.

use super::doubles::{Double, read_request};
use super::{AMPLE, assert_failed, client, get, post};
use cognito_creds::http::{BODY_LIMIT, HEADER_LIMIT, SendErrorKind, Sent};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(400);

/// Sends a byte now and then until the client goes.
fn drip(stream: &TcpStream) {
    drip_every(Duration::from_millis(40), stream);
}

fn drip_every(pause: Duration, mut stream: &TcpStream) {
    while stream.write_all(b"x").is_ok() {
        std::thread::sleep(pause);
    }
}

/// The request must end by its limit. Five seconds are far above it and far below any other end.
#[track_caller]
fn assert_times_out(request: http::Request<Vec<u8>>, sent: Sent) {
    let start = Instant::now();
    let error = client().send(request, SHORT).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    assert_failed(&error, SendErrorKind::TimedOut, sent);
}

#[test]
fn a_body_that_drips_ends_at_the_limit() {
    let heads = ["Content-Length: 9999\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n1000\r\n"];
    for rest in heads {
        let server = Double::start(move |mut stream, _| {
            read_request(&mut stream);
            write!(stream, "HTTP/1.1 200 OK\r\n{rest}").unwrap();
            drip(&stream);
        });
        assert_times_out(post(server.url("/"), "x"), Sent::Perhaps);
    }
}

/// What lies in the socket at the limit is read, but a server can't go on for ever by that.
#[test]
fn a_body_that_never_pauses_ends_at_the_limit() {
    let server = Double::start(move |mut stream, _| {
        read_request(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n").unwrap();
        drip_every(Duration::from_millis(1), &stream);
    });
    assert_times_out(post(server.url("/"), "x"), Sent::Perhaps);
}

#[test]
fn a_head_that_drips_ends_at_the_limit() {
    let server = Double::start(|mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").unwrap();
        drip(&stream);
    });
    assert_times_out(post(server.url("/"), "x"), Sent::Perhaps);
}

#[test]
fn a_server_that_never_speaks_ends_at_the_limit() {
    let server = Double::start(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_times_out(post(server.url("/"), "x"), Sent::Perhaps);
    // No handshake, so no request.
    assert_times_out(post(format!("https://localhost:{}/", server.port()), "x"), Sent::Never);
}

#[test]
fn without_time_nothing_is_opened() {
    let server = Double::answering("");
    let error = client().send(get(server.url("/")), Duration::ZERO).unwrap_err();
    assert_failed(&error, SendErrorKind::TimedOut, Sent::Never);
    assert_eq!(error.what(), format!("No time was left for a request to {}.", server.address));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_flood_of_headers_is_cut_off() {
    let long_line = format!("X-A: {}\r\n", "a".repeat(HEADER_LIMIT));
    let many_lines = "X-A: a\r\n".repeat(4_000);
    for flood in [long_line, many_lines] {
        let server = Double::answering(format!("HTTP/1.1 200 OK\r\n{flood}\r\n"));
        let error = client().send(post(server.url("/"), "x"), AMPLE).unwrap_err();
        assert_failed(&error, SendErrorKind::TooLarge, Sent::Perhaps);
    }
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let server = Double::start(|mut stream, _| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: ");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    let error = client().send(post(server.url("/"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::TooLarge, Sent::Perhaps);
}

#[test]
fn a_body_over_the_limit_is_cut_off_whether_announced_or_not() {
    let server = Double::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u64::MAX));
    let error = client().send(post(server.url("/"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::TooLarge, Sent::Perhaps);

    let endless = Double::start(|mut stream, _| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    let error = client().send(post(endless.url("/"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::TooLarge, Sent::Perhaps);
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    let body = "a".repeat(BODY_LIMIT);
    let server = Double::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY_LIMIT}\r\n\r\n{body}"));
    assert_eq!(client().send(get(server.url("/")), AMPLE).unwrap().body().len(), BODY_LIMIT);
}
