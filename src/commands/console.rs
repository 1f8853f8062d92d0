//! `console`: the AWS console in the browser, signed in.

use super::{Desk, env, profile_name};
use crate::cli::Console;
use crate::console::{Place, hand_over};
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::profile::{Environment, Profile};
use crate::terminal::{Waiting, Words};
use crate::{browser, output};
use std::time::Duration;

/// How long a browser may take to start.
const BROWSER: Duration = Duration::from_secs(30);

/// Opens the console, or prints the address that does.
pub fn run(args: &Console) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    open(&name, args).inspect_err(|error| Journal::new().note(&name, error.what()))
}

fn open(name: &str, args: &Console) -> Result<(), Error> {
    let desk = Desk::new(name)?;
    let profile = &desk.profile;
    let place = Place::of(profile)?;
    let credentials = desk.credentials()?;
    let waiting = Waiting::telling(&Words::alone("Signing in to the AWS console, Ctrl-C stops."));
    let vault = desk.vault();
    let token = place.sign_in(desk.session(&vault).client()?, &credentials, profile)?;
    let region = args.region.clone().or_else(|| region(profile));
    let address = place.address(&token, args.service.as_deref(), region.as_deref());
    let seen = browser::can_be_seen(&env);
    if args.print || !seen {
        drop(waiting);
        if !args.print {
            output::stderr(
                "No browser can be seen from here. This address signs in whoever opens it within 15 minutes; keep it to yourself:",
            );
        }
        output::stdout(&address);
        return Ok(());
    }
    let again = profile.command("console --print");
    waiting.tell(&Words::alone("Your browser opens the AWS console, Ctrl-C stops."));
    let handed_over = hand_over(&address, BROWSER, &again, |url| browser::open(url, &env))?;
    drop(waiting);
    if handed_over {
        output::stdout(&format!(
            "The AWS console opens in your browser for profile {}.",
            desk.profile.shown()
        ));
        return Ok(());
    }
    let what = "Your browser was started and did not come for the address of the console.";
    Err(Error::new(Next::TryAgain, what, again))
}

/// The region that the person works in, else the identity pool's.
fn region(profile: &Profile) -> Option<String> {
    let env: &dyn Environment = &env;
    let of_environment = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| env.var(name));
    of_environment
        .filter(|region| crate::console::is_name(region))
        .or_else(|| profile.region.clone())
        .or_else(|| profile.identity_pool.as_ref().map(|id| id.region().to_owned()))
}
