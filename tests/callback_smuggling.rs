//! The callback under requests that two readers would read differently: encodings, framing, targets and names.
//! Each is sent to a sign-in of its own, which then takes the true callback all the same.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/callback.rs"]
mod support;

use cognito_creds::user_pool::callback::{Callback, Served};
use std::sync::Arc;
use support::{SignIn, codes, send, status};

/// Sends each request, `S` for our state and `H` for our host, to a sign-in of its own.
fn assert_strays(strays: &[(&str, u16)]) {
    for (stray, expected) in strays {
        let sign_in = SignIn::start();
        let filled = filled(stray, &sign_in);
        let answer = send(sign_in.v4(), filled.as_bytes()).unwrap();
        // Of bytes that aren't HTTP hyper may also take its leave without a word.
        let silent = *expected == 400 && answer.is_empty();
        assert!(status(&answer) == *expected || silent, "{stray:?} got {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), usize::from(!silent), "{stray:?} got {answer:?}");
        assert!(!answer.contains(sign_in.state.as_str()) && !answer.contains("evil"), "{stray:?}: {answer}");
        assert!(sign_in.seen.lock().unwrap().is_empty(), "{stray:?} was taken");
        sign_in.proves_alive();
    }
}

fn filled(stray: &str, sign_in: &SignIn) -> String {
    let (host, state) = (format!("localhost:{}", sign_in.port), sign_in.state.as_str());
    let twice = format!("%25{:02X}{}", state.as_bytes()[0], &state[1..]);
    stray
        .replace("{S, its first character encoded twice}", &twice)
        .replace("=S", &format!("={state}"))
        .replace("{H}", &host)
}

/// A GET for this target at our name.
macro_rules! get {
    ($target:literal) => {
        concat!("GET ", $target, " HTTP/1.1\r\nHost: {H}\r\n\r\n")
    };
}

/// The true state in a GET at our name with further lines.
macro_rules! with {
    ($lines:literal) => {
        concat!("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n", $lines, "\r\n")
    };
}

#[test]
fn no_spelling_of_a_wrong_answer_is_read_as_the_right_one() {
    assert_strays(&[
        // Encoded twice: decoded once, and then it is another text.
        (get!("/cb?code=evil&state={S, its first character encoded twice}"), 400),
        (get!("/cb?code%253Devil%2526state=S"), 400),
        (get!("/cb?%2563ode=evil&state=S"), 400),
        (get!("/cb%3Fcode=evil&state=S"), 404),
        // UTF-8 that is longer than it may be (RFC 3629 §3), cut short, or a lone surrogate.
        (get!("/cb?code=%C0%80evil&state=S"), 400),
        (get!("/cb?code=%C1%A5vil&state=S"), 400),
        (get!("/cb?code=%E0%81%A5vil&state=S"), 400),
        (get!("/cb?code=evil%F0%9F&state=S"), 400),
        (get!("/cb?code=%ED%A0%80&state=S"), 400),
        (get!("/cb?c%C1%AFde=evil&state=S"), 400),
        // Full-width letters are other letters.
        (get!("/cb?code=%EF%BD%85vil&state=S"), 400),
        // NULs, line ends and controls in the values.
        (get!("/cb?code=evil%00&state=S"), 400),
        (get!("/cb?code=evil%0D%0ALocation:%20//evil&state=S"), 400),
        (get!("/cb?code=evil%0A&state=S"), 400),
        (get!("/cb?code=evil%1B%5B2J&state=S"), 400),
        (get!("/cb?code=evil&state=S%00"), 400),
        (get!("/cb?code=evil&state=S%0A"), 400),
        (get!("/cb?code=evil&state=S+"), 400),
        (get!("/cb?code=evil&state=S%20"), 400),
        (get!("/cb?code=evil&state=S="), 400),
        (get!("/cb?error=%00&state=wrong"), 400),
        (get!("/cb?error=access_denied%00&state=S%00"), 400),
        (get!("/cb?error=%0D%0Aevil&error_description=%C0%AF&state="), 400),
        // Percent signs that encode nothing stay what they are.
        (get!("/cb?code=evil&state=S%"), 400),
        (get!("/cb?code=evil&state=S%4"), 400),
        (get!("/cb?code=evil&state=S%zz"), 400),
        (get!("/cb?code=evil&state%=S"), 400),
        // Names in other letters, as a list, behind another question mark or semicolon.
        (get!("/cb?Code=evil&state=S"), 400),
        (get!("/cb?code=evil&STATE=S"), 400),
        (get!("/cb?code[]=evil&state=S"), 400),
        (get!("/cb?code=evil&state[]=S"), 400),
        (get!("/cb??code=evil&state=S"), 400),
        (get!("/cb?+code=evil&state=S"), 400),
        (get!("/cb?code=evil;state=S"), 400),
        (get!("/cb;code=evil&state=S"), 404),
        // What follows a # is no part of a request (RFC 9112 §3.2).
        (get!("/cb?code=evil#&state=S"), 400),
        (get!("/cb#?code=evil&state=S"), 400),
        // Other paths to the same place.
        (get!("/cb%00?code=evil&state=S"), 404),
        (get!("/./cb?code=evil&state=S"), 404),
        (get!("/cb/.?code=evil&state=S"), 404),
        (get!("/x/%2e%2e/cb?code=evil&state=S"), 404),
        (get!("//cb?code=evil&state=S"), 404),
        (get!("/Cb?code=evil&state=S"), 404),
        (get!("/%C1%A3b?code=evil&state=S"), 404),
        // The state anywhere but in the query.
        ("GET /cb?code=evil HTTP/1.1\r\nHost: {H}\r\nCookie: state=S\r\nState: S\r\n\r\n", 400),
    ]);
}

#[test]
fn no_other_name_in_the_target_or_the_host_is_taken_for_ours() {
    assert_strays(&[
        ("GET http://evil@{H}/cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 421),
        ("GET http://{H}@evil.example/cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 421),
        ("GET https://evil.example/cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 421),
        ("GET http://{H}/cb?code=evil&state=S HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        ("GET //evil.example/cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 404),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: evil@{H}\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}@evil.example\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}.evil.example\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}, evil.example\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}/cb\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}#\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: http://{H}\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: 0{H}\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost:\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {H}\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: evil.example\r\nForwarded: host={H}\r\n\r\n", 421),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\nHost: evil.example\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: evil.example\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHOST: {H}\r\nhost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n evil.example\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\n Host: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost\0: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\0\r\n\r\n", 400),
    ]);
}

/// RFC 9112 §6 and §11.2.
#[test]
fn no_request_hides_in_another() {
    assert_strays(&[
        (with!("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 400),
        (with!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 400),
        (with!("Transfer-Encoding: xchunked\r\n"), 400),
        (with!("Transfer-Encoding: chunked, identity\r\n"), 400),
        (with!("Transfer-Encoding : chunked\r\n"), 400),
        (with!("Transfer-Encoding:\x0bchunked\r\n"), 400),
        (with!("Content-Length: 1\r\nContent-Length: 2\r\n"), 400),
        (with!("Content-Length: -1\r\n"), 400),
        (with!("Content-Length: +1\r\n"), 400),
        (with!("Content-Length: 0x1\r\n"), 400),
        (with!("Content-Length: 99999999999999999999\r\n"), 400),
        (with!("Content-Length: 4\r\nExpect: 100-continue\r\n"), 400),
        // Lines folded (obsolete, RFC 9112 §5.2), ended by CR alone, or with a control in them.
        (with!("X: a\r\n b\r\n"), 400),
        (with!("X: a\rY: b\r\n"), 400),
        (with!("X\r\n"), 400),
        (with!("X: \x07\r\n"), 400),
        // A second request as a body, or behind a first one: the connection closes after the first.
        (
            "POST /x HTTP/1.1\r\nHost: {H}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
             GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
        ),
        (
            "GET /x HTTP/1.1\r\nHost: {H}\r\nContent-Length: 0\r\n\r\n\
             GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
        ),
        (
            "GET /x HTTP/1.1\r\nHost: {H}\r\nConnection: keep-alive\r\n\r\n\
             GET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n",
            404,
        ),
        ("GET /cb HTTP/1.1\nHost: {H}\n\nGET /cb?code=evil&state=S HTTP/1.1\nHost: {H}\n\n", 400),
        ("GET /x\r\nHost: {H}\r\n\r\nGET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 400),
        // A line end inside of the target.
        ("GET /cb?code=evil&state=S\r\nHost: {H} HTTP/1.1\r\n\r\n", 400),
        ("GET /x\nGET /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil\0&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 400),
        ("GET\0 /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=e vil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 400),
        // Methods that some servers take for others.
        ("get /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 405),
        ("GETT /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 405),
        (
            "POST /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\nX-HTTP-Method-Override: GET\r\n\
             Content-Length: 0\r\n\r\n",
            405,
        ),
        ("* /cb?code=evil&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: {H}\r\n\r\n", 404),
    ]);
}

#[test]
fn no_other_protocol_is_spoken() {
    assert_strays(&[
        ("GET /cb?code=evil&state=S HTTP/1.2\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/2.0\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S HTTP/0.9\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S http/1.1\r\nHost: {H}\r\n\r\n", 400),
        ("GET /cb?code=evil&state=S ICY\r\nHost: {H}\r\n\r\n", 400),
        // HTTP/2 with prior knowledge: the preface, SETTINGS, and HEADERS for `/` (RFC 9113 §3.4).
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x05\0\0\0\x01\x02\x04\x06", 400),
        (
            "GET /cb?code=evil&state=wrong HTTP/1.1\r\nHost: {H}\r\nConnection: Upgrade, HTTP2-Settings\r\n\
             Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
            400,
        ),
        ("EHLO evil.example\r\nMAIL FROM:<a@b>\r\n", 400),
        ("*1\r\n$4\r\nPING\r\n", 400),
    ]);
}

/// RFC 9112 §2.2 and §3.2.2, RFC 9110 §5.5: what a browser or a proxy on its way may make of the true callback.
#[test]
fn the_true_callback_may_be_spelled_in_other_ways() {
    for (spelled, code) in [
        ("GET http://{H}/cb?code=c-1&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "c-1"),
        ("\r\nGET /cb?code=c-1&state=S HTTP/1.1\r\nHost:{H}  \t\r\n\r\n", "c-1"),
        ("GET /cb?code=c-1&state=S HTTP/1.1\nHost: {H}\n\n", "c-1"),
        ("GET /cb?code=c-1&state=S HTTP/1.1\r\nHost: {H}\r\nContent-Length: 0\r\n\r\n", "c-1"),
        ("GET /cb?code=c-1&state=S HTTP/1.1\r\nHost: {H}\r\nUpgrade-Insecure-Requests: 1\r\n\r\n", "c-1"),
        ("GET /cb?c%6fd%65=%63%2D1&stat%65=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "c-1"),
        ("GET /cb?code=a%2Bb%2fc%3D%26%25&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "a+b/c=&%"),
        ("GET /cb?code=%252541&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "%2541"),
        ("GET /cb?code=a+b%20c&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "a b c"),
        ("GET /cb?&&state=S&x=%00%C0%80&code=c-1&&#evil HTTP/1.1\r\nHost: {H}\r\n\r\n", "c-1"),
    ] {
        let sign_in = SignIn::start();
        let answer = send(sign_in.v6(), filled(spelled, &sign_in).as_bytes()).unwrap();
        assert!(sign_in.get(&sign_in.landing(&answer)).contains("signed in"), "{spelled:?}");
        let seen = Arc::clone(&sign_in.seen);
        assert!(matches!(sign_in.end(), Served::Finished("done")));
        assert_eq!(codes(&seen), [code], "{spelled:?}");
    }
}

#[test]
fn a_request_behind_the_true_callback_changes_nothing() {
    for behind in ["GET /cb?error=access_denied&state=S HTTP/1.1\r\nHost: {H}\r\n\r\n", "\0\0\0", "x\r\n\r\n"]
    {
        let sign_in = SignIn::start();
        let both = filled(&format!("{}{behind}", sign_in.head(&sign_in.target())), &sign_in);
        let answer = send(sign_in.v4(), both.as_bytes()).unwrap();
        // A client that sends more than it should may lose the answer; its reload gets it.
        if !answer.is_empty() {
            sign_in.landing(&answer);
        }
        let again = sign_in.get(&sign_in.target());
        assert!(sign_in.get(&sign_in.landing(&again)).contains("signed in"));
        let seen = Arc::clone(&sign_in.seen);
        assert!(matches!(sign_in.end(), Served::Finished("done")));
        assert_eq!(codes(&seen), ["true-code"], "{behind:?}");
    }
}

/// The provider's own words: whoever shows the state may say anything, and it is kept as it came.
#[test]
fn an_error_with_our_state_is_kept_with_whatever_it_holds() {
    let sign_in = SignIn::start();
    let description = "%3Cscript%3E%00%C0%AF%0D%0A%252525%1B%5D0;evil%07";
    let target =
        format!("/cb?error=access_denied&error_description={description}&state={}", sign_in.state.as_str());
    let landing = sign_in.landing(&sign_in.get(&target));
    assert!(!sign_in.get(&landing).contains("evil"));
    let seen = Arc::clone(&sign_in.seen);
    assert!(matches!(sign_in.end(), Served::Finished("done")));
    assert!(matches!(&seen.lock().unwrap()[..], [Callback::Refused { description: Some(text), .. }]
        if text == "<script>\0\u{fffd}\u{fffd}\r\n%2525\u{1b}]0;evil\u{7}"));
}
