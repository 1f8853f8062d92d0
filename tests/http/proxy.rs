//! Proxies in front of real TLS.

use super::doubles::{Authority, Double, closed_port, connect_proxy, read_request, relay, response};
use super::{AMPLE, assert_failed, post, proxies, proxy_at};
use cognito_creds::http::{Client, Network, Proxies, SendError, SendErrorKind, Sent};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A name that only a proxy can lead anywhere.
const FAR: &str = "auth.example.test";

/// A TLS server that is `FAR`, and also 0.0.0.0: an address that isn't loopback but leads here.
fn far_server(name: &str) -> (Double, PathBuf) {
    let authority = Authority::new();
    let config = authority.server(&[FAR, "0.0.0.0", "localhost"]);
    let server = Double::answering_tls(config, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    (server, authority.bundle(name))
}

fn send(proxies: Proxies, bundle: &Path, url: String) -> Result<Vec<u8>, SendError> {
    let client = Client::new(&Network { ca_bundle: Some(bundle.to_owned()), proxies }).unwrap();
    client.send(post(url, "x"), AMPLE).map(|answer| answer.body().to_vec())
}

#[test]
fn a_request_goes_through_the_proxy_and_tls_ends_at_the_host() {
    let (server, bundle) = far_server("proxy-through");
    let proxy = connect_proxy(server.address);
    let url = format!("https://{FAR}/oauth2/token?q=canary");
    assert_eq!(send(proxy_at(proxy.address), &bundle, url).unwrap(), b"ok");
    let asked = proxy.next_heard();
    assert!(asked.starts_with(&format!("CONNECT {FAR}:443 HTTP/1.1\r\n")), "{asked}");
    assert!(!asked.contains("canary") && !asked.to_lowercase().contains("proxy-authorization"), "{asked}");
    assert!(server.next_heard().starts_with("POST /oauth2/token?q=canary HTTP/1.1\r\n"));
}

#[test]
fn a_proxy_gets_its_password() {
    let (server, bundle) = far_server("proxy-password");
    let proxy = connect_proxy(server.address);
    let named = proxy_at(format_args!("me:p%40ss@{}", proxy.address));
    send(named, &bundle, format!("https://{FAR}/")).unwrap();
    // base64 of me:p@ss
    assert!(proxy.next_heard().contains("\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n"));
}

#[test]
fn a_proxy_that_wants_a_password_is_told_as_such_without_showing_one() {
    let (_server, bundle) = far_server("proxy-407");
    let proxy = Double::answering(response("407 Proxy Authentication Required", "no"));
    let named = proxy_at(format_args!("me:canary@{}", proxy.address));
    let error = send(named, &bundle, format!("https://{FAR}/")).unwrap_err();
    assert_failed(&error, SendErrorKind::Proxy, Sent::Never);
    assert!(error.what().contains(&format!("The proxy {} asks for a user name", proxy.address)), "{error}");
    assert!(error.what().contains("HTTPS_PROXY"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn a_proxy_that_refuses_the_host_never_sent_the_request() {
    let (_server, bundle) = far_server("proxy-refuses");
    for answer in ["403 Forbidden", "502 Bad Gateway", "503 Unavailable"] {
        let proxy = Double::answering(response(answer, ""));
        let error = send(proxy_at(proxy.address), &bundle, format!("https://{FAR}/")).unwrap_err();
        assert_failed(&error, SendErrorKind::Proxy, Sent::Never);
        assert!(error.what().contains(FAR) && error.detail().contains(&answer[..3]), "{error:?}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let (_server, bundle) = far_server("proxy-absent");
    let proxies = proxy_at(format_args!("me:canary@127.0.0.1:{}", closed_port()));
    let error = send(proxies, &bundle, format!("https://{FAR}/")).unwrap_err();
    assert_failed(&error, SendErrorKind::Proxy, Sent::Never);
    assert!(error.what().starts_with("The proxy 127.0.0.1:"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");

    // Fails without asking a name server (RFC 1035 §2.3.4).
    let nowhere = format!("{}.example:3128", "a".repeat(64));
    let error = send(proxy_at(&nowhere), &bundle, format!("https://{FAR}/")).unwrap_err();
    assert_failed(&error, SendErrorKind::Proxy, Sent::Never);
    assert!(error.what().contains(&nowhere), "{error}");
}

#[test]
fn a_proxy_that_hangs_ends_at_the_limit() {
    let (_server, bundle) = far_server("proxy-hangs");
    let proxy = Double::start(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let client = Client::new(&Network { ca_bundle: Some(bundle), proxies: proxy_at(proxy.address) }).unwrap();
    let start = Instant::now();
    let error = client.send(post(format!("https://{FAR}/"), "x"), Duration::from_millis(300)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    assert_failed(&error, SendErrorKind::TimedOut, Sent::Never);
}

#[test]
fn a_proxy_cannot_pass_itself_off_as_the_host() {
    let (_server, bundle) = far_server("proxy-liar");
    let (liar, _) = far_server("proxy-liar-other");
    let proxy = connect_proxy(liar.address);
    let error = send(proxy_at(proxy.address), &bundle, format!("https://{FAR}/")).unwrap_err();
    assert_failed(&error, SendErrorKind::Tls, Sent::Never);
    assert!(error.what().contains(FAR), "{error}");
}

#[test]
fn an_excepted_host_is_reached_directly_and_others_are_not() {
    let (server, bundle) = far_server("proxy-excepted");
    let proxy = connect_proxy(server.address);
    let url = format!("https://0.0.0.0:{}/", server.port());
    let with = |no_proxy: &'static str| {
        let address = format!("http://{}", proxy.address);
        Proxies::from_env(move |name| match name {
            "HTTPS_PROXY" => Some(address.clone()),
            "no_proxy" => Some(no_proxy.to_owned()),
            _ => None,
        })
    };
    send(with("example.test, 0.0.0.0/8"), &bundle, url.clone()).unwrap();
    assert_eq!((proxy.connections(), server.connections()), (0, 1));
    send(with("example.test"), &bundle, url).unwrap();
    assert_eq!((proxy.connections(), server.connections()), (1, 2));
}

#[test]
fn this_machine_is_never_reached_through_a_proxy() {
    let (server, bundle) = far_server("proxy-loopback");
    let proxy = connect_proxy(server.address);
    send(proxy_at(proxy.address), &bundle, format!("https://localhost:{}/", server.port())).unwrap();
    let plain = Double::answering(response("200 OK", ""));
    send(proxy_at(proxy.address), &bundle, plain.url("/")).unwrap();
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_that_cannot_be_used_stops_the_client() {
    let proxies = proxies(&[("https_proxy", "http://me:canary@host:port")]);
    let error = Client::new(&Network { ca_bundle: None, proxies }).unwrap_err();
    assert!(error.what().contains("https_proxy") && !format!("{error:?}").contains("canary"), "{error:?}");
}

/// Just enough of RFC 1928: no password, a host name, success.
fn socks_proxy(target: std::net::SocketAddr) -> Double {
    Double::start(move |mut client, notes| {
        let mut greeting = [0; 3];
        client.read_exact(&mut greeting).unwrap();
        assert_eq!(greeting[0], 5);
        client.write_all(&[5, 0]).unwrap();
        let mut head = [0; 5];
        client.read_exact(&mut head).unwrap();
        assert_eq!(head[..4], [5, 1, 0, 3], "connect to a name");
        let mut name = vec![0; usize::from(head[4]) + 2];
        client.read_exact(&mut name).unwrap();
        let _ = notes.send(String::from_utf8_lossy(&name[..name.len() - 2]).into_owned());
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        relay(client, TcpStream::connect(target).unwrap());
    })
}

#[test]
fn a_socks_proxy_serves_as_with_curl() {
    let (server, bundle) = far_server("proxy-socks");
    let proxy = socks_proxy(server.address);
    let address = format!("socks5h://{}", proxy.address);
    let proxies = Proxies::from_env(|name| (name == "ALL_PROXY").then(|| address.clone()));
    assert_eq!(send(proxies, &bundle, format!("https://{FAR}/")).unwrap(), b"ok");
    assert_eq!(proxy.next_heard(), FAR);
}

#[test]
fn a_connection_that_ends_behind_a_proxy_after_the_request_perhaps_delivered_it() {
    let authority = Authority::new();
    let config = authority.server(&[FAR]);
    let server = Double::start(move |stream, _| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        read_request(&mut rustls::StreamOwned::new(connection, stream));
    });
    let proxy = connect_proxy(server.address);
    let bundle = authority.bundle("proxy-broken");
    let error = send(proxy_at(proxy.address), &bundle, format!("https://{FAR}/")).unwrap_err();
    assert_failed(&error, SendErrorKind::Broken, Sent::Perhaps);
}
