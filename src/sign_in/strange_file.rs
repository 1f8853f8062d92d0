//! A config file that may be somebody else's, with a server that may pass a sign-in on to another one.
//!
//! Whoever writes the file can name a server of theirs with somebody else's app client. It redirects the
//! browser to the true server, which may answer without a question, and is sent the code and its verifier
//! (mix-up, RFC 9700 §4.4). Only `iss` (RFC 9207) would show it, and Cognito sends none. So the first
//! sign-in there is a person's: see docs/decisions/0015. A server on this machine is no exception: every user
//! of it can listen.

use crate::error::{Error, Next};
use crate::journal::{Outcome, SignIn};
use crate::profile::auth::{Auth, Server};
use crate::profile::values::is_region;
use crate::profile::{Environment, Profile, config_path, own_config_path};
use std::fs;
use std::path::{Path, PathBuf};
use url::Url;

/// Where a profile comes from and where it leads, where neither is known to be trusted.
#[derive(Debug, PartialEq, Eq)]
pub struct StrangeFile {
    file: PathBuf,
    host: String,
}

impl StrangeFile {
    /// `None` for the person's own config file, for a server that AWS runs, and for a backend, which gets no
    /// code.
    pub fn of(profile: &Profile, env: &dyn Environment) -> Option<Self> {
        let Auth::Browser(app) = &profile.auth else { return None };
        let file = config_path(env);
        let is_strange = !is_own(&file, &own_config_path(env)) && may_be_anybodys(&app.server);
        is_strange.then(|| Self { file, host: host_and_port(&app.server) })
    }

    /// What a person is told before a browser opens.
    pub fn told(&self, profile: &Profile) -> String {
        format!("Profile {} is from {} and signs in at {}", profile.shown(), self.file.display(), self.host)
    }

    /// Whether a browser may open without a person having asked for it, given the login's last sign-in: only
    /// once somebody has signed in there.
    ///
    /// # Errors
    /// Nobody has; with the command that does.
    pub fn may_open(&self, profile: &Profile, last: Option<&SignIn>) -> Result<(), Error> {
        let why = match last {
            Some(last) if last.outcome == Some(Outcome::Completed) => return Ok(()),
            Some(_) => "the last sign-in there was not completed",
            None => "nobody has signed in there yet",
        };
        let what = format!("{}; {why}.", self.told(profile));
        Err(Error::new(Next::SignIn, what, profile.command("login")))
    }
}

/// Whether `file` is the config file in the person's home. Without a home there is none.
fn is_own(file: &Path, own: &Path) -> bool {
    let is_same = || Some(fs::canonicalize(file).ok()? == fs::canonicalize(own).ok()?);
    own.is_absolute() && (file == own || is_same() == Some(true))
}

/// Whether somebody else than AWS may answer there.
fn may_be_anybodys(server: &Server) -> bool {
    let has_no_port = Url::parse(server.as_str()).is_ok_and(|url| url.port().is_none());
    let of_aws = matches!(server, Server::UserPool { .. }) && has_no_port && is_of_cognito(server.host());
    !of_aws
}

/// The host, with the port where it isn't the usual one: on this machine the port tells who answers.
fn host_and_port(server: &Server) -> String {
    let port = Url::parse(server.as_str()).ok().and_then(|url| url.port());
    port.map_or_else(|| server.host().to_owned(), |port| format!("{}:{port}", server.host()))
}

/// `PREFIX.auth.REGION.amazoncognito.com`, FIPS with `auth-fips`: the domains that AWS gives to user pools
/// (`profile/values/address.rs`), and answers under itself.
fn is_of_cognito(host: &str) -> bool {
    let parts: Vec<_> = host.split('.').collect();
    matches!(parts[..], [_, "auth" | "auth-fips", region, "amazoncognito", "com"] if is_region(region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::journal::Awaits;

    fn found(keys: &str, config_file: Option<&str>) -> Option<StrangeFile> {
        let text = format!("[profile dev]\ncognito_client_id = c\n{keys}\n");
        let env = |name: &str| match name {
            "HOME" => Some("/home/you".to_owned()),
            "AWS_CONFIG_FILE" => config_file.map(str::to_owned),
            _ => None,
        };
        StrangeFile::of(&Profile::of_text(&text, "dev", &env, "home").unwrap(), &env)
    }

    const OTHER: Option<&str> = Some("/src/repository/config");
    const FAR: &str = "cognito_domain = https://auth.example.com";

    #[test]
    fn a_file_that_is_not_the_persons_own_may_lead_to_aws_and_nowhere_else() {
        for trusted in [
            "cognito_domain = acme\nregion = eu-west-1",
            "cognito_domain = acme\nregion = us-gov-west-1",
            "cognito_domain = https://acme.auth.eu-west-1.amazoncognito.com",
        ] {
            assert_eq!(found(trusted, OTHER), None, "{trusted}");
        }
        for anybodys in [
            FAR,
            "cognito_domain = https://acme.auth.eu-west-1.amazoncognito.com.evil.example",
            "cognito_domain = https://acme.auth.eu-west-1.evil-amazoncognito.com",
            "cognito_domain = https://acme.auth.eu-west-1.amazoncognito.com:8443",
            "cognito_domain = https://x.acme.auth.eu-west-1.amazoncognito.com",
            "cognito_domain = https://auth.s3.amazonaws.com",
            "cognito_domain = https://localhost.evil.example",
            // Another user of this machine may listen.
            "cognito_domain = http://localhost:4566",
            "cognito_domain = http://127.0.0.1:4566",
            "cognito_auth = oidc\ncognito_issuer = http://[::1]:4566/tenant",
            "cognito_auth = oidc\ncognito_issuer = https://id.example.com",
            "cognito_auth = oidc\ncognito_issuer = https://acme.auth.eu-west-1.amazoncognito.com",
        ] {
            assert!(found(anybodys, OTHER).is_some(), "{anybodys}");
        }
    }

    #[test]
    fn the_port_of_a_server_on_this_machine_is_told() {
        for (keys, told) in [
            ("cognito_domain = http://127.0.0.1:9999", "127.0.0.1:9999"),
            ("cognito_auth = oidc\ncognito_issuer = http://[::1]:9999/tenant", "[::1]:9999"),
            ("cognito_domain = https://acme.auth.eu-west-1.amazoncognito.com:8443", "amazoncognito.com:8443"),
            (FAR, "auth.example.com"),
        ] {
            let profile = Profile::of_text(
                &format!("[profile dev]\ncognito_client_id = c\n{keys}\n"),
                "dev",
                &|_: &str| None,
                "home",
            );
            let said = found(keys, OTHER).unwrap().told(&profile.unwrap());
            assert!(said.ends_with(told), "{said}");
        }
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_persons_own_file_may_lead_anywhere() {
        for own in [None, Some("/home/you/.aws/config"), Some("~/.aws/config")] {
            assert_eq!(found(FAR, own), None, "{own:?}");
            assert_eq!(found("cognito_domain = http://127.0.0.1:4566", own), None, "{own:?}");
        }
        assert!(found(FAR, Some("~/.aws/other")).is_some());
        assert!(!is_own(Path::new(".aws/config"), Path::new(".aws/config")), "without a home");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        fs::write(&file, "").unwrap();
        assert!(is_own(
            &folder.path().join("./../").join(folder.path().file_name().unwrap()).join("config"),
            &file
        ));
    }

    #[test]
    fn a_browser_opens_by_itself_once_somebody_has_signed_in_there() {
        let text = format!("[profile dev]\ncognito_client_id = c\n{FAR}\n");
        let profile = Profile::of_text(&text, "dev", &|_: &str| None, "home").unwrap();
        let strange = found(FAR, OTHER).unwrap();
        let ended = |outcome| SignIn {
            attempt: String::new(),
            profile: "dev".into(),
            started: Timestamp::from_unix(1),
            awaits: Awaits::Browser,
            outcome,
            ended: Some(Timestamp::from_unix(2)),
        };
        assert!(strange.may_open(&profile, Some(&ended(Some(Outcome::Completed)))).is_ok());
        for last in [None, Some(ended(None)), Some(ended(Some(Outcome::Stopped)))] {
            let error = strange.may_open(&profile, last.as_ref()).unwrap_err();
            assert!(
                error.what().contains("/src/repository/config") && error.what().contains("auth.example.com")
            );
            assert_eq!(error.paste(), "cognito-creds login --profile dev");
        }
    }
}
