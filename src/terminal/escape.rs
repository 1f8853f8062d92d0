//! What terminals understand beside text: links and the clipboard. A terminal that doesn't know a
//! sequence of this form (OSC, ECMA-48 §8.3.89) shows nothing of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::IsTerminal;
use url::Url;

/// Whether the terminal is one that makes links of OSC 8, by the variables that terminals announce
/// themselves with.
pub fn shows_links() -> bool {
    std::env::var("TERM").is_ok_and(|term| term != "dumb") && supports_hyperlinks::supports_hyperlinks()
}

/// The same for what is written to stderr, which may be a file.
pub fn stderr_shows_links() -> bool {
    std::io::stderr().is_terminal() && shows_links()
}

/// The address as a text, and as a link where the terminal makes one. The text is the whole address
/// either way, so that it can be copied.
pub fn address(url: &Url, link: bool) -> String {
    // Everything beyond printable ASCII is percent-encoded in a `Url`, so nothing in it ends the sequence.
    if link { linked(url.as_str(), url) } else { url.to_string() }
}

/// A text that is a link.
pub(super) fn linked(text: &str, url: &Url) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// The sequence that asks the terminal to copy a text (OSC 52, "c" for the clipboard).
///
/// Through tmux it goes as it is: tmux takes it where `set-clipboard` is `on`, and its own passthrough
/// sequence would need another option that is off by default too.
pub(super) fn copying(text: &str) -> String {
    format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_shows_the_whole_address_and_nothing_in_it_ends_the_sequence() {
        let url = Url::parse("https://x/a?b=\u{1b}\\\u{7}&c=é").unwrap();
        let shown = address(&url, true);
        assert_eq!(shown.matches(url.as_str()).count(), 2);
        assert_eq!(shown.matches('\u{1b}').count(), 4, "{shown:?}");
        assert!(!shown.contains('\u{7}'));
        assert_eq!(address(&url, false), url.as_str());
    }

    #[test]
    fn the_clipboard_gets_base64() {
        assert_eq!(copying("https://x/"), "\u{1b}]52;c;aHR0cHM6Ly94Lw==\u{7}");
    }
}
