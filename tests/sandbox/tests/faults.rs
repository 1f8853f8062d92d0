//! Faults, counts, log, clock, TLS, and the control addresses.

mod support;

use cognito_sandbox::{Endpoint, Fault, Person, Sandbox, Times, Tls, World, cast};
use serde_json::json;
use std::time::{Duration, Instant};
use support::*;

fn try_refresh(sandbox: &Sandbox, refresh_token: &str) -> Result<Answer, ureq::Error> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", cast::PUBLIC_CLIENT),
        ("refresh_token", refresh_token),
    ];
    post_form(&format!("{}/oauth2/token", sandbox.url()), &[], &fields)
}

#[test]
fn a_fault_strikes_its_endpoint_as_often_as_told() {
    let sandbox = start();
    let jwks = format!("{}/.well-known/jwks.json", sandbox.url());
    sandbox.fault(Endpoint::Jwks, Fault::Status(503), Times::N(2));
    let seen: Vec<u16> = (0..3).map(|_| get(&jwks).status).collect();
    assert_eq!(seen, [503, 503, 200]);
    sandbox.fault(Endpoint::Jwks, Fault::Status(500), Times::AfterSkipping { skip: 1, count: 1 });
    let seen: Vec<u16> = (0..3).map(|_| get(&jwks).status).collect();
    assert_eq!(seen, [200, 500, 200]);
    sandbox.fault(Endpoint::Jwks, Fault::Status(500), Times::Forever);
    assert_eq!((0..5).filter(|_| get(&jwks).status == 500).count(), 5);
    assert_eq!(get(&format!("{}/.well-known/openid-configuration", sandbox.url())).status, 200);
    sandbox.clear_faults();
    assert_eq!(get(&jwks).status, 200);
}

#[test]
fn a_family_of_endpoints_can_fail_as_one() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    sandbox.fault(Endpoint::TokenCode, Fault::Status(500), Times::Once);
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).status, 200, "the other grant is not meant");
    sandbox.clear_faults();
    sandbox.fault(Endpoint::Token, Fault::Status(500), Times::Once);
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).status, 500);
    let fault = Fault::Aws {
        status: 400,
        kind: "TooManyRequestsException".to_owned(),
        message: "Rate exceeded".to_owned(),
    };
    sandbox.fault(Endpoint::IdentityPool, fault, Times::Once);
    let input = json!({ "IdentityPoolId": sandbox.world().identity_pool.id });
    assert_eq!(identity(&sandbox, "GetId", &input).aws_error(), "TooManyRequestsException: Rate exceeded");
}

#[test]
fn answers_can_be_anything_a_network_puts_in_between() {
    let sandbox = start();
    let jwks = format!("{}/.well-known/jwks.json", sandbox.url());
    let next = |fault: Fault| {
        sandbox.fault(Endpoint::Jwks, fault, Times::Once);
        get(&jwks)
    };
    let throttled = next(Fault::RetryAfter { status: 429, seconds: 7 });
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("7")));
    let portal = next(Fault::CaptivePortal);
    assert_eq!((portal.status, portal.header("content-type")), (200, Some("text/html")));
    let away = next(Fault::Redirect { status: 307, location: "http://127.0.0.1:9/".to_owned() });
    assert_eq!((away.status, away.header("location")), (307, Some("http://127.0.0.1:9/")));
    let huge = next(Fault::HugeBody(3_000_000));
    assert_eq!(huge.json()["id_token"].as_str().unwrap().len(), 3_000_000 - 15);
    let oauth = next(Fault::OAuth {
        status: 401,
        error: "invalid_client".to_owned(),
        description: Some("no".to_owned()),
    });
    assert_eq!((oauth.status, oauth.error().as_str()), (401, "invalid_client"));
    let own = next(Fault::Answer {
        status: 403,
        content_type: "text/html".to_owned(),
        headers: vec![("x-waf".to_owned(), "1".to_owned())],
        body: b"<h1>No</h1>".to_vec(),
    });
    assert_eq!((own.status, own.header("x-waf"), own.body.as_str()), (403, Some("1"), "<h1>No</h1>"));
    let truncated = next(Fault::TruncatedJson);
    assert!(serde_json::from_str::<serde_json::Value>(&truncated.body).is_err());
    let dripped = next(Fault::SlowDrip { step: 200, pause: Duration::from_millis(2) });
    assert_eq!(dripped.json()["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn delays_hold_the_answer_back() {
    let sandbox = start();
    let jwks = format!("{}/.well-known/jwks.json", sandbox.url());
    let pause = Duration::from_millis(120);
    for (fault, status) in
        [(Fault::Delay(pause), 200), (Fault::DelayThen(pause, Box::new(Fault::Status(502))), 502)]
    {
        sandbox.fault(Endpoint::Jwks, fault, Times::Once);
        let begun = Instant::now();
        assert_eq!(get(&jwks).status, status);
        assert!(begun.elapsed() >= pause);
    }
}

#[test]
fn a_hanging_endpoint_holds_up_nobody_else_and_ends_with_the_sandbox() {
    let sandbox = start();
    sandbox.fault(Endpoint::Jwks, Fault::Hang, Times::Once);
    let url = format!("{}/.well-known/jwks.json", sandbox.url());
    let waiting = std::thread::spawn(move || send("GET", &url, &[], ""));
    assert!(sandbox.wait_for(Endpoint::Jwks, 1, Duration::from_secs(20)));
    assert_eq!(get(&format!("{}/.well-known/openid-configuration", sandbox.url())).status, 200);
    assert_eq!(sandbox.log()[0].status, None);
    drop(sandbox);
    assert!(waiting.join().expect("no panic").is_err());
}

#[test]
fn a_drop_before_the_answer_leaves_no_trace_and_one_after_applying_rotates() {
    let sandbox = start();
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let tokens = tokens_of(&sandbox, &alice());
    let first = text(&tokens, "refresh_token");
    sandbox.fault(Endpoint::TokenRefresh, Fault::DropBefore, Times::Once);
    assert!(try_refresh(&sandbox, first).is_err());
    let second = try_refresh(&sandbox, first).expect("nothing had happened").json();
    sandbox.fault(Endpoint::TokenRefresh, Fault::DropAfterApplying, Times::Once);
    let second = text(&second, "refresh_token");
    assert!(try_refresh(&sandbox, second).is_err());
    assert_eq!(
        try_refresh(&sandbox, second).unwrap().error(),
        "invalid_grant",
        "the lost answer had rotated the token"
    );
}

#[test]
fn a_drop_in_the_middle_promises_more_than_it_sends() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    sandbox.fault(Endpoint::TokenRefresh, Fault::DropMidBody, Times::Once);
    assert!(try_refresh(&sandbox, text(&tokens, "refresh_token")).is_err());
    assert_eq!(
        try_refresh(&sandbox, text(&tokens, "refresh_token")).unwrap().status,
        200,
        "inside the grace period"
    );
}

#[test]
fn faults_reach_sts_and_s3() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let keys = signed::Keys::of(&credentials(&sandbox, &tokens, &json!({})).json());
    let fault =
        Fault::Aws { status: 400, kind: "IDPCommunicationError".to_owned(), message: "try again".to_owned() };
    sandbox.fault(Endpoint::Sts, fault, Times::Once);
    assert!(signed::caller_identity(&sandbox, &keys, 0).body.contains("<Code>IDPCommunicationError</Code>"));
    sandbox.fault(Endpoint::S3, Fault::Status(503), Times::Once);
    assert_eq!(signed::s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 0).status, 503);
    assert_eq!(signed::s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 0).status, 200);
}

#[test]
fn the_log_tells_everything_but_secrets() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    credentials(&sandbox, &tokens, &json!({}));
    refresh(&sandbox, text(&tokens, "refresh_token"));
    let log = sandbox.log();
    let authorize = log.iter().find(|entry| entry.endpoint == Endpoint::Authorize).unwrap();
    assert_eq!(authorize.parameter("client_id"), Some(cast::PUBLIC_CLIENT));
    assert_eq!(authorize.parameter("code_challenge_method"), Some("S256"));
    assert_eq!(authorize.header("user-agent"), Some("Mozilla/5.0 (cognito-sandbox person)"));
    let code = log.iter().find(|entry| entry.endpoint == Endpoint::TokenCode).unwrap();
    assert_eq!((code.parameter("code"), code.status), (Some("(36 bytes)"), Some(200)));
    let written = serde_json::to_string(&log).unwrap();
    for secret in ["id_token", "refresh_token", "access_token"].map(|name| text(&tokens, name)) {
        assert!(!written.contains(secret));
    }
    assert!(!written.contains(VERIFIER));
    assert!(!written.contains("\"password\",\"password\""), "typed passwords");
    let counts = sandbox.counts();
    assert_eq!(
        (counts.token, counts.token_code, counts.token_refresh, counts.get_id, counts.get_credentials),
        (2, 1, 1, 1, 1)
    );
    assert_eq!(counts.total, log.len());
    assert!(sandbox.connections() > 0);
    sandbox.clear_log();
    assert_eq!(sandbox.counts().total, 0);
    assert!(!sandbox.wait_for(Endpoint::Token, 1, Duration::from_millis(10)));
}

#[test]
fn the_clock_moves_tokens_and_date_headers_together_or_apart() {
    let sandbox = start();
    let year =
        |answer: &Answer| answer.header("date").unwrap().split(' ').nth(3).unwrap().parse::<i32>().unwrap();
    let jwks = || get(&format!("{}/.well-known/jwks.json", sandbox.url()));
    let now = year(&jwks());
    sandbox.set_clock_offset(20 * 365 * 86_400);
    assert!(year(&jwks()) >= now + 19);
    let issued = claims(&tokens_of(&sandbox, &alice())["id_token"])["iat"].as_i64().unwrap();
    assert!((sandbox.now() - issued).abs() < 60);
    sandbox.set_date_offset(Some(0));
    assert!(year(&jwks()) <= now + 1);
}

#[test]
fn tls_is_valid_only_with_its_own_authority_and_name() {
    let valid = Sandbox::builder(World::default()).tls(Tls::Valid).start().unwrap();
    let url = authorize_url(&valid, "http://localhost:8080", &[]);
    let ca = valid.ca_pem().unwrap();
    let page = Person::new("alice", "wrong").trusting(ca).unwrap().sign_in(&url).unwrap();
    assert!(page.body.contains("Incorrect username or password."));
    assert!(Person::new("alice", "wrong").sign_in(&url).is_err(), "an unknown authority");
    for (kind, word) in [(Tls::Expired, "xpired"), (Tls::WrongName, "name")] {
        let sandbox = Sandbox::builder(World::default()).tls(kind).start().unwrap();
        let person = alice().trusting(sandbox.ca_pem().unwrap()).unwrap();
        let error =
            person.sign_in(&authorize_url(&sandbox, "http://localhost:8080", &[])).unwrap_err().to_string();
        assert!(error.contains(word), "{kind:?}: {error}");
    }
}

#[test]
fn localhost_means_both_families() {
    let sandbox = start();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(
            get(&format!("http://{host}:{}/.well-known/jwks.json", sandbox.port())).status,
            200,
            "{host}"
        );
    }
}

#[test]
fn a_profile_has_what_a_client_needs_and_registers_its_addresses() {
    let sandbox = start();
    let profile = sandbox.profile("dev", "http://localhost:1/a,http://127.0.0.1:2");
    for line in [
        "[profile dev]",
        "cognito_client_id = sandbox-client",
        "cognito_redirect_uri = http://localhost:1/a,http://127.0.0.1:2",
    ] {
        assert!(profile.lines().any(|found| found == line), "{profile}");
    }
    assert!(sandbox.profile("default", "http://localhost:1/a").starts_with("[default]\n"));
    for uri in ["http://localhost:1/a", "http://127.0.0.1:2"] {
        assert_eq!(get(&authorize_url(&sandbox, uri, &[])).status, 302, "{uri}");
    }
}
