//! Signing in at an OpenID provider that is not Cognito: the whole life of a login, the ways in which
//! providers differ, and what a person reads when something is wrong. The words are in `tests/cases/`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times, cast};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::time::Duration;
use support::cases::Cases;
use support::findings::{Findings, examined};
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, alice, free_port, wait_until};

/// A machine whose profile signs in at a tenant of the sandbox's OpenID providers.
fn machine_at(tenant: &str, keys: &str) -> Machine {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", tenant, &redirect);
    machine.configure(&format!("{profile}cognito_store = file\n{keys}"));
    machine
}

fn machine() -> Machine {
    machine_at(cast::OIDC_TENANT, "")
}

/// Somebody has signed in and left the browser, and the next call needs the login.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine_at(cast::OIDC_TENANT, keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine
}

fn html() -> Fault {
    Fault::CaptivePortal
}

fn says(machine: &Machine, member: &str, value: Value) {
    machine.sandbox.change(|world| drop(world.oidc.discovery.insert(member.to_owned(), value)));
}

fn claims(machine: &Machine, claims: &Value) {
    let claims = claims.as_object().unwrap().clone();
    machine.sandbox.change(|world| world.oidc.claims = claims);
}

#[test]
fn the_life_of_a_login_at_an_openid_provider() {
    let mut machine = machine();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.discovery, counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1, 1)
    );
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::Authorize).unwrap();
    assert_eq!(asked.parameter("scope"), Some("openid email profile offline_access"));
    assert_eq!(asked.parameter("code_challenge_method"), Some("S256"));
    assert!(asked.parameter("nonce").is_some() && asked.parameter("state").is_some());
    assert_eq!(machine.login().unwrap()["user"], "alice@example.com");

    // Cached: no request at all.
    machine.sandbox.clear_log();
    machine.call().document();
    assert_eq!(machine.sandbox.counts().total, 0);

    // Refreshed: one request to the provider, which was asked for its endpoints at the sign-in.
    machine.let_credentials_end();
    machine.let_id_token_end();
    let before = machine.login().unwrap()["refresh_token"].clone();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh, counts.get_credentials, counts.total), (0, 1, 1, 2));
    assert_ne!(machine.login().unwrap()["refresh_token"], before);

    // Ended at the provider: a person has to sign in.
    machine.sandbox.revoke_all("alice");
    machine.let_credentials_end();
    machine.let_id_token_end();
    let (what, paste) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert_eq!(paste, "cognito-creds login --profile dev");
}

#[test]
fn what_only_cognito_knows_is_not_sent() {
    let mut machine = machine_at(
        cast::OIDC_TENANT,
        "cognito_identity_provider = EntraID\ncognito_lang = de\ncognito_login_hint = alice\ncognito_prompt = login\n",
    );
    machine.seat(alice());
    machine.call().document();
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::Authorize).unwrap();
    let sent = |name| asked.parameter(name);
    assert_eq!((sent("identity_provider"), sent("idp_identifier"), sent("lang")), (None, None, None));
    assert_eq!((sent("login_hint"), sent("prompt")), (Some("alice"), Some("login")));
}

/// Nobody gets a tab of a provider that isn't the configured one, or isn't there.
#[test]
fn a_provider_that_is_not_what_it_should_be_is_told_before_a_tab_opens() {
    let mut cases = Cases::of("oidc-discovery");
    let answer = |status, body: &str| Fault::Answer {
        status,
        content_type: "application/json".into(),
        headers: Vec::new(),
        body: body.into(),
    };
    let faults = [
        ("a page of HTML", html()),
        ("404", Fault::Status(404)),
        ("403", Fault::Status(403)),
        ("503", Fault::Status(503)),
        ("a redirect", Fault::Redirect { status: 302, location: "http://portal.example/".into() }),
        ("half an answer", Fault::TruncatedJson),
        ("JSON of something else", answer(200, "{\"hello\":\"world\"}")),
        ("a connection that closes", Fault::DropBefore),
    ];
    for (case, fault) in faults {
        let machine = machine();
        machine.sandbox.fault(Endpoint::Discovery, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
        assert!(machine.tabs().is_empty(), "{case}");
        // Nothing stands in the way of the next call.
        assert_signs_in(machine, case);
    }
    for (case, member, value) in [
        ("another issuer", "issuer", json!("https://id.example.com")),
        ("a template for an issuer", "issuer", json!("https://login.example.com/{tenantid}/v2.0")),
        ("an endpoint without TLS", "token_endpoint", json!("http://id.example.com/token")),
        ("an endpoint of no host", "authorization_endpoint", json!("file:///authorize")),
        ("an endpoint that is no URL", "authorization_endpoint", json!("/authorize")),
    ] {
        let machine = machine();
        says(&machine, member, value);
        cases.tell(case, &machine, &machine.call());
        assert!(machine.tabs().is_empty(), "{case}");
    }
    let machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("/oidc/acme\n", "/oidc/acme/\n"));
    cases.tell("a slash too much", &machine, &machine.call());
    cases.compare();
}

/// Entra ID's addresses for people of any tenant call themselves by each one's own.
#[test]
fn an_issuer_that_names_no_tenant_is_refused_where_it_is_written() {
    let machine = Machine::bare();
    for issuer in [
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/organizations/v2.0",
        "https://LOGIN.microsoftonline.com/Common/v2.0/",
        "https://login.microsoftonline.us/consumers/v2.0",
    ] {
        let flags = ["--auth", "oidc", "--issuer", issuer, "--client-id", cast::OIDC_CLIENT];
        let ran = machine.run(&[&["configure", "--profile", "new"][..], &flags].concat());
        let (what, _) = ran.failure();
        assert!(what.contains("names no tenant") && what.contains("TENANT-ID"), "{what}");
        assert!(!fs::read_to_string(machine.path(".aws/config")).unwrap_or_default().contains("new"));
    }
    let own = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
    let flags = ["--auth", "oidc", "--issuer", own, "--client-id", cast::OIDC_CLIENT];
    assert_eq!(machine.run(&[&["configure", "--profile", "new"][..], &flags].concat()).code, 0);
}

fn assert_signs_in(mut machine: Machine, case: &str) {
    machine.sandbox.clear_faults();
    machine.seat(alice());
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "{case}");
}

#[test]
fn a_provider_that_does_not_answer_is_given_up() {
    let machine = machine();
    machine.sandbox.fault(Endpoint::Discovery, Fault::Hang, Times::Forever);
    let (what, _) = machine.call().failure();
    assert!(what.contains("did not answer") || what.contains("within"), "{what}");
    assert!(machine.tabs().is_empty());
}

#[test]
fn a_slow_provider_is_waited_for() {
    let mut machine = machine();
    let slow = Fault::Delay(Duration::from_millis(1500));
    machine.sandbox.fault(Endpoint::Discovery, slow, Times::Forever);
    machine.seat(alice());
    machine.call().document();
}

#[test]
fn without_a_refresh_token_there_is_no_login_and_the_setting_is_named() {
    let mut cases = Cases::of("oidc-no-refresh-token");
    let mut machine = machine_at(cast::OIDC_TENANT, "cognito_scopes = openid email\n");
    machine.seat(alice());
    cases.tell("offline_access was not asked for", &machine, &machine.call());
    assert!(machine.login().is_none());

    let mut machine = self::machine();
    machine.sandbox.change(|world| world.oidc.clients[0].refresh_grant = false);
    machine.seat(alice());
    cases.tell("the provider gives none all the same", &machine, &machine.call());
    assert!(machine.login().is_none());
    cases.compare();
}

#[test]
fn a_token_of_or_for_somebody_else_is_refused() {
    let mut cases = Cases::of("oidc-foreign-tokens");
    for (case, wrong) in [
        ("another issuer", json!({"iss": "https://id.example.com"})),
        ("another client", json!({"aud": "another"})),
        ("several other clients", json!({"aud": ["one", "another"]})),
        ("issued to another client", json!({"aud": ["one", cast::OIDC_CLIENT], "azp": "one"})),
        ("another sign-in", json!({"nonce": "another"})),
        ("no nonce", json!({"nonce": null})),
    ] {
        let mut machine = machine();
        claims(&machine, &wrong);
        machine.seat(alice());
        cases.tell(case, &machine, &machine.call());
        assert!(machine.login().is_none(), "{case}");
        assert_eq!(machine.sandbox.counts().get_id, 0, "{case}");
    }
    let mut machine = machine();
    let refused = Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None };
    machine.sandbox.fault(Endpoint::TokenCode, refused, Times::Forever);
    machine.seat(alice());
    cases.tell("a code that is not taken", &machine, &machine.call());
    cases.compare();
}

#[test]
fn an_audience_of_several_and_claims_of_any_kind_are_understood() {
    for (extra, who) in [
        (json!({"aud": [cast::OIDC_CLIENT]}), "alice@example.com"),
        (
            json!({"aud": ["https://api.example.com", cast::OIDC_CLIENT], "azp": cast::OIDC_CLIENT}),
            "alice@example.com",
        ),
        (
            json!({"preferred_username": "ada", "groups": ["a"], "roles": ["b"], "tid": "t", "oid": "o"}),
            "ada",
        ),
        (json!({"preferred_username": null, "name": "Ada Lovelace", "upn": "x"}), "Ada Lovelace"),
        (json!({"email": "ada@example.org", "email_verified": true}), "ada@example.org"),
    ] {
        let mut machine = machine();
        claims(&machine, &extra);
        machine.seat(alice());
        machine.call().document();
        assert_eq!(machine.login().unwrap()["user"], who, "{extra}");
    }
}

/// How a confidential client has identified itself at a provider that lists these methods.
fn secret_sent(methods: &[&str]) -> (Option<String>, bool, bool) {
    let mut machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(cast::OIDC_CLIENT, cast::OIDC_CONFIDENTIAL_CLIENT));
    machine.sandbox.change(|world| world.oidc.auth_methods = methods.iter().map(|&m| m.to_owned()).collect());
    machine.set("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET);
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    let log = machine.sandbox.log();
    let refresh = log.iter().find(|entry| entry.endpoint == Endpoint::TokenRefresh).unwrap();
    let text = |name| refresh.parameter(name).map(str::to_owned);
    (text("client_id"), refresh.header("authorization").is_some(), text("client_secret").is_some())
}

#[test]
fn a_confidential_client_identifies_itself_in_one_way_that_the_provider_takes() {
    assert_eq!(secret_sent(&["client_secret_basic", "client_secret_post"]), (None, true, false));
    assert_eq!(secret_sent(&["client_secret_basic"]), (None, true, false));
    let id = Some(cast::OIDC_CONFIDENTIAL_CLIENT.to_owned());
    assert_eq!(secret_sent(&["client_secret_post"]), (id, false, true));
}

#[test]
fn a_logout_tells_the_provider() {
    let machine = signed_in("");
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((logout.code, logout.stdout.as_str()), (0, "Signed out alice@example.com of profile dev.\n"));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.revoke, counts.discovery), (1, 1), "the sign-in has asked for the endpoint already");
    assert!(machine.login().is_none());
}

#[test]
fn a_logout_says_so_where_the_provider_can_not_be_told() {
    let mut machine = machine();
    machine.sandbox.change(|world| world.oidc.revocation = false);
    machine.seat(alice());
    machine.call().document();
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(
        (logout.code, logout.stdout.as_str(), logout.stderr.as_str()),
        (
            0,
            "Signed out alice@example.com of profile dev.\n127.0.0.1 was not told, because it has no endpoint \
             that ends a login: the refresh token stays valid there until it runs out.\n",
            ""
        )
    );
    assert!(machine.login().is_none());
}

#[test]
fn a_profile_that_changes_its_issuer_never_uses_the_tokens_of_the_other() {
    let machine = signed_in("");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.sandbox.clear_log();
    machine.configure(&config.replace("/oidc/acme\n", "/oidc/globex\n"));
    let (what, _) = machine.call_with(&[("CI", "true")]).failure();
    assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    assert_eq!(machine.sandbox.counts().total, 0);
    let logout = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!(logout.stdout, "Profile dev was not signed in.\n");

    // Nor does a stored login that was put in the other's place.
    let of_acme = machine.login().unwrap();
    let other =
        machine.path(&format!(".local/share/cognito-creds/{}", machine.profile().login_entry().as_str()));
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    assert_eq!(file.parent(), other.parent());
    fs::copy(&file, &other).unwrap();
    machine.sandbox.clear_log();
    for args in [&["token", "--profile", "dev"][..], &["credential-process", "--profile", "dev"]] {
        let (what, _) = machine.run_with(args, &[("CI", "true")]).failure();
        assert_eq!(what, "cognito-creds: Profile dev needs a sign-in.");
    }
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).stdout, "Profile dev was not signed in.\n");
    assert_eq!(machine.sandbox.counts().total, 0);
    let _ = fs::remove_file(&other);

    machine.configure(&config);
    assert_eq!(machine.login().unwrap(), of_acme);
    machine.call().document();
}

#[test]
fn a_kept_configuration_of_another_issuer_is_not_used() {
    let machine = signed_in("");
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    assert_eq!(login["metadata"]["issuer"], format!("{}/oidc/acme", machine.sandbox.url()));
    login["metadata"] = json!({
        "issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/a",
        "token_endpoint": "https://evil.example/t",
    });
    fs::write(file, login.to_string()).unwrap();
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 1));
}

#[test]
fn a_token_endpoint_that_has_moved_is_found_again() {
    let machine = signed_in("");
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Status(404), Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 2));
}

#[test]
fn a_token_endpoint_that_redirects_is_asked_for_anew() {
    let machine = signed_in("");
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    let moved = Fault::Redirect { status: 308, location: "https://id.example.com/token".into() };
    machine.sandbox.fault(Endpoint::TokenRefresh, moved, Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 2));
}

/// Nobody listens there any more.
fn let_token_endpoint_die(machine: &Machine) {
    let file = machine.files().into_iter().find(|path| path.to_string_lossy().contains("/login.")).unwrap();
    let mut login = machine.login().unwrap();
    login["metadata"]["token_endpoint"] = format!("http://127.0.0.1:{}/token", free_port()).into();
    fs::write(file, login.to_string()).unwrap();
}

#[test]
fn a_token_endpoint_at_a_dead_address_is_asked_for_anew() {
    let machine = signed_in("");
    machine.let_id_token_end();
    let_token_endpoint_die(&machine);
    machine.sandbox.clear_log();
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (1, 1));
    // What it said is kept.
    assert_eq!(
        machine.login().unwrap()["metadata"]["token_endpoint"],
        format!("{}/oidc/acme/v1/token", machine.sandbox.url())
    );
}

#[test]
fn asking_a_provider_anew_is_repeated_like_the_refresh_itself() {
    let machine = signed_in("");
    machine.let_id_token_end();
    let_token_endpoint_die(&machine);
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::Discovery, Fault::Status(503), Times::Once);
    machine.call().document();
    let counts = machine.sandbox.counts();
    assert_eq!((counts.discovery, counts.token_refresh), (2, 1));
}

#[test]
fn a_refresh_that_is_refused_keeps_the_login() {
    let mut cases = Cases::of("oidc-refresh-refused");
    let policy = "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication.";
    for (case, error, text) in [
        ("a policy wants the person", "interaction_required", Some(policy)),
        ("consent was withdrawn", "consent_required", None),
        (
            "the client's secret has run out",
            "invalid_client",
            Some("AADSTS7000222: The provided client secret keys are expired."),
        ),
        ("404 that stays", "", None),
        ("a page of HTML", "html", None),
        ("no ID token, as OpenID Connect Core 12.2 allows", "no-id-token", None),
    ] {
        let machine = signed_in("");
        machine.let_id_token_end();
        let login = machine.login().unwrap();
        let fault = match error {
            "" => Fault::Status(404),
            "html" => html(),
            "no-id-token" => Fault::Answer {
                status: 200,
                content_type: "application/json".into(),
                headers: Vec::new(),
                body: "{\"access_token\":\"one\",\"token_type\":\"Bearer\"}".into(),
            },
            _ => Fault::OAuth { status: 400, error: error.into(), description: text.map(str::to_owned) },
        };
        machine.sandbox.fault(Endpoint::TokenRefresh, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
        assert_eq!(machine.tabs().len(), 1, "{case}");
        assert_eq!(machine.login().unwrap()["refresh_token"], login["refresh_token"], "{case}");
    }
    cases.compare();
}

#[test]
fn what_the_identity_pool_says_about_an_openid_provider_is_explained() {
    let mut cases = Cases::of("oidc-identity-pool");
    let mut machine = machine_at("globex", "");
    machine.seat(alice());
    cases.tell("the provider is not attached", &machine, &machine.call());

    for (case, kind, text) in [
        ("keys have changed", "NotAuthorizedException", "Invalid login token. NoKeyFound"),
        (
            "the thumbprint is old",
            "InvalidParameterException",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        ),
    ] {
        let machine = signed_in("");
        let fault = Fault::Aws { status: 400, kind: kind.into(), message: text.into() };
        machine.sandbox.fault(Endpoint::GetCredentials, fault, Times::Forever);
        cases.tell(case, &machine, &machine.call());
    }
    cases.compare();
}

fn findings(machine: &Machine) -> Vec<Value> {
    // The profile has no line, so that this test needs none.
    examined(machine).into_iter().filter(|finding| finding["check"] != "credential_process").collect()
}

fn finding(machine: &Machine, check: &str) -> Option<Value> {
    findings(machine).into_iter().find(|finding| finding["check"] == check)
}

/// What the dialogue of `configure` says about a provider, from `--auth oidc` and three answers.
fn dialogue(machine: &Machine) -> String {
    let keys = ["cognito_issuer", "cognito_client_id", "cognito_identity_pool_id"];
    let world = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let value = |key: &str| {
        let line = world.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        line.to_owned()
    };
    let line = format!("{PROGRAM} configure --profile new --auth oidc");
    let mut run = on_a_terminal(machine, &line);
    let mut keyboard = run.stdin.take().unwrap();
    let answers = keys.map(|key| (format!("{key}: "), value(key)));
    for (question, answer) in answers.into_iter().chain([("Sign in now? ".to_owned(), "n".to_owned())]) {
        wait_until(&question, || screen(machine).contains(&question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(machine));
    let written = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let (before, section) = written.split_once("[profile new]").unwrap();
    assert!(section.contains("cognito_auth = oidc\n") && section.contains("cognito_issuer = "), "{section}");
    machine.configure(before);
    screen(machine)
}

/// What is wrong is told before the profile is written, and keeps nobody from writing it.
#[test]
fn the_dialogue_reads_the_providers_discovery() {
    let machine = machine();
    let told = dialogue(&machine);
    assert!(told.contains("answered with its configuration") && !told.contains("Warning"), "{told}");
    assert!(told.find("Asking 127.0.0.1") < told.find("is written to"), "{told}");
    says(&machine, "code_challenge_methods_supported", json!(["plain"]));
    assert!(dialogue(&machine).contains("Warning: it does not offer PKCE with S256"));
    says(&machine, "issuer", json!("https://id.example.com"));
    assert!(dialogue(&machine).contains("calls itself 'https://id.example.com'"));
    machine.sandbox.fault(Endpoint::Discovery, Fault::DropBefore, Times::Forever);
    assert!(dialogue(&machine).contains("closed the connection"));
}

/// Scripts and images stay fast, and the same with and without a network.
#[test]
fn flags_ask_nobody() {
    let machine = machine();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let issuer = config.lines().find_map(|line| line.strip_prefix("cognito_issuer = ")).unwrap().to_owned();
    let flags = ["--auth", "oidc", "--client-id", "c", "--issuer", &issuer];
    let pool = ["--identity-pool-id", "eu-west-1:01234567-89ab-cdef-0123-456789abcdef"];
    let command = [&["configure", "--profile", "new"][..], &flags, &pool].concat();
    // At a terminal too.
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} {}", command.join(" ")));
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    assert_eq!((machine.run(&command).code, machine.sandbox.counts().discovery), (0, 0));
    assert!(machine.sandbox.log().is_empty(), "{:?}", machine.sandbox.log());
}

#[test]
fn the_doctor_asks_the_provider_who_it_is() {
    let machine = machine();
    let seen = finding(&machine, "OpenID provider").unwrap();
    assert_eq!(seen["status"], "ok", "{seen}");
    assert_eq!(finding(&machine, "clock").unwrap()["status"], "ok");
    assert_eq!(finding(&machine, "identity pool").unwrap()["status"], "ok");
    assert_eq!(finding(&machine, "signing keys").unwrap()["status"], "ok");
    assert!(finding(&machine, "logout").is_none());
    assert_eq!(machine.sandbox.counts().authorize, 0);

    for (member, value, lacks) in [
        ("response_types_supported", json!(["id_token"]), "authorization code flow"),
        ("response_types_supported", json!(["code", "id_token"]), ""),
        ("code_challenge_methods_supported", json!(["plain"]), "S256"),
        ("code_challenge_methods_supported", json!(["plain", "S256"]), ""),
    ] {
        says(&machine, member, value);
        let findings = findings(&machine);
        let lacking = findings.iter().find(|found| found["status"] == "fail");
        let saw = lacking.map(|found| found["saw"].as_str().unwrap()).unwrap_or_default();
        assert!(saw.contains(lacks) && saw.is_empty() == lacks.is_empty(), "{member}: {saw}");
    }

    let mut told = Findings::of("openid-providers");
    told.about(&machine, "OpenID provider");
    for (member, value) in [
        ("response_types_supported", json!(["id_token"])),
        ("response_types_supported", json!(["code"])),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("code_challenge_methods_supported", json!(["S256"])),
    ] {
        says(&machine, member, value);
        told.about(&machine, "OpenID provider");
    }
    machine.sandbox.change(|world| world.oidc.revocation = false);
    told.about(&machine, "logout");
    says(&machine, "issuer", json!("https://id.example.com"));
    told.about(&machine, "OpenID provider");
    machine.sandbox.fault(Endpoint::Discovery, Fault::Status(404), Times::Forever);
    told.about(&machine, "OpenID provider");
    told.compare();
}
