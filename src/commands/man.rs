//! `man`: the manual page, from the command line's definition and the table of keys.

use crate::cli::Cli;
use crate::error::Error;
use crate::output;
use crate::profile::keys;
use clap::{Arg, Command, CommandFactory};
use roff::{Inline, Roff, bold, italic, roman};

const WHAT: &str = "AWS SDKs and tools run cognito-creds as a credential process. It signs a person in at an Amazon \
    Cognito user pool in the browser, keeps the login in the operating system's keychain, and prints AWS credentials, \
    which it renews by itself. A browser opens only where there is no login that can be used.";

const FILES: &[(&str, &str)] = &[
    ("~/.aws/config", "The profiles; AWS_CONFIG_FILE names another file."),
    (
        "~/.local/state/cognito-creds",
        "Locks, the last error and the last sign-in; nothing secret. Under XDG_STATE_HOME where that is set.",
    ),
    (
        "~/.local/share/cognito-creds",
        "Logins with cognito_store = file. Under XDG_DATA_HOME where that is set.",
    ),
];

/// Prints it; `man -l -` shows it.
#[allow(clippy::unnecessary_wraps, reason = "every command may fail")]
pub fn run() -> Result<(), Error> {
    output::stdout(page().trim_end());
    Ok(())
}

fn page() -> String {
    let cli = Cli::command();
    let mut page = Roff::new();
    let about = text(cli.get_about());
    page.control("TH", ["COGNITO-CREDS", "1", "", concat!("cognito-creds ", env!("CARGO_PKG_VERSION"))]);
    section(&mut page, "NAME").text([roman(format!("cognito-creds - {about}"))]);
    section(&mut page, "SYNOPSIS").text([
        bold("cognito-creds"),
        roman(" "),
        italic("COMMAND"),
        roman(" [OPTIONS]"),
    ]);
    section(&mut page, "DESCRIPTION").text([roman(WHAT)]);
    section(&mut page, "COMMANDS");
    for command in cli.get_subcommands().filter(|command| !command.is_hide_set()) {
        entry(&mut page, &synopsis(command), &text(command.get_about()));
        options(&mut page, command);
    }
    section(&mut page, "GLOBAL OPTIONS");
    options_of(&mut page, cli.get_arguments());
    section(&mut page, "KEYS OF A PROFILE");
    for key in keys::ALL {
        let default =
            if key.default.is_empty() { String::new() } else { format!(" Default: {}.", key.default) };
        let head = [bold(key.name), roman(" = "), italic(key.shape)];
        entry(&mut page, &head, &format!("{}{default}", key.help));
    }
    section(&mut page, "FILES");
    for (path, what) in FILES {
        entry(&mut page, &[italic(*path)], what);
    }
    section(&mut page, "EXIT STATUS").text([roman(
        "0 on success, 1 on failure, 2 for a wrong command line. A failure is two lines on stderr: what happened, and a command to run.",
    )]);
    section(&mut page, "SEE ALSO").text([bold("aws"), roman("(1), "), bold("secret-tool"), roman("(1)")]);
    page.render()
}

fn section<'p>(page: &'p mut Roff, name: &str) -> &'p mut Roff {
    page.control("SH", [name])
}

fn entry(page: &mut Roff, head: &[Inline], what: &str) {
    page.control("TP", []).text(head).text([roman(what)]);
}

/// A command's name and the values that stand after it without a flag.
fn synopsis(command: &Command) -> Vec<Inline> {
    let mut words = vec![bold(command.get_name())];
    for value in command.get_positionals() {
        words.extend([roman(" "), italic(value_name(value))]);
    }
    words
}

/// The options of one command, indented below it.
fn options(page: &mut Roff, command: &Command) {
    page.control("RS", []);
    options_of(page, command.get_opts());
    page.control("RE", []);
}

fn options_of<'a>(page: &mut Roff, options: impl Iterator<Item = &'a Arg>) {
    for option in options.filter(|option| !option.is_hide_set() && option.get_id() != "help") {
        let Some(long) = option.get_long() else { continue };
        let mut head = Vec::new();
        if let Some(short) = option.get_short() {
            head.extend([bold(format!("-{short}")), roman(", ")]);
        }
        head.push(bold(format!("--{long}")));
        if option.get_action().takes_values() {
            head.extend([roman(" "), italic(value_name(option))]);
        }
        entry(page, &head, &text(option.get_help()));
    }
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string)
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
