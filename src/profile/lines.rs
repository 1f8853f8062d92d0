//! The lines of the AWS config and credentials files: what each is, which section it opens, and what
//! can be found by looking at lines alone, in a file that may be broken elsewhere.

use crate::platform::read_named;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What one line is, by the rules of the AWS config format.
pub(super) enum Line<'a> {
    Blank,
    /// The text between the brackets; `None` where the closing one is missing.
    Header(Option<&'a str>),
    /// Whether it has its `=`.
    Property(bool),
    Continuation,
    /// A comment for botocore (configparser strips the line first); for SDKs that don't, a part of the
    /// entry above it.
    IndentedComment,
}

pub(super) fn classify(line: &str) -> Line<'_> {
    match line.as_bytes().first() {
        None | Some(b'#' | b';') => Line::Blank,
        Some(b'[') => Line::Header(line[1..].find(']').map(|end| line[1..=end].trim())),
        Some(b' ' | b'\t' | b'\r') if line.trim().is_empty() => Line::Blank,
        Some(b' ' | b'\t') if line.trim_start().starts_with(['#', ';']) => Line::IndentedComment,
        Some(b' ' | b'\t') => Line::Continuation,
        Some(_) => Line::Property(line.contains('=')),
    }
}

/// The comment at the end of what follows an `=`, with the blanks before it; empty where there is none.
/// The AWS SDKs for Rust, Java, Go and JavaScript begin it at a `#` or `;` behind a blank; botocore knows
/// none.
pub(super) fn comment(after: &str) -> &str {
    let starts =
        |(at, c): &(usize, char)| matches!(c, '#' | ';') && after[..*at].ends_with(char::is_whitespace);
    let Some((at, _)) = after.char_indices().find(starts) else { return "" };
    &after[after[..at].trim_end().len()..]
}

/// What a section is, by its header.
pub(super) enum Header<'a> {
    /// The profile of this name (quotes as botocore allows them).
    Profile(&'a str),
    Services,
    Other,
}

pub(super) fn kind(header: &str) -> Header<'_> {
    match header.split_once([' ', '\t']).unwrap_or((header, "")) {
        ("services", _) => Header::Services,
        ("profile", rest) => Header::Profile(unquote(rest.trim())),
        ("default", "") => Header::Profile("default"),
        _ => Header::Other,
    }
}

fn unquote(text: &str) -> &str {
    ['"', '\''].iter().find_map(|q| text.strip_prefix(*q).and_then(|t| t.strip_suffix(*q))).unwrap_or(text)
}

/// The first section or key that stands twice: how it is written, and both lines. Python's configparser,
/// by which the AWS CLI and boto3 read, then refuses the whole file; the other SDKs merge the two.
pub fn twice(text: &str) -> Option<(String, usize, usize)> {
    let mut sections = HashMap::new();
    let mut keys = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        match classify(line) {
            Line::Header(Some(header)) => {
                keys.clear();
                if let Some(first) = sections.insert(header.to_owned(), number) {
                    return Some((format!("[{header}]"), first, number));
                }
            }
            Line::Property(true) => {
                let key = line.split_once('=').map_or("", |(key, _)| key).trim().to_ascii_lowercase();
                if let Some(first) = keys.insert(key.clone(), number) {
                    return Some((key, first, number));
                }
            }
            _ => {}
        }
    }
    None
}

/// One `key = value` line, as it stands in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its line, from 1.
    pub line: usize,
    /// The key in lower case, as botocore reads it.
    pub key: String,
    /// All that follows the `=`, trimmed; what looks like a comment is in it, because the SDKs
    /// disagree about that.
    pub value: String,
}

/// The lines of all sections whose header `is_ours`, for messages that name a line. Nested lines
/// belong to the entry before them and are left out. Never fails: what is broken is not an entry.
pub fn entries(text: &str, is_ours: impl Fn(&str) -> bool) -> Vec<Entry> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        match classify(line) {
            Line::Header(header) => inside = header.is_some_and(&is_ours),
            Line::Property(true) if inside => {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                let key = key.trim().to_ascii_lowercase();
                found.push(Entry { line: index + 1, key, value: value.trim().to_owned() });
            }
            _ => {}
        }
    }
    found
}

/// Whether a header of the config file is that of profile `name`.
pub fn is_profile(header: &str, name: &str) -> bool {
    matches!(kind(header), Header::Profile(found) if found == name)
}

/// Whether a header of the credentials file is that of profile `name`: the name alone there.
pub fn is_credentials_of(header: &str, name: &str) -> bool {
    unquote(header) == name
}

/// The file's text; empty where it can't be read or is no text.
pub fn text_of(path: &Path) -> String {
    read_named(path).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Whether the file has a section of just this name, which in the credentials file would be the
/// profile. Here it is nobody's.
pub fn has_section(path: &Path, name: &str) -> bool {
    let text = text_of(path);
    text.lines()
        .any(|line| matches!(classify(line), Line::Header(Some(header)) if is_credentials_of(header, name)))
}

/// The names of all profiles in the file, in its order: for messages and for commands that look at
/// every profile. An unreadable or broken file has none.
pub fn profile_names(path: &Path) -> Vec<String> {
    let text = text_of(path);
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    for line in text.trim_start_matches('\u{feff}').lines() {
        let Line::Header(Some(header)) = classify(line) else { continue };
        if let Header::Profile(name) = kind(header)
            && seen.insert(name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_with_their_lines_and_taken_from_their_own_section() {
        let text = "[profile b]\nx = 1\n[profile a]\n# y = 0\nY = 2 # z\ns3 =\n  nested = 3\n";
        let found = entries(text, |header| is_profile(header, "a"));
        let entry = |line, key: &str, value: &str| Entry { line, key: key.into(), value: value.into() };
        assert_eq!(found, [entry(5, "y", "2 # z"), entry(6, "s3", "")]);
        assert_eq!(entries("[a]\nk=v", |header| is_credentials_of(header, "a")), [entry(2, "k", "v")]);
    }

    #[test]
    fn profile_names_come_in_file_order_once() {
        let file = std::env::temp_dir().join(format!("cc-names-{}", std::process::id()));
        std::fs::write(&file, "[default]\n[profile b]\n[services s]\n[profile a]\n[profile b]\n").unwrap();
        assert_eq!(profile_names(&file), ["default", "b", "a"]);
        std::fs::remove_file(file).unwrap();
    }
}
