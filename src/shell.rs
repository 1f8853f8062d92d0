//! Words as shells read them: commands for people to paste, and values for `env`.

use crate::platform::Os;
use std::borrow::Cow;
use std::path::Path;

/// One word of a command line, as the shells of this system read it.
pub fn word(text: &str) -> Cow<'_, str> {
    word_on(Os::HERE, text)
}

/// One word of a command line, as the shells of that system read it.
pub fn word_on(os: Os, text: &str) -> Cow<'_, str> {
    let marks: &[u8] = if os == Os::Windows { br"/._-+:=\" } else { b"/._-+:,@%=" };
    let plain = |b: u8| b.is_ascii_alphanumeric() || marks.contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else if os == Os::Windows {
        Cow::Owned(quoted_for_windows(text))
    } else {
        Cow::Owned(quoted(text))
    }
}

/// A word in quotes for cmd.exe and PowerShell, whichever it is pasted into. Both know double quotes; in
/// them PowerShell still acts on `$`, backticks and typographic quotes (about_Quoting_Rules), cmd.exe on
/// `%`. A word with one of those has single quotes, which cmd.exe does not know. Where it would act on
/// something else in that word, no quotes do for both: what either acts on becomes `?`, and nothing runs
/// that is not meant to.
fn quoted_for_windows(text: &str) -> String {
    let acts = |c: char| matches!(c, '"' | '$' | '`' | '%' | '\u{201c}'..='\u{201e}') || c.is_control();
    let harmless = |text: &str| {
        // A backslash before the last quote would be taken for one that is meant to be there.
        let more = text.len() - text.trim_end_matches('\\').len();
        format!("\"{text}{}\"", "\\".repeat(more))
    };
    if !text.contains(acts) {
        harmless(text)
    } else if !text.contains(|c: char| "\"%&|<>^".contains(c) || c.is_control()) {
        quoted_for_powershell(text)
    } else {
        harmless(&text.replace(acts, "?"))
    }
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
        for os in [Os::Linux, Os::MacOs, Os::OtherUnix] {
            assert_eq!(word_on(os, "/home/u/.aws/config"), "/home/u/.aws/config");
            assert_eq!(word_on(os, ""), "''");
            assert_eq!(word_on(os, "/a b/it's $x"), r"'/a b/it'\''s $x'");
        }
        for (text, word) in [
            (r"C:\Users\me\.aws\config", r"C:\Users\me\.aws\config"),
            ("", r#""""#),
            (r"C:\a b\it's", r#""C:\a b\it's""#),
            (r"C:\a b\", r#""C:\a b\\""#),
            ("a & b", r#""a & b""#),
            ("a,b@c", r#""a,b@c""#),
            ("$x `y`", "'$x `y`'"),
            ("$(calc) & calc", r#""?(calc) & calc""#),
            (r#"a" & calc & ""#, r#""a? & calc & ?""#),
            ("%PATH% \u{201c}", r#""?PATH? ?""#),
            ("a\nb", r#""a?b""#),
        ] {
            assert_eq!(word_on(Os::Windows, text), word, "{text}");
        }
    }
}
