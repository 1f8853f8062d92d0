//! Two accounts of one person, or two people at one machine: `cognito_login` keeps them apart, and
//! whoever is signed in where is said.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Person, cast};
use serde_json::json;
use support::generated::check_generated;
use support::{Machine, alice};

fn dora() -> Person {
    Person::new("dora", "password")
}

/// Profiles `dev` and `admin` at one app client, which differ in `cognito_login` alone.
fn two_logins() -> Machine {
    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 20s\n");
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let admin = machine.sandbox.profile("admin", &redirect);
    machine
        .add(&format!("{admin}cognito_store = file\ncognito_login = admin\ncognito_login_timeout = 20s\n"));
    machine
}

/// Who is signed in for this profile, as `status` tells.
fn who(machine: &Machine, profile: &str) -> serde_json::Value {
    let status = machine.run(&["status", "--json", "--profile", profile]);
    let told: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    told[0]["login"]["user"].clone()
}

fn login(machine: &mut Machine, person: Person, args: &[&str]) -> String {
    machine.seat(person);
    let ran = machine.run(args);
    machine.leave();
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

#[test]
fn two_accounts_live_side_by_side_and_one_logs_out_alone() {
    let mut machine = two_logins();
    login(&mut machine, alice(), &["login", "--profile", "dev"]);
    let told = login(&mut machine, dora(), &["login", "--profile", "admin"]);
    assert!(!told.contains("the same person"), "{told}");
    assert_eq!(who(&machine, "dev"), json!("alice@example.com"));
    assert_eq!(who(&machine, "admin"), json!("dora@example.com"));

    let call = |profile| machine.run(&["credential-process", "--profile", profile]).document();
    assert_ne!(call("dev")["SessionToken"], call("admin")["SessionToken"]);

    let logout = machine.run(&["logout", "--profile", "admin"]);
    assert_eq!(logout.stdout, "Signed out dora@example.com of profile admin.\n");
    machine.call().document();
    assert_eq!((who(&machine, "dev"), who(&machine, "admin")), (json!("alice@example.com"), json!(null)));
}

#[test]
fn a_browser_that_answers_for_the_wrong_account_is_told_and_force_mends_it() {
    let mut machine = two_logins();
    let browser = alice();
    machine.seat(browser);
    machine.run(&["login", "--profile", "dev"]);
    // The cookie of the sign-in before answers at once.
    let told = machine.run(&["login", "--profile", "admin"]).stdout;
    assert_eq!(
        told,
        "Signed in as alice@example.com for profile admin.\n\
         Profile dev is signed in as the same person. To sign in as somebody else:\n  \
         cognito-creds login --force --profile admin\n"
    );
    machine.leave();

    let told = login(&mut machine, dora(), &["login", "--force", "--profile", "admin"]);
    assert_eq!(told, "Signed in as dora@example.com for profile admin.\n");
    assert!(machine.tabs().last().unwrap().contains("prompt=login"));
}

#[test]
fn logout_with_the_browser_ends_its_session_too() {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.run(&["login", "--profile", "dev"]);
    let forms = machine.sandbox.counts().login;
    machine.run(&["login", "--profile", "dev"]);
    assert_eq!(machine.sandbox.counts().login, forms, "the second sign-in needs no password");

    let told = machine.run(&["logout", "--browser", "--profile", "dev"]);
    assert!(told.stdout.contains("Your browser ends its session at 127.0.0.1."), "{told:?}");
    support::wait_until("the browser was at /logout", || {
        machine.sandbox.log().iter().any(|entry| entry.endpoint == Endpoint::Logout)
    });
    machine.run(&["login", "--profile", "dev"]);
    assert_eq!(machine.sandbox.counts().login, 2 * forms, "nobody is signed in there any more");
}

#[test]
fn without_a_browser_the_address_that_ends_its_session_is_told() {
    let mut machine = Machine::new();
    login(&mut machine, alice(), &["login", "--profile", "dev"]);
    let told = machine.run_with(&["logout", "--browser", "--profile", "dev"], &[("CI", "1")]);
    assert_eq!(told.code, 0, "{told:?}");
    let address = format!("{}/logout?client_id=", machine.sandbox.url());
    assert!(told.stdout.contains(&address), "{told:?}");
    assert!(machine.tabs().iter().all(|tab| !tab.contains("/logout")));
}

#[test]
fn at_an_openid_provider_the_browsers_session_ends_where_that_says_and_nowhere_else() {
    let logout = |machine: &Machine| {
        let told = machine.run_with(&["logout", "--browser", "--profile", "dev"], &[("CI", "1")]);
        assert_eq!(told.code, 0, "{told:?}");
        told.stdout
    };
    let machine = at_an_openid_provider();
    let told = logout(&machine);
    assert!(told.contains("127.0.0.1 has no address that ends the browser's session"), "{told}");

    let address = format!("{}/oidc/{}/v1/logout", machine.sandbox.url(), cast::OIDC_TENANT);
    machine.sandbox.change(|world| {
        world.oidc.discovery.insert("end_session_endpoint".to_owned(), json!(address));
    });
    let told = logout(&machine);
    assert!(told.contains(&format!("\n  {address}?client_id=")) && !told.contains("logout_uri"), "{told}");
}

/// What a person sees who types this.
fn shown(machine: &Machine, line: &str) -> String {
    let words: Vec<_> = line.split(' ').skip(1).collect();
    let ran = machine.run(&words);
    assert_eq!(ran.code, 0, "{ran:?}");
    format!("$ {line}\n{}", ran.stdout.replace("127.0.0.1", "my-team.auth.eu-west-1.amazoncognito.com"))
}

fn in_the_docs(part: &str, transcript: &str) {
    check_generated("docs/accounts.md", part, &format!("```console\n{transcript}```\n"));
}

/// A machine whose profile signs in at an OpenID provider that is not Cognito.
fn at_an_openid_provider() -> Machine {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n"));
    machine
}

#[test]
fn the_page_of_openid_providers_shows_what_the_program_prints() {
    let mut machine = at_an_openid_provider();
    machine.seat(alice());
    let host =
        |text: String| text.replace("my-team.auth.eu-west-1.amazoncognito.com", "login.microsoftonline.com");
    let lines = ["cognito-creds login --profile dev", "cognito-creds logout --browser --profile dev"];
    let transcript: String = lines.map(|line| host(shown(&machine, line))).concat();
    check_generated("docs/oidc.md", "life", &format!("```console\n{transcript}```\n"));
}

#[test]
fn the_page_shows_what_the_program_prints() {
    let mut machine = two_logins();
    machine.seat(alice());
    let first = shown(&machine, "cognito-creds login --profile dev");
    let again = shown(&machine, "cognito-creds login --profile admin");
    machine.leave();
    machine.seat(dora());
    let forced = shown(&machine, "cognito-creds login --force --profile admin");
    in_the_docs("two accounts", &format!("{first}{again}{forced}"));
    in_the_docs("who", &shown(&machine, "cognito-creds status"));
    in_the_docs("signing out", &shown(&machine, "cognito-creds logout --browser --profile admin"));
}

#[test]
fn whoever_asked_for_the_password_is_pointed_to_commands_that_ask_for_it() {
    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 10s\n");
    let ran = machine.run_with(&["login", "--force", "--profile", "dev"], &[("CI", "1")]);
    assert!(ran.stderr.contains("\n  cognito-creds login --paste --force --profile dev\n"), "{ran:?}");
    let mut machine = Machine::new();
    machine.seat(Person::deny());
    let ran = machine.run(&["login", "--force", "--profile", "dev"]);
    let (_, remedy) = ran.stderr.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(remedy, "cognito-creds login --force --profile dev");
}
