//! The corpus of messages is whole: whatever the source can print as an error stands in
//! `tests/cases/`, told by a test that made the program say it.
//!
//! A message is every string literal of two words or more, outside tests, documentation and the log. The
//! reasons inside a sentence and the commands below it are messages as well. What is none, or can't be
//! told there, stands in the lists of `allowed.rs`, which shrink with what they are about.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allowed;
mod source;

use allowed::{AREAS, TEXTS};
use source::{Said, Template, said_in, sources};
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of all cases, of the doctor's findings with the names of its checks, and of the reasons that
/// stand inside either.
fn told() -> Vec<String> {
    let folders = ["tests/cases", "tests/findings", "tests/reasons"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let text: String = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    text.lines().map(str::to_owned).collect()
}

fn untold(said: Vec<Said>) -> Vec<Template> {
    let told = told();
    let is_untold = |template: &Template| !told.iter().any(|line| template.makes(line));
    said.into_iter().flat_map(|said| said.templates).filter(is_untold).collect()
}

fn is_in_an_area(template: &Template) -> bool {
    AREAS.iter().any(|(area, _)| template.file.starts_with(area))
}

fn is_allowed(template: &Template) -> bool {
    TEXTS.iter().any(|(_, texts)| texts.contains(&template.text.as_str()))
}

#[test]
fn every_message_in_the_source_is_in_the_corpus() {
    let said = sources(root());
    assert!(said.iter().map(|said| said.templates.len()).sum::<usize>() > 500, "the source was read");
    let missing: Vec<_> = untold(said)
        .into_iter()
        .filter(|template| !is_in_an_area(template) && !is_allowed(template))
        .map(|template| format!("{}: {:?}", template.file, template.text))
        .collect();
    assert!(missing.is_empty(), "no test makes the program say:\n{}", missing.join("\n"));
}

#[test]
fn nothing_is_allowed_that_is_told_or_gone() {
    let untold = untold(sources(root()));
    for (area, _) in AREAS {
        assert!(untold.iter().any(|template| template.file.starts_with(area)), "{area} needs no exception");
    }
    let elsewhere: Vec<_> = untold.iter().filter(|template| !is_in_an_area(template)).collect();
    let needed = |text: &str| elsewhere.iter().any(|template| template.text == text);
    let texts = TEXTS.iter().flat_map(|(_, texts)| *texts);
    let unneeded: Vec<_> = texts.filter(|text| !needed(text)).collect();
    assert!(unneeded.is_empty(), "need no exception: {unneeded:#?}");
}

/// Or it would go unseen.
#[test]
fn no_error_is_made_where_none_is_looked_for() {
    for said in sources(root()).iter().filter(|said| said.makes_errors) {
        assert!(!AREAS.iter().any(|(area, _)| said.file.starts_with(area)), "{} makes errors", said.file);
    }
}

#[test]
fn an_error_of_ours_is_known_however_it_is_named() {
    let makes =
        |file: &str, call: &str| said_in(file, &format!("fn made() {{ {call}(a, b, c) }}")).makes_errors;
    for call in ["Error::new", "error::Error::new", "crate::error::Error::new"] {
        assert!(makes("src/moon.rs", call), "{call}");
    }
    for call in ["io::Error::new", "std::io::Error::new", "Moon::new", "Self::new"] {
        assert!(!makes("src/moon.rs", call), "{call}");
    }
    assert!(makes("src/error.rs", "Self::new"));
}

#[test]
fn a_message_that_nobody_has_told_is_found() {
    let error = "Error::new(Next::Stop, format!(\"The {moon} is full today.\"), command)";
    let said = said_in("src/moon.rs", &format!("/// A doc comment. \nfn full() -> Error {{ {error} }}"));
    assert!(said.makes_errors);
    let texts: Vec<_> = untold(vec![said]).into_iter().map(|template| template.text).collect();
    assert_eq!(texts, ["The {moon} is full today."]);
    let derived = said_in("src/moon.rs", "enum Dark { #[error(\"no moon within {} days\", .0)] New(u8) }");
    assert_eq!(untold(vec![derived]).len(), 1);
    let in_tests = said_in("src/moon.rs", &format!("#[cfg(test)] mod tests {{ fn full() {{ {error} }} }}"));
    assert!(in_tests.templates.is_empty() && !in_tests.makes_errors);
}
