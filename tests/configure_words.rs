//! What `configure` says before and after it writes, so that nobody is left with a profile that can't work.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::io::Write;
use support::cases::Cases;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, wait_until};

const POOL: &str = "eu-west-1:01234567-89ab-cdef-0123-456789abcdef";

fn configure(machine: &Machine, flags: &[&str]) -> Ran {
    machine.run(&[&["configure", "--profile", "dev"], flags].concat())
}

#[test]
fn what_is_wrong_with_the_given_values_comes_before_what_is_missing() {
    let machine = Machine::bare();
    let mut told = Cases::of("configure-values");
    for (case, flags) in [
        ("nothing but a bad value", &["--identity-pool-id", "eu-west-1"][..]),
        (
            "a host name for a URL",
            &["--domain", "my-team.auth.eu-west-1.amazoncognito.com", "--client-id", "abc"],
        ),
        (
            "an issuer without its scheme",
            &["--auth", "oidc", "--issuer", "login.example.com", "--client-id", "abc"],
        ),
        (
            "a placeholder",
            &["--domain", "https://YOUR-PREFIX.auth.REGION.amazoncognito.com", "--client-id", "abc"],
        ),
        ("a placeholder of a client", &["--client-id", "YOUR-APP-CLIENT-ID"]),
        ("everything is missing", &["--role", "Reader"]),
    ] {
        told.tell(case, &machine, &configure(&machine, flags));
        assert!(!machine.path(".aws/config").exists(), "{case}");
    }
    told.compare();
}

#[test]
fn a_corrected_url_is_pasted_and_works() {
    let machine = Machine::bare();
    let host = "my-team.auth.eu-west-1.amazoncognito.com";
    let (_, paste) = configure(&machine, &["--domain", host, "--client-id", "abc"]).failure();
    assert_eq!(
        paste,
        format!("cognito-creds configure --profile dev --domain https://{host} --client-id abc")
    );
    let words: Vec<_> = paste.split(' ').skip(1).collect();
    assert_eq!(machine.run(&words).code, 0);
}

#[test]
fn a_profile_without_an_identity_pool_is_told_what_it_gives() {
    let machine = Machine::bare();
    let flags = ["--domain", "https://auth.example.com", "--client-id", "abc"];
    let ran = configure(&machine, &flags);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "Without cognito_identity_pool_id it gives tokens only. To add it:\n  cognito-creds configure --profile dev --identity-pool-id REGION:IDENTITY-POOL-UUID\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let ran = configure(&machine, &["--identity-pool-id", POOL]);
    assert!(ran.code == 0 && !ran.stdout.contains("tokens only"), "{ran:?}");
}

#[test]
fn whoever_is_signed_in_is_not_sent_to_sign_in() {
    let machine = support::with_credentials(support::IN_A_FILE);
    let ran = configure(&machine, &["--wait", "40s"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let end = "Signed in as alice@example.com. Try:\n  aws sts get-caller-identity --profile dev\n";
    assert!(ran.stdout.ends_with(end), "{}", ran.stdout);
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    let ran = configure(&machine, &["--wait", "41s"]);
    assert!(ran.stdout.ends_with("Now sign in:\n  cognito-creds login --profile dev\n"), "{}", ran.stdout);
}

#[test]
fn the_last_problem_goes_with_the_settings_that_it_was_about() {
    let machine = Machine::with("cognito_interactive = never\n");
    let last = || machine.run(&["status", "--profile", "dev"]).stdout.contains("last problem");
    assert_eq!(configure(&machine, &["--wait", "40s"]).code, 0);
    machine.call().failure();
    assert!(last());
    assert_eq!(configure(&machine, &["--wait", "40s"]).code, 0);
    assert!(last(), "nothing has changed");
    assert_eq!(configure(&machine, &["--wait", "41s"]).code, 0);
    assert!(!last());
}

#[test]
fn a_question_shows_an_example_and_no_reference() {
    let machine = Machine::bare();
    let mut dialogue = on_a_terminal(&machine, &format!("exec {PROGRAM} configure --profile dev"));
    let mut keyboard = dialogue.stdin.take().unwrap();
    for (question, answer) in [
        (
            "https://my-team.auth.eu-west-1.amazoncognito.com\r\ncognito_domain: ",
            "https://auth.example.com\n",
        ),
        ("1example23456789\r\ncognito_client_id: ", "abc\n"),
        ("eu-west-1:01234567-89ab-cdef-0123-456789abcdef\r\ncognito_identity_pool_id: ", "\x04"),
    ] {
        wait_until("the question", || screen(&machine).ends_with(&format!("It looks like {question}")));
        keyboard.write_all(answer.as_bytes()).unwrap();
    }
    dialogue.wait().unwrap();
    let shown = screen(&machine);
    assert!(!shown.contains("Required"), "{shown}");
}
