//! What is sent, what is never sent, and what a failure says about the request.

use super::doubles::{Double, closed_port, read_request, response};
use super::snapshot::Snapshot;
use super::{AMPLE, assert_failed, client, get, post};
use cognito_creds::http::{SendErrorKind, Sent};
use std::net::Shutdown;
use std::time::Duration;

#[test]
fn any_status_is_an_answer() {
    for (line, status) in [("200 OK", 200), ("400 Bad Request", 400), ("503 Gone", 503)] {
        let server = Double::answering(response(line, r#"{"a":1}"#));
        let answer = client().send(post(server.url("/oauth2/token"), "a=b"), AMPLE).unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (status, &br#"{"a":1}"#[..]));
    }
}

#[test]
fn a_request_goes_out_as_it_was_made_and_names_the_program() {
    let server = Double::answering(response("200 OK", ""));
    let mut request = post(server.url("/p?q=1"), "code=x");
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    client().send(request, AMPLE).unwrap();
    let heard = server.next_heard().to_ascii_lowercase();
    assert!(heard.starts_with("post /p?q=1 http/1.1\r\n"), "{heard}");
    assert!(heard.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{heard}");
    assert!(
        heard.contains(concat!("\r\nuser-agent: cognito-creds/", env!("CARGO_PKG_VERSION"), "\r\n")),
        "{heard}"
    );
    assert!(heard.ends_with("\r\n\r\ncode=x"), "{heard}");
    assert!(!heard.contains("accept-encoding"), "nothing here can unpack: {heard}");
    assert!(!heard.contains("expect:"), "waiting for leave to go on costs a round trip: {heard}");
}

#[test]
fn a_get_has_no_body_and_an_empty_post_says_so() {
    let server = Double::answering(response("200 OK", ""));
    client().send(get(server.url("/")), AMPLE).unwrap();
    let heard = server.next_heard().to_ascii_lowercase();
    assert!(!heard.contains("content-length") && !heard.contains("transfer-encoding"), "{heard}");
    client().send(post(server.url("/"), ""), AMPLE).unwrap();
    assert!(server.next_heard().to_ascii_lowercase().contains("content-length: 0"));
}

#[test]
fn requests_to_one_host_share_a_connection() {
    let server = Double::answering(response("200 OK", "x"));
    let client = client();
    for _ in 0..3 {
        client.clone().send(get(server.url("/")), AMPLE).unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = Double::answering(response("200 OK", ""));
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let target = elsewhere.url("/x");
        let head = format!("HTTP/1.1 {status}\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let server = Double::answering(head);
        for request in [get(server.url("/")), post(server.url("/"), "secret")] {
            let answer = client().send(request, AMPLE).unwrap();
            assert_eq!(answer.status().as_str(), &status[..3]);
            assert_eq!(answer.headers()["location"], target);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn http_to_another_machine_is_refused_before_anything_is_opened() {
    let server = Double::answering(response("200 OK", ""));
    // 0.0.0.0 leads to the double, and is no loopback address.
    let error = client().send(post(format!("http://0.0.0.0:{}/", server.port()), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::Insecure, Sent::Never);
    assert_eq!(error.host(), format!("0.0.0.0:{}", server.port()));
    let what = "would carry secrets in clear text; http is for this machine alone, use https.";
    assert_eq!(error.what(), format!("http://{} {what}", error.host()));
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_is_refused_before_anything_is_opened_in_words() {
    let mut told = Snapshot::of("reasons", "requests-that-never-left");
    for (case, uri, limit) in [
        ("in clear text", "http://auth.example.com/", AMPLE),
        ("to nowhere", "/oauth2/token", AMPLE),
        ("too late", "https://auth.example.com/", Duration::ZERO),
    ] {
        told.tell(case, client().send(get(uri), limit).unwrap_err().what());
    }
    told.compare();
}

#[test]
fn an_address_that_is_none_is_refused() {
    for uri in ["/oauth2/token", "ftp://localhost/x"] {
        let error = client().send(get(uri), AMPLE).unwrap_err();
        assert_failed(&error, SendErrorKind::Other, Sent::Never);
        assert_eq!(error.what(), "The address of a request has no https:// and host.");
    }
}

#[test]
fn a_refused_connection_never_sent_the_request() {
    let port = closed_port();
    let error = client().send(post(format!("http://localhost:{port}/"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::Refused, Sent::Never);
    assert_eq!(error.what(), format!("localhost:{port} refused the connection."));
}

#[test]
fn a_host_that_does_not_exist_never_got_the_request() {
    // A label of 64 bytes fails without asking a name server (RFC 1035 §2.3.4).
    let host = format!("{}.example", "a".repeat(64));
    let error = client().send(post(format!("https://{host}/"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::Dns, Sent::Never);
    assert_eq!(error.what(), format!("{host} could not be found (DNS)."));
}

#[test]
fn a_connection_that_ends_after_the_request_perhaps_delivered_it() {
    let endings: [&'static [u8]; 4] = [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
    ];
    for sent in endings {
        let server = Double::start(move |mut stream, _| {
            read_request(&mut stream);
            std::io::Write::write_all(&mut stream, sent).unwrap();
            stream.shutdown(Shutdown::Both).unwrap();
        });
        let error = client().send(post(server.url("/?code=canary"), "code=canary"), AMPLE).unwrap_err();
        assert_failed(&error, SendErrorKind::Broken, Sent::Perhaps);
        assert!(error.what().contains(&server.address.to_string()), "{error}");
        let shown = format!("{error} {error:?} {}", error.detail());
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn what_is_not_http_perhaps_delivered_the_request() {
    let server = Double::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    let error = client().send(post(server.url("/?code=canary"), "x"), AMPLE).unwrap_err();
    assert_failed(&error, SendErrorKind::Other, Sent::Perhaps);
    assert!(!format!("{error:?}").contains("canary"));
}

#[test]
fn debug_of_the_client_and_of_an_answer_shows_no_secret() {
    let server = Double::answering(response("200 OK", "canary"));
    let client = client();
    let answer = client.send(get(server.url("/")), AMPLE).unwrap();
    assert!(!format!("{answer:?} {client:?}").contains("canary"));
}
