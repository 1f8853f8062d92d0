//! Which tabs a config file opens.

use crate::support::cases::Cases;
use crate::support::{Machine, Ran, alice, wait_until};
use crate::{COMMANDS, Stranger, in_time, with};
use std::fs;
use url::Url;

/// The commands that begin a sign-in where there is no login.
const NEED_CREDENTIALS: [&str; 5] = ["credential-process", "token", "env", "exec", "console"];

/// The domain of an attacker with the app client of the true one, which may answer without a question: the
/// code and its verifier would go to the attacker. Nothing shows it, so a person has to begin.
#[test]
fn a_file_of_somebody_else_opens_no_tab_at_a_host_where_nobody_has_signed_in() {
    let (mut machine, stranger) =
        (Machine::with("cognito_store = file\ncognito_wait = 0s\n"), Stranger::new());
    machine.set("HTTPS_PROXY", &stranger.url());
    let config = with(&machine, &[("cognito_domain", "https://auth.evil.example"), ("endpoint_url", "")]);
    let file = machine.path("repository-config");
    fs::write(&file, &config).unwrap();
    let elsewhere = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
    let mut cases = Cases::of("strange-file");
    cases.tell("nobody has signed in there", &machine, &machine.call_with(&elsewhere));
    for args in COMMANDS.iter().filter(|args| NEED_CREDENTIALS.iter().any(|c| args.contains(c))) {
        let ran = in_time(&machine, args, &elsewhere);
        assert!(ran.stderr.contains("auth.evil.example; nobody has signed in there yet"), "{args:?} {ran:?}");
    }
    assert!(machine.tabs().is_empty() && stranger.heard().is_empty());

    let mut login = machine.command(&["login", "--profile", "dev"]).envs(elsewhere).spawn().unwrap();
    wait_until("a person began", || machine.tabs().len() == 1);
    login.kill().unwrap();
    let told = Ran::of(login).stderr;
    let named = format!("Profile dev is from {} and signs in at auth.evil.example.\n", file.display());
    assert!(told.starts_with(&named), "{told}");

    let state = machine.path(".local/state/cognito-creds");
    let record = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    let record = record.into_iter().find(|path| path.to_str().unwrap().ends_with(".sign-in.json")).unwrap();
    let mut sign_in: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let mut ended = |outcome: &str| {
        sign_in["outcome"] = outcome.into();
        sign_in["started"] = 1.into();
        sign_in["ended"] = 1.into();
        fs::write(&record, sign_in.to_string()).unwrap();
        machine.call_with(&elsewhere)
    };
    cases.tell("the last one was not completed", &machine, &ended("stopped"));
    assert!(machine.tabs().len() == 1 && stranger.heard().is_empty());
    ended("completed").failure();
    wait_until("a tab of its own", || machine.tabs().len() == 2);
    cases.compare();
}

/// A server on this machine is that of whichever user came first to the port: it may pass the sign-in on to the
/// true one, and would be sent the code and its verifier.
#[test]
fn a_file_of_somebody_else_opens_no_tab_at_a_port_of_this_machine() {
    let (machine, stranger) = (Machine::with("cognito_store = file\ncognito_wait = 0s\n"), Stranger::new());
    let file = machine.path("repository-config");
    let elsewhere = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
    for host in ["127.0.0.1", "localhost"] {
        let domain = format!("http://{host}:{}", stranger.port);
        fs::write(&file, with(&machine, &[("cognito_domain", &domain)])).unwrap();
        let told = format!("signs in at {host}:{}; nobody has signed in there yet", stranger.port);
        for args in COMMANDS.iter().filter(|args| NEED_CREDENTIALS.iter().any(|c| args.contains(c))) {
            let ran = in_time(&machine, args, &elsewhere);
            assert!(ran.code != 0 && ran.stderr.contains(&told), "{args:?} {ran:?}");
        }
    }
    assert!(machine.tabs().is_empty() && stranger.heard().is_empty());
}

/// A stand-in of one's own is such a server, too.
#[test]
fn after_one_login_a_stand_in_on_this_machine_opens_a_tab_from_any_file() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    let file = machine.path("stand-in");
    fs::copy(machine.path(".aws/config"), &file).unwrap();
    let elsewhere = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
    machine.call_with(&elsewhere).failure();
    assert!(machine.tabs().is_empty() && machine.sandbox.counts().total == 0);

    let login = machine.command(&["login", "--profile", "dev"]).envs(elsewhere).spawn().unwrap();
    wait_until("a person began", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(Ran::of(login).code, 0);
    assert_eq!(machine.run_with(&["logout", "--profile", "dev"], &elsewhere).code, 0);
    machine.call_with(&elsewhere).failure();
    wait_until("a tab of its own", || machine.tabs().len() == 2);
}

/// The same words in the person's own file are the person's own.
#[test]
fn the_persons_own_file_opens_a_tab_wherever_it_leads() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    machine
        .configure(&with(&machine, &[("cognito_domain", "https://auth.example.com"), ("endpoint_url", "")]));
    let config = machine.path(".aws/config");
    machine.call_with(&[("AWS_CONFIG_FILE", config.to_str().unwrap())]).failure();
    wait_until("a tab", || machine.tabs().len() == 1);
    assert!(machine.tabs()[0].starts_with("https://auth.example.com/oauth2/authorize?"));
}

/// The address that the browser is given: ours, whatever the profile wants to add to it.
#[test]
fn the_tab_goes_to_the_domain_and_comes_back_to_this_machine() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    let evil = "x&redirect_uri=https://evil.example&state=1#/\u{1b}\"'<script>";
    machine.add(
        &["cognito_login_hint", "cognito_lang", "cognito_identity_provider"]
            .map(|key| format!("{key} = {evil}\n"))
            .concat(),
    );
    machine.call().failure();
    let tab = Url::parse(&machine.tabs()[0]).unwrap();
    let domain = Url::parse(machine.sandbox.url()).unwrap();
    assert_eq!((tab.origin(), tab.fragment()), (domain.origin(), None));
    for (name, wanted) in
        [("redirect_uri", format!("http://localhost:{}/callback", machine.port)), ("lang", evil.into())]
    {
        let found: Vec<_> =
            tab.query_pairs().filter(|(key, _)| key == name).map(|(_, v)| v.into_owned()).collect();
        assert_eq!(found, [wanted]);
    }
}
