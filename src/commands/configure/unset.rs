//! `configure --unset`: a profile's lines go, and nothing that is still needed.

use super::{Desk, env};
use crate::error::{Error, Next, foreign};
use crate::journal::Journal;
use crate::profile::config_file;
use crate::profile::update::update;
use crate::profile::{Named, Profile, edit};
use crate::vault::{Places, Vault};
use crate::{output, platform};
use std::path::Path;

/// Takes our lines out, and the secret unless another profile may need it. A profile that can't be
/// read any more loses its lines all the same.
pub fn run(name: &str, path: &Path) -> Result<(), Error> {
    let profile = Profile::load(name, &env, &platform::home_name()).ok();
    if let Some(profile) = &profile {
        no_login_is_orphaned(profile)?;
    }
    let changed = update(path, |old| {
        config_file::read_text(old, path, name)?;
        let new = edit::unset(old, name);
        let changed = new != old;
        Ok((new, changed))
    })?;
    let (name, path) = (foreign(name), path.display());
    output::stdout(&if changed {
        format!("Profile {name} no longer signs in through Cognito: its lines are out of {path}.")
    } else {
        format!("Profile {name} in {path} has no lines of cognito-creds.")
    });
    profile.map_or(Ok(()), forget_secret)
}

/// A login that no profile leads to is one that nobody can end. Where the store can't be read, the
/// person wants to be rid of the profile all the same.
fn no_login_is_orphaned(profile: &Profile) -> Result<(), Error> {
    let (places, journal) = (Places::of_this_system(), Journal::new());
    let login = Vault::new(profile, &places, &journal, None).load_stored().ok().flatten();
    let others = other_profiles(profile).unwrap_or_default();
    let mut others = others.iter().filter_map(|(_, other)| other.as_ref().ok());
    match login {
        Some(login) if !others.any(|other| other.login_entry() == profile.login_entry()) => {
            let what = format!(
                "The login of {} is still stored, and no other profile leads to it; nothing was written.",
                login.user
            );
            Err(Error::new(Next::Configure, what, profile.command("logout")))
        }
        _ => Ok(()),
    }
}

fn other_profiles(profile: &Profile) -> Result<Vec<Named>, Error> {
    let mut ours = Profile::load_ours(&env, &platform::home_name())?;
    ours.retain(|(name, _)| *name != profile.name);
    Ok(ours)
}

/// Who may still need the app client's secret.
#[derive(Debug, PartialEq, Eq)]
enum Needed {
    No,
    Yes,
    /// By this profile, perhaps: it can't be read.
    Perhaps(String),
}

fn needed(profile: &Profile, others: Result<Vec<Named>, Error>) -> Needed {
    let Ok(others) = others else { return Needed::Perhaps("another one".to_owned()) };
    let entry = profile.client_secret_entry();
    if others.iter().any(|(_, other)| other.as_ref().is_ok_and(|o| o.client_secret_entry() == entry)) {
        return Needed::Yes;
    }
    let unreadable = others.into_iter().find(|(_, other)| other.is_err());
    unreadable.map_or(Needed::No, |(name, _)| Needed::Perhaps(name))
}

fn forget_secret(profile: Profile) -> Result<(), Error> {
    let needed = needed(&profile, other_profiles(&profile));
    let desk = Desk::at(profile);
    let vault = desk.vault();
    match needed {
        Needed::No => vault.forget_client_secret().map_err(|why| {
            let what =
                format!("The keychain may still keep the client secret of {}: {why}.", desk.profile.name);
            Error::new(Next::TryAgain, what, "cognito-creds doctor")
        })?,
        Needed::Perhaps(other) if vault.client_secret().is_some() => output::stdout(&format!(
            "The client secret stays in the keychain: profile {} can't be read and may need it.",
            foreign(&other)
        )),
        Needed::Yes | Needed::Perhaps(_) => {}
    }
    Ok(())
}
