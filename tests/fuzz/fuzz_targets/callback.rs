//! One request to the callback, from its first byte: only a request that shows our `state` is taken, and
//! that one always.
#![no_main]

use cognito_creds::profile::redirect_uri::RedirectUri;
use cognito_creds::user_pool::callback::{Callback, Expected, State, Verdict, judge};
use cognito_creds_fuzz::{assert_printable, fields, head, pick};
use libfuzzer_sys::fuzz_target;

const URIS: [&str; 4] =
    ["http://localhost:8080", "http://127.0.0.1:9/a/b", "http://[::1]:9/cb?x=1", "http://localhost/%C3%BC"];

fuzz_target!(|data: &[u8]| {
    let [choice, request] = fields(data);
    let uri = RedirectUri::parse(pick::<&str>(&URIS, choice)).unwrap();
    let expected = Expected { uri, state: State::new().unwrap(), done: "d".repeat(22) };
    only_ours_is_taken(request, &expected);
    ours_is_always_taken(request, &expected);
});

/// `$S` in the input is the state and `$D` the key to the result; nobody who can't write them gets in.
fn only_ours_is_taken(request: &[u8], expected: &Expected) {
    let Ok(text) = std::str::from_utf8(request) else {
        if let Some((head, has_body)) = head(request) {
            assert!(matches!(judge(&head, has_body, expected), Verdict::Stray(_)));
        }
        return;
    };
    let (shows_state, shows_done) = (text.contains("$S"), text.contains("$D"));
    let text = text.replace("$S", expected.state.as_str()).replace("$D", &expected.done);
    let Some((head, has_body)) = head(text.as_bytes()) else { return };
    match judge(&head, has_body, expected) {
        Verdict::Stray(stray) => assert_printable(&format!("{stray:?}")),
        Verdict::Result => assert!(shows_done),
        Verdict::Callback(callback) => {
            assert!(shows_state && !has_body && head.method == "GET");
            assert_eq!(head.uri.path(), expected.uri.path());
            let mut hosts = head.headers.get_all("host").iter();
            assert!(hosts.next().is_some_and(|host| expected.uri.accepts_host(host.as_bytes())));
            assert!(hosts.next().is_none());
            if let Callback::Code { code, .. } = callback {
                assert!(!code.expose().is_empty() && code.expose().bytes().all(|b| matches!(b, b' '..=b'~')));
            }
        }
    }
}

/// The answer that a browser brings, with this code and this parameter beside it.
fn ours_is_always_taken(input: &[u8], expected: &Expected) {
    let code: String = input.iter().map(|byte| char::from(0x20 + byte % 0x5F)).take(256).collect();
    if code.is_empty() {
        return;
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("x-other", &String::from_utf8_lossy(&input[..input.len().min(64)]))
        .append_pair("code", &code)
        .append_pair("state", expected.state.as_str())
        .finish();
    let (uri, port) = (&expected.uri, expected.uri.port());
    let request = format!("GET {}?{query} HTTP/1.1\r\nHost: {}:{port}\r\n\r\n", uri.path(), uri.host());
    let (head, has_body) = head(request.as_bytes()).expect("a whole request");
    match judge(&head, has_body, expected) {
        Verdict::Callback(Callback::Code { code: taken, iss: None }) => assert_eq!(taken.expose(), code),
        other => panic!("{other:?}"),
    }
}
