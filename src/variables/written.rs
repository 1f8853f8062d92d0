//! Variables as a shell or another program reads them.

use crate::shell;
use std::fmt::Write;
use zeroize::Zeroizing;

/// Who reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `eval "$(…)"` in POSIX shells: dash, bash, zsh.
    Sh,
    /// `… | source` in fish.
    Fish,
    /// `… | Out-String | Invoke-Expression` in PowerShell.
    Powershell,
    /// A `.env` file, and docker's `--env-file`.
    Dotenv,
    /// One JSON object.
    Json,
}

impl Format {
    /// Every format by its name.
    pub const ALL: [(&str, Self); 5] = [
        ("sh", Self::Sh),
        ("fish", Self::Fish),
        ("powershell", Self::Powershell),
        ("dotenv", Self::Dotenv),
        ("json", Self::Json),
    ];
}

/// The name of a variable whose value the format can't hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Unwritable(pub String);

/// The text that sets these variables and, in a shell, removes those. Ends with a newline.
///
/// # Errors
/// Readers of `.env` files disagree about quotes, blanks, `#`, `$` and `\`: docker takes them as they
/// are, others don't. So values are written bare, and what all of them don't read alike is refused.
/// AWS credentials are of base64 and have none of it.
pub fn written<'a>(
    format: Format,
    set: impl Iterator<Item = (&'a str, &'a str)>,
    removed: &[&str],
) -> Result<Zeroizing<String>, Unwritable> {
    // Growing leaves copies behind; a session token has up to 2,000 characters.
    let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
    if format == Format::Json {
        let mut object = serde_json::Serializer::new(Json(&mut text));
        serde::Serializer::collect_map(&mut object, set).map_err(|_| Unwritable("JSON".to_owned()))?;
        text.push('\n');
        return Ok(text);
    }
    for name in removed {
        let _ = match format {
            Format::Sh => writeln!(text, "unset {name}"),
            Format::Fish => writeln!(text, "set -eg {name}"),
            Format::Powershell => {
                writeln!(text, "Remove-Item -ErrorAction SilentlyContinue 'Env:{name}'")
            }
            // A file takes nothing away.
            Format::Dotenv | Format::Json => Ok(()),
        };
    }
    for (name, value) in set {
        let _ = match format {
            Format::Sh => writeln!(text, "export {name}={}", *Zeroizing::new(shell::quoted(value))),
            Format::Fish => {
                writeln!(text, "set -gx {name} {}", *Zeroizing::new(shell::quoted_for_fish(value)))
            }
            Format::Powershell => {
                writeln!(text, "$Env:{name} = {}", *Zeroizing::new(shell::quoted_for_powershell(value)))
            }
            Format::Dotenv if !is_plain(value) => return Err(Unwritable(name.to_owned())),
            Format::Dotenv | Format::Json => writeln!(text, "{name}={value}"),
        };
    }
    Ok(text)
}

/// What every reader of `.env` files takes as it is.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/+=_.:,@%-".contains(&b))
}

/// Serializes straight into the text.
struct Json<'a>(&'a mut String);

impl std::io::Write for Json<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Pieces of JSON end where characters do.
        self.0.push_str(std::str::from_utf8(bytes).map_err(std::io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(format: Format, value: &str) -> Result<String, Unwritable> {
        let set = [("AWS_SESSION_TOKEN", value)];
        written(format, set.into_iter(), &["AWS_PROFILE"]).map(|text| text.to_string())
    }

    #[test]
    fn each_reader_gets_its_own_words() {
        for (format, wanted) in [
            (Format::Sh, "unset AWS_PROFILE\nexport AWS_SESSION_TOKEN='a/b+c=='\n"),
            (Format::Fish, "set -eg AWS_PROFILE\nset -gx AWS_SESSION_TOKEN 'a/b+c=='\n"),
            (
                Format::Powershell,
                "Remove-Item -ErrorAction SilentlyContinue 'Env:AWS_PROFILE'\n$Env:AWS_SESSION_TOKEN = 'a/b+c=='\n",
            ),
            (Format::Dotenv, "AWS_SESSION_TOKEN=a/b+c==\n"),
            (Format::Json, "{\"AWS_SESSION_TOKEN\":\"a/b+c==\"}\n"),
        ] {
            assert_eq!(text(format, "a/b+c==").unwrap(), wanted);
        }
    }

    #[test]
    fn an_env_file_holds_only_what_all_its_readers_read_alike() {
        for value in ["", "a b", "a#b", "a$b", "'a'", "\"a\"", "a\\b", "a\nb", "a`b", "é"] {
            assert_eq!(
                text(Format::Dotenv, value),
                Err(Unwritable("AWS_SESSION_TOKEN".to_owned())),
                "{value}"
            );
        }
    }

    #[test]
    fn json_holds_everything() {
        let value = "a\"b\\c\nd\u{7f}é";
        let object: serde_json::Value = serde_json::from_str(&text(Format::Json, value).unwrap()).unwrap();
        assert_eq!(object["AWS_SESSION_TOKEN"], value);
    }
}
