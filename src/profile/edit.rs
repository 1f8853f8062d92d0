//! Changes to the text of a config file that touch the lines of our keys and no other byte.
//!
//! The file is the person's: comments, order, indentation, line ends, a missing last newline, nested
//! blocks and sections that stand there twice stay as they are. Nothing here reads or writes a file.

use super::lines::{Line, classify, comment, is_profile};
use super::{keys, process_line};
use std::borrow::Cow;

/// Sets keys of profile `name`: a key that is there in its own line, the others below the section's
/// last entry, in a section at the end where there is none. An empty value takes the key out.
///
/// Names and values are to be checked before: [`check_name`], [`check_value`].
pub fn set(text: &str, name: &str, changes: &[(&str, &str)]) -> String {
    let mut document = Document::read(text, name);
    let mut new = Vec::new();
    for (key, value) in changes {
        let is_it = |entry: &Entry<'_>| entry.key == *key;
        if value.is_empty() {
            document.remove(is_it);
        } else if !document.replace(is_it, value) {
            new.push((*key, *value));
        }
    }
    document.insert(name, &new);
    document.text()
}

/// Takes our lines out of profile `name`: every `cognito_*` key, `credential_process` where it runs
/// this program, and the header of a section that had nothing else, if [`set`] would write it anew.
pub fn unset(text: &str, name: &str) -> String {
    let mut document = Document::read(text, name);
    document.remove(|entry| {
        entry.key.starts_with(keys::PREFIX)
            || (entry.key == process_line::KEY && process_line::is_ours(entry.after))
    });
    document.remove_emptied_sections(name);
    document.text()
}

/// Whether every SDK reads this profile name from a header: it has the alphabet that the Rust SDK
/// allows there (others ignore quotes, or don't know them).
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&b);
    match name {
        name if name.is_empty() || !name.bytes().all(allowed) => {
            Err("AWS tools agree on letters, digits and the characters _-/.%@:+ only")
        }
        name if name.starts_with('-') => Err("a name with a hyphen in front looks like a flag"),
        _ => Ok(()),
    }
}

/// Whether every SDK reads this value as it is written: some cut it at `#` or `;`, some take quotes
/// off, all of them trim it and end it with the line.
pub fn check_value(value: &str) -> Result<(), &'static str> {
    if value.chars().any(char::is_control) {
        Err("a value is one line without control characters")
    } else if value.contains(['#', ';']) {
        Err("some AWS tools take # and ; for the beginning of a comment")
    } else if value.contains(['"', '\'']) {
        Err("AWS tools disagree about quotes")
    } else if value.trim() != value {
        Err("blanks around it would be lost")
    } else {
        Ok(())
    }
}

/// One `key = value` of the profile.
struct Entry<'a> {
    /// In lower case, as botocore reads it.
    key: String,
    /// All that follows the `=`.
    after: &'a str,
}

/// What a line is to the profile that is changed.
enum Part<'a> {
    /// A line of another section, a comment, a blank line.
    Other,
    Header {
        /// Whether an entry of the section was taken out.
        has_lost: bool,
    },
    Entry(Entry<'a>),
    /// An indented line that belongs to the entry above it.
    Nested,
    /// An indented comment below an entry.
    NestedComment,
}

struct Row<'a> {
    text: Cow<'a, str>,
    end: &'a str,
    part: Part<'a>,
}

/// A config file as lines that end, and whether the last one did not.
struct Document<'a> {
    rows: Vec<Row<'a>>,
    /// How a new line ends: as the first line does.
    end: &'a str,
    is_open: bool,
}

impl<'a> Document<'a> {
    fn read(text: &'a str, name: &str) -> Self {
        let (mut inside, mut in_entry) = (false, false);
        let mut rows: Vec<_> = text.split_inclusive('\n').map(split_end).collect::<Vec<_>>();
        let end = rows.first().map(|(_, end)| *end).filter(|end| !end.is_empty()).unwrap_or("\n");
        let is_open = rows.last().is_some_and(|(_, end)| end.is_empty());
        if let Some(last) = rows.last_mut().filter(|_| is_open) {
            last.1 = end;
        }
        let rows = rows.into_iter().map(|(text, end)| {
            let part = match classify(text) {
                Line::Header(header) => {
                    (inside, in_entry) = (header.is_some_and(|header| is_profile(header, name)), false);
                    if inside { Part::Header { has_lost: false } } else { Part::Other }
                }
                Line::Property(_) if inside => {
                    in_entry = true;
                    let (key, after) = text.split_once('=').unwrap_or((text, ""));
                    Part::Entry(Entry { key: key.trim().to_ascii_lowercase(), after })
                }
                Line::Continuation if in_entry => Part::Nested,
                Line::IndentedComment if in_entry => Part::NestedComment,
                _ => Part::Other,
            };
            Row { text: Cow::Borrowed(text), end, part }
        });
        Self { rows: rows.collect(), end, is_open }
    }

    /// Gives every such entry a new value, in its line; whether there was one. A comment at the end of
    /// the line stays there in our own lines. Other tools take it for a part of the value, so for a key
    /// of theirs it moves to a line above.
    fn replace(&mut self, is_it: impl Fn(&Entry<'_>) -> bool, value: &str) -> bool {
        let mut found = false;
        self.remove_nested(&is_it);
        let mut rows = Vec::with_capacity(self.rows.len() + 1);
        for mut row in std::mem::take(&mut self.rows) {
            if let Part::Entry(entry) = &row.part
                && is_it(entry)
            {
                found = true;
                let line = with_value(&row.text, value);
                let comment = comment(entry.after);
                let text = if entry.key.starts_with(keys::PREFIX) {
                    format!("{line}{comment}")
                } else {
                    let above = comment.trim().to_owned();
                    if !above.is_empty() {
                        rows.push(Row { text: Cow::Owned(above), end: row.end, part: Part::Other });
                    }
                    line
                };
                row.text = Cow::Owned(text);
            }
            rows.push(row);
        }
        self.rows = rows;
        found
    }

    fn remove(&mut self, is_it: impl Fn(&Entry<'_>) -> bool) {
        self.remove_nested(&is_it);
        let (mut header, mut below) = (None, false);
        for at in 0..self.rows.len() {
            match &self.rows[at].part {
                Part::Header { .. } => (header, below) = (Some(at), false),
                Part::Entry(entry) => {
                    below = is_it(entry);
                    if let Some(header) = header.filter(|_| below) {
                        self.rows[header].part = Part::Header { has_lost: true };
                    }
                }
                // Some SDKs would take it for a part of the entry that is above it now.
                Part::NestedComment if below => {
                    let row = &mut self.rows[at];
                    (row.text, row.part) = (Cow::Owned(row.text.trim_start().to_owned()), Part::Other);
                }
                _ => {}
            }
        }
        self.rows.retain(|row| !matches!(&row.part, Part::Entry(entry) if is_it(entry)));
    }

    /// The lines that belong to such an entry are part of its value; a comment among them is the
    /// person's.
    fn remove_nested(&mut self, is_it: impl Fn(&Entry<'_>) -> bool) {
        let mut below = false;
        self.rows.retain(|row| match &row.part {
            Part::Entry(entry) => {
                below = is_it(entry);
                true
            }
            Part::Nested => !below,
            Part::Header { .. } | Part::NestedComment | Part::Other => true,
        });
    }

    fn insert(&mut self, name: &str, new: &[(&str, &str)]) {
        if new.is_empty() {
            return;
        }
        let at = self.place_of_new_entries().unwrap_or_else(|| {
            if !self.rows.is_empty() {
                self.push(String::new());
            }
            self.push(header(name));
            self.rows.len()
        });
        let end = self.end;
        let rows = new.iter().map(|(key, value)| Row {
            text: Cow::Owned(format!("{key} = {value}")),
            end,
            part: Part::Other,
        });
        self.rows.splice(at..at, rows);
    }

    fn push(&mut self, text: String) {
        self.rows.push(Row { text: Cow::Owned(text), end: self.end, part: Part::Other });
    }

    /// Below the last line of the profile's section that is no comment, or its header. Of `[default]` and
    /// `[profile default]` the latter counts, as it does for the SDKs.
    fn place_of_new_entries(&self) -> Option<usize> {
        let headers = || {
            self.rows
                .iter()
                .enumerate()
                .filter(|(_, row)| matches!(row.part, Part::Header { .. }))
                .map(|(at, _)| at)
        };
        let start =
            headers().find(|at| self.rows[*at].text.starts_with("[profile")).or_else(|| headers().next())?;
        let section = &self.rows[start + 1..];
        let ends = |row: &Row<'_>| matches!(classify(&row.text), Line::Header(_));
        let length = section.iter().position(ends).unwrap_or(section.len());
        // An indented line would become part of an entry that is put above it.
        let is_text = |row: &Row<'_>| {
            matches!(classify(&row.text), Line::Property(_) | Line::Continuation | Line::IndentedComment)
        };
        let last = section[..length].iter().rposition(is_text);
        Some(start + 1 + last.map_or(0, |last| last + 1))
    }

    /// Takes out every header as [`insert`](Self::insert) writes it, with the blank line before it, that
    /// has lost an entry and has nothing left below it. An empty section of the person's own stays.
    fn remove_emptied_sections(&mut self, name: &str) {
        let header = header(name);
        let emptied =
            |row: &Row<'_>| matches!(row.part, Part::Header { has_lost: true }) && row.text == header;
        let headers: Vec<_> = (0..self.rows.len()).filter(|at| emptied(&self.rows[*at])).collect();
        for at in headers.into_iter().rev() {
            let below = self.rows[at + 1..].iter().find(|row| !row.text.trim().is_empty());
            if below.is_none_or(|row| matches!(classify(&row.text), Line::Header(_))) {
                self.rows.remove(at);
                if at > 0 && self.rows[at - 1].text.is_empty() {
                    self.rows.remove(at - 1);
                }
            }
        }
    }

    fn text(mut self) -> String {
        // A blank line without its end would be none.
        if let Some(last) = self.rows.last_mut().filter(|row| self.is_open && !row.text.is_empty()) {
            last.end = "";
        }
        self.rows.iter().flat_map(|row| [&*row.text, row.end]).collect()
    }
}

fn split_end(line: &str) -> (&str, &str) {
    let body = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')).unwrap_or(line);
    line.split_at(body.len())
}

fn header(name: &str) -> String {
    if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") }
}

/// A line with another value, its key and the blanks around its `=` as they were, without a comment. White space
/// that is neither blank nor tab goes: tools disagree whether it is part of the key.
fn with_value(line: &str, value: &str) -> String {
    let Some((key, rest)) = line.split_once('=') else { return format!("{} = {value}", line.trim()) };
    let rest = &rest[..rest.len() - comment(rest).len()];
    let blanks = &rest[..rest.len() - rest.trim_start().len()];
    let is_odd = |c: char| c.is_whitespace() && !matches!(c, ' ' | '\t');
    if key.contains(is_odd) || blanks.contains(is_odd) {
        return format!("{} = {value}", key.trim());
    }
    let blanks = if rest.trim().is_empty() { " " } else { blanks };
    format!("{key}={blanks}{value}")
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
