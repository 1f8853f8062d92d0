//! Another program at our port: there first, beside us, or right after us while the browser is still on its way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use cognito_creds::profile::redirect_uri::RedirectUri;
use cognito_creds::user_pool::callback::Listener;
use cognito_sandbox::cast;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use support::{Machine, Ran, alice, free_port, wait_until};
use tokio::net::TcpSocket;
use url::Url;

/// Every address by which the port of `localhost` can be had.
const ADDRESSES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
];

/// A socket with every option that lets sockets share an address.
fn sharing(address: IpAddr) -> TcpSocket {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
    socket
}

fn ours(port: u16) -> [RedirectUri; 1] {
    [RedirectUri::parse(&format!("http://localhost:{port}/callback")).unwrap()]
}

/// tokio's sockets listen inside of a runtime only.
fn in_a_runtime(test: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _inside = runtime.enter();
    test();
}

#[test]
fn no_socket_option_lets_anybody_in_beside_us() {
    in_a_runtime(|| {
        let port = free_port();
        let _listener = Listener::bind(&ours(port)).unwrap();
        for address in ADDRESSES {
            let squatter = sharing(address);
            let refused = squatter.bind((address, port).into()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::AddrInUse, "{address}");
        }
    });
}

#[test]
fn whoever_listens_first_keeps_us_out_and_is_named() {
    in_a_runtime(|| {
        for address in ADDRESSES {
            let port = free_port();
            let squatter = sharing(address);
            squatter.bind((address, port).into()).unwrap();
            let _listening = squatter.listen(8).unwrap();
            let error = Listener::bind(&ours(port)).unwrap_err();
            let holder = format!("(process {})", std::process::id());
            assert!(error.what().contains(&holder), "{address}: {error}");
        }
    });
}

/// A socket that is bound and silent shares the address with one that listens; it can't begin to listen then.
#[test]
fn whoever_has_bound_the_port_in_silence_never_gets_to_listen() {
    in_a_runtime(|| {
        for address in ADDRESSES {
            let port = free_port();
            let squatter = sharing(address);
            squatter.bind((address, port).into()).unwrap();
            let _listener = Listener::bind(&ours(port)).unwrap();
            assert_eq!(squatter.listen(8).unwrap_err().kind(), ErrorKind::AddrInUse, "{address}");
        }
    });
}

#[test]
fn a_port_that_is_squatted_on_one_family_is_passed_over() {
    for squatted in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let mut machine = Machine::bare();
        let second = free_port();
        let uris = format!("http://localhost:{}/callback, http://localhost:{second}/callback", machine.port);
        let profile = machine.sandbox.profile("dev", &uris);
        machine.configure(&format!("{profile}cognito_store = file\n"));
        let squatter = TcpListener::bind((squatted, machine.port)).unwrap();
        squatter.set_nonblocking(true).unwrap();
        machine.seat(alice());
        machine.call().document();
        assert!(
            machine.tabs()[0].contains(&format!("localhost%3A{second}%2Fcallback")),
            "{:?}",
            machine.tabs()
        );
        assert_eq!(squatter.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the browser was there");
    }
}

/// Takes the port on both families and keeps what browsers bring, behind a page that looks like ours.
fn squat(port: u16) -> mpsc::Receiver<String> {
    let (sender, brought) = mpsc::channel();
    for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let (listener, sender) = (TcpListener::bind((address, port)).unwrap(), sender.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map(Result::unwrap) {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let target = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned));
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let _ = (&stream).write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\nConnection: close\r\n\r\nYou're signed in :)",
                );
                let Some(target) = target else { continue };
                if sender.send(target).is_err() {
                    return;
                }
            }
        });
    }
    brought
}

/// What the token endpoint says to the squatter.
fn exchange(machine: &Machine, code: &str, more: &[(&str, &str)]) -> (u16, String) {
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", cast::PUBLIC_CLIENT),
        ("redirect_uri", &redirect),
        ("code", code),
    ];
    fields.extend(more);
    let mut answer = ureq::post(format!("{}/oauth2/token", machine.sandbox.url()))
        .config()
        .http_status_as_error(false)
        .build()
        .send_form(fields)
        .unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// The sign-in is killed while its tab is open, and somebody else has the port when the person goes on there.
#[test]
fn a_code_that_reaches_a_squatter_after_us_is_worth_nothing_and_the_next_try_names_them() {
    let machine = Machine::new();
    let mut login = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    login.kill().unwrap();
    login.wait().unwrap();
    let brought = squat(machine.port);
    let tab: Url = machine.tabs()[0].parse().unwrap();
    let asked = |name: &str| tab.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();

    // The squatter's page may say anything: the browser has no way of knowing.
    let person = alice();
    let tries = [
        vec![],
        vec![("code_verifier", asked("code_challenge"))],
        vec![("code_verifier", asked("state"))],
        vec![("code_verifier", asked("nonce"))],
    ];
    for more in &tries {
        let page = person.sign_in(tab.as_str()).unwrap();
        assert!(page.body.contains("You're signed in :)"), "{}", page.body);
        let brought: Url =
            format!("http://x{}", brought.recv_timeout(Duration::from_secs(10)).unwrap()).parse().unwrap();
        let code = brought.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
        let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, body) = exchange(&machine, &code, &more);
        assert!(status == 400 && body.contains("invalid_"), "{more:?}: {status} {body}");
    }
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_code, counts.get_id, counts.get_credentials), (tries.len(), 0, 0));
    assert!(machine.login().is_none(), "the page lied");

    // The terminal doesn't.
    let (what, paste) = machine.run(&["login", "--profile", "dev"]).failure();
    assert!(what.contains(&format!("port {} is taken by ", machine.port)), "{what}");
    assert!(what.contains(&format!("(process {})", std::process::id())), "{what}");
    assert!(paste.contains("login --paste"), "{paste}");
    assert_eq!(machine.tabs().len(), 1, "nobody is sent to a page that would lead to the squatter");
}

/// What a squatter got from one sign-in is nothing to the next, and neither is what it invents.
#[test]
fn a_squatter_who_brings_the_code_back_is_a_stray() {
    let machine = Machine::new();
    let mut first = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    first.kill().unwrap();
    first.wait().unwrap();
    // An answer that nobody is there for.
    let person = alice();
    person.sign_in(&machine.tabs()[0]).unwrap_err();

    let second = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the second tab", || machine.tabs().len() == 2);
    // The browser that was on its way to the first one arrives at the second.
    let late = person.sign_in(&machine.tabs()[0]).unwrap();
    assert!(late.status == 400 && late.body.contains("part of your sign-in"), "{}", late.body);
    assert_eq!(machine.sandbox.counts().token_code, 0);
    person.sign_in(&machine.tabs()[1]).unwrap();
    assert_eq!(Ran::of(second).code, 0);
    assert_eq!(machine.sandbox.counts().token_code, 1);
}
