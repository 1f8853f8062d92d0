//! The addresses at which the faults are met that happen before a request: nobody there, certificates
//! that nobody should believe, a proxy with a password. All rows share them.

use crate::fault::Fault;
use cognito_sandbox::{Sandbox, Tls, World};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use tempfile::TempDir;

/// The host that the tables name where one is needed that can't be looked up or is not this machine.
pub const FAR: &str = "auth.example.com";

pub struct Surroundings {
    other_name: Sandbox,
    expired: Sandbox,
    unknown: Sandbox,
    proxy: u16,
    bundles: TempDir,
}

impl Surroundings {
    pub fn new() -> Self {
        let https = |tls| Sandbox::builder(World::default()).tls(tls).start().unwrap();
        let new = Self {
            other_name: https(Tls::WrongName),
            expired: https(Tls::Expired),
            unknown: https(Tls::Valid),
            proxy: proxy(),
            bundles: tempfile::tempdir().unwrap(),
        };
        for (name, sandbox) in [("other-name", &new.other_name), ("expired", &new.expired)] {
            fs::write(new.bundles.path().join(name), sandbox.ca_pem().unwrap()).unwrap();
        }
        new
    }

    /// Where a fault is met, and the variables that it takes; `None` for one that happens at the gate.
    pub fn of(&self, fault: Fault) -> Option<(String, Vec<(String, String)>)> {
        let trusting = |bundle: &str| {
            let path = self.bundles.path().join(bundle);
            vec![("AWS_CA_BUNDLE".to_owned(), path.to_str().unwrap().to_owned())]
        };
        let at = |sandbox: &Sandbox| format!("https://localhost:{}", sandbox.port());
        Some(match fault {
            // A label of 64 bytes fails without asking a name server (RFC 1035 §2.3.4).
            Fault::NoSuchHost => (format!("https://{}.example", "a".repeat(64)), Vec::new()),
            Fault::Refused => ("http://127.0.0.1:1".to_owned(), Vec::new()),
            Fault::OtherName => (at(&self.other_name), trusting("other-name")),
            Fault::Expired => (at(&self.expired), trusting("expired")),
            Fault::UnknownAuthority => (at(&self.unknown), trusting("expired")),
            Fault::ProxyWantsPassword => {
                let proxy = format!("http://me:canary-of-the-proxy@127.0.0.1:{}", self.proxy);
                (format!("https://{FAR}"), vec![("HTTPS_PROXY".to_owned(), proxy)])
            }
            _ => return None,
        })
    }

    /// Takes out of a text what differs from run to run.
    pub fn anonymous(&self, text: &str) -> String {
        let mut text = text
            .replace(&format!("{}.example", "a".repeat(64)), FAR)
            .replace(&self.bundles.path().display().to_string(), "/home/you");
        for name in ["other-name", "expired"] {
            text = text.replace(&format!("/home/you/{name}"), "/home/you/ca.pem");
        }
        without_ports(&text)
    }

    /// What nobody may read anywhere.
    pub const SECRET: &'static str = "canary-of-the-proxy";
}

/// Ports of this machine give way to one that everybody knows from the documentation.
fn without_ports(text: &str) -> String {
    let mut rest = text;
    let mut told = String::new();
    while let Some(at) =
        ["127.0.0.1:", "localhost:"].iter().filter_map(|h| Some(rest.find(h)? + h.len())).min()
    {
        told.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        told.push_str("4566");
    }
    told + rest
}

/// A proxy that accepts nobody's password.
fn proxy() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let (mut asked, mut byte) = (Vec::new(), [0]);
                while !asked.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    asked.push(byte[0]);
                }
                let _ = stream
                    .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
                // Whoever asked closes.
                let _ = stream.read(&mut byte);
            });
        }
    });
    port
}
