//! What `env` writes, read by those it is written for: dash, bash, fish, python-dotenv, and PowerShell's
//! grammar. Run by `tests/run.sh shells`, which has them all.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cognito_creds::variables::{Format, written};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Everything a shell might take for more than a letter: each character alone and between others, and
/// jumbles of the worst.
fn nasty() -> Vec<String> {
    let alone = (1..=0x7f_u8).map(char::from).chain("é‘’‚‛“”€\u{a0}\u{202e}😀".chars());
    let mut values: Vec<_> =
        alone.flat_map(|c| [c.to_string(), format!("a{c}b"), format!("{c}{c}")]).collect();
    let worst: Vec<_> = "'\"\\$`!#;&|<>(){}[]*?~ \t\n\r%^=-‘’a0".chars().collect();
    let mut seed = 1_u64;
    for length in 0..400 {
        let mut jumble = String::new();
        for _ in 0..length % 24 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            jumble.push(worst[usize::try_from(seed >> 33).unwrap() % worst.len()]);
        }
        values.push(jumble);
    }
    values
}

fn named(values: &[String]) -> Vec<(String, &str)> {
    values.iter().enumerate().map(|(n, value)| (format!("V{n}"), value.as_str())).collect()
}

fn text(format: Format, values: &[String]) -> String {
    let named = named(values);
    let set = named.iter().map(|(name, value)| (name.as_str(), *value));
    written(format, set, &["GONE"]).unwrap().to_string()
}

/// What a shell has in the variables after it has read the text.
fn read_by(shell: &[&str], format: Format, values: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let print: String = (0..values.len()).map(|n| format!("printf '%s\\0' \"$V{n}\"\n")).collect();
    let gone = "printf '%s\\0' \"$GONE\"\n";
    fs::write(&script, format!("{}{print}{gone}", text(format, values))).unwrap();
    let mut command = Command::new(shell[0]);
    let read = command.args(&shell[1..]).arg(&script).env("GONE", "still there").stderr(Stdio::inherit());
    let output = read.output().unwrap_or_else(|e| panic!("{}: {e}", shell[0]));
    assert!(output.status.success(), "{shell:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn assert_reads(shell: &[&str], format: Format) {
    let mut values = nasty();
    let read = read_by(shell, format, &values);
    values.push(String::new());
    assert_eq!(read.len(), values.len(), "{shell:?}");
    for (read, value) in read.iter().zip(&values) {
        assert_eq!(read, value, "{shell:?}");
    }
}

#[test]
fn posix_shells_read_every_character() {
    assert_reads(&["dash"], Format::Sh);
    assert_reads(&["bash", "--norc"], Format::Sh);
    assert_reads(&["bash", "--posix"], Format::Sh);
}

#[test]
fn fish_reads_every_character() {
    assert_reads(&["fish", "--no-config"], Format::Fish);
}

fn judged_by(script: &str, written: &str, values: &[String]) {
    let python = std::env::var("COGNITO_CREDS_PYTHON")
        .unwrap_or_else(|_| panic!("tests/run.sh shells sets COGNITO_CREDS_PYTHON"));
    let folder = tempfile::tempdir().unwrap();
    let [text, wanted] = ["text", "wanted"].map(|name| folder.path().join(name));
    fs::write(&text, written).unwrap();
    fs::write(&wanted, serde_json::to_string(values).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(script);
    let status = Command::new(python).arg(script).args([text, wanted]).status().unwrap();
    assert!(status.success());
}

#[test]
fn powershells_grammar_reads_every_value_as_one_literal() {
    let values = nasty();
    judged_by("read_powershell.py", &text(Format::Powershell, &values), &values);
}

/// Everything that `env` writes there at all.
#[test]
fn env_files_are_read_alike() {
    let plain = |value: &String| written(Format::Dotenv, [("V", value.as_str())].into_iter(), &[]).is_ok();
    let mut values: Vec<_> = nasty().into_iter().filter(plain).collect();
    values.push("IQoJb3JpZ2luX2VjE+/abc==".to_owned());
    values.push("2026-11-21T04:32:46Z".to_owned());
    assert!(values.len() > 100, "{}", values.len());
    judged_by("read_dotenv.py", &text(Format::Dotenv, &values), &values);
}
