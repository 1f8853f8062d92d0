//! The questions that `configure` asks where no flag answers them.

use super::Wanted;
use crate::error::{Error, Next};
use crate::profile::config_file::Section;
use crate::profile::keys::{self, Key};
use crate::profile::{asked_for, command_line, edit, values};
use crate::terminal;

/// Asks for every key that such a profile needs, offering what it has now.
pub fn ask(name: &str, section: Option<&Section>) -> Result<Wanted, Error> {
    let get = |key: &str| section.and_then(|section| section.get(key));
    terminal::say(&format!("Profile {name}. Enter keeps what stands in brackets."));
    let questions = asked_for(get(keys::AUTH.name)).into_iter();
    questions.map(|key| Ok((key.name, answer(name, key, get(key.name))?))).collect()
}

/// Asks until the answer is one that a profile can have.
fn answer(name: &str, key: &Key, now: Option<&str>) -> Result<String, Error> {
    terminal::say(&format!("\n{}", key.help));
    let offered = now.map(|value| format!(" [{value}]")).unwrap_or_default();
    loop {
        let typed = terminal::ask(&format!("{}{offered}: ", key.name)).map_err(|_| nothing_written(name))?;
        let value = if typed.is_empty() { now.unwrap_or_default().to_owned() } else { typed };
        match check(key, &value) {
            Ok(()) => return Ok(value),
            Err(why) => terminal::say(&format!("  {}.", crate::error::foreign(&why))),
        }
    }
}

fn check(key: &Key, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("It is needed; it looks like {}", values::example(key.name)));
    }
    edit::check_value(value)?;
    values::check(key.name, value)
}

fn nothing_written(name: &str) -> Error {
    Error::new(
        Next::Stop,
        "The questions were left unanswered; nothing was written.",
        command_line("configure", name),
    )
}
