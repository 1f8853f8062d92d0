//! Each way in which AWS says no: the remedy, and then the words.

use crate::support::cases::Cases;
use crate::support::{Machine, Ran, alice};
use crate::{machine, signed_in};
use cognito_sandbox::{Counts, Endpoint, Fault, Times};

fn aws(status: u16, kind: &str, message: &str) -> Fault {
    Fault::Aws { status, kind: kind.into(), message: message.into() }
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer { status, content_type: "text/xml".into(), headers: Vec::new(), body: body.into() }
}

/// Refreshes, tokens of GetOpenIdToken, requests to STS.
fn requests(counts: &Counts) -> (usize, usize, usize) {
    assert_eq!(counts.total, counts.token_refresh + counts.get_open_id_token + counts.assume_role);
    (counts.token_refresh, counts.get_open_id_token, counts.assume_role)
}

const CONFIG: (usize, usize, usize) = (0, 1, 1);
const NEW_TOKEN: (usize, usize, usize) = (0, 2, 2);
const REFRESH: (usize, usize, usize) = (1, 2, 2);
const RETRY: (usize, usize, usize) = (0, 4, 4);

/// Case, answer of STS, and the remedies that are tried, each once.
fn refusals() -> Vec<(&'static str, Fault, (usize, usize, usize))> {
    vec![
        (
            "ExpiredTokenException",
            aws(400, "ExpiredTokenException", "Token expired: 1 must be before 0"),
            NEW_TOKEN,
        ),
        ("ExpiredToken without a text", aws(400, "ExpiredToken", ""), NEW_TOKEN),
        ("InvalidIdentityToken", aws(400, "InvalidIdentityToken", "Incorrect token audience"), NEW_TOKEN),
        (
            "IDPCommunicationError",
            aws(400, "IDPCommunicationError", "Error communicating with the provider"),
            RETRY,
        ),
        ("IDPRejectedClaim", aws(403, "IDPRejectedClaim", "Provider rejected the token"), REFRESH),
        (
            "AccessDenied",
            aws(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            CONFIG,
        ),
        (
            "ValidationError on the duration",
            aws(
                400,
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ),
            CONFIG,
        ),
        (
            "ValidationError on the role",
            aws(
                400,
                "ValidationError",
                "1 validation error detected: Value 'x' at 'roleArn' failed to satisfy constraint",
            ),
            CONFIG,
        ),
        ("ValidationError in other words", aws(400, "ValidationError", "Der Mond ist voll."), CONFIG),
        (
            "PackedPolicyTooLarge",
            aws(400, "PackedPolicyTooLarge", "Packed size of session tags consumes 120%"),
            CONFIG,
        ),
        ("MalformedPolicyDocument", aws(400, "MalformedPolicyDocument", ""), CONFIG),
        (
            "RegionDisabledException",
            aws(403, "RegionDisabledException", "STS is not activated in this region"),
            CONFIG,
        ),
        ("a refusal nobody knows", aws(400, "QuotaOfTheMoon", ""), CONFIG),
        ("Throttling", aws(400, "Throttling", "Rate exceeded"), RETRY),
        ("429", Fault::Status(429), RETRY),
        ("503", aws(503, "ServiceUnavailable", ""), RETRY),
        ("403 by a firewall", answer(403, "<html><body>Request blocked.</body></html>"), RETRY),
        ("the page of a captive portal", Fault::CaptivePortal, RETRY),
        ("XML of something else", answer(200, "<a><b/></a>"), RETRY),
        ("XML that ends in the middle", answer(400, "<ErrorResponse><Error><Code>Acc"), RETRY),
        ("a connection that closes", Fault::DropBefore, RETRY),
    ]
}

/// Calls with a live ID token while an endpoint fails.
fn call_with(machine: &Machine, endpoint: Endpoint, fault: Fault, times: Times) -> Ran {
    machine.sandbox.clear_log();
    machine.sandbox.fault(endpoint, fault, times);
    let ran = machine.call();
    machine.sandbox.clear_faults();
    ran
}

#[test]
fn each_refusal_of_sts_has_its_remedy_once_and_then_its_words() {
    let mut cases = Cases::of("sts-refused");
    let machine = signed_in("cognito_duration_seconds = 7200\n");
    for (case, fault, expected) in refusals() {
        let ran = call_with(&machine, Endpoint::AssumeRole, fault.clone(), Times::Forever);
        cases.tell(case, &machine, &ran);
        assert_eq!(requests(&machine.sandbox.counts()), expected, "{case}");
        assert!(machine.login().is_some(), "{case}");
        if expected != CONFIG {
            call_with(&machine, Endpoint::AssumeRole, fault, Times::Once).document();
            machine.let_credentials_end();
        }
    }
    assert_eq!(machine.tabs().len(), 1);
    machine.call().document();
    cases.compare();
}

#[test]
fn a_pool_that_forbids_the_basic_flow_is_told_with_the_key_and_the_switch() {
    let mut cases = Cases::of("basic-refused");
    let machine = signed_in("");
    machine.sandbox.change(|world| world.identity_pool.classic_flow = false);
    let what = cases.tell("AllowClassicFlow is off", &machine, &machine.call());
    assert!(what.contains("cognito_flow") && what.contains("Basic (classic)"), "{what}");
    machine.sandbox.change(|world| world.identity_pool.classic_flow = true);
    for text in [
        "GetOpenIdToken is not supported with RoleMappings, please use enhanced flow.",
        "Basic flow is not supported with SAML, please use enhanced flow.",
    ] {
        let fault = aws(400, "InvalidParameterException", text);
        let ran = call_with(&machine, Endpoint::GetOpenIdToken, fault, Times::Forever);
        cases.tell(text, &machine, &ran);
        assert_eq!(requests(&machine.sandbox.counts()), (0, 1, 0), "{text}");
    }
    let fault = aws(400, "InvalidParameterException", "Please provide a valid identity");
    let ran = call_with(&machine, Endpoint::GetOpenIdToken, fault, Times::Forever);
    let what = cases.tell("something else that is invalid", &machine, &ran);
    assert!(!what.contains("cognito_flow"), "{what}");
    cases.compare();
}

#[test]
fn a_role_says_how_long_and_whom_it_lets_in() {
    let mut cases = Cases::of("basic-role-limits");
    let short = machine(
        "cognito_role = arn:aws:iam::123456789012:role/ShortSession\ncognito_duration_seconds = 7200\n",
        alice(),
    );
    let what = cases.tell("a role of one hour at most", &short, &short.call());
    assert!(what.contains("cognito_duration_seconds"), "{what}");
    let closed = machine("cognito_role = arn:aws:iam::123456789012:role/Untrusting\n", alice());
    let what = cases.tell("a role that does not trust the pool", &closed, &closed.call());
    assert!(what.contains("trust policy"), "{what}");
    cases.compare();
}

/// The page's messages are those that these tests have seen, word for word.
#[test]
fn the_page_quotes_what_was_told() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/basic-flow.md")).unwrap();
    let told: String = ["basic-refused", "basic-role-limits", "basic-roles", "sts-refused"]
        .map(|name| std::fs::read_to_string(root.join(format!("tests/cases/{name}.txt"))).unwrap())
        .concat();
    let quoted: Vec<_> =
        page.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(quoted.len() >= 5, "{quoted:?}");
    for message in quoted {
        assert!(told.contains(message), "nobody was told:\n{message}");
    }
}
