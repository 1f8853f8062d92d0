//! `login`: a person signs in now. It always starts afresh and replaces a sign-in that runs.

use super::{Desk, accounts, env, profile_name};
use crate::cli::Login;
use crate::clock::spoken;
use crate::error::{Error, Next, foreign};
use crate::output;
use crate::profile::auth::Auth;
use crate::profile::redirect_uri::RedirectUri;
use crate::profile::{Environment, Profile};
use crate::secret::Password;
use crate::sign_in::attend::{Attendance, SignedIn, Way};
use crate::{browser, terminal};
use url::Url;

/// Signs in and says who did.
pub fn run(args: &Login) -> Result<(), Error> {
    let desk = Desk::new(&profile_name(args.profile.as_deref()))?;
    let profile = &desk.profile;
    if args.paste && !terminal::is_there() {
        let what = "Pasting the address needs a terminal, and there is none.";
        return Err(Error::new(Next::Stop, what, profile.command("login --no-browser")));
    }
    if matches!(profile.auth, Auth::Developer(_)) && !terminal::is_there() {
        let what = format!(
            "{} asks for a password, which is typed on a terminal, and there is none.",
            profile.auth.host()
        );
        return Err(Error::new(Next::Stop, what, profile.command("login")));
    }
    let vault = desk.vault();
    let session = desk.session(&vault);
    let Some(attendance) = Attendance::begin(&session, &desk.journal, true, args.force, &env)? else {
        return Ok(());
    };
    let signed_in = match &profile.auth {
        Auth::Browser(app) if args.paste => attendance.run_pasted(app, ask_for_address)?,
        Auth::Browser(app) => {
            let seen = !args.no_browser && browser::can_be_seen(&env);
            let way = if seen { Way::Browser } else { Way::Address };
            attendance.run(app, way, |url, redirect| announce(profile, way, url, redirect))?
        }
        Auth::Developer(backend) => {
            let mut offered = backend.login_hint.clone();
            attendance.run_at_backend(backend, |wrong| {
                terminal::say(wrong.unwrap_or(&format!(
                    "Signing in at {} for profile {}.",
                    backend.host(),
                    profile.name
                )));
                ask_for_password(&mut offered)
            })?
        }
    };
    output::stdout(&welcome(profile, &signed_in));
    if let Some(line) = accounts::the_same_again(&desk) {
        output::stdout(&line);
    }
    Ok(())
}

/// Tells the person where to go, before any browser opens.
fn announce(profile: &Profile, way: Way, url: &Url, redirect: &RedirectUri) {
    let limit = spoken(profile.login_timeout);
    match way {
        Way::Browser => output::stderr(&format!(
            "Your browser opens to sign in for profile {}. If it does not, open this address within {limit}:\n  {url}\nCtrl-C ends the sign-in.",
            profile.name
        )),
        Way::Address => output::stderr(&format!(
            "To sign in for profile {}, open this address within {limit}, in a browser that reaches port {} of this machine:\n  {url}{}\nCtrl-C ends the sign-in.",
            profile.name,
            redirect.port(),
            tunnel(&env, redirect)
        )),
    }
}

/// Over SSH the port is reached through a tunnel from the person's own machine.
fn tunnel(env: &dyn Environment, redirect: &RedirectUri) -> String {
    // "client-address client-port server-address server-port", sshd(8).
    let Some(connection) = env.var("SSH_CONNECTION") else { return String::new() };
    let server = connection.split(' ').nth(2).unwrap_or("THIS-MACHINE").to_owned();
    let port = redirect.port();
    format!(
        "\nFrom your own machine, this tunnel leads to the port:\n  ssh -N -L {port}:localhost:{port} {server}"
    )
}

fn ask_for_address(url: &Url) -> std::io::Result<String> {
    terminal::say(&format!(
        "Open this address in any browser and sign in:\n  {url}\nThe browser ends on an address that may not load. Copy it from the address bar."
    ));
    terminal::ask_hidden("Paste it here (it is not shown): ")
}

/// Asks for e-mail address and password; the address typed last is offered the next time.
fn ask_for_password(offered: &mut Option<String>) -> std::io::Result<(String, Password)> {
    let question = match offered.as_deref() {
        Some(address) => format!("E-mail address [{}]: ", foreign(address)),
        None => "E-mail address: ".to_owned(),
    };
    let typed = terminal::ask(&question)?;
    let email = if typed.is_empty() { offered.clone().unwrap_or_default() } else { typed };
    *offered = Some(email.clone()).filter(|email| !email.is_empty());
    let password = terminal::ask_hidden("Password (it is not shown): ")?;
    Ok((email, Password::new(password)))
}

fn welcome(profile: &Profile, signed_in: &SignedIn) -> String {
    let through = signed_in.provider.as_ref().map_or_else(String::new, |p| format!(" through {p}"));
    let role = signed_in.credentials.as_ref().and_then(|c| c.role.as_deref());
    let role = role.map_or_else(String::new, |r| format!(" Role: {}.", crate::error::foreign(r)));
    format!("Signed in as {}{through} for profile {}.{role}", signed_in.user, profile.name)
}
