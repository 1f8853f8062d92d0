//! The questions that `configure` asks where no flag answers them.

use super::Wanted;
use crate::error::{Error, Next, foreign};
use crate::profile::config_file::Section;
use crate::profile::keys::{self, Key};
use crate::profile::{asked_for, command_line, edit, values};
use crate::terminal;

/// Asks for every key that such a profile needs and `wanted` doesn't have, offering what it has now.
pub fn ask(name: &str, section: Option<&Section>, mut wanted: Wanted) -> Result<Wanted, Error> {
    let get = |key: &str| section.and_then(|section| section.get(key));
    terminal::say(&format!("Profile {}. Enter keeps what stands in brackets.", foreign(name)));
    let auth = auth(&wanted, section).map(str::to_owned);
    for key in asked_for(auth.as_deref()) {
        wanted.push((key.name, answer(name, key, get(key.name), auth.as_deref())?));
    }
    Ok(wanted)
}

/// How people sign in to it.
fn auth<'a>(wanted: &'a Wanted, section: Option<&'a Section>) -> Option<&'a str> {
    let flag = wanted.iter().find(|(key, _)| *key == keys::AUTH.name).map(|(_, value)| value.as_str());
    flag.or_else(|| section?.get(keys::AUTH.name))
}

/// Asks until the answer is one that a profile can have.
fn answer(name: &str, key: &Key, now: Option<&str>, auth: Option<&str>) -> Result<String, Error> {
    terminal::say(&format!("\n{}", question(key)));
    let offered = now.map(|value| format!(" [{}]", foreign(value))).unwrap_or_default();
    loop {
        let typed = terminal::ask(&format!("{}{offered}: ", key.name)).map_err(|_| nothing_written(name))?;
        let value = if typed.is_empty() { now.unwrap_or_default().to_owned() } else { typed };
        match check(key, &value, auth) {
            Ok(()) => return Ok(value),
            Err(why) => terminal::say(&format!("  {}.", foreign(&why))),
        }
    }
}

/// What is asked for. When a key is needed is for the reference: nobody is asked for another one.
fn question(key: &Key) -> String {
    let help = key.help.split_once(" Required ").map_or(key.help, |(help, _)| help);
    format!("{help}\nIt looks like {}", values::sample(key.name))
}

/// Whether the person wants to sign in at once. Ctrl-D is a no: the profile is written.
pub fn wants_to_sign_in() -> bool {
    loop {
        match terminal::ask("\nSign in now? [Y/n] ").map(|answer| answer.to_ascii_lowercase()).as_deref() {
            Ok("" | "y" | "yes") => return true,
            Ok("n" | "no") | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn check(key: &Key, value: &str, auth: Option<&str>) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("It is needed; it looks like {}", values::sample(key.name)));
    }
    edit::check_value(value)?;
    values::check(key.name, value, auth)
}

fn nothing_written(name: &str) -> Error {
    Error::new(
        Next::Stop,
        "The questions were left unanswered; nothing was written.",
        command_line("configure", name),
    )
}
