//! The corpus of messages is whole: whatever the source can print as an error stands in
//! `tests/cases/`, told by a test that made the program say it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod source;

use source::{Template, templates, templates_of};
use std::fs;
use std::path::Path;

/// Where there are many words and no errors.
const AREAS: &[(&str, &str)] = &[
    ("src/checkup/", "doctor's findings: tests/doctor.rs"),
    ("src/user_pool/page.rs", "the browser's page: tests/callback.rs"),
    ("src/profile/keys.rs", "the help of the keys: docs/configuration.md"),
    ("src/commands/man.rs", "the man page"),
    ("src/commands/status", "the words of a state: tests/status.rs"),
    ("src/terminal", "the picker's and the waiting line's own words"),
];

const ALLOWED: &[(&str, &[&str])] = &[];

/// The lines of all cases.
fn told() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let lines = files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| !line.starts_with("# ")).collect()
}

fn untold(templates: Vec<Template>) -> Vec<Template> {
    let told = told();
    templates.into_iter().filter(|template| !told.iter().any(|line| template.makes(line))).collect()
}

#[test]
fn every_message_in_the_source_is_in_the_corpus() {
    let all = templates(Path::new(env!("CARGO_MANIFEST_DIR")));
    println!("{} templates", all.len());
    let n = all.iter().filter(|t| !AREAS.iter().any(|(a, _)| t.file.starts_with(a))).count();
    println!("{n} outside areas");
    let missing: Vec<_> = untold(all).into_iter().filter(|t| !AREAS.iter().any(|(a, _)| t.file.starts_with(a))).filter(|t| !ALLOWED.iter().any(|(_, l)| l.contains(&t.text.as_str()))).collect();
    for t in &missing { println!("{}: {:?}", t.file, t.text); }
    assert!(missing.is_empty(), "{}", missing.len());
}

#[test]
fn a_message_that_nobody_has_told_is_found() {
    let source = r#"fn f() -> Error { Error::new(Next::Stop, format!("The {moon} is full today."), "x") }"#;
    assert_eq!(untold(templates_of("src/moon.rs", source)).len(), 1);
}
