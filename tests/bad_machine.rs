//! What the program says on a machine that is not as it should be: ports, stores, folders, clock and
//! streams. As for bad input: two lines, nothing on stdout, nothing lost that was stored.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times};
use rustix::io::Errno;
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use support::cases::Cases;
use support::{Machine, PROGRAM, Ran, alice, assert_nothing_was_lost, signed_in};

#[test]
fn trust_and_proxy_that_cannot_be_used_are_told_before_anybody_signs_in() {
    let mut cases = Cases::of("network-settings");
    let mut machine = Machine::new();
    let missing = machine.path("missing.pem").display().to_string();
    let empty = machine.path("it's empty.pem").display().to_string();
    fs::write(&empty, "not a certificate\n").unwrap();
    let torn = machine.path("torn.pem").display().to_string();
    fs::write(&torn, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    let broken: &[(&str, &str, &str)] = &[
        ("a CA bundle that is missing", "AWS_CA_BUNDLE", &missing),
        ("a CA bundle without a certificate", "AWS_CA_BUNDLE", &empty),
        ("a CA bundle that is no PEM", "AWS_CA_BUNDLE", &torn),
        ("a proxy without a host", "HTTPS_PROXY", "http://me:secret@"),
        ("a proxy with an odd port", "https_proxy", "proxy:http"),
    ];
    let complain = |machine: &Machine, cases: &mut Cases, when: &str| {
        for (case, variable, value) in broken {
            let ran = machine.call_with(&[(variable, value)]);
            let what = cases.tell(&format!("{case}, {when}"), machine, &ran);
            assert!(what.contains(variable) && !what.contains("secret"), "{what}");
        }
    };
    complain(&machine, &mut cases, "signed out");
    machine.add(&format!("ca_bundle = {missing}\n"));
    cases.tell("the same in the profile", &machine, &machine.call());
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("ca_bundle", "# ca_bundle"));
    assert!(machine.tabs().is_empty(), "nobody signed in for nothing");

    // Nothing keeps the mended settings from being used at once.
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    let login = machine.login().unwrap();
    complain(&machine, &mut cases, "signed in");
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

#[test]
fn taken_ports_are_told_with_their_holder_and_free_ones_used_at_once() {
    let mut cases = Cases::of("taken-ports");
    let mut machine = Machine::new();
    let held = TcpListener::bind(("127.0.0.1", machine.port)).unwrap();
    let what = cases.tell("one port", &machine, &machine.call());
    assert!(what.contains(&format!("(process {})", std::process::id())), "{what}");
    assert!(machine.tabs().is_empty());
    drop(held);
    machine.seat(alice());
    machine.call().document();
    machine.leave();

    // The port is held by a sign-in of another profile.
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let another = machine.sandbox.profile("another", &redirect);
    machine.add(&format!("{another}cognito_login = another\ncognito_store = file\ncognito_wait = 0s\n"));
    machine.run(&["credential-process", "--profile", "another"]).failure();
    let third = machine.sandbox.profile("third", &redirect);
    machine.add(&format!("{third}cognito_login = third\ncognito_store = file\n"));
    let ran = machine.run(&["credential-process", "--profile", "third"]);
    cases.tell("another profile's sign-in", &machine, &ran);
    cases.compare();
}

/// Cognito shows a page of its own and never comes back: the person has to know what to register.
#[test]
fn a_sign_in_that_nobody_completes_shows_the_redirect_uri() {
    let mut cases = Cases::of("unanswered");
    let mut machine =
        Machine::with("cognito_store = file\ncognito_login_timeout = 10s\ncognito_wait = 30s\n");
    machine.sandbox.change(|world| {
        for client in &mut world.clients {
            client.redirect_uris.clear();
        }
    });
    machine.seat(alice());
    let what = cases.tell("a callback URL that is not registered", &machine, &machine.call());
    assert!(what.contains(&format!("http://localhost:{}/callback", machine.port)), "{what}");
    cases.tell("the next call", &machine, &machine.call());
    cases.compare();
}

#[test]
fn a_caller_that_can_wait_no_longer_is_told_where_the_sign_in_is() {
    let mut cases = Cases::of("still-open");
    let machine = Machine::with("cognito_store = file\ncognito_wait = 1s\n");
    cases.tell("nobody came in time", &machine, &machine.call());
    let ran = machine.call_with(&[("CI", "true")]);
    cases.tell("the same while it is open, without a browser of its own", &machine, &ran);
    cases.compare();
}

#[test]
fn where_nobody_can_sign_in_the_command_is_told() {
    let mut cases = Cases::of("needs-sign-in");
    let machine = Machine::new();
    cases.tell("in CI", &machine, &machine.call_with(&[("CI", "true")]));
    machine.add("cognito_interactive = never\n");
    cases.tell("where the profile says never", &machine, &machine.call());
    assert!(machine.tabs().is_empty());
    cases.compare();
}

#[test]
fn without_a_keychain_the_kernel_keeps_the_login_and_stderr_is_silent() {
    let mut machine = Machine::with("");
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "the login was found again");
    assert!(machine.login().is_none(), "and not in a file");
    let notes: Vec<_> = machine.files().iter().filter_map(|f| fs::read_to_string(f).ok()).collect();
    assert!(notes.iter().any(|n| n.contains("kernel keyring")), "status knows where it is: {notes:?}");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
}

#[test]
fn a_store_that_is_not_there_is_told_and_never_replaced_by_another() {
    let mut cases = Cases::of("no-keychain");
    let mut machine = Machine::with("cognito_store = keychain\n");
    machine.seat(alice());
    cases.tell("no keychain, and nothing else allowed", &machine, &machine.call());
    machine.run(&["login", "--profile", "dev"]).failure();
    assert!(machine.tabs().is_empty(), "it is told before anybody signs in");
    cases.compare();
}

#[test]
fn without_keychain_and_kernel_keyring_no_file_takes_their_place() {
    let mut machine = Machine::with("");
    machine.lose_keyrings(Errno::NOSYS);
    machine.seat(alice());
    for command in ["credential-process", "login"] {
        let (what, _) = machine.run(&[command, "--profile", "dev"]).failure();
        assert!(what.contains("There is no keychain"), "{what}");
    }
    assert!(machine.tabs().is_empty(), "it is told before anybody signs in");
    assert!(machine.login_file().is_none());
}

#[test]
fn a_kernel_keyring_that_is_full_is_told() {
    let mut cases = Cases::of("full-kernel-keyring");
    let mut machine = Machine::with("cognito_store = kernel\n");
    machine.lose_keyrings(Errno::DQUOT);
    machine.seat(alice());
    cases.tell("the quota is used up", &machine, &machine.run(&["login", "--profile", "dev"]));
    assert!(machine.tabs().is_empty(), "it is told before anybody signs in");
    cases.compare();
}

/// Under `/proc` nobody creates a folder, root neither.
const READ_ONLY: &str = "/proc/cognito-creds";

#[test]
fn a_home_that_cannot_be_written_is_told_and_another_folder_serves() {
    let mut cases = Cases::of("read-only-home");
    let mut machine = Machine::with("cognito_store = kernel\n");
    let config = machine.path(".aws/config").display().to_string();
    let read_only = [("HOME", READ_ONLY), ("AWS_CONFIG_FILE", &config)];
    cases.tell("nowhere to keep a lock", &machine, &machine.call_with(&read_only));
    assert!(machine.tabs().is_empty());

    let run = machine.path("run").display().to_string();
    fs::create_dir(&run).unwrap();
    let with_run = [&read_only[..], &[("XDG_RUNTIME_DIR", &run)]].concat();
    machine.seat(alice());
    // The config file can't be in such a home, so a person begins.
    assert_eq!(machine.run_with(&["login", "--profile", "dev"], &with_run).code, 0);
    machine.sandbox.clear_log();
    machine.call_with(&read_only).document();
    assert_eq!(machine.sandbox.counts().total, 0, "a warm call needs no folder");
    assert_eq!(machine.run_with(&["logout", "--profile", "dev"], &with_run).code, 0);

    machine.configure(&fs::read_to_string(&config).unwrap().replace("= kernel", "= file"));
    cases.tell("nowhere to keep the login's file", &machine, &machine.call_with(&with_run));
    cases.compare();
}

#[test]
fn a_clock_that_is_wrong_is_told_with_both_times() {
    let mut cases = Cases::of("wrong-clock");
    let machine = signed_in();
    let login = machine.login().unwrap();
    // What is issued two hours ago has ended here.
    machine.sandbox.set_clock_offset(-7200);
    let what = cases.tell("ahead: credentials have ended before they came", &machine, &machine.call());
    assert!(what.contains("clock"), "{what}");
    machine.sandbox.set_clock_offset(0);
    machine.call().document();
    assert_eq!((machine.tabs().len(), &machine.login().unwrap()["sub"]), (1, &login["sub"]));

    // What the identity pool finds too old although it is new.
    let expired = Fault::Aws {
        status: 400,
        kind: "NotAuthorizedException".into(),
        message: "Invalid login token. Token expired: 1795181744 >= 1795178144".into(),
    };
    for (case, seconds) in [("behind: the ID token has ended there", 7200), ("ahead, the same", -7200)] {
        machine.let_credentials_end();
        machine.sandbox.fault(Endpoint::GetCredentials, expired.clone(), Times::Forever);
        machine.sandbox.set_date_offset(Some(seconds));
        let what = cases.tell(case, &machine, &machine.call());
        assert!(what.contains("clock is 2 hours"), "{what}");
        machine.sandbox.clear_faults();
        machine.sandbox.set_date_offset(None);
        machine.call().document();
    }
    cases.compare();
}

#[test]
fn a_reader_that_has_gone_is_no_reason_for_words() {
    let machine = signed_in();
    machine.call().document();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut call = machine.command(&["credential-process", "--profile", "dev"]);
    let ran: Ran = call.stdout(Stdio::from(writer)).output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    // Closed altogether, as by `>&-`.
    let closed = format!("'{PROGRAM}' credential-process --profile dev >&-");
    let ran: Ran = machine.shell(&closed).output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_document_that_cannot_be_written_is_a_failure() {
    let mut cases = Cases::of("full-disk");
    let machine = signed_in();
    machine.call().document();
    let mut call = machine.command(&["credential-process", "--profile", "dev"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran: Ran = call.stdout(Stdio::from(full)).output().unwrap().into();
    cases.tell("stdout on a full disk", &machine, &ran);
    cases.compare();
}
