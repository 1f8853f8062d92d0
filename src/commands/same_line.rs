//! The command line that was typed, for the one profile that there is.

use crate::error::Error;
use crate::profile::{command_line, config_path, lines};
use crate::shell;

/// The error of a profile that isn't there, with the command that was typed in the place of `login` where
/// just one other profile can be meant.
pub fn offered(error: Error, name: &str) -> Error {
    let names = lines::profile_names(&config_path(&super::env));
    let words: Vec<_> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match &names[..] {
        [only] if error.paste() == command_line("login", only) => {
            let next = error.next();
            with_profile(words, name, only).map_or(error.clone(), |line| error.instead(next, line))
        }
        _ => error,
    }
}

/// The words after the program's name with `only` for the profile `name`, if a person types such a line.
fn with_profile(mut words: Vec<String>, name: &str, only: &str) -> Option<String> {
    let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let joined = format!("--profile={name}");
    let at = |word: &String| words[..own].iter().position(|other| other == word);
    if let Some(flag) = at(&joined) {
        words.remove(flag);
    } else if let Some(flag) = at(&"--profile".to_owned())
        && words[..own].get(flag + 1).is_some_and(|word| word == name)
    {
        words.drain(flag..flag + 2);
    }
    let command = words.iter().position(|word| !word.starts_with('-'))?;
    let rest: String = words[command + 1..].iter().map(|word| format!(" {}", shell::word(word))).collect();
    match words[command].as_str() {
        // What an AWS tool runs; a person has another way to sign in.
        "credential-process" => None,
        command => Some(command_line(command, only) + &rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_line_stays_but_for_its_profile() {
        for (typed, offered) in [
            ("logout", Some("cognito-creds logout --profile dev")),
            ("logout --profile default --browser", Some("cognito-creds logout --profile dev --browser")),
            ("-v status --profile=default --json", Some("cognito-creds status --profile dev --json")),
            (
                "exec -- aws --profile default",
                Some("cognito-creds exec --profile dev -- aws --profile default"),
            ),
            ("exec -- echo a;b", Some("cognito-creds exec --profile dev -- echo 'a;b'")),
            ("serve --port 8000", Some("cognito-creds serve --profile dev --port 8000")),
            ("credential-process --profile default", None),
            ("", None),
        ] {
            let words = typed.split_whitespace().map(str::to_owned).collect();
            assert_eq!(with_profile(words, "default", "dev").as_deref(), offered, "{typed}");
        }
    }
}
