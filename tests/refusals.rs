//! Every way in which Cognito, or whatever stands in its place, says no: what a person reads, how
//! many requests were made, whether a tab opened, and that nothing which was stored is lost. Only
//! `invalid_grant` ends a login. The words are in `tests/cases/`.
//!
//! AWS says that its texts are not fixed, so each error also comes with a text nobody has seen.

mod support;

use cognito_sandbox::{Counts, Endpoint, Fault, Person, Sandbox, Times, cast};
use serde_json::{Value, json};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use support::cases::Cases;
use support::{Machine, Ran, alice, wait_until};

/// A machine where alice has signed in and nobody sits at the browser any more.
fn signed_in() -> Machine {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine
}

fn oauth(status: u16, error: &str) -> Fault {
    Fault::OAuth { status, error: error.into(), description: None }
}

fn aws(kind: &str, message: &str) -> Fault {
    Fault::Aws { status: 400, kind: kind.into(), message: message.into() }
}

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::Answer { status, content_type: content_type.into(), headers: Vec::new(), body: body.into() }
}

fn elsewhere(status: u16) -> Fault {
    Fault::Redirect { status, location: "http://portal.example/".into() }
}

/// What stands between us and Cognito, and says nothing about the login.
fn troubles() -> Vec<(&'static str, Fault)> {
    let blocked = "<html><body>Request blocked.</body></html>";
    vec![
        ("429", Fault::Status(429)),
        ("500", Fault::Status(500)),
        ("503", answer(503, "text/html", "<h1>Service Unavailable</h1>")),
        ("403 by a firewall", answer(403, "text/html", blocked)),
        ("the page of a captive portal", Fault::CaptivePortal),
        ("302", elsewhere(302)),
        ("307", elsewhere(307)),
        ("JSON that ends in the middle", Fault::TruncatedJson),
        ("JSON of something else", answer(200, "application/json", "{\"hello\":\"world\"}")),
        ("an answer that ends in the middle", Fault::DropMidBody),
        ("more than anybody sends", Fault::HugeBody(3 << 20)),
        ("a connection that closes before the work", Fault::DropBefore),
        ("a connection that closes after the work", Fault::DropAfterApplying),
        ("404", Fault::Status(404)),
    ]
}

/// Nothing of the login has changed but what a refresh renews, and it serves without a person.
fn assert_the_login_lives(machine: &Machine, before: &Value, case: &str) {
    let now = machine.login().unwrap();
    for field in ["sub", "identities", "user", "since"] {
        assert_eq!(now[field], before[field], "{case}: {field}");
    }
    assert_ne!(now["refresh_token"], "", "{case}");
    machine.sandbox.clear_faults();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "{case}");
}

/// Calls with everything used up but the refresh token, while refreshing fails with `fault`.
fn refresh_with(machine: &Machine, fault: Fault, times: Times) -> Ran {
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::TokenRefresh, fault, times);
    machine.call()
}

#[test]
fn a_setting_that_the_token_endpoint_refuses_is_told_after_one_request() {
    let mut cases = Cases::of("refresh-refused");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let with_words = Fault::OAuth {
        status: 400,
        error: "invalid_request".into(),
        description: Some("Etwas\n\u{1b}[31mfehlt".into()),
    };
    for (case, fault) in [
        ("invalid_client", oauth(400, "invalid_client")),
        ("invalid_client with 401", oauth(401, "invalid_client")),
        ("unauthorized_client", oauth(400, "unauthorized_client")),
        ("invalid_request", oauth(400, "invalid_request")),
        ("unsupported_grant_type", oauth(400, "unsupported_grant_type")),
        ("an error with words and control characters", with_words),
        ("an error that nobody has heard of", oauth(400, "quota_of_the_moon")),
    ] {
        let ran = refresh_with(&machine, fault, Times::Forever);
        cases.tell(case, &machine, &ran);
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.total), (1, 1), "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}

#[test]
fn trouble_at_the_token_endpoint_is_retried_a_little_and_loses_nothing() {
    let mut cases = Cases::of("refresh-troubled");
    let machine = signed_in();
    let login = machine.login().unwrap();
    for (case, fault) in troubles() {
        let ran = refresh_with(&machine, fault, Times::Forever);
        cases.tell(case, &machine, &ran);
        let counts = machine.sandbox.counts();
        assert!((1..=4).contains(&counts.token_refresh), "{case}: {counts:?}");
        assert_eq!(counts.total, counts.token_refresh, "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}

/// Rotation spends the old refresh token with the lost answer; its grace period carries the retry.
#[test]
fn trouble_that_passes_is_never_seen() {
    let machine = signed_in();
    for (case, fault) in troubles() {
        refresh_with(&machine, fault, Times::Once).document();
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.get_credentials, counts.total), (2, 1, 3), "{case}");
        assert_eq!(machine.tabs().len(), 1, "{case}");
    }
}

/// A token that may have been spent is sent once more and no oftener.
#[test]
fn a_lost_answer_is_asked_for_once_more() {
    let machine = signed_in();
    for fault in [Fault::DropAfterApplying, Fault::DropMidBody, Fault::TruncatedJson, Fault::Status(500)] {
        refresh_with(&machine, fault.clone(), Times::Forever).failure();
        assert_eq!(machine.sandbox.counts().token_refresh, 2, "{fault:?}");
        machine.sandbox.clear_faults();
        machine.call().document();
    }
}

#[test]
fn retry_after_is_honoured_or_ends_it() {
    let mut cases = Cases::of("retry-after");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let began = Instant::now();
    refresh_with(&machine, Fault::RetryAfter { status: 429, seconds: 2 }, Times::Once).document();
    assert!(began.elapsed() >= Duration::from_secs(2), "it waited as it was asked");
    let began = Instant::now();
    let later = Fault::RetryAfter { status: 429, seconds: 3600 };
    cases.tell("an hour", &machine, &refresh_with(&machine, later, Times::Forever));
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
    assert!(began.elapsed() < Duration::from_secs(60), "it did not wait an hour");
    assert_the_login_lives(&machine, &login, "an hour");
    cases.compare();
}

#[test]
fn a_token_endpoint_that_hangs_costs_a_renewal_its_time_and_no_more() {
    let mut cases = Cases::of("hanging");
    let machine = signed_in();
    let login = machine.login().unwrap();
    let began = Instant::now();
    cases.tell("the token endpoint", &machine, &refresh_with(&machine, Fault::Hang, Times::Forever));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(machine.sandbox.counts().token_refresh, 2);
    assert_the_login_lives(&machine, &login, "hang");
    cases.compare();
}

#[test]
fn where_nothing_listens_the_host_is_told() {
    let mut cases = Cases::of("unreachable");
    let machine = Machine::new();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let seed = [("COGNITO_CREDS_REFRESH_TOKEN", "a refresh token from elsewhere")];
    let to = |domain: &str| config.replace(&format!("cognito_domain = {}", machine.sandbox.url()), domain);
    for (case, domain) in [
        ("nobody at the port", "cognito_domain = http://127.0.0.1:1"),
        ("no such host", "cognito_domain = https://no-such-host.invalid"),
    ] {
        machine.configure(&to(domain));
        cases.tell(case, &machine, &machine.call_with(&seed));
    }
    let proxy = [seed[0], ("HTTPS_PROXY", "http://me:secret@127.0.0.1:1")];
    let what = cases.tell("nobody at the proxy", &machine, &machine.call_with(&proxy));
    assert!(!what.contains("secret"), "{what}");
    assert!(machine.tabs().is_empty());
    cases.compare();
}

/// An answer that is good for nothing still has the one refresh token that lives.
#[test]
fn a_rotated_token_is_kept_although_the_rest_of_the_answer_is_refused() {
    let mut cases = Cases::of("refresh-answers");
    let machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let login = machine.login().unwrap();

    // A setting that fits no token: the refresh succeeds, its ID token does not pass.
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.configure(&config.replace("us-east-1_SANDBOX01", "us-east-1_ANOTHER"));
    let ran = machine.call();
    cases.tell("the ID token of another user pool", &machine, &ran);
    assert_ne!(machine.login().unwrap()["refresh_token"], login["refresh_token"], "the new one is kept");
    machine.configure(&config);
    assert_the_login_lives(&machine, &login, "another user pool");

    // Tokens without an ID token.
    let tokens = json!({"access_token": "x", "token_type": "Bearer", "refresh_token": "the one that lives"});
    let ran = refresh_with(&machine, answer(200, "application/json", tokens.to_string()), Times::Once);
    cases.tell("no ID token", &machine, &ran);
    assert_eq!(machine.login().unwrap()["refresh_token"], "the one that lives");
    assert_eq!(machine.sandbox.counts().total, 1);
    cases.compare();
}

#[test]
fn without_openid_the_scopes_are_told_and_the_login_stays() {
    let machine = signed_in();
    let login = machine.login().unwrap();
    let tokens = json!({"access_token": "x", "token_type": "Bearer", "expires_in": 3600});
    let ran = refresh_with(&machine, answer(200, "application/json", tokens.to_string()), Times::Forever);
    assert!(ran.failure().0.contains("openid"));
    assert_the_login_lives(&machine, &login, "no ID token and no rotation");
}

/// `invalid_grant`, whatever its reason: the login is over, and one tab opens.
#[test]
fn an_ended_session_opens_the_browser_once() {
    let ends: [(&str, fn(&Sandbox)); 4] = [
        ("revoked", |sandbox| sandbox.revoke_all("alice")),
        ("run out", Sandbox::expire_sessions),
        ("signed out everywhere", |sandbox| sandbox.global_sign_out("alice")),
        ("invalid_grant with 401", |sandbox| {
            sandbox.fault(Endpoint::TokenRefresh, oauth(401, "invalid_grant"), Times::Once);
        }),
    ];
    for (case, end) in ends {
        let mut machine = signed_in();
        machine.let_credentials_end();
        machine.let_id_token_end();
        end(&machine.sandbox);
        machine.sandbox.clear_log();
        let (what, paste) = machine.call_with(&[("CI", "true")]).failure();
        assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.", "{case}");
        assert_eq!(paste, "cognito-creds login --profile dev");
        assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (1, 1), "{case}");
        assert_eq!(machine.login().unwrap()["refresh_token"], "", "{case}");
        machine.seat(alice());
        machine.call().document();
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_refresh, counts.token_code, machine.tabs().len()), (1, 1, 2), "{case}");
    }
}

#[test]
fn a_disabled_person_is_sent_to_sign_in() {
    let machine = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.disable_user("alice");
    machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(machine.login().unwrap()["user"], "alice@example.com", "who it was is remembered");
}

/// Somebody else rotated it, and this machine did not get the new one.
#[test]
fn a_rotated_token_after_its_grace_ends_the_login_and_not_the_program() {
    let mut machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let file = machine.files().into_iter().find(|f| f.to_string_lossy().contains("/login.")).unwrap();
    let (old, login) = (fs::read(&file).unwrap(), machine.login().unwrap());
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    assert_ne!(machine.login().unwrap()["refresh_token"], login["refresh_token"]);
    fs::write(&file, old).unwrap();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 2);
}

/// Another machine with the same home rotated it while our request was on its way.
#[test]
fn a_newer_token_in_the_store_is_used_before_the_login_is_given_up() {
    let machine = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let good = machine.login().unwrap();
    let file = machine.files().into_iter().find(|f| f.to_string_lossy().contains("/login.")).unwrap();
    let mut bad = good.clone();
    bad["refresh_token"] = "rotated away".into();
    fs::write(&file, bad.to_string()).unwrap();
    machine.sandbox.clear_log();
    let slow = Fault::DelayThen(Duration::from_secs(1), Box::new(oauth(400, "invalid_grant")));
    machine.sandbox.fault(Endpoint::TokenRefresh, slow, Times::Once);
    let caller = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::TokenRefresh, 1, Duration::from_secs(10)));
    fs::write(&file, good.to_string()).unwrap();
    Ran::of(caller).document();
    assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (2, 1));
}

#[test]
fn credentials_that_live_outlast_every_trouble() {
    let machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 600);
    let mut machine = machine;
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    machine.let_id_token_end();
    let refused = [("invalid_client", oauth(400, "invalid_client"))];
    for (case, fault) in troubles().into_iter().chain(refused) {
        machine.sandbox.fault(Endpoint::TokenRefresh, fault, Times::Forever);
        assert_eq!(machine.call().document(), first, "{case}");
        machine.sandbox.clear_faults();
    }
    machine.sandbox.fault(Endpoint::TokenRefresh, oauth(400, "invalid_grant"), Times::Forever);
    assert_eq!(machine.call().document(), first, "although the login has ended");
    assert_eq!(machine.tabs().len(), 1);
}

// The identity pool

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
    for (case, role) in [
        ("a role of nobody", "Admin"),
        ("an ARN of nobody", "arn:aws:iam::123456789012:role/Admin"),
        ("an ending that fits two", "e"),
    ] {
        machine.configure(&format!("{config}cognito_role = {role}\n"));
        cases.tell(case, &machine, &machine.call());
        assert_eq!(machine.sandbox.counts().total, 0, "{case}");
    }
    // A role of hers that the pool refuses all the same.
    machine.configure(&format!("{config}cognito_role = ReadOnly\n"));
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
    cases.compare();
}

// The sign-in

/// Plays one sign-in and gives what the caller and the browser got in the end.
fn sign_in(machine: &Machine, person: &Person) -> (Ran, String) {
    let tabs = machine.tabs().len();
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() > tabs);
    let page = person.sign_in(&machine.tabs()[tabs]).unwrap();
    (Ran::of(caller), page.body)
}

/// Nobody is signed in, one tab opened, and the same answer comes again without another.
fn assert_nothing_came_of_it(machine: &Machine, ran: &Ran, case: &str) {
    assert!(machine.login().is_none(), "{case}");
    assert_eq!(machine.call().failure(), ran.failure(), "{case}: no second tab");
    assert_eq!(machine.tabs().len(), 1, "{case}");
}

/// The words of a failure on a page of HTML.
fn assert_the_page_says(page: &str, what: &str) {
    let words = what.trim_start_matches("cognito-creds: ");
    let html = words.replace('&', "&amp;").replace('\'', "&#39;").replace('"', "&quot;");
    assert!(page.contains(&html), "{what}\n{page}");
}

#[test]
fn an_error_on_the_redirect_is_told_on_the_page_and_at_the_terminal() {
    let mut cases = Cases::of("redirect-refused");
    let refusals = [
        ("access_denied", None),
        ("access_denied", Some("User cancelled")),
        ("invalid_scope", None),
        ("unauthorized_client", None),
        ("server_error", Some("PreTokenGeneration failed with error boom.")),
        ("login_required", None),
        ("temporarily_unavailable", None),
        ("invalid_request", None),
        ("invalid_request", Some("Timeout occurred in calling IdP token endpoint")),
        ("invalid_request", Some("[EntraID] Error - [503] Service Unavailable")),
        ("invalid_request", Some("Invalid user attributes: Required attribute\nemail\u{202e} <b>&")),
        ("invalid_request", Some("Invalid SAML response received: SAML Response signature is invalid")),
    ];
    for (error, text) in refusals {
        let case = text.map_or_else(|| error.to_owned(), |text| format!("{error}: {text}"));
        let machine = Machine::new();
        let fault = Fault::OAuth { status: 400, error: error.into(), description: text.map(str::to_owned) };
        machine.sandbox.fault(Endpoint::Authorize, fault, Times::Once);
        let (ran, page) = sign_in(&machine, &alice());
        let what = cases.tell(&case.replace(['\n', '\u{202e}'], " "), &machine, &ran);
        assert_eq!(machine.sandbox.counts().token, 0, "{case}");
        if !case.contains('<') {
            assert_the_page_says(&page, &what);
        }
        assert!(!page.contains("<b>"), "{page}");
        assert_nothing_came_of_it(&machine, &ran, &case);
    }
    cases.compare();
}

/// Any page can forge an error, and Cognito's own may come without our state: shown at the end, and
/// never believed before.
#[test]
fn an_error_without_our_state_neither_ends_nor_hides_the_sign_in() {
    let mut cases = Cases::of("stray-error");
    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 10s\n");
    machine.sandbox.change(|world| world.state_on_errors = false);
    let stray = Fault::OAuth { status: 400, error: "server_error".into(), description: Some("boom".into()) };
    machine.sandbox.fault(Endpoint::Authorize, stray.clone(), Times::Once);
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    alice().sign_in(&machine.tabs()[0]).unwrap();
    Ran::of(caller).document();

    let machine = Machine::with("cognito_store = file\ncognito_login_timeout = 10s\n");
    machine.sandbox.change(|world| world.state_on_errors = false);
    machine.sandbox.fault(Endpoint::Authorize, stray, Times::Once);
    let login = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("the tab", || machine.tabs().len() == 1);
    alice().sign_in(&machine.tabs()[0]).unwrap();
    let mut ran = Ran::of(login);
    // What came before is the address to open.
    let lines: Vec<_> = ran.stderr.lines().collect();
    ran.stderr = lines[lines.len() - 2..].join("\n");
    cases.tell("nobody else came", &machine, &ran);
    cases.compare();
}

#[test]
fn a_code_that_is_refused_is_told_and_not_sent_again() {
    let mut cases = Cases::of("code-refused");
    let without_id = json!({"access_token": "x", "token_type": "Bearer", "refresh_token": "r"});
    let mut refusals = vec![
        ("invalid_grant", oauth(400, "invalid_grant")),
        ("invalid_client", oauth(400, "invalid_client")),
        ("unauthorized_client", oauth(400, "unauthorized_client")),
        ("invalid_request", oauth(400, "invalid_request")),
        ("no ID token", answer(200, "application/json", without_id.to_string())),
        ("an ID token that is none", answer(200, "application/json", tokens_with("x"))),
    ];
    refusals.extend(troubles().into_iter().filter(|(case, _)| !["429", "403 by a firewall"].contains(case)));
    for (case, fault) in refusals {
        let machine = Machine::new();
        machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Forever);
        let (ran, page) = sign_in(&machine, &alice());
        let what = cases.tell(case, &machine, &ran);
        assert_the_page_says(&page, &what);
        let counts = machine.sandbox.counts();
        assert_eq!((counts.token_code, counts.get_id), (1, 0), "{case}");
        assert_nothing_came_of_it(&machine, &ran, case);
    }
    cases.compare();
}

fn tokens_with(id_token: &str) -> String {
    json!({"access_token": "x", "id_token": id_token, "refresh_token": "r", "token_type": "Bearer"})
        .to_string()
}

/// Turned away at the door, the code is not spent.
#[test]
fn a_code_that_was_turned_away_is_sent_again() {
    let machine = Machine::new();
    for fault in [Fault::Status(429), Fault::Status(403)] {
        machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Once);
    }
    let (ran, page) = sign_in(&machine, &alice());
    ran.document();
    assert!(page.contains("alice@example.com"));
    assert_eq!(machine.sandbox.counts().token_code, 3);
}

/// The tokens of somebody else's sign-in, or for somebody else's client.
#[test]
fn tokens_that_are_not_of_this_sign_in_are_refused() {
    let mut cases = Cases::of("foreign-tokens");
    let good = signed_in().login().unwrap();
    let config_of = |machine: &Machine| fs::read_to_string(machine.path(".aws/config")).unwrap();
    let machine = Machine::new();
    let replayed = answer(200, "application/json", tokens_with(good["id_token"].as_str().unwrap()));
    machine.sandbox.fault(Endpoint::TokenCode, replayed, Times::Forever);
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an ID token of another sign-in", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "nonce");

    let machine = Machine::new();
    machine.configure(&config_of(&machine).replace("us-east-1_SANDBOX01", "us-east-1_ANOTHER"));
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an ID token of another user pool", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "issuer");

    let machine = Machine::new();
    machine.sandbox.fault(
        Endpoint::TokenCode,
        answer(200, "application/json", tokens_with(good["access_token"].as_str().unwrap())),
        Times::Forever,
    );
    let (ran, _) = sign_in(&machine, &alice());
    cases.tell("an access token in its place", &machine, &ran);
    assert_nothing_came_of_it(&machine, &ran, "token_use");
    cases.compare();
}

/// What AWS refuses right after a sign-in it will refuse after the next: the login stays, and nobody
/// is sent to sign in again.
#[test]
fn a_fresh_sign_in_that_the_identity_pool_refuses_stays_a_login() {
    let mut cases = Cases::of("first-exchange-refused");
    for (case, endpoint, fault) in [
        (
            "the app client is not in the identity pool",
            Endpoint::GetId,
            aws("NotAuthorizedException", "Token is not from a supported provider of this identity pool."),
        ),
        (
            "the identity pool is not there",
            Endpoint::GetId,
            aws("ResourceNotFoundException", "IdentityPool 'x' not found."),
        ),
        ("too many identities", Endpoint::GetId, aws("LimitExceededException", "")),
        ("throttled", Endpoint::GetId, aws("TooManyRequestsException", "")),
        ("no reason given", Endpoint::GetCredentials, aws("NotAuthorizedException", "")),
    ] {
        let machine = Machine::new();
        machine.sandbox.fault(endpoint, fault, Times::Forever);
        let (ran, page) = sign_in(&machine, &alice());
        cases.tell(case, &machine, &ran);
        assert!(page.contains("alice@example.com"), "{case}: {page}");
        assert!(!ran.failure().1.contains("login"), "{case}: a second sign-in would not help");
        let login = machine.login().unwrap();
        assert!(machine.sandbox.counts().token_refresh <= 1, "{case}");
        assert_the_login_lives(&machine, &login, case);
    }
    cases.compare();
}

// Logout

#[test]
fn a_login_goes_here_whatever_the_server_says() {
    let mut cases = Cases::of("revoke-refused");
    let refusals = [
        ("revocation is switched off", oauth(400, "invalid_request")),
        ("not a refresh token", oauth(400, "unsupported_token_type")),
        ("invalid_client", oauth(401, "invalid_client")),
    ];
    for (case, fault) in refusals.into_iter().chain(troubles()) {
        // An empty 200 is what success looks like, and so is any other.
        if ["the page of a captive portal", "JSON of something else", "JSON that ends in the middle"]
            .contains(&case)
        {
            continue;
        }
        let machine = signed_in();
        machine.sandbox.clear_log();
        machine.sandbox.fault(Endpoint::Revoke, fault, Times::Forever);
        let ran = machine.run(&["logout", "--profile", "dev"]);
        if case == "an answer that ends in the middle" {
            continue;
        }
        cases.tell(case, &machine, &ran);
        assert!(machine.login().is_none(), "{case}");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.revoke, counts.total), (1, 1), "{case}");
        machine.call_with(&[("CI", "true")]).failure();
    }
    cases.compare();
}

#[test]
fn a_token_that_was_invalid_already_counts_as_revoked() {
    let machine = signed_in();
    machine.sandbox.revoke_all("alice");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    thread::yield_now();
    assert!(machine.login().is_none());
}
