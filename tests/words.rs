//! The corpus of messages as a whole: each is two lines, the second one a command that a shell and
//! this program understand, and none is left over from a test that has gone.

#![cfg(unix)]
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

/// File, check, what was seen, and what to do; the last is empty where all is well.
fn findings() -> Vec<(String, String, String)> {
    let mut findings = Vec::new();
    for file in folder("tests/findings") {
        for finding in fs::read_to_string(&file).unwrap().trim_end().split("\n\n") {
            let lines: Vec<_> = finding.lines().collect();
            let (title, saw, remedy) = match lines[..] {
                [title, saw] => (title, saw, ""),
                [title, saw, remedy] => (title, saw, remedy.strip_prefix("-> ").unwrap()),
                _ => panic!("{}: {finding}", file.display()),
            };
            let (status, saw) = saw.split_once(": ").unwrap();
            assert_eq!(remedy.is_empty(), status == "ok", "{finding}");
            findings.push((title.to_owned(), saw.to_owned(), remedy.to_owned()));
        }
    }
    assert!(findings.len() > 50, "the findings were found");
    findings
}

#[test]
fn what_the_doctor_prescribes_is_a_command_or_a_sentence() {
    for (check, saw, remedy) in findings().into_iter().filter(|(_, _, remedy)| !remedy.is_empty()) {
        // The one of another profile, where there is none of this name.
        let of_another = remedy.starts_with("cognito-creds doctor --profile other");
        assert!(
            !remedy.contains("doctor") || of_another,
            "{check}: the doctor sends nobody to the doctor: {remedy}"
        );
        // Commands begin with the name of a program, sentences with a capital letter.
        if remedy.starts_with(|c: char| c.is_ascii_uppercase()) {
            assert!(!remedy.ends_with('.'), "{check}: {remedy}");
            continue;
        }
        let parsed = Command::new("sh").args(["-n", "-c", &remedy]).output().unwrap();
        assert!(parsed.status.success(), "{check}: {saw}: {remedy}");
        if remedy.starts_with("cognito-creds ") {
            assert!(Cli::try_parse_from(remedy.split(' ')).is_ok(), "{check}: {remedy}");
        }
    }
}

#[test]
fn what_the_doctor_sees_is_short_and_clean() {
    for (check, saw, _) in findings() {
        for clumsy in ["  ", ".)", ".:", "..", " .", " ,", "()", "''", "os error", ". ;", ".;"] {
            assert!(!saw.contains(clumsy), "{check}: '{clumsy}' in {saw}");
        }
        assert!(saw.chars().count() <= 450, "{check}: nobody reads that much: {saw}");
    }
}

/// They stand in the middle or at the end of a sentence.
#[test]
fn reasons_are_short_and_clean() {
    for file in folder("tests/reasons") {
        for reason in fs::read_to_string(&file).unwrap().trim_end().split("\n\n") {
            let lines: Vec<_> = reason.lines().collect();
            let [title, reason] = lines[..] else { panic!("{}: {reason}", file.display()) };
            assert!(title.starts_with("# ") && reason.chars().count() <= 200, "{title}: {reason}");
            assert!(!reason.contains("  ") && !reason.contains("os error"), "{title}: {reason}");
        }
    }
}

fn sources(of: &Path, found: &mut String) {
    for entry in fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|end| end == "rs") {
            found.push_str(&fs::read_to_string(entry).unwrap());
        }
    }
}

#[test]
fn every_file_is_told_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for of in ["tests", "src"] {
        sources(&root.join(of), &mut text);
    }
    for (of, teller) in [("cases", "Cases::of("), ("findings", "Findings::of("), ("reasons", "")] {
        for file in folder(&format!("tests/{of}")) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let told = !teller.is_empty() && text.contains(&format!("{teller}\"{name}\")"));
            let inside = text.contains(&format!("Snapshot::of(\"{of}\", \"{name}\")"));
            assert!(told || inside, "no test tells {of}/{name}");
        }
    }
}
