//! Any text as a value of a key: what is taken has the shape and the range that it promises.
#![no_main]

use cognito_creds::profile::redirect_uri::{RedirectUri, parse_list};
use cognito_creds::profile::values::{self, Domain, IdentityPoolId, Issuer};
use cognito_creds::profile::{config_file, edit, keys, process_line};
use cognito_creds::store::EntryName;
use cognito_creds_fuzz::nowhere;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    spans(text);
    addresses(text);
    words(text);
    redirects(text);
    in_the_file(text);
    for key in keys::ALL {
        let _ = values::check(key.name, text, Some("oidc"));
    }
    if let Some(name) = EntryName::parse(text) {
        assert!(name.as_str() == text && !text.contains(['/', '\\', ':', ' ', '@']) && !text.contains(".."));
    }
});

fn spans(text: &str) {
    if let Ok(span) = values::duration(text, 1, 86_400) {
        let seconds = span.as_secs();
        assert!((1..=86_400).contains(&seconds) && span.subsec_nanos() == 0);
        assert_eq!(values::duration(&values::span(seconds), 1, 86_400), Ok(span));
    }
    if let Ok(span) = values::seconds(text, 900, 43_200) {
        assert!((900..=43_200).contains(&span.as_secs()) && text.bytes().all(|b| b.is_ascii_digit()));
    }
}

fn addresses(text: &str) {
    let is_safe = |url: &Url| {
        let ours = url.scheme() == "https" || (url.scheme() == "http" && values::is_loopback(url));
        ours && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    };
    for fips in [false, true] {
        if let Ok(domain) = Domain::parse(text, Some("eu-west-1"), fips) {
            let url = Url::parse(domain.as_str()).unwrap();
            assert!(is_safe(&url) && url.path() == "/" && url.query().is_none());
            assert_eq!(domain.at("/oauth2/token").host_str(), Some(domain.host()));
            if !text.contains("://") {
                assert!(domain.host().ends_with(".amazoncognito.com"));
            }
        }
    }
    if let Ok(issuer) = Issuer::parse(text) {
        assert_eq!(issuer.as_str(), text);
        let url = Url::parse(&issuer.discovery()).unwrap();
        assert!(is_safe(&url) && url.host_str() == Some(issuer.host()) && url.query().is_none());
    }
    for url in [values::endpoint(text), values::folder(text)].into_iter().flatten() {
        assert!(is_safe(&url));
        if let Ok(below) = values::below(&url, "auth/login") {
            assert!(is_safe(&below) && below.origin() == url.origin());
        }
    }
    let base = Url::parse("https://backend.example.com/api/v1/").unwrap();
    if let Ok(below) = values::below(&base, text) {
        assert_eq!(below.origin(), base.origin());
    }
}

fn words(text: &str) {
    if let Ok(id) = IdentityPoolId::parse(text) {
        assert!(id.as_str() == text && values::is_region(id.region()) && text.len() <= 55);
    }
    if let Ok(scheme) = values::auth_scheme(text) {
        assert!(http::HeaderValue::from_str(&scheme).is_ok() && !scheme.contains(' '));
    }
    for id in [values::client_id(text), values::oauth_client_id(text)].into_iter().flatten() {
        assert!(!id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic()));
    }
    if let Ok(scopes) = values::scopes(text) {
        assert!(scopes.split(' ').any(|word| word == "openid") && !scopes.contains("  "));
    }
    if let Ok([first, second]) = values::two_words(text) {
        assert!(first != second && !first.is_empty() && !second.is_empty());
    }
    if let Ok(key) = values::logins_key(text) {
        assert!(!key.contains([' ', ':', '"']));
    }
    let _ = values::user_pool_id(text).map(|id| assert!(id.is_ascii() && id.contains('_')));
    let _ = values::prompt(text);
}

fn redirects(text: &str) {
    if let Ok(uri) = RedirectUri::parse(text) {
        assert_eq!(uri.as_str(), text, "sent byte for byte");
        assert!(
            uri.addresses().iter().all(|a| a.ip().is_loopback() && a.port() == uri.port() && a.port() != 0)
        );
        assert!(uri.path().starts_with('/') && !uri.accepts_host(b"evil.example"));
    }
    if let Ok(uris) = parse_list(text) {
        assert!(!uris.is_empty());
    }
}

/// What may be written is read back, as a name and as a value.
fn in_the_file(text: &str) {
    let _ = process_line::is_ours(text);
    let read = |text: &str, name: &str| config_file::read_text(text, nowhere(), name).unwrap().unwrap();
    if edit::check_value(text).is_ok() && !text.is_empty() {
        let file = edit::set("", "dev", &[("cognito_login_hint", text)]);
        assert_eq!(read(&file, "dev").get("cognito_login_hint"), Some(text));
    }
    if edit::check_name(text).is_ok() {
        let file = edit::set("[profile x]\n", text, &[("cognito_role", "r")]);
        assert_eq!(read(&file, text).get("cognito_role"), Some("r"));
        let line = process_line::of(std::path::Path::new("/opt/cognito-creds"), text).unwrap();
        assert!(process_line::is_ours(&line) && line.split(' ').all(process_line::every_sdk_reads));
    }
}
