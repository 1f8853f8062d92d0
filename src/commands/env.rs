//! `env`: the credentials as environment variables, for a shell or a program to read.

use super::{Desk, endless, env, hand_out, profile_name};
use crate::cli::Env;
use crate::error::{Error, Next};
use crate::journal::Journal;
use crate::profile::Environment;
use crate::variables::{Format, Unwritable, Variables, written};

/// Prints them in one piece, or nothing.
pub fn run(args: &Env) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    print(&name, args.format).inspect_err(|error| Journal::new().note(&name, error.what()))
}

fn print(name: &str, format: Format) -> Result<(), Error> {
    let desk = Desk::new(name)?;
    let profile = &desk.profile;
    let credentials = desk.credentials()?;
    let variables = Variables::new(&credentials, profile, &env).ok_or_else(|| endless(profile))?;
    let set = variables.set();
    let text = written(format, set, &to_unset(&variables, name)).map_err(|Unwritable(variable)| {
        let what = format!("{variable} has a character that dotenv files can't hold for all their readers.");
        Error::new(Next::Stop, what, profile.command("env --format json"))
    })?;
    hand_out(profile, "env", text.as_bytes())
}

/// What is set in the shell that asks and would win. A profile that is this very one may stay: whoever
/// chose it that way means it for the next call, too.
fn to_unset(variables: &Variables, profile: &str) -> Vec<&'static str> {
    let env: &dyn Environment = &env;
    let names_it = |name: &str| name.ends_with("_PROFILE") && env.var(name).as_deref() == Some(profile);
    variables.removed().filter(|name| env.var(name).is_some() && !names_it(name)).collect()
}
