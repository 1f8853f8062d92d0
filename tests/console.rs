//! `console`: credentials become an address that signs a browser in, and neither lies open on the way.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Person, Times};
use std::fs;
use support::cases::Cases;
use support::{IN_A_FILE, Machine, Ran, alice, wait_until, with_credentials};
use url::Url;

const CONSOLE: &[&str] = &["console", "--profile", "dev"];
const PRINT: &[&str] = &["console", "--profile", "dev", "--print"];

fn signed_in() -> Machine {
    with_credentials(IN_A_FILE)
}

fn printed(machine: &Machine, more: &[&str], variables: &[(&str, &str)]) -> Url {
    let ran = machine.run_with(&[PRINT, more].concat(), variables);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    Url::parse(ran.stdout.trim_end()).unwrap()
}

fn destination(url: &Url) -> String {
    url.query_pairs().find(|(name, _)| name == "Destination").unwrap().1.into_owned()
}

/// What a browser sees at an address.
fn page(url: &str) -> String {
    Person::new("nobody", "").sign_in(url).unwrap().body
}

#[test]
fn the_address_signs_in_as_the_role() {
    let machine = signed_in();
    let url = printed(&machine, &[], &[]);
    assert!(
        page(url.as_str())
            .contains(":role/Developer at https://console.aws.amazon.com/console/home?region=us-east-1")
    );
    assert_eq!(machine.tabs().len(), 1, "nothing was opened");
}

#[test]
fn the_credentials_are_in_no_address() {
    let machine = signed_in();
    machine.sandbox.clear_log();
    printed(&machine, &[], &[]);
    let log = machine.sandbox.log();
    let [entry] = &log[..] else { panic!("{log:?}") };
    assert_eq!((entry.endpoint, &*entry.method), (Endpoint::Federation, "POST"));
    assert_eq!(entry.parameter("SessionType"), Some("json"));
    assert_eq!(entry.parameter("SessionDuration"), None, "it lasts as long as the credentials");
}

#[test]
fn service_and_region_are_where_it_leads() {
    let machine = signed_in();
    let at = |more: &[&str], variables: &[(&str, &str)]| destination(&printed(&machine, more, variables));
    assert_eq!(at(&["--service", "s3"], &[]), "https://console.aws.amazon.com/s3/home?region=us-east-1");
    let around = [("AWS_REGION", "eu-west-1")];
    assert_eq!(
        at(&["--service", "ec2"], &around),
        "https://console.aws.amazon.com/ec2/home?region=eu-west-1"
    );
    let flags = ["--service", "ec2", "--region", "eu-west-3"];
    assert_eq!(at(&flags, &around), "https://console.aws.amazon.com/ec2/home?region=eu-west-3");
    for bad in ["s3/../x", "S3", "a&b", ""] {
        assert_eq!(machine.run(&[PRINT, &["--service", bad]].concat()).code, 2, "{bad}");
    }
}

/// A browser's command line can be read by every user, for as long as it runs.
#[test]
fn what_the_browser_is_started_with_tells_nothing_and_serves_once() {
    let machine = signed_in();
    let caller = machine.command(CONSOLE).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 2);
    let tab = machine.tabs()[1].clone();
    assert!(tab.starts_with("http://127.0.0.1:") && tab.len() < 60, "{tab}");
    assert!(page(&tab).contains(":role/Developer at "));
    let ran = Ran::of(caller);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "The AWS console opens in your browser for profile dev.\n")
    );
    assert!(Person::new("nobody", "").sign_in(&tab).is_err(), "the port is closed");
}

#[test]
fn without_a_browser_the_address_is_printed() {
    let machine = signed_in();
    let ran = machine.run_with(CONSOLE, &[("CI", "1")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        Url::parse(ran.stdout.trim_end()).is_ok() && ran.stderr.contains("keep it to yourself"),
        "{ran:?}"
    );
}

#[test]
fn the_first_call_signs_in() {
    let mut machine = Machine::new();
    machine.seat(alice());
    assert!(page(printed(&machine, &[], &[]).as_str()).contains(":role/Developer at "));
}

/// A browser that asks its person something first, or a wrapper that drops the address.
#[test]
fn a_browser_that_never_comes_is_not_waited_for_for_ever() {
    let mut cases = Cases::of("console-unfetched");
    let machine = signed_in();
    let ran = machine.run_with(&["console", "--profile", "dev"], &[("BROWSER", "true")]);
    cases.tell("nobody comes for the address", &machine, &ran);
    cases.compare();
}

#[test]
fn what_goes_wrong_is_told() {
    let mut cases = Cases::of("console");
    let machine = signed_in();
    for (case, fault) in [
        ("the credentials are refused", Fault::Status(400)),
        ("the endpoint is out of order", Fault::Status(503)),
        ("an answer that is none", Fault::CaptivePortal),
        ("no whole answer", Fault::DropMidBody),
    ] {
        machine.sandbox.fault(Endpoint::Federation, fault, Times::Once);
        cases.tell(case, &machine, &machine.run(PRINT));
    }
    let no_browser = machine.run_with(&["console", "--profile", "dev"], &[("BROWSER", "/nonexistent")]);
    cases.tell("a browser that can't be started", &machine, &no_browser);
    cases.tell(
        "the endpoint is no address",
        &machine,
        &machine.run_with(PRINT, &[("AWS_ENDPOINT_URL_SIGNIN", "signin.example.com")]),
    );
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let pool = machine.sandbox.world().identity_pool.id;
    machine.configure(
        &config
            .replace(&pool, "eusc-de-east-1:01234567-89ab-cdef-0123-456789abcdef")
            .replace("endpoint_url", "cognito_lang = de\n# endpoint_url"),
    );
    cases.tell("a console that nobody knows", &machine, &machine.run(PRINT));
    cases.compare();
}
