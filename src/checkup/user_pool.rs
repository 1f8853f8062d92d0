//! The user pool as it answers over the network: the domain, the pool behind it, every redirect URI,
//! and the server's clock.
//!
//! A user pool's domain serves no discovery of its own; the issuer does
//! (`https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/openid-configuration`). The domain is
//! asked at `/oauth2/authorize` instead, with the parameters of a real sign-in and redirects not
//! followed: it answers before anybody signs in, and differently for a redirect URI that is
//! registered (on to its sign-in page) and one that is not (its page `/error`, or 400).

use super::web::{Answer, Web};
use super::{Checkup, Finding, issuer, look_up};
use crate::clock::{self, Timestamp};
use crate::error::foreign;
use crate::http::{SendError, SendErrorKind};
use crate::profile::auth::{AppClient, Auth, Server};
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::values::Domain;
use crate::profile::{keys, values};
use crate::shell;
use crate::user_pool::authorize;
use crate::user_pool::endpoints::Endpoints;
use std::time::Duration;

/// What the identity pool allows OIDC tokens; above it requests fail.
const CLOCK_FAIL: Duration = Duration::from_mins(5);
/// More than slow networks and whole seconds explain.
const CLOCK_WARN: Duration = Duration::from_secs(30);

/// What authorize says about a redirect URI.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// A person could sign in now.
    Registered,
    /// The redirect URI is not among the app client's.
    Mismatch,
    /// No app client of this user pool has this id.
    UnknownClient,
    /// The app client or what is asked of it is refused, in the server's words.
    Refused(String),
    /// It is there and can't answer now.
    Later,
    /// Whoever this is, it is no user pool.
    NotCognito,
}

/// The user pool that a profile names.
#[derive(Clone, Copy)]
struct Pool<'a> {
    app: &'a AppClient,
    domain: &'a Domain,
    id: Option<&'a str>,
}

/// Domain, user pool and redirect URIs; and, apart, the clock, which is told later.
pub fn findings(checkup: &Checkup<'_>) -> (Vec<Finding>, Finding) {
    let Auth::Browser(app) = &checkup.session.profile.auth else { return (Vec::new(), no_clock()) };
    let Server::UserPool { domain, id } = &app.server else { return (Vec::new(), no_clock()) };
    let pool = Pool { app, domain, id: id.as_deref() };
    // Without a client, the finding about the network says why.
    let Ok(web) = checkup.web() else { return (Vec::new(), no_clock()) };
    let mut findings = Vec::new();
    let mut clocks = None;
    for uri in &app.redirect_uris {
        let answer = ask(web, pool, uri);
        if findings.is_empty() {
            findings.push(about_domain(pool, uri, &answer));
        }
        let Ok(answer) = answer else { break };
        clocks = clocks.or(answer.clocks);
        if read(&answer, pool, uri) == Verdict::UnknownClient {
            findings.push(unknown_client(pool, &checkup.session.profile.name));
            break;
        }
        findings.extend(redirect_uri(pool, uri, &answer));
    }
    let at = 1.min(findings.len());
    findings.splice(at..at, issuer::of_user_pool(checkup, web, domain));
    (findings, clocks.map_or_else(no_clock, |(theirs, ours)| clock(theirs, ours)))
}

fn ask(web: Web<'_>, pool: Pool<'_>, uri: &RedirectUri) -> Result<Answer, SendError> {
    let authorize = Endpoints::of_user_pool(pool.domain).authorize;
    let url = match authorize::Request::new(pool.app, &authorize, uri, false) {
        Ok(request) => request.url,
        // Without random numbers: the answer about the redirect URI needs none.
        Err(_) => authorize,
    };
    web.get(&url)
}

fn about_domain(pool: Pool<'_>, uri: &RedirectUri, answer: &Result<Answer, SendError>) -> Finding {
    let host = pool.domain.host();
    let compare = look_up::domain(pool.domain, pool.id);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.kind() == SendErrorKind::Dns => {
            return Finding::fail("domain", error.what(), compare);
        }
        Err(error) => {
            let saw = error.what();
            return Finding::fail("domain", saw, format!("curl -sSI {}", pool.domain.as_str()));
        }
    };
    let (status, took) = (answer.status, answer.took.as_millis());
    match read(answer, pool, uri) {
        Verdict::NotCognito => {
            let saw = format!(
                "{host} answered {status}, which no user pool does; perhaps a proxy or the sign-in page of a network"
            );
            Finding::fail("domain", saw, compare)
        }
        Verdict::Later => {
            let saw =
                format!("{host} answered {status}: it is busy, or a firewall (AWS WAF) refuses this machine");
            Finding::fail("domain", saw, format!("sleep 60 && curl -sSI {}", pool.domain.as_str()))
        }
        _ => Finding::ok("domain", format!("{host} answered as a user pool in {took} ms")),
    }
}

fn redirect_uri(pool: Pool<'_>, uri: &RedirectUri, answer: &Answer) -> Option<Finding> {
    const CHECK: &str = "redirect URI";
    let (text, client) = (uri.as_str(), &pool.app.client_id);
    match read(answer, pool, uri) {
        Verdict::Registered => {
            Some(Finding::ok(CHECK, format!("{text} is registered at app client {client}")))
        }
        Verdict::Mismatch => Some(Finding::fail(
            CHECK,
            format!("{text} is not registered at app client {client}"),
            // No command: `update-user-pool-client` sets whatever it is not told back to its default.
            format!("Add {text} to the app client's allowed callback URLs, exactly as written here"),
        )),
        Verdict::Refused(said) => {
            let saw = format!("app client {client} refused the sign-in for {text}: {said}");
            let settings = settings(pool.app);
            Some(match pool.id {
                Some(id) => {
                    let saw = format!("{saw}; it has to allow {settings}");
                    Finding::fail(CHECK, saw, look_up::app_client(id, client))
                }
                None => {
                    Finding::fail(CHECK, saw, format!("Compare the app client with this profile: {settings}"))
                }
            })
        }
        // A finding of its own; the domain's own finding.
        Verdict::UnknownClient | Verdict::Later | Verdict::NotCognito => None,
    }
}

/// Nothing of that app client can be looked up; those that there are can.
fn unknown_client(pool: Pool<'_>, profile: &str) -> Finding {
    let key = keys::CLIENT_ID.name;
    let saw = format!("{} does not know the app client {}", pool.domain.host(), pool.app.client_id);
    let those = match pool.id {
        Some(id) => format!("; `{}` lists those that it knows", look_up::app_clients(id)),
        None => "; its user pool lists those that it knows under \"App clients\"".to_owned(),
    };
    Finding::fail("app client", saw + &those, shell::set_key(key, values::example(key), profile))
}

/// The settings that the app client has to allow.
fn settings(app: &AppClient) -> String {
    let provider = if app.provider.is_some() { ", the identity provider" } else { "" };
    format!("the authorization code grant, the scopes '{}'{provider}", app.scopes)
}

/// What an answer of `/oauth2/authorize` means for `uri`.
///
/// Cognito sends a mismatch to its own page `/error?error=redirect_mismatch` (field reports, for
/// instance aws/aws-aspnet-cognito-identity-provider#167); stand-ins answer 400.
fn read(answer: &Answer, pool: Pool<'_>, uri: &RedirectUri) -> Verdict {
    match (answer.status, &answer.location) {
        (300..=399, Some(location)) => read_redirect(location, pool, uri),
        (400, _) => read_refusal(&answer.body),
        (403 | 429 | 500.., _) => Verdict::Later,
        _ => Verdict::NotCognito,
    }
}

fn read_redirect(location: &str, pool: Pool<'_>, uri: &RedirectUri) -> Verdict {
    let domain = pool.domain.at("/");
    let Ok(to) = domain.join(location) else { return Verdict::NotCognito };
    let parameter = |name| to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| foreign(&value));
    let error = parameter("error");
    if location.starts_with(uri.as_str()) {
        // Only a registered one is redirected to, whatever it is told there.
        return match error.as_deref() {
            // `prompt=none` without a session: a person would be asked.
            None | Some("login_required") => Verdict::Registered,
            Some(error) => {
                Verdict::Refused(parameter("error_description").unwrap_or_else(|| error.to_owned()))
            }
        };
    }
    let same_host = to.origin() == domain.origin();
    match error {
        Some(error) if error == "redirect_mismatch" => Verdict::Mismatch,
        Some(error) if error == "invalid_client" || is_about_no_client(&error) => Verdict::UnknownClient,
        Some(error) if same_host => Verdict::Refused(error),
        _ if same_host && to.path() == "/error" => Verdict::Refused("it did not say why".to_owned()),
        // On to its own sign-in page, or over TLS to the identity provider's.
        _ if same_host || to.scheme() == "https" => Verdict::Registered,
        _ => Verdict::NotCognito,
    }
}

/// The page's own words for it: "Client does not exist".
fn is_about_no_client(error: &str) -> bool {
    let error = error.to_ascii_lowercase();
    error.contains("client") && error.contains("not exist")
}

fn read_refusal(body: &str) -> Verdict {
    let body = body.to_ascii_lowercase();
    if body.contains("redirect_mismatch") || body.contains("redirect_uri") {
        Verdict::Mismatch
    } else if body.contains("client") {
        Verdict::UnknownClient
    } else if body.contains("provider") {
        Verdict::Refused("it does not know the identity provider".to_owned())
    } else {
        Verdict::Refused("it answered 400".to_owned())
    }
}

pub(super) fn clock(theirs: Timestamp, ours: Timestamp) -> Finding {
    const CHECK: &str = "clock";
    match theirs.distance(ours) {
        off if off > CLOCK_FAIL => Finding::fail(CHECK, clock::off(ours, theirs), clock::SET_COMMAND),
        off if off > CLOCK_WARN => Finding::warn(CHECK, clock::off(ours, theirs), clock::SET_COMMAND),
        _ => Finding::ok(CHECK, "this machine's clock agrees with the server's"),
    }
}

pub(super) fn no_clock() -> Finding {
    Finding::warn("clock", "not compared: no server told its time", clock::LOOK_COMMAND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn profile() -> Profile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "[profile dev]\ncognito_domain = https://auth.example.com\ncognito_client_id = c\n";
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().to_string_lossy().into_owned();
        Profile::load("dev", &|name: &str| (name == "AWS_CONFIG_FILE").then(|| path.clone()), "").unwrap()
    }

    fn verdict(status: u16, location: Option<&str>, body: &str) -> Verdict {
        let answer = Answer {
            status,
            location: location.map(str::to_owned),
            body: body.to_owned(),
            clocks: None,
            took: Duration::ZERO,
        };
        let profile = profile();
        let Auth::Browser(app) = &profile.auth else { panic!() };
        let Server::UserPool { domain, id } = &app.server else { panic!() };
        let pool = Pool { app, domain, id: id.as_deref() };
        read(&answer, pool, &RedirectUri::parse("http://localhost:8080").unwrap())
    }

    #[test]
    fn a_registered_redirect_leads_to_a_sign_in_page() {
        for location in [
            "https://auth.example.com/login?client_id=c&redirect_uri=http://localhost:8080",
            "/login?client_id=c",
            "https://login.microsoftonline.com/tenant/saml2?SAMLRequest=x",
            "http://localhost:8080?error=login_required&state=s",
            "http://localhost:8080?code=1&state=s",
        ] {
            assert_eq!(verdict(302, Some(location), ""), Verdict::Registered, "{location}");
        }
    }

    #[test]
    fn a_mismatch_is_told_by_the_error_page_or_a_400() {
        let error = "https://auth.example.com/error?error=redirect_mismatch&client_id=c";
        assert_eq!(verdict(302, Some(error), ""), Verdict::Mismatch);
        assert_eq!(verdict(302, Some("/error?error=redirect_mismatch&client_id=c"), ""), Verdict::Mismatch);
        assert_eq!(verdict(400, None, "<p>redirect_mismatch</p>"), Verdict::Mismatch);
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words_and_without_its_control_characters() {
        let location = "http://localhost:8080?error=invalid_request&error_description=invalid%1B_scope";
        assert_eq!(verdict(302, Some(location), ""), Verdict::Refused("invalid _scope".to_owned()));
        let location = "http://localhost:8080?error=unauthorized_client";
        assert_eq!(verdict(302, Some(location), ""), Verdict::Refused("unauthorized_client".to_owned()));
        assert!(matches!(verdict(302, Some("/error"), ""), Verdict::Refused(_)));
    }

    #[test]
    fn an_app_client_that_is_not_there_is_told_from_one_that_refuses() {
        for (status, location, body) in [
            (400, None, "Invalid client id"),
            (302, Some("/error?error=invalid_client"), ""),
            (302, Some("https://auth.example.com/error?error=Client+does+not+exist.&client_id=c"), ""),
        ] {
            assert_eq!(verdict(status, location, body), Verdict::UnknownClient, "{location:?} {body}");
        }
    }

    #[test]
    fn what_is_no_user_pool_is_told_from_one_that_is_busy() {
        assert_eq!(verdict(200, None, "Welcome to the hotel"), Verdict::NotCognito);
        assert_eq!(verdict(302, Some("http://portal.hotel/"), ""), Verdict::NotCognito);
        assert_eq!(verdict(404, None, ""), Verdict::NotCognito);
        for status in [403, 429, 503] {
            assert_eq!(verdict(status, None, ""), Verdict::Later, "{status}");
        }
    }

    #[test]
    fn a_clock_is_judged_in_both_directions() {
        use crate::checkup::Status;
        let at = Timestamp::from_unix;
        for (theirs, status) in [
            (1000, Status::Ok),
            (1020, Status::Ok),
            (1100, Status::Warn),
            (100, Status::Fail),
            (1900, Status::Fail),
        ] {
            assert_eq!(clock(at(theirs), at(1000)).status, status, "{theirs}");
        }
        assert!(clock(at(100), at(1000)).saw.contains("15 minutes ahead"));
    }
}
