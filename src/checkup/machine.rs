//! This machine: whether the browser can come back to it, whether a person can be reached, and the
//! way out to the network.

use super::{Checkup, Finding};
use crate::identity_pool::{api, sts};
use crate::journal::Journal;
use crate::platform::Os;
use crate::profile::auth::Auth;
use crate::profile::flow::Flow;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Interactive, Profile, command_line};
use crate::sign_in::{is_running, reserved_port};
use crate::user_pool::callback::Listener;
use crate::{browser, shell, terminal};
use http::Uri;

/// Every redirect URI's port, bound and given back. One free port is enough for a sign-in.
pub fn ports(profile: &Profile, journal: &Journal) -> Vec<Finding> {
    const CHECK: &str = "port";
    if journal.folder().and_then(|folder| is_running(folder, profile)).unwrap_or(false) {
        return vec![Finding::ok(CHECK, "not tried: a sign-in is running and has its port")];
    }
    let Auth::Browser(app) = &profile.auth else { return Vec::new() };
    let findings: Vec<_> = app.redirect_uris.iter().map(|uri| port(profile, uri)).collect();
    let one_is_free = findings.iter().any(Result::is_ok);
    findings
        .into_iter()
        .map(|finding| match finding {
            Err(taken) if one_is_free => taken.softened(),
            Ok(finding) | Err(finding) => finding,
        })
        .collect()
}

fn port(profile: &Profile, uri: &RedirectUri) -> Result<Finding, Finding> {
    match Listener::bind(std::slice::from_ref(uri)) {
        Ok(_given_back) => Ok(Finding::ok("port", format!("{} is free", uri.port()))),
        Err(error) => {
            let error = reserved_port(profile, error);
            Err(Finding::of("port", &error, &profile.command("login")))
        }
    }
}

/// Whether a browser that this program opens would be seen.
///
/// `profile` is missing where the one of this name can't be read.
pub fn browser(name: &str, profile: Option<&Profile>, env: &dyn Environment) -> Finding {
    const CHECK: &str = "browser";
    if profile.is_some_and(|p| p.interactive == Interactive::Never) {
        return Finding::ok(CHECK, "never opened by AWS commands (cognito_interactive = never)");
    }
    if browser::can_be_seen(env) {
        let how = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].into_iter().find(|name| env.var(name).is_some());
        return Finding::ok(
            CHECK,
            match how {
                Some(name) => format!("one can be opened ({name})"),
                None if browser::wsl_here(env).is_some() => "that of Windows".to_owned(),
                None => "this desktop's".to_owned(),
            },
        );
    }
    let why = if terminal::on_a_build_machine(env) { "CI is set" } else { "no display and no BROWSER" };
    let saw = format!("none can be seen here ({why}), so AWS commands won't open one");
    let way = if terminal::is_there() { "login --paste" } else { "login --no-browser" };
    Finding::warn(CHECK, saw, command_line(way, name))
}

/// Whether this is a Linux inside Windows, and how far it is from it; `None` elsewhere.
pub fn wsl(name: &str, env: &dyn Environment) -> Option<Finding> {
    const CHECK: &str = "WSL";
    const STAYS: &str = "what the kernel keyring has stays until WSL stops";
    let wsl = browser::wsl_here(env)?;
    let paste = command_line("login --paste", name);
    let finding = match browser::launcher_of_windows(&wsl) {
        _ if env.var("BROWSER").is_some() => {
            Finding::ok(CHECK, format!("yes; BROWSER opens addresses; {STAYS}"))
        }
        Some(launcher) => {
            let ended = if browser::names_an_ended_session(env) {
                "; WSL_INTEROP is of a session that has ended, and left out"
            } else {
                ""
            };
            let launcher = launcher.display();
            Finding::ok(CHECK, format!("yes; {launcher} opens the browser of Windows{ended}; {STAYS}"))
        }
        None if wsl.interop => {
            let saw = format!(
                "yes, but no drive C: with Windows is mounted here, so that its browser may not open; {STAYS}"
            );
            Finding::warn(CHECK, saw, paste)
        }
        None => {
            let saw = format!(
                "yes, but programs of Windows can't be started from here (interop is off), so its browser is not opened; {STAYS}"
            );
            Finding::warn(CHECK, saw, paste)
        }
    };
    Some(finding)
}

/// Whether a person can be told something while an AWS command runs.
pub fn terminal() -> Finding {
    const CHECK: &str = "terminal";
    if terminal::is_there() {
        Finding::ok(CHECK, "messages reach a person")
    } else {
        Finding::warn(
            CHECK,
            "there is none, so notices can't be shown while an AWS command runs",
            "cognito-creds status",
        )
    }
}

/// The proxy and the certificates that requests of this profile really use.
pub fn network(checkup: &Checkup<'_>) -> Vec<Finding> {
    let profile = checkup.session.profile;
    let client = match checkup.session.client() {
        Ok(client) => client,
        Err(error) => {
            let bundle = format!("aws configure get ca_bundle --profile {}", shell::word(&profile.name));
            return vec![Finding::of("network", &error, &bundle)];
        }
    };
    let way = ways(profile, |uri| client.proxy_for(uri));
    let source = if checkup.env.var("AWS_CA_BUNDLE").is_some() { "AWS_CA_BUNDLE" } else { "ca_bundle" };
    let certificates = match &profile.ca_bundle {
        Some(path) => format!("those in {} ({source}) and no others", path.display()),
        None => system_certificates(checkup.env, Os::HERE),
    };
    vec![Finding::ok("proxy", way), Finding::ok("certificates", certificates)]
}

/// How each host is reached that this profile calls: `NO_PROXY` may except one of them.
fn ways(profile: &Profile, proxy_for: impl Fn(&Uri) -> Option<String>) -> String {
    let sign_in = profile.auth.authority().parse::<Uri>().ok();
    let sts = matches!(profile.flow, Flow::Basic(_)).then(|| sts::endpoint(profile)).flatten();
    let hosts = [sign_in, api::endpoint(profile), sts].into_iter().flatten();
    let mut ways: Vec<String> = Vec::new();
    for uri in hosts {
        let host = uri.host().unwrap_or_default();
        let way = proxy_for(&uri).map_or_else(|| "directly".to_owned(), |proxy| format!("through {proxy}"));
        let way = format!("{host} is reached {way}");
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join("; ")
}

/// The system's store, or what stands in its place: where the certificates are files, two variables of
/// OpenSSL move them (rustls-native-certs).
fn system_certificates(env: &dyn Environment, os: Os) -> String {
    let files = matches!(os, Os::Linux | Os::OtherUnix);
    let moved = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter(|_| files);
    let moved: Vec<_> = moved.filter_map(|name| Some(format!("{} ({name})", env.var(name)?))).collect();
    if moved.is_empty() { "the system's".to_owned() } else { format!("those in {}", moved.join(" and ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openssls_variables_count_where_certificates_are_files() {
        let env = |name: &str| (name == "SSL_CERT_FILE").then(|| "/ca.pem".to_owned());
        assert_eq!(system_certificates(&env, Os::Linux), "those in /ca.pem (SSL_CERT_FILE)");
        for os in [Os::MacOs, Os::Windows] {
            assert_eq!(system_certificates(&env, os), "the system's");
        }
    }
}
