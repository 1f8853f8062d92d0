//! Every command at every verbosity, in a good state and in each bad one.

use super::hunt::Hunt;
use super::support::Ran;
use clap::CommandFactory;
use cognito_creds::cli::Cli;
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::Stdio;

const VERBOSITIES: [&str; 3] = ["", "-v", "-vv"];

/// Commands whose stdout nobody expects a secret on.
const FOR_PEOPLE: [&str; 14] = [
    "status",
    "status --json",
    "doctor",
    "doctor --json",
    "configure",
    "configure --lang de",
    "completions bash",
    "completions zsh",
    "completions fish",
    "completions elvish",
    "completions powershell",
    "man",
    "exec -- cat /proc/self/cmdline",
    "login --pick-role",
];

/// Commands that are asked for one.
const FOR_STDOUT: [&str; 10] = [
    "credential-process",
    "env",
    "env --format fish",
    "env --format powershell",
    "env --format dotenv",
    "env --format json",
    "token",
    "token --access",
    "exec -- env",
    "console --print",
];

/// Commands with a part of their own here or in the other modules.
const ELSEWHERE: [&str; 3] = ["login", "logout", "serve"];

#[test]
fn every_command_is_among_them() {
    let known = FOR_PEOPLE.iter().chain(&FOR_STDOUT).chain(&ELSEWHERE);
    let known: BTreeSet<_> = known.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let cli = Cli::command();
    let all = cli.get_subcommands().filter(|command| !command.is_hide_set());
    assert_eq!(known, all.map(|command| command.get_name().to_owned()).collect());
}

#[test]
fn every_command_of_somebody_who_is_signed_in_keeps_the_secrets() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        assert_eq!(hunt.play("login").code, 0);
        hunt.every_command(|command, ran| {
            let serves = FOR_STDOUT.contains(&command) || command.starts_with("status");
            assert!(ran.code == 0 || !serves, "{command}: {}", ran.stderr);
        });
        hunt.keep_client_secret();
        assert_eq!(hunt.run("logout --browser").code, 0);
        hunt.seen.push(("the browser's command line".to_owned(), hunt.machine.tabs().join(" ").into()));
        hunt.assert_nothing_leaked();
    }
}

#[test]
fn every_command_keeps_the_secrets_while_everything_fails() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        assert_eq!(hunt.play("credential-process").code, 0);
        for (status, kind) in [(400, Some("of_no_standard")), (500, None)] {
            for endpoint in [Endpoint::Token, Endpoint::IdentityPool, Endpoint::Federation, Endpoint::Revoke]
            {
                let fault = Fault::Repeat { status, kind: kind.map(str::to_owned) };
                hunt.machine.sandbox.fault(endpoint, fault, Times::Forever);
            }
            Kernel::cache().delete(&hunt.machine.profile().credentials_entry()).unwrap();
            hunt.machine.let_id_token_end();
            hunt.know_login();
            hunt.every_command(|command, ran| {
                // The access token lives.
                let fails = FOR_STDOUT.contains(&command) && command != "token --access";
                assert!(ran.code == 1 || !fails, "{command}");
            });
            hunt.machine.sandbox.clear_faults();
        }
        hunt.assert_nothing_leaked();
        assert!(verbosity.is_empty() || hunt.count("[secret]") > 0, "something was repeated");
    }
}

/// What a person puts into the config file by mistake, and a login that can't be read.
#[test]
fn every_command_keeps_the_secrets_of_broken_files() {
    const MISPLACED: &str = "a-client-secret-that-belongs-elsewhere";
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        hunt.secrets.add("a misplaced secret", MISPLACED);
        assert_eq!(hunt.play("credential-process").code, 0);
        hunt.machine.add("cognito_interactive = never\n");
        let config = fs::read_to_string(hunt.machine.path(".aws/config")).unwrap();
        for line in
            [format!("cognito_client_secret = {MISPLACED}"), format!("cognito_client_secret {MISPLACED}")]
        {
            hunt.machine.configure(&format!("{config}{line}\n"));
            hunt.every_command(|_, _| {});
        }
        hunt.machine.configure(&config);
        let login = hunt.machine.login_file().unwrap();
        let kept = fs::read(&login).unwrap();
        for torn in [&kept[..kept.len() / 2], &[&b"[\""[..], &kept[..]].concat(), b"\xff\xfe"] {
            fs::write(&login, torn).unwrap();
            Kernel::cache().delete(&hunt.machine.profile().credentials_entry()).unwrap();
            hunt.every_command(|_, _| {});
        }
        fs::remove_file(&login).unwrap();
        hunt.seen.retain(|(place, _)| place != "file config");
        hunt.assert_nothing_leaked();
    }
}

#[test]
fn every_command_keeps_the_password_of_a_proxy() {
    const PASSWORD: &str = "password-of-a-proxy-canary";
    for verbosity in VERBOSITIES {
        for proxy in [format!("http://me:{PASSWORD}@127.0.0.1:1"), format!("what://me:{PASSWORD}@:x")] {
            let mut hunt = Hunt::begin("file", verbosity);
            hunt.secrets.add("a proxy's password", PASSWORD);
            hunt.machine.set("HTTPS_PROXY", &proxy);
            hunt.machine.set("COGNITO_CREDS_REFRESH_TOKEN", "a refresh token from elsewhere");
            let config = fs::read_to_string(hunt.machine.path(".aws/config")).unwrap();
            let here = hunt.machine.sandbox.url();
            let config = config.replace(&format!("endpoint_url = {here}\n"), "");
            hunt.machine
                .configure(&config.replace(&format!("cognito_domain = {here}"), "cognito_domain = acme"));
            hunt.machine.add("cognito_interactive = never\n");
            let told = Cell::new(0);
            hunt.every_command(|_, ran| told.set(told.get() + usize::from(ran.stderr.contains("proxy"))));
            assert!(told.get() > 2, "the proxy was met");
            hunt.assert_nothing_leaked();
        }
    }
}

impl Hunt {
    fn every_command(&mut self, judge: impl Fn(&str, &Ran)) {
        for line in FOR_PEOPLE {
            judge(line, &self.run(line));
        }
        for line in FOR_STDOUT {
            let ran = self.run_for_stdout(line);
            judge(line, &ran);
            // What fails says nothing there.
            assert!(ran.code == 0 || ran.stdout.is_empty(), "{line}");
        }
    }

    /// Without a keychain it can't be kept; it must not be anywhere else then.
    fn keep_client_secret(&mut self) {
        let mut command = self.command("configure --client-secret-stdin");
        let mut child =
            command.env_remove("COGNITO_CREDS_CLIENT_SECRET").stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(cast::CLIENT_SECRET.as_bytes()).unwrap();
        let ran = Ran::of(child);
        assert_eq!(ran.code, 1);
        self.see("configure --client-secret-stdin", &ran);
    }
}
