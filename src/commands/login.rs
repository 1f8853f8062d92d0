//! `login`: a person signs in now. It always starts afresh and replaces a sign-in that runs.

mod tunnel;

use super::{Desk, accounts, env, pick_role, profile_name};
use crate::cli::Login;
use crate::clock::spoken;
use crate::error::{Error, Next, foreign};
use crate::journal::Awaits;
use crate::output;
use crate::profile::Profile;
use crate::profile::auth::{Auth, Backend};
use crate::profile::redirect_uri::RedirectUri;
use crate::secret::Password;
use crate::sign_in::attend::{Attendance, SignedIn, Way};
use crate::sign_in::flight::Flight;
use crate::sign_in::strange_file::StrangeFile;
use crate::sign_in::way_in;
use crate::terminal::Hidden;
use crate::{browser, terminal};
use std::time::Instant;
use url::Url;

/// Signs in and says who did. Where the identity pool leaves the choice among several roles to the
/// person, or `--pick-role` asks for it, the person chooses.
pub fn run(args: &Login) -> Result<(), Error> {
    let desk = Desk::new(&profile_name(args.profile.as_deref()))?;
    if args.pick_role {
        pick_role::is_possible(&desk.profile)?;
        let afresh = args.force || args.paste || args.no_browser;
        if !afresh && desk.vault().load()?.is_some() {
            return pick_now(&desk);
        }
    }
    match sign_in(args, &desk).map_err(|error| insisting(args, error)) {
        Ok(Some(_)) if args.pick_role => pick_now(&desk),
        Ok(Some(signed_in)) => {
            tell(&desk, &signed_in);
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) if error.next() == Next::ChooseRole && terminal::is_attended(&env) => {
            pick_role::of_the_login(&desk)?.ok_or(error).and_then(|desk| say_what_it_gives(&desk))
        }
        Err(error) => Err(error),
    }
}

/// Whoever asked for the password means it for the next try, too: without `--force` the browser would
/// answer for the same account again.
fn insisting(args: &Login, error: Error) -> Error {
    let again = error.paste().strip_prefix("cognito-creds login ").filter(|rest| !rest.contains("--force"));
    match again.map(|rest| format!("cognito-creds login --force {rest}")) {
        Some(paste) if args.force => {
            let next = error.next();
            error.instead(next, paste)
        }
        _ => error,
    }
}

/// The person who is signed in chooses.
fn pick_now(desk: &Desk) -> Result<(), Error> {
    let changed = pick_role::of_the_login(desk)?.ok_or_else(|| pick_role::none_picked(&desk.profile))?;
    say_what_it_gives(&changed)
}

/// Credentials in the role that the profile has now, of the login that is there.
fn say_what_it_gives(desk: &Desk) -> Result<(), Error> {
    let vault = desk.vault();
    let session = desk.session(&vault);
    let credentials = Flight { session: &session, journal: &desk.journal, env: &env }.credentials()?;
    let login = vault.load()?;
    let (user, provider) = login.map(|login| (login.user, login.provider)).unwrap_or_default();
    let signed_in = SignedIn { user, provider, credentials: Some(credentials) };
    tell(desk, &signed_in);
    Ok(())
}

fn tell(desk: &Desk, signed_in: &SignedIn) {
    output::stdout(&welcome(&desk.profile, signed_in));
    if let Some(line) = accounts::the_same_again(desk) {
        output::stdout(&line);
    }
}

/// The sign-in itself; `None` where another one runs.
fn sign_in(args: &Login, desk: &Desk) -> Result<Option<SignedIn>, Error> {
    let profile = &desk.profile;
    needs_a_terminal(args, profile)?;
    let vault = desk.vault();
    let session = desk.session(&vault);
    let awaits = match &profile.auth {
        Auth::Browser(_) if args.paste => Awaits::Address,
        Auth::Browser(_) => Awaits::Browser,
        Auth::Developer(_) => Awaits::Password,
    };
    let begun = Attendance::begin(&session, &desk.journal, awaits, true, args.force, &env)?;
    let Some(attendance) = begun else { return Ok(None) };
    if let Some(strange) = StrangeFile::of(profile, &env) {
        output::stderr(&format!("{}.", strange.told(profile)));
    }
    let attendance = attendance.asking_for_role(terminal::is_attended(&env));
    let signed_in = match &profile.auth {
        Auth::Browser(app) if args.paste => {
            let mut hidden = None;
            attendance
                .run_pasted(app, move |url, wrong, until| {
                    ask_for_address(args, profile, &mut hidden, url, wrong, until)
                })
                .map_err(|error| way_in::by_pasting(error, profile))?
        }
        Auth::Browser(app) => {
            let seen = !args.no_browser && browser::can_be_seen(&env);
            let way = if seen { Way::Browser } else { Way::Address };
            attendance.run(app, way, |url, redirect| announce(args, profile, way, url, redirect))?
        }
        Auth::Developer(backend) => {
            let mut address = None;
            attendance.run_at_backend(backend, |wrong, until| {
                terminal::say(wrong.unwrap_or(&format!(
                    "Signing in at {} for profile {}, within {}.",
                    backend.host(),
                    profile.shown(),
                    spoken(profile.login_timeout)
                )));
                ask_for_password(backend, &mut address, until)
            })?
        }
    };
    Ok(Some(signed_in))
}

/// What is asked on a terminal, or sent to one, can't be had without.
fn needs_a_terminal(args: &Login, profile: &Profile) -> Result<(), Error> {
    if terminal::is_there() {
        return Ok(());
    }
    let (what, command) = match &profile.auth {
        Auth::Developer(backend) => (
            format!(
                "{} asks for a password, which is typed on a terminal, and there is none.",
                backend.host()
            ),
            "login",
        ),
        Auth::Browser(_) if args.paste => {
            ("Pasting the address needs a terminal, and there is none.".to_owned(), "login --no-browser")
        }
        Auth::Browser(_) if args.copy => (
            "Copying the address is asked of a terminal, and there is none.".to_owned(),
            "login --no-browser",
        ),
        Auth::Browser(_) => return Ok(()),
    };
    Err(Error::new(Next::Stop, what, profile.command(command)))
}

/// In WSL the browser runs in Windows, which may keep it from coming back.
fn not_let_through(profile: &Profile) -> String {
    match browser::wsl_here(&env) {
        Some(_) => {
            format!(
                "\nIf the browser ends on a page that doesn't load:\n  {}",
                profile.command("login --paste")
            )
        }
        None => String::new(),
    }
}

/// Tells the person where to go, before any browser opens.
fn announce(args: &Login, profile: &Profile, way: Way, url: &Url, redirect: &RedirectUri) {
    let limit = spoken(profile.login_timeout);
    let address = terminal::address(url, terminal::stderr_shows_links());
    let copied = copied(args, url);
    match way {
        Way::Browser => output::stderr(&format!(
            "Your browser opens to sign in for profile {}. If it does not, open this address within {limit}:\n  {address}{copied}{}\nCtrl-C ends the sign-in.",
            profile.shown(),
            not_let_through(profile)
        )),
        Way::Address => output::stderr(&format!(
            "To sign in for profile {}, open this address within {limit}, in a browser that reaches port {} of this machine:\n  {address}{copied}{}\nWithout a way to that port:\n  {}\nCtrl-C ends the sign-in.",
            profile.shown(),
            redirect.port(),
            tunnel::line(&env, redirect).map_or_else(String::new, |line| format!(
                "\nFrom your own machine, this tunnel leads to the port:\n  {line}"
            )),
            profile.command(if args.force { "login --paste --force" } else { "login --paste" })
        )),
    }
}

/// Has the address copied where that was asked for, and says so.
fn copied(args: &Login, url: &Url) -> &'static str {
    if !args.copy {
        return "";
    }
    terminal::copy(url.as_str());
    "\nYour terminal was asked to copy it."
}

/// Nothing is shown from the first question to the end: the rest of a text of several lines isn't either.
fn ask_for_address(
    args: &Login,
    profile: &Profile,
    hidden: &mut Option<Hidden>,
    url: &Url,
    wrong: Option<&str>,
    until: Instant,
) -> std::io::Result<String> {
    let hidden = match hidden {
        Some(hidden) => hidden,
        None => hidden.insert(Hidden::begin()?),
    };
    terminal::say(&wrong.map_or_else(
        || {
            format!(
                "Open this address within {} in any browser and sign in:\n  {}{}\nThe browser ends on an address that may not load. Copy it from the address bar.",
                spoken(profile.login_timeout),
                terminal::address(url, terminal::shows_links()),
                copied(args, url)
            )
        },
        str::to_owned,
    ));
    hidden.ask("Paste it here (it is not shown): ", Some(until))
}

/// Asks for e-mail address and password, and after the first time for the password alone.
fn ask_for_password(
    backend: &Backend,
    address: &mut Option<String>,
    until: Instant,
) -> std::io::Result<(String, Password)> {
    let email = match address {
        Some(email) => email,
        None => address.insert(ask_for_email(backend, until)?),
    };
    let password = terminal::ask_hidden_until("Password (it is not shown): ", until)?;
    Ok((email.clone(), Password::new(password)))
}

/// What is no address is not repeated on the screen, nor sent: it may be a password.
fn ask_for_email(backend: &Backend, until: Instant) -> std::io::Result<String> {
    let question = match backend.login_hint.as_deref() {
        Some(address) => format!("E-mail address [{}]: ", foreign(address)),
        None => "E-mail address: ".to_owned(),
    };
    loop {
        let typed = terminal::ask_until(&question, until)?;
        let email = if typed.is_empty() { backend.login_hint.clone().unwrap_or_default() } else { typed };
        if email.contains('@') || (!backend.knows_by_email() && !email.is_empty()) {
            return Ok(email);
        }
        terminal::say("That is no e-mail address.");
    }
}

fn welcome(profile: &Profile, signed_in: &SignedIn) -> String {
    let through = signed_in.provider.as_ref().map_or_else(String::new, |p| format!(" through {p}"));
    let role = signed_in.credentials.as_ref().and_then(|c| c.role.as_deref());
    let role = role.map_or_else(String::new, |r| format!(" Role: {}.", crate::error::foreign(r)));
    format!("Signed in as {}{through} for profile {}.{role}", signed_in.user, profile.shown())
}
