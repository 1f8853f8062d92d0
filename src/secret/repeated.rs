//! What a server repeats of what it was sent.
//!
//! Error texts quote what they complain about: `refresh_token=… is malformed`, `Value '…' at 'logins'`, a
//! debug page with the whole request. Tokens of Cognito are known by their looks ([`crate::error::foreign`]);
//! a refresh token of another provider, a code or a client secret has none. They are known by what was sent.

use crate::error::without_tokens;
use std::collections::HashSet;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// A part of a secret that long is hidden; shorter ones are in many words.
const PART: usize = 8;
/// Bytes of a text that are looked at: far more than is ever shown of one.
const LOOKED_AT: usize = 4 * 1024;
/// What stands in the place of a secret.
const HIDDEN: &str = "[secret]";

/// The text, cut after 4 KB, without what it repeats of these secrets: whole or in parts of 8 bytes and
/// more, as they are or form-encoded.
pub fn hide(text: &str, secrets: &[impl AsRef<str>]) -> String {
    // Tokens first: of an older one that begins like ours, the rest would no longer look like a token.
    let text = without_tokens(&text[..text.floor_char_boundary(LOOKED_AT)]);
    let forms: Vec<_> =
        secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.is_empty()).flat_map(forms).collect();
    let is_secret = marks(text.as_bytes(), &forms);
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if !is_secret[at..at + c.len_utf8()].contains(&true) {
            shown.push(c);
        } else if !shown.ends_with(HIDDEN) {
            shown.push_str(HIDDEN);
        }
    }
    shown
}

/// How a secret may stand in a text.
fn forms(secret: &str) -> [Zeroizing<String>; 2] {
    let encoded = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    [Zeroizing::new(secret.to_owned()), Zeroizing::new(encoded)]
}

/// Which bytes belong to a secret.
fn marks(text: &[u8], secrets: &[Zeroizing<String>]) -> Vec<bool> {
    let mut marks = vec![false; text.len()];
    for length in secrets.iter().map(|secret| secret.len().min(PART)).collect::<HashSet<_>>() {
        let of_that_length = secrets.iter().filter(|secret| secret.len().min(PART) == length);
        let parts: HashSet<&[u8]> =
            of_that_length.flat_map(|secret| secret.as_bytes().windows(length)).collect();
        for (at, _) in text.windows(length).enumerate().filter(|(_, window)| parts.contains(window)) {
            marks[at..at + length].fill(true);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_whole_in_parts_and_encoded() {
        let secrets = ["0.AXoAq/refresh+token=", "short"];
        for (text, shown) in [
            ("refresh_token=0.AXoAq/refresh+token= is bad", "refresh_token=[secret] is bad"),
            ("code 0.AXoAq/re… is bad", "code [secret]… is bad"),
            ("0.AXoAq%2Frefresh%2Btoken%3D", "[secret]"),
            ("a short one", "a [secret] one"),
            ("the refresh token", "the refresh token"),
            ("", ""),
        ] {
            assert_eq!(hide(text, &secrets), shown);
        }
    }

    #[test]
    fn an_older_token_that_begins_like_ours_is_hidden_whole() {
        let shown = hide(
            "token eyJhbGciOiJub25lIn0.old-claims.old-signature!",
            &["eyJhbGciOiJub25lIn0.new-claims.x"],
        );
        assert_eq!(shown, "token [token]!");
    }

    #[test]
    fn a_text_without_a_secret_stays_as_it_is() {
        for secrets in [&[][..], &[""], &["something-else"]] {
            assert_eq!(hide("Größe 0 is not allowed", secrets), "Größe 0 is not allowed");
        }
    }

    #[test]
    fn no_text_costs_more_than_what_could_be_shown_of_it() {
        assert_eq!(hide(&"é".repeat(1 << 20), &["secret-secret"]).len(), LOOKED_AT);
    }

    #[test]
    fn a_part_that_begins_within_a_character_hides_all_of_it() {
        assert_eq!(hide("x ßecret-ßecret", &["ßecret-ß"]), "x [secret]ecret");
    }
}
