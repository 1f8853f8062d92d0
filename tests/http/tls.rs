//! Whom the client believes, over real handshakes.

use super::doubles::{Authority, Double, scratch_file, shake_hands};
use super::{AMPLE, assert_failed, client, post};
use cognito_creds::error::Next;
use cognito_creds::http::{Client, Network, Proxies, SendError, SendErrorKind, Sent};
use rustls::ServerConfig;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn trusting(bundle: &Path) -> Client {
    Client::new(&Network { ca_bundle: Some(bundle.to_owned()), proxies: Proxies::default() }).unwrap()
}

fn server(config: Arc<ServerConfig>) -> Double {
    Double::answering_tls(config, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

fn send(client: &Client, server: &Double) -> Result<String, SendError> {
    let request = post(format!("https://localhost:{}/", server.port()), "x");
    client.send(request, AMPLE).map(|answer| String::from_utf8(answer.body().to_vec()).unwrap())
}

#[track_caller]
fn assert_refused(result: Result<String, SendError>, words: &str) {
    let error = result.unwrap_err();
    assert_failed(&error, SendErrorKind::Tls, Sent::Never);
    assert!(error.what().contains("localhost:"), "{error}");
    assert!(error.what().contains(words), "{error}");
    assert!(!error.detail().is_empty());
}

#[test]
fn a_bundle_is_believed() {
    let authority = Authority::new();
    let server = server(authority.server(&["localhost"]));
    let client = trusting(&authority.bundle("believed"));
    assert_eq!(send(&client, &server).unwrap(), "ok");
    assert_eq!(send(&client, &server).unwrap(), "ok");
    assert_eq!(server.connections(), 1, "the second request uses the first handshake");
}

#[test]
fn a_bundle_may_hold_other_authorities_text_and_a_key() {
    let authority = Authority::new();
    let mut file = b"# a comment\n".to_vec();
    file.extend(std::fs::read(Authority::new().bundle("several-other")).unwrap());
    file.extend(rcgen::KeyPair::generate().unwrap().serialize_pem().into_bytes());
    file.extend(std::fs::read(authority.bundle("several-ours")).unwrap());
    let client = trusting(&scratch_file("several", &file));
    assert_eq!(send(&client, &server(authority.server(&["localhost"]))).unwrap(), "ok");
}

#[test]
fn the_system_store_refuses_a_private_authority_and_names_the_remedy() {
    let server = server(Authority::new().server(&["localhost"]));
    assert_refused(send(&client(), &server), "AWS_CA_BUNDLE");
}

#[test]
fn a_bundle_refuses_every_other_authority() {
    let server = server(Authority::new().server(&["localhost"]));
    let bundle = Authority::new().bundle("stranger");
    assert_refused(send(&trusting(&bundle), &server), bundle.to_str().unwrap());
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let server = server(authority.server(&["auth.example.com"]));
    assert_refused(send(&trusting(&authority.bundle("other-host")), &server), "another host");
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = server(authority.expired_server("localhost"));
    assert_refused(send(&trusting(&authority.bundle("expired")), &server), "expired");
}

#[test]
fn a_server_without_tls_never_gets_the_request() {
    let plain = Double::start(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_refused(send(&client(), &plain), "no way to a secure connection");

    let hangs_up = Double::start(|_, _| {});
    let error = send(&client(), &hangs_up).unwrap_err();
    assert_failed(&error, SendErrorKind::Broken, Sent::Never);
}

#[test]
fn tls_1_3_is_spoken_and_so_a_handshake_is_one_round_trip() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"]);
    let server = Double::start(move |stream, notes| {
        let stream = shake_hands(&config, stream);
        let _ =
            notes.send(format!("{:?} {:?}", stream.conn.protocol_version(), stream.conn.handshake_kind()));
    });
    let client = trusting(&authority.bundle("version"));
    let _ = send(&client, &server);
    // `Full`, not `FullWithHelloRetryRequest`, which would be one more.
    assert_eq!(server.next_heard(), "Some(TLSv1_3) Some(Full)");
}

#[test]
fn a_bundle_that_cannot_serve_is_an_error_that_names_it() {
    let cases = [
        (PathBuf::from("/nonexistent/ca.pem"), "can't be read"),
        (scratch_file("empty", b""), "holds no PEM certificate"),
        (scratch_file("der", &[0x30, 0x82, 0, 0xff]), "holds no PEM certificate"),
        (
            scratch_file("broken", b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"),
            "is not a PEM file",
        ),
    ];
    for (path, words) in cases {
        let network = Network { ca_bundle: Some(path.clone()), proxies: Proxies::default() };
        let error = Client::new(&network).unwrap_err();
        assert_eq!(error.next(), Next::Configure);
        assert!(error.what().contains(path.to_str().unwrap()) && error.what().contains(words), "{error}");
    }
}

/// The system's store is found by `SSL_CERT_FILE`, so a process of its own can be given one.
#[cfg(target_os = "linux")]
mod system_store {
    use super::super::doubles::response;
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    const ROLE: &str = "HTTP_TEST_SYSTEM_STORE_PORT";

    /// Runs the test `name` again, as a child whose system store is `store`.
    fn run_child(name: &str, store: &Path, port: u16) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("tls::system_store::{name}"), "--nocapture"])
            .env("SSL_CERT_FILE", store)
            .env_remove("SSL_CERT_DIR")
            .env(ROLE, port.to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    }

    fn port_as_child() -> Option<u16> {
        std::env::var(ROLE).ok().map(|port| port.parse().unwrap())
    }

    #[test]
    fn is_believed_and_replaced_by_a_bundle() {
        if let Some(port) = port_as_child() {
            let request = || post(format!("https://localhost:{port}/"), "x");
            assert_eq!(&client().send(request(), AMPLE).unwrap().body()[..], b"ok");
            let other = trusting(&Authority::new().bundle("replacing"));
            assert_failed(&other.send(request(), AMPLE).unwrap_err(), SendErrorKind::Tls, Sent::Never);
            return;
        }
        let authority = Authority::new();
        let server = server(authority.server(&["localhost"]));
        run_child("is_believed_and_replaced_by_a_bundle", &authority.bundle("system"), server.port());
    }

    #[test]
    fn is_loaded_once_for_all_connections() {
        const NAME: &str = "is_loaded_once_for_all_connections";
        if let Some(port) = port_as_child() {
            let client = client();
            for _ in 0..2 {
                client.send(post(format!("https://localhost:{port}/"), "x"), AMPLE).unwrap();
                std::fs::write(std::env::var("SSL_CERT_FILE").unwrap(), b"").unwrap();
            }
            return;
        }
        let authority = Authority::new();
        let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        let server = Double::answering_tls(authority.server(&["localhost"]), answer);
        run_child(NAME, &authority.bundle("once"), server.port());
        assert_eq!(server.connections(), 2);
    }

    #[test]
    fn is_loaded_once_for_connections_that_begin_together() {
        const NAME: &str = "is_loaded_once_for_connections_that_begin_together";
        if let Some(port) = port_as_child() {
            let client = client();
            // Two origins, so that both connect, and at the same time.
            client.open_ahead(&format!("https://127.0.0.1:{port}/").parse().unwrap());
            for host in ["localhost", "127.0.0.1"] {
                client.send(post(format!("https://{host}:{port}/"), "x"), AMPLE).unwrap();
            }
            return;
        }
        let authority = Authority::new();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let server = Double::answering_tls(authority.server(&["localhost", "127.0.0.1"]), answer);
        let store = scratch_file("together", b"");
        std::fs::remove_file(&store).unwrap();
        let made = Command::new("mkfifo").arg(&store).status().unwrap();
        assert!(made.success());
        let certificate = std::fs::read(authority.bundle("together-ca")).unwrap();
        let (empty, fifo) = (scratch_file("together-empty", b""), store.clone());
        std::thread::spawn(move || {
            // Returns when somebody reads. He is held up until the other connection wants it, too; who
            // opens the store for himself finds an empty one.
            let mut reader = std::fs::File::create(&fifo).unwrap();
            std::fs::rename(empty, &fifo).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            reader.write_all(&certificate).unwrap();
        });
        run_child(NAME, &store, server.port());
        assert_eq!(server.connections(), 2);
    }

    #[test]
    fn is_loaded_by_the_first_https_request_and_not_before() {
        if let Some(port) = port_as_child() {
            let client = client();
            client.send(post(format!("http://localhost:{port}/"), "x"), AMPLE).unwrap();
            let error = client.send(post(format!("https://localhost:{port}/"), "x"), AMPLE).unwrap_err();
            assert_failed(&error, SendErrorKind::Tls, Sent::Never);
            assert!(error.what().contains("no CA certificates"), "{error}");
            return;
        }
        let server = Double::answering(response("200 OK", ""));
        let empty = scratch_file("empty-store", b"");
        run_child("is_loaded_by_the_first_https_request_and_not_before", &empty, server.port());
    }
}
