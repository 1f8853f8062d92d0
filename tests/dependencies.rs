//! What the program is made of has its reasons in docs/dependencies.md, and no package of the repository
//! may hold `unsafe` code. What may not come in at all: `.deny.toml`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/pages.rs"]
#[allow(dead_code, reason = "tests/docs.rs uses the rest")]
mod pages;

use pages::{Page, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_dependency_and_feature_has_its_reason() {
    let program = packages().into_iter().find(|package| package["name"] == "cognito-creds").unwrap();
    let wanted: BTreeSet<_> = program["dependencies"].as_array().unwrap().iter().map(row_begins).collect();
    let rows = rows("## Direct dependencies");
    let found: BTreeSet<_> = rows.iter().map(|row| row[..3].join(" | ")).collect();

    let missing: Vec<_> = wanted.difference(&found).collect();
    let stale: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/dependencies.md lacks rows that begin\n  {missing:#?}\nand has, in their place or for nothing\n  {stale:#?}"
    );
    assert!(wanted.len() > 30, "only {} dependencies were found: this test looks at nothing", wanted.len());
    for row in rows {
        assert!(row.iter().all(|cell| !cell.is_empty()), "{} has an empty cell", row[0]);
    }
}

#[test]
fn the_notes_are_about_the_versions_that_are_used() {
    let locked = locked();
    let noted: Vec<_> = rows("## Those that touch secrets").into_iter().map(|row| row[0].clone()).collect();
    let stale: Vec<_> = noted.iter().filter(|name| !locked.contains(*name)).collect();
    assert!(stale.is_empty(), "Cargo.lock has another version: read the difference, then note it: {stale:?}");

    let direct = rows("## Direct dependencies");
    let touching: Vec<_> = direct.iter().filter(|row| row.len() == 6 && row[5] == "yes").collect();
    assert!(touching.len() > 15, "only {} touch secrets: this test looks at nothing", touching.len());
    for row in touching {
        let noted = noted.iter().any(|noted| noted.starts_with(&format!("{} ", row[0])));
        assert!(noted, "{} touches secrets, and there is no note on it", row[0]);
    }
    let answers = ["yes", "no"];
    assert!(direct.iter().all(|row| row.len() != 6 || answers.contains(&row[5].as_str())), "yes or no");
}

/// `forbid`, which no `allow` can lift: rustc refuses one.
#[test]
fn every_package_forbids_unsafe_code() {
    let manifests: Vec<_> =
        packages().iter().map(|p| p["manifest_path"].as_str().unwrap().to_owned()).collect();
    assert!(manifests.len() > 3, "only {manifests:?} were found: this test looks at nothing");
    let elsewhere = root().join("tests/real/clients/rust/Cargo.toml");
    for manifest in manifests.iter().map(Path::new).chain([elsewhere.as_path()]) {
        let text = fs::read_to_string(manifest).unwrap();
        let lints = text.split("\n[lints.rust]\n").nth(1).unwrap_or_default();
        let forbids =
            lints.lines().take_while(|line| !line.starts_with('[')).any(|l| l == r#"unsafe_code = "forbid""#);
        assert!(forbids, "{} does not forbid unsafe code", manifest.display());
    }
}

/// No build script: `cargo install` builds what was tested, and nothing runs on the way.
#[test]
fn the_program_has_no_build_script() {
    let program = packages().into_iter().find(|package| package["name"] == "cognito-creds").unwrap();
    let targets = program["targets"].as_array().unwrap();
    assert!(targets.iter().all(|target| target["kind"][0] != "custom-build"), "{targets:?}");
}

/// The packages of the workspace, as cargo describes them.
fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1"]);
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

/// The cells that `Cargo.toml` decides: name, version, features.
fn row_begins(dependency: &Value) -> String {
    let version = match dependency["req"].as_str().unwrap().trim_start_matches('^') {
        "*" => "here",
        version => version,
    };
    let default = dependency["uses_default_features"].as_bool().unwrap().then(|| "default".to_owned());
    let more =
        dependency["features"].as_array().unwrap().iter().map(|f| format!("`{}`", f.as_str().unwrap()));
    let features: Vec<_> = default.into_iter().chain(more).collect();
    let features = if features.is_empty() { "–".to_owned() } else { features.join(", ") };
    format!("`{}` | {version} | {features}", dependency["name"].as_str().unwrap())
}

/// Every package of Cargo.lock as the notes spell it: `name` version.
fn locked() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let value = |line: Option<&str>, key: &str| {
        Some(line?.strip_prefix(key)?.strip_prefix(" = \"")?.trim_end_matches('"').to_owned())
    };
    let packages = text.split("[[package]]\n").skip(1).map(|package| {
        let mut lines = package.lines();
        let name = value(lines.next(), "name").unwrap();
        format!("`{name}` {}", value(lines.next(), "version").unwrap())
    });
    packages.collect()
}

/// The rows of the tables below a heading of docs/dependencies.md, without their own headings.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = Page::read(root().join("docs/dependencies.md"));
    let (_, section) = page.text.split_once(&format!("\n{heading}\n")).unwrap();
    let lines = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    lines.map(cells).collect()
}
