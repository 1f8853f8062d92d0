//! The corpus of messages as a whole: each is two lines, the second one a command that a shell and
//! this program understand, and none is left over from a test that has gone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use clap::Parser;
use cognito_creds::cli::Cli;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// File, case, and its two lines.
fn cases() -> Vec<(String, String, String)> {
    let mut cases = Vec::new();
    for file in folder("tests/cases") {
        for case in fs::read_to_string(&file).unwrap().trim_end().split("\n\n") {
            let lines: Vec<_> = case.lines().collect();
            let [title, what, paste] = lines[..] else { panic!("{}: {case}", file.display()) };
            assert!(title.starts_with("# ") && what.starts_with("cognito-creds: "), "{case}");
            cases.push((title.to_owned(), what.to_owned(), paste.to_owned()));
        }
    }
    assert!(cases.len() > 100, "the corpus was found");
    cases
}

#[test]
fn every_second_line_can_be_pasted() {
    for (case, _, paste) in cases() {
        let parsed = Command::new("sh").args(["-n", "-c", &paste]).output().unwrap();
        assert!(parsed.status.success(), "{case}: {paste}");
        let ours = paste.split(" && ").find(|part| part.starts_with("cognito-creds "));
        // What a shell redirects is no argument.
        let ours = ours.map(|ours| ours.strip_suffix(" < FILE").unwrap_or(ours));
        if let Some(ours) = ours {
            assert!(Cli::try_parse_from(ours.split(' ')).is_ok(), "{case}: {ours}");
        }
    }
}

#[test]
fn every_first_line_is_a_sentence_of_its_own() {
    for (case, what, _) in cases() {
        assert!(what.ends_with('.') && !what.ends_with(".."), "{case}: {what}");
        for clumsy in ["  ", ".)", ".:", "..", " .", " ,", "()", "''", "os error"] {
            assert!(!what.contains(clumsy), "{case}: '{clumsy}' in {what}");
        }
        assert!(what.chars().count() <= 450, "{case}: nobody reads that much: {what}");
    }
}

#[test]
fn every_file_is_told_by_a_test() {
    let is_source = |file: &PathBuf| file.extension().is_some_and(|end| end == "rs");
    let files = folder("tests").into_iter().chain(folder("tests/refusals")).filter(is_source);
    let sources: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    for file in folder("tests/cases") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(sources.contains(&format!("Cases::of(\"{name}\")")), "no test tells {name}");
    }
}
