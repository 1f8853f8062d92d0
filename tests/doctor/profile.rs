//! What is wrong with the files of AWS: the profile, its line, and what some tools prefer to it.

use crate::support::findings::Findings;
use crate::support::{Machine, PROGRAM};
use crate::{about, machine};
use std::fs;

#[test]
fn a_broken_or_missing_profile_is_found_and_the_rest_is_looked_at() {
    let mut told = Findings::of("profiles");
    let mut machine = machine("");
    machine.add("no equals sign\n");
    told.about(&machine, "profile");
    machine.configure("[profile dev]\nregion = us-east-1\n");
    told.about(&machine, "profile");
    told.about(&machine, "credential_process");
    machine.configure("[profile other]\n");
    told.about(&machine, "profile");
    assert!(about(&machine, "credential_process").is_empty());
    machine.leave();
    told.compare();
}

#[test]
fn a_misspelt_key_is_told() {
    let mut told = Findings::of("misspelt-keys");
    let machine = machine("cognito_rolle = Developer\n");
    told.about(&machine, "profile keys");
    told.compare();
}

#[test]
fn a_line_for_another_profile_is_found() {
    let mut told = Findings::of("process-lines");
    let machine = Machine::with("credential_process = cognito-creds credential-process --profile prod\n");
    told.about(&machine, "credential_process");
    fs::create_dir(machine.path("bin")).unwrap();
    std::os::unix::fs::symlink(PROGRAM, machine.path("bin/cognito-creds")).unwrap();
    let ran =
        machine.command(&["doctor", "--profile", "dev"]).env("PATH", machine.path("bin")).output().unwrap();
    assert!(String::from_utf8(ran.stdout).unwrap().contains("serves profile prod, not dev"));
    told.compare();
}

#[test]
fn a_link_to_this_program_is_shown_as_the_line_has_it() {
    let mut machine = Machine::with("");
    let link = machine.path("cognito-creds");
    std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    machine.add(&format!("credential_process = {} credential-process --profile dev\n", link.display()));
    assert_eq!(about(&machine, "credential_process"), [format!("ok: runs {} -> ", link.display())]);
    machine.leave();
}

#[test]
fn entries_that_some_tools_prefer_are_found_in_both_files() {
    let mut told = Findings::of("other-credentials");
    let machine = machine("sso_start_url = https://x\n");
    fs::write(
        machine.path(".aws/credentials"),
        "[other]\nrole_arn = r\n[dev]\naws_access_key_id = AKIACANARY\n",
    )
    .unwrap();
    told.about(&machine, "other credentials");
    let found = about(&machine, "other credentials");
    assert!(!found[0].contains("CANARY") && !found[0].contains("role_arn"), "{found:?}");
    told.compare();
}

#[test]
fn a_section_or_key_that_stands_twice_is_found() {
    let mut told = Findings::of("twice");
    let machine = Machine::new();
    machine.add("[profile api]\nregion = us-east-1\n\n[profile api]\n");
    told.about(&machine, "config file");
    let machine = Machine::new();
    machine.add("[profile api]\nregion = us-east-1\nRegion = us-east-1\n");
    told.about(&machine, "config file");
    told.compare();
}
