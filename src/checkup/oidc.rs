//! An OpenID provider as it answers over the network: its configuration and keys, and what that means for
//! a login.
//!
//! Whether a redirect URI is registered can't be asked: providers answer that with pages of their own,
//! after they have asked who the person is.

use super::issuer::signing_keys;
use super::user_pool::{clock, no_clock};
use super::web::Answer;
use super::{Checkup, Finding, Status};
use crate::profile::Profile;
use crate::profile::values::Issuer;
use crate::shell;
use crate::user_pool::discovery::{self, Metadata};
use serde_json::Value;
use url::Url;

const CHECK: &str = "OpenID provider";

/// The provider, how its logins end; and, apart, the clock, which is told later.
pub fn findings(checkup: &Checkup<'_>, issuer: &Issuer) -> (Vec<Finding>, Finding) {
    // Without a client, the finding about the network says why.
    let (Ok(web), Ok(url)) = (checkup.web(), Url::parse(&issuer.discovery())) else {
        return (Vec::new(), no_clock());
    };
    let answer = match web.get(&url) {
        Ok(answer) => answer,
        Err(error) => {
            return (vec![Finding::fail(CHECK, error.what(), look(&url))], no_clock());
        }
    };
    let clock = answer.clocks.map_or_else(no_clock, |(theirs, ours)| clock(theirs, ours));
    let mut findings = about(checkup.session.profile, issuer, &url, &answer);
    if findings.iter().all(|finding| finding.status != Status::Fail) {
        let document = serde_json::from_str(&answer.body).unwrap_or_default();
        findings.extend(lacks(&document).map(|saw| Finding::fail(CHECK, saw, look(&url))));
        let keys = document["jwks_uri"].as_str().and_then(|keys| Url::parse(keys).ok());
        findings.extend(keys.map(|keys| signing_keys(web, &keys)));
    }
    (findings, clock)
}

/// What a sign-in needs and the provider says that it lacks: the authorization code flow (Discovery §3,
/// `response_types_supported`) with PKCE by S256 (RFC 8414 §2, `code_challenge_methods_supported`). Many
/// providers take PKCE and list nothing, so a list that isn't there says nothing.
fn lacks(document: &Value) -> Option<String> {
    let lacks = |member: &str, value: &str| {
        document[member].as_array().is_some_and(|list| !list.iter().any(|known| known == value))
    };
    if lacks("response_types_supported", "code") {
        return Some("it does not offer the authorization code flow, which a sign-in needs".to_owned());
    }
    lacks("code_challenge_methods_supported", "S256")
        .then(|| "it does not offer PKCE with S256, which a sign-in needs".to_owned())
}

/// The command that shows what is there.
fn look(discovery: &Url) -> String {
    format!("curl -sS {}", shell::word(discovery.as_str()))
}

fn about(profile: &Profile, issuer: &Issuer, url: &Url, answer: &Answer) -> Vec<Finding> {
    let read = discovery::read(profile, issuer, (answer.status, None), answer.body.as_bytes());
    let endpoints = |metadata: Metadata| metadata.endpoints(issuer).ok();
    match read.map(endpoints) {
        Err(error) => vec![Finding::of(CHECK, &error, &look(url))],
        Ok(endpoints) => {
            let took = answer.took.as_millis();
            let saw = format!("{} answered with its configuration in {took} ms", issuer.as_str());
            let mut findings = vec![Finding::ok(CHECK, saw)];
            if endpoints.is_some_and(|endpoints| endpoints.revoke.is_none()) {
                let saw = "it has no endpoint that ends a login";
                let remedy = "After a logout, end the session in the provider's own account page too";
                findings.push(Finding::warn("logout", saw, remedy));
            }
            findings
        }
    }
}
