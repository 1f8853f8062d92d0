//! An OpenID provider as it answers over the network: its configuration, and what that means for a login.
//!
//! Whether a redirect URI is registered can't be asked: providers answer that with pages of their own,
//! after they have asked who the person is.

use super::user_pool::{Answer, clock, get, no_clock};
use super::{Checkup, Finding};
use crate::profile::Profile;
use crate::profile::values::Issuer;
use crate::shell;
use crate::user_pool::discovery::{self, Metadata};
use url::Url;

const CHECK: &str = "OpenID provider";

/// The provider, how its logins end; and, apart, the clock, which is told later.
pub fn findings(checkup: &Checkup<'_>, issuer: &Issuer) -> (Vec<Finding>, Finding) {
    // Without a client, the finding about the network says why.
    let (Ok(client), Ok(url)) = (checkup.session.client(), Url::parse(&issuer.discovery())) else {
        return (Vec::new(), no_clock());
    };
    let answer = match get(client, &url) {
        Ok(answer) => answer,
        Err(error) => {
            return (vec![Finding::fail(CHECK, error.what(), look(&url))], no_clock());
        }
    };
    let clock = answer.clocks.map_or_else(no_clock, |(theirs, ours)| clock(theirs, ours));
    (about(checkup.session.profile, issuer, &url, &answer), clock)
}

/// The command that shows what is there.
fn look(discovery: &Url) -> String {
    format!("curl -sS {}", shell::word(discovery.as_str()))
}

fn about(profile: &Profile, issuer: &Issuer, url: &Url, answer: &Answer) -> Vec<Finding> {
    let read = discovery::read(profile, issuer, answer.status, answer.body.as_bytes());
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
