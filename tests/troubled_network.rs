//! What a person reads where no answer comes: names, certificates, proxies and servers that are something
//! else. Nothing that was stored is lost. The words are in `tests/cases/troubled-network.txt`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "http/doubles.rs"]
#[allow(dead_code, reason = "the client's own tests use the rest")]
mod doubles;
mod support;

use doubles::{Authority, Double, response, scratch_file};
use rustls::ServerConfig;
use std::io::{Read, Write};
use std::sync::Arc;
use support::cases::Cases;
use support::{Machine, Ran, assert_nothing_was_lost, signed_in};

/// A name that only a proxy can lead anywhere.
const FAR: &str = "auth.example.test";

/// A call whose identity pool is at `endpoint`.
fn call(machine: &Machine, endpoint: &str, more: &[(&str, &str)]) -> Ran {
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", endpoint)];
    machine.call_with(&[&endpoint[..], more].concat())
}

/// Ports differ from run to run.
fn anonymous(mut ran: Ran, double: &Double, bundle: Option<&str>) -> Ran {
    ran.stderr = ran.stderr.replace(&format!(":{}", double.port()), ":4566");
    if let Some(bundle) = bundle {
        ran.stderr = ran.stderr.replace(bundle, "/home/you/ca.pem");
    }
    ran
}

fn tls(config: Arc<ServerConfig>) -> Double {
    Double::answering_tls(config, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

fn bundle(authority: &Authority, name: &str) -> String {
    authority.bundle(name).to_str().unwrap().to_owned()
}

#[test]
fn whose_certificate_is_not_believed_is_told_with_the_reason() {
    let mut cases = Cases::of("certificates");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let (ours, another) = (Authority::new(), Authority::new());
    let (ours_file, another_file) = (bundle(&ours, "words-ours"), bundle(&another, "words-another"));
    let empty = scratch_file("words-empty", b"").to_str().unwrap().to_owned();
    let ends_tls = Double::start(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let hangs_up = Double::start(|_, _| {});
    let trusting = |file: &str| vec![("AWS_CA_BUNDLE", file.to_owned())];
    for (case, server, variables) in [
        ("an authority that this machine does not know", tls(ours.server(&["localhost"])), vec![]),
        ("another authority than the bundle's", tls(ours.server(&["localhost"])), trusting(&another_file)),
        ("another host's", tls(ours.server(&["auth.example.com"])), trusting(&ours_file)),
        ("one that has ended", tls(ours.expired_server("localhost")), trusting(&ours_file)),
        ("a machine without any authority", tls(ours.server(&["localhost"])), vec![("SSL_CERT_FILE", empty)]),
        ("a server without TLS", ends_tls, vec![]),
        ("a server that hangs up", hangs_up, vec![]),
    ] {
        let more: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ran = call(&machine, &format!("https://localhost:{}", server.port()), &more);
        let file = more.first().map(|(_, file)| *file);
        cases.tell(case, &machine, &anonymous(ran, &server, file));
    }
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

#[test]
fn a_host_that_is_not_there_or_no_web_server_is_told() {
    let mut cases = Cases::of("no-web-server");
    let machine = signed_in();
    let login = machine.login().unwrap();
    // Fails without asking a name server (RFC 1035 §2.3.4).
    let nowhere = format!("https://{}.example", "a".repeat(64));
    cases.tell("a name that nobody has", &machine, &call(&machine, &nowhere, &[]));
    // An address of no network (RFC 5737) through an interface that leads nowhere.
    cases.tell("no way there", &machine, &call(&machine, "https://255.255.255.255", &[]));
    let flood = Double::answering(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: a\r\n".repeat(4_000)));
    let ran = call(&machine, &flood.url(""), &[]);
    cases.tell("more headers than anybody sends", &machine, &anonymous(ran, &flood, None));
    let mail = Double::answering("220 mail.example.com ESMTP\r\n");
    let ran = call(&machine, &mail.url(""), &[]);
    cases.tell("a mail server", &machine, &anonymous(ran, &mail, None));
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

#[test]
fn a_proxy_that_lets_nobody_through_is_told_without_its_password() {
    let mut cases = Cases::of("proxies");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let closing = Double::start(|_, _| {});
    let silent = Double::start(|mut stream, _| drop(stream.read_to_end(&mut Vec::new())));
    for (case, proxy) in [
        ("it wants a password", Double::answering(response("407 Proxy Authentication Required", "no"))),
        ("it refuses the host", Double::answering(response("403 Forbidden", ""))),
        ("it hangs up", closing),
        ("it never answers", silent),
    ] {
        let address = format!("http://me:canary@{}", proxy.address);
        let ran = call(&machine, &format!("https://{FAR}"), &[("HTTPS_PROXY", &address)]);
        let what = cases.tell(case, &machine, &anonymous(ran, &proxy, None));
        assert!(!what.contains("canary"), "{what}");
    }
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}
