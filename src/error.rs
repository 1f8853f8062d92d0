//! The one error type: what happened, what the reader does next, and a command to paste.
//!
//! Variants of [`Next`] are named for what the caller does with the error, not for where it came
//! from, because that is the only thing callers decide on. Text from outside (an identity
//! provider's description, a server's message) passes through [`foreign`] on its way in.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What has to happen before the same call can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A person has to sign in.
    SignIn,
    /// A setting, here or at the administrator's, has to change. Repeating the call can't help.
    Configure,
    /// A person has to choose among the roles of the login, which is good and kept.
    ChooseRole,
    /// Nothing has to change: the network, the service or the keychain was not there. Try again.
    TryAgain,
    /// The person or the provider said no. Repeating is for a person to decide.
    Stop,
}

/// An error as a person meets it: two lines, what happened and a command to paste.
///
/// [`fmt::Display`] gives both lines. The cause chain is kept apart and shown with `-v` only. An
/// `Error` never holds a secret: it is built from words of ours and from text that [`foreign`]
/// has cleaned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}\n{paste}")]
pub struct Error {
    next: Next,
    what: String,
    paste: String,
    detail: Option<String>,
    wait: Option<Duration>,
}

impl Error {
    /// An error with all its parts. `paste` is a command line for a shell.
    ///
    /// Profile names and values of the config file are part of both lines; what could move the
    /// cursor or add a line of its own becomes a blank.
    pub fn new(next: Next, what: impl Into<String>, paste: impl Into<String>) -> Self {
        let (what, paste) = (printable(&what.into()), printable(&paste.into()));
        Self { next, what, paste, detail: None, wait: None }
    }

    /// Adds a technical cause, shown with `-v` only.
    #[must_use]
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(foreign(&detail.to_string()));
        self
    }

    /// The same failure where something else has to happen next.
    #[must_use]
    pub fn instead(mut self, next: Next, paste: impl Into<String>) -> Self {
        (self.next, self.paste) = (next, printable(&paste.into()));
        self
    }

    /// Adds how long the server asks us to wait (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn asking_to_wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// How long the server asks us to wait before the next attempt.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// What the caller does next.
    pub fn next(&self) -> Next {
        self.next
    }

    /// The first line: what happened.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The second line: a command to paste.
    pub fn paste(&self) -> &str {
        &self.paste
    }

    /// The technical cause, for `-v`.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

/// A blank for every character that could move the cursor, hide text or add a line.
pub fn printable(text: &str) -> String {
    text.replace(is_unsafe_to_print, " ")
}

/// Longest piece of foreign text that is repeated to a person, in characters.
const FOREIGN_MAX: usize = 300;

/// Makes text from outside safe to show: control, line-breaking and direction-changing characters
/// become spaces, runs of blanks one blank, tokens `[token]`, and what is too long ends in `…`.
///
/// An `error_description` is written by whoever reaches the redirect URI; unfiltered, it could move
/// the cursor of the terminal or fake a second line with a command of its own. And AWS repeats what
/// it finds invalid: `Value '…' at 'logins' failed to satisfy constraint`.
pub fn foreign(text: &str) -> String {
    let text = without_tokens(text);
    let mut clean = String::with_capacity(text.len().min(FOREIGN_MAX));
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || is_unsafe_to_print(c)) {
        if word.is_empty() {
            continue;
        }
        let gap = if clean.is_empty() { "" } else { " " };
        for c in gap.chars().chain(word.chars()) {
            if count == FOREIGN_MAX {
                clean.push('…');
                return clean;
            }
            clean.push(c);
            count += 1;
        }
    }
    clean
}

/// Replaces every JWT and JWE (RFC 7515 §3.1): Cognito's ID, access and refresh tokens begin with
/// `{"` in base64url, and so does nothing that people write.
pub(crate) fn without_tokens(text: &str) -> Cow<'_, str> {
    const START: &str = "eyJ";
    let mut shown = Cow::Borrowed("");
    let mut rest = text;
    while let Some((before, token)) = rest.split_once(START) {
        let part_of_token = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
        rest = token.trim_start_matches(part_of_token);
        shown.to_mut().push_str(before);
        shown.to_mut().push_str("[token]");
    }
    shown + rest
}

/// Control characters and Unicode's format characters that hide or reorder text (UAX #9).
fn is_unsafe_to_print(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_add_a_line_or_move_the_cursor() {
        assert_eq!(foreign("a\r\nrm -rf ~\u{1b}[2J\u{202E}x\0"), "a rm -rf ~ [2J x");
    }

    #[test]
    fn foreign_text_repeats_no_token() {
        assert_eq!(foreign("Value '{k=eyJhbGciOi.J9_-x.c2ln}' at"), "Value '{k=[token]}' at");
        assert_eq!(foreign("eyJa eyJb"), "[token] [token]");
        assert_eq!(foreign("no token"), "no token");
    }

    #[test]
    fn foreign_text_is_bounded() {
        let long = foreign(&"é".repeat(5_000));
        assert_eq!(long.chars().count(), FOREIGN_MAX + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_name_with_an_escape_sequence_adds_no_line_and_moves_no_cursor() {
        let error = Error::new(Next::Stop, "There is no profile a\n\u{1b}[2J.", "x --profile 'a\nb'");
        assert_eq!(error.what(), "There is no profile a  [2J.");
        assert_eq!(error.paste(), "x --profile 'a b'");
    }

    #[test]
    fn another_command_is_as_harmless_as_the_first() {
        let error =
            Error::new(Next::Stop, "a", "b").instead(Next::Stop, "x --profile 'a\n\u{1b}[2J\u{202e}b'");
        assert_eq!(error.paste(), "x --profile 'a  [2J b'");
    }

    #[test]
    fn an_error_is_two_lines() {
        let error = Error::new(Next::SignIn, "The sign-in has ended.", "cognito-creds login --profile dev");
        assert_eq!(error.to_string().lines().count(), 2);
    }
}
