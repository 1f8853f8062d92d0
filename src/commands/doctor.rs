//! `doctor`: looks at everything that a sign-in needs and says what it saw and what to do.

use super::{Desk, columns, env, profile_name};
use crate::checkup::config::Entries;
use crate::checkup::{Checkup, Finding, Status, account, machine, state};
use crate::cli::Doctor;
use crate::error::foreign;
use crate::http::REQUEST_LIMIT;
use crate::journal::Journal;
use crate::output;
use crate::terminal::{Waiting, Words};
use std::process::ExitCode;

/// Where the words begin beside `FAIL  credential_process`.
const INDENT: usize = 26;

/// Prints every finding; the exit code is 1 if one of them has to change.
pub fn run(args: &Doctor) -> ExitCode {
    let name = profile_name(args.profile.as_deref());
    let findings = examine(&name);
    let text =
        if args.json { serde_json::to_string(&findings).unwrap_or_default() } else { told(&name, &findings) };
    output::stdout(&text);
    let failed = findings.iter().any(|finding| finding.status == Status::Fail);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn examine(name: &str) -> Vec<Finding> {
    // A network that hangs takes its time.
    let _waiting = Waiting::telling(&Words::of("Looking at profile ", name, ", Ctrl-C stops."));
    let desk = Desk::new(name);
    let entries = Entries::read(name, &env);
    let mut findings = entries.findings(desk.as_ref().map(|desk| &desk.profile), &env);
    if let Ok(desk) = &desk {
        let vault = desk.vault();
        let session = desk.session(&vault);
        let checkup = Checkup {
            session: &session,
            places: &desk.places,
            journal: &desk.journal,
            env: &env,
            limit: REQUEST_LIMIT,
            quick: None,
        };
        findings.extend(checkup.findings());
    } else {
        findings.push(machine::browser(name, None, &env));
        findings.extend(machine::wsl(name, &env));
        findings.extend([machine::terminal(), state::folder(&Journal::new())]);
    }
    findings.extend(entries.rivals(&env));
    findings
}

fn told(name: &str, findings: &[Finding]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let mut text = format!("cognito-creds {version} on {os} {arch}, profile {}\n\n", foreign(name));
    for finding in findings {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        text.push_str(&columns::beside(&format!("{status:<6}{}", finding.check), INDENT, &finding.saw));
        text.push('\n');
        if !finding.remedy.is_empty() {
            // Not wrapped, because it may be a command to paste.
            text.extend(["      -> ", &finding.remedy, "\n"]);
        }
    }
    text.push('\n');
    text.push_str(&summary(findings));
    text
}

fn summary(findings: &[Finding]) -> String {
    let sign_in = findings.iter().find(|f| f.check == account::LOGIN && f.status == Status::Warn);
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    match count(Status::Fail) {
        0 => {
            let notes = match count(Status::Warn) - usize::from(sign_in.is_some()) {
                0 => "Nothing has to change.".to_owned(),
                1 => "Nothing has to change; one note is worth a look.".to_owned(),
                n => format!("Nothing has to change; {n} notes are worth a look."),
            };
            sign_in.map_or(notes.clone(), |Finding { remedy, .. }| format!("{notes} Next: {remedy}"))
        }
        1 => "One thing has to change.".to_owned(),
        n => format!("{n} things have to change."),
    }
}
