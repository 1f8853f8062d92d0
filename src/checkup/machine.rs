//! This machine: whether the browser can come back to it, whether a person can be reached, and the
//! way out to the network.

use super::{Checkup, Finding};
use crate::journal::Journal;
use crate::profile::auth::Auth;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Interactive, Profile, command_line};
use crate::sign_in::is_running;
use crate::user_pool::callback::Listener;
use crate::{browser, shell, terminal};

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
        Err(error) => Err(Finding::of("port", &error, &profile.command("login"))),
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
        let how = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
            .into_iter()
            .find(|name| env.var(name).is_some());
        return Finding::ok(
            CHECK,
            how.map_or_else(|| "this desktop's".to_owned(), |name| format!("one can be opened ({name})")),
        );
    }
    let why = if terminal::on_a_build_machine(env) { "CI is set" } else { "no display and no BROWSER" };
    let saw = format!("none can be seen here ({why}), so AWS commands won't open one");
    let way = if terminal::is_there() { "login --paste" } else { "login --no-browser" };
    Finding::warn(CHECK, saw, command_line(way, name))
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
    let host = profile.auth.host();
    let way = profile.auth.authority().parse().ok().and_then(|uri| client.proxy_for(&uri));
    let way = way.map_or_else(
        || format!("{host} is reached directly"),
        |proxy| format!("{host} is reached through {proxy}"),
    );
    let source = if checkup.env.var("AWS_CA_BUNDLE").is_some() { "AWS_CA_BUNDLE" } else { "ca_bundle" };
    let certificates = match &profile.ca_bundle {
        Some(path) => format!("those in {} ({source}) and no others", path.display()),
        None => "the system's".to_owned(),
    };
    vec![Finding::ok("proxy", way), Finding::ok("certificates", certificates)]
}
