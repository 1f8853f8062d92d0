//! Any text as the AWS config file: read without a panic, every setting in its range and leading nowhere
//! but to https or to this machine, and no section has a say in another.
#![no_main]

use cognito_creds::profile::auth::{Auth, Server};
use cognito_creds::profile::flow::Flow;
use cognito_creds::profile::values::is_loopback;
use cognito_creds::profile::{Profile, config_file, lines};
use cognito_creds_fuzz::{assert_proper, nowhere};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use url::Url;

fuzz_target!(|text: &str| {
    let _ = lines::twice(text);
    let _ = lines::entries(text, |header| lines::is_profile(header, "dev"));
    let read = config_file::read_text(text, nowhere(), "dev");
    match &read {
        Ok(Some(_)) => {
            // Another section, of another profile, changes nothing.
            let more = format!(
                "{text}\n[profile other]\nregion = elsewhere-1\ncognito_domain = https://evil.example\n"
            );
            let again = config_file::read_text(&more, nowhere(), "dev").unwrap().unwrap();
            assert_eq!(again.get("region"), read.as_ref().unwrap().as_ref().unwrap().get("region"));
            assert_eq!(
                again.get("cognito_domain"),
                read.as_ref().unwrap().as_ref().unwrap().get("cognito_domain")
            );
            match Profile::of_text(text, "dev", &|_: &str| None::<String>, "home") {
                Ok(profile) => in_range(&profile),
                Err(error) => assert_proper(&error),
            }
        }
        Ok(None) => {}
        Err(error) => assert_proper(error),
    }
});

fn in_range(profile: &Profile) {
    let day = Duration::from_hours(24);
    assert!(profile.wait <= day && profile.login_timeout <= day && profile.refresh_margin <= day);
    let is_safe = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    match &profile.auth {
        Auth::Browser(app) => {
            let server = match &app.server {
                Server::UserPool { domain, .. } => domain.as_str(),
                Server::Oidc(issuer) => issuer.as_str(),
            };
            assert!(is_safe(&Url::parse(server).unwrap()), "{server}");
            assert!(!app.redirect_uris.is_empty() && app.scopes.split(' ').any(|word| word == "openid"));
            for uri in &app.redirect_uris {
                assert!(uri.addresses().iter().all(|address| address.ip().is_loopback()));
            }
        }
        Auth::Developer(backend) => {
            for url in [&backend.login, &backend.aws, &backend.logout] {
                assert!(is_safe(url) && url.host_str() == Some(backend.host()), "{url}");
            }
        }
    }
    let Flow::Basic(basic) = &profile.flow else { return };
    assert!(basic.duration >= Duration::from_mins(15) && basic.duration <= Duration::from_hours(12));
}
