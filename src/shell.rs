//! Words as shells read them: commands for people to paste, and values for `env`.

use std::borrow::Cow;
use std::path::Path;

/// One word of a command line.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// A word in quotes for a POSIX shell, whatever is in it but NUL (POSIX.1-2024, XCU 2.2.2).
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word in quotes for fish, which knows `\'` and `\\` inside them (fish documentation, "Quotes").
pub fn quoted_for_fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A string in quotes for PowerShell, where a doubled quote stands for one, and where typographic
/// quotes are quotes too (about_Quoting_Rules; the language specification, §2.3.5.2).
pub fn quoted_for_powershell(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// A path as one word.
pub fn path(path: &Path) -> String {
    word(&path.display().to_string()).into_owned()
}

/// `aws configure set KEY VALUE --profile NAME`, which versions 1 and 2 of the AWS CLI know.
pub fn set_key(key: &str, value: &str, profile: &str) -> String {
    format!("aws configure set {key} {} --profile {}", word(value), word(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_needed() {
        assert_eq!(word("/home/u/.aws/config"), "/home/u/.aws/config");
        assert_eq!(word(""), "''");
        assert_eq!(path(Path::new("/a b/it's $x")), r"'/a b/it'\''s $x'");
    }
}
