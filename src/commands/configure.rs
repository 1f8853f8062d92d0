//! `configure`: a profile is written into the config file, or taken out of it.

mod dialogue;
mod first_look;
mod unset;

use super::{Desk, env, login, pick_role, profile_name};
use crate::checkup::Status;
use crate::checkup::config::Entries;
use crate::cli::{Configure, Login};
use crate::error::{Error, Next, foreign};
use crate::profile::config_file::{self, Section};
use crate::profile::keys;
use crate::profile::update::{self, update};
use crate::profile::{
    Profile, command_line, config_path, edit, lines, listed, outputs, process_line, values,
};
use crate::secret::ClientSecret;
use crate::{output, platform, shell, terminal};
use std::fs;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Keys and the values they are to have.
type Wanted = Vec<(&'static str, String)>;

/// Writes what the flags, a stack's outputs or the person at the terminal say.
pub fn run(args: &Configure) -> Result<(), Error> {
    let name = profile_name(args.profile.as_deref());
    let path = config_path(&env);
    update::check(&path)?;
    if args.unset {
        return unset::run(&name, &path);
    }
    let mut wanted = given(args, &name)?;
    let secret = args.client_secret_stdin.then(|| secret_from_stdin(&name, &wanted)).transpose()?;
    let old = section(&config_file::text_of(&path)?, &path, &name)?;
    let is_attended = terminal::is_attended(&env);
    if wanted.is_empty() && secret.is_none() && !is_attended {
        return Err(flags_are_missing(&name, old.as_ref()));
    }
    let asks = is_attended && secret.is_none() && leaves_questions(&wanted, old.as_ref());
    if asks {
        new_line(&name, old.as_ref(), &wanted, &path)?;
        wanted = dialogue::ask(&name, old.as_ref(), wanted)?;
    }
    let plan = |text: &str| Plan::of(text, &path, &name, &wanted);
    if asks {
        first_look::tell(plan(&config_file::text_of(&path)?)?.profile);
    }
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
    let desk = Desk::at(plan.profile);
    if changed || secret.is_some() {
        // What went wrong last went wrong with other settings.
        desk.journal.forget_event(&name);
    }
    if desk.profile.identity_pool.is_none() {
        let pool = &keys::IDENTITY_POOL_ID;
        let command = with_examples(&name, &Wanted::new(), &[pool.name]);
        output::stdout(&format!("Without {} it gives tokens only. To add it:\n  {command}", pool.name));
    }
    if asks {
        pick_role::offer(&desk)?;
        if desk.vault().load().ok().flatten().is_none() && dialogue::wants_to_sign_in() {
            return login::run(&Login { profile: Some(name), ..Login::default() });
        }
    }
    output::stdout(&what_now(&desk));
    Ok(())
}

/// The way on: to sign in, or to use the login that another profile has brought.
fn what_now(desk: &Desk) -> String {
    let profile = &desk.profile;
    match desk.vault().load_stored() {
        Ok(Some(login)) if !login.has_ended() => {
            let command = match profile.identity_pool {
                Some(_) => format!("aws sts get-caller-identity --profile {}", shell::word(&profile.name)),
                None => profile.command("token"),
            };
            format!("Signed in as {}. Try:\n  {command}", foreign(&login.user))
        }
        _ => format!("Now sign in:\n  {}", profile.command("login")),
    }
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
        let what = format!("The outputs can't be used: {}.", foreign(&why));
        let command = command_line("configure --from-outputs -", name);
        Error::new(
            Next::Configure,
            what,
            format!("aws cloudformation describe-stacks --stack-name STACK --output json | {command}"),
        )
    })
}

/// One line, never echoed: whoever pipes it in has it in a file or a password manager, and whoever
/// types it is asked as for a password.
fn secret_from_stdin(name: &str, wanted: &Wanted) -> Result<ClientSecret, Error> {
    let line = if io::stdin().is_terminal() && terminal::is_attended(&env) {
        terminal::ask_hidden("Client secret (it is not shown): ").map(Zeroizing::new)
    } else {
        line_of_stdin()
    };
    match line {
        Ok(line) if !line.trim().is_empty() => Ok(ClientSecret::new(line.trim())),
        _ => {
            let command = with_examples(name, wanted, &[]);
            let paste = format!("{command} --client-secret-stdin < FILE");
            Err(Error::new(Next::Configure, "There is no client secret on stdin.", paste))
        }
    }
}

fn line_of_stdin() -> io::Result<Zeroizing<String>> {
    /// Cognito's have 52 characters.
    const LONGEST: u64 = 4096;
    let stdin = io::stdin();
    if stdin.is_terminal() {
        // Nobody is there to type, or should: the terminal would show it.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut line = Zeroizing::new(String::new());
    stdin.lock().take(LONGEST).read_line(&mut line)?;
    Ok(line)
}

/// The line that runs this program, to be written; none where a profile whose name some AWS tool would
/// misread has its own already.
fn new_line(
    name: &str,
    old: Option<&Section>,
    wanted: &Wanted,
    path: &Path,
) -> Result<Option<String>, Error> {
    let now = old.and_then(|section| section.get(process_line::KEY));
    if let Some(other) = now.filter(|value| !process_line::is_ours(value)) {
        return Err(another_process(name, other, wanted, path));
    }
    match edit::check_name(name) {
        Ok(()) => process_line::of(&process_line::this_program(&env), name).map(Some),
        Err(_) if now.is_some() => Ok(None),
        Err(why) => Err(bad_name(name, why, wanted, path)),
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
        let old = section(text, path, name)?;
        let get = |key: &str| old.as_ref().and_then(|section| section.get(key));
        let line = new_line(name, old.as_ref(), wanted, path)?;
        for (key, value) in wanted {
            edit::check_value(value).map_err(|why| bad_value(name, wanted, key, why))?;
        }
        let mut written: Wanted = line.into_iter().map(|line| (process_line::KEY, line)).collect();
        written.extend(wanted.iter().cloned());
        if get("region").is_none() && !written.iter().any(|(key, _)| *key == "region") {
            let region = region_of_pool(wanted).map(|region| ("region", region));
            written.splice(0..0, region);
        }
        let changes: Vec<_> = written.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let text = edit::set(text, name, &changes);
        let new = section(&text, path, name)?;
        if let Some(error) = missing(name, wanted, new.as_ref()) {
            return Err(unusable(name, wanted, new.as_ref()).unwrap_or(error));
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
    let what = format!("Profile {name} needs {}; nothing was written.", listed(&names));
    Some(Error::new(Next::Configure, what, with_examples(name, wanted, &names)))
}

/// The first of the given values that no profile could have: what is missing beside it comes later.
fn unusable(name: &str, wanted: &Wanted, section: Option<&Section>) -> Option<Error> {
    let auth = section.and_then(|section| section.get(keys::AUTH.name));
    wanted.iter().filter(|(_, value)| !value.is_empty()).find_map(|(key, value)| {
        let why = values::check(key, value, auth).err()?;
        let what = format!("{key} of profile {name} can't be used: {}.", foreign(&why));
        let error = Error::new(Next::Configure, what, with_examples(name, wanted, &[key]));
        Some(with_a_flag(error, name, wanted))
    })
}

/// Whether the command line is the beginning of a dialogue: it says nothing, or only how people sign in
/// to a profile that lacks what this needs.
fn leaves_questions(wanted: &Wanted, old: Option<&Section>) -> bool {
    match &wanted[..] {
        [] => true,
        [(key, auth)] if *key == keys::AUTH.name => {
            let has = |key: &str| old.is_some_and(|section| section.get(key).is_some());
            values::check(key, auth, None).is_ok()
                && !crate::profile::asked_for(Some(auth)).iter().all(|key| has(key.name))
        }
        _ => false,
    }
}

fn flags_are_missing(name: &str, old: Option<&Section>) -> Error {
    let auth = old.and_then(|section| section.get(keys::AUTH.name));
    let what = if terminal::is_there() {
        "Nobody is asked where CI is set, and no flag says what to write."
    } else {
        "There is no terminal to ask on, and no flag says what to write."
    };
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
    // A value of the other flow is a good one, and the flow is what lacks.
    if [&keys::DURATION_SECONDS, &keys::ROLE_SESSION_NAME].iter().any(|key| is_about(key.name))
        && error.what().contains(keys::FLOW.name)
    {
        let with_flow = wanted.iter().cloned().chain([(keys::FLOW.name, "basic".to_owned())]).collect();
        return error.instead(Next::Configure, with_examples(name, &with_flow, &[]));
    }
    let Some((key, value)) = wanted.iter().find(|(key, _)| is_about(key)) else { return error };
    let https = format!("https://{value}");
    let is_host = value.contains('.') && !value.contains("://");
    if is_host && values::is_address(key) && values::check(key, &https, None).is_ok() {
        let corrected = wanted
            .iter()
            .map(|(known, value)| (*known, if known == key { https.clone() } else { value.clone() }));
        return error.instead(Next::Configure, with_examples(name, &corrected.collect(), &[]));
    }
    error.instead(Next::Configure, with_examples(name, wanted, &[key]))
}

fn bad_value(name: &str, wanted: &Wanted, key: &str, why: &str) -> Error {
    let what = format!("{key} of profile {name} can't be written: {why}.");
    Error::new(Next::Configure, what, with_examples(name, wanted, &[key]))
}

/// Whoever wants both keeps both, under two names.
fn another_process(name: &str, other: &str, wanted: &Wanted, path: &Path) -> Error {
    let program = foreign(other.split_whitespace().next().unwrap_or_default());
    let what = format!(
        "Profile {name} already gets its credentials from {program}; nothing was written. Another name leaves that as it is."
    );
    let free = free_name(&format!("{name}-cognito"), path);
    Error::new(Next::Configure, what, with_examples(&free, wanted, &[]))
}

fn bad_name(name: &str, why: &str, wanted: &Wanted, path: &Path) -> Error {
    let what = match name {
        "" => "A profile needs a name; nothing was written.".to_owned(),
        name => format!("A profile can't be called '{name}': {why}."),
    };
    Error::new(Next::Configure, what, with_examples(&free_name(name, path), wanted, &[]))
}

/// A name like this one that every AWS tool reads and that no profile has.
fn free_name(like: &str, path: &Path) -> String {
    let fits = |c: char| edit::check_name(&format!("a{c}")).is_ok();
    let words: Vec<_> = like.split(|c| !fits(c)).filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    let name = Some(name.trim_start_matches('-')).filter(|name| !name.is_empty()).unwrap_or("cognito");
    let taken = lines::profile_names(path);
    let more = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(more);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

fn tell(plan: &Plan, changed: bool, secret: bool, path: &Path) {
    let (name, path) = (plan.profile.shown(), path.display());
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
