//! `cognito_flow = basic`: GetOpenIdToken and AssumeRoleWithWebIdentity. Sessions of up to twelve hours
//! under a name that tells who it was, and each way in which AWS says no.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::clock::Timestamp;
use cognito_creds::identity_pool::basic::session_name;
use cognito_creds::user_pool::claims::Claims;
use cognito_sandbox::world::{Group, Role, S3Policy};
use cognito_sandbox::{Counts, Endpoint, Entry, Fault, Person, Times, cast};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use support::cases::Cases;
use support::{Machine, Ran, alice, wait_until};

const BASIC: &str = "cognito_store = file\ncognito_flow = basic\n";

/// A machine whose profile has the basic flow and these keys, with `person` at the browser.
fn machine(keys: &str, person: Person) -> Machine {
    let mut machine = Machine::with(&format!("{BASIC}{keys}"));
    machine.seat(person);
    machine
}

/// The same, signed in, with nobody at the browser and nothing in the cache.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine(keys, alice());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine
}

/// The requests to STS.
fn assumed(machine: &Machine) -> Vec<Entry> {
    machine.sandbox.log().into_iter().filter(|entry| entry.endpoint == Endpoint::AssumeRole).collect()
}

/// One value of the only request to STS.
fn sent(machine: &Machine, name: &str) -> String {
    let requests = assumed(machine);
    assert_eq!(requests.len(), 1);
    requests[0].parameter(name).unwrap_or_default().to_owned()
}

/// How long the credentials of a document live, to the minute.
fn minutes(document: &Value) -> u64 {
    let end = document["Expiration"].as_str().unwrap();
    let end = time::OffsetDateTime::parse(end, &time::format_description::well_known::Rfc3339).unwrap();
    let left = Timestamp::from_unix(end.unix_timestamp()).left(Timestamp::now());
    (left.as_secs() + 30) / 60
}

#[test]
fn credentials_live_as_long_as_the_profile_says_up_to_twelve_hours() {
    for (keys, expected) in
        [("", 60), ("cognito_duration_seconds = 900\n", 15), ("cognito_duration_seconds = 43200\n", 720)]
    {
        let machine = machine(keys, alice());
        let document = machine.call().document();
        assert_eq!(minutes(&document), expected, "{keys}");
        assert_eq!(document["AccountId"], "123456789012");
        assert_eq!(sent(&machine, "Version"), "2011-06-15");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.get_id, counts.get_open_id_token, counts.assume_role), (1, 1, 1));
        assert_eq!(counts.get_credentials, 0, "the other flow has no part in it");
    }
}

#[test]
fn no_request_carries_a_signature() {
    let machine = machine("", alice());
    machine.call().document();
    assert!(machine.sandbox.log().iter().all(|entry| entry.header("authorization").is_none()));
}

#[test]
fn short_credentials_are_handed_out_again_until_a_third_is_left() {
    let machine = machine("cognito_duration_seconds = 900\n", alice());
    let first = machine.call().document();
    machine.sandbox.clear_log();
    for _ in 0..3 {
        assert_eq!(machine.call().document(), first);
    }
    assert_eq!(machine.sandbox.counts().total, 0);
    assert_eq!(machine.profile().refresh_margin, Duration::from_mins(5));
}

#[test]
fn a_margin_may_be_as_long_as_the_credentials_allow() {
    let machine =
        Machine::with(&format!("{BASIC}cognito_duration_seconds = 43200\ncognito_refresh_margin = 11h\n"));
    assert_eq!(machine.profile().refresh_margin, Duration::from_hours(11));
    let machine = Machine::with(&format!("{BASIC}cognito_duration_seconds = 43200\n"));
    assert_eq!(machine.profile().refresh_margin, Duration::from_mins(20));
}

#[test]
fn twelve_hours_are_cached_and_renewed_without_a_person() {
    // The margin makes credentials of twelve hours due for renewal as soon as they are there.
    let mut machine = machine("cognito_duration_seconds = 43200\ncognito_refresh_margin = 11h\n", alice());
    let first = machine.call().document();
    assert_eq!(machine.call().document(), first, "cached");
    machine.leave();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    let second = machine.call().document();
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"]);
    assert_eq!(minutes(&second), 720);
    let counts = machine.sandbox.counts();
    assert_eq!(
        (counts.token_refresh, counts.get_id, counts.get_open_id_token, counts.assume_role, counts.total),
        (1, 0, 1, 1, 4 - 1),
    );
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn credentials_within_the_margin_are_renewed_ahead() {
    let machine = machine("cognito_duration_seconds = 3600\ncognito_refresh_margin = 55m\n", alice());
    let first = machine.call().document();
    machine.sandbox.set_clock_offset(-400);
    // As if they had been obtained six minutes ago: these live for 53 minutes.
    machine.let_credentials_end();
    machine.call().document();
    let told = machine.call().document();
    assert_ne!(told, first);
    wait_until("the renewal behind the caller's back", || assumed(&machine).len() >= 3);
}

#[test]
fn the_session_is_named_after_the_person() {
    for (keys, email, expected) in [
        ("", "alice@example.com", "alice@example.com"),
        ("", "zoë o'hara@example.com", "zo--o-hara@example.com"),
        ("cognito_role_session_name = Alice in CI: build/42\n", "x", "Alice-in-CI--build-42"),
        ("cognito_role_session_name = a\n", "x", "a-"),
    ] {
        let machine = machine(keys, alice());
        machine.sandbox.change(|world| world.user_mut("alice").email = email.to_owned());
        machine.call().document();
        assert_eq!(sent(&machine, "RoleSessionName"), expected, "{keys}{email}");
    }
}

#[test]
fn without_an_email_the_session_is_named_after_the_sub() {
    let machine = machine("cognito_scopes = openid\n", alice());
    machine.call().document();
    let sub = machine.sandbox.world().user("alice").unwrap().sub.clone();
    assert_eq!(sent(&machine, "RoleSessionName"), sub);
}

fn claims(email: Option<&str>, sub: &str) -> Claims {
    let claims =
        json!({ "iss": "https://x", "aud": "c", "sub": sub, "exp": 1, "token_use": "id", "email": email });
    serde_json::from_value(claims).unwrap()
}

proptest! {
    #[test]
    fn whatever_the_name_sts_takes_it(wished in any::<Option<String>>(), email in any::<Option<String>>(), sub in any::<String>()) {
        let name = session_name(wished.as_deref(), &claims(email.as_deref(), &sub));
        prop_assert!((2..=64).contains(&name.len()), "{name}");
        prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)), "{name}");
    }

    #[test]
    fn a_name_that_sts_takes_stays_as_it_is(name in "[A-Za-z0-9_+=,.@-]{2,64}") {
        prop_assert_eq!(session_name(Some(&name), &claims(None, "s")), name);
    }
}

/// Gives alice these roles, of one rank.
fn roles(machine: &Machine, names: &[&str]) {
    machine.sandbox.change(|world| {
        let arns: Vec<_> = names.iter().map(|name| world.role_arn(name)).collect();
        let groups = arns.into_iter().enumerate().map(|(n, arn)| Group {
            name: format!("g{n}"),
            role_arn: Some(arn),
            precedence: Some(1),
        });
        world.groups.extend(groups);
        world.user_mut("alice").groups = (0..names.len()).map(|n| format!("g{n}")).collect();
    });
}

#[test]
fn the_role_is_the_wish_else_the_preferred_else_the_only_one() {
    let elsewhere = "arn:aws:iam::999999999999:role/Elsewhere";
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    for (keys, groups, expected) in [
        ("", None, role("Developer")),
        ("cognito_role = ReadOnly\n", None, role("ReadOnly")),
        ("cognito_role = Only\n", None, role("ReadOnly")),
        // The trust policy decides, not the groups.
        ("cognito_role = arn:aws:iam::123456789012:role/Authenticated\n", None, role("Authenticated")),
        ("cognito_role = arn:aws:iam::999999999999:role/Elsewhere\n", None, elsewhere.to_owned()),
        ("", Some(&["ReadOnly"][..]), role("ReadOnly")),
    ] {
        let machine = machine(keys, alice());
        machine.sandbox.change(|world| {
            let s3 = S3Policy::None;
            world.roles.push(Role {
                arn: elsewhere.to_owned(),
                s3,
                max_session_seconds: 3600,
                trusts_pool: true,
            });
        });
        if let Some(names) = groups {
            roles(&machine, names);
        }
        machine.call().document();
        assert_eq!(sent(&machine, "RoleArn"), expected, "{keys}");
    }
}

#[test]
fn without_a_clear_role_those_there_are_are_told() {
    let mut cases = Cases::of("basic-roles");
    let several = machine("", Person::new("carol", cast::PASSWORD));
    let what = cases.tell("several roles and no preference", &several, &several.call());
    assert!(what.contains("role/Developer") && what.contains("role/ReadOnly"), "{what}");
    let none = machine("", Person::new("bob", cast::PASSWORD));
    cases.tell("no role", &none, &none.call());
    let other = machine("cognito_role = Admin\n", alice());
    cases.tell("a name of nobody", &other, &other.call());
    for machine in [several, none, other] {
        assert!(assumed(&machine).is_empty());
        assert!(machine.login().is_some(), "who signed in stays signed in");
    }
    cases.compare();
}

/// An OpenID provider's token names no roles: the role's trust policy decides.
#[test]
fn a_person_of_an_openid_provider_gets_the_role_that_is_written_down() {
    let mut machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    let role = "cognito_role = arn:aws:iam::123456789012:role/Authenticated\n";
    machine.configure(&format!("{profile}{BASIC}{role}"));
    machine.seat(alice());
    machine.call().document();
    assert_eq!(sent(&machine, "RoleArn"), "arn:aws:iam::123456789012:role/Authenticated");
}

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

#[test]
fn an_identity_that_was_merged_is_kept_under_its_new_id() {
    let machine = signed_in("");
    let before = machine.login().unwrap()["identities"].clone();
    machine.sandbox.merge_identities();
    machine.call().document();
    assert_ne!(machine.login().unwrap()["identities"], before);
}

#[test]
fn sts_may_be_called_elsewhere() {
    let machine = signed_in("");
    let elsewhere = [("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")];
    let (what, _) = machine.call_with(&elsewhere).failure();
    assert!(what.contains("127.0.0.1:1"), "{what}");
    let mut sandbox = machine.sandbox.counts();
    assert_eq!(std::mem::take(&mut sandbox.assume_role), 0);
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
