//! The life of a callback: bound, awaited, taken once, answered after the exchange, port given back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/callback.rs"]
mod support;

use cognito_creds::error::Next;
use cognito_creds::user_pool::callback::{Callback, Listener, Served, State};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use support::{Options, SignIn, codes, connect, free_port, header, read, send, status, uri};

#[test]
fn the_browser_sees_the_outcome_and_not_the_code() {
    let sign_in = SignIn::start();
    let answer = sign_in.get(&sign_in.target());
    let landing = sign_in.landing(&answer);
    assert!(landing.starts_with("/cb?done=") && !landing.contains("true-code"), "{landing}");
    assert!(!answer.contains(sign_in.state.as_str()) && !answer.contains("true-code"));
    let page = sign_in.get(&landing);
    assert_eq!(status(&page), 200);
    assert!(page.contains("ada@example.com") && page.ends_with("</html>\n"), "{page}");
    assert!(matches!(sign_in.end(), Served::Finished("done")));
}

#[test]
fn the_page_waits_for_the_exchange_and_nobody_waits_for_the_page() {
    let sign_in = SignIn::with(&Options { gated: true, ..Options::default() });
    let mut tab = connect(sign_in.v4()).unwrap();
    std::io::Write::write_all(&mut tab, sign_in.head(&sign_in.target()).as_bytes()).unwrap();
    while sign_in.seen.lock().unwrap().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(status(&sign_in.get("/favicon.ico")), 404);
    assert_eq!(status(&send(sign_in.v6(), sign_in.head("/cb").as_bytes()).unwrap()), 400);
    tab.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(read(&mut tab).is_err(), "answered before the exchange was over");
    sign_in.let_finish();
    tab.set_read_timeout(Some(support::HANGS)).unwrap();
    let landing = sign_in.landing(&read(&mut tab).unwrap());
    assert!(sign_in.get(&landing).contains("signed in"));
    assert!(matches!(sign_in.end(), Served::Finished("done")));
}

#[test]
fn an_exchange_outlives_the_time_limit_and_a_cancellation() {
    let sign_in = SignIn::with(&Options { gated: true, wait: Duration::from_secs(1), ..Options::default() });
    let callback = sign_in.head(&sign_in.target());
    let address = sign_in.v4();
    let tab = thread::spawn(move || send(address, callback.as_bytes()));
    while sign_in.seen.lock().unwrap().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(1_200));
    sign_in.cancel();
    thread::sleep(Duration::from_millis(300));
    sign_in.let_finish();
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    tab.join().unwrap().unwrap();
}

#[test]
fn a_reload_during_the_exchange_and_after_it_sees_the_same_outcome() {
    let sign_in = SignIn::with(&Options { gated: true, ..Options::default() });
    let (address, again) = (sign_in.v6(), sign_in.head(&sign_in.target().replace("true-code", "other")));
    let first = sign_in.head(&sign_in.target());
    let abandoned = connect(sign_in.v4()).unwrap();
    std::io::Write::write_all(&mut &abandoned, first.as_bytes()).unwrap();
    while sign_in.seen.lock().unwrap().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(abandoned);
    let reloads: Vec<_> = [first, again.clone()]
        .into_iter()
        .map(|head| thread::spawn(move || send(address, head.as_bytes()).unwrap()))
        .collect();
    thread::sleep(Duration::from_millis(100));
    sign_in.let_finish();
    let landings: Vec<_> = reloads.into_iter().map(|tab| sign_in.landing(&tab.join().unwrap())).collect();
    assert_eq!(landings[0], landings[1]);
    let late = send(address, again.as_bytes()).unwrap();
    assert_eq!(sign_in.landing(&late), landings[0]);
    assert!(sign_in.get(&landings[0]).contains("signed in"));
    let (seen, finished) = (Arc::clone(&sign_in.seen), Arc::clone(&sign_in.finished));
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    assert_eq!((codes(&seen), finished.load(Ordering::SeqCst)), (vec!["true-code".to_owned()], 1));
}

#[test]
fn the_outcome_is_for_nobody_else() {
    let sign_in = SignIn::start();
    assert_eq!(status(&sign_in.get("/cb?done=x")), 400);
    let landing = sign_in.landing(&sign_in.get(&sign_in.target()));
    for target in
        ["/cb?done=x", "/cb?done=", "/cb", &landing.replace("/cb", "/"), &landing[..landing.len() - 1]]
    {
        let answer = sign_in.get(target);
        assert!(status(&answer) >= 400 && !answer.contains("ada@"), "{target}: {answer}");
    }
    assert!(sign_in.get(&landing).contains("ada@"));
    sign_in.end();
}

#[test]
fn a_refusal_with_our_state_ends_the_sign_in() {
    let sign_in = SignIn::start();
    let target = format!("/cb?error=access_denied&error_description=No&state={}", sign_in.state.as_str());
    let landing = sign_in.landing(&sign_in.get(&target));
    assert_eq!(status(&sign_in.get(&landing)), 200);
    let seen = Arc::clone(&sign_in.seen);
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    assert!(matches!(&seen.lock().unwrap()[..], [Callback::Refused { error, description: Some(text), .. }]
        if error == "access_denied" && text == "No"));
}

#[test]
fn every_answer_is_inert() {
    let sign_in = SignIn::start();
    let redirect = sign_in.get(&sign_in.target());
    let answers = [
        sign_in.get("/favicon.ico"),
        sign_in.get("/cb?code=x&state=y"),
        send(sign_in.v4(), b"POST /cb HTTP/1.1\r\nHost: x\r\n\r\n").unwrap(),
        sign_in.get(&sign_in.landing(&redirect)),
        redirect,
    ];
    for answer in answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("connection", "close"),
        ] {
            assert_eq!(header(&answer, name), Some(value), "{answer}");
        }
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"));
        for absent in ["server", "access-control-allow-origin", "set-cookie"] {
            assert_eq!(header(&answer, absent), None, "{answer}");
        }
    }
    sign_in.end();
}

#[test]
fn either_family_of_localhost_reaches_us() {
    for address in [SignIn::v4, SignIn::v6] {
        let sign_in = SignIn::start();
        let answer = send(address(&sign_in), sign_in.head(&sign_in.target()).as_bytes()).unwrap();
        let landing = sign_in.head(&sign_in.landing(&answer));
        assert!(send(address(&sign_in), landing.as_bytes()).unwrap().contains("signed in"));
        assert!(matches!(sign_in.end(), Served::Finished("done")));
    }
}

#[test]
fn a_literal_address_is_bound_alone() {
    let port = free_port();
    let listener = Listener::bind(&[uri(&format!("http://127.0.0.1:{port}"))]).unwrap();
    assert!(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok());
    drop(listener);
    let listener = Listener::bind(&[uri(&format!("http://[::1]:{port}"))]).unwrap();
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    drop(listener);
}

#[test]
fn a_query_or_a_strange_path_of_the_registered_address_is_no_obstacle() {
    let sign_in = SignIn::with(&Options {
        redirect: |port| format!("http://localhost:{port}/cb?x=1"),
        ..Options::default()
    });
    let landing = sign_in.landing(&sign_in.get(&sign_in.target().replace('?', "?x=1&")));
    assert!(landing.starts_with("/cb?done="));
    assert!(sign_in.get(&landing).contains("signed in"));
    sign_in.end();

    let sign_in = SignIn::with(&Options {
        redirect: |port| format!("http://localhost:{port}//evil.example/cb"),
        ..Options::default()
    });
    let landing = sign_in.landing(&sign_in.get(&format!("//evil.example{}", sign_in.target())));
    assert!(landing.starts_with("//evil.example/cb?done="), "a path of ours, on our origin: {landing}");
    assert!(sign_in.get(&landing).contains("signed in"));
    sign_in.end();
}

#[test]
fn the_first_uri_that_is_free_on_every_family_is_taken() {
    for address in [SocketAddr::from(([127, 0, 0, 1], 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))] {
        let (taken, free) = (free_port(), free_port());
        let _holder = TcpListener::bind((address.ip(), taken)).unwrap();
        let uris = [taken, free].map(|port| uri(&format!("http://localhost:{port}/cb")));
        let listener = Listener::bind(&uris).unwrap();
        assert_eq!(listener.redirect_uri(), &uris[1]);
        // Nothing is left behind on the family that was free.
        let other: std::net::IpAddr =
            if address.is_ipv4() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        assert!(TcpListener::bind((other, taken)).is_ok());
    }
}

#[test]
fn all_taken_says_by_whom_and_what_to_do() {
    let ports = [free_port(), free_port()];
    let _holders = ports.map(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap());
    let uris = ports.map(|port| uri(&format!("http://localhost:{port}")));
    let error = Listener::bind(&uris).unwrap_err();
    assert_eq!(error.next(), Next::TryAgain);
    for port in ports {
        assert!(error.what().contains(&format!("port {port} is taken by ")), "{error}");
    }
    if cfg!(target_os = "linux") {
        let id = std::process::id();
        assert!(error.what().contains(&format!("(process {id})")), "{error}");
        assert_eq!(error.paste(), format!("ps -fp {id}"));
    }
}

#[test]
fn nobody_gets_in_beside_us() {
    let port = free_port();
    let _listener = Listener::bind(&[uri(&format!("http://localhost:{port}"))]).unwrap();
    for address in ["127.0.0.1", "::1", "0.0.0.0", "::"] {
        let squatter = TcpListener::bind((address, port));
        // macOS lets the wildcard in, which gets nothing that is meant for the loopback address.
        assert!(squatter.is_err() || cfg!(target_os = "macos"), "{address}");
    }
}

#[test]
fn time_runs_out_and_the_last_stray_error_is_told_clean() {
    let sign_in = SignIn::with(&Options { wait: Duration::from_millis(800), ..Options::default() });
    let port = sign_in.port;
    sign_in.get("/cb?error=first");
    sign_in.get("/cb?error=invalid_request&error_description=%1b%5b2J%0d%0aInvalid+SAML&state=wrong");
    sign_in.get("/cb?code=x&state=wrong");
    let finished = Arc::clone(&sign_in.finished);
    let Served::TimedOut { last_stray_error } = sign_in.end() else { panic!("not timed out") };
    assert_eq!(last_stray_error.as_deref(), Some("invalid_request: [2J Invalid SAML"));
    assert_eq!(finished.load(Ordering::SeqCst), 0);
    Listener::bind(&[uri(&format!("http://localhost:{port}/cb"))]).unwrap();
}

#[test]
fn a_time_limit_in_the_past_ends_at_once() {
    let listener = Listener::bind(&[uri(&format!("http://localhost:{}", free_port()))]).unwrap();
    let state = State::new().unwrap();
    let served = listener.serve(&state, Instant::now(), || false, |_| ((), support::page()));
    assert!(matches!(served, Served::TimedOut { last_stray_error: None }));
}

#[test]
fn cancelling_gives_the_port_back() {
    let sign_in = SignIn::start();
    let port = sign_in.port;
    let _idle = connect(sign_in.v4()).unwrap();
    sign_in.get("/cb");
    sign_in.cancel();
    assert!(matches!(sign_in.end(), Served::Cancelled));
    Listener::bind(&[uri(&format!("http://localhost:{port}/cb"))]).unwrap();
}

#[test]
fn a_browser_that_never_comes_for_the_page_keeps_nothing() {
    let sign_in = SignIn::start();
    let port = sign_in.port;
    let _idle: Vec<_> = (0..8).map(|_| connect(sign_in.v6()).unwrap()).collect();
    sign_in.landing(&sign_in.get(&sign_in.target()));
    let answered = Instant::now();
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    assert!(answered.elapsed() < Duration::from_secs(8), "kept the port for {:?}", answered.elapsed());
    Listener::bind(&[uri(&format!("http://localhost:{port}/cb"))]).unwrap();
}

#[test]
fn the_port_is_free_as_soon_as_the_page_is_delivered() {
    let port = free_port();
    let began = Instant::now();
    for _ in 0..5 {
        let listener = Listener::bind(&[uri(&format!("http://localhost:{port}/cb"))]).unwrap();
        let state = State::new().unwrap();
        let target = format!("/cb?code=c&state={}", state.as_str());
        let browser = thread::spawn(move || {
            let get = |target: &str| {
                let head = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
                send(([127, 0, 0, 1], port).into(), head.as_bytes()).unwrap()
            };
            let answer = get(&target);
            get(header(&answer, "location").unwrap().split_once(&format!(":{port}")).unwrap().1)
        });
        let until = Instant::now() + support::HANGS;
        assert!(matches!(
            listener.serve(&state, until, || false, |_| ((), support::page())),
            Served::Finished(())
        ));
        assert!(browser.join().unwrap().ends_with("</html>\n"));
    }
    // Five times the 2 s that a browser gets would be 10.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn a_panic_in_the_exchange_is_not_swallowed() {
    let listener = Listener::bind(&[uri(&format!("http://localhost:{}/cb", free_port()))]).unwrap();
    let port = listener.redirect_uri().port();
    let state = State::new().unwrap();
    let head = format!("GET /cb?code=c&state={} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n", state.as_str());
    let served = thread::spawn(move || {
        let until = Instant::now() + support::HANGS;
        listener.serve(&state, until, || false, |_| -> ((), _) { panic!("in the exchange") })
    });
    send(([127, 0, 0, 1], port).into(), head.as_bytes()).unwrap();
    assert!(served.join().is_err());
}
