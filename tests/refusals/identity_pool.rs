//! The identity pool: each remedy once, then words.

use crate::sign_in::sign_in;
use crate::support::cases::Cases;
use crate::support::{Machine, Ran, alice};
use crate::{answer, assert_the_login_lives, aws, signed_in, troubles};
use cognito_sandbox::{Counts, Endpoint, Fault, Person, Times, cast};
use std::fs;

/// Calls with a live ID token while GetCredentialsForIdentity fails with `fault`.
fn exchange_with(machine: &Machine, fault: Fault, times: Times) -> Ran {
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::GetCredentials, fault, times);
    machine.call()
}

/// Refreshes, GetIds and GetCredentialsForIdentity.
fn requests(counts: &Counts) -> (usize, usize, usize) {
    assert_eq!(counts.total, counts.token_refresh + counts.get_id + counts.get_credentials);
    (counts.token_refresh, counts.get_id, counts.get_credentials)
}

const CONFIG: (usize, usize, usize) = (0, 0, 1);
const REFRESH: (usize, usize, usize) = (1, 0, 2);
const RESET_ID: (usize, usize, usize) = (0, 1, 2);
const EITHER: (usize, usize, usize) = (1, 1, 3);
const RETRY: (usize, usize, usize) = (0, 0, 4);

/// Type, text, and the remedies that are tried, each once.
const REFUSALS: &[(&str, &str, (usize, usize, usize))] = &[
    ("NotAuthorizedException", "Invalid login token. Token expired: 1795181744 >= 1795178144", REFRESH),
    ("NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName", CONFIG),
    ("NotAuthorizedException", "Token is not from a supported provider of this identity pool.", CONFIG),
    ("NotAuthorizedException", "Invalid login token. Couldn't verify signed token.", REFRESH),
    ("NotAuthorizedException", "Invalid login token. Token signature invalid", REFRESH),
    ("NotAuthorizedException", "Invalid login token. Missing a required claim: aud", CONFIG),
    ("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token.", REFRESH),
    (
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
        RESET_ID,
    ),
    ("NotAuthorizedException", "Access to Identity 'us-east-1:0' is forbidden.", RESET_ID),
    ("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.", CONFIG),
    ("NotAuthorizedException", "The ambiguous role mapping rules denied this request", CONFIG),
    ("NotAuthorizedException", "Token is not valid: the user has signed out or is disabled.", EITHER),
    ("NotAuthorizedException", "", EITHER),
    ("NotAuthorizedException", "NoKeyFound", RETRY),
    ("ResourceNotFoundException", "Identity 'us-east-1:0' not found.", RESET_ID),
    ("ResourceNotFoundException", "IdentityPool 'us-east-1:0' not found.", CONFIG),
    ("ResourceNotFoundException", "", CONFIG),
    ("InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.", CONFIG),
    (
        "InvalidIdentityPoolConfigurationException",
        "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        CONFIG,
    ),
    ("ResourceConflictException", "Logins already linked", RESET_ID),
    ("LimitExceededException", "", RESET_ID),
    ("TooManyRequestsException", "Rate exceeded", RETRY),
    ("InternalErrorException", "", RETRY),
    ("ExternalServiceException", "The provider did not answer", RETRY),
    (
        "AccessDeniedException",
        "User: anonymous is not authorized to perform: cognito-identity:GetCredentialsForIdentity with an explicit deny in a resource control policy",
        CONFIG,
    ),
    ("QuotaOfTheMoonException", "Der Mond ist voll.", CONFIG),
];

#[test]
fn each_refusal_of_the_identity_pool_has_its_remedy_once_and_then_its_words() {
    let mut cases = Cases::of("identity-pool-refused");
    let machine = signed_in();
    let login = machine.login().unwrap();
    for (kind, text, expected) in REFUSALS {
        let case = format!("{kind}: {text}");
        let ran = exchange_with(&machine, aws(kind, text), Times::Forever);
        cases.tell(case.trim_end_matches(": "), &machine, &ran);
        assert_eq!(requests(&machine.sandbox.counts()), *expected, "{case}");
        assert_the_login_lives(&machine, &login, &case);
    }
    cases.compare();
}

#[test]
fn each_remedy_that_helps_is_never_seen() {
    let machine = signed_in();
    for (kind, text, remedies) in REFUSALS.iter().filter(|(_, _, remedies)| *remedies != CONFIG) {
        exchange_with(&machine, aws(kind, text), Times::Once).document();
        let (refreshes, identities, calls) = requests(&machine.sandbox.counts());
        assert!(refreshes <= remedies.0 && identities <= remedies.1, "{kind} {text}");
        assert_eq!((calls, machine.tabs().len()), (2, 1), "{kind} {text}");
    }
}

#[test]
fn trouble_at_the_identity_pool_is_retried_a_little_and_loses_nothing() {
    let mut cases = Cases::of("identity-pool-troubled");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let more = [
        (
            "the error of an overloaded service",
            Fault::Aws { status: 503, kind: "X".into(), message: String::new() },
        ),
        (
            "an AWS error with 429",
            Fault::Aws { status: 429, kind: "ThrottlingException".into(), message: String::new() },
        ),
        ("200 without credentials", answer(200, "application/x-amz-json-1.1", "{}")),
    ];
    let ran = exchange_with(&machine, Fault::RetryAfter { status: 429, seconds: 3600 }, Times::Forever);
    cases.tell("429 and a wish to be left alone for an hour", &machine, &ran);
    assert_the_login_lives(&machine, &login, "429 for an hour");
    for (case, fault) in troubles().into_iter().chain(more) {
        let ran = exchange_with(&machine, fault.clone(), Times::Forever);
        cases.tell(case, &machine, &ran);
        assert_eq!(requests(&machine.sandbox.counts()), RETRY, "{case}");
        assert_the_login_lives(&machine, &login, case);
        exchange_with(&machine, fault, Times::Once).document();
        assert_eq!(requests(&machine.sandbox.counts()), (0, 0, 2), "{case}");
    }
    cases.compare();
}

#[test]
fn an_identity_that_was_forgotten_or_merged_is_found_anew() {
    let machine = signed_in();
    machine.let_credentials_end();
    machine.sandbox.forget_identities();
    machine.sandbox.clear_log();
    machine.call().document();
    assert_eq!(requests(&machine.sandbox.counts()), RESET_ID);
    let before = machine.login().unwrap()["identities"].clone();

    machine.let_credentials_end();
    machine.sandbox.merge_identities();
    machine.sandbox.clear_log();
    machine.call().document();
    assert_eq!(requests(&machine.sandbox.counts()), CONFIG);
    assert_ne!(machine.login().unwrap()["identities"], before, "the new id is remembered");
}

#[test]
fn a_person_who_was_signed_out_everywhere_signs_in_again() {
    let mut machine = signed_in();
    machine.sandbox.change(|world| world.identity_pool.server_side_token_check = true);
    machine.sandbox.global_sign_out("alice");
    machine.sandbox.forget_browsers();
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine.seat(alice());
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.token_code, machine.tabs().len()), (1, 1, 2));
}

#[test]
fn a_role_that_cannot_be_had_is_told_with_those_that_can() {
    let mut cases = Cases::of("roles");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.sandbox.clear_log();
    for (case, role) in
        [("a role of nobody", "Admin"), ("an ARN of nobody", "arn:aws:iam::123456789012:role/Admin")]
    {
        machine.configure(&format!("{config}cognito_role = {role}\n"));
        cases.tell(case, &machine, &machine.call());
        assert_eq!(machine.sandbox.counts().total, 0, "{case}");
    }
    // An ending that fits two, as the next ID token knows.
    machine.sandbox.change(|world| {
        let senior = world.role_arn("SeniorDeveloper");
        let readers = world.groups.iter_mut().find(|group| group.name == "readers").unwrap();
        readers.role_arn = Some(senior);
    });
    machine.let_id_token_end();
    machine.configure(&format!("{config}cognito_role = eloper\n"));
    cases.tell("an ending of two", &machine, &machine.call());
    machine.sandbox.clear_log();
    // A role of hers that the pool refuses all the same.
    machine.configure(&format!("{config}cognito_role = Developer\n"));
    machine.sandbox.fault(Endpoint::GetCredentials, aws("NotAuthorizedException", ""), Times::Forever);
    cases.tell("a role of hers that is refused", &machine, &machine.call());
    assert_eq!(requests(&machine.sandbox.counts()), EITHER);
    machine.sandbox.clear_faults();
    machine.configure(&config);
    assert_the_login_lives(&machine, &login, "roles");
    cases.compare();
}

#[test]
fn a_person_without_a_clear_role_is_told_on_the_page_and_at_the_terminal() {
    let mut cases = Cases::of("no-role");
    for (case, name) in [("no role at all", "bob"), ("two roles of one rank", "carol")] {
        let machine = Machine::new();
        let (ran, page) = sign_in(&machine, &Person::new(name, cast::PASSWORD));
        let what = cases.tell(case, &machine, &ran);
        assert!(page.contains("signed in"), "AWS said no, the user pool said yes: {page}");
        assert!(what.contains(&format!("{name}@example.com")), "{what}");
        assert!(machine.login().is_some(), "{case}: who signed in stays signed in");
    }
    let machine = Machine::new();
    machine.add("cognito_role = Developer\n");
    let (ran, _) = sign_in(&machine, &Person::new("bob", cast::PASSWORD));
    cases.tell("a role's name, and a login that carries none", &machine, &ran);
    cases.compare();
}

#[test]
fn credentials_whose_end_can_not_be_written_are_not_handed_out() {
    let mut cases = Cases::of("endless-credentials");
    let machine = signed_in();
    let keys = "\"AccessKeyId\":\"a\",\"SecretKey\":\"b\",\"SessionToken\":\"c\",\"Expiration\":999999999999";
    let body = format!("{{\"IdentityId\":\"us-east-1:0\",\"Credentials\":{{{keys}}}}}");
    let endless = answer(200, "application/x-amz-json-1.1", body);
    cases.tell("the year 33658", &machine, &exchange_with(&machine, endless, Times::Forever));
    cases.compare();
}

#[test]
fn fips_with_a_custom_endpoint_is_told_before_the_identity_pool_is_asked() {
    let mut cases = Cases::of("fips");
    let machine = signed_in();
    let login = machine.login().unwrap();
    machine.sandbox.clear_log();
    machine.add("use_fips_endpoint = true\n");
    cases.tell("FIPS and a custom endpoint", &machine, &machine.call());
    let doctor = machine.run(&["doctor", "--profile", "dev"]).stdout;
    assert!(doctor.contains("-> aws configure set use_fips_endpoint false --profile dev\n"), "{doctor}");
    let counts = machine.sandbox.counts();
    assert_eq!(counts.get_id + counts.get_credentials, 0);
    assert_eq!(machine.login().as_ref(), Some(&login));
    cases.compare();
}
