//! The doctor's checks: for each thing that can be wrong, what was seen and what to do about it.
//!
//! One function makes one [`Finding`]; the order they are called in is the order they are told in.
//! No check signs in, refreshes or changes anything but test entries of its own, and nothing that a
//! finding says is secret: people paste it into issues.
//!
//! - [`config`]: the profile's `credential_process` line, its keys and, at the end, what shadows it.
//! - [`user_pool`]: the domain, the pool, its keys, the redirect URIs, the clock. In its place [`oidc`],
//!   another provider, or [`backend`], one that vouches for people.
//! - [`machine`]: ports, browser, terminal, proxy, certificates.
//! - [`state`]: the folder for locks and notes.
//! - [`stores`]: whether each place keeps what it is given.
//! - [`account`]: the login, its role, the identity pool.

pub mod account;
pub mod backend;
pub mod config;
mod issuer;
mod look_up;
pub mod machine;
pub mod oidc;
pub mod state;
pub mod stores;
pub mod user_pool;
mod web;

use crate::error::{Error, printable};
use crate::journal::Journal;
use crate::login::Login;
use crate::profile::auth::{AppClient, Auth, Server};
use crate::profile::{Environment, Profile};
use crate::session::Session;
use crate::vault::Places;
use serde::Serialize;
use std::time::{Duration, Instant};
use web::Web;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing to do.
    Ok,
    /// Worth knowing; the profile works without it.
    Warn,
    /// The profile does not work, or not everywhere, before this is changed.
    Fail,
}

/// What one check found; `doctor --json` prints it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How bad it is.
    pub status: Status,
    /// What was seen.
    pub saw: String,
    /// What to do, a command where there is one; empty where there is nothing to do.
    #[serde(rename = "do")]
    pub remedy: String,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, saw: impl AsRef<str>) -> Self {
        Self::new(check, Status::Ok, saw.as_ref(), "")
    }

    /// Worth knowing.
    pub fn warn(check: &'static str, saw: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self::new(check, Status::Warn, saw.as_ref(), remedy.as_ref())
    }

    /// Has to change.
    pub fn fail(check: &'static str, saw: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self::new(check, Status::Fail, saw.as_ref(), remedy.as_ref())
    }

    /// An error of the program as a finding. Many errors send people to `doctor`; from there
    /// `otherwise` is the way on.
    pub fn of(check: &'static str, error: &Error, otherwise: &str) -> Self {
        let paste = Some(error.paste()).filter(|paste| !paste.starts_with("cognito-creds doctor"));
        Self::fail(check, error.what(), paste.unwrap_or(otherwise))
    }

    /// The same finding, but nothing that has to change.
    #[must_use]
    pub fn softened(self) -> Self {
        let status = if self.status == Status::Fail { Status::Warn } else { self.status };
        Self { status, ..self }
    }

    fn new(check: &'static str, status: Status, saw: &str, remedy: &str) -> Self {
        let shown = |text: &str| printable(&without_addresses(text));
        Self { check, status, saw: shown(saw), remedy: shown(remedy) }
    }
}

/// A profile that could be read, and everything its checks need.
pub struct Checkup<'a> {
    /// The profile's session, for its client and its vault.
    pub session: &'a Session<'a>,
    /// The places themselves, for test entries.
    pub places: &'a Places,
    /// Whether a sign-in runs, and the folder that tells.
    pub journal: &'a Journal,
    /// The environment.
    pub env: &'a dyn Environment,
    /// How long each request to whoever signs people in may take.
    pub limit: Duration,
    /// Set for a quick look at a profile that is not written yet: when all of it is over. It leaves the stored
    /// login alone, which may lie in a keychain that asks its person first.
    pub quick: Option<Instant>,
}

impl Checkup<'_> {
    /// Every check that needs a profile, in the order they are told.
    pub fn findings(&self) -> Vec<Finding> {
        let profile = self.profile();
        let (mut findings, clock) = self.server();
        if matches!(profile.auth, Auth::Browser(_)) {
            findings.extend(machine::ports(profile, self.journal));
            findings.push(machine::browser(&profile.name, Some(profile), self.env));
        }
        findings.extend(machine::wsl(&profile.name, self.env));
        findings.push(machine::terminal());
        findings.push(state::folder(self.journal));
        findings.extend(stores::findings(profile, self.places));
        findings.push(clock);
        findings.extend(machine::network(self));
        let refused = findings.iter().any(|f| f.check == backend::TOKEN && f.status == Status::Warn);
        findings.extend(account::findings(self, refused));
        findings
    }

    /// Whoever signs people in, as it answers over the network; and, apart, the clock, which is told later.
    pub fn server(&self) -> (Vec<Finding>, Finding) {
        match &self.profile().auth {
            Auth::Browser(AppClient { server: Server::Oidc(issuer), .. }) => oidc::findings(self, issuer),
            Auth::Browser(_) => user_pool::findings(self),
            Auth::Developer(backend) => backend::findings(self, backend),
        }
    }

    fn web(&self) -> Result<Web<'_>, Error> {
        Ok(Web { client: self.session.client()?, limit: self.limit, until: self.quick })
    }

    /// The login as it is kept, ended or not.
    fn stored_login(&self) -> Option<Login> {
        if self.quick.is_some() { None } else { self.session.vault.load_stored().ok()? }
    }

    fn profile(&self) -> &Profile {
        self.session.profile
    }
}

/// `alice@example.com` becomes `a…@example.com`, wherever it stands.
fn without_addresses(text: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-…".contains(c);
    let mut parts = text.split('@');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let local = shown.trim_end_matches(is_local).len();
        if let Some(first) = shown[local..].chars().next()
            && part.starts_with(char::is_alphanumeric)
        {
            shown.truncate(local);
            shown.push(first);
            shown.push('…');
        }
        shown.push('@');
        shown.push_str(part);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Next;

    #[test]
    fn an_address_is_shortened_wherever_it_stands() {
        for (text, shown) in [
            ("alice@example.com", "a…@example.com"),
            ("as alice.b+x@example.com, ç@b.org.", "as a…@example.com, ç…@b.org."),
            ("no address @ all", "no address @ all"),
            ("", ""),
            ("a…@example.com", "a…@example.com"),
        ] {
            assert_eq!(without_addresses(text), shown);
        }
        assert_eq!(Finding::fail("x", "é@x", "to é@x"), Finding::fail("x", "é…@x", "to é…@x"));
    }

    #[test]
    fn the_doctor_never_sends_people_to_the_doctor() {
        let error = Error::new(Next::Configure, "It broke.", "cognito-creds doctor --profile dev");
        assert_eq!(
            Finding::of("x", &error, "turn it off and on"),
            Finding::fail("x", "It broke.", "turn it off and on")
        );
        let error = Error::new(Next::Configure, "It broke.", "cognito-creds login");
        assert_eq!(Finding::of("x", &error, "").remedy, "cognito-creds login");
    }

    #[test]
    fn a_finding_is_the_documented_json() {
        let json = serde_json::to_string(&Finding::warn("clock", "late", "wind it")).unwrap();
        assert_eq!(json, r#"{"check":"clock","status":"warn","saw":"late","do":"wind it"}"#);
    }
}
