//! Any text that a person pastes: only an address of ours with our `state` is taken.
#![no_main]

use cognito_creds::profile::redirect_uri::RedirectUri;
use cognito_creds::sign_in::attend::read_pasted;
use cognito_creds::user_pool::authorize::Request;
use cognito_creds::user_pool::callback::Callback;
use cognito_creds_fuzz::{app, assert_printable, pick, texts, user_pool};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use url::Url;

const URIS: [&str; 4] =
    ["http://localhost:8080", "http://127.0.0.1:9/a/b", "http://[::1]:9/cb?x=1", "http://localhost/%C3%BC"];

static WAITING: LazyLock<Vec<(RedirectUri, Request)>> = LazyLock::new(|| {
    let profile = user_pool("");
    let endpoint = Url::parse("https://auth.example.com/oauth2/authorize").unwrap();
    let request =
        |uri: RedirectUri| (uri.clone(), Request::new(app(&profile), &endpoint, &uri, false).unwrap());
    URIS.map(|uri| request(RedirectUri::parse(uri).unwrap())).into()
});

fuzz_target!(|data: &[u8]| {
    let Some([choice, pasted]) = texts(data) else { return };
    let (uri, request) = pick(&WAITING, choice.as_bytes());
    // `$S` in the input is the state, and `$U` the redirect URI.
    let text = pasted.replace("$S", request.state.as_str()).replace("$U", uri.as_str());
    match read_pasted(&text, uri, request) {
        Err(why) => assert_printable(&why),
        Ok(callback) => {
            assert!(pasted.contains("$S"), "{text:?}");
            let trimmed = text.trim_matches(|c: char| c.is_whitespace() || "'\"`<>".contains(c));
            let whole =
                if trimmed.contains("://") { trimmed.to_owned() } else { format!("http://{trimmed}") };
            let url = Url::parse(&whole).unwrap();
            let ours = Url::parse(uri.as_str()).unwrap();
            assert_eq!((url.origin(), url.path()), (ours.origin(), ours.path()));
            if let Callback::Code { code, .. } = callback {
                assert!(!code.expose().is_empty() && code.expose().bytes().all(|b| matches!(b, b' '..=b'~')));
            }
        }
    }
    // Whatever the code is, the true address is taken, with what mails and shells put around it.
    let code: String = pasted.bytes().map(|byte| char::from(0x20 + byte % 0x5F)).take(200).collect();
    if !code.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", request.state.as_str())
            .finish();
        let address = Url::parse(uri.as_str()).unwrap();
        let joint = if address.query().is_some() { '&' } else { '?' };
        let address = format!(" <{}{joint}{query}>\n", address.as_str());
        match read_pasted(&address, uri, request) {
            Ok(Callback::Code { code: taken, .. }) => assert_eq!(taken.expose(), code),
            other => panic!("{address:?}: {other:?}"),
        }
    }
});
