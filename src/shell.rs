//! Commands for people to paste: words quoted for a POSIX shell where they need it.

use std::borrow::Cow;
use std::path::Path;

/// One word of a command line.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
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
