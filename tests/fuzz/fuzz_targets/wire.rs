//! What stands around an answer: `Date`, `Retry-After` and the proxies of the environment. No wish of a
//! server makes anybody wait for ever, and no message repeats a proxy's password.
#![no_main]

use cognito_creds::clock::Timestamp;
use cognito_creds::http::{Proxies, date_header, retry_after};
use cognito_creds::retry;
use cognito_creds::sign_in::renewal::after_failure;
use cognito_creds_fuzz::{assert_proper, texts};
use http::{HeaderMap, HeaderValue, Uri};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_unix(1_795_178_144);
const SECRET: &str = "canary7";

fuzz_target!(|data: &[u8]| {
    let Some([date, wish, proxy, exceptions]) = texts(data) else { return };
    waits(date, wish);
    proxies(proxy, exceptions);
});

fn waits(date: &str, wish: &str) {
    let mut headers = HeaderMap::new();
    for (name, value) in [("date", date), ("retry-after", wish)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    let _ = date_header(&headers).map(|at| Timestamp::from_unix(at).rfc3339());
    let wish = retry_after(&headers);
    for random in [0.0, 0.5, 1.0] {
        for left in [0, 1, 15, 600].map(Duration::from_secs) {
            assert!(retry::pause(0, wish, left, random).is_none_or(|pause| pause < left));
        }
        let next = after_failure(None, NOW, wish, random);
        assert!(next.not_before > NOW && next.not_before <= NOW.plus(Duration::from_hours(1)));
    }
}

fn proxies(text: &str, exceptions: &str) {
    for value in [
        text.to_owned(),
        format!("http://me:{SECRET}{text}@proxy.corp:3128"),
        format!("socks5h://me:{SECRET}@{text}"),
    ] {
        let has_secret = value.contains(SECRET) && !text.contains(SECRET);
        let proxies = Proxies::from_env(|name| match name {
            "https_proxy" => Some(value.clone()),
            "no_proxy" => Some(exceptions.to_owned()),
            _ => None,
        });
        let words = match proxies.proxy() {
            Ok(proxy) => proxy.map_or_else(String::new, |proxy| proxy.to_string()),
            Err(error) => {
                assert_proper(&error);
                format!("{error} {error:?}")
            }
        };
        if has_secret {
            assert!(!words.contains(SECRET) && !format!("{proxies:?}").contains(SECRET), "{words}");
        }
        let names = exceptions.split(|c: char| c == ',' || c.is_whitespace());
        let is_excepted = proxies.excepts(&Uri::from_static("https://auth.example.com/"));
        if !exceptions.contains(['*', 'm', 'M']) {
            assert!(!is_excepted, "{exceptions:?}");
        }
        if names.map(str::trim).any(|name| name == "*") {
            assert!(is_excepted);
        }
    }
}
