//! Every command that a page shows is run: a transcript is written by the test that made it, a block of
//! shell is run here or by a suite that reads it from the page, and what nobody can run is listed with the
//! reason. A block that is none of these fails, and so does a list that no block needs any more.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/pages.rs"]
#[allow(dead_code, reason = "tests/docs.rs uses the rest")]
mod pages;
#[path = "support/shown.rs"]
mod shown;
mod support;

use pages::{Block, Page, files, pages, root};
use shown::{How, SHOWN, Shown, Start};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use support::{Machine, PROGRAM, Ran, alice};

/// Every block that a reader would type into a shell, or see there.
fn shell_blocks() -> Vec<(Page, Block)> {
    let is_shell =
        |block: &Block| ["sh", "console", "bash", "shell", "powershell"].contains(&block.language.as_str());
    let blocks = |page: &Page| page.split().0.into_iter().filter(is_shell);
    pages().into_iter().flat_map(|page| blocks(&page).map(|b| (copy(&page), b)).collect::<Vec<_>>()).collect()
}

fn copy(page: &Page) -> Page {
    Page { path: page.path.clone(), text: page.text.clone() }
}

fn is_of(shown: &Shown, page: &Page, block: &Block) -> bool {
    page.name() == shown.page && block.text.starts_with(shown.begins)
}

#[test]
fn every_block_of_shell_is_generated_or_run_or_listed_with_a_reason() {
    let (blocks, mut wrong) = (shell_blocks(), String::new());
    for (page, block) in &blocks {
        let ways = SHOWN.iter().filter(|shown| is_of(shown, page, block)).count();
        let first = block.text.lines().next().unwrap_or_default();
        if ways + usize::from(block.part.is_some()) != 1 {
            writeln!(wrong, "{}, in {ways} entries of tests/support/shown.rs: {first}", page.name()).unwrap();
        }
    }
    for shown in SHOWN {
        if matches!(shown.how, How::Nobody(why) if why.len() < 20) {
            writeln!(wrong, "{} has no reason for: {}", shown.page, shown.begins).unwrap();
        }
        if !blocks.iter().any(|(page, block)| is_of(shown, page, block)) {
            writeln!(wrong, "{} has no block any more that begins: {}", shown.page, shown.begins).unwrap();
        }
    }
    assert!(blocks.len() > 60, "only {} blocks were found: this test looks at nothing", blocks.len());
    assert!(wrong.is_empty(), "{wrong}");
}

/// `tests/run.sh` runs every file that is named, and each names the block or the page that it runs.
#[test]
fn every_suite_that_is_said_to_run_a_block_does_look_at_it() {
    let run = fs::read_to_string(root().join("tests/run.sh")).unwrap();
    for shown in SHOWN {
        let How::Suite(file, mark) = shown.how else { continue };
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let mark_is_there = text.contains(mark);
        assert!(mark_is_there, "{file} has no {mark}, so it does not run: {}", shown.begins);
        assert!(!file.ends_with(".rs") || proves(shown, mark), "that {file} has {mark} proves nothing");
        assert!(file.ends_with(".rs") || run.contains(file), "tests/run.sh does not run {file}");
    }
}

/// Whether the words read the block from its page, or are all of a command in it.
fn proves(shown: &Shown, mark: &str) -> bool {
    let reads = ["block(\"", "fenced(\"", "\"serve\""].iter().any(|reader| mark.contains(reader));
    let command = mark.trim_matches('"').trim_start_matches("{PROGRAM} ");
    let is_whole = |line: &str| {
        line.trim_start_matches("cognito-creds ") == command.trim_start_matches("cognito-creds ")
    };
    let is_set = || shown.begins.starts_with("export ");
    let blocks = shell_blocks();
    let mut of_it = blocks.iter().filter(|(page, block)| is_of(shown, page, block));
    reads || is_set() || of_it.any(|(_, block)| block.text.lines().any(is_whole))
}

/// The part has a test that writes it.
#[test]
fn every_generated_transcript_has_a_test_that_makes_it() {
    let folder = root().join("tests");
    let sources: Vec<_> = ["rs", "py"].iter().flat_map(|extension| files(&folder, extension)).collect();
    let sources: Vec<_> = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (page, block) in shell_blocks() {
        let Some(part) = block.part else { continue };
        let name = page.path.file_name().unwrap().to_string_lossy().into_owned();
        let writes = |source: &String| source.contains(&format!("\"{part}\"")) && source.contains(&name);
        assert!(sources.iter().any(writes), "no test writes {part} of {}", page.name());
    }
}

#[test]
fn the_commands_of_the_pages_do_what_the_pages_say() {
    let mut count = 0;
    for (page, block) in shell_blocks() {
        for shown in SHOWN.iter().filter(|shown| is_of(shown, &page, &block)) {
            let How::Here(start, wanted) = shown.how else { continue };
            let machine = begin(start);
            let ran: Ran = machine.shell(&format!("set -eu\n{}{PROBE}", block.text)).output().unwrap().into();
            let config = fs::read_to_string(machine.path(".aws/config")).unwrap_or_default();
            let opened = machine.tabs().join("\n");
            let seen = format!("{}\n{config}\n{opened}", ran.stdout);
            let told = format!("{}: {}\n{ran:?}\n{config}", page.name(), block.text);
            assert_eq!(ran.code, 0, "{told}");
            assert!(seen.contains(wanted), "no '{wanted}': {told}");
            count += 1;
        }
    }
    assert!(count > 12, "only {count} blocks were run");
}

/// What a block has made of the shell.
const PROBE: &str = "echo \"credentials: ${AWS_ACCESS_KEY_ID:-none}\"\n";

/// The machine of somebody who reads the page.
fn begin(start: Start) -> Machine {
    let line = format!("credential_process = {PROGRAM} credential-process --profile dev\n");
    let keys = format!("cognito_store = file\n{line}");
    let mut machine = match start {
        Start::Nothing => Machine::bare(),
        Start::Profile | Start::SignedIn => Machine::with(&keys),
        Start::LongProfile => {
            let machine = Machine::with(&format!("{keys}cognito_role = Developer\n"));
            let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
            machine.configure(&config.replace("[profile dev]", "[profile long]").replace(&line, ""));
            machine
        }
        Start::OidcProfile => {
            let machine = Machine::bare();
            let redirect = format!("http://localhost:{}/callback", machine.port);
            let tenant = cognito_sandbox::cast::OIDC_TENANT;
            machine.configure(&format!("{}{keys}", machine.sandbox.oidc_profile("dev", tenant, &redirect)));
            machine
        }
    };
    if start == Start::Nothing {
        machine.set("AWS_ACCESS_KEY_ID", "AKIDOFANOTHER");
    }
    machine.seat(alice());
    if start == Start::SignedIn {
        machine.call().document();
    }
    // Programs of other people, as far as the pages need them.
    fs::create_dir(machine.path("bin")).unwrap();
    symlink(PROGRAM, machine.path("bin/cognito-creds")).unwrap();
    let outputs = r#"{"Stacks": [{"Outputs": [
        {"OutputKey": "CognitoDomain", "OutputValue": "https://acme.auth.eu-west-1.amazoncognito.com"},
        {"OutputKey": "CognitoClientId", "OutputValue": "abc"},
        {"OutputKey": "CognitoIdentityPoolId", "OutputValue": "eu-west-1:01234567-89ab-cdef-0123-456789abcdef"}]}]}"#;
    script(
        &machine,
        "aws",
        &format!("test \"$1 $2\" = 'cloudformation describe-stacks'\ncat <<'END'\n{outputs}\nEND\n"),
    );
    script(&machine, "terraform", "echo \"terraform $1 as $AWS_ACCESS_KEY_ID\"\n");
    machine.set("PATH", &format!("{}:/usr/bin:/bin", machine.path("bin").display()));
    machine
}

fn script(machine: &Machine, name: &str, text: &str) {
    let path = machine.path("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\nset -e\n{text}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
