//! `configure`: a profile is written into the config file, or taken out of it.

mod dialogue;

use super::{Desk, env, pick_role, profile_name};
use crate::checkup::Status;
use crate::checkup::config::Entries;
use crate::cli::Configure;
use crate::error::{Error, Next};
use crate::profile::config_file::{self, Section};
use crate::profile::keys;
use crate::profile::update::update;
use crate::profile::{Profile, command_line, config_path, edit, outputs, process_line, values};
use crate::secret::ClientSecret;
use crate::{output, platform, shell, terminal};
use std::fs;
use std::io::{self, BufRead, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Keys and the values they are to have.
type Wanted = Vec<(&'static str, String)>;

/// Writes what the flags, a stack's outputs or the person at the terminal say.
pub fn run(args: &Configure) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    let path = config_path(&env);
    if args.unset {
        return unset(&name, &path);
    }
    let mut wanted = given(args, &name)?;
    let secret = args.client_secret_stdin.then(|| secret_from_stdin(&name)).transpose()?;
    let asks = wanted.is_empty() && secret.is_none();
    if asks {
        if !terminal::is_there() {
            return Err(flags_are_missing(&name, &path));
        }
        wanted = dialogue::ask(&name, section(&config_file::text_of(&path)?, &path, &name)?.as_ref())?;
    }
    let plan = |text: &str| Plan::of(text, &path, &name, &wanted);
    if let Some(secret) = &secret {
        let profile = plan(&config_file::text_of(&path)?)?.profile;
        Desk::at(profile).vault().keep_client_secret(secret)?;
    }
    let (plan, changed) = update(&path, |old| {
        let plan = plan(old)?;
        let (new, changed) = (plan.text.clone(), plan.text != old);
        Ok((new, (plan, changed)))
    })?;
    tell(&plan, changed, secret.is_some(), &path);
    warn_of_others(&name);
    let login = plan.profile.command("login");
    if asks {
        pick_role::offer(&Desk::at(plan.profile))?;
    }
    output::stdout(&format!("Now sign in:\n  {login}"));
    Ok(())
}

/// What the command line says, a flag before an output of the same key.
fn given(args: &Configure, name: &str) -> Result<Wanted, Error> {
    let mut wanted = match &args.from_outputs {
        Some(file) if args.client_secret_stdin && file == Path::new("-") => {
            let what = "Stdin can't bring both the outputs and the client secret.";
            let paste = command_line("configure --from-outputs FILE --client-secret-stdin", name);
            return Err(Error::new(Next::Configure, what, paste));
        }
        Some(file) => outputs_of(file, name)?,
        None => Vec::new(),
    };
    let region = args.region.as_ref().map(|region| ("region", region.clone()));
    let flags = args.keys.0.iter().map(|(key, value)| (key.name, value.clone()));
    for (key, value) in region.into_iter().chain(flags) {
        wanted.retain(|(known, _)| *known != key);
        wanted.push((key, value));
    }
    Ok(wanted)
}

fn outputs_of(file: &Path, name: &str) -> Result<Wanted, Error> {
    let text =
        if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
    let read = text.map_err(|error| format!("they can't be read ({})", platform::reason(&error)));
    read.and_then(|text| outputs::read(&text)).map_err(|why| {
        let what = format!("The outputs can't be used: {}.", crate::error::foreign(&why));
        let command = command_line("configure --from-outputs -", name);
        Error::new(
            Next::Configure,
            what,
            format!("aws cloudformation describe-stacks --stack-name STACK --output json | {command}"),
        )
    })
}

/// One line, never echoed: whoever pipes it in has it in a file or a password manager.
fn secret_from_stdin(name: &str) -> Result<ClientSecret, Error> {
    /// Cognito's have 52 characters.
    const LONGEST: u64 = 4096;
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    match read {
        Ok(_) if !line.trim().is_empty() => Ok(ClientSecret::new(line.trim())),
        _ => Err(Error::new(
            Next::Configure,
            "There is no client secret on stdin.",
            command_line("configure --client-secret-stdin", name),
        )),
    }
}

/// What is to become of the file.
struct Plan {
    text: String,
    profile: Profile,
    written: Wanted,
}

impl Plan {
    /// Writes nothing: what comes of it is a profile that can be read, or an error.
    fn of(text: &str, path: &Path, name: &str, wanted: &Wanted) -> Result<Self, Error> {
        let line = process_line::of(&process_line::this_program(&env), name)?;
        let old = section(text, path, name)?;
        let get = |key: &str| old.as_ref().and_then(|section| section.get(key));
        if let Some(other) = get(process_line::KEY).filter(|value| !process_line::is_ours(value)) {
            return Err(another_process(name, other));
        }
        for (key, value) in wanted {
            edit::check_value(value).map_err(|why| bad_value(name, wanted, key, why))?;
        }
        let mut written: Wanted = vec![(process_line::KEY, line)];
        written.extend(wanted.iter().cloned());
        if get("region").is_none() && !written.iter().any(|(key, _)| *key == "region") {
            let region = region_of_pool(wanted).map(|region| ("region", region));
            written.splice(0..0, region);
        }
        let changes: Vec<_> = written.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let text = edit::set(text, name, &changes);
        let new = section(&text, path, name)?;
        if let Some(error) = missing(name, wanted, new.as_ref()) {
            return Err(error);
        }
        let profile = Profile::of_text(&text, name, &env, &platform::home_name())
            .map_err(|error| with_a_flag(error, name, wanted))?;
        Ok(Self { text, profile, written })
    }
}

fn section(text: &str, path: &Path, name: &str) -> Result<Option<Section>, Error> {
    config_file::read_text(text, path, name)
}

/// AWS tools need a region too, and the identity pool has one.
fn region_of_pool(wanted: &Wanted) -> Option<String> {
    let (_, pool) = wanted.iter().find(|(key, _)| *key == keys::IDENTITY_POOL_ID.name)?;
    values::IdentityPoolId::parse(pool).ok().map(|pool| pool.region().to_owned())
}

/// The error of a profile that lacks a key, with the flags for them.
fn missing(name: &str, wanted: &Wanted, section: Option<&Section>) -> Option<Error> {
    let get = |key: &str| section.and_then(|section| section.get(key));
    let asked = crate::profile::asked_for(get(keys::AUTH.name));
    let missing: Vec<_> = asked.into_iter().filter(|key| get(key.name).is_none()).collect();
    // Alone, it is the one that a profile can do without.
    if missing.iter().all(|key| **key == keys::IDENTITY_POOL_ID) {
        return None;
    }
    let names: Vec<_> = missing.iter().map(|key| key.name).collect();
    let what = format!("Profile {name} needs {}; nothing was written.", names.join(" and "));
    Some(Error::new(Next::Configure, what, with_examples(name, wanted, &names)))
}

fn flags_are_missing(name: &str, path: &Path) -> Error {
    let section = config_file::read(path, name).ok().flatten();
    let auth = section.as_ref().and_then(|section| section.get(keys::AUTH.name));
    let what = "There is no terminal to ask on, and no flag says what to write.";
    let keys: Vec<_> = crate::profile::asked_for(auth).iter().map(|key| key.name).collect();
    Error::new(Next::Configure, what, with_examples(name, &Wanted::new(), &keys))
}

/// The same command, with values to replace for these keys.
fn with_examples(name: &str, wanted: &Wanted, keys: &[&str]) -> String {
    let known = wanted.iter().filter(|(key, _)| !keys.contains(key));
    let known = known.map(|(key, value)| format!(" --{} {}", flag(key), shell::word(value)));
    let examples = keys.iter().map(|key| format!(" --{} {}", flag(key), shell::word(values::example(key))));
    command_line("configure", name) + &known.chain(examples).collect::<String>()
}

fn flag(key: &str) -> &str {
    keys::ALL.iter().find(|known| known.name == key).map_or(key, |key| key.flag)
}

/// What the profile's reader says about a value, with this command instead of another tool.
fn with_a_flag(error: Error, name: &str, wanted: &Wanted) -> Error {
    let is_about = |key: &str| error.what().starts_with(&format!("{key} of profile"));
    match wanted.iter().find(|(key, _)| is_about(key)) {
        Some((key, _)) => error.instead(Next::Configure, with_examples(name, wanted, &[key])),
        None => error,
    }
}

fn bad_value(name: &str, wanted: &Wanted, key: &str, why: &str) -> Error {
    let what = format!("{key} of profile {name} can't be written: {why}.");
    Error::new(Next::Configure, what, with_examples(name, wanted, &[key]))
}

fn another_process(name: &str, other: &str) -> Error {
    let program = crate::error::foreign(other.split_whitespace().next().unwrap_or_default());
    let what = format!("Profile {name} already gets its credentials from {program}; nothing was written.");
    Error::new(Next::Configure, what, shell::set_key(process_line::KEY, "", name))
}

fn tell(plan: &Plan, changed: bool, secret: bool, path: &Path) {
    let (name, path) = (&plan.profile.name, path.display());
    if changed {
        let lines = plan.written.iter().map(|(key, value)| match value.as_str() {
            "" => format!("\n  {key} is taken out"),
            value => format!("\n  {key} = {value}"),
        });
        output::stdout(&format!("Profile {name} is written to {path}:{}", lines.collect::<String>()));
    } else {
        output::stdout(&format!("Profile {name} in {path} says so already."));
    }
    if secret {
        output::stdout("The client secret is in the keychain.");
    }
}

fn warn_of_others(name: &str) {
    let others = Entries::read(name, &env).shadows();
    if others.status != Status::Ok {
        output::stderr(&format!("cognito-creds: warning: {}\n{}", others.saw, others.remedy));
    }
}

/// Takes our lines out, and the secret unless another profile has the same app client. A profile that
/// can't be read any more loses its lines all the same.
fn unset(name: &str, path: &Path) -> Result<(), Error> {
    let profile = Profile::load(name, &env, &platform::home_name());
    let changed = update(path, |old| {
        section(old, path, name)?;
        let new = edit::unset(old, name);
        let changed = new != old;
        Ok((new, changed))
    })?;
    let path = path.display();
    output::stdout(&if changed {
        format!("Profile {name} no longer signs in through Cognito: its lines are out of {path}.")
    } else {
        format!("Profile {name} in {path} has no lines of cognito-creds.")
    });
    match profile {
        Ok(profile) if !is_shared(&profile) => forget_secret(profile),
        _ => Ok(()),
    }
}

fn is_shared(profile: &Profile) -> bool {
    let others = Profile::load_ours(&env, &platform::home_name()).unwrap_or_default();
    let mut others = others.into_iter().filter_map(|(_, other)| other.ok());
    others.any(|other| other.client_secret_entry() == profile.client_secret_entry())
}

fn forget_secret(profile: Profile) -> Result<(), Error> {
    let desk = Desk::at(profile);
    desk.vault().forget_client_secret().map_err(|why| {
        let what = format!("The keychain may still keep the client secret of {}: {why}.", desk.profile.name);
        Error::new(Next::TryAgain, what, "cognito-creds doctor")
    })
}
