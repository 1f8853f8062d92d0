//! Reads one profile out of the AWS config file.
//!
//! The file belongs to the AWS tools, so its meaning is theirs: parsing is the AWS SDK's. That parser
//! costs 3.4 times as much for 1,000 profiles as for one (measured), so it gets only the sections
//! that matter, cut out here in one linear pass that also finds broken lines anywhere in the file.

use super::lines::{Header, Line, classify, kind};
use crate::error::{Error, Next};
use crate::platform::{Os, read_named, reason};
use crate::remedy;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};
use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What some editors on Windows put in front of UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The name under which the wanted section is handed to the parser. The person's own name may hold
/// blanks or quotes that the parser refuses.
const SELECTED: &str = "selected";
const SELECTED_HEADER: &str = "[profile selected]";

/// The keys of one profile section and of the `[services …]` sections beside it.
#[derive(Debug)]
pub struct Section {
    set: EnvConfigSections,
}

impl Section {
    /// The value of a key of the profile, trimmed; an empty one counts as absent.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.set.get(key).map(str::trim).filter(|v| !v.is_empty())
    }

    /// A nested value `[services NAME]` → `SERVICE =` → `KEY = value`.
    pub fn service(&self, name: &str, service: &str, key: &str) -> Option<&str> {
        let key = nested_key(name, service, key)?;
        self.set.other_sections().get(&key).map(|v| v.as_str().trim()).filter(|v| !v.is_empty())
    }
}

fn nested_key(name: &str, service: &str, key: &str) -> Option<PropertiesKey> {
    PropertiesKey::builder()
        .section_key("services")
        .section_name(name)
        .property_name(service)
        .sub_property_name(key)
        .build()
        .ok()
}

/// Reads the section of profile `name` from the file at `path`; `None` where it has no such section.
pub fn read(path: &Path, name: &str) -> Result<Option<Section>, Error> {
    read_text(&text_of(path)?, path, name)
}

/// As [`read`], of a text that is, or is to become, the file at `path`.
pub fn read_text(text: &str, path: &Path, name: &str) -> Result<Option<Section>, Error> {
    section(text, name).map_err(|e| broken(path, &e))
}

fn section(text: &str, name: &str) -> Result<Option<Section>, BrokenLine> {
    let cuts = cut(text, |other| other == name)?;
    cuts.profiles.first().map(|(_, section)| parse(section, &cuts.services)).transpose()
}

/// A profile's name, and its section or why that can't be read.
pub type Named = (String, Result<Section, Error>);

/// Reads the sections of all profiles, in the order of the file, in one pass.
pub fn read_all(path: &Path) -> Result<Vec<Named>, Error> {
    let text = text_of(path)?;
    let cuts = cut(&text, |_| true).map_err(|e| broken(path, &e))?;
    let section = |section| parse(section, &cuts.services).map_err(|e| broken(path, &e));
    Ok(cuts.profiles.iter().map(|(name, text)| ((*name).to_owned(), section(text))).collect())
}

/// The file's text; empty where there is no file.
///
/// # Errors
/// The file can't be read, or is no UTF-8 text without a byte order mark.
pub fn text_of(path: &Path) -> Result<String, Error> {
    let bytes = match read_named(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(e) => {
            return Err(Error::new(
                Next::Configure,
                format!("The AWS config file {} can't be read ({}).", path.display(), reason(&e)),
                remedy::look_at(Os::HERE, path),
            ));
        }
    };
    if bytes.starts_with(BYTE_ORDER_MARK) {
        // Notepad and PowerShell write it, and the AWS CLI refuses the whole file.
        let what = format!(
            "The AWS config file {} begins with a byte order mark, which the AWS tools can't read.",
            path.display()
        );
        return Err(Error::new(Next::Configure, what, remedy::without_mark(Os::HERE, path)));
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        broken(path, &BrokenLine { line, what: "it is not UTF-8 text".to_owned() })
    })
}

fn broken(path: &Path, BrokenLine { line, what }: &BrokenLine) -> Error {
    Error::new(
        Next::Configure,
        format!("The AWS config file {} is broken at line {line}: {what}.", path.display()),
        remedy::line_of(Os::HERE, *line, path),
    )
}

/// A line that makes the file unreadable for the AWS tools.
#[derive(Debug, PartialEq, Eq)]
struct BrokenLine {
    line: usize,
    what: String,
}

/// Of a line that the parser refuses without a word.
const NO_REASON: &str = "it can't be parsed";

fn parse(profile: &Cut, services: &Cut) -> Result<Section, BrokenLine> {
    let text = format!("{}{}", profile.text, services.text);
    let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
    let (no_files, no_env) = (Fs::from_slice(&[]), Env::from_slice(&[]));
    let Some(Ok(mut source)) = ready(source::load(&no_env, &no_files, &files)) else {
        return Err(BrokenLine { line: 1, what: NO_REASON.to_owned() });
    };
    source.profile = SELECTED.into();
    match EnvConfigSections::parse(source) {
        Ok(set) => Ok(Section { set }),
        // The pass above accepts every line that the parser accepts but for the inside of nested
        // blocks; its message names the line of the cut, which the cut translates back.
        Err(e) => Err(locate(profile, services, &e.to_string())),
    }
}

/// The SDK's loader is async in name only: with contents in memory the first poll is the last.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// One section or several of a kind, as a small config file of their own.
#[derive(Default)]
struct Cut {
    text: String,
    /// The line that each of its lines has in the original, from 1.
    lines: Vec<usize>,
}

impl Cut {
    fn push(&mut self, text: &str, line: usize) {
        self.text.push_str(text);
        self.text.push('\n');
        self.lines.push(line);
    }
}

/// What is cut out of a file.
#[derive(Default)]
struct Cuts<'a> {
    profiles: Vec<(&'a str, Cut)>,
    services: Cut,
}

/// Reads `… on line N:\n  MESSAGE` of the parser's error about a profile's and the services' cuts.
fn locate(profile: &Cut, services: &Cut, message: &str) -> BrokenLine {
    let (place, what) = message.split_once(":\n").unwrap_or((message, NO_REASON));
    let cut: usize = place.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let line = profile.lines.iter().chain(&services.lines).nth(cut.saturating_sub(1)).copied().unwrap_or(cut);
    let what = match what.trim().trim_end_matches('.') {
        what if what.contains("'='") => "it has no =",
        what => what,
    };
    BrokenLine { line, what: what.to_owned() }
}

/// Where a kept line goes.
#[derive(Clone, Copy)]
enum Target {
    Nowhere,
    Profile(usize),
    Services,
}

/// Cuts out the wanted profiles and all `services`, and finds broken lines anywhere.
fn cut(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Cuts<'_>, BrokenLine> {
    let mut cuts = Cuts::default();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut target = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let broken = |what: &str| BrokenLine { line: number, what: what.to_owned() };
        let mut kept = line;
        match classify(line) {
            Line::Blank | Line::IndentedComment => continue,
            Line::Header(None) => return Err(broken("the section has no closing ]")),
            Line::Header(Some(header)) => {
                target = Some(match kind(header) {
                    Header::Services => Target::Services,
                    Header::Profile(name) if wanted(name) => {
                        kept = SELECTED_HEADER;
                        Target::Profile(*known.entry(name).or_insert_with(|| {
                            cuts.profiles.push((name, Cut::default()));
                            cuts.profiles.len() - 1
                        }))
                    }
                    Header::Profile(_) | Header::Other => Target::Nowhere,
                });
            }
            Line::Property(false) if target.is_some() => return Err(broken("it has no =")),
            Line::Property(_) | Line::Continuation => {}
        }
        match target {
            None => return Err(broken("it stands before the first [section]")),
            Some(Target::Nowhere) => {}
            Some(Target::Profile(at)) => cuts.profiles[at].1.push(kept, number),
            Some(Target::Services) => cuts.services.push(kept, number),
        }
    }
    Ok(cuts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, name: &str, key: &str) -> Option<String> {
        section(text, name).unwrap().and_then(|s| s.get(key).map(str::to_owned))
    }

    #[test]
    fn only_the_named_profile_is_read() {
        let text = "[profile a]\nx = 1\n[default]\nx = 0\n[profile b] # note\nx=2 # comment\n";
        assert_eq!(get(text, "a", "x").unwrap(), "1");
        assert_eq!(get(text, "b", "x").unwrap(), "2");
        assert_eq!(get(text, "default", "x").unwrap(), "0");
        assert!(section(text, "c").unwrap().is_none());
    }

    #[test]
    fn all_profiles_are_read_with_their_services_and_their_own_complaints() {
        let text = "[profile a]\nx = 1\nservices = s\n[profile bad]\ns3 =\n  no sign\n[default]\nx = 0\n[profile a]\ny = 2\n[services s]\nsts =\n  endpoint_url = u\n";
        let cuts = cut(text, |_| true).unwrap();
        let names: Vec<_> = cuts.profiles.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["a", "bad", "default"]);
        let [a, bad, default] = &cuts.profiles[..] else { panic!() };
        let read = |section: &Cut| parse(section, &cuts.services);
        let a = read(&a.1).unwrap();
        assert_eq!(
            (a.get("x"), a.get("y"), a.service("s", "sts", "endpoint_url")),
            (Some("1"), Some("2"), Some("u"))
        );
        assert_eq!(read(&bad.1).unwrap_err().line, 6);
        assert_eq!(read(&default.1).unwrap().get("x"), Some("0"));
    }

    #[test]
    fn names_with_blanks_and_quotes_are_found() {
        assert_eq!(get("[profile \"two words\"]\nx = 1\n", "two words", "x").unwrap(), "1");
        assert_eq!(get("[profile two words]\nx = 1\n", "two words", "x").unwrap(), "1");
    }

    #[test]
    fn an_indented_comment_is_no_part_of_a_value() {
        let text = "[profile a]\n  # above\nx = 1\n  # below\ns3 =\n  ; inside\n  k = v\n";
        assert_eq!(get(text, "a", "x").unwrap(), "1");
    }

    #[test]
    fn a_file_from_windows_reads_the_same() {
        assert_eq!(get("[profile a]\r\nX = 1\r\n\r\n", "a", "x").unwrap(), "1");
    }

    #[test]
    fn a_broken_line_anywhere_is_named_with_its_line() {
        for (text, line) in [
            ("x = 1\n", 1),
            ("[profile other]\n\nno equals sign\n[profile a]\nx = 1\n", 3),
            ("[profile a\nx = 1\n", 1),
            ("[default]\ny = 1\n\n[profile a]\n# note\ns3 =\n  nested without\n", 7),
        ] {
            assert_eq!(section(text, "a").unwrap_err().line, line, "{text}");
        }
    }

    #[test]
    fn services_are_read_in_both_spellings() {
        let text = "[profile a]\nservices = dev\n[services dev]\ncognito_identity =\n  endpoint_url = http://localhost:1\n";
        let section = section(text, "a").unwrap().unwrap();
        assert_eq!(section.service("dev", "cognito_identity", "endpoint_url"), Some("http://localhost:1"));
    }
}
