//! Any answer of a token endpoint or of a developer's backend: tokens are whole and can stand in a header,
//! a login ends by `invalid_grant` alone, a refresh token that came is never lost, and no error repeats one.
#![no_main]

use cognito_creds::developer::{Answer, Desk, NotAdmitted};
use cognito_creds::http::{Client, Network, Proxies};
use cognito_creds::profile::Profile;
use cognito_creds::user_pool::token::{Grant, TokenError, Tokens, read_answer};
use cognito_creds_fuzz::{
    app, assert_printable, assert_proper, backend, developer, fields, oidc, pick, user_pool,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

const STATUS: [u16; 14] = [200, 400, 401, 200, 403, 404, 405, 429, 500, 503, 302, 204, 422, 418];

static PROFILES: LazyLock<[Profile; 2]> = LazyLock::new(|| [user_pool(""), oidc()]);
static BACKEND: LazyLock<(Profile, Client)> = LazyLock::new(|| {
    let network = Network { ca_bundle: None, proxies: Proxies::default() };
    (developer(), Client::new(&network).unwrap())
});

fuzz_target!(|data: &[u8]| {
    let [choice, body] = fields(data);
    let status = *pick(&STATUS, choice);
    for profile in PROFILES.iter() {
        for grant in [Grant::Code, Grant::RefreshToken] {
            let wait = Some(Duration::from_secs(u64::from(status)));
            let result = read_answer((profile, app(profile), grant, &[]), status, wait, body);
            judge(status, body, &result);
        }
    }
    of_a_backend(status, body);
});

fn judge(status: u16, body: &[u8], result: &Result<Tokens, TokenError>) {
    // What is not looked at may be broken.
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let is_token = |text: &str| text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let kept = match result {
        Ok(tokens) => {
            assert_eq!(status, 200);
            assert!(is_token(tokens.id_token.expose()) && is_token(tokens.access_token.expose()));
            tokens.refresh_token.as_ref()
        }
        Err(TokenError::Ended) => {
            assert!(matches!(status, 400 | 401));
            assert!(json.as_ref().is_none_or(|json| json["error"] == "invalid_grant"));
            None
        }
        Err(TokenError::NoIdToken { error, refresh_token }) => {
            assert_eq!(status, 200);
            assert_proper(error);
            refresh_token.as_ref()
        }
        Err(TokenError::Refused(error) | TokenError::Unavailable { error, .. }) => {
            assert_proper(error);
            None
        }
    };
    assert!(kept.is_none_or(|token| !token.expose().is_empty() && is_token(token.expose())));
    // With rotation on, the old refresh token has died of this answer. A member that stands twice spoils
    // all of it (RFC 6749 §5.1 allows none), and an escape may hide one.
    let text = String::from_utf8_lossy(body);
    let is_plain = !text.contains("\\u")
        && ["id_token", "access_token", "refresh_token", "expires_in"]
            .iter()
            .all(|name| text.matches(name).count() <= 1);
    if let (200, Some(new), true) =
        (status, json.as_ref().and_then(|json| json["refresh_token"].as_str()), is_plain)
        && !new.is_empty()
        && is_token(new)
    {
        assert_eq!(kept.map(|token| token.expose()), Some(new), "a refresh token is lost");
    }
}

fn of_a_backend(status: u16, body: &[u8]) {
    let (profile, client) = &*BACKEND;
    let desk = Desk { client, profile, backend: backend(profile) };
    let answer = Answer { status, retry_after: None, body };
    match desk.read_admission(answer) {
        Ok(admitted) => {
            let token = admitted.token.expose();
            assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
            assert_printable(&admitted.username);
        }
        Err(NotAdmitted::WrongPassword) => assert_eq!(status, 401),
        Err(NotAdmitted::Failed(error)) => assert_proper(&error),
    }
    match desk.read_tokens(answer) {
        Ok(tokens) => assert!(tokens.refresh_token.is_none() && (200..300).contains(&status)),
        Err(TokenError::Ended) => assert_eq!(status, 401),
        Err(
            TokenError::Refused(error)
            | TokenError::Unavailable { error, .. }
            | TokenError::NoIdToken { error, .. },
        ) => assert_proper(&error),
    }
}
